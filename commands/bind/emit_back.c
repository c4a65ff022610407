/* SPDX-License-Identifier: Apache-2.0 */
/* The host's side of callbacks: arguments out of the domain's memory, checked; the host's function; its result back. */
#include "emit.h"
#include <string.h>

typedef const struct variable parameter;

static const char *length_of(parameter *p)
{
    const char *length = note_find(&p->notes, "in");
    if (!length)
        length = note_find(&p->notes, "out");
    return length ? length : note_find(&p->notes, "inout");
}

static void argument_read(struct output *output, parameter *p)
{
    const char *n = p->name, *at = format_text("porin_b.a_%s", n);
    emit(output, "    %s;\n    memset(&%s, 0, sizeof %s);\n", declaration(p->type, n), n, n);
    switch (p->role) {
    case ROLE_VALUE:
        emit(output, "    memcpy(&%s, &%s, sizeof %s);\n", n, at, n);
        emit_from(output, p->type, p, n);
        break;
    case ROLE_HANDLE:
        emit(output, "    %s = porin_frame_handle_out(porin_f, %s, %u);\n", n, at, handle_type(output, p->type->to));
        break;
    case ROLE_TOKEN: emit(output, "    %s = porin_frame_token_find(porin_f, \"%s\");\n", n, note_find(&p->notes, "token")); break;
    default: break;
    }
}

static void elements_read(struct output *output, parameter *p)
{
    const char *n = p->name;
    emit(output, "    for (uint64_t porin_e = 0; porin_x_%s && porin_e < porin_n_%s / sizeof(%s); porin_e++) {\n", n, n, p->type->to->name);
    if (p->element == ROLE_HANDLE) {
        emit(output, "    porin_x_%s[porin_e] = porin_frame_handle_out(porin_f, (uint64_t)porin_x_%s[porin_e], %u);\n", n, n,
             handle_type(output, p->type->to->to));
    } else {
        emit_from(output, p->type->to, p, format_text("porin_x_%s[porin_e]", n));
    }
    emit(output, "    }\n");
}

/* What is pointed at: after the numbers, which lengths name. */
static void memory_read(struct output *output, parameter *p)
{
    const char *n = p->name, *at = format_text("porin_b.a_%s", n), *count = note_find(&p->notes, "strings");
    if (p->role == ROLE_STRING)
        emit(output, "    %s = (void *)porin_back_string(porin_back, %s);\n", n, at);
    if (p->role == ROLE_STRINGS)
        emit(output, "    %s = (void *)porin_back_strings(porin_back, %s, %s);\n", n, at,
             *count ? format_text("%s ? (int64_t)porin_frame_bytes(porin_f, (int64_t)(%s), 1) : 0", at, count) : "-1");
    if (p->role != ROLE_BUFFER)
        return;
    const char *size = p->type->to->kind == TYPE_VOID ? "1" : format_text("sizeof(%s)", p->type->to->name);
    emit(output, "    uint64_t porin_n_%s = %s ? porin_frame_bytes(porin_f, (int64_t)(%s), %s) : 0;\n", n, at, length_of(p), size);
    emit(output, "    %s = %s ? porin_back_%s : NULL;\n",
         p->type->to->kind == TYPE_VOID ? format_text("void *porin_x_%s", n) : declaration(p->type->to, format_text("*porin_x_%s", n)), at,
         p->in ? format_text("get(porin_back, %s, porin_n_%s)", at, n) : format_text("room(porin_back, porin_n_%s)", n));
    if (p->in && (p->element == ROLE_HANDLE || type_changes_from(p->type->to)))
        elements_read(output, p);
    emit(output, "    %s = porin_x_%s;\n", n, n);
}

static void memory_write(struct output *output, parameter *p)
{
    const char *n = p->name;
    if (p->role != ROLE_BUFFER || !p->out)
        return;
    if (p->element == ROLE_HANDLE || type_changes_into(p->type->to)) {
        emit(output, "    for (uint64_t porin_e = 0; porin_x_%s && porin_e < porin_n_%s / sizeof(%s); porin_e++) {\n", n, n,
             p->type->to->name);
        if (p->element == ROLE_HANDLE)
            emit(output, "    porin_x_%s[porin_e] = (void *)porin_frame_handle_in(porin_f, porin_x_%s[porin_e]);\n", n, n);
        else
            emit_into(output, p->type->to, p, format_text("porin_x_%s[porin_e]", n));
        emit(output, "    }\n");
    }
    emit(output, "    porin_frame_write(porin_f, porin_b.a_%s, porin_x_%s, porin_x_%s ? porin_n_%s : 0);\n", n, n, n, n);
}

static void function_call(struct output *output, const struct function *function)
{
    emit(output, "    %s((__typeof__(%s) (*)", function->result.role == ROLE_NONE ? "" : "result = ", function->result.type->name);
    emit_parameters(output, function, "");
    emit(output, ")porin_function)(");
    for (size_t i = 0; i < function->parameter_count; i++)
        emit(output, "%s%s", i ? ", " : "", function->parameters[i].name);
    emit(output, ");\n");
}

static void result_write(struct output *output, const struct function *function, const char *block)
{
    const struct variable *r = &function->result;
    if (r->role == ROLE_NONE)
        return;
    if (r->role == ROLE_HANDLE)
        emit(output, "    uint64_t porin_r = porin_frame_handle_in(porin_f, result);\n");
    else if (r->role == ROLE_TOKEN)
        emit(output, "    uint64_t porin_r = result != NULL;\n");
    else {
        emit(output, "    %s;\n    memcpy(&porin_r, &result, sizeof porin_r);\n", declaration(r->type, "porin_r"));
        emit_into(output, r->type, r, "porin_r");
    }
    emit(output, "    porin_frame_write(porin_f, porin_back->block + offsetof(struct %s, result), &porin_r, sizeof porin_r);\n", block);
}

static void back_emit(struct output *output, const struct callback *callback)
{
    const struct function *function = callback->function;
    const char *block = format_text("%s_back_%u", output->model->library, callback->index);
    const struct variable *raiser = NULL;
    for (size_t i = 0; i < function->parameter_count && !raiser; i++) {
        const struct named *handle = variable_handle(output->model, &function->parameters[i]);
        raiser = handle && note_find(&handle->notes, "raise") ? &function->parameters[i] : NULL;
    }
    emit(output, "static void %s(struct porin_back *porin_back, void (*porin_function)(void))\n{\n", block);
    emit(output,
         "    struct porin_frame *const porin_f = &porin_back->frame;\n    struct %s porin_b;\n    memset(&porin_b, 0, sizeof porin_b);\n"
         "    porin_frame_read(porin_f, &porin_b, porin_back->block, sizeof porin_b);\n",
         block);
    for (size_t i = 0; i < function->parameter_count; i++)
        argument_read(output, &function->parameters[i]);
    for (size_t i = 0; i < function->parameter_count; i++)
        memory_read(output, &function->parameters[i]);
    emit(output, "    if (porin_f->status != PORIN_OK)\n        return;\n");
    if (function->result.role != ROLE_NONE)
        emit(output, "    %s;\n    memset(&result, 0, sizeof result);\n", declaration(function->result.type, "result"));
    if (raiser) {
        emit(output, "    jmp_buf porin_jump;\n    porin_back_lend(porin_back, %s, &porin_jump);\n"
             "    if (setjmp(porin_jump) != 0)\n        porin_back->raised = true;\n    else\n", raiser->name);
        function_call(output, function);
        emit(output, "    if (porin_back->raised)\n        return;\n");
    } else {
        function_call(output, function);
    }
    for (size_t i = 0; i < function->parameter_count; i++)
        memory_write(output, &function->parameters[i]);
    result_write(output, function, block);
    emit(output, "}\n\n");
}

void emit_backs(struct output *output)
{
    const struct model *model = output->model;
    for (const struct callback *callback = model->callbacks; callback; callback = callback->next)
        back_emit(output, callback);
    emit(output, "static void (*const porin_backs[])(struct porin_back *back, void (*function)(void)) = {");
    for (const struct callback *callback = model->callbacks; callback; callback = callback->next)
        emit(output, "%s_back_%u, ", model->library, callback->index);
    emit(output, "NULL};\n\n");
}

/* --- the host file as a whole --- */
static void library_emit(struct output *output)
{
    const struct model *model = output->model;
    const char *n = model->library;
    uint32_t setup = 0, trampoline = 0;
    if (model->callback_count) {
        setup = entry_index(output, format_text("%s_bind_setup", n));
        trampoline = entry_index(output, format_text("%s_bind_trampoline", n));
    }
    emit(output, "static const char *const porin_entries[] = {");
    for (size_t i = 0; i < output->entry_count; i++)
        emit(output, "\n    \"%s\",", output->entries[i]);
    emit(output,
         "\n    NULL,\n};\n\nstatic const struct porin_library porin_library = {\"%s\", porin_entries, %zu, porin_backs, "
         "%u, %u, %u, %zu};\n\n",
         n, output->entry_count, model->callback_count, setup, trampoline, output->handle_type_count);
    if (!model->drop_in) {
        emit(output, "porin_status %s_bind(porin_domain *domain, porin_binding **out, struct porin_error *error)\n{\n"
             "    return porin_binding_create(domain, &porin_library, out, error);\n}\n", n);
        return;
    }
    emit(output, "porin_status %s_bind(porin_domain *domain, struct porin_error *error)\n{\n"
         "    if (porin_bound && porin_binding_domain(porin_bound) == domain)\n        return porin_binding_renew(porin_bound, error);\n"
         "    %s_unbind();\n    return porin_binding_create(domain, &porin_library, &porin_bound, error);\n}\n\n", n, n);
    emit(output, "void %s_unbind(void)\n{\n    porin_binding_destroy(porin_bound);\n    porin_bound = NULL;\n}\n\n"
         "porin_binding *%s_binding(void)\n{\n    return porin_bound;\n}\n", n, n);
}

void emit_host(struct output *output)
{
    const struct model *model = output->model;
    emit(output, "/* Made by porin bind from %s: stubs for hosts. */\n", model->header);
    emit(output,
         "#include <stdarg.h>\n#include <stddef.h>\n#include <stdlib.h>\n#include <string.h>\n#include \"%s_bind.h\"\n#include "
         "\"%s_blocks.h\"\n",
         model->library, model->library);
    emit(output, "#pragma GCC diagnostic ignored \"-Wtype-limits\"\n#pragma GCC diagnostic ignored \"-Wunused-variable\"\n"
                 "#pragma GCC diagnostic ignored \"-Wunused-but-set-variable\"\n#pragma GCC diagnostic ignored \"-Wclobbered\"\n"
                 "#pragma GCC diagnostic ignored \"-Wdiscarded-qualifiers\"\n#pragma GCC diagnostic ignored \"-Wdeprecated-declarations\"\n"
                 "#pragma GCC diagnostic ignored \"-Wsign-compare\"\n#pragma GCC diagnostic ignored \"-Wnonnull-compare\"\n#pragma GCC "
                 "diagnostic ignored \"-Wswitch\"\n"
                 "#define PORIN_OF(function) ((int64_t)porin_frame_recall(porin_f, #function))\n\n");
    if (model->drop_in)
        emit(output, "static porin_binding *porin_bound;\n#define PORIN_BINDING porin_bound\n\n");
    for (const struct function *function = model->functions; function; function = function->next)
        if (function->is_bound)
            emit_stub(output, function);
    emit_backs(output);
    library_emit(output);
}

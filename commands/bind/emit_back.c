/* SPDX-License-Identifier: Apache-2.0 */
/* The side that is called: arguments out of the other side's memory, checked; the function; its result back. For callbacks in hosts, and
 * for the library's functions where callers are domains. */
#include "emit.h"
#include <ctype.h>
#include <string.h>

typedef const struct variable parameter;

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
        emit(output, "    %s = %s;\n", n, handle_from(output, p->type, at));
        break;
    case ROLE_BLOCK: emit(output, "    %s = porin_back_block(porin_back, %s);\n", n, at); break;
    case ROLE_FIXED: emit(output, "    %s = (__typeof__(%s))(%s);\n", n, p->type->name, note_find(&p->notes, "fixed")); break;
    case ROLE_RELEASES:
        if (note_find(&p->notes, "fixed"))
            emit(output, "    %s = (__typeof__(%s))(%s);\n", n, p->type->name, note_find(&p->notes, "fixed"));
        break;
    case ROLE_TOKEN:
        if (output->owner) {
            emit(output, "    %s = (void *)(uint64_t)(%s != 0);\n", n, at);
            break;
        }
        emit(output, "    %s = porin_frame_token_find(porin_f, \"%s\");\n", n, note_find(&p->notes, "token")); break;
    default: break;
    }
}

static void elements_read(struct output *output, parameter *p)
{
    const char *n = p->name;
    emit(output, "    for (uint64_t porin_e = 0; porin_x_%s && porin_e < porin_n_%s / sizeof(%s); porin_e++) {\n", n, n, p->type->to->name);
    if (p->element == ROLE_HANDLE) {
        emit(output, "    porin_x_%s[porin_e] = %s;\n", n, handle_from(output, p->type->to, format_text("porin_x_%s[porin_e]", n)));
    } else {
        emit_from(output, p->type->to, p, format_text("porin_x_%s[porin_e]", n));
    }
    emit(output, "    }\n");
}

/* A pointer to one number, which lengths may look at. */
static bool is_number(parameter *p)
{
    return p->role == ROLE_BUFFER && strcmp(length_of(p), "1") == 0 && p->type->to->kind != TYPE_RECORD;
}

static bool names(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at++)
        if ((at == text || (!isalnum((unsigned char)at[-1]) && at[-1] != '_')) && !isalnum((unsigned char)at[length]) && at[length] != '_')
            return true;
    return false;
}

/* Refuses a length that looks behind a pointer which is NULL; gives what holds where it does not. */
static const char *length_given(struct output *output, const struct function *function, parameter *p, const char *length, const char *used)
{
    const char *given = "1";
    for (size_t i = 0; i < function->parameter_count; i++) {
        parameter *other = &function->parameters[i];
        bool pointer = other->type->kind == TYPE_POINTER && other != p && names(length, other->name);
        if (!pointer)
            continue;
        emit(output, "    if (%s && !%s)\n        porin_frame_bad(porin_f, \"%s: its length is behind '%s', which is NULL\");\n", used,
             other->name, p->name, other->name);
        given = format_text("%s && %s", given, other->name);
    }
    return given;
}

static void rows_read(struct output *output, const struct function *function, parameter *p)
{
    const char *n = p->name, *at = format_text("porin_b.a_%s", n), *row = p->type->to->to->kind == TYPE_VOID ? "1" :
               format_text("sizeof(%s)", p->type->to->to->name);
    const char *count = note_find(&p->notes, "rows"), *given = length_given(output, function, p, count, at);
    emit(output, "    uint64_t porin_n_%s = %s && %s ? porin_frame_bytes(porin_f, (int64_t)(%s), 8) / 8 : 0;\n"
         "    struct porin_row *const porin_r_%s = porin_frame_rows(porin_f, porin_n_%s);\n"
         "    void **porin_x_%s = porin_back_get(porin_back, %s, 8 * porin_n_%s);\n", n, at, given, count, n, n, n, at, n);
    given = length_given(output, function, p, row_length(p), format_text("porin_n_%s", n));
    emit(output, "    for (uint64_t PORIN_ROW = 0; PORIN_ROW < porin_n_%s && porin_f->status == PORIN_OK; PORIN_ROW++)\n"
         "        porin_x_%s[PORIN_ROW] = porin_back_row(porin_back, &porin_r_%s[PORIN_ROW], (uint64_t)porin_x_%s[PORIN_ROW], "
         "%s ? porin_frame_bytes(porin_f, (int64_t)(%s), %s) : 0, %d);\n    %s = (void *)porin_x_%s;\n", n, n, n, n, given, row_length(p),
         row, p->in, n, n);
}

/* What is pointed at: after the numbers, which lengths name. */
static void memory_read(struct output *output, const struct function *function, parameter *p)
{
    const char *n = p->name, *at = format_text("porin_b.a_%s", n), *count = note_find(&p->notes, "strings");
    if (p->role == ROLE_STRING)
        emit(output, "    %s = (void *)porin_back_string(porin_back, %s);\n", n, at);
    if (p->role == ROLE_STRINGS) /* a negative count would be read as no count */
        emit(output, "    %s = (void *)porin_back_strings(porin_back, %s, %s);\n", n, at,
             *count ? format_text("%s && %s ? (int64_t)porin_frame_bytes(porin_f, (int64_t)(%s), 1) : 0", at,
                                  length_given(output, function, p, count, at), count)
                    : "-1");
    if (p->role == ROLE_ROWS)
        rows_read(output, function, p);
    if (p->role != ROLE_BUFFER)
        return;
    const char *size = p->type->to->kind == TYPE_VOID ? "1" : format_text("sizeof(%s)", p->type->to->name);
    const char *given = length_given(output, function, p, length_of(p), at);
    emit(output, "    uint64_t porin_n_%s = %s && %s ? porin_frame_bytes(porin_f, (int64_t)(%s), %s) : 0;\n", n, at, given, length_of(p),
         size);
    if (p->type->is_capability) {
        emit(output, "    %s = (void PORIN_CAP *)porin_receive_lent(porin_f, %u, %s, porin_n_%s, %s);\n", n, lent_number(function, p), at,
             n, lent_right(p));
        return;
    }
    emit(output, "    %s = %s ? porin_back_%s : NULL;\n",
         p->type->to->kind == TYPE_VOID ? format_text("void *porin_x_%s", n) : declaration(p->type->to, format_text("*porin_x_%s", n)), at,
         output->owner ? format_text("memory(porin_back, %s, porin_n_%s, %d, %d)", at, n, p->in, p->out)
         : p->in       ? format_text("get(porin_back, %s, porin_n_%s)", at, n)
                       : format_text("room(porin_back, %s, porin_n_%s)", at, n));
    if (p->in && (p->element == ROLE_HANDLE || type_changes_from(p->type->to)))
        elements_read(output, p);
    emit(output, "    %s = porin_x_%s;\n", n, n);
}

/* Where the library has put an address within an argument: the same place of the caller's. */
static const char *within_of(const struct variable *variable, const char *path)
{
    const char *other = note_find(&variable->notes, "within");
    return format_text("porin_receive_within(porin_f, %s, %s, porin_b.a_%s)", path, other, other);
}

/* A ticket for memory that the library returns. */
static const char *given_of(const struct variable *variable, enum role role, const char *path)
{
    const char *owned = note_find(&variable->notes, "owned"), *size = note_find(&variable->notes, "size");
    bool is_void = variable->type->kind == TYPE_POINTER && variable->type->to->kind == TYPE_VOID;
    const char *freed = owned ? format_text("(void (*)(void *))%s", owned) : "NULL";
    if (role == ROLE_STRING)
        return format_text("porin_receive_give_string(porin_f, (const char *)%s, %s)", path, freed);
    return format_text("porin_receive_give(porin_f, %s, porin_frame_bytes(porin_f, (int64_t)(%s), %s), %s)", path, size,
                       is_void ? "1" : format_text("sizeof(%s)", variable->type->to->name), freed);
}

static void element_write(struct output *output, parameter *p, const char *path)
{
    switch (p->element) {
    case ROLE_HANDLE: emit(output, "    %s = (void *)%s;\n", path, handle_into(output, p->type->to, path)); break;
    case ROLE_STRING: emit(output, "    %s = (void *)%s;\n", path, given_of(p, ROLE_STRING, path)); break;
    case ROLE_WITHIN: emit(output, "    %s = (void *)%s;\n", path, within_of(p, path)); break;
    default: emit_into(output, p->type->to, p, path);
    }
}

static void memory_write(struct output *output, const struct function *function, parameter *p)
{
    const char *n = p->name, *filled = note_find(&p->notes, "filled");
    if (p->role == ROLE_ROWS && p->out)
        emit(output, "    porin_frame_rows_write(porin_f, porin_r_%s, porin_n_%s);\n", n, n);
    if (p->role != ROLE_BUFFER || !p->out || p->type->is_capability)
        return;
    emit(output, "    uint64_t porin_u_%s = porin_x_%s ? porin_n_%s : 0;\n", n, n, n);
    if (filled && output->owner) {
        const char *given = length_given(output, function, p, filled, format_text("porin_u_%s", n));
        emit(output, "    if (porin_u_%s && %s)\n        porin_u_%s = porin_receive_filled((int64_t)(%s), %s, porin_n_%s);\n", n, given, n,
             filled, p->type->to->kind == TYPE_VOID ? "1" : format_text("sizeof(%s)", p->type->to->name), n);
    }
    if (p->element != ROLE_VALUE || type_changes_into(p->type->to)) {
        emit(output, "    for (uint64_t porin_e = 0; porin_e < porin_u_%s / sizeof(%s); porin_e++) {\n", n, p->type->to->name);
        element_write(output, p, format_text("porin_x_%s[porin_e]", n));
        emit(output, "    }\n");
    }
    emit(output, "    porin_frame_write(porin_f, porin_b.a_%s, porin_x_%s, porin_u_%s);\n", n, n, n);
}

static void function_call(struct output *output, const struct function *function, const char *call)
{
    emit(output, "    %s%s(", function->result.role == ROLE_NONE ? "" : "result = ", call);
    for (size_t i = 0; i < function->parameter_count; i++)
        emit(output, "%s%s", i ? ", " : "", function->parameters[i].name);
    emit(output, ");\n");
}

/* Memory that the host's function returns: a copy is the domain's. */
static void memory_give(struct output *output, const struct function *function, const struct variable *r)
{
    const char *from = note_find(&r->notes, "memory_of"), *size = note_find(&r->notes, "size");
    const char *given = size ? length_given(output, function, r, size, "result") : "1";
    emit(output, "    uint64_t porin_r = result && %s ? porin_back_give(porin_back, (const void *)result, %s, %s) : 0;\n", given,
         r->role == ROLE_STRING ? "strlen((const char *)result) + 1" :
         format_text("porin_frame_bytes(porin_f, (int64_t)(%s), %s)", size,
                     r->type->to->kind == TYPE_VOID ? "1" : format_text("sizeof(%s)", r->type->to->name)),
         from ? format_text("%u", entry_index(output, from)) : "PORIN_FRAME_NO_ENTRY");
    if (note_find(&r->notes, "owned"))
        emit(output, "    __builtin_free((void *)result);\n");
}

/* What the allocator had of the program's is gone, unless a realloc could not. */
static void blocks_end(struct output *output, const struct function *function)
{
    const char *size = note_find(&function->notes, "allocates");
    for (size_t i = 0; i < function->parameter_count; i++)
        if (function->parameters[i].role == ROLE_BLOCK)
            emit(output, "    porin_back_block_end(porin_back, porin_b.a_%s, %s);\n", function->parameters[i].name,
                 size ? format_text("!result && (%s) != 0", size) : "false");
}

static void result_write(struct output *output, const struct function *function, const char *block)
{
    const struct variable *r = &function->result;
    if (r->role == ROLE_NONE)
        return;
    if (note_find(&function->notes, "remembered") && output->owner)
        emit(output, "    result = (__typeof__(result))porin_frame_remember(porin_f, \"%s\", (uint64_t)result);\n", function->name);
    if (r->role == ROLE_HANDLE)
        emit(output, "    uint64_t porin_r = %s;\n", handle_into(output, r->type, "result"));
    else if (r->role == ROLE_TOKEN)
        emit(output, "    uint64_t porin_r = result != NULL;\n");
    else if (r->role == ROLE_WITHIN)
        emit(output, "    uint64_t porin_r = %s;\n", within_of(r, "result"));
    else if (r->role == ROLE_BLOCK)
        emit(output, "    uint64_t porin_r = porin_back_block_new(porin_back, (void *)result);\n");
    else if ((r->role == ROLE_STRING || r->role == ROLE_BUFFER) && !output->owner)
        memory_give(output, function, r);
    else if (r->role == ROLE_STRING || r->role == ROLE_BUFFER)
        emit(output, "    uint64_t porin_r = result && %s ? %s : 0;\n",
             r->role == ROLE_BUFFER ? length_given(output, function, r, note_find(&r->notes, "size"), "result") : "1",
             given_of(r, r->role, "result"));
    else {
        emit(output, "    %s;\n    memcpy(&porin_r, &result, sizeof porin_r);\n", declaration(r->type, "porin_r"));
        emit_into(output, r->type, r, "porin_r");
    }
    emit(output, "    porin_frame_write(porin_f, porin_back->block + offsetof(struct %s, result), &porin_r, sizeof porin_r);\n", block);
}

/* The caller's numbers for a handle end before it does. */
static void closes_before(struct output *output, const struct function *function)
{
    for (size_t i = 0; output->owner && i < function->parameter_count; i++) {
        parameter *p = &function->parameters[i];
        bool behind = p->role == ROLE_BUFFER;
        if (note_has(&function->notes, "closes", p->name))
            emit(output, "    if (%s%s%s)\n        porin_owner_handle_close(porin_f, %s%s);\n", p->name, behind ? " && *" : "",
                 behind ? p->name : "", behind ? "*" : "", p->name);
    }
}

void emit_receive(struct output *output, const struct function *function, const char *block, const char *call)
{
    const struct variable *raiser = NULL;
    size_t count = function->parameter_count;
    for (size_t i = 0; i < count && !raiser && !output->owner; i++) {
        const struct named *handle = variable_handle(output->model, &function->parameters[i]);
        raiser = handle && note_find(&handle->notes, "raise") ? &function->parameters[i] : NULL;
    }
    emit(output,
         "    struct porin_frame *const porin_f = &porin_back->frame;\n    struct %s porin_b;\n    memset(&porin_b, 0, sizeof porin_b);\n"
         "    porin_frame_read(porin_f, &porin_b, porin_back->block, sizeof porin_b);\n",
         block);
    for (size_t i = 0; i < count; i++)
        argument_read(output, &function->parameters[i]);
    for (int pass = 0; pass < 2; pass++) /* numbers first: lengths may name them */
        for (size_t i = 0; i < count; i++)
            if (is_number(&function->parameters[i]) == (pass == 0))
                memory_read(output, function, &function->parameters[i]);
    emit(output, "    if (porin_f->status != PORIN_OK)\n        return;\n");
    if (function->result.role != ROLE_NONE)
        emit(output, "    %s;\n    memset(&result, 0, sizeof result);\n", declaration(function->result.type, "result"));
    closes_before(output, function);
    if (raiser) {
        emit(output, "    jmp_buf porin_jump;\n    porin_back_lend(porin_back, %s, &porin_jump);\n"
             "    if (setjmp(porin_jump) != 0)\n        porin_back->raised = true;\n    else\n", raiser->name);
        function_call(output, function, call);
        emit(output, "    if (porin_back->raised)\n        return;\n");
    } else {
        function_call(output, function, call);
    }
    for (size_t i = 0; i < count; i++)
        memory_write(output, function, &function->parameters[i]);
    blocks_end(output, function);
    result_write(output, function, block);
}

static void back_emit(struct output *output, const struct callback *callback)
{
    const struct function *function = callback->function;
    const char *block = format_text("%s_back_%u", output->model->library, callback->index);
    emit(output, "static void %s(struct porin_back *porin_back, void (*porin_function)(void))\n{\n"
         "    __typeof__(%s) (*const porin_call)", block, function->result.type->name);
    emit_parameters(output, function, "");
    emit(output, " = (void *)porin_function;\n");
    emit_receive(output, function, block, "porin_call");
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

void emit_pragmas(struct output *output)
{
    static const char *const names[] = {"type-limits", "unused-variable", "unused-but-set-variable", "clobbered", "discarded-qualifiers",
                                        "deprecated-declarations", "sign-compare", "nonnull-compare", "switch", "unused-function"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        emit(output, "#pragma GCC diagnostic ignored \"-W%s\"\n", names[i]);
}

void emit_host(struct output *output)
{
    const struct model *model = output->model;
    emit(output, "/* Made by porin bind from %s: stubs for hosts. */\n", model->header);
    emit(output,
         "#include <stdarg.h>\n#include <stddef.h>\n#include <stdlib.h>\n#include <string.h>\n#include \"%s_bind.h\"\n#include "
         "\"%s_blocks.h\"\n",
         model->library, model->library);
    emit_pragmas(output);
    emit(output, "#define PORIN_OF(function) ((int64_t)porin_frame_recall(porin_f, #function))\n\n");
    if (model->drop_in)
        emit(output, "static porin_binding *porin_bound;\n#define PORIN_BINDING porin_bound\n\n");
    for (const struct function *function = model->functions; function; function = function->next)
        if (function->is_bound)
            emit_stub(output, function);
    emit_backs(output);
    library_emit(output);
}

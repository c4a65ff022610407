/* SPDX-License-Identifier: Apache-2.0 */
/* The domain's side: adapters that take their arguments from a block, so that the compiler does all of the calling convention on both
 * sides, and the functions that stand for the host's callbacks. */
#include "emit.h"
#include <string.h>

static void block_field(struct output *output, const struct variable *variable, const char *name)
{
    bool pointer = variable->type->kind == TYPE_POINTER || variable->type->kind == TYPE_FUNCTION;
    if (variable->role == ROLE_MIRROR)
        emit(output, "    uint64_t twin_%s;\n    %s;\n", variable->name, declaration(variable->type->to, name));
    else
        emit(output, "    %s;\n", pointer ? format_text("uint64_t %s", name) : declaration(variable->type, name));
}

static void block_emit(struct output *output, const char *name, const struct function *function)
{
    emit(output, "struct %s {\n    uint64_t raised;\n", name);
    if (function->result.role != ROLE_NONE)
        block_field(output, &function->result, "result");
    for (size_t i = 0; i < function->parameter_count; i++)
        block_field(output, &function->parameters[i], format_text("a_%s", function->parameters[i].name));
    emit(output, "};\n");
}

void emit_blocks(struct output *output)
{
    const struct model *model = output->model;
    const char *n = model->library;
    emit(output,
         "/* Made by porin bind from %s: arguments as both sides see them. */\n#ifndef PORIN_BLOCKS_%s_H\n#define PORIN_BLOCKS_%s_H\n"
         "#include <stdint.h>\n#include %s\n",
         model->header, n, n, output->include);
    for (const struct function *function = model->functions; function; function = function->next)
        if (function->is_bound && !function_is_hosts_own(function) && function_has_block(model, function))
            block_emit(output, format_text("%s_%s_%s", n, model->between ? "wire" : "bind", function->name), function);
    for (const struct callback *callback = model->callbacks; callback; callback = callback->next)
        block_emit(output, format_text("%s_back_%u", n, callback->index), callback->function);
    emit(output, "#endif\n");
}

/* --- adapters --- */
static void mirror_enter(struct output *output, const struct function *function, const struct variable *p)
{
    const struct record *record = p->type->to->record;
    const char *opens = note_find(&function->notes, "opens"), *n = p->name;
    bool fresh = opens && strcmp(opens, n) == 0;
    emit(output, "    %s = %s;\n", declaration(p->type->to, format_text("*twin_%s", n)),
         fresh ? format_text("calloc(1, sizeof *twin_%s)", n) : format_text("(void *)b->twin_%s", n));
    emit(output, "    if (!twin_%s)\n        return;\n", n);
    for (size_t i = 0; i < record->field_count; i++) {
        const struct variable *f = &record->fields[i];
        bool program = f->role == ROLE_CALLBACK || f->role == ROLE_TOKEN; /* set once, when it is opened */
        if (f->role != ROLE_TWIN && f->role != ROLE_STRING && f->role != ROLE_NULL && (fresh || !program))
            emit(output, "    memcpy(&twin_%s->%s, &b->a_%s.%s, sizeof twin_%s->%s);\n", n, f->name, n, f->name, n, f->name);
    }
}

static void mirror_leave(struct output *output, const struct function *function, const struct variable *p)
{
    const struct record *record = p->type->to->record;
    const char *opens = note_find(&function->notes, "opens"), *closes = note_find(&function->notes, "closes"), *n = p->name, *twin = NULL;
    for (size_t i = 0; i < record->field_count; i++)
        if (record->fields[i].role == ROLE_TWIN)
            twin = record->fields[i].name;
    emit(output, "    b->a_%s = *twin_%s;\n    b->twin_%s = (uint64_t)twin_%s;\n", n, n, n, n);
    if ((opens && strcmp(opens, n) == 0) || (closes && strcmp(closes, n) == 0))
        emit(output, "    if (!twin_%s->%s) {\n        free(twin_%s);\n        b->twin_%s = 0;\n    }\n", n, twin ? twin : "state", n, n);
}

static void adapter_call(struct output *output, const struct function *function)
{
    bool result = function->result.type->kind == TYPE_POINTER;
    emit(output, "        %s%s%s(", function->result.role == ROLE_NONE ? "" : "b->result = ", result ? "(uint64_t)" : "", function->name);
    for (size_t i = 0; i < function->parameter_count; i++) {
        const struct variable *p = &function->parameters[i];
        bool is_pointer = p->type->kind == TYPE_POINTER || p->type->kind == TYPE_FUNCTION;
        const char *pointer = p->type->is_capability ? "(void PORIN_CAP *)" : is_pointer ? "(void *)" : "";
        const char *value = p->role == ROLE_MIRROR ? format_text("twin_%s", p->name) : format_text("%sb->a_%s", pointer, p->name);
        emit(output, "%s%s", i ? ", " : "", value);
    }
    emit(output, ");\n");
}

static void adapter_emit(struct output *output, const struct function *function)
{
    const struct variable *guard = function_guard(output->model, function);
    const char *name = format_text("%s_bind_%s", output->model->library, function->name);
    emit(output, "#undef %s\nvoid %s(struct %s *b)\n{\n", function->name, name, name);
    for (size_t i = 0; i < function->parameter_count; i++)
        if (function->parameters[i].role == ROLE_MIRROR)
            mirror_enter(output, function, &function->parameters[i]);
    if (guard) {
        const char *text = note_find(&handle_of(output->model, guard->type)->notes, "guard");
        const char *handle = format_text("((%s)b->a_%s)", guard->type->name, guard->name);
        emit(output, "    jmp_buf saved, *buffer = b->a_%s ? (void *)%s : NULL;\n", guard->name, with_handle(text, handle));
        emit(output, "    if (!buffer) {\n        b->raised = 1;\n        return;\n    }\n    memcpy(&saved, buffer, sizeof saved);\n"
             "    if (setjmp(*buffer) != 0)\n        b->raised = 1;\n    else\n");
    }
    adapter_call(output, function);
    if (guard)
        emit(output, "    memcpy(buffer, &saved, sizeof saved);\n");
    for (size_t i = 0; i < function->parameter_count; i++)
        if (function->parameters[i].role == ROLE_MIRROR)
            mirror_leave(output, function, &function->parameters[i]);
    emit(output, "}\nPORIN_EXPORT(%s);\n\n", name);
}

/* --- callbacks --- */
/* Room is there before the program's allocator is asked: what it allows cannot fail afterwards. */
static void allocator_enter(struct output *output, const struct function *function, bool changes)
{
    emit(output, "%s    size_t porin_size = (size_t)(%s);\n    uint64_t *porin_new = NULL;\n"
         "    if ((porin_size || !porin_old) && !(porin_new = porin_size < SIZE_MAX - 16 ? "
         "__builtin_malloc(16 + porin_size) : NULL))\n        return NULL;\n",
         changes ? "" : "    uint64_t *porin_old = NULL;\n", note_find(&function->notes, "allocates"));
}

/* In front of each piece of memory stand the number that the host knows it by, and its size. */
static void allocators_emit(struct output *output)
{
    emit(output,
         "static __attribute__((unused)) void *\nporin_allocated(uint64_t *old, uint64_t *new, uint64_t size, uint64_t number, int asked)\n"
         "{\n"
         "    if (number && new) {\n        new[0] = number;\n        new[1] = size;\n        if (old)\n"
         "            memcpy(new + 2, old + 2, old[1] < size ? old[1] : size);\n        free(old);\n        return new + 2;\n    }\n"
         "    free(new);\n    if (asked && !size)\n        free(old);\n    return NULL;\n}\n\n");
}

static void trampolines_emit(struct output *output, const struct callback *callback)
{
    const struct function *function = callback->function;
    const char *block = format_text("%s_back_%u", output->model->library, callback->index), *fails = note_find(&function->notes, "fails");
    const char *raise = NULL, *raiser = NULL, *result = declaration(function->result.type, "");
    for (size_t i = 0; i < function->parameter_count && !raise; i++) {
        const struct named *handle = variable_handle(output->model, &function->parameters[i]);
        raise = handle ? note_find(&handle->notes, "raise") : NULL;
        raiser = function->parameters[i].name;
    }
    const struct variable *block_in = NULL;
    enum role role = function->result.role;
    bool is_void = role == ROLE_NONE, pointer = function->result.type->kind == TYPE_POINTER;
    bool memory = role == ROLE_STRING || role == ROLE_BUFFER;
    emit(output, "static %s%s_run", result, block);
    emit_parameters(output, function, "uint64_t porin_slot");
    emit(output, "\n{\n    struct %s porin_b;\n    memset(&porin_b, 0, sizeof porin_b);\n", block);
    for (size_t i = 0; i < function->parameter_count; i++) {
        const struct variable *p = &function->parameters[i];
        bool is_pointer = p->type->kind == TYPE_POINTER || p->type->kind == TYPE_FUNCTION;
        if (p->role == ROLE_BLOCK)
            emit(output, "    uint64_t *porin_old = %s ? (uint64_t *)%s - 2 : NULL;\n    porin_b.a_%s = porin_old ? porin_old[0] : 0;\n",
                 (block_in = p)->name, p->name, p->name);
        else
            emit(output, "    porin_b.a_%s = %s%s;\n", p->name, is_pointer ? "(uint64_t)" : "", p->name);
    }
    if (role == ROLE_BLOCK)
        allocator_enter(output, function, block_in != NULL);
    emit(output, "    long porin_s = syscall(PORIN_SERVICE_FUNCTION_CALL, porin_function_number, porin_slot, &porin_b);\n");
    if (raise)
        emit(output, "    if (porin_s == 1)\n        %s;\n", with_handle(raise, raiser));
    if (role == ROLE_BLOCK)
        emit(output, "    return porin_allocated(porin_old, porin_new, porin_size, porin_s == 0 ? porin_b.result : 0, porin_s == 0);\n}\n");
    else if (block_in)
        emit(output, "    __builtin_free(porin_old);\n");
    if (memory && note_find(&function->notes, "borrowed"))
        emit(output, "    static __thread void *porin_given[32];\n    if (porin_s == 0) {\n"
             "        __builtin_free(porin_given[porin_slot & 31]);\n        porin_given[porin_slot & 31] = "
             "(void *)porin_b.result;\n    }\n");
    if (role == ROLE_BLOCK)
        ;
    else if (is_void)
        emit(output, "    (void)porin_s;\n}\n");
    else if (function->result.type->kind == TYPE_RECORD)
        emit(output, "    (void)porin_s;\n    return porin_b.result;\n}\n");
    else
        emit(output, "    if (porin_s != 0)\n        return (__typeof__(%s))%s%s%s;\n    return %sporin_b.result;\n}\n",
             function->result.type->name, fails ? "(" : "", fails ? fails : "0", fails ? ")" : "", pointer ? "(void *)" : "");
    emit(output, "#define SLOT(n) static %s%s_##n", result, block);
    emit_parameters(output, function, "");
    emit(output, " { %s%s_run(%u + n", is_void ? "" : "return ", block, callback->index * 32);
    for (size_t i = 0; i < function->parameter_count; i++)
        emit(output, ", %s", function->parameters[i].name);
    emit(output, "); }\nPORIN_SLOTS\n#undef SLOT\n\n");
}

static void callbacks_emit(struct output *output)
{
    const struct model *model = output->model;
    emit(output,
         "#include <sys/syscall.h>\n#include <unistd.h>\nenum { PORIN_SERVICE_FUNCTION_CALL = 540 };\n"
         "static uint64_t porin_function_number;\nvoid %s_bind_setup(uint64_t number)\n{\n    porin_function_number = number;\n}\n"
         "PORIN_EXPORT(%s_bind_setup);\n\n#define PORIN_SLOTS",
         model->library, model->library);
    for (int i = 0; i < 32; i++)
        emit(output, " SLOT(%d)", i);
    emit(output, "\n\n");
    allocators_emit(output);
    for (const struct callback *callback = model->callbacks; callback; callback = callback->next)
        trampolines_emit(output, callback);
    emit(output, "static void *const trampolines[] = {\n");
    for (const struct callback *callback = model->callbacks; callback; callback = callback->next)
        emit(output, "#define SLOT(n) (void *)%s_back_%u_##n,\nPORIN_SLOTS\n#undef SLOT\n", model->library, callback->index);
    emit(output,
         "};\nvoid *%s_bind_trampoline(uint64_t index)\n{\n    return index < sizeof trampolines / sizeof *trampolines ? "
         "trampolines[index] : 0;\n}\n"
         "PORIN_EXPORT(%s_bind_trampoline);\n",
         model->library, model->library);
}

void emit_callee(struct output *output)
{
    const struct model *model = output->model;
    emit(output, "/* Made by porin bind from %s: to be compiled by porin-cc and linked into the library's image. */\n", model->header);
    emit(output, "#include <setjmp.h>\n#include <stdlib.h>\n#include <string.h>\n#include \"porin/domain.h\"\n#include \"%s_blocks.h\"\n",
         model->library);
    emit(output, "#pragma GCC diagnostic ignored \"-Wdiscarded-qualifiers\"\n#pragma GCC diagnostic ignored \"-Wclobbered\"\n"
         "#pragma GCC diagnostic ignored \"-Wdeprecated-declarations\"\n\n");
    for (const struct function *function = model->functions; function; function = function->next) {
        if (!function->is_bound || function_is_hosts_own(function))
            continue;
        if (function_has_block(model, function))
            adapter_emit(output, function);
        else
            emit(output, "PORIN_EXPORT(%s);\n", function->name);
    }
    for (size_t i = 0; i < output->entry_count; i++) { /* what frees memory that it returned */
        const struct function *function = function_find(model, output->entries[i]);
        if (function && !(function->is_bound && !function_is_hosts_own(function)))
            emit(output, "PORIN_EXPORT(%s);\n", function->name);
    }
    if (model->callback_count)
        callbacks_emit(output);
}

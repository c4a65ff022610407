/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a value on its way: pointers become the other side's, padding is cleared, what has wrong bits is refused. */
#include "emit.h"
#include "porin/porin.h"
#include "porin/binding.h"
#include <string.h>

static bool type_any(const struct type *type, bool (*test)(const struct type *type, const struct variable *field))
{
    if (test(type, NULL))
        return true;
    if (type->kind == TYPE_ARRAY)
        return type_any(type->to, test);
    for (size_t i = 0; type->kind == TYPE_RECORD && type->record && i < type->record->field_count; i++) {
        const struct variable *field = &type->record->fields[i];
        if (test(field->type, field) || type_any(field->type, test))
            return true;
    }
    return false;
}

static bool is_pointer_or_padded(const struct type *type, const struct variable *field)
{
    int64_t sum = 0;
    if (field && (field->is_bit_field || type->kind == TYPE_POINTER || type->kind == TYPE_FUNCTION))
        return true;
    if (type->kind == TYPE_WIDE)
        return strstr(type->canonical, "long double") != NULL;
    if (type->kind != TYPE_RECORD || !type->record)
        return false;
    for (size_t i = 0; i < type->record->field_count; i++)
        sum += type->record->fields[i].type->size;
    return type->record->is_union || sum != type->size;
}

static bool is_checked(const struct type *type, const struct variable *field)
{
    return type->kind == TYPE_BOOL || type->kind == TYPE_ENUM || (field && (type->kind == TYPE_POINTER || type->kind == TYPE_FUNCTION));
}

static bool is_registered(const struct type *type, const struct variable *field)
{
    (void)type;
    return field && field->role == ROLE_CALLBACK;
}

bool type_has_functions(const struct type *type) { return type_any(type, is_registered); }
bool type_changes_into(const struct type *type) { return type_any(type, is_pointer_or_padded); }
bool type_changes_from(const struct type *type) { return type_any(type, is_checked); }

typedef void emit_leaf(struct output *output, const struct type *type, const struct variable *variable, const char *path);

static void walk(struct output *output, const struct type *type, const struct variable *variable, const char *path, emit_leaf *leaf,
                 int depth)
{
    if (type->kind == TYPE_ARRAY && type->to->kind != TYPE_INTEGER) {
        emit(output, "    for (size_t porin_i%d = 0; porin_i%d < %lld; porin_i%d++) {\n", depth, depth, (long long)type->count, depth);
        walk(output, type->to, variable, format_text("%s[porin_i%d]", path, depth), leaf, depth + 1);
        emit(output, "    }\n");
    } else if (type->kind == TYPE_RECORD && type->record && !type->record->is_union) {
        for (size_t i = 0; i < type->record->field_count; i++) {
            const struct variable *field = &type->record->fields[i];
            walk(output, field->type, field, *field->name ? format_text("%s.%s", path, field->name) : path, leaf, depth);
        }
    } else {
        leaf(output, type, variable, path);
    }
}

/* Before the functions, which find them. */
static void leaf_token(struct output *output, const struct type *type, const struct variable *variable, const char *path)
{
    (void)type;
    if (variable && variable->role == ROLE_TOKEN)
        emit(output, "    %s = (void *)porin_frame_token(porin_f, \"%s\", (void *)%s);\n", path,
             note_find(&variable->notes, "token"), path);
}

const char *callback_placed(const struct variable *variable, const char *path)
{
    const char *life = note_find(&variable->notes, "set") ? "SET" : note_find(&variable->notes, "kept") ? "HANDLE" : "CALL";
    return format_text("(void *)porin_frame_callback(porin_f, %u, (void (*)(void))%s, PORIN_LIFE_%s, \"%s\")", variable->callback->index,
                       path, life, variable->name);
}

static void leaf_into(struct output *output, const struct type *type, const struct variable *variable, const char *path)
{
    if (type->kind != TYPE_POINTER && type->kind != TYPE_FUNCTION)
        return;
    switch (variable->role == ROLE_BUFFER ? variable->element : variable->role) {
    case ROLE_HANDLE: emit(output, "    %s = (void *)%s;\n", path, handle_into(output, type, path)); break;
    case ROLE_STRING: emit(output, "    %s = (void *)porin_frame_put_string(porin_f, %s);\n", path, path); break;
    case ROLE_CALLBACK: emit(output, "    %s = %s;\n", path, callback_placed(variable, path)); break;
    case ROLE_TOKEN: break;
    default:
        emit(output, "    if (%s)\n        porin_frame_fail(porin_f, PORIN_ERR_ARGUMENT, \"%s must be NULL\");\n    %s = 0;\n", path, path,
             path);
    }
}

/* Copies one member from porin_dirty to porin_clean; path begins with the former. Not the whole struct, and not gcc's
 * __builtin_clear_padding, which clears data of structs that hold arrays of structs (gcc 12). */
static void leaf_clean(struct output *output, const struct type *type, const struct variable *variable, const char *path)
{
    const char *to = format_text("porin_clean%s", path + strlen("porin_dirty"));
    if (type->kind == TYPE_WIDE && strstr(type->canonical, "long double")) { /* ten bytes of sixteen */
        emit(output, "    memcpy(&%s, &%s, 10);\n", to, path);
        if (type->size == 32)
            emit(output, "    memcpy((char *)&%s + 16, (char *)&%s + 16, 10);\n", to, path);
    } else if (variable->is_bit_field) {
        emit(output, "    %s = %s;\n", to, path);
    } else {
        emit(output, "    memcpy(&%s, &%s, sizeof %s);\n", to, path, path);
    }
}

void emit_into(struct output *output, const struct type *type, const struct variable *variable, const char *path)
{
    if (type->kind == TYPE_RECORD)
        walk(output, type, variable, path, leaf_token, 0);
    walk(output, type, variable, path, leaf_into, 0);
    if (!type_changes_into(type))
        return;
    emit(output, "    {\n    __typeof__(%s) porin_dirty, porin_clean;\n    memcpy(&porin_dirty, &%s, sizeof porin_dirty);\n"
                 "    memset(&porin_clean, 0, sizeof porin_clean);\n", path, path);
    walk(output, type, variable, "porin_dirty", leaf_clean, 0);
    emit(output, "    memcpy(&%s, &porin_clean, sizeof porin_clean);\n    }\n", path);
}

/* Every enumerator once; more than one may have a value. */
static void enumeration_from(struct output *output, const struct enumeration *enumeration, const char *path)
{
    uint64_t mask = 0;
    if (enumeration->is_flags) {
        for (size_t i = 0; i < enumeration->count; i++)
            mask |= (uint64_t)enumeration->values[i];
        emit(output, "    if ((uint64_t)%s & ~0x%llxull)\n        porin_frame_bad(porin_f, \"%s: flags that are none of %s\");\n", path,
             (unsigned long long)mask, path, enumeration->name);
        return;
    }
    emit(output, "    switch ((long long)%s) {\n", path);
    for (size_t i = 0; i < enumeration->count; i++) {
        bool again = false;
        for (size_t j = 0; j < i; j++)
            again |= enumeration->values[j] == enumeration->values[i];
        if (!again)
            emit(output, "    case %lldll:\n", (long long)enumeration->values[i]);
    }
    emit(output, "        break;\n    default: porin_frame_bad(porin_f, \"%s: a value that is none of %s\");\n    }\n", path,
         enumeration->name);
}

static void leaf_from(struct output *output, const struct type *type, const struct variable *variable, const char *path)
{
    bool flags = variable && note_find(&variable->notes, "flags");
    if (variable && note_find(&variable->notes, "any"))
        return;
    if (type->kind == TYPE_BOOL && !(variable && variable->is_bit_field))
        emit(output, "    if (!porin_bool_good(&%s))\n        porin_frame_bad(porin_f, \"%s: a _Bool that is neither 0 nor 1\");\n", path,
             path);
    if (type->kind == TYPE_ENUM) {
        struct enumeration enumeration = *type->enumeration;
        enumeration.is_flags |= flags;
        enumeration_from(output, &enumeration, path);
    }
    if (type->kind != TYPE_POINTER && type->kind != TYPE_FUNCTION)
        return;
    switch (variable->role == ROLE_BUFFER ? variable->element : variable->role) {
    case ROLE_HANDLE: emit(output, "    %s = %s;\n", path, handle_from(output, type, path)); break;
    case ROLE_STRING:
        emit(output, "    %s = (void *)porin_frame_take_string(porin_f, (uint64_t)%s, false, PORIN_FRAME_NO_ENTRY);\n", path, path);
        break;
    case ROLE_CALLBACK:
    case ROLE_TOKEN: emit(output, "    %s = 0;\n", path); break; /* the domain's idea of it is nobody's business */
    default: emit(output, "    if (%s)\n        porin_frame_bad(porin_f, \"%s: a pointer where NULL is due\");\n", path, path);
    }
}

void emit_from(struct output *output, const struct type *type, const struct variable *variable, const char *path)
{
    const char *range = variable ? note_find(&variable->notes, "range") : NULL;
    walk(output, type, variable, path, leaf_from, 0);
    if (range) {
        const char *comma = strrchr(range, ',');
        size_t blank = strspn(comma + 1, " ");
        emit(output, "    if (%s < (%.*s) || %s > (%s))\n        porin_frame_bad(porin_f, \"%s: not from %.*s to %s\");\n", path,
             (int)(comma - range), range, path, comma + 1, path, (int)(comma - range), range, comma + 1 + blank);
    }
}

char *declaration(const struct type *type, const char *name)
{
    return format_text("__typeof__(%s) %s", type->name, name);
}

char *with_handle(const char *text, const char *handle)
{
    struct buffer buffer = {0};
    buffer_add(&buffer, "", 0);
    for (; *text; text++)
        if (*text == '.')
            buffer_printf(&buffer, "%s", handle);
        else
            buffer_add(&buffer, text, 1);
    return buffer.data;
}

void emit_parameters(struct output *output, const struct function *function, const char *first)
{
    emit(output, "(%s", first);
    for (size_t i = 0; i < function->parameter_count; i++)
        emit(output, "%s%s", i || *first ? ", " : "", declaration(function->parameters[i].type, function->parameters[i].name));
    emit(output, "%s)", function->is_variadic ? ", ..." : function->parameter_count || *first ? "" : "void");
}

/* --- what a function needs --- */
const struct named *variable_handle(const struct model *model, const struct variable *variable)
{
    return variable->role == ROLE_HANDLE ? handle_of(model, variable->type) : NULL;
}

const struct variable *function_guard(const struct model *model, const struct function *function)
{
    for (size_t i = 0; i < function->parameter_count; i++) {
        const struct named *handle = variable_handle(model, &function->parameters[i]);
        if (handle && note_find(&handle->notes, "guard") && !note_find(&function->notes, "closes"))
            return &function->parameters[i];
    }
    return NULL;
}

bool function_is_hosts_own(const struct function *function)
{
    return note_find(&function->notes, "frees") || note_find(&function->notes, "jumps") || function->result.role == ROLE_JUMP_BUFFER;
}

/* Words on the stack: what finds no register. */
uint32_t stack_words(const struct function *function)
{
    uint32_t integers = 0, vectors = 0;
    for (size_t i = 0; i < function->parameter_count; i++) {
        enum type_kind kind = function->parameters[i].type->kind;
        *(kind == TYPE_FLOAT || kind == TYPE_DOUBLE ? &vectors : &integers) += 1;
    }
    return (integers > 6 ? integers - 6 : 0) + (vectors > 8 ? vectors - 8 : 0);
}

static bool in_register(const struct type *type)
{
    return type->kind == TYPE_BOOL || type->kind == TYPE_INTEGER || type->kind == TYPE_ENUM || type->kind == TYPE_FLOAT ||
           type->kind == TYPE_DOUBLE || type->kind == TYPE_POINTER || type->kind == TYPE_FUNCTION;
}

bool function_is_direct(const struct function *function)
{
    const struct type *result = function->result.type;
    bool direct = function->result.role == ROLE_NONE ||
                  (function->result.role == ROLE_VALUE && (in_register(result) || (result->size <= 16 && !type_changes_from(result))));
    for (size_t i = 0; i < function->parameter_count; i++) {
        const struct variable *p = &function->parameters[i];
        direct &= p->type->is_capability || (p->role == ROLE_VALUE && in_register(p->type));
    }
    return direct && stack_words(function) <= PORIN_MAX_STACK_WORDS;
}

bool function_is_plain(const struct function *function)
{
    bool plain = function_is_direct(function) && !note_find(&function->notes, "range") && !type_changes_from(function->result.type);
    for (size_t i = 0; i < function->parameter_count; i++)
        plain &= !function->parameters[i].type->is_capability && !type_changes_from(function->parameters[i].type);
    return plain;
}

const char *handle_into(struct output *output, const struct type *type, const char *path)
{
    return output->owner ? format_text("porin_owner_handle_in(porin_f, (void *)%s, \"%s\")", path, type->to->canonical)
                         : format_text("porin_frame_handle_in(porin_f, (const void *)%s)", path);
}

const char *handle_from(struct output *output, const struct type *type, const char *path)
{
    return output->owner ? format_text("porin_owner_handle_out(porin_f, (uint64_t)%s, \"%s\")", path, type->to->canonical)
                         : format_text("porin_frame_handle_out(porin_f, (uint64_t)%s, %u)", path, handle_type(output, type->to));
}

uint32_t lent_number(const struct function *function, const struct variable *p)
{
    uint32_t number = PORIN_LENT_FIRST;
    for (const struct variable *before = function->parameters; before < p; before++)
        number += before->type->is_capability;
    return number;
}

const char *lent_right(const struct variable *p)
{
    return p->out ? "PORIN_RIGHT_WRITE" : "PORIN_RIGHT_READ";
}

bool function_has_block(const struct model *model, const struct function *function)
{
    bool block = function_guard(model, function) || (function->result.type->kind != TYPE_VOID && !in_register(function->result.type));
    for (size_t i = 0; i < function->parameter_count; i++)
        block |= function->parameters[i].role == ROLE_MIRROR || !in_register(function->parameters[i].type);
    return block || (model->between && !function_is_direct(function));
}

uint32_t handle_type(struct output *output, const struct type *to)
{
    for (size_t i = 0; i < output->handle_type_count; i++)
        if (strcmp(output->handle_types[i], to->canonical) == 0)
            return (uint32_t)i;
    output->handle_types = grow(output->handle_types, (output->handle_type_count + 1) * sizeof *output->handle_types);
    output->handle_types[output->handle_type_count] = to->canonical;
    return (uint32_t)output->handle_type_count++;
}

uint32_t entry_index(struct output *output, const char *name)
{
    for (size_t i = 0; i < output->entry_count; i++)
        if (strcmp(output->entries[i], name) == 0)
            return (uint32_t)i;
    output->entries = grow(output->entries, (output->entry_count + 1) * sizeof *output->entries);
    output->entries[output->entry_count] = name;
    return (uint32_t)output->entry_count++;
}

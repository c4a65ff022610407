/* SPDX-License-Identifier: Apache-2.0 */
/* One stub: places arguments where the callee finds them, calls, checks and copies what comes back. For callers in hosts and in domains. */
#include "emit.h"
#include <ctype.h>
#include <string.h>

typedef const struct variable parameter;

const char *length_of(parameter *p)
{
    static const char *const keys[] = {"in", "out", "inout"};
    for (size_t i = 0; i < 3; i++)
        if (note_find(&p->notes, keys[i]))
            return note_find(&p->notes, keys[i]);
    return "0";
}

static bool is_one(parameter *p)
{
    return strcmp(length_of(p), "1") == 0;
}

static bool is_scalar(const struct type *type)
{
    return type->kind == TYPE_BOOL || type->kind == TYPE_INTEGER || type->kind == TYPE_ENUM || type->kind == TYPE_FLOAT ||
           type->kind == TYPE_DOUBLE;
}

/* A number of the domain's that nothing is said about: strict stubs hand it out in a type of its own. */
static bool is_unchecked(const struct variable *variable, const struct type *type)
{
    return type->kind == TYPE_INTEGER && !note_find(&variable->notes, "range") && !note_find(&variable->notes, "any");
}

static bool parameter_unchecked(parameter *p)
{
    return p->role == ROLE_BUFFER && p->out && is_one(p) && is_unchecked(p, p->type->to);
}

static const char *element_size(const struct type *pointer)
{
    return pointer->to->kind == TYPE_VOID ? "1" : format_text("sizeof(%s)", pointer->to->name);
}

/* Does memory cross as it is, without a look at its elements? */
static bool flat_into(parameter *p)
{
    return p->element != ROLE_HANDLE && !type_changes_into(p->type->to);
}

static bool flat_from(parameter *p)
{
    return p->element == ROLE_VALUE && !type_changes_from(p->type->to) && !note_find(&p->notes, "range");
}

static const char *way_of(parameter *p)
{
    bool copied = note_find(&p->notes, "by_copy") || (p->role == ROLE_BUFFER && p->out && !flat_from(p));
    return copied ? "COPY" : note_find(&p->notes, "by_cap") ? "CAP" : "CHEAPER";
}

/* --- before the call --- */
static void handle_before(struct output *output, parameter *p)
{
    if (p->role == ROLE_HANDLE)
        emit(output, "    uint64_t porin_w_%s = %s;\n", p->name, handle_into(output, p->type, p->name));
}

static const char *field_with(const struct record *record, enum role role)
{
    for (size_t i = 0; i < record->field_count; i++)
        if (record->fields[i].role == role)
            return record->fields[i].name;
    return NULL;
}

static void mirror_before(struct output *output, const struct function *function, parameter *p)
{
    const struct record *record = p->type->to->record;
    const char *opens = note_find(&function->notes, "opens"), *twin = field_with(record, ROLE_TWIN), *n = p->name;
    bool fresh = opens && strcmp(opens, n) == 0;
    emit(output, "    if (!%s)\n        porin_frame_fail(porin_f, PORIN_ERR_ARGUMENT, \"%s must not be NULL\");\n", n, n);
    emit(output, "    uint64_t porin_w_%s = 0;\n    if (porin_f->status == PORIN_OK) {\n", n);
    if (!fresh && twin)
        emit(output, "    porin_w_%s = porin_frame_handle_in(porin_f, %s->%s);\n    if (!porin_w_%s)\n"
             "        porin_frame_fail(porin_f, PORIN_ERR_ARGUMENT, \"%s was not opened\");\n", n, n, twin, n, n);
    for (size_t i = 0; i < record->field_count; i++) {
        const struct variable *f = &record->fields[i];
        if (f->role == ROLE_CALLBACK || f->role == ROLE_TOKEN)
            continue;
        if (fresh && f->role != ROLE_NULL)
            continue; /* one that is being opened has nothing in it yet */
        if (f->is_bit_field)
            emit(output, "    porin_b.a_%s.%s = %s->%s;\n", n, f->name, n, f->name);
        else if (f->role != ROLE_NULL) /* not the struct as a whole: its padding is the host's */
            emit(output, "    memcpy(&porin_b.a_%s.%s, &%s->%s, sizeof %s->%s);\n", n, f->name, n, f->name, n, f->name);
        const char *path = format_text("porin_b.a_%s.%s", n, f->name), *in = note_find(&f->notes, "cursor_in"),
                   *out = note_find(&f->notes, "cursor_out");
        if (f->role == ROLE_CURSOR_IN)
            emit(output, "    %s = (void *)porin_frame_put(porin_f, %s, porin_frame_bytes(porin_f, (int64_t)%s->%s, 1));\n", path, path, n,
                 in);
        else if (f->role == ROLE_CURSOR_OUT)
            emit(output, "    if (%s)\n        %s = (void *)porin_frame_room(porin_f, porin_frame_bytes(porin_f, (int64_t)%s->%s, 1));\n",
                 path, path, n, out);
        else if (f->role == ROLE_TWIN || f->role == ROLE_STRING)
            emit(output, "    %s = 0;\n", path);
        else if (f->role == ROLE_NULL)
            emit(output, "    if (%s->%s)\n        porin_frame_fail(porin_f, PORIN_ERR_ARGUMENT, \"%s->%s must be NULL\");\n", n, f->name,
                 n, f->name);
    }
    for (int pass = 0; fresh && pass < 2; pass++) /* functions find tokens that were there before */
        for (size_t i = 0; i < record->field_count; i++) {
            const struct variable *f = &record->fields[i];
            if (f->role == ROLE_TOKEN && pass == 0)
                emit(output, "    porin_b.a_%s.%s = (void *)porin_frame_token(porin_f, \"%s\", (void *)%s->%s);\n", n, f->name,
                     note_find(&f->notes, "token"), n, f->name);
            if (f->role == ROLE_CALLBACK && pass == 1)
                emit(output, "    porin_b.a_%s.%s = %s;\n", n, f->name, callback_placed(f, format_text("%s->%s", n, f->name)));
        }
    emit(output,
         "    }\n    porin_b.twin_%s = porin_w_%s;\n    struct porin_sent_%s { __typeof__(porin_b.a_%s) s; } porin_s_%s = { porin_b.a_%s "
         "};\n",
         n, n, n, n, n, n);
}

/* Elements one by one, made fit for the domain. */
static void elements_before(struct output *output, parameter *p)
{
    const char *n = p->name, *type = p->type->to->name;
    emit(output, "    porin_w_%s = %s ? porin_frame_room(porin_f, porin_n_%s) : 0;\n", n, n, n);
    emit(output,
         "    for (uint64_t porin_e = 0; porin_w_%s && porin_e < porin_n_%s / sizeof(%s) && porin_f->status == PORIN_OK; porin_e++) {\n", n,
         n, type);
    if (p->element == ROLE_HANDLE) {
        emit(output, "    uint64_t porin_x = %s;\n", handle_into(output, p->type->to, format_text("%s[porin_e]", n)));
    } else {
        emit(output, "    %s;\n    memcpy(&porin_x, &%s[porin_e], sizeof porin_x);\n", declaration(p->type->to, "porin_x"), n);
        emit_into(output, p->type->to, p, "porin_x");
    }
    emit(output, "    porin_frame_write(porin_f, porin_w_%s + porin_e * sizeof(%s), &porin_x, sizeof porin_x);\n    }\n", n, type);
}

static void buffer_before(struct output *output, parameter *p)
{
    const char *n = p->name;
    emit(output, "    uint64_t porin_n_%s = %s ? porin_frame_bytes(porin_f, (int64_t)(%s), %s) : 0, porin_w_%s = 0;\n", n, n, length_of(p),
         element_size(p->type), n);
    if (p->type->is_capability)
        return;
    if (p->in && !flat_into(p))
        elements_before(output, p);
    else
        emit(output, "    porin_w_%s = porin_frame_share(porin_f, (const void *)%s, porin_n_%s, %d, %d, PORIN_WAY_%s);\n", n, n, n, p->in,
             p->out, way_of(p));
    if (p->in && p->out && is_one(p) && is_scalar(p->type->to))
        emit(output, "    %s = %s ? *%s : 0;\n", declaration(p->type->to, format_text("porin_old_%s", n)), n, n);
}

const char *row_length(const struct variable *variable)
{
    static const char *const keys[] = {"row_in", "row_out", "row_inout"};
    for (size_t i = 0; i < 3; i++)
        if (note_find(&variable->notes, keys[i]))
            return note_find(&variable->notes, keys[i]);
    return "0";
}

static void rows_before(struct output *output, parameter *p)
{
    const char *n = p->name;
    emit(output, "    uint64_t porin_n_%s = %s ? porin_frame_bytes(porin_f, (int64_t)(%s), 8) / 8 : 0;\n"
         "    struct porin_row *const porin_r_%s = porin_frame_rows(porin_f, porin_n_%s);\n", n, n, note_find(&p->notes, "rows"), n, n);
    emit(output, "    for (uint64_t PORIN_ROW = 0; PORIN_ROW < porin_n_%s && porin_f->status == PORIN_OK; PORIN_ROW++)\n"
         "        porin_frame_row_put(porin_f, &porin_r_%s[PORIN_ROW], (void *)%s[PORIN_ROW], %s[PORIN_ROW] ? "
         "porin_frame_bytes(porin_f, (int64_t)(%s), %s) : 0, %d);\n", n, n, n, n, row_length(p), element_size(p->type->to), p->in);
    emit(output, "    uint64_t porin_w_%s = %s ? porin_frame_rows_put(porin_f, porin_r_%s, porin_n_%s) : 0;\n", n, n, n, n);
}

static void callback_before(struct output *output, const struct function *function, parameter *p)
{
    const char *life = note_find(&p->notes, "set") ? "SET" : note_find(&p->notes, "kept") ? "HANDLE" : "CALL";
    emit(output, "    static const char porin_origin_%s[] = \"%s:%s\";\n", p->name, function->name, p->name);
    emit(output, "    uint64_t porin_w_%s = porin_frame_callback(porin_f, %u, (void (*)(void))%s, PORIN_LIFE_%s, porin_origin_%s);\n",
         p->name, p->callback->index, p->name, life, p->name);
}

static void parameter_before(struct output *output, const struct function *function, parameter *p)
{
    const char *n = p->name;
    switch (p->role) {
    case ROLE_BUFFER: buffer_before(output, p); break;
    case ROLE_ROWS: rows_before(output, p); break;
    case ROLE_STRING:
        emit(output,
             "    uint64_t porin_n_%s = %s ? strlen((const char *)%s) + 1 : 0;\n"
             "    uint64_t porin_w_%s = porin_frame_share(porin_f, %s, porin_n_%s, 1, 0, PORIN_WAY_%s);\n", n, n, n, n, n, n, way_of(p));
        break;
    case ROLE_STRINGS: {
        const char *count = note_find(&p->notes, "strings");
        emit(output, "    uint64_t porin_w_%s = porin_frame_put_strings(porin_f, (const char *const *)%s, %s%s%s);\n", n, n,
             *count ? "(int64_t)(" : "", *count ? count : "-1", *count ? ")" : "");
        break;
    }
    case ROLE_CALLBACK: callback_before(output, function, p); break;
    case ROLE_NULL:
        emit(output,
             "    if (%s)\n        porin_frame_fail(porin_f, PORIN_ERR_ARGUMENT, \"%s must be NULL\");\n    uint64_t porin_w_%s = 0;\n", n,
             n, n);
        break;
    case ROLE_FIXED: emit(output, "    uint64_t porin_w_%s = (uint64_t)(%s);\n", n, note_find(&p->notes, "fixed")); break;
    case ROLE_RELEASES: {
        const char *fixed = note_find(&p->notes, "fixed");
        emit(output, "    uint64_t porin_w_%s = (uint64_t)(%s);\n", n, fixed ? fixed : "0");
        break;
    }
    default: break;
    }
}

/* The handle that a parameter is, points at, or has in its mirror. */
static const char *handle_held(parameter *p)
{
    const char *n = p->name, *twin = p->role == ROLE_MIRROR ? field_with(p->type->to->record, ROLE_TWIN) : NULL;
    return twin ? format_text("(%s ? %s->%s : NULL)", n, n, twin) : p->role == ROLE_BUFFER ? format_text("(%s ? *%s : NULL)", n, n) : n;
}

static void arguments_before(struct output *output, const struct function *function)
{
    const char *renews = note_find(&function->notes, "renews");
    parameter *p = function->parameters, *end = p + function->parameter_count;
    for (p = function->parameters; p < end; p++)
        handle_before(output, p);
    for (p = function->parameters; p < end; p++)
        if (p->role == ROLE_MIRROR)
            mirror_before(output, function, p);
    for (p = function->parameters; p < end; p++)
        if (p->role == ROLE_TOKEN)
            emit(output, "    uint64_t porin_w_%s = porin_frame_token(porin_f, \"%s\", (void *)%s);\n", p->name,
                 note_find(&p->notes, "token"), p->name);
    for (p = function->parameters; p < end; p++)
        parameter_before(output, function, p);
    for (p = function->parameters; p < end; p++)
        if (note_has(&function->notes, "closes", p->name)) /* what the program has there is the library's to change */
            emit(output, "    const void *porin_closed_%s = %s;\n", p->name, handle_held(p));
    if (renews)
        emit(output, "    porin_frame_handle_renewed(porin_f, %s);\n", handle_held(parameter_find(function, renews)));
    if (function_has_block(output->model, function)) /* making room may be a call already */
        emit(output, "    uint64_t porin_at = porin_frame_room(porin_f, sizeof porin_b);\n");
    for (p = function->parameters; p < end; p++) /* last: what is lent is for the next call */
        if (p->type->is_capability && p->role == ROLE_BUFFER)
            emit(output, "    porin_w_%s = porin_frame_lend(porin_f, %u, %s, porin_n_%s, %s);\n", p->name, lent_number(function, p),
                 p->name, p->name, lent_right(p));
}

/* --- the call --- */
static const char *word_of(parameter *p)
{
    return p->role == ROLE_VALUE ? format_text("(uint64_t)%s", p->name) : format_text("porin_w_%s", p->name);
}

static bool is_floating(parameter *p)
{
    return p->role == ROLE_VALUE && (p->type->kind == TYPE_FLOAT || p->type->kind == TYPE_DOUBLE);
}

static void call_with_block(struct output *output, const struct function *function)
{
    for (size_t i = 0; i < function->parameter_count; i++) {
        parameter *p = &function->parameters[i];
        if (p->role == ROLE_VALUE && (p->type->kind == TYPE_RECORD || p->type->kind == TYPE_WIDE)) {
            emit(output, "    porin_b.a_%s = %s;\n", p->name, p->name);
            emit_into(output, p->type, p, format_text("porin_b.a_%s", p->name));
        } else if (p->role == ROLE_VALUE) {
            emit(output, "    porin_b.a_%s = %s;\n", p->name, p->name);
        } else if (p->role != ROLE_MIRROR) {
            emit(output, "    porin_b.a_%s = porin_w_%s;\n", p->name, p->name);
        }
    }
    emit(output, "    porin_frame_write(porin_f, porin_at, &porin_b, sizeof porin_b);\n"
                 "    porin_frame_call6(porin_f, porin_at, 0, 0, 0, 0, 0);\n"
                 "    porin_frame_read(porin_f, &porin_b, porin_at, sizeof porin_b);\n");
}

/* Between domains: the receiver's function, or the library's own, with the arguments as they are. */
static void call_directly(struct output *output, const struct function *function)
{
    bool is_bool = function->result.type->kind == TYPE_BOOL; /* any byte may come back */
    emit(output, "    if (porin_f->status == PORIN_OK)%s\n        %s%s_wire_%s(", is_bool ? " {" : "",
         function->result.role == ROLE_NONE ? "" : is_bool ? "unsigned char porin_byte = " : "result = ", output->model->library,
         function->name);
    for (size_t i = 0; i < function->parameter_count; i++) {
        parameter *p = &function->parameters[i];
        emit(output, "%s%s", i ? ", " : "", p->role == ROLE_VALUE ? p->name : format_text("porin_w_%s", p->name));
    }
    emit(output, ");\n%s", is_bool ? "        memcpy(&result, &porin_byte, 1);\n    }\n" : "");
}

static void call_with_registers(struct output *output, const struct function *function)
{
    size_t integers = 0, vectors = 0, stack = 0, count = function->parameter_count;
    for (size_t i = 0; i < count; i++)
        *(is_floating(&function->parameters[i]) ? &vectors : &integers) += 1;
    bool floating = function->result.type->kind == TYPE_FLOAT || function->result.type->kind == TYPE_DOUBLE;
    if (integers <= 6 && !vectors && !floating && !function->is_variadic) {
        emit(output, "    porin_frame_call6(porin_f");
        for (size_t i = 0; i < 6; i++)
            emit(output, ", %s", i < count ? word_of(&function->parameters[i]) : "0");
        emit(output, ");\n");
        return;
    }
    emit(output, "    struct porin_call porin_c = {0};\n    uint64_t porin_stack[%zu + PORIN_FORMAT_WORDS] = {0};\n", count + 1);
    integers = vectors = 0;
    for (size_t i = 0; i < count; i++) {
        parameter *p = &function->parameters[i];
        bool is_float = p->type->kind == TYPE_FLOAT;
        if (is_floating(p) && vectors < 8)
            emit(output, "    porin_c.vector[%zu] = %s%s%s;\n", vectors++, is_float ? "porin_float_word(" : "", p->name,
                 is_float ? ")" : "");
        else if (is_floating(p))
            emit(output, "    memcpy(&porin_stack[%zu], &%s, sizeof %s);\n", stack++, p->name, p->name);
        else if (integers < 6)
            emit(output, "    porin_c.integer[%zu] = %s;\n", integers++, word_of(p));
        else
            emit(output, "    porin_stack[%zu] = %s;\n", stack++, word_of(p));
    }
    emit(output, "    porin_c.stack = porin_stack;\n    porin_c.stack_count = %zu;\n", stack);
    if (function->is_variadic) {
        const char *format = "NULL";
        for (size_t i = 0; i < count; i++)
            if (note_find(&function->parameters[i].notes, "format"))
                format = function->parameters[i].name;
        emit(output, "    va_list porin_arguments;\n    va_start(porin_arguments, %s);\n"
             "    porin_frame_format(porin_f, &porin_c, %zu, porin_stack, PORIN_FORMAT_WORDS, %s, porin_arguments);\n"
             "    va_end(porin_arguments);\n", function->parameters[count - 1].name, count, format);
    }
    emit(output, "    porin_frame_call(porin_f, &porin_c);\n");
}

/* --- after the call --- */
static void within_after(struct output *output, const struct function *function, const struct variable *variable, const char *to,
                         const char *word)
{
    const char *other = note_find(&variable->notes, "within");
    const struct type *in = parameter_find(function, other)->type;
    const char *bytes = variable->role == ROLE_WITHIN ? element_size(variable->type) : element_size(variable->type->to);
    emit(output, "    %s = (void *)porin_frame_within(porin_f, %s, porin_w_%s, porin_n_%s, %s, %s, %s, %d);\n", to, word, other, other,
         other, element_size(in), bytes, note_find(&variable->notes, "ends") != NULL);
}

static void take_after(struct output *output, const struct variable *variable, enum role role, const char *to, const char *word)
{
    const char *owned = note_find(&variable->notes, "owned");
    bool freed_here = owned && !output->between; /* a receiver frees what it has sent */
    const char *entry = freed_here ? format_text("%u", entry_index(output, owned)) : "PORIN_FRAME_NO_ENTRY";
    const char *size = note_find(&variable->notes, "size");
    const char *count = note_find(&variable->notes, "strings");
    if (role == ROLE_STRING)
        emit(output, "    %s = (void *)porin_frame_take_string(porin_f, %s, %d, %s);\n", to, word, owned != NULL, entry);
    else if (role == ROLE_STRINGS)
        emit(output, "    if (%s)\n        %s = (void *)porin_frame_take_strings(porin_f, %s, %s, %d, %s);\n", word, to, word,
             *count ? format_text("(int64_t)porin_frame_bytes(porin_f, (int64_t)(%s), 1)", count) : "-1", owned != NULL, entry);
    else
        emit(output,
             "    if (%s)\n        %s = (void *)porin_frame_take(porin_f, %s, porin_frame_bytes(porin_f, (int64_t)(%s), %s), %d, %s);\n",
             word, to, word, size, element_size(variable->type), owned != NULL, entry);
}

static const char *handle_taken(struct output *output, const struct variable *variable, const struct type *to, const char *word)
{
    return format_text("porin_frame_handle_%s(porin_f, %s, %u)", note_find(&variable->notes, "owned") ? "made" : "out", word,
                       handle_type(output, to));
}

static void elements_after(struct output *output, const struct function *function, parameter *p)
{
    const char *n = p->name, *type = p->type->to->name;
    emit(output, "    for (uint64_t porin_e = 0; %s && porin_e < porin_u_%s / sizeof(%s) && porin_f->status == PORIN_OK; porin_e++) {\n", n,
         n, type);
    if (p->element == ROLE_VALUE) {
        emit(output, "    %s;\n    porin_frame_read(porin_f, &porin_x, porin_w_%s + porin_e * sizeof porin_x, sizeof porin_x);\n"
             "    if (porin_f->status != PORIN_OK)\n        break;\n", declaration(p->type->to, "porin_x"), n);
        emit_from(output, p->type->to, p, "porin_x");
        emit(output, "    if (porin_f->status == PORIN_OK)\n        memcpy(&%s[porin_e], &porin_x, sizeof porin_x);\n", n);
    } else {
        emit(output, "    uint64_t porin_x = 0;\n    porin_frame_read(porin_f, &porin_x, porin_w_%s + porin_e * 8, 8);\n", n);
        const char *to = format_text("%s[porin_e]", n);
        if (p->element == ROLE_HANDLE) {
            if (p->in) /* the one that was given stays what it is */
                emit(output, "    if (porin_x != (uint32_t)(uint64_t)%s)\n    ", to);
            emit(output, "    %s = %s;\n", to, handle_taken(output, p, p->type->to->to, "porin_x"));
        } else if (p->element == ROLE_WITHIN)
            within_after(output, function, p, to, "porin_x");
        else
            take_after(output, p, p->element, to, "porin_x");
    }
    emit(output, "    }\n");
}

static void buffer_after(struct output *output, const struct function *function, parameter *p)
{
    const char *n = p->name, *filled = note_find(&p->notes, "filled");
    emit(output, "    uint64_t porin_u_%s = porin_n_%s;\n", n, n);
    if (filled)
        emit(output,
             "    if (%s)\n        porin_u_%s = porin_frame_filled(porin_f, (int64_t)(%s), %s, porin_n_%s, \"%s: more is said to have been "
             "written than there was room for\");\n", n, n, filled, element_size(p->type), n, n);
    if (p->type->is_capability)
        return;
    if (!flat_from(p))
        elements_after(output, function, p);
    else
        emit(output, "    if (%s)\n        porin_frame_back(porin_f, (void *)%s, porin_w_%s, porin_u_%s);\n", n, n, n, n);
    if (note_find(&p->notes, "string") && p->element == ROLE_VALUE)
        emit(output, "    if (%s && porin_u_%s && porin_f->status == PORIN_OK && !memchr(%s, 0, porin_u_%s))\n"
             "        porin_frame_bad(porin_f, \"%s: a string that does not end\");\n", n, n, n, n, n);
}

/* Is the field a cursor, or the length of one? */
static bool mirror_cursor(const struct record *record, const char *name)
{
    for (size_t i = 0; i < record->field_count; i++) {
        const struct variable *f = &record->fields[i];
        const char *count = note_find(&f->notes, f->role == ROLE_CURSOR_IN ? "cursor_in" : "cursor_out");
        if (count && (strcmp(f->name, name) == 0 || strcmp(count, name) == 0))
            return true;
    }
    return false;
}

static void mirror_after(struct output *output, const struct function *function, parameter *p)
{
    const struct record *record = p->type->to->record;
    const char *n = p->name, *opens = note_find(&function->notes, "opens");
    bool fresh = opens && strcmp(opens, n) == 0;
    const char *twin = field_with(record, ROLE_TWIN);
    emit(output, "    void *porin_t_%s = ", n);
    if (fresh || !twin)
        emit(output, "porin_frame_handle_made(porin_f, porin_b.twin_%s, %u);\n", n, handle_type(output, p->type->to));
    else
        emit(output, "porin_b.twin_%s ? %s->%s : NULL;\n    if (porin_b.twin_%s && porin_b.twin_%s != porin_w_%s)\n"
             "        porin_frame_bad(porin_f, \"%s: another struct than was given\");\n", n, n, twin, n, n, n, n);
    for (size_t i = 0; i < record->field_count; i++) {
        const struct variable *f = &record->fields[i];
        const char *path = format_text("porin_b.a_%s.%s", n, f->name), *count = note_find(&f->notes, "cursor_in");
        if (!count)
            count = note_find(&f->notes, "cursor_out");
        if (fresh && mirror_cursor(record, f->name))
            continue;
        if (count) {
            emit(output, "    {\n    uint64_t porin_room = (uint64_t)porin_s_%s.s.%s, porin_left = (uint64_t)porin_b.a_%s.%s;\n", n, count,
                 n, count);
            emit(output, "    uint64_t porin_from = (uint64_t)porin_s_%s.s.%s;\n", n, f->name);
            emit(output, "    if (porin_left > porin_room || (uint64_t)%s != porin_from + (porin_room - porin_left))\n"
                 "        porin_frame_bad(porin_f, \"%s->%s did not move as %s->%s says\");\n", path, n, f->name, n, count);
            if (f->role == ROLE_CURSOR_OUT)
                emit(output, "    porin_frame_read(porin_f, %s->%s, porin_from, porin_room - porin_left);\n", n, f->name);
            emit(output, "    if (porin_f->status == PORIN_OK && %s->%s)\n        %s->%s += porin_room - porin_left;\n    }\n", n, f->name,
                 n, f->name);
        } else if (f->role == ROLE_STRING) {
            emit(output, "    %s->%s = (void *)porin_frame_take_string(porin_f, (uint64_t)%s, false, PORIN_FRAME_NO_ENTRY);\n", n, f->name,
                 path);
        } else if (f->role == ROLE_TWIN) {
            emit(output, "    if (porin_f->status == PORIN_OK)\n        %s->%s = porin_t_%s;\n", n, f->name, n);
        } else if (f->role != ROLE_NULL && f->role != ROLE_CALLBACK && f->role != ROLE_TOKEN) {
            emit_from(output, f->type, f, path);
            emit(output, "    if (porin_f->status == PORIN_OK)\n        memcpy(&%s->%s, &%s, sizeof %s);\n", n, f->name, path, path);
        }
    }
}

static void result_after(struct output *output, const struct function *function)
{
    const struct variable *r = &function->result;
    enum type_kind kind = r->type->kind;
    bool block = function_has_block(output->model, function);
    const char *word = block ? "porin_b.result" : "porin_f->word";
    if (r->role == ROLE_VALUE) {
        if (output->between && function_is_direct(function))
            ; /* is there already */
        else if (block)
            emit(output, "    memcpy(&result, &porin_b.result, sizeof result);\n");
        else if (kind == TYPE_FLOAT || kind == TYPE_DOUBLE)
            emit(output, "    result = %s(porin_f->vector);\n", kind == TYPE_FLOAT ? "porin_word_float" : "");
        else
            emit(output, "    memcpy(&result, &porin_f->word, sizeof result);\n");
        emit_from(output, r->type, r, "result");
    } else if (r->role == ROLE_HANDLE) {
        emit(output, "    result = %s;\n    porin_frame_adopt(porin_f, result);\n", handle_taken(output, r, r->type->to, word));
    } else if (r->role == ROLE_TOKEN) {
        emit(output, "    result = porin_frame_token_find(porin_f, \"%s\");\n", note_find(&r->notes, "token"));
    } else if (r->role == ROLE_WITHIN) {
        within_after(output, function, r, "result", word);
    } else if (r->role == ROLE_STRING || r->role == ROLE_STRINGS || r->role == ROLE_BUFFER) {
        take_after(output, r, r->role, "result", word);
    }
    if (note_find(&function->notes, "remembered"))
        emit(output, "    result = (__typeof__(result))porin_frame_remember(porin_f, \"%s\", (uint64_t)result, %d);\n", function->name,
             note_find(&function->notes, "always") != NULL);
}

static void arguments_after(struct output *output, const struct function *function)
{
    bool tokens = false, value = function->result.role == ROLE_VALUE || function->result.role == ROLE_WITHIN;
    emit(output, "    if (porin_f->status == PORIN_OK) {\n");
    if (function_guard(output->model, function))
        emit(output, "    if (porin_b.raised)\n        porin_frame_fail(porin_f, PORIN_ERR_RAISED, NULL);\n");
    if (value)
        result_after(output, function);
    for (int pass = 0; pass < 2; pass++) /* numbers first: lengths may name them */
        for (size_t i = 0; i < function->parameter_count; i++) {
            parameter *p = &function->parameters[i];
            tokens |= p->role == ROLE_TOKEN;
            if (p->role == ROLE_BUFFER && p->out && (is_one(p) && is_scalar(p->type->to)) == (pass == 0))
                buffer_after(output, function, p);
            if (p->role == ROLE_MIRROR && pass == 1)
                mirror_after(output, function, p);
            if (p->role == ROLE_ROWS && p->out && pass == 1)
                emit(output, "    porin_frame_rows_read(porin_f, porin_r_%s, porin_n_%s);\n", p->name, p->name);
        }
    if (!value && function->result.role != ROLE_NONE)
        result_after(output, function);
    if (tokens)
        emit(output, "    porin_frame_token_keep(porin_f);\n");
    const char *when = note_find(&function->notes, "closes_when");
    for (size_t i = 0; i < function->parameter_count; i++) {
        parameter *p = &function->parameters[i];
        if (!note_has(&function->notes, "closes", p->name))
            continue;
        if (p->role == ROLE_MIRROR)
            emit(output, "    if (!porin_b.twin_%s)\n    ", p->name);
        else if (when)
            emit(output, "    if (%s)\n    ", when);
        emit(output, "    porin_frame_handle_closed(porin_f, porin_closed_%s);\n", p->name);
    }
    emit(output, "    }\n");
}

/* Does it make a handle with which functions are kept? */
static bool function_makes_keeper(const struct function *function)
{
    bool makes = function->result.role == ROLE_HANDLE || note_find(&function->notes, "opens"), keeps = false;
    for (size_t i = 0; i < function->parameter_count; i++) {
        parameter *p = &function->parameters[i];
        makes |= p->out && p->element == ROLE_HANDLE;
        keeps |= p->role == ROLE_CALLBACK || (p->type->kind == TYPE_POINTER && type_has_functions(p->type->to));
    }
    return makes && keeps;
}

static void stub_leave(struct output *output, const struct function *function, bool drop_in)
{
    const struct variable *guard = function_guard(output->model, function);
    const char *fails = note_find(&function->notes, "fails");
    bool is_void = function->result.role == ROLE_NONE;
    if (function_makes_keeper(function))
        emit(output, "    porin_frame_abandon(porin_f);\n");
    emit(output, "    porin_status porin_s = porin_frame_close(porin_f);\n");
    for (size_t i = 0; i < function->parameter_count; i++) {
        parameter *p = &function->parameters[i];
        if (p->role == ROLE_RELEASES)
            emit(output, "    if ((uint64_t)%s + 1 > 1)\n        %s((void *)%s);\n", p->name, p->name, note_find(&p->notes, "releases"));
        if (p->role == ROLE_BUFFER && p->in && p->out && is_one(p) && is_scalar(p->type->to))
            emit(output, "    if (porin_s != PORIN_OK && %s)\n        *%s = porin_old_%s;\n", p->name, p->name, p->name);
    }
    if (guard && drop_in)
        emit(output, "    if (porin_s == PORIN_ERR_RAISED) {\n    jmp_buf *porin_jump = porin_binding_jump(PORIN_BINDING, %s, false);\n"
             "    if (porin_jump)\n        longjmp(*porin_jump, 1);\n    }\n", guard->name);
    if (note_find(&function->notes, "noreturn") && drop_in) {
        emit(output, "    (void)porin_s;\n    abort();\n");
        return;
    }
    if (!drop_in && !is_void)
        emit(output, "    if (porin_s == PORIN_OK && porin_result)\n        memcpy(porin_result, &result, sizeof result);\n");
    if (!drop_in)
        emit(output, "    return porin_s;\n");
    else if (function->result.type->kind == TYPE_RECORD)
        emit(output, "    if (porin_s != PORIN_OK)\n        memset(&result, 0, sizeof result);\n    return result;\n");
    else if (!is_void && fails)
        emit(output, "    return porin_s == PORIN_OK ? result : (__typeof__(result))(%s);\n", fails);
    else if (!is_void)
        emit(output, "    return porin_s == PORIN_OK ? result : (__typeof__(result))0;\n");
    else
        emit(output, "    (void)porin_s;\n");
}

/* What the host does itself. */
static void own_stub(struct output *output, const struct function *function)
{
    const char *first = function->parameter_count ? function->parameters[0].name : "NULL", *value = note_find(&function->notes, "jumps");
    if (note_find(&function->notes, "frees"))
        emit(output, "    __builtin_free((void *)%s);\n", first);
    for (size_t i = 1; i < function->parameter_count; i++)
        emit(output, "    (void)%s;\n", function->parameters[i].name);
    if (function->result.role == ROLE_JUMP_BUFFER)
        emit(output, "    return (void *)porin_binding_jump(PORIN_BINDING, %s, true);\n", first);
    if (value)
        emit(output, "    jmp_buf *porin_jump = porin_binding_jump(PORIN_BINDING, %s, false);\n    if (!porin_jump)\n        abort();\n"
             "    longjmp(*porin_jump, %s);\n", first, *value ? value : "1");
    if (!output->model->drop_in)
        emit(output, "    return PORIN_OK;\n");
}

void emit_stub_declaration(struct output *output, const struct function *function, bool drop_in)
{
    const struct variable *r = &function->result;
    if (drop_in) {
        emit(output, "%s", declaration(r->type, function->name));
        emit_parameters(output, function, "");
        return;
    }
    const char *library = output->model->library;
    emit(output, "porin_status %s_%s(porin_binding *porin_b_", library, function->name);
    if (r->role != ROLE_NONE && r->role != ROLE_JUMP_BUFFER)
        emit(output, is_unchecked(r, r->type) ? ", %s_%s_unchecked *porin_result" : ", %s", is_unchecked(r, r->type) ? library :
             declaration(r->type, "*porin_result"), function->name);
    for (size_t i = 0; i < function->parameter_count; i++) {
        parameter *p = &function->parameters[i];
        if (parameter_unchecked(p))
            emit(output, ", %s_%s_%s_unchecked *porin_raw_%s", library, function->name, p->name, p->name);
        else
            emit(output, ", %s", declaration(p->type, p->name));
    }
    emit(output, "%s)", function->is_variadic ? ", ..." : "");
}

void emit_stub(struct output *output, const struct function *function)
{
    bool drop_in = output->model->drop_in, block = function_has_block(output->model, function);
    if (drop_in)
        emit(output, "#undef %s\n", function->name);
    emit_stub_declaration(output, function, drop_in);
    emit(output, "\n{\n");
    if (!drop_in)
        emit(output, "#define PORIN_BINDING porin_b_\n");
    if (function_is_hosts_own(function)) {
        own_stub(output, function);
    } else {
        const char *name = output->between ? format_text("%s_wire_%s", output->model->library, function->name)
                           : block         ? format_text("%s_bind_%s", output->model->library, function->name)
                                           : function->name;
        for (size_t i = 0; !drop_in && i < function->parameter_count; i++)
            if (parameter_unchecked(&function->parameters[i]))
                emit(output, "    %s = (void *)porin_raw_%s;\n", declaration(function->parameters[i].type, function->parameters[i].name),
                     function->parameters[i].name);
        if (function->result.role != ROLE_NONE)
            emit(output, "    %s;\n    memset(&result, 0, sizeof result);\n", declaration(function->result.type, "result"));
        emit(output, "    struct porin_frame porin_frame_here, *const porin_f = &porin_frame_here;\n");
        if (block)
            emit(output, "    struct %s porin_b;\n    memset(&porin_b, 0, sizeof porin_b);\n", name);
        emit(output, "    porin_frame_open(porin_f, PORIN_BINDING, %u, \"%s\");\n", entry_index(output, name), function->name);
        arguments_before(output, function);
        bool direct = output->between && function_is_direct(function);
        (direct ? call_directly : block ? call_with_block : call_with_registers)(output, function);
        arguments_after(output, function);
        stub_leave(output, function, drop_in);
    }
    emit(output, drop_in ? "}\n\n" : "#undef PORIN_BINDING\n}\n\n");
}

/* The types of numbers that nobody has checked, with the one way to a number. */
static void unchecked_type(struct output *output, const char *name, const struct type *type)
{
    emit(output, "typedef struct { %s; } %s_unchecked;\n", declaration(type, "unchecked"), name);
    emit(output, "static inline bool %s_check(%s_unchecked raw, %s, %s, %s)\n{\n    if (raw.unchecked < least || raw.unchecked > most)\n"
         "        return false;\n    *checked = raw.unchecked;\n    return true;\n}\n", name, name, declaration(type, "least"),
         declaration(type, "most"), declaration(type, "*checked"));
}

void emit_header(struct output *output)
{
    const struct model *model = output->model;
    emit(output,
         "/* Made by porin bind from %s. What host programs include. */\n#ifndef PORIN_BIND_%s_H\n#define PORIN_BIND_%s_H\n"
         "#include <stdbool.h>\n#include %s\n#include \"porin/binding.h\"\n\n",
         model->header, model->library, model->library, output->include);
    if (model->drop_in) {
        emit(output, "/* A macro of this name would look into memory of the library, or pass its stub by. */\n");
        for (const struct function *f = model->functions; f; f = f->next)
            if (f->is_bound)
                emit(output, "#undef %s\n", f->name);
        emit(output,
             "\n/* Every call goes to this domain from now on, on all threads. Again after a reset of the domain. */\n"
             "porin_status %s_bind(porin_domain *domain, struct porin_error *error);\nvoid %s_unbind(void);\nporin_binding "
             "*%s_binding(void);\n",
             model->library, model->library, model->library);
    } else {
        emit(output, "porin_status %s_bind(porin_domain *domain, porin_binding **out, struct porin_error *error);\n\n", model->library);
        for (const struct function *f = model->functions; f; f = f->next) {
            if (!f->is_bound)
                continue;
            if (f->result.role == ROLE_VALUE && is_unchecked(&f->result, f->result.type))
                unchecked_type(output, format_text("%s_%s", model->library, f->name), f->result.type);
            for (size_t i = 0; i < f->parameter_count; i++)
                if (parameter_unchecked(&f->parameters[i]))
                    unchecked_type(output, format_text("%s_%s_%s", model->library, f->name, f->parameters[i].name),
                                   f->parameters[i].type->to);
            emit_stub_declaration(output, f, false);
            emit(output, ";\n");
        }
    }
    emit(output, "#endif\n");
}

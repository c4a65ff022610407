/* SPDX-License-Identifier: Apache-2.0 */
/* Decides what every pointer means, and refuses what is not said or makes no sense: with the place, what is wrong, what to write. */
#include "model.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "porin/binding.h"
#include "toolchain/buffer.h"

/* Where a variable stands. */
enum side { FORWARD, BACK, RESULT, BACK_RESULT, FIELD };

struct context { struct model *model; struct function *function; enum side side; bool forward; /* towards the callee */ };

static bool has(const struct variable *variable, const char *key)
{
    return note_find(&variable->notes, key) != NULL;
}

static struct place place_in(const struct context *context, const struct variable *variable)
{
    return variable->place.file ? variable->place : context->function->place;
}

#define refuse(context, variable, ...) complain((context)->model, place_in(context, variable), __VA_ARGS__)

/* --- expressions --- */
static size_t distance(const char *a, const char *b)
{
    size_t same = 0, length = strlen(a) > strlen(b) ? strlen(a) : strlen(b);
    for (size_t i = 0; a[i] && b[i]; i++)
        same += a[i] == b[i] || (i > 0 && a[i] == b[i - 1]) || a[i] == b[i + 1];
    return length - same;
}

static const char *nearest(const struct function *function, const char *name)
{
    const char *best = NULL;
    size_t least = 3;
    for (size_t i = 0; i < function->parameter_count; i++)
        if (distance(function->parameters[i].name, name) < least) {
            best = function->parameters[i].name;
            least = distance(best, name);
        }
    return best;
}

static bool word_known(const struct context *context, const char *word, bool after)
{
    static const char *const words[] = {"sizeof", "strlen", "PORIN_OF", "int", "long", "size_t", "uint64_t", "int64_t"};
    bool capitals = true;
    for (const char *p = word; *p; p++)
        capitals &= !islower((unsigned char)*p);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return capitals || (after && strcmp(word, "result") == 0) || parameter_find(context->function, word) ||
           function_find(context->model, word);
}

/* Every name in an expression must be a parameter (or field), or a constant in capitals. */
static void expression_check(const struct context *context, const struct variable *variable, const char *key, bool after)
{
    const char *text = note_find(&variable->notes, key);
    if (!text)
        return;
    if (!*text && strcmp(key, "strings") != 0)
        refuse(context, variable, "%s: '%s': the length is missing; write an expression of the other parameters", context->function->name,
               variable->name);
    for (const char *p = text; *p;) {
        if (isdigit((unsigned char)*p)) {
            while (isalnum((unsigned char)*p))
                p++;
        } else if (isalpha((unsigned char)*p) || *p == '_') {
            size_t length = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
            bool member = p > text && (p[-1] == '.' || p[-1] == '>');
            char *word = format_text("%.*s", (int)length, p);
            if (!member && !word_known(context, word, after)) {
                const char *near = nearest(context->function, word);
                refuse(context, variable, "%s: '%s': the length '%s' names '%s', which is no parameter%s%s%s", context->function->name,
                       variable->name, text, word, near ? "; did you mean '" : "; write one of the parameters or a constant",
                       near ? near : "", near ? "'?" : "");
            }
            p += length;
        } else {
            p++;
        }
    }
}

/* --- records --- */
static void record_check(const struct context *context, struct record *record);
static struct callback *callback_make(struct model *model, const struct type *type);

static bool is_text(const struct type *type)
{
    return type->kind == TYPE_POINTER && type->to->kind == TYPE_INTEGER && type->to->size == 1;
}

static void field_check(const struct context *context, struct record *record, struct variable *field)
{
    struct context here = *context;
    const char *tag = strchr(record->name, ' ');
    tag = tag ? tag + 1 : record->name;
    here.side = FIELD;
    struct type *type = field->type;
    while (type->kind == TYPE_ARRAY)
        type = type->to;
    field->role = ROLE_VALUE;
    if (type->kind == TYPE_RECORD) {
        if (type->record)
            record_check(&here, type->record);
        return;
    }
    if (record->is_union &&
        (type->kind == TYPE_POINTER || type->kind == TYPE_FUNCTION || type->kind == TYPE_BOOL || type->kind == TYPE_ENUM) &&
        !has(field, "any"))
        refuse(&here, field,
               "%s: '%s' of %s: which member of a union counts is not known, so a %s in it cannot be checked; bind a function "
               "that takes the member itself",
               context->function->name, field->name, record->name,
               type->kind == TYPE_BOOL   ? "_Bool"
               : type->kind == TYPE_ENUM ? "enum"
                                         : "pointer");
    if (type->kind != TYPE_POINTER && type->kind != TYPE_FUNCTION)
        return;
    if (has(field, "null"))
        field->role = ROLE_NULL;
    else if (has(field, "callback") && type->kind == TYPE_FUNCTION && context->forward && field->type == type) {
        field->role = ROLE_CALLBACK;
        field->callback = callback_make(context->model, type);
    } else if (has(field, "token") && context->forward)
        field->role = ROLE_TOKEN;
    else if (has(field, "twin"))
        field->role = ROLE_TWIN;
    else if (has(field, "cursor_in"))
        field->role = ROLE_CURSOR_IN;
    else if (has(field, "cursor_out"))
        field->role = ROLE_CURSOR_OUT;
    else if (has(field, "string") && is_text(type))
        field->role = ROLE_STRING;
    else if (handle_of(context->model, type) || has(field, "opaque"))
        field->role = ROLE_HANDLE;
    else
        refuse(&here, field, "%s: field '%s' of %s is a pointer; in the side file, declare 'struct porin_fields_%s { %s ...; };' with "
               "%s behind it", context->function->name, field->name, record->name, tag, type_with_name(field->type, field->name),
               type->kind == TYPE_FUNCTION ? "PORIN_CALLBACK_KEPT or PORIN_NULL"
                                           : "PORIN_STRING, PORIN_OPAQUE, PORIN_TOKEN(name) or PORIN_NULL");
    if (field->type->kind == TYPE_ARRAY && field->role != ROLE_HANDLE && field->role != ROLE_NULL)
        refuse(&here, field, "%s: field '%s' of %s: an array of pointers in a struct can hold PORIN_OPAQUE handles only",
               context->function->name, field->name, record->name);
}

static void record_check(const struct context *context, struct record *record)
{
    for (size_t i = 0; i < record->field_count; i++)
        field_check(context, record, &record->fields[i]);
}

/* --- callbacks --- */
static void function_check(struct model *model, struct function *function, bool back);

static struct callback *callback_make(struct model *model, const struct type *type)
{
    struct named *named = named_find(model->typedefs, type->name);
    struct function *function = named ? named->function : type->function;
    for (struct callback *one = model->callbacks; one; one = one->next)
        if (one->function == function)
            return one;
    struct callback *callback = grow(NULL, sizeof *callback);
    *callback = (struct callback){model->callback_count++, function, type->name, NULL};
    struct callback **end = &model->callbacks;
    while (*end)
        end = &(*end)->next;
    *end = callback;
    if (!*function->name)
        function->name = format_text("callback '%s'", named ? type->name : "of the type above");
    function_check(model, function, true);
    return callback;
}

/* --- handles --- */
/* A bound function that closes handles of what `to` is; NULL: there is none. */
static const struct function *closer_of(const struct model *model, const struct type *to)
{
    for (const struct function *function = model->functions; function; function = function->next)
        for (size_t i = 0; function->is_bound && i < function->parameter_count; i++) {
            const struct variable *p = &function->parameters[i];
            const struct type *type = p->type->kind == TYPE_POINTER ? p->type->to : p->type;
            if (type->kind == TYPE_POINTER && (handle_of(model, type) || has(p, "opaque")))
                type = type->to;
            if (note_has(&function->notes, "closes", p->name) && to->kind != TYPE_VOID && strcmp(type->canonical, to->canonical) == 0)
                return function;
        }
    return NULL;
}

/* A handle that comes from the library: is it made for the program, which closes it, or only named? */
static void handle_check(const struct context *context, const struct variable *variable, const struct type *to)
{
    const char *owned = note_find(&variable->notes, "owned");
    const struct function *closer = closer_of(context->model, to), *fn = owned ? function_find(context->model, owned) : NULL;
    if (owned && (!fn || !fn->is_bound || !note_find(&fn->notes, "closes")))
        refuse(context, variable, "%s: PORIN_OWNED(%s): bind %s with PORIN_CLOSES(its parameter), so that the handle can be closed",
               context->function->name, owned, owned);
    if (closer && !owned && !has(variable, "borrowed"))
        refuse(context, variable, "%s: '%s' is a handle that %s closes: does this function make it? write PORIN_OWNED(%s); if it only "
               "names one, PORIN_BORROWED", context->function->name, variable->name, closer->name, closer->name);
}

/* --- pointers --- */
/* What to write for a pointer that nothing is said about. */
static const char *advice(const struct context *context, const struct type *type)
{
    const struct type *to = type->to;
    if (context->side == BACK_RESULT)
        return is_text(type) ? "PORIN_STRING with PORIN_BORROWED or PORIN_OWNED(function of the callee that frees it)"
                             : "PORIN_OPAQUE for a handle, PORIN_TOKEN(name), PORIN_ALLOCATES(bytes) for an allocator, or PORIN_SIZE(n) "
                               "with PORIN_BORROWED or PORIN_OWNED(function of the callee that frees it)";
    if (context->side == RESULT)
        return is_text(type) ? "PORIN_STRING with PORIN_BORROWED or PORIN_OWNED(function that frees it)"
                             : "PORIN_OPAQUE for a handle, or PORIN_SIZE(n) with PORIN_BORROWED or PORIN_OWNED(function that frees it)";
    if (type->kind == TYPE_FUNCTION)
        return "PORIN_CALLBACK (for the time of the call), PORIN_CALLBACK_KEPT, PORIN_CALLBACK_SET or PORIN_NULL";
    if (to->kind == TYPE_VOID)
        return "PORIN_IN(bytes), PORIN_OUT(bytes), PORIN_OPAQUE for a handle, or PORIN_TOKEN(name) for what callbacks get back";
    if (to->size < 0)
        return "PORIN_OPAQUE, best on its typedef";
    if (is_text(type) && to->is_constant)
        return "PORIN_STRING, or PORIN_IN(length)";
    if (to->kind == TYPE_POINTER)
        return handle_of(context->model, to)
                   ? "PORIN_OUT(1) for a handle that is made, PORIN_IN(n) or PORIN_INOUT(n)"
                   : "PORIN_STRINGS(n), PORIN_ROWS_IN(n, length), PORIN_ROWS_OUT(n, length), or PORIN_OUT(1) with PORIN_STRING, "
                     "PORIN_OPAQUE or PORIN_WITHIN(parameter)";
    return to->is_constant ? "PORIN_IN(number of elements)" : "PORIN_OUT(number of elements), PORIN_INOUT(...) or PORIN_IN(...)";
}

static bool is_bytes(const struct type *type)
{
    while (type->kind == TYPE_ARRAY)
        type = type->to;
    bool good = type->kind == TYPE_VOID || type->kind == TYPE_INTEGER || type->kind == TYPE_FLOAT || type->kind == TYPE_DOUBLE;
    int64_t sum = 0;
    if (type->kind != TYPE_RECORD || !type->record)
        return good;
    for (size_t i = 0; i < type->record->field_count; i++) {
        sum += type->record->fields[i].type->size;
        if (!is_bytes(type->record->fields[i].type))
            return false;
    }
    return type->record->is_union || sum == type->size; /* padding would show what was there before */
}

/* Through a PORIN_CAP pointer nothing is looked at on the way. */
static void lent_check(const struct context *context, const struct variable *variable)
{
    unsigned lent = 0;
    if (context->side != FORWARD)
        refuse(context, variable, "%s: '%s' is a PORIN_CAP pointer, which callbacks do not take; declare it without",
               context->function->name, variable->name);
    if (!is_bytes(variable->type->to) || has(variable, "string") || has(variable, "range") || has(variable, "opaque"))
        refuse(context, variable, "%s: '%s': what a PORIN_CAP pointer points at crosses as it is, and %s cannot: declare it without "
               "PORIN_CAP, or point at numbers", context->function->name, variable->name, variable->type->to->name);
    if (has(variable, "by_copy"))
        refuse(context, variable, "%s: '%s' is a PORIN_CAP pointer, which is never copied: take the PORIN_BY_COPY away",
               context->function->name, variable->name);
    for (const struct variable *p = context->function->parameters; p <= variable; p++)
        lent += p->type->is_capability;
    if (lent == PORIN_LENT_MAX + 1)
        refuse(context, variable, "%s: '%s' is one PORIN_CAP pointer too many: a call lends at most %d", context->function->name,
               variable->name, PORIN_LENT_MAX);
}

static void owner_check(const struct context *context, const struct variable *result)
{
    const char *memory = note_find(&result->notes, "memory_of"), *owned = note_find(&result->notes, "owned");
    if (!owned && !has(result, "borrowed"))
        refuse(context, result, "%s returns memory: whose is it? write PORIN_BORROWED, or PORIN_OWNED(function that frees it)",
               context->function->name);
    if (memory && !function_find(context->model, memory))
        refuse(context, result, "%s: PORIN_MEMORY_OF(%s): no such function is declared", context->function->name, memory);
    if (context->side == BACK_RESULT && owned && !memory && strcmp(owned, "free") != 0)
        refuse(context, result, "%s: what the callee frees with %s comes from which function of its? write PORIN_MEMORY_OF(function)",
               context->function->name, owned);
    if (owned && !function_find(context->model, owned) && !(context->side == BACK_RESULT && strcmp(owned, "free") == 0))
        refuse(context, result, "%s: PORIN_OWNED(%s): no such function is declared", context->function->name, owned);
}

static void element_check(const struct context *context, struct variable *variable)
{
    struct type *element = variable->type->to;
    variable->element = ROLE_VALUE;
    if (variable->type->is_capability) {
        lent_check(context, variable);
        return;
    }
    if (element->size < 0 && element->kind != TYPE_VOID)
        refuse(context, variable, "%s: '%s' points at an incomplete type, whose length is not known; write PORIN_OPAQUE",
               context->function->name, variable->name);
    if (element->kind == TYPE_RECORD && element->record)
        record_check(context, element->record);
    if (element->kind == TYPE_FUNCTION)
        refuse(context, variable, "%s: '%s' is an array of function pointers, which does not cross", context->function->name,
               variable->name);
    if (element->kind != TYPE_POINTER)
        return;
    if (handle_of(context->model, element) || has(variable, "opaque")) {
        variable->element = ROLE_HANDLE;
        if (variable->out && !variable->in && context->side == FORWARD)
            handle_check(context, variable, element->to);
    } else if (has(variable, "within") && variable->out && context->side == FORWARD)
        variable->element = ROLE_WITHIN;
    else if (has(variable, "string") && is_text(element) && variable->out && !variable->in && context->side == FORWARD)
        variable->element = ROLE_STRING;
    else if (has(variable, "strings") && is_text(element->to) && variable->out && !variable->in && context->side == FORWARD) {
        variable->element = ROLE_STRINGS;
        owner_check(context, variable);
        expression_check(context, variable, "strings", true);
    }
    else
        refuse(context, variable, "%s: '%s' points at pointers; write what these are: %s", context->function->name, variable->name,
               variable->in ? "PORIN_STRINGS(n), or PORIN_OPAQUE"
                            : "PORIN_STRING with PORIN_OWNED(function) or PORIN_BORROWED, PORIN_OPAQUE, or PORIN_WITHIN(parameter)");
}

static void rows_check(const struct context *context, struct variable *variable)
{
    static const char *const keys[] = {"rows", "row_in", "row_out", "row_inout"};
    const struct type *row = variable->type->to;
    variable->role = ROLE_ROWS;
    variable->in = has(variable, "row_in") || has(variable, "row_inout");
    variable->out = has(variable, "row_out") || has(variable, "row_inout");
    for (size_t i = 0; i < 4; i++)
        expression_check(context, variable, keys[i], false);
    if (row->kind != TYPE_POINTER || !is_bytes(row->to))
        refuse(context, variable, "%s: '%s' is PORIN_ROWS of %s; rows are arrays of pointers to numbers; for strings write "
               "PORIN_STRINGS(n), for handles PORIN_IN(n)", context->function->name, variable->name, variable->type->name);
    else if (variable->out && row->to->is_constant)
        refuse(context, variable, "%s: the rows of '%s' are const; write PORIN_ROWS_IN(...)", context->function->name, variable->name);
}

static void parameter_named(const struct context *context, const struct variable *variable, const char *key)
{
    const char *name = note_find(&variable->notes, key);
    const struct variable *other = name ? parameter_find(context->function, name) : NULL;
    if (name && !other)
        refuse(context, variable, "%s: '%s' names the parameter '%s', which does not exist", context->function->name, variable->name, name);
    else if (other && strcmp(key, "within") == 0 && !has(other, "string") && !has(other, "in") && !has(other, "inout") &&
             !has(other, "out"))
        refuse(context, variable, "%s: '%s' is said to point into '%s', which must be a PORIN_STRING or a buffer then",
               context->function->name, variable->name, name);
}

static void function_pointer_check(const struct context *context, struct variable *variable)
{
    if (has(variable, "null"))
        variable->role = ROLE_NULL;
    else if (has(variable, "releases"))
        variable->role = ROLE_RELEASES;
    else if (has(variable, "fixed"))
        variable->role = ROLE_FIXED;
    else if (has(variable, "callback") && context->side == FORWARD) {
        variable->role = ROLE_CALLBACK;
        variable->callback = callback_make(context->model, variable->type);
    } else
        refuse(context, variable, "%s: '%s' is a function pointer; write %s", context->function->name, variable->name,
               context->side == FORWARD ? advice(context, variable->type) : "PORIN_NULL: callbacks cannot take or return functions");
    parameter_named(context, variable, "releases");
}

static void buffer_check(const struct context *context, struct variable *variable)
{
    variable->role = ROLE_BUFFER;
    variable->in = has(variable, "in") || has(variable, "inout");
    variable->out = has(variable, "out") || has(variable, "inout");
    if (variable->out && variable->type->to->is_constant)
        refuse(context, variable, "%s: '%s' is PORIN_OUT or PORIN_INOUT, but what it points at is const; write PORIN_IN(...)",
               context->function->name, variable->name);
    if (has(variable, "in") + has(variable, "out") + has(variable, "inout") > 1)
        refuse(context, variable, "%s: '%s' has more than one of PORIN_IN, PORIN_OUT, PORIN_INOUT; write one", context->function->name,
               variable->name);
    if (has(variable, "filled") && !variable->out)
        refuse(context, variable, "%s: '%s': PORIN_FILLED goes with PORIN_OUT or PORIN_INOUT", context->function->name, variable->name);
    expression_check(context, variable, "in", false);
    expression_check(context, variable, "out", false);
    expression_check(context, variable, "inout", false);
    expression_check(context, variable, "filled", true);
    element_check(context, variable);
}

static void pointer_check(const struct context *context, struct variable *variable)
{
    const struct type *type = variable->type;
    if (type->is_capability && !has(variable, "in") && !has(variable, "out") && !has(variable, "inout"))
        refuse(context, variable, "%s: '%s' is a PORIN_CAP pointer; write %s", context->function->name, variable->name,
               type->to->is_constant ? "PORIN_IN(length)" : "PORIN_OUT(length), PORIN_INOUT(length) or PORIN_IN(length)");
    else if (has(variable, "null"))
        variable->role = ROLE_NULL;
    else if (has(variable, "fixed"))
        variable->role = ROLE_FIXED;
    else if (has(variable, "token"))
        variable->role = ROLE_TOKEN;
    else if (has(variable, "rows"))
        rows_check(context, variable);
    else if (has(variable, "allocated") && context->side == BACK)
        variable->role = ROLE_BLOCK;
    else if (has(variable, "mirror") && type->to->kind == TYPE_RECORD && context->side == FORWARD) {
        variable->role = ROLE_MIRROR;
        record_check(context, type->to->record);
    } else if (has(variable, "strings") && type->to->kind == TYPE_POINTER && is_text(type->to)) {
        variable->role = ROLE_STRINGS;
        expression_check(context, variable, "strings", false);
    } else if (has(variable, "in") || has(variable, "out") || has(variable, "inout"))
        buffer_check(context, variable);
    else if (has(variable, "string") || has(variable, "format")) {
        variable->role = ROLE_STRING;
        if (!is_text(type))
            refuse(context, variable, "%s: '%s' is PORIN_STRING but no pointer to char; write %s", context->function->name, variable->name,
                   advice(context, type));
        else if (context->side == FORWARD && !type->to->is_constant)
            refuse(context, variable, "%s: '%s' is PORIN_STRING, but not const: is it read only? then declare it so; if the callee "
                   "writes, write PORIN_INOUT(length)", context->function->name, variable->name);
    } else if (handle_of(context->model, type) || has(variable, "opaque"))
        variable->role = ROLE_HANDLE;
    else
        refuse(context, variable, "%s: parameter '%s' is a pointer (%s) of which nothing is said; write %s", context->function->name,
               variable->name, type->name, advice(context, type));
    if (has(variable, "by_cap") + has(variable, "by_copy") > 1)
        refuse(context, variable, "%s: '%s' is both PORIN_BY_CAP and PORIN_BY_COPY; write one", context->function->name, variable->name);
    if ((has(variable, "by_cap") || has(variable, "by_copy")) && variable->role != ROLE_BUFFER && variable->role != ROLE_STRING)
        refuse(context, variable, "%s: '%s': PORIN_BY_CAP and PORIN_BY_COPY go with PORIN_IN, PORIN_OUT, PORIN_INOUT or PORIN_STRING",
               context->function->name, variable->name);
    parameter_named(context, variable, "within");
}

static void value_check(const struct context *context, struct variable *variable)
{
    variable->role = has(variable, "fixed") ? ROLE_FIXED : ROLE_VALUE;
    if (variable->type->kind == TYPE_OTHER || (variable->type->kind == TYPE_RECORD && variable->type->size < 0))
        refuse(context, variable, "%s: '%s' has the type %s, which does not cross", context->function->name, variable->name,
               variable->type->name);
    if (variable->type->kind == TYPE_RECORD && variable->type->record)
        record_check(context, variable->type->record);
    if (has(variable, "in") || has(variable, "out") || has(variable, "string"))
        refuse(context, variable, "%s: '%s' is no pointer: take the PORIN_IN, PORIN_OUT or PORIN_STRING away", context->function->name,
               variable->name);
}

static void result_check(const struct context *context, struct variable *result)
{
    const struct type *type = result->type;
    if (type->kind != TYPE_POINTER && type->kind != TYPE_FUNCTION) {
        result->role = type->kind == TYPE_VOID ? ROLE_NONE : ROLE_VALUE;
        if (type->kind == TYPE_RECORD && type->record)
            record_check(context, type->record);
        if (type->kind == TYPE_OTHER)
            refuse(context, result, "%s returns %s, which does not cross", context->function->name, type->name);
    } else if (has(result, "jump_buffer") && context->side == RESULT)
        result->role = ROLE_JUMP_BUFFER;
    else if (type->kind == TYPE_FUNCTION)
        refuse(context, result, "%s returns a function pointer, which does not cross", context->function->name);
    else if (has(result, "token"))
        result->role = ROLE_TOKEN;
    else if (handle_of(context->model, type) || has(result, "opaque")) {
        result->role = ROLE_HANDLE;
        if (context->side == RESULT)
            handle_check(context, result, type->to);
    } else if (has(result, "allocates") && context->side == BACK_RESULT) {
        result->role = ROLE_BLOCK;
        expression_check(context, result, "allocates", false);
    } else if (has(result, "within") && context->side == RESULT) {
        result->role = ROLE_WITHIN;
        parameter_named(context, result, "within");
    } else if (has(result, "size")) {
        result->role = ROLE_BUFFER;
        owner_check(context, result);
        expression_check(context, result, "size", true);
        if (context->side == BACK_RESULT && !is_bytes(type->to))
            refuse(context, result, "%s returns %s: callbacks can return memory of numbers only", context->function->name, type->name);
    } else if (has(result, "strings") && is_text(type->to) && context->side == RESULT) {
        result->role = ROLE_STRINGS;
        owner_check(context, result);
        expression_check(context, result, "strings", true);
    } else if (has(result, "string") && is_text(type)) {
        result->role = ROLE_STRING;
        owner_check(context, result);
    } else
        refuse(context, result, "%s returns a pointer (%s) of which nothing is said; write %s", context->function->name, type->name,
               advice(context, type));
}

/* --- functions --- */
static void annotations_check(const struct context *context)
{
    static const char *const keys[] = {"closes", "renews", "opens", "remembered"},
                             *const macros[] = {"PORIN_CLOSES", "PORIN_RENEWS", "PORIN_OPENS", "PORIN_REMEMBERED"};
    const struct function *function = context->function;
    for (size_t n = 0; n < function->notes.count; n++)
        for (size_t i = 0; i < 4; i++) {
            const char *name = function->notes.items[n].argument;
            if (strcmp(function->notes.items[n].key, keys[i]) == 0 && !parameter_find(function, name[0] == '*' ? name + 1 : name))
                complain(context->model, function->place, "%s: %s(%s) names no parameter", function->name, macros[i], name);
        }
}

static void variadic_check(const struct context *context)
{
    const struct function *function = context->function;
    bool format = false;
    for (size_t i = 0; i < function->parameter_count; i++)
        format |= has(&function->parameters[i], "format");
    if (function->is_variadic && context->side == BACK)
        complain(context->model, function->place, "%s has variable arguments, which callbacks cannot have", function->name);
    else if (function->is_variadic && !format)
        complain(context->model, function->place,
                 "%s has variable arguments: write PORIN_FORMAT behind the parameter that is a printf format, "
                 "or bind a function with fixed ones",
                 function->name);
    for (size_t i = 0; function->is_variadic && i < function->parameter_count; i++)
        if (function->parameters[i].type->kind == TYPE_FLOAT || function->parameters[i].type->kind == TYPE_DOUBLE ||
            function->parameters[i].type->kind >= TYPE_WIDE)
            if (function->parameters[i].type->kind != TYPE_POINTER)
                complain(context->model, function->place, "%s: parameters before variable arguments must be integers or pointers",
                         function->name);
}

static void function_check(struct model *model, struct function *function, bool back)
{
    struct context context = {model, function, back ? BACK : FORWARD, !back};
    for (size_t i = 0; i < function->parameter_count; i++) {
        struct variable *parameter = &function->parameters[i];
        if (!*parameter->name)
            parameter->name = format_text("argument_%zu", i + 1);
        if (strcmp(parameter->name, "result") == 0)
            refuse(&context, parameter, "%s: a parameter cannot be called 'result'; call it something else in the side file",
                   function->name);
        if (parameter->type->kind == TYPE_FUNCTION)
            function_pointer_check(&context, parameter);
        else if (parameter->type->kind == TYPE_POINTER)
            pointer_check(&context, parameter);
        else
            value_check(&context, parameter);
    }
    variadic_check(&context);
    annotations_check(&context);
    context.side = back ? BACK_RESULT : RESULT;
    context.forward = false;
    function->result.name = "result";
    function->result.notes = function->notes;
    function->result.place = function->place;
    result_check(&context, &function->result);
    enum type_kind kind = function->result.type->kind;
    bool fails = note_find(&function->notes, "fails") || kind == TYPE_VOID || kind == TYPE_RECORD || kind == TYPE_POINTER ||
                 note_find(&function->notes, "jumps");
    if (!fails && (back || model->drop_in) && !model->between)
        complain(model, function->place, "%s: what does it return when the %s fails? write PORIN_FAILS(value)", function->name,
                 back ? "call to the host" : "call into the domain");
}

void model_check(struct model *model)
{
    bool any = false;
    for (struct function *function = model->functions; function; function = function->next)
        if (function->is_bound) {
            function_check(model, function, false);
            any = true;
        }
    if (!any)
        complain(model, (struct place){model->header, 1, 1},
                 "no function is marked PORIN_ENTRY; declare those to bind once more in a side file "
                 "(-a FILE); --suggest prints one to start from");
}

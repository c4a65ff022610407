/* SPDX-License-Identifier: Apache-2.0 */
/* `porin bind --suggest`: a side file to start from, guessed from types, const and names. Every guess is for a person to confirm. */
#define _GNU_SOURCE
#include "model.h"
#include <stdio.h>
#include <string.h>
#include "toolchain/buffer.h"

static bool name_has(const char *name, const char *const *parts)
{
    for (; *parts; parts++)
        if (strcasestr(name, *parts))
            return true;
    return false;
}

/* The integer parameter that is likely the length of parameter i: the next one, or the one before, by its name. */
static const char *length_guess(const struct function *function, size_t i)
{
    static const char *const parts[] = {"len", "size", "count", "num", "bytes", "capacity", NULL};
    static const char *const short_names[] = {"n", "nByte", "nbytes", "cb", NULL};
    for (int step = 1; step >= -1; step -= 2) {
        size_t at = i + (size_t)step;
        if (at >= function->parameter_count)
            continue;
        const struct variable *other = &function->parameters[at];
        bool plain = other->type->kind == TYPE_INTEGER,
             pointer = other->type->kind == TYPE_POINTER && other->type->to->kind == TYPE_INTEGER;
        bool named = name_has(other->name, parts);
        for (const char *const *name = short_names; *name; name++)
            named |= strcmp(other->name, *name) == 0;
        if (named && plain)
            return other->name;
        if (named && pointer && other->type->to->size > 1 && !other->type->to->is_constant)
            return format_text("*%s", other->name);
    }
    return NULL;
}

static bool is_length_of_other(const struct function *function, size_t i)
{
    const char *name = format_text("*%s", function->parameters[i].name);
    for (size_t j = 0; j < function->parameter_count; j++) {
        const char *guess = j == i || function->parameters[j].type->kind != TYPE_POINTER ? NULL : length_guess(function, j);
        if (guess && strcmp(guess, name) == 0)
            return true;
    }
    return false;
}

/* What a handle points at; NULL: it is none. */
static const struct type *handle_guess(const struct model *model, const struct type *type)
{
    bool handle = type->kind == TYPE_POINTER && (handle_of(model, type) || (type->to->size < 0 && type->to->kind != TYPE_VOID));
    return handle ? type->to : NULL;
}

/* The parameter that a function closes, by both names. */
static const struct variable *closed_guess(const struct model *model, const struct function *function)
{
    static const char *const parts[] = {"close", "free", "destroy", "delete", "finalize", "release", "dispose", "unref", "cleanup", NULL};
    for (size_t i = 0; name_has(function->name, parts) && i < function->parameter_count; i++)
        if (handle_guess(model, function->parameters[i].type))
            return &function->parameters[i];
    return NULL;
}

/* Whose a handle is that a function returns or writes: "" where nothing closes such. */
static const char *owner_guess(const struct model *model, const struct function *function, const struct type *to)
{
    static const char *const parts[] = {"new", "create", "open", "init", "make", "alloc", "parse", "load", "copy", "dup", "compile", NULL};
    for (const struct function *one = model->functions; one; one = one->next) {
        const struct variable *closed = one->in_main_file ? closed_guess(model, one) : NULL;
        if (closed && strcmp(closed->type->to->canonical, to->canonical) == 0)
            return name_has(function->name, parts) ? format_text(" PORIN_OWNED(%s)", one->name) : " PORIN_BORROWED";
    }
    return "";
}

static const char *pointer_guess(const struct model *model, const struct function *function, size_t i)
{
    static const char *const context[] = {"data", "context", "ctx", "user", "arg", "opaque", "ptr", "app", NULL};
    const struct variable *p = &function->parameters[i];
    const struct type *to = p->type->to;
    if (p->type->kind == TYPE_FUNCTION)
        return "PORIN_CALLBACK";
    if (handle_of(model, p->type) || (to->size < 0 && to->kind != TYPE_VOID))
        return handle_of(model, p->type) ? "" : "PORIN_OPAQUE";
    const char *length = length_guess(function, i);
    bool callback = false;
    for (size_t j = 0; j < function->parameter_count; j++)
        callback |= function->parameters[j].type->kind == TYPE_FUNCTION;
    if (to->kind == TYPE_VOID && !length)
        return callback || name_has(p->name, context) ? format_text("PORIN_TOKEN(%s)", p->name) : "PORIN_OPAQUE";
    if (to->kind == TYPE_POINTER) {
        if (handle_guess(model, to))
            return format_text("PORIN_OUT(1) PORIN_OPAQUE%s", owner_guess(model, function, to->to));
        if (to->to->kind == TYPE_INTEGER && to->to->size == 1)
            return length ? format_text("PORIN_STRINGS(%s)", length) : to->is_constant ? "PORIN_STRINGS()"
                   : "PORIN_OUT(1) PORIN_STRING PORIN_BORROWED";
        return "PORIN_OUT(1) PORIN_OPAQUE";
    }
    bool text = to->kind == TYPE_INTEGER && to->size == 1;
    if (to->is_constant)
        return length ? format_text("PORIN_IN(%s)", length) : text && function->is_variadic ? "PORIN_STRING PORIN_FORMAT"
               : text ? "PORIN_STRING" : "PORIN_IN(1)";
    if (is_length_of_other(function, i))
        return "PORIN_INOUT(1)";
    if (length && *length == '*')
        return format_text("PORIN_OUT(%s) PORIN_FILLED(%s)", length, length);
    return length ? format_text("PORIN_OUT(%s)", length) : "PORIN_OUT(1)";
}

static const char *result_guess(const struct model *model, const struct function *function)
{
    const struct type *type = function->result.type;
    if (type->kind == TYPE_POINTER) {
        if (handle_guess(model, type))
            return format_text("%s%s", handle_of(model, type) ? "" : " PORIN_OPAQUE", owner_guess(model, function, type->to));
        bool text = type->to->kind == TYPE_INTEGER && type->to->size == 1;
        return text ? (type->to->is_constant ? " PORIN_STRING PORIN_BORROWED" : " PORIN_STRING PORIN_OWNED(free)") : " PORIN_OPAQUE";
    }
    return type->kind == TYPE_INTEGER ? (type->is_signed ? " PORIN_FAILS(-1)" : " PORIN_FAILS(0)") : "";
}

static bool crosses(const struct function *function)
{
    bool good = function->result.type->kind != TYPE_FUNCTION && function->result.type->kind != TYPE_OTHER;
    for (size_t i = 0; i < function->parameter_count; i++)
        good &= function->parameters[i].type->kind != TYPE_OTHER;
    return good;
}

void model_suggest(struct model *model)
{
    printf("/* Suggested by porin bind --suggest from %s: guesses from types, const and names.\n"
           " * Confirm each line; take away what is not to be called. */\n", model->header);
    for (const struct function *function = model->functions; function; function = function->next) {
        if (!function->in_main_file || function->is_bound)
            continue;
        if (!crosses(function)) {
            printf("/* %s: takes or returns what does not cross */\n", function->name);
            continue;
        }
        for (size_t i = 0; i < function->parameter_count; i++)
            if (!*function->parameters[i].name)
                function->parameters[i].name = format_text("argument_%zu", i + 1);
        const struct variable *closed = closed_guess(model, function);
        printf("PORIN_ENTRY%s%s ", closed ? format_text(" PORIN_CLOSES(%s)", closed->name) : "", result_guess(model, function));
        printf("%s(", type_with_name(function->result.type, function->name));
        for (size_t i = 0; i < function->parameter_count; i++) {
            const struct variable *p = &function->parameters[i];
            printf("%s%s", i ? ", " : "", type_with_name(p->type, p->name));
            if (p->type->kind == TYPE_POINTER || p->type->kind == TYPE_FUNCTION) {
                const char *guess = pointer_guess(model, function, i);
                printf("%s%s", *guess ? " " : "", guess);
            }
        }
        printf("%s);\n", function->is_variadic ? ", ..." : function->parameter_count ? "" : "void");
    }
}

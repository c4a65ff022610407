/* SPDX-License-Identifier: Apache-2.0 */
/* Looking things up in the model, and complaints. */
#include "model.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "toolchain/buffer.h"

const char *note_find(const struct notes *notes, const char *key)
{
    for (size_t i = 0; i < notes->count; i++)
        if (strcmp(notes->items[i].key, key) == 0)
            return notes->items[i].argument;
    return NULL;
}

bool note_has(const struct notes *notes, const char *key, const char *argument)
{
    for (size_t i = 0; i < notes->count; i++)
        if (strcmp(notes->items[i].key, key) == 0 && strcmp(notes->items[i].argument + (notes->items[i].argument[0] == '*'), argument) == 0)
            return true;
    return false;
}

void note_add(struct notes *notes, const char *key, const char *argument)
{
    for (size_t i = 0; i < notes->count; i++)
        if (strcmp(notes->items[i].key, key) == 0 && strcmp(notes->items[i].argument, argument) == 0)
            return; /* clang hands annotations on to later declarations */
    notes->items = grow(notes->items, (notes->count + 1) * sizeof *notes->items);
    notes->items[notes->count++] = (struct note){key, argument};
}

struct named *named_find(struct named *list, const char *name)
{
    for (; list; list = list->next)
        if (strcmp(list->name, name) == 0)
            return list;
    return NULL;
}

const struct named *handle_of(const struct model *model, const struct type *type)
{
    return type->kind == TYPE_POINTER ? named_find(model->handles, type->to->canonical) : NULL;
}

struct function *function_find(const struct model *model, const char *name)
{
    for (struct function *function = model->functions; function; function = function->next)
        if (strcmp(function->name, name) == 0)
            return function;
    return NULL;
}

struct variable *parameter_find(const struct function *function, const char *name)
{
    for (size_t i = 0; i < function->parameter_count; i++)
        if (strcmp(function->parameters[i].name, name) == 0)
            return &function->parameters[i];
    return NULL;
}

const char *type_with_name(const struct type *type, const char *name)
{
    size_t length = strlen(type->name);
    const char *hole = strstr(type->name, "(*)");
    if (hole)
        return format_text("%.*s(*%s)%s", (int)(hole - type->name), type->name, name, hole + 3);
    return format_text("%s%s%s", type->name, length && type->name[length - 1] == '*' ? "" : " ", name);
}

void complain_at(struct model *model, struct place place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s:%u:%u: error: ", place.file ? place.file : model->header, place.line, place.column);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    model->errors++;
}

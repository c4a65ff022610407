/* SPDX-License-Identifier: Apache-2.0 */
/* What `porin bind` knows of a header: functions, their types, the annotations. Made by parse.c, judged by check.c, printed by emit_*.c. */
#ifndef BIND_MODEL_H
#define BIND_MODEL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct place { const char *file; unsigned line, column; };

struct note { const char *key, *argument; };
struct notes { struct note *items; size_t count; };

enum type_kind {
    TYPE_VOID, TYPE_BOOL, TYPE_INTEGER, TYPE_ENUM, TYPE_FLOAT, TYPE_DOUBLE,
    TYPE_WIDE,      /* long double, complex, __int128: by value, every bit pattern will do */
    TYPE_RECORD, TYPE_POINTER, TYPE_FUNCTION /* pointer to one */, TYPE_ARRAY, TYPE_OTHER,
};

struct type {
    enum type_kind kind;
    const char *name;               /* as C spells it, without qualifiers at the top */
    const char *canonical;          /* without typedefs and qualifiers */
    int64_t size;                   /* bytes; -1: incomplete */
    bool is_signed, is_constant, is_capability; /* the last: a PORIN_CAP pointer */
    struct type *to;                /* of a pointer, an array, a function type (signature in `function`) */
    int64_t count;                  /* of an array */
    struct record *record;
    struct enumeration *enumeration;
    struct function *function;
};

/* What a variable means for the crossing; decided by check.c. */
enum role {
    ROLE_NONE, ROLE_VALUE, ROLE_HANDLE, ROLE_BUFFER, ROLE_STRING, ROLE_STRINGS, ROLE_CALLBACK, ROLE_TOKEN, ROLE_NULL, ROLE_FIXED,
    ROLE_RELEASES, ROLE_ROWS, ROLE_BLOCK, ROLE_MIRROR, ROLE_WITHIN, ROLE_TWIN, ROLE_CURSOR_IN, ROLE_CURSOR_OUT, ROLE_JUMP_BUFFER,
};

struct variable {                   /* a parameter, a field, a result */
    const char *name;
    struct type *type;
    struct notes notes;
    struct place place;
    bool is_bit_field;
    enum role role;
    bool in, out;                   /* of a buffer */
    enum role element;              /* of a buffer's elements or what a returned buffer is */
    struct callback *callback;
};

struct record {
    const char *name;
    bool is_union;
    struct variable *fields;
    size_t field_count;
    struct record *next;
};

struct enumeration {
    const char *name;
    const char **names;
    int64_t *values;
    size_t count;
    bool is_flags;
    struct enumeration *next;
};

struct function {
    const char *name;
    struct variable result;
    struct variable *parameters;
    size_t parameter_count;
    bool is_variadic, is_bound, in_main_file;
    struct notes notes;
    struct place place;
    struct function *next;
};

struct callback { uint32_t index; struct function *function; const char *type_name; struct callback *next; };
/* A type that was annotated as a whole. */
struct named { const char *name; struct notes notes; struct function *function; struct named *next; };

struct model {
    const char *header, *library;
    bool drop_in;                   /* stubs have the library's own names and types */
    bool between;                   /* callers are domains */
    struct function *functions, **functions_end;
    struct record *records;
    struct enumeration *enumerations;
    struct named *handles;          /* by canonical name of what is pointed at */
    struct named *typedefs;         /* of function pointers, by name */
    struct named *fields;           /* porin_fields_T: by T; the fields stand in a record */
    struct callback *callbacks;
    uint32_t callback_count;
    unsigned errors;
};

const char *note_find(const struct notes *notes, const char *key); /* its argument, "" without one; NULL: no such note */
bool note_has(const struct notes *notes, const char *key, const char *argument); /* an argument's leading star does not count */
void note_add(struct notes *notes, const char *key, const char *argument);
struct named *named_find(struct named *list, const char *name);
/* The annotated handle type that a pointer type is; NULL if it is none. */
const struct named *handle_of(const struct model *model, const struct type *type);
struct function *function_find(const struct model *model, const char *name);
/* "T name" as people write it. */
const char *type_with_name(const struct type *type, const char *name);
struct variable *parameter_find(const struct function *function, const char *name);

/* Reads header and side file. False: they do not compile; clang's messages are printed. */
bool model_parse(struct model *model, const char *header, const char *annotations, const char *const *options, int option_count);
/* Decides every role. Each mistake is printed with its place and what to write instead; model->errors counts them. */
void model_check(struct model *model);
void model_suggest(struct model *model);

#define complain(model, place, ...) complain_at(model, place, __VA_ARGS__)
__attribute__((format(printf, 3, 4))) void complain_at(struct model *model, struct place place, const char *format, ...);
#endif

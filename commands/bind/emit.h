/* SPDX-License-Identifier: Apache-2.0 */
/* From the model to C. Generated code calls the frame of a call `porin_f`, its own variables porin_...; the rest is the library's. */
#ifndef BIND_EMIT_H
#define BIND_EMIT_H
#include "model.h"
#include "toolchain/buffer.h"

struct output {
    struct model *model;
    struct buffer text;
    const char *include;            /* what stands behind #include for the library's header */
    const char **entries;           /* names of the library table; "?" before those that may be missing */
    size_t entry_count;
    const char **handle_types;      /* canonical names of what handles of a type of their own point at */
    size_t handle_type_count;
    bool between;                   /* the other side is a domain too: what is written is for a domain */
    bool owner;                     /* and it is the library's: its handles are pointers here, and numbers on the way */
};

#define emit(output, ...) buffer_printf(&(output)->text, __VA_ARGS__)

/* Does a call go through the adapter, with its arguments in a block? Otherwise they are in registers. */
bool function_has_block(const struct model *model, const struct function *function);
/* The parameter that says where longjmp goes; NULL: the function does not leave that way. */
const struct variable *function_guard(const struct model *model, const struct function *function);
const struct named *variable_handle(const struct model *model, const struct variable *variable);
/* The number of a type of handles, by what it points at. */
uint32_t handle_type(struct output *output, const struct type *to);
/* How long each of an array of rows is. */
const char *row_length(const struct variable *variable);
bool function_is_hosts_own(const struct function *function); /* makes no call */
/* The number of an entry in the table, which it is put into. */
uint32_t entry_index(struct output *output, const char *name);

#define BIND_TEXT(number) BIND_TEXT_OF(number)
#define BIND_TEXT_OF(number) #number
void emit_pragmas(struct output *output);
/* Text in which each dot is replaced. */
char *with_handle(const char *text, const char *handle);
/* "T name" for any type. */
char *declaration(const struct type *type, const char *name);
void emit_parameters(struct output *output, const struct function *function, const char *first);

/* Statements that make what `path` names fit for the domain, or check what came from it and make it fit for the host. */
void emit_into(struct output *output, const struct type *type, const struct variable *variable, const char *path);
void emit_from(struct output *output, const struct type *type, const struct variable *variable, const char *path);
/* The expression that registers a function that stands in a struct. */
const char *callback_placed(const struct variable *variable, const char *path);
bool type_has_functions(const struct type *type); /* fields that are registered */
bool type_changes_into(const struct type *type);
bool type_changes_from(const struct type *type);

/* The files. */
void emit_blocks(struct output *output);
void emit_header(struct output *output);
void emit_host(struct output *output);
void emit_callee(struct output *output);
void emit_stub(struct output *output, const struct function *function);
void emit_stub_declaration(struct output *output, const struct function *function, bool drop_in);
void emit_backs(struct output *output);

/* Is it a function of registers only between domains? With a stub, if something has to be checked or lent; otherwise a plain import. */
uint32_t stack_words(const struct function *function);
bool function_is_direct(const struct function *function);
bool function_is_plain(const struct function *function);
/* Text that makes a handle fit for the other side, and back. */
const char *handle_into(struct output *output, const struct type *type, const char *path);
const char *handle_from(struct output *output, const struct type *type, const char *path);
const char *length_of(const struct variable *p);
uint32_t lent_number(const struct function *function, const struct variable *p); /* its capability register */
const char *lent_right(const struct variable *p);
/* Reads and checks arguments, calls, writes back: what comes from the other side's memory. `call` is what is called. */
void emit_receive(struct output *output, const struct function *function, const char *block, const char *call);

/* For callers in domains, instead of the above. */
void model_check_between(struct model *model);
void emit_caller(struct output *output);
void emit_receiver(struct output *output);
void emit_edges(struct output *output);
void emit_edges_header(struct output *output);
#endif

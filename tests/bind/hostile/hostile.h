/* SPDX-License-Identifier: Apache-2.0 */
/* A library whose every answer is chosen by `how`: 0 is what the header promises, anything else is not. */
#ifndef HOSTILE_H
#define HOSTILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "porin/bind.h"

enum fruit { APPLE = 1, PEAR = 4 };
struct answer { bool yes; enum fruit fruit; char padding_before; long double precise; };
struct stream { const char *next; unsigned left; char *to; unsigned room; void *state; const char *message; char small; int number; };
struct porin_fields_stream {
    const char *next PORIN_CURSOR_IN(left);
    char *to PORIN_CURSOR_OUT(room);
    void *state PORIN_TWIN;
    const char *message PORIN_STRING;
};
typedef struct thing thing PORIN_OPAQUE;
struct label { char before; const char *text; thing *owner; int32_t number; void *nothing; };
struct porin_fields_label { const char *text PORIN_STRING; void *nothing PORIN_NULL; };
typedef int (*visit)(void *context PORIN_TOKEN(context), const char *text PORIN_STRING, const unsigned char *data PORIN_IN(size), int size,
                     bool flag, enum fruit fruit) PORIN_FAILS(-1);

PORIN_ENTRY bool get_bool(int how);
PORIN_ENTRY enum fruit get_enum(int how);
PORIN_ENTRY int get_number(int how);
PORIN_ENTRY PORIN_RANGE(0, 100) int get_percent(int how);
PORIN_ENTRY struct answer get_struct(int how);
PORIN_ENTRY PORIN_STRING PORIN_BORROWED const char *get_string(int how);
PORIN_ENTRY PORIN_STRING PORIN_OWNED(free_string) char *get_owned(int how);
void free_string(char *text);
PORIN_ENTRY thing *get_thing(int how);
PORIN_ENTRY PORIN_ANY int use_thing(thing *thing);
PORIN_ENTRY PORIN_BORROWED PORIN_SIZE(*size) const void *get_memory(int how, uint64_t *size PORIN_OUT(1) PORIN_ANY);
PORIN_ENTRY PORIN_RANGE(-1, INT32_MAX) int fill(int how, char *to PORIN_OUT(room) PORIN_FILLED(result), int room);
PORIN_ENTRY void find(int how, const char *text PORIN_STRING, const char **end PORIN_OUT(1) PORIN_WITHIN(text));
PORIN_ENTRY void fruits(int how, enum fruit *to PORIN_OUT(3), bool *flags PORIN_OUT(3));
PORIN_ENTRY PORIN_OPENS(stream) PORIN_ANY int open_stream(struct stream *stream PORIN_MIRROR, int how);
PORIN_ENTRY PORIN_ANY int run_stream(struct stream *stream PORIN_MIRROR, int how);
PORIN_ENTRY PORIN_ANY int call_back(int how, visit function PORIN_CALLBACK, void *context PORIN_TOKEN(context));
PORIN_ENTRY void keep(thing *thing, visit function PORIN_CALLBACK_KEPT, void *context PORIN_TOKEN(context));
PORIN_ENTRY PORIN_ANY int call_kept(int how);
PORIN_ENTRY PORIN_RANGE(0, 1000) int padding(const struct answer *answer PORIN_IN(1), struct answer value);
PORIN_ENTRY PORIN_RANGE(0, 100000) int measure(const struct label *labels PORIN_IN(count), int count,
                                               const char *const *texts PORIN_STRINGS(count), const char *const *ended PORIN_STRINGS());
PORIN_ENTRY struct label get_label(int how);
PORIN_ENTRY void get_labels(int how, struct label *labels PORIN_OUT(2));
PORIN_ENTRY void die(int how);
/* Calls the function with the handle, or, for how 1, with `other`. */
typedef struct jumper jumper PORIN_OPAQUE PORIN_RAISE(land(.));
typedef int (*leap)(void *context PORIN_TOKEN(context), jumper *one) PORIN_FAILS(-1);
PORIN_ENTRY jumper *get_jumper(int number);
PORIN_ENTRY PORIN_ANY int call_leap(jumper *one, int how, jumper *other, leap function PORIN_CALLBACK,
                                    void *context PORIN_TOKEN(context));
PORIN_ENTRY PORIN_JUMPS(1) void raise_jumper(jumper *one);
typedef void (*many)(int count, const char *const *texts PORIN_STRINGS(count));
PORIN_ENTRY void call_many(int how, many function PORIN_CALLBACK);
/* how 0: waits until another thread, in how 1, has called the function, and comes back while it runs. */
typedef int (*slow)(void *context PORIN_TOKEN(context)) PORIN_FAILS(-1);
PORIN_ENTRY PORIN_ANY int call_slow(int how, slow function PORIN_CALLBACK, void *context PORIN_TOKEN(context));
PORIN_ENTRY void come_back(void);
void land(jumper *one);
/* how 0: a handle of a word that is not in use; otherwise the word of the last one. */
typedef struct held held PORIN_OPAQUE;
typedef struct other other PORIN_OPAQUE;
PORIN_ENTRY PORIN_OWNED(close_held) held *open_held(int how);
PORIN_ENTRY PORIN_BORROWED held *name_held(void);
PORIN_ENTRY PORIN_CLOSES(one) PORIN_CLOSES_WHEN(result == 0) PORIN_ANY int close_held(held *one, int how);
PORIN_ENTRY PORIN_BORROWED other *name_other(void);
PORIN_ENTRY PORIN_CLOSES(one) void close_other(other *one);
PORIN_ENTRY PORIN_STRING PORIN_BORROWED const char *text_of_held(held *one);
typedef int (*user)(held *named, void *context PORIN_TOKEN(context)) PORIN_FAILS(-1);
PORIN_ENTRY void set_held(held *one, user function PORIN_CALLBACK_SET);
PORIN_ENTRY void set_context(held *one, void *context PORIN_TOKEN(context));
PORIN_ENTRY PORIN_ANY int call_held(int how);
PORIN_ENTRY PORIN_ANY int visit_held(user function PORIN_CALLBACK);
PORIN_ENTRY void find_element(int how, const int *values PORIN_IN(4), const int **found PORIN_OUT(1) PORIN_WITHIN(values));
PORIN_ENTRY PORIN_WITHIN_OR_END(values) const int *find_end(int how, const int *values PORIN_IN(4));
PORIN_ENTRY PORIN_WITHIN(bytes) const int *find_word(int how, const char *bytes PORIN_IN(16));
/* Rows: each byte becomes its successor. how 1: the array is overwritten meanwhile. */
PORIN_ENTRY PORIN_ANY int turn_rows(int how, unsigned char **rows PORIN_ROWS_INOUT(count, sizes[PORIN_ROW]),
                                    const int *sizes PORIN_IN(count), int count);
PORIN_ENTRY PORIN_ANY int sum_rows(const unsigned short *const *rows PORIN_ROWS_IN(count, 2), int count);
typedef int (*paint)(void *context PORIN_TOKEN(context), int count, unsigned char **rows PORIN_ROWS_INOUT(count, 4)) PORIN_FAILS(-1);
PORIN_ENTRY PORIN_ANY int call_paint(int how, paint function PORIN_CALLBACK, void *context PORIN_TOKEN(context));
PORIN_ENTRY PORIN_STRINGS(3) PORIN_OWNED(free_string_array) char **get_strings(int how);
PORIN_ENTRY PORIN_STRINGS() PORIN_BORROWED const char *const *list_strings(int how);
PORIN_ENTRY void write_strings(int how, char ***to PORIN_OUT(1) PORIN_STRINGS(*count) PORIN_OWNED(free_string_array),
                               int *count PORIN_OUT(1) PORIN_ANY);
void free_string_array(char **texts);
/* Memory that functions of the program return. */
typedef const char *(*namer)(void *context PORIN_TOKEN(context), int number) PORIN_STRING PORIN_BORROWED;
typedef unsigned char *(*maker)(int *size PORIN_OUT(1)) PORIN_SIZE(*size) PORIN_OWNED(give_back) PORIN_MEMORY_OF(get_memory_for);
PORIN_ENTRY PORIN_ANY int call_namer(namer function PORIN_CALLBACK, void *context PORIN_TOKEN(context));
PORIN_ENTRY PORIN_ANY int call_maker(int how, maker function PORIN_CALLBACK);
void *get_memory_for(size_t size);
void give_back(void *memory);
struct suite { void *context; void *(*get)(void *context, size_t size); void (*put)(void *context, void *memory);
               void *(*change)(void *context, void *memory, size_t size); };
struct porin_fields_suite {
    void *context PORIN_TOKEN(context);
    void *(*get)(void *context PORIN_TOKEN(context), size_t size) PORIN_ALLOCATES(size) PORIN_CALLBACK;
    void (*put)(void *context PORIN_TOKEN(context), void *memory PORIN_ALLOCATED) PORIN_CALLBACK;
    void *(*change)(void *context PORIN_TOKEN(context), void *memory PORIN_ALLOCATED, size_t size) PORIN_ALLOCATES(size) PORIN_CALLBACK;
};
PORIN_ENTRY PORIN_ANY int use_suite(int how, const struct suite *suite PORIN_IN(1));
/* Keeps what one call has given for the next one, and releases it there. */
PORIN_ENTRY PORIN_ANY int mix_suites(int how, const struct suite *suite PORIN_IN(1));
PORIN_ENTRY PORIN_ANY int forge(int number, int slot);
#endif

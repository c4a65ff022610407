/* SPDX-License-Identifier: Apache-2.0 */
/* A library for callers in domains: one function of each kind of argument and result. */
#ifndef PAIR_H
#define PAIR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "porin/bind.h"

enum fruit { APPLE = 1, PEAR = 4 };
typedef struct thing thing PORIN_OPAQUE;
typedef struct basket basket PORIN_OPAQUE;
struct label { char before; const char *text PORIN_STRING; thing *owner; int number; };

#define FUNCTION PORIN_ENTRY PORIN_FAILS(-1)
PORIN_ENTRY PORIN_FAILS(0) bool pair_bool(int how);
PORIN_ENTRY PORIN_FAILS(0) enum fruit pair_fruit(enum fruit fruit, bool same);
FUNCTION PORIN_RANGE(0, 100) int pair_percent(int how);
FUNCTION int pair_sum(const unsigned char *data PORIN_IN(size), int size);
FUNCTION int pair_behind(const unsigned char *data PORIN_IN(*size), const int *size PORIN_IN(1));
FUNCTION int pair_lent(const unsigned char PORIN_CAP *data PORIN_IN(size), int size, unsigned char PORIN_CAP *to PORIN_OUT(size));
FUNCTION PORIN_RANGE(-1, INT32_MAX) int pair_fill(char *to PORIN_OUT(room) PORIN_FILLED(result), int room);
FUNCTION int pair_line(char *to PORIN_OUT(room) PORIN_STRING, int room);
FUNCTION int pair_fruits(enum fruit *to PORIN_OUT(3), bool *flags PORIN_OUT(3));
PORIN_ENTRY PORIN_STRING PORIN_BORROWED const char *pair_text(int how);
PORIN_ENTRY PORIN_STRING PORIN_OWNED(pair_free) char *pair_copy(const char *text PORIN_STRING);
PORIN_ENTRY PORIN_FREES void pair_free(char *text PORIN_TOKEN(text));
PORIN_ENTRY PORIN_BORROWED PORIN_SIZE(*size) const void *pair_memory(uint64_t *size PORIN_OUT(1));
PORIN_ENTRY PORIN_OWNED(pair_close) thing *pair_open(int number);
FUNCTION int pair_number(thing *one);
PORIN_ENTRY PORIN_CLOSES(one) void pair_close(thing *one);
PORIN_ENTRY basket *pair_basket(void);
PORIN_ENTRY void pair_find(const char *text PORIN_STRING, const char **end PORIN_OUT(1) PORIN_WITHIN(text));
FUNCTION int pair_labels(struct label *labels PORIN_INOUT(count), int count, const char *const *texts PORIN_STRINGS(count));
#undef FUNCTION
#endif

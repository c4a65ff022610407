/* SPDX-License-Identifier: Apache-2.0 */
/* A function of each class of types, to time what its stub costs; with BETWEEN, for callers in domains. */
#ifndef BENCH_CLASSES_H
#define BENCH_CLASSES_H
#include <stdint.h>
#include "porin/bind.h"

struct pair { int64_t a; double b; };
enum order { ORDER_NONE, ORDER_UP };
struct block { int64_t words[8]; };
typedef struct thing thing PORIN_OPAQUE;

#define FUNCTION PORIN_ENTRY PORIN_FAILS(-1) PORIN_ANY
FUNCTION int class_integers(int a, long b);
FUNCTION int class_many(int a, int b, int c, int d, int e, int f, int g, int h);
PORIN_ENTRY PORIN_FAILS(-1) double class_double(double a);
FUNCTION int class_handle(thing *handle);
FUNCTION int class_string(const char *text PORIN_STRING);
FUNCTION int class_in(const void *data PORIN_IN(size), int size);
FUNCTION int class_out(void *data PORIN_OUT(size), int size);
PORIN_ENTRY struct pair class_pair(struct pair pair);
PORIN_ENTRY struct block class_block(struct block block);
#ifdef BETWEEN
FUNCTION enum order class_enum(enum order order);
FUNCTION int class_in_copy(const void *data PORIN_IN(size) PORIN_BY_COPY, int size);
FUNCTION int class_in_cap(const void *data PORIN_IN(size) PORIN_BY_CAP, int size);
FUNCTION int class_out_copy(void *data PORIN_OUT(size) PORIN_BY_COPY, int size);
FUNCTION int class_out_cap(void *data PORIN_OUT(size) PORIN_BY_CAP, int size);
FUNCTION int class_lent(const void PORIN_CAP *data PORIN_IN(size), int size);
#else
FUNCTION int class_callback(int (*function)(int value) PORIN_CALLBACK PORIN_FAILS(-1));
#endif
PORIN_ENTRY PORIN_STRING PORIN_BORROWED const char *class_text(void);
PORIN_ENTRY thing *class_make(void);
#undef FUNCTION
#endif

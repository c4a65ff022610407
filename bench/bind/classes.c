/* SPDX-License-Identifier: Apache-2.0 */
/* The callees: as little as there can be. */
#include "classes.h"

struct thing { int number; };
static struct thing only = {1};

int class_integers(int a, long b) { return a + (int)b; }
int class_many(int a, int b, int c, int d, int e, int f, int g, int h) { return a + b + c + d + e + f + g + h; }
double class_double(double a) { return a + 1; }
int class_handle(thing *handle) { return handle->number; }
int class_string(const char *text) { return *text; }
int class_in(const void *data, int size) { return *(const char *)data + size; }
int class_out(void *data, int size) { return *(char *)data = (char)size; }
struct pair class_pair(struct pair pair) { return (struct pair){pair.a + 1, pair.b + 1}; }
struct block class_block(struct block block) { block.words[0]++; return block; }
#ifdef BETWEEN
enum order class_enum(enum order order) { return order; }
int class_in_copy(const void *data, int size) { return class_in(data, size); }
int class_in_cap(const void *data, int size) { return class_in(data, size); }
int class_out_copy(void *data, int size) { return class_out(data, size); }
int class_out_cap(void *data, int size) { return class_out(data, size); }
int class_lent(const void PORIN_CAP *data, int size) { return *(const char PORIN_CAP *)data + size; }
#else
int class_callback(int (*function)(int value)) { return function(1); }
#endif
const char *class_text(void) { return "a text"; }
thing *class_make(void) { return &only; }

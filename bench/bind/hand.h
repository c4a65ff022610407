/* SPDX-License-Identifier: Apache-2.0 */
/* The same functions between domains by hand: what a careful person would write who knows both sides. Buffers are lent, made sure of and
 * copied once into memory that is there; nothing is allocated. */
#ifndef BENCH_HAND_H
#define BENCH_HAND_H
#include "classes.h"

enum { HAND_BYTES = 65536 };
int hand_integers(int a, long b);
int hand_many(int a, int b, int c, int d, int e, int f, int g, int h);
double hand_double(double a);
int hand_enum(int order);
int hand_handle(uint32_t handle);
int hand_string(const char PORIN_CAP *text, int length);
int hand_in(const void PORIN_CAP *data, int size);
int hand_out(void PORIN_CAP *data, int size);
int hand_lent(const void PORIN_CAP *data, int size);
struct pair hand_pair(int64_t a, double b);
int hand_block(struct block PORIN_CAP *block);
int hand_text(char PORIN_CAP *to, int size);
#define HAND_ALL(F) F(integers) F(many) F(double) F(enum) F(handle) F(string) F(in) F(out) F(lent) F(pair) F(block) F(text)
#endif

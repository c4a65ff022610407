/* SPDX-License-Identifier: Apache-2.0 */
/* Function pointers: tables, structs of them, returned, compared, cast to integers and back, in memory operands and in registers. */
#include "report.h"

typedef long (*op)(long, long);
static long add(long a, long b) { return a + b; }
static long sub(long a, long b) { return a - b; }
static long mul(long a, long b) { return a * b; }
static long left(long a, long b) { return (long)((unsigned long)a << (b & 7)); }
static const op constant_table[4] = {add, sub, mul, left};
static op table[8] = {add, sub, mul, left, left, mul, sub, add};
static op grid[2][3] = {{add, sub, mul}, {left, mul, add}};

struct shape { const char *name; double (*area)(const struct shape *); void (*scale)(struct shape *, double); double a, b; };
static double area_box(const struct shape *s) { return s->a * s->b; }
static double area_round(const struct shape *s) { return 3.25 * s->a * s->a; }
static void scale_both(struct shape *s, double k) { s->a *= k; s->b *= k; }
static void scale_first(struct shape *s, double k) { s->a *= k; s->scale = scale_both; }

NOIPA long reduce(op fn, const long *v, int n, long start)
{
    for (int i = 0; i < n; i++)
        start = fn(start, v[i]);
    return start;
}
NOIPA op select_op(int k) { return k < 0 ? NULL : table[k & 7]; }
NOIPA op compose(op (*chooser)(int), int k) { return chooser(k); }
NOIPA long all(long a, long b)
{
    long r = 0;
    for (int i = 0; i < 8; i++)
        r = r * 3 + table[i](a, b) + constant_table[i & 3](r & 0xff, b);
    return r;
}
NOIPA long seven(op a, op b, op c, op d, op e, op f, op g, op h) { return a(1, b(2, c(3, d(4, e(5, f(6, g(7, h(8, 9)))))))); }
NOIPA void swap_ops(op *a, op *b) { op t = *a; *a = *b; *b = t; }
static void *opaque;
static void set_number(void *p) { *(long *)p = 55; }
static void (*volatile action)(void *) = set_number;

struct deep { struct { op *p[2]; } in[2]; };

int main(void)
{
    long v[] = {3, 1, 4, 1, 5, 9, 2, 6};
    for (int i = 0; i < 8; i++)
        put("reduce", (uint64_t)reduce(table[i], v, 8, HIDE(2)));
    put("all", (uint64_t)all(HIDE(7L), HIDE(3L)));
    swap_ops(&table[0], &table[2]);
    put("swapped", (uint64_t)all(HIDE(7L), HIDE(3L)));
    put("compose", (uint64_t)(compose(select_op, 1)(10, 3) * 100 + compose(select_op, 3)(10, 3)));
    put("null", select_op(HIDE(-1)) == NULL);
    put("compare", (select_op(1) == sub) + 2 * (select_op(1) == add) + 4 * (table[2] == add));
    uintptr_t number = (uintptr_t)HIDE((op)mul) + 64;
    put("integer", (uint64_t)((op)(number - 64))(6, 7));
    put("seven", (uint64_t)seven(add, sub, mul, left, add, sub, mul, left));
    struct shape shapes[] = {{"box", area_box, scale_both, 2, 3}, {"round", area_round, scale_first, 5, 7}};
    for (int k = 0; k < 3; k++)
        for (size_t i = 0; i < 2; i++) {
            shapes[i].scale(&shapes[i], 1.5);
            put_double(shapes[i].name, shapes[i].area(&shapes[i]) + shapes[i].b);
        }
    long number2 = 0;
    opaque = &number2;
    action(opaque);
    put("action", (uint64_t)number2);
    struct deep d = {{{{&table[1], &grid[1][0]}}, {{&grid[0][2], &table[3]}}}};
    struct deep *dp = HIDE(&d);
    put("deep", (uint64_t)((*dp->in[HIDE(1)].p[HIDE(0)])(6, 7) * 1000 + (*dp->in[0].p[1])(3, 2) + grid[HIDE(1)][HIDE(1)](5, 5)));
    put("conditional", (uint64_t)(HIDE(1) ? add : sub)(5, 6));
    put("address", (uint64_t)(**&*add)(1, HIDE(2L)));
    return 0;
}

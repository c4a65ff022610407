/* SPDX-License-Identifier: Apache-2.0 */
/* Sibling calls: direct, through pointers in registers and memory, with stack arguments; deep enough to need them at -O2. */
#include "report.h"

typedef uint64_t (*step)(uint64_t, int);
NOIPA uint64_t odd(uint64_t h, int n);
NOIPA uint64_t even(uint64_t h, int n) { return n == 0 ? h : odd(h * 3 + 1, n - 1); }
NOIPA uint64_t odd(uint64_t h, int n) { return n == 0 ? h + 7 : even(h ^ (uint64_t)n, n - 1); }

static step table[4];
NOIPA uint64_t s0(uint64_t h, int n) { return n ? table[h & 3](h * 5 + 1, n - 1) : h; }
NOIPA uint64_t s1(uint64_t h, int n) { return n ? table[(h >> 7) & 3](h ^ 0x5555, n - 1) : h; }
NOIPA uint64_t s2(uint64_t h, int n) { return n ? table[(unsigned)n & 3](h + (h << 3), n - 1) : h; }
NOIPA uint64_t s3(uint64_t h, int n) { step next = table[(h ^ (uint64_t)n) & 3]; return n ? next(~h, n - 1) : h; }
static step table[4] = {s0, s1, s2, s3};

struct object { const struct methods *methods; uint64_t value; struct object *next; };
struct methods { uint64_t (*get)(struct object *, uint64_t); };
NOIPA uint64_t get_last(struct object *o, uint64_t h) { return o->value ^ h; }
NOIPA uint64_t get_chain(struct object *o, uint64_t h) { return o->next->methods->get(o->next, h * 31 + o->value); }
static const struct methods last = {get_last}, chain = {get_chain};

/* Same-sized stack arguments: gcc may overwrite its own incoming ones and jump. */
NOIPA long eight(long a, long b, long c, long d, long e, long f, long g, long h)
{
    return a - b + 3 * c - 5 * d + 7 * e - 11 * f + 13 * g - 17 * h;
}
NOIPA long eight_turned(long a, long b, long c, long d, long e, long f, long g, long h) { return eight(h, g, f, e, d, c, b, a); }
NOIPA long eight_rolled(long a, long b, long c, long d, long e, long f, long g, long h) { return eight_turned(b, c, d, e, f, g, h, a); }
NOIPA long eight_fewer(long a, long b, long c, long d, long e, long f, long g, long h, long i)
{
    return eight_rolled(a, b, c, d, e, f, g + i, h - i);
}

NOIPA uint64_t choose(step fn, uint64_t h, int n, void (*before)(uint64_t *))
{
    before(&h);
    return fn(h, n);
}
NOIPA void scramble(uint64_t *h) { *h = *h * 0x9e3779b97f4a7c15u + 1; }

/* A tail call after a frame with saved registers and locals: the frame is taken down first. */
NOIPA uint64_t framed(uint64_t h, int n)
{
    uint64_t local[4];
    for (int i = 0; i < 4; i++) {
        local[i] = h + (uint64_t)i;
        scramble(&local[i]);
    }
    return even(local[0] ^ local[1] ^ local[2] ^ local[3], n);
}

NOIPA double vector_tail(double a, double (*fn)(double, double), int n) { return n > 5 ? fn(a, n) : fn(n, a); }
NOIPA double divide(double a, double b) { return a / b; }

/* Six arguments, the count of vector registers and a target: more than there are registers that a tail call may use. */
NOIPA int text_of(char *to, size_t size, const char *pattern, ...)
{
    va_list arguments;
    va_start(arguments, pattern);
    int length = vsnprintf(to, size, pattern, arguments);
    va_end(arguments);
    return length;
}

NOIPA int variadic_tail(int (*fn)(char *, size_t, const char *, ...), char *to, size_t size, int a, int b, int c)
{
    return fn(to, size, "%d and %d and %d", a, b, c);
}

NOIPA int unknown_tail(int (*fn)(), char *to, const char *pattern, long a, long b) { return fn(to, (size_t)32, pattern, a, b, a + b); }

int main(void)
{
    char text[32];
    put("variadic", (uint64_t)variadic_tail(text_of, text, sizeof text, 12, -34, HIDE(5)));
    put_text("variadic", text);
    put("unknown", (uint64_t)unknown_tail((int (*)())text_of, text, "%ld, %ld, %ld", 7, HIDE(8)));
    put_text("unknown", text);
    put("even", even(1, HIDE(2000)));
    put("odd", odd(1, HIDE(2001)));
    for (int i = 0; i < 4; i++)
        put("table", table[i](12345, HIDE(1999)));
    struct object a = {&last, 5, NULL}, b = {&chain, 6, &a}, c = {&chain, 7, &b}, d = {&chain, 8, &c};
    put("chain", d.methods->get(&d, HIDE(9u)));
    put("eight", (uint64_t)eight_fewer(1, 2, 3, 4, 5, 6, 7, 8, HIDE(9L)));
    put("choose", choose(odd, 3, HIDE(77), scramble) + choose(s1, 3, 50, scramble));
    put("framed", framed(99, HIDE(44)));
    put_double("vector", vector_tail(3, divide, HIDE(9)) + vector_tail(3, divide, HIDE(2)));
    return 0;
}

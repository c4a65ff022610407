/* SPDX-License-Identifier: Apache-2.0 */
/* Over-aligned locals beside alloca, stack arguments and calls: gcc realigns the frame and keeps a pointer to the arguments (DRAP). */
#include "report.h"
#include <alloca.h>

struct wide { _Alignas(32) unsigned char b[96]; };
struct line { _Alignas(64) int v[16]; };

static uint64_t misaligned;
#define ALIGNED(pointer, n) (misaligned += HIDE((uintptr_t)(pointer)) % (n) != 0)

NOIPA void use(void *p, size_t n, int seed)
{
    for (size_t i = 0; i < n; i++)
        ((unsigned char *)p)[i] = (unsigned char)(seed * 3 + (int)i);
}

NOIPA uint64_t plain(int a)
{
    _Alignas(64) unsigned char x[64];
    ALIGNED(x, 64);
    use(x, sizeof x, a);
    return hash_bytes(1, x, sizeof x);
}

NOIPA uint64_t stack_arguments(long a, long b, long c, long d, long e, long f, long g, long h, double i, long double j)
{
    _Alignas(32) unsigned char x[40];
    ALIGNED(x, 32);
    use(x, sizeof x, (int)g);
    return hash_bytes((uint64_t)(a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h) + (uint64_t)i + (uint64_t)j, x, sizeof x);
}

NOIPA uint64_t with_alloca(long a, long b, long c, long d, long e, long f, long g, int n)
{
    _Alignas(64) unsigned char x[64];
    unsigned char *p = alloca((size_t)n);
    ALIGNED(x, 64);
    ALIGNED(p, 16);
    use(x, sizeof x, (int)a);
    use(p, (size_t)n, (int)g);
    uint64_t inner = stack_arguments(a, b, c, d, e, f, g, n, 1.5, 2.5L);
    return hash_bytes(hash_bytes(inner, x, sizeof x), p, (size_t)n);
}

NOIPA uint64_t with_vla(int n, struct wide w, struct line l)
{
    uint64_t hash = 0;
    for (int i = 1; i <= n; i++) {
        _Alignas(32) long a[4] = {i, i + 1, i + 2, i + 3};
        unsigned char v[i * 10];
        ALIGNED(a, 32);
        ALIGNED(&w, 32);
        ALIGNED(&l, 64);
        use(v, sizeof v, i);
        hash = hash_bytes(hash_bytes(hash, v, sizeof v), a, sizeof a);
    }
    return hash_bytes(hash_bytes(hash, &w, sizeof w), &l, sizeof l);
}

NOIPA struct wide make_wide(int seed)
{
    struct wide w;
    ALIGNED(&w, 32);
    use(&w, sizeof w, seed);
    return w;
}

NOIPA struct line add_lines(struct line a, int k, struct line b)
{
    struct line r;
    for (int i = 0; i < 16; i++)
        r.v[i] = a.v[i] * k + b.v[15 - i];
    return r;
}

NOIPA uint64_t variadic(int n, ...)
{
    _Alignas(64) double x[8] = {0};
    va_list list;
    va_start(list, n);
    for (int i = 0; i < n; i++)
        x[i % 8] += va_arg(list, double);
    va_end(list);
    ALIGNED(x, 64);
    return hash_bytes(3, x, sizeof x);
}

NOIPA uint64_t huge_alignment(int a)
{
    _Alignas(4096) unsigned char x[100];
    ALIGNED(x, 4096);
    use(x, sizeof x, a);
    return hash_bytes(7, x, sizeof x) + plain(a + 1);
}

NOIPA uint64_t tail(long a, long b, long c, long d, long e, long f, long g, long h)
{
    _Alignas(32) int t[8];
    ALIGNED(t, 32);
    use(t, sizeof t, (int)h);
    if (t[3] == 12345)
        return 0;
    return with_alloca(a + (unsigned char)t[0], b, c, d, e, f, g, (int)h);
}

NOIPA uint64_t recursion(int n)
{
    _Alignas(64) unsigned char x[65];
    ALIGNED(x, 64);
    use(x, sizeof x, n);
    uint64_t inner = n ? recursion(n - 1) : 0;
    return hash_bytes(inner, x, sizeof x);
}

int main(void)
{
    struct line l;
    for (int i = 0; i < 16; i++)
        l.v[i] = i * i;
    put("plain", plain(HIDE(1)));
    put("stack_arguments", stack_arguments(1, 2, 3, 4, 5, 6, 7, 8, 9.5, 10.5L));
    put("with_alloca", with_alloca(1, 2, 3, 4, 5, 6, 7, HIDE(77)));
    put("with_vla", with_vla(HIDE(9), make_wide(5), l));
    struct line sum = add_lines(l, HIDE(3), add_lines(l, 2, l));
    put_bytes("add_lines", &sum, sizeof sum);
    put("variadic", variadic(10, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0));
    put("huge", huge_alignment(HIDE(4)));
    put("tail", tail(1, 2, 3, 4, 5, 6, 7, HIDE(50)));
    put("recursion", recursion(HIDE(50)));
    put("misaligned", misaligned);
    return 0;
}

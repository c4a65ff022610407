/* SPDX-License-Identifier: Apache-2.0 */
/* setjmp and longjmp: values, loops, nested buffers, out of callbacks and deep recursion, volatile and saved locals, variable arrays. */
#include "report.h"
#include <setjmp.h>

static jmp_buf outer, inner, buffers[10];

NOIPA void jump(jmp_buf *b, int value) { longjmp(*b, value); }
NOIPA void dig(int n, jmp_buf *b, int value)
{
    volatile char local[64];
    local[n & 63] = (char)n;
    if (n)
        dig(n - 1, b, value);
    else
        jump(b, value);
    local[0]++;
}
NOIPA long keep(long a, long b, long c, long d, long e, long f, double g)
{
    /* not changed after setjmp, so they keep their values; enough to need the callee-saved registers */
    int r = setjmp(inner);
    if (r < 5)
        dig(r * 10, &inner, r + 1);
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + (long)(7 * g) + r;
}
NOIPA int nested(void)
{
    volatile int trace = 0;
    int r = setjmp(outer);
    if (r == 0) {
        if (setjmp(inner) == 0) {
            trace = trace * 10 + 1;
            jump(&inner, 3);
        }
        trace = trace * 10 + 2;
        if (trace < 1000)
            jump(&outer, trace);
    } else if (r < 500) {
        trace = trace * 10 + 3;
        jump(&outer, r * 7);
    }
    return trace * 10000 + r;
}
static int throwing(const void *a, const void *b)
{
    if (*(const int *)a == 13 || *(const int *)b == 13)
        longjmp(outer, 13);
    return *(const int *)a - *(const int *)b;
}
NOIPA int from_callback(int *v, size_t n)
{
    int r = setjmp(outer);
    if (r)
        return r;
    qsort(v, n, sizeof *v, throwing);
    return 0;
}
NOIPA uint64_t with_vla(int n)
{
    volatile int turn = 0;
    uint64_t hash = 0;
    unsigned char a[n];
    memset(a, 7, sizeof a);
    int r = setjmp(outer);
    unsigned char b[n + r * 3];
    memset(b, r + 1, sizeof b);
    hash = hash_bytes(hash_bytes(1, a, sizeof a), b, sizeof b);
    turn = turn + 1;
    if (r < 20)
        dig(5, &outer, r + 1);
    return hash + (uint64_t)turn;
}
NOIPA void tower(int n)
{
    int r = setjmp(buffers[n]);
    if (r) {
        put("tower", (uint64_t)(n * 100 + r));
        if (n)
            jump(&buffers[n - 1], r + 1);
        return;
    }
    if (n < 9)
        tower(n + 1);
    else
        jump(&buffers[n], 1);
}
NOIPA long many_times(long n)
{
    volatile long sum = 0;
    for (volatile long i = 0; i < n; i++)
        if (setjmp(inner))
            sum += i;
        else
            jump(&inner, 1);
    return sum;
}
NOIPA int overaligned(int k)
{
    _Alignas(64) volatile unsigned char x[64];
    x[5] = (unsigned char)k;
    int r = setjmp(inner);
    if (r == 0)
        dig(20, &inner, 2);
    return (int)((uintptr_t)x % 64) * 1000 + x[5] + r;
}
NOIPA long in_switch(void)
{
    volatile long trace = 0;
    switch (setjmp(inner)) {
    case 0: trace = trace * 10 + 1; jump(&inner, 4); break;
    case 4: trace = trace * 10 + 4; jump(&inner, 9); break;
    case 9: trace = trace * 10 + 9; jump(&inner, -3); break;
    case -3: trace = trace * 10 + 3; break;
    default: trace = -1;
    }
    return trace;
}

int main(void)
{
    int r = setjmp(outer);
    if (r == 0)
        jump(&outer, 0); /* becomes 1 */
    put("zero becomes one", (uint64_t)r);
    put("keep", (uint64_t)keep(1, 2, 3, 4, 5, 6, HIDE(7.5)));
    put("nested", (uint64_t)nested());
    int v[50];
    for (int i = 0; i < 50; i++)
        v[i] = (i * 29) % 50;
    put("callback", (uint64_t)from_callback(v, 50));
    put("vla", with_vla(HIDE(40)));
    tower(0);
    put("many", (uint64_t)many_times(HIDE(1000)));
    put("overaligned", (uint64_t)overaligned(HIDE(77)));
    put("switch", (uint64_t)in_switch());
    if (_setjmp(outer) == 0)
        dig(1000, &outer, 9);
    put_text("deep", "back");
    sigjmp_buf s;
    volatile int turns = 0;
    int value = sigsetjmp(s, 0);
    if (++turns < 4)
        siglongjmp(s, turns * 5);
    put("sigsetjmp", (uint64_t)(value + turns));
    return 0;
}

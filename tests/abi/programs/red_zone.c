/* SPDX-License-Identifier: Apache-2.0 */
/* Leaf functions that keep locals below the stack pointer (the red zone), beside calls that must not overwrite live data. */
#include "report.h"

NOIPA int leaf_array(int a, int b, int i)
{
    int v[20];
    for (int k = 0; k < 20; k++)
        v[k] = a * k + b;
    TOUCH(v);
    return v[i] + v[19 - i] + v[(i * 7) % 20];
}
NOIPA double leaf_mixed(int i, double x)
{
    volatile char c[24];
    volatile double d[6];
    volatile short s[10];
    for (int k = 0; k < 6; k++) {
        c[k * 4] = (char)(k + i);
        d[k] = x * k;
        s[k] = (short)(i * k);
    }
    return c[i * 4] + d[i] + s[5 - i];
}
NOIPA uint64_t leaf_spills(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    uint64_t x = a, y = b, z = c, w = d, p = e, q = f;
    for (int i = 0; i < 10; i++) {
        uint64_t t[8] = {x * y, y * z, z * w, w * p, p * q, q * x, x ^ z, y ^ w};
        TOUCH(t);
        x += t[1]; y ^= t[3]; z -= t[5]; w += t[7]; p ^= t[0] + t[2]; q += t[4] - t[6];
    }
    return x ^ y ^ z ^ w ^ p ^ q;
}
NOIPA long double leaf_extended(long double a, int k)
{
    long double v[3] = {a, a * k, a / 3};
    TOUCH(v);
    return v[k % 3] + v[(k + 1) % 3];
}
NOIPA unsigned leaf_conversion(double a, float b)
{
    return (unsigned)(long)a + (unsigned)(unsigned long)b + (unsigned)(unsigned long)(a * 1e15);
}
static inline int swap_through(int a, int b)
{
    union { int i[2]; struct { short a, b, c, d; } s; } u = {{a, b}};
    TOUCH(u);
    short t = u.s.a;
    u.s.a = u.s.d;
    u.s.d = t;
    return u.i[0] ^ u.i[1];
}
NOIPA long conditional_call(int k, long (*fn)(int))
{
    volatile long v[4] = {k, k * 2, k * 3, k * 4};
    if (k > 5)
        return fn(k) + v[k & 3];
    return v[k & 3];
}
NOIPA long other(int k)
{
    volatile long v[8];
    for (int i = 0; i < 8; i++)
        v[i] = k * i;
    return v[k & 7];
}

int main(void)
{
    for (int i = 0; i < 6; i++) {
        put("array", (uint64_t)leaf_array(HIDE(3), HIDE(4), HIDE(i)));
        put_double("mixed", leaf_mixed(HIDE(i), HIDE(1.5)));
        put_long_double("extended", leaf_extended(HIDE(2.5L), HIDE(i)));
        put("call", (uint64_t)conditional_call(HIDE(i * 2), other));
    }
    put("spills", leaf_spills(HIDE(1u), HIDE(2u), 3, 4, 5, 6));
    put("conversion", leaf_conversion(HIDE(-5.5), HIDE(3e9f)));
    put("swap", (uint64_t)swap_through(HIDE(0x12345678), HIDE(0x0abcdef0)));
    return 0;
}

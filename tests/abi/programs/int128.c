/* SPDX-License-Identifier: Apache-2.0 */
/* 128-bit integers: every operator, conversions, as arguments at odd and even register positions, libgcc's division. */
#include "report.h"
typedef __int128 wide;
typedef unsigned __int128 uwide;

#define BINARY(name, type, op) NOIPA type name(type a, type b) { return a op b; }
BINARY(add, uwide, +) BINARY(sub, uwide, -) BINARY(mul, uwide, *) BINARY(div_u, uwide, /) BINARY(mod_u, uwide, %)
BINARY(div_s, wide, /) BINARY(mod_s, wide, %) BINARY(and_, uwide, &) BINARY(or_, uwide, |) BINARY(xor_, uwide, ^)
NOIPA uwide shl(uwide a, int n) { return a << n; }
NOIPA uwide shr(uwide a, int n) { return a >> n; }
NOIPA wide sar(wide a, int n) { return a >> n; }
NOIPA uwide neg(uwide a) { return -a; }
NOIPA uwide inverse(uwide a) { return ~a; }
NOIPA int compare(wide a, wide b)
{
    return (a < b) | (a == b) << 1 | (a > b) << 2 | ((uwide)a < (uwide)b) << 3 | ((uwide)a >= (uwide)b) << 4;
}
NOIPA uwide rotate(uwide a, int n) { return a << (n & 127) | a >> (-n & 127); }
NOIPA int bits(uwide a) { return __builtin_popcountll((uint64_t)a) + __builtin_popcountll((uint64_t)(a >> 64)); }
NOIPA uwide odd_position(int a, uwide b, int c, uwide d, int e, uwide f, uwide g)
{
    return (uwide)a + b * 2 + (uwide)c * 3 + d * 4 + (uwide)e * 5 + f * 6 + g * 7;
}
NOIPA double to_double(wide a) { return (double)a; }
NOIPA float to_float(uwide a) { return (float)a; }
NOIPA long double to_long_double(wide a) { return (long double)a; }
NOIPA wide from_double(double a) { return (wide)a; }
NOIPA uwide from_long_double(long double a) { return (uwide)a; }
NOIPA int overflow(wide a, wide b, wide *r)
{
    return __builtin_add_overflow(a, b, r) | __builtin_mul_overflow(a, b, r) << 1 | __builtin_sub_overflow(a, b, r) << 2;
}
NOIPA void print(uwide v)
{
    char text[45], *p = text + 44;
    *p = 0;
    do {
        *--p = (char)('0' + (int)(v % 10));
        v /= 10;
    } while (v);
    put_text("decimal", p);
}
NOIPA uint64_t mulhi(uint64_t a, uint64_t b) { return (uint64_t)((uwide)a * b >> 64); }
NOIPA int64_t mulhi_s(int64_t a, int64_t b) { return (int64_t)((wide)a * b >> 64); }
NOIPA uint64_t powmod(uint64_t b, uint64_t e, uint64_t m)
{
    uint64_t r = 1;
    for (; e; e >>= 1, b = (uint64_t)((uwide)b * b % m))
        if (e & 1)
            r = (uint64_t)((uwide)r * b % m);
    return r;
}

int main(void)
{
    uint64_t seed = 1;
    for (int i = 0; i < 40; i++) {
        uwide a = (uwide)next_random(&seed) << 64 | next_random(&seed), b = (uwide)next_random(&seed) << 64 | next_random(&seed);
        a >>= i % 4 * 30;
        b >>= i % 7 * 18;
        if (i & 8)
            a = -a;
        b += b == 0;
        uwide h = add(a, b) ^ shl(sub(a, b), i) ^ shr(mul(a, b), i * 3) ^ rotate(div_u(a, b), i * 5) ^ mod_u(a, b) ^
            (uwide)div_s((wide)a, (wide)b);
        h = h * 31 ^ (uwide)mod_s((wide)a, (wide)b) ^ and_(a, b) ^ or_(a, neg(b)) ^ xor_(a, inverse(b)) ^ (uwide)sar((wide)a, i * 3);
        put_int128("ops", h + (uwide)compare((wide)a, (wide)b) + (uwide)bits(a));
        put_double("double", to_double((wide)a) + (double)to_float(b));
        put_long_double("long double", to_long_double((wide)a));
        wide r = 0;
        put("overflow", (uint64_t)overflow((wide)a, (wide)b, &r));
        put_int128("result", (uwide)r);
        print(a);
        put("mulhi", mulhi((uint64_t)a, (uint64_t)b) ^ (uint64_t)mulhi_s((int64_t)a, (int64_t)b));
    }
    put_int128("positions", odd_position(1, (uwide)2 << 70, 3, (uwide)4 << 80, 5, (uwide)6 << 90, (uwide)7 << 100));
    put_int128("from", (uwide)from_double(HIDE(-1.5e30)) ^ from_long_double(HIDE(1.5e37L)));
    put("powmod", powmod(HIDE(123456789u), 0xfedcba987654321u, 0xffffffffffffffc5u));
    return 0;
}

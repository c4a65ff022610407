/* SPDX-License-Identifier: Apache-2.0 */
/* More than six integer and more than eight vector arguments, small types on the stack, pushes around calls, calls inside arguments. */
#include "report.h"

NOIPA long ints(char a, short b, int c, long d, unsigned char e, unsigned short f, char g, short h, int i, long j, unsigned char k, _Bool l)
{
    return a + 2L * b + 3L * c + 4L * d + 5L * e + 6L * f + 7L * g + 8L * h + 9L * i + 10L * j + 11L * k + 12L * l;
}

NOIPA double doubles(double a, double b, double c, double d, double e, double f, double g, double h, double i, float j, double k)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * (double)j + 11 * k;
}

NOIPA double mixed(int a, double b, long c, float d, char e, double f, int g, double h, int i, double j, int k, double l, int m,
    double n, int o,
                   double p, long double q, int r, double s, __int128 t)
{
    return a + b + (double)c + (double)d + e + f * 2 + g + h * 3 + i * 4 + j + k * 5 + l + m * 6 + n * 7 + o * 8 + p + (double)q + r *
        9 + s * 10 +
           (double)(long)(t >> 3);
}

typedef long (*seven)(long, long, long, long, long, long, long);
NOIPA long subtract(long a, long b, long c, long d, long e, long f, long g) { return a - b + c - d + e - f + g * 3; }
NOIPA long reversed(long a, long b, long c, long d, long e, long f, long g) { return subtract(g, f, e, d, c, b, a); }
NOIPA long indirect(seven fn, long x) { return fn(x, x + 1, x + 2, x + 3, x + 4, x + 5, x + 6) + fn(1, 2, 3, 4, 5, 6, 7); }

/* Arguments that are calls with stack arguments themselves. */
NOIPA long nested(long x)
{
    return subtract(subtract(x, 1, 2, 3, 4, 5, 6), reversed(x, 2, 3, 4, 5, 6, 7), 3, subtract(1, 1, 1, 1, 1, 1, x), 5, 6,
                    reversed(7, 6, 5, 4, 3, 2, subtract(0, 0, 0, 0, 0, 0, x)));
}

/* Takes the address of stack arguments and changes them: they belong to the callee. */
NOIPA void bump(long *p, long k) { *p += k; }
NOIPA long owned(long a, long b, long c, long d, long e, long f, long g, long h, double i)
{
    bump(&g, a);
    bump(&h, b);
    bump(&a, h);
    i *= 2;
    return subtract(a, g, h, c, d, e, f) + (long)i;
}

NOIPA long thirty(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j, long k, long l, long m, long n,
    long o, long p,
                  long q, long r, long s, long t, long u, long v, long w, long x, long y, long z, long A, long B, long C, long D)
{
    return a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + h * 8 + i * 9 + j * 10 + k * 11 + l * 12 + m * 13 + n * 14 + o * 15 +
        p * 16 +
           q * 17 + r * 18 + s * 19 + t * 20 + u * 21 + v * 22 + w * 23 + x * 24 + y * 25 + z * 26 + A * 27 + B * 28 + C * 29 + D * 30;
}

NOIPA long rotate(int n, long a, long b, long c, long d, long e, long f, long g, long h, long i, long j)
{
    return n ? rotate(n - 1, b, c, d, e, f, g, h, i, j, a + n) * 3 + a : a + b * 2 + j * 5;
}

int main(void)
{
    put("ints", (uint64_t)ints(-1, -2, -3, -4, 250, 65000, -7, -8, -9, -10, 200, HIDE(1)));
    put_double("doubles", doubles(1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5f, HIDE(11.5)));
    put_double("mixed", mixed(1, 2.5, 3, 4.5f, 5, 6.5, 7, 8.5, 9, 10.5, 11, 12.5, 13, 14.5, 15, 16.5, 17.5L, 18, 19.5, (__int128)20 << 40));
    put("indirect", (uint64_t)(indirect(subtract, 100) * 7 + indirect(reversed, 50)));
    put("nested", (uint64_t)nested(HIDE(9L)));
    put("owned", (uint64_t)owned(1, 2, 3, 4, 5, 6, 7, 8, 9.5));
    put("thirty", (uint64_t)thirty(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27,
        28, 29,
                                   HIDE(30L)));
    put("rotate", (uint64_t)rotate(HIDE(25), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
    return 0;
}

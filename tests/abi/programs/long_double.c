/* SPDX-License-Identifier: Apache-2.0 */
/* x87: arithmetic in 80 bits, every conversion, comparisons, many values at once, arguments, results, arrays, NaN and infinity. */
/* reference: musl */
#include "report.h"
#include <float.h>

NOIPA long double mul_add(long double a, long double b, long double c) { return a * b + c; }
NOIPA long double horner(const long double *c, int n, long double x)
{
    long double r = 0;
    while (n--)
        r = r * x + c[n];
    return r;
}
NOIPA long double deep(long double a, long double b, long double c, long double d, long double e, long double f, long double g,
    long double h)
{
    return (a + b) * (c - d) / ((e + f) * (g - h)) + ((a - c) * (b + d) - (e - g) * (f + h)) / (a * b + c * d + e * f + g * h);
}
NOIPA int compare(long double a, long double b)
{
    return (a < b) | (a <= b) << 1 | (a > b) << 2 | (a >= b) << 3 | (a == b) << 4 | (a != b) << 5 | __builtin_isunordered(a, b) << 6;
}
NOIPA void to_integers(long double v, const char *name)
{
    printf("%s %d %d %d %ld %lu %u %d\n", name, (signed char)(int)v, (short)(int)v, (int)v, (long)v, (unsigned long)(v < 0 ? -v : v),
           (unsigned)(long)v, (_Bool)v);
}
NOIPA long double from_integers(char a, short b, int c, long d, unsigned e, unsigned long f, float g, double h)
{
    return (long double)a + b * 2.0L + c * 3.0L + d * 4.0L + e * 5.0L + f * 6.0L + g * 7.0L + h * 8.0L;
}
NOIPA long double pick(int k, long double a, long double b, long double c) { return k == 0 ? a : k == 1 ? b : c; }
NOIPA long double root(long double x)
{
    long double r = x > 1 ? x / 2 : 1;
    for (int i = 0; i < 80; i++)
        r = (r + x / r) / 2;
    return r;
}
NOIPA unsigned long to_unsigned(long double v) { return (unsigned long)v; }
NOIPA float to_float(long double v) { return (float)v; }
NOIPA double to_double(long double v) { return (double)v; }
NOIPA long double absolute(long double v) { return __builtin_fabsl(v); }
NOIPA long double negative(long double v) { return -v; }
NOIPA long double recursive(int n, long double x) { return n ? x / 3 + recursive(n - 1, x + 1) : x; }
NOIPA long double (*chosen(int k))(long double) { return k ? absolute : negative; }

int main(void)
{
    put_long_double("mul_add", mul_add(1.1L, 2.2L, HIDE(3.3L)));
    long double c[10];
    for (int i = 0; i < 10; i++)
        c[i] = 1.0L / (i + 1);
    put_long_double("horner", horner(c, 10, HIDE(0.7L)));
    put_long_double("deep", deep(1.5L, 2.25L, 3.125L, 4.5L, 5.75L, 6.1L, 7.2L, HIDE(8.3L)));
    long double nan = HIDE((long double)__builtin_nanl("")), inf = HIDE(1.0L) / HIDE(0.0L);
    long double values[] = {0, -0.0L, 1, -1, inf, -inf, nan, LDBL_MIN, LDBL_MAX, 1e-4940L};
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < 10; j++)
            printf("compare %d %d %x\n", i, j, (unsigned)compare(values[i], values[j]));
    to_integers(HIDE(100.9L), "to+");
    to_integers(HIDE(-100.9L), "to-");
    to_integers(HIDE(0.4L), "to0");
    put("unsigned", to_unsigned(HIDE(18446744073709551615.0L)) ^ to_unsigned(HIDE(9223372036854775808.0L)) ^ to_unsigned(12345.9L));
    put_long_double("from", from_integers(-1, -2, -3, -4, 4000000000u, 18000000000000000000u, 1.5f, HIDE(2.5)));
    put_long_double("pick", pick(HIDE(0), 1.1L, 2.2L, 3.3L) + pick(HIDE(1), 1.1L, 2.2L, 3.3L) * 10 + pick(HIDE(2), 1.1L, 2.2L, 3.3L) * 100);
    put_long_double("root", root(HIDE(2.0L)));
    put_double("to_float", to_float(HIDE(1.0L / 3)));
    put_double("to_double", to_double(HIDE(1.0L / 3)));
    put_long_double("chosen", chosen(HIDE(0))(5.5L) + chosen(HIDE(1))(-7.5L));
    put_long_double("recursive", recursive(HIDE(50), 1));
    put_long_double("overflow", HIDE(LDBL_MAX) * 2);
    put_long_double("denormal", HIDE(LDBL_MIN) / 3);
    put_long_double("inexact", HIDE(1.0L) / 3);
    put_long_double("big", HIDE(1.0L) + HIDE(1e-19L));
    printf("text %.25Lg %La %.3Lf\n", HIDE(1.0L) / 3, HIDE(0.1L), HIDE(12345.6789L));
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* reference: musl */
/* Complex float, double and long double: arguments, results, multiplication and division of libgcc, libm functions. */
#include "report.h"
#include <complex.h>

NOIPA float complex mul_f(float complex a, float complex b) { return a * b; }
NOIPA float complex div_f(float complex a, float complex b) { return a / b; }
NOIPA double complex mul_d(double complex a, double complex b) { return a * b; }
NOIPA double complex div_d(double complex a, double complex b) { return a / b; }
NOIPA long double complex mul_l(long double complex a, long double complex b) { return a * b; }
NOIPA long double complex div_l(long double complex a, long double complex b) { return a / b; }
NOIPA double complex mixed(int a, double complex b, float complex c, long double complex d, double e, double complex f, double complex g,
                           double complex h, float complex i)
{
    return a + b * 2 + c * 3 + d * 4 + e + conj(f) + g * I + h - i;
}
struct holder { float complex a; int b; double complex c; };
NOIPA struct holder hold(struct holder h) { return (struct holder){h.a * I, h.b + 1, conj(h.c)}; }

static void put_complex(const char *name, double complex v)
{
    put_double(name, creal(v));
    put_double(name, cimag(v));
}
static void put_complex_long(const char *name, long double complex v)
{
    put_long_double(name, creall(v));
    put_long_double(name, cimagl(v));
}

NOIPA int mandelbrot(double x, double y)
{
    double complex z = 0, c = x + y * I;
    for (int i = 0; i < 100; i++) {
        z = z * z + c;
        if (creal(z) * creal(z) + cimag(z) * cimag(z) > 4)
            return i;
    }
    return 100;
}

NOIPA void transform(double complex *v, int n)
{
    if (n == 1)
        return;
    double complex even[n / 2], odd[n / 2];
    for (int i = 0; i < n / 2; i++) {
        even[i] = v[2 * i];
        odd[i] = v[2 * i + 1];
    }
    transform(even, n / 2);
    transform(odd, n / 2);
    double complex step = n == 2 ? -1 : n == 4 ? -I : 0.70710678118654752440 - 0.70710678118654752440 * I, w = 1;
    for (int i = 0; i < n / 2; i++, w *= step) {
        v[i] = even[i] + w * odd[i];
        v[i + n / 2] = even[i] - w * odd[i];
    }
}

int main(void)
{
    put_complex("mul_f", mul_f(HIDE(1.5f + 2 * I), 3 - 4.25f * I));
    put_complex("div_f", div_f(HIDE(1.5f + 2 * I), 3 - 4.25f * I));
    put_complex("mul_d", mul_d(HIDE(1.5 + 2 * I), 3 - 4.25 * I));
    put_complex("div_d", div_d(HIDE(1.5 + 2 * I), 3 - 4.25 * I));
    put_complex_long("mul_l", mul_l(HIDE(1.5L + 2 * I), 3 - 4.25L * I));
    put_complex_long("div_l", div_l(HIDE(1.5L + 2 * I), 3 - 4.25L * I));
    put_complex("inf", mul_d(HIDE(__builtin_inf() + 0 * I), 1 + 1 * I));
    put_complex("mixed", mixed(1, 2 + 3 * I, 4 + 5 * I, 6 + 7 * I, 8, 9 + 10 * I, 11 + 12 * I, 13 + 14 * I, 15 + 16 * I));
    struct holder h = hold((struct holder){1 + 2 * I, 3, 4 + 5 * I});
    put_complex("holder", h.a + h.b + h.c);
    uint64_t hash = 0;
    for (int y = -20; y <= 20; y++)
        for (int x = -40; x <= 20; x++)
            hash = hash * 31 + (uint64_t)mandelbrot(x / 20.0, y / 20.0);
    put("mandelbrot", hash);
    double complex v[8];
    for (int i = 0; i < 8; i++)
        v[i] = i * i - i * I;
    transform(v, 8);
    for (int i = 0; i < 8; i++)
        put_complex("transform", v[i]);
    put_complex("csqrt", csqrt(HIDE(-3 + 4 * I)));
    put_complex("cexp", cexp(HIDE(1 + 2 * I)));
    put_complex("clog", clog(HIDE(1 + 2 * I)));
    put_complex("cpow", cpow(HIDE(1 + 2 * I), 2 - 1 * I));
    put_complex_long("csqrtl", csqrtl(HIDE(3 - 4 * I)));
    put_double("cabs", cabs(HIDE(3 + 4 * I)) + (double)cargf(HIDE(1 + 1 * I)));
    return 0;
}

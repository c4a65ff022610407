/* SPDX-License-Identifier: Apache-2.0 */
/* libm: every function, in three precisions where musl has C for them, on ordinary and extreme arguments. */
/* reference: musl */
/* flags: -fno-builtin */
#include "report.h"
#include <math.h>

static const double arguments[] = {0.0, -0.0, 0.5, -0.5, 1, -1, 1.5, 2.5, -2.5, 3.14159265358979, 10, 100.25, -1234.5, 1e10, 1e-10,
    1e300, -1e-300, 0.7071};
#define COUNT ((int)(sizeof arguments / sizeof *arguments))

#define ONE(name) \
    { \
        uint64_t h = 1; \
        for (int i = 0; i < COUNT; i++) { \
            double r = name(arguments[i]); \
            float s = name##f((float)arguments[i]); \
            if (r == r) h = hash_bytes(h, &r, sizeof r); \
            if (s == s) h = hash_bytes(h, &s, sizeof s); \
        } \
        put(#name, h); \
    }
#define ONE_LONG(name) \
    { \
        uint64_t h = 1; \
        for (int i = 0; i < COUNT; i++) { \
            long double r = name##l(arguments[i]); \
            if (r == r) h = hash_bytes(h, &r, 10); \
        } \
        put(#name "l", h); \
    }
#define TWO(name) \
    { \
        uint64_t h = 1; \
        for (int i = 0; i < COUNT; i++) \
            for (int j = 0; j < COUNT; j++) { \
                double r = name(arguments[i], arguments[j]); \
                float s = name##f((float)arguments[i], (float)arguments[j]); \
                long double t = name##l(arguments[i], arguments[j]); \
                if (r == r) h = hash_bytes(h, &r, sizeof r); \
                if (s == s) h = hash_bytes(h, &s, sizeof s); \
                if (t == t) h = hash_bytes(h, &t, 10); \
            } \
        put(#name, h); \
    }

static void circular(void)
{
    ONE(sin) ONE(cos) ONE(tan) ONE(asin) ONE(acos) ONE(atan) ONE(sinh) ONE(cosh) ONE(tanh) ONE(asinh) ONE(acosh) ONE(atanh)
    ONE_LONG(sin) ONE_LONG(cos) ONE_LONG(tan) ONE_LONG(asin) ONE_LONG(acos) ONE_LONG(atan) ONE_LONG(sinh) ONE_LONG(atanh)
}
static void exponential(void)
{
    ONE(exp) ONE(exp2) ONE(expm1) ONE(log) ONE(log2) ONE(log10) ONE(log1p) ONE(sqrt)
    ONE(cbrt) ONE(erf) ONE(erfc) ONE(tgamma) ONE(lgamma) ONE(logb)
    ONE_LONG(exp) ONE_LONG(exp2) ONE_LONG(expm1) ONE_LONG(log)
    ONE_LONG(log2) ONE_LONG(log10) ONE_LONG(log1p) ONE_LONG(sqrt) ONE_LONG(cbrt) ONE_LONG(logb)
}
static void rounding(void)
{
    ONE(floor) ONE(ceil) ONE(trunc) ONE(round) ONE(rint) ONE(nearbyint) ONE(fabs)
    ONE_LONG(floor) ONE_LONG(ceil) ONE_LONG(trunc) ONE_LONG(round) ONE_LONG(rint) ONE_LONG(nearbyint) ONE_LONG(fabs)
    uint64_t h = 1;
    for (int i = 0; i < COUNT; i++)
        if (fabs(arguments[i]) < 1e12)
            h = h * 31 + (uint64_t)(lrint(arguments[i]) + llround(arguments[i]) + lrintl(arguments[i]) + lroundf((float)arguments[i]) +
                ilogb(arguments[i]));
    put("lrint", h);
}

int main(void)
{
    circular();
    exponential();
    rounding();
    TWO(pow) TWO(atan2) TWO(fmod) TWO(hypot) TWO(copysign) TWO(fdim) TWO(fmax) TWO(fmin) TWO(nextafter) TWO(remainder)
    int e, q;
    double whole;
    put_double("frexp", frexp(HIDE(1234.5), &e) + e);
    put_double("modf", modf(HIDE(-1234.5), &whole) + whole);
    put_double("ldexp", ldexp(HIDE(1.5), 100) + scalbn(HIDE(1.5), -100) + scalbln(HIDE(1.5), 10));
    put_double("remquo", remquo(HIDE(100.0), 7, &q) + q);
    put_double("fma", fma(HIDE(1.1), 2.2, 3.3) + (double)fmaf(HIDE(1.1f), 2.2f, 3.3f));
    put_long_double("fmal", fmal(HIDE(1.1L), 2.2L, 3.3L));
    put_double("bessel", j0(HIDE(1.5)) + y1(HIDE(2.5)) + jn(3, HIDE(4.5)));
    put("classes", (uint64_t)(isnan(HIDE(NAN)) + 2 * isinf(HIDE(INFINITY)) + 4 * !!signbit(HIDE(-0.0)) + 8 *
        (fpclassify(HIDE(1e-310)) == FP_SUBNORMAL)));
    return 0;
}

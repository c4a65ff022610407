/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that gcc likes to do inline by changing the x87 control word, which no domain can: long double, and everything where the
 * x87 does the arithmetic. */
#include "report.h"
#include <math.h>

#define EACH(name)                                                                                                   \
    NOIPA long double wide_##name(long double x) { return name##l(x); }                                              \
    NOIPA double plain_##name(double x) { return name(x); }                                                          \
    NOIPA float narrow_##name(float x) { return name##f(x); }                                                        \
    __attribute__((target("fpmath=387"))) NOIPA double x87_##name(double x) { return name(x); }                      \
    __attribute__((optimize("fast-math"))) NOIPA long double fast_##name(long double x) { return name##l(x); }       \
    __attribute__((optimize("fast-math"))) NOIPA long whole_##name(long double x) { return (long)name##l(x); }
EACH(floor)
EACH(ceil)
EACH(trunc)
EACH(rint)
EACH(nearbyint)
EACH(round)

#define PUT(name)                                        \
    put_long_double("wide " #name, wide_##name(x));      \
    put_double("plain " #name, plain_##name((double)x)); \
    put_double("narrow " #name, narrow_##name((float)x)); \
    put_double("x87 " #name, x87_##name((double)x));     \
    put_long_double("fast " #name, fast_##name(x));      \
    put("whole " #name, (uint64_t)whole_##name(x));

NOIPA long nearest(long double x) { return lrintl(x) + lroundl(x); }
NOIPA long double root(long double x) { return sqrtl(x); }

int main(void)
{
    static long double values[] = {-2.5L, -0.75L, 0.5L, 1.5L, 2.5L, 123456789.875L};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        long double x = HIDE(values[i]);
        PUT(floor)
        PUT(ceil)
        PUT(trunc)
        PUT(rint)
        PUT(nearbyint)
        PUT(round)
        put("nearest", (uint64_t)nearest(x));
        put_long_double("root", root(x < 0 ? -x : x));
    }
    return 0;
}

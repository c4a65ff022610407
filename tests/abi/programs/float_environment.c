/* SPDX-License-Identifier: Apache-2.0 */
/* The floating-point environment a program starts with, and what fegetround, fesetround and the exception flags do. */
/* reference: musl */
/* flags: -frounding-math */
#include "report.h"
#include <fenv.h>
#include <float.h>
#include <math.h>

NOIPA double third(double a, double b) { return a / b; }
NOIPA float third_f(float a, float b) { return a / b; }
NOIPA long convert(double a) { return lrint(a); }

int main(void)
{
    put("mode", (uint64_t)(fegetround() == FE_TONEAREST) + 2 * (FLT_ROUNDS == 1) + 4 * (FLT_EVAL_METHOD == 0));
    put_double("nearest", third(HIDE(1.0), HIDE(3.0)));
    put_double("denormal", HIDE(DBL_MIN) / 4);
    put_double("underflow", HIDE(DBL_TRUE_MIN) / 2);
    put_double("overflow", HIDE(DBL_MAX) * 2);
    put_double("invalid", fabs(HIDE(0.0) / HIDE(0.0)));
    put_double("divide", HIDE(1.0) / HIDE(0.0));
    put("convert", (uint64_t)(convert(HIDE(2.5)) + convert(HIDE(3.5)) * 10 + convert(HIDE(-2.5)) * 100));
    put_long_double("extended", HIDE(1.0L) / HIDE(3.0L));
    put("quiet", HIDE(NAN) == HIDE(NAN));
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST};
    for (int i = 0; i < 4; i++) {
        put("set", (uint64_t)fesetround(modes[i]));
        put("get", (uint64_t)(fegetround() == modes[i]));
        put_double("rounded", third(HIDE(1.0), HIDE(3.0)) + third(HIDE(-1.0), HIDE(3.0)));
        put_double("rounded", (double)third_f(HIDE(2.0f), HIDE(3.0f)));
        put("rounded", (uint64_t)(convert(HIDE(2.5)) + convert(HIDE(-2.5)) * 100));
    }
    return 0;
}

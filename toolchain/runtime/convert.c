/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions between 128-bit integers and floating point. To a float they round once, in the current direction. */
#include "wide.h"

float __floattisf(wide a);
double __floattidf(wide a);
long double __floattixf(wide a);
float __floatuntisf(uwide a);
double __floatuntidf(uwide a);
long double __floatuntixf(uwide a);
wide __fixsfti(float x);
wide __fixdfti(double x);
wide __fixxfti(long double x);
uwide __fixunssfti(float x);
uwide __fixunsdfti(double x);
uwide __fixunsxfti(long double x);

/* The leading `bits` bits of a, the last of them set if anything below was: as good for rounding as all of a. a has *shift more. */
static uint64_t leading(uwide a, int bits, int *shift)
{
    int length = a >> 64 ? 128 - __builtin_clzll((uint64_t)(a >> 64)) : a ? 64 - __builtin_clzll((uint64_t)a) : 0;
    *shift = length > bits ? length - bits : 0;
    uwide kept = a >> *shift;
    return (uint64_t)kept | (kept << *shift != a);
}

/* 2^shift for 0 <= shift < 128 */
static float power_of_two(int shift)
{
    union { uint32_t bits; float value; } u = {(uint32_t)(127 + shift) << 23};
    return u.value;
}

/* 62 bits fit a signed word, which the CPU converts with one rounding; the scaling is exact but for overflow. */
float __floatuntisf(uwide a)
{
    int shift;
    float lead = (float)(int64_t)leading(a, 62, &shift);
    return lead * power_of_two(shift);
}

double __floatuntidf(uwide a)
{
    int shift;
    double lead = (double)(int64_t)leading(a, 62, &shift);
    return lead * (double)power_of_two(shift);
}

/* Both halves are exact in 64 bits of mantissa, so their sum rounds once. */
long double __floatuntixf(uwide a)
{
    return (long double)(uint64_t)(a >> 64) * 0x1p64L + (long double)(uint64_t)a;
}

/* With the sign before rounding, so that rounding upwards and downwards are not exchanged. */
float __floattisf(wide a)
{
    int shift;
    int64_t lead = (int64_t)leading(a < 0 ? -(uwide)a : (uwide)a, 62, &shift);
    return (float)(a < 0 ? -lead : lead) * power_of_two(shift);
}

double __floattidf(wide a)
{
    int shift;
    int64_t lead = (int64_t)leading(a < 0 ? -(uwide)a : (uwide)a, 62, &shift);
    return (double)(a < 0 ? -lead : lead) * (double)power_of_two(shift);
}

long double __floattixf(wide a)
{
    return (long double)(int64_t)(a >> 64) * 0x1p64L + (long double)(uint64_t)a;
}

/* The high word by truncation, the low word from what is left: both steps are exact. */
uwide __fixunsxfti(long double x)
{
    if (!(x > 0))
        return 0;
    uint64_t high = (uint64_t)(x * 0x1p-64L);
    return (uwide)high << 64 | (uint64_t)(x - (long double)high * 0x1p64L);
}

wide __fixxfti(long double x)
{
    return x < 0 ? -(wide)__fixunsxfti(-x) : (wide)__fixunsxfti(x);
}

uwide __fixunssfti(float x) { return __fixunsxfti(x); }
uwide __fixunsdfti(double x) { return __fixunsxfti(x); }
wide __fixsfti(float x) { return __fixxfti(x); }
wide __fixdfti(double x) { return __fixxfti(x); }

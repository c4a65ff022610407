/* SPDX-License-Identifier: Apache-2.0 */
/* _Float16 (IEEE binary16) from and to wider types. */
#include <stdint.h>

float __extendhfsf2(_Float16 h);
double __extendhfdf2(_Float16 h);
long double __extendhfxf2(_Float16 h);
_Float16 __truncsfhf2(float x);
_Float16 __truncdfhf2(double x);
_Float16 __truncxfhf2(long double x);

static uint16_t half_bits(_Float16 h)
{
    union { _Float16 half; uint16_t bits; } u = {h};
    return u.bits;
}

static _Float16 half_from(uint16_t bits)
{
    union { uint16_t bits; _Float16 half; } u = {bits};
    return u.half;
}

float __extendhfsf2(_Float16 h)
{
    uint32_t bits = half_bits(h), sign = bits >> 15 << 31, exponent = bits >> 10 & 31, fraction = bits & 1023;
    union { uint32_t bits; float value; } u;
    if (exponent == 31) { /* a NaN becomes quiet */
        u.bits = sign | 0x7f800000 | fraction << 13 | (fraction ? 0x400000 : 0);
        return u.value;
    }
    if (exponent == 0) {
        u.value = (float)fraction * 0x1p-24f;
        u.bits |= sign;
        return u.value;
    }
    u.bits = sign | (exponent + 112) << 23 | fraction << 13;
    return u.value;
}

/* Rounds to nearest, ties to even, from the bits of a double. */
static _Float16 from_double_bits(uint64_t bits)
{
    uint16_t sign = (uint16_t)(bits >> 48 & 0x8000);
    int exponent = (int)(bits >> 52 & 0x7ff) - 1023;
    uint64_t fraction = bits & 0xfffffffffffffu;
    if (exponent == 1024)
        return half_from(fraction ? sign | 0x7e00 | (uint16_t)(fraction >> 42) : sign | 0x7c00);
    if (exponent < -25)
        return half_from(sign);
    int drop = exponent < -14 ? 42 + (-14 - exponent) : 42;
    uint64_t whole = fraction | (uint64_t)1 << 52, kept = whole >> drop;
    uint64_t rest = whole & (((uint64_t)1 << drop) - 1), half = (uint64_t)1 << (drop - 1);
    kept += rest > half || (rest == half && (kept & 1));
    uint64_t result = exponent < -14 ? kept : kept + ((uint64_t)(exponent + 14) << 10); /* the leading bit counts as exponent 1 */
    return half_from(sign | (uint16_t)(result > 0x7c00 ? 0x7c00 : result));
}

/* A double with the value's first bits and its last bit set if anything was lost: rounding again gives what rounding once gives. */
static _Float16 from_double(double x)
{
    union { double value; uint64_t bits; } u = {x};
    return from_double_bits(u.bits);
}

double __extendhfdf2(_Float16 h) { return __extendhfsf2(h); }
long double __extendhfxf2(_Float16 h) { return __extendhfsf2(h); }
_Float16 __truncsfhf2(float x) { return from_double(x); }
_Float16 __truncdfhf2(double x) { return from_double(x); }

_Float16 __truncxfhf2(long double x)
{
    union { double value; uint64_t bits; } u = {(double)x};
    if (u.value == u.value && (long double)u.value != x)
        u.bits = ((long double)__builtin_fabs(u.value) > __builtin_fabsl(x) ? u.bits - 1 : u.bits) | 1;
    return from_double_bits(u.bits);
}

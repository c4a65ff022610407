/* SPDX-License-Identifier: Apache-2.0 */
/* Division of 128-bit integers. */
#include "wide.h"

wide __divmodti4(wide a, wide b, wide *remainder);
uwide __udivti3(uwide a, uwide b);
uwide __umodti3(uwide a, uwide b);
wide __divti3(wide a, wide b);
wide __modti3(wide a, wide b);

/* (high:low) / b with high < b */
static uint64_t divide_step(uint64_t high, uint64_t low, uint64_t b, uint64_t *remainder)
{
    uint64_t quotient;
    __asm__("divq %4" : "=a"(quotient), "=d"(*remainder) : "0"(low), "1"(high), "rm"(b) : "cc");
    return quotient;
}

static uwide divide_by_word(uwide a, uint64_t b, uwide *remainder)
{
    uint64_t high = (uint64_t)(a >> 64), rest = 0, quotient_high = 0;
    if (high >= b)
        quotient_high = divide_step(0, high, b, &high); /* division by zero traps here, as the instruction does */
    uint64_t quotient = divide_step(high, (uint64_t)a, b, &rest);
    *remainder = rest;
    return (uwide)quotient_high << 64 | quotient;
}

/* b has more than 64 bits, so the quotient is one word. Estimated from the leading words it is at most one too large (Knuth, TAOCP 2,
 * section 4.3.1, with one digit and the divisor normalised). */
uwide __udivmodti4(uwide a, uwide b, uwide *remainder)
{
    uwide ignored;
    if (!remainder)
        remainder = &ignored;
    if (b > a) {
        *remainder = a;
        return 0;
    }
    uint64_t b_high = (uint64_t)(b >> 64);
    if (!b_high)
        return divide_by_word(a, (uint64_t)b, remainder);
    int shift = __builtin_clzll(b_high);
    uint64_t unused, lead = (uint64_t)((b << shift) >> 64);
    uwide half = a >> 1; /* below 2^127, so that its high word is below lead */
    uint64_t quotient = divide_step((uint64_t)(half >> 64), (uint64_t)half, lead, &unused);
    quotient >>= 63 - shift;
    if (quotient)
        quotient--;
    uwide rest = a - quotient * b;
    if (rest >= b) {
        quotient++;
        rest -= b;
    }
    *remainder = rest;
    return quotient;
}

uwide __udivti3(uwide a, uwide b)
{
    return __udivmodti4(a, b, 0);
}

uwide __umodti3(uwide a, uwide b)
{
    uwide rest;
    __udivmodti4(a, b, &rest);
    return rest;
}

static uwide magnitude(wide a)
{
    return a < 0 ? -(uwide)a : (uwide)a;
}

wide __divmodti4(wide a, wide b, wide *remainder)
{
    uwide rest, quotient = __udivmodti4(magnitude(a), magnitude(b), &rest);
    *remainder = (wide)(a < 0 ? -rest : rest);
    return (wide)((a < 0) != (b < 0) ? -quotient : quotient);
}

wide __divti3(wide a, wide b)
{
    wide rest;
    return __divmodti4(a, b, &rest);
}

wide __modti3(wide a, wide b)
{
    wide rest;
    __divmodti4(a, b, &rest);
    return rest;
}

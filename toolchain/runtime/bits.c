/* SPDX-License-Identifier: Apache-2.0 */
/* Counting bits, and comparing and shifting 128-bit integers, where gcc calls a function for it. */
#include "wide.h"

int __popcountdi2(uint64_t a);
int __popcountsi2(uint32_t a);
int __popcountti2(uwide a);
int __paritydi2(uint64_t a);
int __paritysi2(uint32_t a);
int __parityti2(uwide a);
int __clzdi2(uint64_t a);
int __clzsi2(uint32_t a);
int __clzti2(uwide a);
int __ctzdi2(uint64_t a);
int __ctzsi2(uint32_t a);
int __ctzti2(uwide a);
int __ffsdi2(uint64_t a);
int __ffssi2(uint32_t a);
int __ffsti2(uwide a);
int __clrsbdi2(int64_t a);
int __clrsbsi2(int32_t a);
int __clrsbti2(wide a);
uint64_t __bswapdi2(uint64_t a);
uint32_t __bswapsi2(uint32_t a);
int __cmpti2(wide a, wide b);
int __ucmpti2(uwide a, uwide b);
wide __multi3(wide a, wide b);
wide __negti2(wide a);

int __popcountdi2(uint64_t a)
{
    a -= a >> 1 & 0x5555555555555555u;
    a = (a & 0x3333333333333333u) + (a >> 2 & 0x3333333333333333u);
    a = (a + (a >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (int)(a * 0x0101010101010101u >> 56);
}

int __popcountsi2(uint32_t a) { return __popcountdi2(a); }
int __popcountti2(uwide a) { return __popcountdi2((uint64_t)a) + __popcountdi2((uint64_t)(a >> 64)); }
int __paritydi2(uint64_t a) { return __popcountdi2(a) & 1; }
int __paritysi2(uint32_t a) { return __popcountdi2(a) & 1; }
int __parityti2(uwide a) { return __popcountti2(a) & 1; }
int __clzdi2(uint64_t a) { return __builtin_clzll(a); }
int __clzsi2(uint32_t a) { return __builtin_clz(a); }
int __clzti2(uwide a) { return a >> 64 ? __builtin_clzll((uint64_t)(a >> 64)) : 64 + __builtin_clzll((uint64_t)a); }
int __ctzdi2(uint64_t a) { return __builtin_ctzll(a); }
int __ctzsi2(uint32_t a) { return __builtin_ctz(a); }
int __ctzti2(uwide a) { return (uint64_t)a ? __builtin_ctzll((uint64_t)a) : 64 + __builtin_ctzll((uint64_t)(a >> 64)); }
int __ffsdi2(uint64_t a) { return a ? __ctzdi2(a) + 1 : 0; }
int __ffssi2(uint32_t a) { return a ? __ctzsi2(a) + 1 : 0; }
int __ffsti2(uwide a) { return a ? __ctzti2(a) + 1 : 0; }

/* Copies of the sign bit behind it; setting the lowest bit keeps the argument of clz from being 0. */
int __clrsbdi2(int64_t a) { return __clzdi2((uint64_t)(a < 0 ? ~a : a) << 1 | 1); }
int __clrsbsi2(int32_t a) { return __clzsi2((uint32_t)(a < 0 ? ~a : a) << 1 | 1); }
int __clrsbti2(wide a) { return __clzti2((uwide)(a < 0 ? ~a : a) << 1 | 1); }

uint64_t __bswapdi2(uint64_t a) { return __builtin_bswap64(a); }
uint32_t __bswapsi2(uint32_t a) { return __builtin_bswap32(a); }
int __cmpti2(wide a, wide b) { return (a > b) - (a < b) + 1; }
int __ucmpti2(uwide a, uwide b) { return (a > b) - (a < b) + 1; }
wide __multi3(wide a, wide b) { return a * b; }
wide __negti2(wide a) { return -a; }

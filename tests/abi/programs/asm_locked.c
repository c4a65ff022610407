/* SPDX-License-Identifier: Apache-2.0 */
/* Locked instructions by hand: xadd, xchg, cmpxchg of each width, cmpxchg8b and 16b, lock on read-modify-write of memory. */
/* flags: -mcx16 */
#include "report.h"

static uint8_t m8 = 200;
static uint16_t m16 = 60000;
static uint32_t m32 = 4000000000u;
static uint64_t m64 = 18000000000000000000u;
static _Alignas(16) uint64_t pair[4] = {1, 2, 3, 4};

#define ADD(type, suffix) \
    NOIPA type xadd_##suffix(type *p, type v) { __asm__ volatile("lock xadd" #suffix " %0, %1" : "+r"(v), "+m"(*p) : : "cc"); return v; } \
    NOIPA type xchg_##suffix(type *p, type v) { __asm__ volatile("xchg" #suffix " %0, %1" : "+r"(v), "+m"(*p)); return v; } \
    NOIPA type cmpxchg_##suffix(type *p, type old, type new_, int *ok) \
    { \
        unsigned char z; \
        __asm__ volatile("lock; cmpxchg" #suffix " %3, %2\n\tsetz %1" : "+a"(old), "=q"(z), "+m"(*p) : "r"(new_) : "cc"); \
        *ok = *ok * 2 + z; \
        return old; \
    }
ADD(uint8_t, b) ADD(uint16_t, w) ADD(uint32_t, l) ADD(uint64_t, q)

NOIPA int compare_16(uint64_t *p, uint64_t *low, uint64_t *high, uint64_t new_low, uint64_t new_high)
{
    unsigned char z;
    __asm__ volatile("lock cmpxchg16b %3\n\tsetz %0" : "=q"(z), "+a"(*low), "+d"(*high), "+m"(*(__int128 *)p) : "b"(new_low),
        "c"(new_high) : "cc");
    return z;
}
NOIPA int compare_8(uint32_t *p, uint32_t *low, uint32_t *high, uint32_t new_low, uint32_t new_high)
{
    unsigned char z;
    __asm__ volatile("lock cmpxchg8b %3\n\tsetz %0" : "=q"(z), "+a"(*low), "+d"(*high), "+m"(*(uint64_t *)p) : "b"(new_low),
        "c"(new_high) : "cc");
    return z;
}
NOIPA int others(uint64_t *p, long i)
{
    unsigned char sign, carry;
    __asm__ volatile("lock incq %0" : "+m"(p[i]) : : "cc");
    __asm__ volatile("lock decl %0" : "+m"(*(uint32_t *)&p[i + 1]) : : "cc");
    __asm__ volatile("lock notw %0" : "+m"(*(uint16_t *)&p[i]));
    __asm__ volatile("lock negb %0" : "+m"(*(uint8_t *)&p[i + 1]) : : "cc");
    __asm__ volatile("lock orq $0x40, %0" : "+m"(p[i]) : : "cc");
    __asm__ volatile("lock andl $0xfffffff0, %0" : "+m"(*(uint32_t *)&p[i]) : : "cc");
    __asm__ volatile("lock xorq %1, %0" : "+m"(p[i]) : "r"(0x1234567u * (uint64_t)i) : "cc");
    __asm__ volatile("lock subq %2, %0\n\tsets %1" : "+m"(p[i]), "=q"(sign) : "r"(99ul) : "cc");
    __asm__ volatile("lock btsl $5, %0\n\tsetc %1" : "+m"(*(uint32_t *)&p[i]), "=q"(carry) : : "cc");
    return sign * 2 + carry;
}

int main(void)
{
    int ok = 1;
    put("xadd", xadd_b(&m8, 100) + xadd_w(&m16, 10000) * 1000ull + xadd_l(&m32, 1000000000) + xadd_q(&m64, 0x1111111111111111u));
    put("xchg", xchg_b(&m8, 11) + xchg_w(&m16, 22) * 1000ull + xchg_l(&m32, 33) + xchg_q(&m64, 44));
    put("cmpxchg", cmpxchg_b(&m8, 11, 12, &ok) + cmpxchg_w(&m16, 23, 24, &ok) + cmpxchg_l(&m32, 33, 34, &ok) + cmpxchg_q(&m64, 45, 46,
        &ok));
    put("ok", (uint64_t)ok);
    put("values", m8 + m16 * 1000ull + m32 * 1000000ull + m64 * 1000000000ull);
    uint64_t low = 3, high = 4;
    put("16b", (uint64_t)compare_16(pair + HIDE(2), &low, &high, 55, 66));
    put("16b", (uint64_t)compare_16(pair + HIDE(2), &low, &high, 77, 88));
    put("16b", low * 1000 + high);
    uint32_t l = 55, h = 0;
    put("8b", (uint64_t)compare_8((uint32_t *)(pair + HIDE(2)), &l, &h, 5, 6));
    for (long i = 0; i < 3; i++)
        put("others", (uint64_t)others(pair, HIDE(i)));
    put_bytes("pair", pair, sizeof pair);
    return 0;
}

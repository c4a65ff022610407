/* SPDX-License-Identifier: Apache-2.0 */
/* memcmp: vectors, and for short ranges words compared in memory order. */
#include <string.h>
#include "vector.h"

static int order64(uint64_t a, uint64_t b)
{
    a = __builtin_bswap64(a);
    b = __builtin_bswap64(b);
    return (a > b) - (a < b);
}

static int compare_short(const unsigned char *a, const unsigned char *b, size_t n)
{
    if (n >= 8) {
        uint64_t x = LOAD(any64, a), y = LOAD(any64, b);
        if (x != y) return order64(x, y);
        return order64(LOAD(any64, a + n - 8), LOAD(any64, b + n - 8));
    }
    if (n >= 4) {
        uint64_t x = (uint64_t)__builtin_bswap32(LOAD(any32, a)) << 32 | __builtin_bswap32(LOAD(any32, a + n - 4));
        uint64_t y = (uint64_t)__builtin_bswap32(LOAD(any32, b)) << 32 | __builtin_bswap32(LOAD(any32, b + n - 4));
        return (x > y) - (x < y);
    }
    for (; n; a++, b++, n--)
        if (*a != *b) return *a - *b;
    return 0;
}

/* False if the 32 bytes at a and b are equal, otherwise *result tells their order. */
static int compare_block(const unsigned char *a, const unsigned char *b, int *result)
{
    uint32_t differs = ~mask_of(LOAD(any256, a) == LOAD(any256, b));
    if (!differs) return 0;
    unsigned i = (unsigned)__builtin_ctz(differs);
    *result = a[i] - b[i];
    return 1;
}

static int compare_half_block(const unsigned char *a, const unsigned char *b, int *result)
{
    uint32_t differs = 0xffff ^ mask_of_half(LOAD(any128, a) == LOAD(any128, b));
    if (!differs) return 0;
    unsigned i = (unsigned)__builtin_ctz(differs);
    *result = a[i] - b[i];
    return 1;
}

static inline int stride_differs(const unsigned char *a, const unsigned char *b)
{
    return mask_of((LOAD(any256, a) == LOAD(any256, b)) & (LOAD(any256, a + 32) == LOAD(any256, b + 32)) &
                   (LOAD(any256, a + 64) == LOAD(any256, b + 64)) & (LOAD(any256, a + 96) == LOAD(any256, b + 96))) != ~0u;
}

/* Apart from memcmp, so that shorter ranges save no registers for it. n > 64. */
__attribute__((noinline)) static int compare_long(const unsigned char *a, const unsigned char *b, size_t n)
{
    const unsigned char *last_a = a + n - 32, *last_b = b + n - 32;
    int result = 0;
    for (; n >= STRIDE && !stride_differs(a, b); n -= STRIDE) {
        a += STRIDE;
        b += STRIDE;
    }
    for (; a < last_a; a += 32, b += 32)
        if (compare_block(a, b, &result)) return result;
    compare_block(last_a, last_b, &result);
    return result;
}

int memcmp(const void *left, const void *right, size_t n)
{
    const unsigned char *a = left, *b = right;
    int result = 0;
    if (n < 16) return compare_short(a, b, n);
    if (n < 32) {
        if (!compare_half_block(a, b, &result)) compare_half_block(a + n - 16, b + n - 16, &result);
        return result;
    }
    if (n > 64) return compare_long(a, b, n);
    if (!compare_block(a, b, &result)) compare_block(a + n - 32, b + n - 32, &result);
    return result;
}

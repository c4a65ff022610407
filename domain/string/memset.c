/* SPDX-License-Identifier: Apache-2.0 */
/* memset: two overlapping stores for short ranges, vectors for middle ones, the CPU's own string store for long ones. */
#include <string.h>
#include "vector.h"

/* From here on the CPU's own string store is at least as fast as a loop of vectors (measured by bench/strings.c). */
#define STRING_STORE_MIN 2048

static void set_short(unsigned char *d, unsigned char c, size_t n)
{
    uint64_t word = c * 0x0101010101010101u;
    if (n >= 8) {
        STORE(any64, d, word);
        STORE(any64, d + n - 8, word);
    } else if (n >= 4) {
        STORE(any32, d, (uint32_t)word);
        STORE(any32, d + n - 4, (uint32_t)word);
    } else if (n >= 2) {
        STORE(any16, d, (uint16_t)word);
        STORE(any16, d + n - 2, (uint16_t)word);
    } else if (n) {
        *d = c;
    }
}

/* n > 128 */
static void set_long(unsigned char *d, block value, size_t n)
{
    unsigned char *last = d + n - 128;
    for (; d < last; d += 128) {
        STORE(any256, d, value);
        STORE(any256, d + 32, value);
        STORE(any256, d + 64, value);
        STORE(any256, d + 96, value);
    }
    STORE(any256, last, value);
    STORE(any256, last + 32, value);
    STORE(any256, last + 64, value);
    STORE(any256, last + 96, value);
}

void *memset(void *to, int c, size_t n)
{
    unsigned char *d = to;
    if (n < 16) {
        set_short(d, (unsigned char)c, n);
    } else if (n <= 32) {
        any128 value = (any128){0} + (char)c;
        STORE(any128, d, value);
        STORE(any128, d + n - 16, value);
    } else if (n <= 64) {
        block value = block_of(c);
        STORE(any256, d, value);
        STORE(any256, d + n - 32, value);
    } else if (n <= 128) {
        block value = block_of(c);
        STORE(any256, d, value);
        STORE(any256, d + 32, value);
        STORE(any256, d + n - 32, value);
        STORE(any256, d + n - 64, value);
    } else if (n < STRING_STORE_MIN) {
        set_long(d, block_of(c), n);
    } else {
        __asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(c) : "memory");
    }
    return to;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* strcmp: unaligned blocks while neither would cross into another page, single bytes over the crossing. */
#include <string.h>
#include "vector.h"

#define PAGE 4096

static inline int crosses_page(const void *p)
{
    return (uintptr_t)p % PAGE > PAGE - BLOCK;
}

int strcmp(const char *left, const char *right)
{
    const unsigned char *a = (const void *)left, *b = (const void *)right;
    for (;;) {
        if (crosses_page(a) || crosses_page(b)) {
            for (int i = 0; i < BLOCK; i++, a++, b++)
                if (*a != *b || !*a) return *a - *b;
            continue;
        }
        block x = LOAD(any256, a), y = LOAD(any256, b);
        uint32_t stops = ~mask_of((x == y) & (x != block_of(0)));
        if (stops) {
            unsigned i = (unsigned)__builtin_ctz(stops);
            return a[i] - b[i];
        }
        a += BLOCK;
        b += BLOCK;
    }
}

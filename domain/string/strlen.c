/* SPDX-License-Identifier: Apache-2.0 */
/* strlen: aligned blocks, so that no read leaves the string's pages; four at a time once the string is long. */
#include <string.h>
#include "vector.h"

static inline uint32_t zeros_at(const unsigned char *p)
{
    return mask_of(LOAD(block, p) == block_of(0));
}

static inline int zero_in_stride(const unsigned char *p)
{
    block low = smallest(LOAD(block, p), LOAD(block, p + 32), LOAD(block, p + 64), LOAD(block, p + 96));
    return mask_of(low == block_of(0)) != 0;
}

size_t strlen(const char *s)
{
    const unsigned char *p = block_start(s);
    uint32_t zeros = zeros_at(p) >> block_skip(s);
    if (zeros) return (size_t)__builtin_ctz(zeros);
    for (;;) {
        p += BLOCK;
        if ((uintptr_t)p % STRIDE == 0)
            while (!zero_in_stride(p)) p += STRIDE;
        zeros = zeros_at(p);
        if (zeros) return (size_t)(p - (const unsigned char *)s) + (size_t)__builtin_ctz(zeros);
    }
}

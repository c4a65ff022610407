/* SPDX-License-Identifier: Apache-2.0 */
/* memchr: aligned blocks, so that no read leaves the range's pages; four at a time once the range is long. */
#include <string.h>
#include "vector.h"

static inline uint32_t hits_at(const unsigned char *p, block wanted)
{
    return mask_of(LOAD(block, p) == wanted);
}

static inline int hit_in_stride(const unsigned char *p, block wanted)
{
    return mask_of((LOAD(block, p) == wanted) | (LOAD(block, p + 32) == wanted) | (LOAD(block, p + 64) == wanted) |
                   (LOAD(block, p + 96) == wanted)) != 0;
}

void *memchr(const void *s, int c, size_t n)
{
    if (!n) return 0;
    const unsigned char *p = block_start(s);
    block wanted = block_of(c);
    size_t begin = block_skip(s), position = 0; /* what of the range lies before p, once p is beyond its first block */
    uint32_t found = hits_at(p, wanted) >> begin;
    if (found) {
        position = (size_t)__builtin_ctz(found);
        return position < n ? (unsigned char *)s + position : 0;
    }
    for (position = BLOCK - begin; position < n; position += BLOCK) {
        p += BLOCK;
        if ((uintptr_t)p % STRIDE == 0) {
            while (n - position > STRIDE && !hit_in_stride(p, wanted)) {
                p += STRIDE;
                position += STRIDE;
            }
        }
        found = hits_at(p, wanted);
        if (found) {
            position += (size_t)__builtin_ctz(found);
            return position < n ? (unsigned char *)s + position : 0;
        }
    }
    return 0;
}

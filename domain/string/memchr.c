/* SPDX-License-Identifier: Apache-2.0 */
/* memchr: aligned blocks, so that no read leaves the range's pages. */
#include <string.h>
#include "vector.h"

void *memchr(const void *s, int c, size_t n)
{
    if (!n) return 0;
    const unsigned char *p = block_start(s);
    block wanted = block_of(c);
    size_t ahead = BLOCK - block_skip(s); /* bytes of the range in the blocks read so far */
    uint32_t found = mask_of(LOAD(block, p) == wanted) >> block_skip(s);
    if (found) {
        size_t i = (size_t)__builtin_ctz(found);
        return i < n ? (unsigned char *)s + i : 0;
    }
    while (ahead < n) {
        p += BLOCK;
        found = mask_of(LOAD(block, p) == wanted);
        if (found) {
            size_t i = ahead + (size_t)__builtin_ctz(found);
            return i < n ? (unsigned char *)s + i : 0;
        }
        ahead += BLOCK;
    }
    return 0;
}

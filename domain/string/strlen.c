/* SPDX-License-Identifier: Apache-2.0 */
/* strlen: aligned blocks, so that no read leaves the string's pages. */
#include <string.h>
#include "vector.h"

size_t strlen(const char *s)
{
    const unsigned char *p = block_start(s);
    uint32_t zeros = mask_of(LOAD(block, p) == block_of(0)) >> block_skip(s);
    if (zeros) return (size_t)__builtin_ctz(zeros);
    do {
        p += BLOCK;
        zeros = mask_of(LOAD(block, p) == block_of(0));
    } while (!zeros);
    return (size_t)(p - (const unsigned char *)s) + (size_t)__builtin_ctz(zeros);
}

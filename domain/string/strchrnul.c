/* SPDX-License-Identifier: Apache-2.0 */
/* strchrnul, on which musl's strchr and others stand: aligned blocks, so that no read leaves the string's pages. */
#define _GNU_SOURCE
#include <string.h>
#include "features.h"
#include "vector.h"

static inline uint32_t hits(const unsigned char *p, block wanted)
{
    block bytes = LOAD(block, p);
    return mask_of((bytes == wanted) | (bytes == block_of(0)));
}

char *__strchrnul(const char *s, int c)
{
    const unsigned char *p = block_start(s);
    block wanted = block_of(c);
    uint32_t found = hits(p, wanted) >> block_skip(s);
    if (found) return (char *)s + __builtin_ctz(found);
    do {
        p += BLOCK;
        found = hits(p, wanted);
    } while (!found);
    return (char *)p + __builtin_ctz(found);
}

weak_alias(__strchrnul, strchrnul);

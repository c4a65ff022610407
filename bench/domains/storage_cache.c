/* SPDX-License-Identifier: Apache-2.0 */
/* Storage: a cache of blocks, written through. */
#include "storage.h"

enum { LINES = 256 };
PORIN_IMPORT(checksum_read);
PORIN_IMPORT(checksum_write);

static struct { uint64_t block; uint8_t bytes[STORAGE_BLOCK]; } lines[LINES]; /* block: one more than its number */

long cache_read(uint64_t block, uint8_t LENT *to)
{
    unsigned line = block % LINES;
    if (lines[line].block != block + 1) {
        lines[line].block = 0;
        if (checksum_read(block, LEND(lines[line].bytes, PORIN_RIGHT_WRITE)) != 0)
            return -1;
        lines[line].block = block + 1;
    }
    COPY_OUT(to, lines[line].bytes);
    return 0;
}
long cache_write(uint64_t block, const uint8_t LENT *from)
{
    unsigned line = block % LINES;
    lines[line].block = 0;
    COPY_IN(lines[line].bytes, from);
    if (checksum_write(block, PASS(from, PORIN_RIGHT_READ)) != 0)
        return -1;
    lines[line].block = block + 1;
    return 0;
}
PORIN_EXPORT(cache_read);
PORIN_EXPORT(cache_write);

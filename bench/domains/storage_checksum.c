/* SPDX-License-Identifier: Apache-2.0 */
/* Storage: every block has a sum, which is checked when it is read. */
#include "storage.h"

PORIN_IMPORT(block_read);
PORIN_IMPORT(block_write);

static uint64_t sums[STORAGE_BLOCKS];

static uint64_t sum_of(const uint8_t LENT *block)
{
    const uint64_t LENT *words = (const uint64_t LENT *)block;
    uint64_t sum = 1;
    for (unsigned i = 0; i < STORAGE_BLOCK / 8; i++)
        sum = sum * 31 + words[i];
    return sum;
}
long checksum_read(uint64_t block, uint8_t LENT *to)
{
    if (block >= STORAGE_BLOCKS || block_read(block, PASS(to, PORIN_RIGHT_WRITE)) != 0)
        return -1;
    return sums[block] == 0 || sums[block] == sum_of(to) ? 0 : -1;
}
long checksum_write(uint64_t block, const uint8_t LENT *from)
{
    if (block >= STORAGE_BLOCKS)
        return -1;
    sums[block] = sum_of(from);
    return block_write(block, PASS(from, PORIN_RIGHT_READ));
}
PORIN_EXPORT(checksum_read);
PORIN_EXPORT(checksum_write);

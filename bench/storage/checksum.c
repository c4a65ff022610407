/* SPDX-License-Identifier: Apache-2.0 */
/* Storage: every block has a sum, which is checked when it is read. The sums lie in the first blocks and are written in the same
 * transaction as what they are of; the last of each block of sums is over the others. */
#include "storage.h"

PORIN_IMPORT(journal_open);
PORIN_IMPORT(journal_read);
PORIN_IMPORT(journal_write);
PORIN_IMPORT(journal_commit);

enum { PER_BLOCK = STORAGE_BLOCK / 8 - 1, SUM_BLOCKS = 128 };
typedef uint64_t lanes __attribute__((vector_size(16), aligned(8), may_alias));

static struct { uint64_t of[PER_BLOCK], own; } sums[SUM_BLOCKS] __attribute__((aligned(STORAGE_BLOCK)));  /* 0: never written */
static uint8_t changed[SUM_BLOCKS];
static uint64_t first, blocks;
static const uint8_t zeros[STORAGE_BLOCK];

/* Two running sums for each of eight lanes, so that the places of bytes count. Read where the block lies: a copy would cost more. */
static uint64_t sum_of(uint64_t block, const uint8_t LENT *bytes)
{
    lanes a[4] = {{1, 2}, {3, 4}, {5, 6}, {7, 8}}, b[4] = {{block}};
    const lanes LENT *from = (const lanes LENT *)bytes;
    for (unsigned i = 0; i < STORAGE_BLOCK / sizeof(lanes); i += 4)
        for (unsigned lane = 0; lane < 4; lane++) {
            a[lane] += from[i + lane];
            b[lane] += a[lane];
        }
    uint64_t sum = block;
    for (unsigned lane = 0; lane < 8; lane++)
        sum = ((sum ^ a[lane / 2][lane % 2]) * 0x9e3779b97f4a7c15u ^ b[lane / 2][lane % 2]) * 0xbf58476d1ce4e5b9u ^ sum >> 31;
    return sum ? sum : 1;
}
static uint64_t *sum_place(uint64_t block)
{
    return &sums[block / PER_BLOCK].of[block % PER_BLOCK];
}
long checksum_open(void)
{
    long result = journal_open();
    blocks = 0;
    if (result < 0)
        return storage_error(result);
    uint64_t all = (uint64_t)result;
    first = (all + PER_BLOCK) / (PER_BLOCK + 1);
    if (first > SUM_BLOCKS || first >= all)
        return STORAGE_DEVICE;
    memset(changed, 0, sizeof changed);
    for (uint64_t i = 0; i < first; i++) {
        result = journal_read(i, LEND(&sums[i], STORAGE_BLOCK, WRITE), 1);
        if (result != 0)
            return storage_error(result);
        uint64_t own = sums[i].own;
        sums[i].own = 0;
        if (own != sum_of(i, OWN(&sums[i], STORAGE_BLOCK)) && (own != 0 || memcmp(&sums[i], zeros, sizeof zeros) != 0))
            return STORAGE_DAMAGED;
    }
    blocks = all - first;
    return (long)blocks;
}
long checksum_read(uint64_t block, uint8_t LENT *to, uint64_t number)
{
    if (number - 1 >= BLOCK_AT_ONCE || block >= blocks || number > blocks - block || !COVERS(to, number * STORAGE_BLOCK, WRITE))
        return STORAGE_WRONG;
    long result = journal_read(first + block, PASS(to, number * STORAGE_BLOCK, WRITE), number);
    if (result != 0)
        return storage_error(result);
    for (uint64_t i = 0; i < number; i++, to += STORAGE_BLOCK) {
        uint64_t sum = *sum_place(block + i);
        if (sum == 0)                   /* never written: reads as zeros, whatever the device says */
            COPY_OUT(to, zeros, STORAGE_BLOCK);
        else if (sum != sum_of(block + i, to))
            return STORAGE_DAMAGED;
    }
    return 0;
}
long checksum_write(uint64_t block, const uint8_t LENT *from)
{
    if (block >= blocks || !COVERS(from, STORAGE_BLOCK, READ))
        return STORAGE_WRONG;
    long result = journal_write(first + block, PASS(from, STORAGE_BLOCK, READ));
    if (result != 0)
        return storage_error(result);
    *sum_place(block) = sum_of(block, from);
    changed[block / PER_BLOCK] = 1;
    return 0;
}
long checksum_commit(void)
{
    long result = 0;
    for (uint64_t i = 0; i < first && result == 0; i++)
        if (changed[i]) {
            sums[i].own = 0;
            sums[i].own = sum_of(i, OWN(&sums[i], STORAGE_BLOCK));
            result = journal_write(i, LEND(&sums[i], STORAGE_BLOCK, READ));
            sums[i].own = 0;
            changed[i] = 0;
        }
    if (result == 0)
        result = journal_commit();
    return result == 0 ? 0 : storage_error(result);
}
PORIN_EXPORT(checksum_open);
PORIN_EXPORT(checksum_read);
PORIN_EXPORT(checksum_write);
PORIN_EXPORT(checksum_commit);
STORAGE_MODULE(checksum);

/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile block device: reads give anything, answers are anything, and now and then it reaches past what it was lent. */
#include "bench/storage/storage.h"

static uint64_t seed = 1;
static uint8_t page[STORAGE_BLOCK], disk[1400][STORAGE_BLOCK];

static uint64_t below(uint64_t limit)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % limit;
}
long block_attach(const char *path, uint64_t start)
{
    (void)path;
    seed = start;
    return 0;
}
long block_open(void)
{
    return below(8) ? 1400 : (long)(below(3) << below(63)) - 5;
}
static long answer(void)
{
    return below(40) ? 0 : (long)(below(5) << below(63)) - 8;
}
/* Honest at first, or no module above would come to anything; then worse. */
long block_read(uint64_t block, uint8_t LENT *to, uint64_t blocks)
{
    for (uint64_t i = 0; i < blocks; i++) {
        memcpy(page, disk[(block + i) % 1400], STORAGE_BLOCK);
        for (uint64_t k = below(60) ? 0 : below(50); k; k--)
            page[below(STORAGE_BLOCK)] = (uint8_t)below(256);
        porin_cap_write(to + i * STORAGE_BLOCK, page, STORAGE_BLOCK);
    }
    if (below(400) == 0)
        porin_cap_write(to + blocks * STORAGE_BLOCK, page, 1 + below(STORAGE_BLOCK)); /* a fault of this module */
    return answer();
}
long block_write(uint64_t block, const uint8_t LENT *from, uint64_t blocks)
{
    for (uint64_t i = 0; i < blocks; i++)
        porin_cap_read(disk[(block + i) % 1400], from + i * STORAGE_BLOCK, STORAGE_BLOCK);
    if (below(400) == 0)
        porin_cap_write((uint8_t LENT *)from, page, 1);
    return answer();
}
long block_flush(void)
{
    return answer();
}
PORIN_EXPORT(block_attach);
PORIN_EXPORT(block_open);
PORIN_EXPORT(block_read);
PORIN_EXPORT(block_write);
PORIN_EXPORT(block_flush);
STORAGE_MODULE(block);

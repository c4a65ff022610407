/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile files module: asks the cache for what it must refuse, and reaches for its memory. Each attack in a call of its own, since
 * most end this domain. */
#include "bench/storage/storage.h"

PORIN_IMPORT(cache_open);
PORIN_IMPORT(cache_read);
PORIN_IMPORT(cache_write);
PORIN_IMPORT(cache_clear);
PORIN_IMPORT(cache_commit);

static uint8_t page[STORAGE_BLOCK];

long files_mount(void)
{
    return cache_open();
}
/* Writes a secret that lies in the cache then. */
long hostile_prepare(void)
{
    memset(page, 0xa5, sizeof page);
    return cache_write(20, 0, LEND(page, STORAGE_BLOCK, READ), STORAGE_BLOCK);
}
/* Reads through a pointer that nobody gave it: before, between and after calls. What it says, if it can, is what it has read. */
long hostile_forge(uint64_t number, uint64_t offset, uint64_t ask_first)
{
    uint8_t byte = 0;
    if (ask_first)
        cache_read(20, 0, LEND(&byte, 1, WRITE), 1);
    return ((const uint8_t LENT *)(number << 52 | offset))[0];
}
/* Calls that lend less than they say, with a right too few, nothing, or out of all bounds. All must answer STORAGE_WRONG. */
long hostile_ask(uint64_t how)
{
    switch (how) {
    case 0: return cache_read(20, 0, LEND(page, STORAGE_BLOCK - 1, WRITE), STORAGE_BLOCK);
    case 1: return cache_read(20, 0, LEND(page, STORAGE_BLOCK, READ), STORAGE_BLOCK);
    case 2: return cache_read(20, 0, (uint8_t LENT *)0, STORAGE_BLOCK);
    case 3: return cache_read(20, 0, (uint8_t LENT *)(uint64_t)page, STORAGE_BLOCK);
    case 4: return cache_read(20, 1, LEND(page, STORAGE_BLOCK, WRITE), STORAGE_BLOCK);
    case 5: return cache_read(20, 0, LEND(page, STORAGE_BLOCK, WRITE), 2 * STORAGE_BLOCK);
    case 6: return cache_read(20, ~0ull, LEND(page, STORAGE_BLOCK, WRITE), 2);
    case 7: return cache_read(1ull << 40, 0, LEND(page, STORAGE_BLOCK, WRITE), STORAGE_BLOCK);
    case 8: return cache_read(~0ull, 0, LEND(page, STORAGE_BLOCK, WRITE), STORAGE_BLOCK);
    case 9: return cache_read(20, 8, LEND(page, STORAGE_BLOCK, WRITE), ~0ull - 4);
    case 10: return cache_write(20, 0, LEND(page, 1, READ), STORAGE_BLOCK);
    case 11: return cache_write(~0ull, 0, LEND(page, STORAGE_BLOCK, READ), STORAGE_BLOCK);
    case 12: return cache_write(20, 4095, LEND(page, 2, READ), 2);
    case 13: return cache_clear(~0ull);
    case 14: return cache_read(20, 0, LEND(page, STORAGE_BLOCK, WRITE) + 1, STORAGE_BLOCK);
    case 15: return cache_write(20, 0, (const uint8_t LENT *)(5ull << 52), 16);
    }
    return 1;
}
PORIN_EXPORT(files_mount);
PORIN_EXPORT(hostile_prepare);
PORIN_EXPORT(hostile_forge);
PORIN_EXPORT(hostile_ask);
STORAGE_MODULE(files);

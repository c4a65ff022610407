/* SPDX-License-Identifier: Apache-2.0 */
/* Storage: a cache of blocks. Changed ones stay until they must make room or a commit comes; who reads in order gets some more at once. */
#include "storage.h"

PORIN_IMPORT(checksum_open);
PORIN_IMPORT(checksum_read);
PORIN_IMPORT(checksum_write);
PORIN_IMPORT(checksum_commit);

enum { LINES = 1024, AHEAD = 16 };
static uint8_t lines[LINES][STORAGE_BLOCK] __attribute__((aligned(STORAGE_BLOCK)));
static uint64_t held[LINES];            /* one more than the block's number, or 0 */
static uint8_t dirty[LINES];
static uint64_t blocks, changed, expected;

static long line_write(uint64_t line)
{
    if (!dirty[line])
        return 0;
    long result = checksum_write(held[line] - 1, LEND(lines[line], STORAGE_BLOCK, READ));
    if (result != 0)
        return storage_error(result);
    dirty[line] = 0;
    return 0;
}
/* Makes the line of a block that is not held its own, without contents yet. */
static long line_take(uint64_t block)
{
    long result = line_write(block % LINES);
    if (result == 0)
        held[block % LINES] = 0;
    return result;
}
/* Blocks that follow one another on the device have lines that do so too, up to the next multiple of AHEAD. */
static long lines_load(uint64_t block)
{
    uint64_t number = 1, line = block % LINES;
    long result = line_take(block);
    if (result != 0)
        return result;
    if (block == expected)
        while (number < AHEAD - block % AHEAD && block + number < blocks && held[line + number] != block + number + 1 &&
               !dirty[line + number])
            held[line + number++] = 0;
    result = checksum_read(block, LEND(lines[line], number * STORAGE_BLOCK, WRITE), number);
    if (result != 0 && number > 1) {    /* what nobody has asked for yet must not make this fail */
        number = 1;
        result = checksum_read(block, LEND(lines[line], STORAGE_BLOCK, WRITE), 1);
    }
    if (result != 0)
        return storage_error(result);
    for (uint64_t i = 0; i < number; i++)
        held[line + i] = block + i + 1;
    expected = block + number;
    return 0;
}
static int part_good(uint64_t block, uint64_t offset, uint64_t size)
{
    return block < blocks && offset <= STORAGE_BLOCK && size <= STORAGE_BLOCK - offset;
}
static long changed_now(uint64_t line)
{
    changed += !dirty[line];
    dirty[line] = 1;
    return (long)changed;
}
long cache_open(void)
{
    long result = checksum_open();
    memset(held, 0, sizeof held);
    memset(dirty, 0, sizeof dirty);
    changed = expected = 0;
    blocks = result < 0 ? 0 : (uint64_t)result;
    return result < 0 ? storage_error(result) : result;
}
long cache_read(uint64_t block, uint64_t offset, uint8_t LENT *to, uint64_t size)
{
    if (!part_good(block, offset, size) || !COVERS(to, size, WRITE))
        return STORAGE_WRONG;
    if (held[block % LINES] != block + 1) {
        long result = lines_load(block);
        if (result != 0)
            return result;
    }
    COPY_OUT(to, lines[block % LINES] + offset, size);
    return 0;
}
long cache_write(uint64_t block, uint64_t offset, const uint8_t LENT *from, uint64_t size)
{
    uint64_t line = block % LINES;
    if (!part_good(block, offset, size) || !COVERS(from, size, READ))
        return STORAGE_WRONG;
    if (held[line] != block + 1) {
        long result = size == STORAGE_BLOCK ? line_take(block) : lines_load(block);
        if (result != 0)
            return result;
    }
    COPY_IN(lines[line] + offset, from, size);
    held[line] = block + 1;
    return changed_now(line);
}
long cache_clear(uint64_t block)
{
    uint64_t line = block % LINES;
    if (block >= blocks)
        return STORAGE_WRONG;
    if (held[line] != block + 1) {
        long result = line_take(block);
        if (result != 0)
            return result;
    }
    memset(lines[line], 0, STORAGE_BLOCK);
    held[line] = block + 1;
    return changed_now(line);
}
long cache_commit(void)
{
    for (uint64_t line = 0; line < LINES && changed; line++) {
        long result = line_write(line);
        if (result != 0)
            return result;
    }
    changed = 0;
    long result = checksum_commit();
    return result == 0 ? 0 : storage_error(result);
}
PORIN_EXPORT(cache_open);
PORIN_EXPORT(cache_read);
PORIN_EXPORT(cache_write);
PORIN_EXPORT(cache_clear);
PORIN_EXPORT(cache_commit);
STORAGE_MODULE(cache);

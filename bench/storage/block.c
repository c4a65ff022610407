/* SPDX-License-Identifier: Apache-2.0 */
/* Storage: the block device, a file. */
#include "storage.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int file = -1;
static uint64_t size_blocks, flush_nothing;
/* System calls take a domain's own memory. */
static uint8_t buffer[BLOCK_AT_ONCE * STORAGE_BLOCK] __attribute__((aligned(STORAGE_BLOCK)));

long block_attach(const char *path, uint64_t lazy)
{
    struct stat facts;
#ifdef __PORIN__
    path = STORAGE_DISK;
#endif
    if (file >= 0)
        close(file);
    file = open(path, O_RDWR);
    if (file < 0 || fstat(file, &facts) != 0)
        return STORAGE_DEVICE;
    size_blocks = (uint64_t)facts.st_size / STORAGE_BLOCK;
    flush_nothing = lazy;
    return 0;
}
long block_open(void)
{
    return file < 0 ? STORAGE_DEVICE : (long)size_blocks;
}
static int range_good(uint64_t block, uint64_t blocks)
{
    return blocks - 1 < BLOCK_AT_ONCE && block < size_blocks && blocks <= size_blocks - block;
}
long block_read(uint64_t block, uint8_t LENT *to, uint64_t blocks)
{
    uint64_t size = blocks * STORAGE_BLOCK;
    if (!range_good(block, blocks) || !COVERS(to, size, WRITE))
        return STORAGE_WRONG;
    uint8_t *place = PLACE(buffer, to);
    if (pread(file, place, size, (off_t)(block * STORAGE_BLOCK)) != (ssize_t)size)
        return STORAGE_DEVICE;
    STORE(to, place, size);
    return 0;
}
long block_write(uint64_t block, const uint8_t LENT *from, uint64_t blocks)
{
    uint64_t size = blocks * STORAGE_BLOCK;
    if (!range_good(block, blocks) || !COVERS(from, size, READ))
        return STORAGE_WRONG;
    const uint8_t *place = FETCH(buffer, from, size);
    return pwrite(file, place, size, (off_t)(block * STORAGE_BLOCK)) == (ssize_t)size ? 0 : STORAGE_DEVICE;
}
long block_flush(void)
{
    return flush_nothing || fdatasync(file) == 0 ? 0 : STORAGE_DEVICE;
}
PORIN_EXPORT(block_attach);
PORIN_EXPORT(block_open);
PORIN_EXPORT(block_read);
PORIN_EXPORT(block_write);
PORIN_EXPORT(block_flush);
STORAGE_MODULE(block);

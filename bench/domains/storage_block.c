/* SPDX-License-Identifier: Apache-2.0 */
/* Storage: the block device, a file. */
#define _GNU_SOURCE
#include "storage.h"
#include <fcntl.h>
#include <unistd.h>

static int file = -1;
static uint8_t buffer[STORAGE_BLOCK];  /* system calls take a domain's own memory */

long block_open(const char *path)
{
    (void)path;
    file = open(STORAGE_PATH(path), O_RDWR);
    return file < 0 ? -1 : 0;
}
long block_read(uint64_t block, uint8_t LENT *to)
{
    if (block >= STORAGE_BLOCKS || pread(file, buffer, sizeof buffer, (off_t)(block * STORAGE_BLOCK)) != sizeof buffer)
        return -1;
    COPY_OUT(to, buffer);
    return 0;
}
long block_write(uint64_t block, const uint8_t LENT *from)
{
    COPY_IN(buffer, from);
    if (block >= STORAGE_BLOCKS || pwrite(file, buffer, sizeof buffer, (off_t)(block * STORAGE_BLOCK)) != sizeof buffer)
        return -1;
    return 0;
}
PORIN_EXPORT(block_open);
PORIN_EXPORT(block_read);
PORIN_EXPORT(block_write);

/* SPDX-License-Identifier: Apache-2.0 */
/* Storage: files of up to 32 blocks, found by number. The table of them lies in the first blocks. */
#include "storage.h"

PORIN_IMPORT(cache_read);
PORIN_IMPORT(cache_write);

struct inode { uint64_t name, used; uint32_t blocks[STORAGE_FILE_BLOCKS]; }; /* block 0: none */
enum { PER_BLOCK = 16, FIRST = STORAGE_FILES / PER_BLOCK };
static struct inode inodes[STORAGE_FILES];
static uint8_t taken[STORAGE_BLOCKS];

static long inode_write(uint64_t file)
{
    static uint8_t block[STORAGE_BLOCK];
    memcpy(block, &inodes[file / PER_BLOCK * PER_BLOCK], PER_BLOCK * sizeof *inodes);
    return cache_write(file / PER_BLOCK, LEND(block, PORIN_RIGHT_READ));
}
static uint32_t block_take(void)
{
    for (uint32_t i = FIRST; i < STORAGE_BLOCKS; i++)
        if (!taken[i]) {
            taken[i] = 1;
            return i;
        }
    return 0;
}
long files_create(uint64_t name)
{
    for (uint64_t i = 0; i < STORAGE_FILES; i++)
        if (!inodes[i].used) {
            inodes[i] = (struct inode){ .name = name, .used = 1 };
            return inode_write(i) == 0 ? (long)i : -1;
        }
    return -1;
}
long files_delete(uint64_t file)
{
    if (file >= STORAGE_FILES || !inodes[file].used)
        return -1;
    for (unsigned i = 0; i < STORAGE_FILE_BLOCKS; i++)
        taken[inodes[file].blocks[i]] = 0;
    inodes[file] = (struct inode){ 0 };
    return inode_write(file);
}
long files_read(uint64_t file, uint64_t index, uint8_t LENT *to)
{
    if (file >= STORAGE_FILES || index >= STORAGE_FILE_BLOCKS || !inodes[file].blocks[index])
        return -1;
    return cache_read(inodes[file].blocks[index], PASS(to, PORIN_RIGHT_WRITE));
}
long files_write(uint64_t file, uint64_t index, const uint8_t LENT *from)
{
    if (file >= STORAGE_FILES || index >= STORAGE_FILE_BLOCKS || !inodes[file].used)
        return -1;
    if (!inodes[file].blocks[index]) {
        if (!(inodes[file].blocks[index] = block_take()) || inode_write(file) != 0)
            return -1;
    }
    return cache_write(inodes[file].blocks[index], PASS(from, PORIN_RIGHT_READ));
}
PORIN_EXPORT(files_create);
PORIN_EXPORT(files_delete);
PORIN_EXPORT(files_read);
PORIN_EXPORT(files_write);

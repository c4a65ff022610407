/* SPDX-License-Identifier: Apache-2.0 */
/* Storage: files. A block that says what this is, a table of files, and blocks: each file has up to 14 maps, blocks of 1024 numbers of
 * blocks, 0 where nothing was ever written. Which blocks are free is not stored but found when mounting. */
#include "storage.h"

PORIN_IMPORT(cache_open);
PORIN_IMPORT(cache_read);
PORIN_IMPORT(cache_write);
PORIN_IMPORT(cache_clear);
PORIN_IMPORT(cache_commit);

enum { PER_MAP = STORAGE_BLOCK / 4, TABLE = 1, MAPS_KEPT = 64, BLOCKS_MOST = 1 << 16, COMMIT_AT = 256 };
#define MAGIC 0x31656c6966u
struct file { uint64_t size; uint32_t used, maps[FILES_MAPS]; char name[FILES_NAME]; };
_Static_assert(sizeof(struct file) == 128, "file");
enum { DATA = TABLE + FILES_MOST * sizeof(struct file) / STORAGE_BLOCK };

static struct file table[FILES_MOST];   /* as on the device, all of it checked */
static uint8_t taken[BLOCKS_MOST];
static struct { uint64_t block; uint32_t numbers[PER_MAP]; } kept[MAPS_KEPT]; /* maps; block 0: none */
static uint64_t blocks, free_blocks, next;
static const uint8_t zeros[STORAGE_BLOCK];

/* After every call that changes something: `result` is what cache_write said last. */
static long change_done(long result)
{
    if (result < 0)
        return storage_error(result);
    return result < COMMIT_AT ? 0 : files_sync();
}
static long file_store(uint64_t file)
{
    uint64_t at = TABLE * STORAGE_BLOCK + file * sizeof *table;
    return cache_write(at / STORAGE_BLOCK, at % STORAGE_BLOCK, LEND((const uint8_t *)&table[file], sizeof *table, READ), sizeof *table);
}
static uint64_t block_take(void)
{
    for (uint64_t tried = DATA; tried < blocks; tried++, next++) {
        if (next >= blocks)
            next = DATA;
        if (!taken[next]) {
            taken[next] = 1;
            free_blocks--;
            return next++;
        }
    }
    return 0;
}
static void block_free(uint64_t block)
{
    free_blocks += taken[block];
    taken[block] = 0;
}
/* The map in this block, all of its numbers checked. NULL and an error. */
static uint32_t *map_get(uint64_t block, long *error)
{
    uint64_t line = block % MAPS_KEPT;
    if (kept[line].block == block)
        return kept[line].numbers;
    kept[line].block = 0;
    long result = cache_read(block, 0, LEND((uint8_t *)kept[line].numbers, STORAGE_BLOCK, WRITE), STORAGE_BLOCK);
    *error = result == 0 ? STORAGE_DAMAGED : storage_error(result);
    if (result != 0)
        return NULL;
    for (unsigned i = 0; i < PER_MAP; i++)
        if (kept[line].numbers[i] && (kept[line].numbers[i] < DATA || kept[line].numbers[i] >= blocks))
            return NULL;
    kept[line].block = block;
    return kept[line].numbers;
}
static long number_store(uint64_t map, uint64_t index, uint32_t *numbers, uint32_t number)
{
    numbers[index] = number;
    return cache_write(map, index * 4, LEND((const uint8_t *)&numbers[index], 4, READ), 4);
}
/* The block of a file; 0: none there yet. */
static long block_find(const struct file *file, uint64_t index)
{
    long error;
    uint32_t map = file->maps[index / PER_MAP];
    if (!map)
        return 0;
    const uint32_t *numbers = map_get(map, &error);
    return numbers ? (long)numbers[index % PER_MAP] : error;
}
/* The same, made if need be, zero if it is not about to be written as a whole. The caller stores the file. */
static long block_make(struct file *file, uint64_t index, int whole)
{
    long result = block_find(file, index), error;
    uint32_t *map = &file->maps[index / PER_MAP];
    if (result != 0)
        return result;
    if (free_blocks < 2)
        return STORAGE_FULL;
    if (!*map) {
        uint64_t block = block_take();
        if ((result = cache_clear(block)) < 0) {
            block_free(block);
            return storage_error(result);
        }
        kept[block % MAPS_KEPT].block = 0;
        *map = (uint32_t)block;
    }
    uint32_t *numbers = map_get(*map, &error);
    if (!numbers)
        return error;
    uint64_t block = block_take();
    result = whole ? 0 : cache_clear(block);
    if (result >= 0)
        result = number_store(*map, index % PER_MAP, numbers, (uint32_t)block);
    return result < 0 ? storage_error(result) : (long)block;
}
/* Frees the blocks from `index` on, and maps that hold none any more. */
static long blocks_free(struct file *file, uint64_t index)
{
    for (uint64_t map = index / PER_MAP; map < FILES_MAPS; map++, index = map * PER_MAP) {
        long error;
        if (!file->maps[map])
            continue;
        uint32_t *numbers = map_get(file->maps[map], &error);
        if (!numbers)
            return error;
        uint64_t from = index % PER_MAP;
        for (uint64_t i = from; i < PER_MAP; i++)
            if (numbers[i])
                block_free(numbers[i]);
        if (from == 0) {
            kept[file->maps[map] % MAPS_KEPT].block = 0;
            block_free(file->maps[map]);
            file->maps[map] = 0;
            continue;
        }
        memset(numbers + from, 0, (PER_MAP - from) * 4);
        long result = cache_write(file->maps[map], from * 4, LEND((const uint8_t *)(numbers + from), (PER_MAP - from) * 4, READ),
                                  (PER_MAP - from) * 4);
        if (result < 0)
            return storage_error(result);
    }
    return 0;
}
static long block_claim(uint64_t block)
{
    if (block < DATA || block >= blocks || taken[block])
        return STORAGE_DAMAGED;
    taken[block] = 1;
    free_blocks--;
    return 0;
}
/* What the device says a file is: makes sense, and no block of it is another's? */
static long file_check(struct file *file)
{
    if (!file->used) {
        memset(file, 0, sizeof *file);
        return 0;
    }
    if (file->used != 1 || file->size > FILES_LARGEST || !file->name[0] || file->name[FILES_NAME - 1])
        return STORAGE_DAMAGED;
    for (int i = 0; i < FILES_MAPS; i++) {
        long result = 0;
        if (!file->maps[i])
            continue;
        if (block_claim(file->maps[i]) != 0)
            return STORAGE_DAMAGED;
        const uint32_t *numbers = map_get(file->maps[i], &result);
        if (!numbers)
            return result;
        for (unsigned k = 0; k < PER_MAP; k++)
            if (numbers[k] && block_claim(numbers[k]) != 0)
                return STORAGE_DAMAGED;
    }
    return 0;
}
static long files_find(void)
{
    struct { uint64_t magic, blocks; } head = {0};
    long result = cache_read(0, 0, LEND((uint8_t *)&head, sizeof head, WRITE), sizeof head);
    if (result == 0 && head.magic == 0 && head.blocks == 0) { /* a new device */
        head.magic = MAGIC;
        head.blocks = blocks;
        result = cache_write(0, 0, LEND((const uint8_t *)&head, sizeof head, READ), sizeof head);
        return result < 0 ? storage_error(result) : files_sync();
    }
    if (result == 0 && (head.magic != MAGIC || head.blocks != blocks))
        return STORAGE_DAMAGED;
    for (uint64_t i = TABLE; i < DATA && result == 0; i++)
        result = cache_read(i, 0, LEND((uint8_t *)table + (i - TABLE) * STORAGE_BLOCK, STORAGE_BLOCK, WRITE), STORAGE_BLOCK);
    for (int i = 0; i < FILES_MOST && result == 0; i++)
        result = file_check(&table[i]);
    return result == 0 ? 0 : storage_error(result);
}
long files_mount(void)
{
    long result = cache_open();
    memset(table, 0, sizeof table);
    memset(taken, 0, sizeof taken);
    memset(kept, 0, sizeof kept);
    blocks = result > DATA && result <= BLOCKS_MOST ? (uint64_t)result : 0;
    free_blocks = blocks - (blocks ? DATA : 0);
    next = DATA;
    if (!blocks)
        return storage_error(result);
    result = files_find();
    if (result != 0) {                  /* nothing is left of it that calls could use */
        memset(table, 0, sizeof table);
        blocks = free_blocks = 0;
    }
    return result;
}
long files_open(const char LENT *name, uint64_t length, uint64_t create)
{
    char own[FILES_NAME] = {0};
    uint64_t unused = FILES_MOST;
    if (blocks == 0)
        return STORAGE_DEVICE;
    if (length - 1 >= FILES_NAME - 1 || !COVERS(name, length, READ))
        return STORAGE_WRONG;
    COPY_IN(own, name, length);
    if (memchr(own, 0, length))
        return STORAGE_WRONG;
    for (uint64_t i = 0; i < FILES_MOST; i++) {
        if (!table[i].used)
            unused = i < unused ? i : unused;
        else if (memcmp(table[i].name, own, sizeof own) == 0)
            return (long)i;
    }
    if (!create)
        return STORAGE_ABSENT;
    if (unused == FILES_MOST)
        return STORAGE_FULL;
    table[unused].used = 1;
    memcpy(table[unused].name, own, sizeof own);
    long result = change_done(file_store(unused));
    return result < 0 ? result : (long)unused;
}
static struct file *file_named(uint64_t file)
{
    return file < FILES_MOST && table[file].used ? &table[file] : NULL;
}
long files_remove(uint64_t number)
{
    struct file *file = file_named(number);
    if (!file)
        return STORAGE_WRONG;
    long result = blocks_free(file, 0);
    if (result < 0)
        return result;
    memset(file, 0, sizeof *file);
    return change_done(file_store(number));
}
long files_size(uint64_t number)
{
    struct file *file = file_named(number);
    return file ? (long)file->size : STORAGE_WRONG;
}
long files_read(uint64_t number, uint64_t offset, uint8_t LENT *to, uint64_t size)
{
    struct file *file = file_named(number);
    if (!file)
        return STORAGE_WRONG;
    if (offset >= file->size || size == 0)
        return 0;
    if (size > file->size - offset)
        size = file->size - offset;
    for (uint64_t done = 0, part; done < size; done += part) {
        uint64_t at = offset + done, start = at % STORAGE_BLOCK;
        part = size - done < STORAGE_BLOCK - start ? size - done : STORAGE_BLOCK - start;
        long block = block_find(file, at / STORAGE_BLOCK), result = 0;
        if (block < 0)
            return block;
        if (block > 0)
            result = cache_read((uint64_t)block, start, PASS(to + done, part, WRITE), part);
        else if (!COVERS(to + done, part, WRITE))
            return STORAGE_WRONG;
        else
            COPY_OUT(to + done, zeros, part);
        if (result != 0)
            return storage_error(result);
    }
    return (long)size;
}
long files_write(uint64_t number, uint64_t offset, const uint8_t LENT *from, uint64_t size)
{
    struct file *file = file_named(number);
    if (!file || size > FILES_AT_ONCE || offset > FILES_LARGEST - size)
        return STORAGE_WRONG;
    if (size == 0)
        return 0;
    if (!COVERS(from, size, READ))      /* before blocks are made: they would keep what they hold */
        return STORAGE_WRONG;
    struct file before = *file;
    long result = 0;
    for (uint64_t done = 0, part; done < size && result >= 0; done += part) {
        uint64_t at = offset + done, start = at % STORAGE_BLOCK;
        part = size - done < STORAGE_BLOCK - start ? size - done : STORAGE_BLOCK - start;
        result = block_make(file, at / STORAGE_BLOCK, part == STORAGE_BLOCK);
        if (result > 0)
            result = cache_write((uint64_t)result, start, PASS(from + done, part, READ), part);
        if (result >= 0 && file->size < at + part)
            file->size = at + part;
    }
    if (memcmp(&before, file, sizeof before) != 0) {
        long stored = file_store(number);
        result = result < 0 ? result : stored;
    }
    return change_done(result);
}
long files_truncate(uint64_t number, uint64_t size)
{
    struct file *file = file_named(number);
    if (!file || size > FILES_LARGEST)
        return STORAGE_WRONG;
    uint64_t start = size % STORAGE_BLOCK;
    if (size < file->size) {
        long result = blocks_free(file, (size + STORAGE_BLOCK - 1) / STORAGE_BLOCK);
        long block = result < 0 ? result : start ? block_find(file, size / STORAGE_BLOCK) : 0;
        if (block > 0)                  /* a file that grows again grows zeros */
            block = cache_write((uint64_t)block, start, LEND(zeros, STORAGE_BLOCK - start, READ), STORAGE_BLOCK - start);
        if (block < 0)
            return storage_error(block);
    }
    file->size = size;
    return change_done(file_store(number));
}
long files_sync(void)
{
    long result = cache_commit();
    return result == 0 ? 0 : storage_error(result);
}
PORIN_EXPORT(files_mount);
PORIN_EXPORT(files_open);
PORIN_EXPORT(files_remove);
PORIN_EXPORT(files_size);
PORIN_EXPORT(files_read);
PORIN_EXPORT(files_write);
PORIN_EXPORT(files_truncate);
PORIN_EXPORT(files_sync);
STORAGE_MODULE(files);

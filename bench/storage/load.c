/* SPDX-License-Identifier: Apache-2.0 */
/* Storage: the load generator, above the files. */
#include "storage.h"
#include <stdio.h>

PORIN_IMPORT(files_open);
PORIN_IMPORT(files_remove);
PORIN_IMPORT(files_read);
PORIN_IMPORT(files_write);
PORIN_IMPORT(files_sync);

enum { PREPARED_MOST = 64 };
static uint8_t buffer[FILES_AT_ONCE] __attribute__((aligned(STORAGE_BLOCK)));
static uint64_t prepared[PREPARED_MOST], files, size_of_each;

static uint64_t random_next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}
static long name_open(const char *kind, uint64_t number)
{
    char name[32];
    int length = snprintf(name, sizeof name, "%s-%u", kind, (unsigned)number);
    return files_open(LEND(name, (uint64_t)length, READ), (uint64_t)length, 1);
}
long load_prepare(uint64_t number, uint64_t bytes)
{
    long result = 0;
    if (number - 1 >= PREPARED_MOST || bytes % STORAGE_BLOCK)
        return STORAGE_WRONG;
    files = number;
    size_of_each = bytes;
    for (uint64_t i = 0; i < number && result >= 0; i++) {
        result = name_open("load", i);
        prepared[i] = (uint64_t)result;
        for (uint64_t at = 0; at < bytes && result >= 0; at += STORAGE_BLOCK) {
            memset(buffer, (int)(i + at / STORAGE_BLOCK), STORAGE_BLOCK);
            result = files_write(prepared[i], at, LEND(buffer, STORAGE_BLOCK, READ), STORAGE_BLOCK);
        }
    }
    return result < 0 ? result : files_sync();
}
/* A file comes, is written and goes. */
static long names_do(uint64_t number, uint64_t size, uint64_t synced)
{
    long file = name_open("temporary", number % 16);
    long result = file < 0 ? file : files_write((uint64_t)file, 0, LEND(buffer, size, READ), size);
    if (result >= 0 && synced)
        result = files_sync();
    if (result >= 0)
        result = files_remove((uint64_t)file);
    return result >= 0 && synced ? files_sync() : result;
}
long load_run(uint64_t kind, uint64_t count, uint64_t size, uint64_t sequential, uint64_t synced, uint64_t seed)
{
    uint64_t sum = 0, at = 0, file = 0;
    if (size - 8 > sizeof buffer - 8 || size > size_of_each)
        return STORAGE_WRONG;
    for (uint64_t i = 0; i < count; i++) {
        long result;
        uint64_t chance = random_next(&seed);
        if (sequential) {
            at = i * size % (size_of_each / size * size);
            file = i / (size_of_each / size) % files;
        } else {
            at = random_next(&seed) % (size_of_each / size) * size;
            file = chance % files;
        }
        if (kind == LOAD_NAMES) {
            result = names_do(i, size, synced);
        } else if (kind == LOAD_READ || (kind == LOAD_MIXED && chance / files % 3 != 0)) {
            result = files_read(prepared[file], at, LEND(buffer, size, WRITE), size);
            sum = sum * 31 + *(uint64_t *)buffer;
        } else {
            *(uint64_t *)buffer = seed;
            result = files_write(prepared[file], at, LEND(buffer, size, READ), size);
            if (result >= 0 && synced)
                result = files_sync();
        }
        if (result < 0)
            return result;
    }
    return (long)(sum >> 1);
}
PORIN_EXPORT(load_prepare);
PORIN_EXPORT(load_run);
STORAGE_MODULE(load);

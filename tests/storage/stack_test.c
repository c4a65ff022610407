/* SPDX-License-Identifier: Apache-2.0 */
/* The storage stack as one program, above a device of this test's that loses what was not flushed, lies, and is built by an enemy:
 * against a model in memory, crashed at every write, damaged at random, and mounted from images that are consistently wrong. */
#include "bench/storage/storage.h"
#include <stdio.h>
#include <stdlib.h>

enum { DISK = 1600, NAMES = 24, SMALL = 40000, OPERATIONS = 240 };
static uint8_t durable[DISK][STORAGE_BLOCK], now[DISK][STORAGE_BLOCK];
static uint8_t pending[DISK];
static long writes_left = -1;           /* until the device stops; -1: never */
static unsigned lies;                   /* one call in so many is answered wrongly; 0: none */
static uint64_t seed, lying = 7;
static unsigned long failures, checks;

static uint64_t random_from(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}
static uint64_t random_below(uint64_t limit)
{
    return random_from(&seed) % limit;
}
#define CHECK(what, ...) do { checks++; if (!(what) && failures++ < 20) { printf("%s:%d: %s: ", __FILE__, __LINE__, #what); \
        printf(__VA_ARGS__); putchar('\n'); } } while (0)

/* --- the device --- */

long block_open(void)
{
    return DISK;
}
long block_read(uint64_t block, uint8_t *to, uint64_t blocks)
{
    if (writes_left == 0)
        return STORAGE_DEVICE;
    CHECK(blocks <= BLOCK_AT_ONCE && block < DISK && blocks <= DISK - block, "read %lu %lu", block, blocks);
    memcpy(to, now[block], blocks * STORAGE_BLOCK);
    if (lies && random_from(&lying) % lies == 0) {
        for (uint64_t i = random_from(&lying) % 64; i; i--)
            to[random_from(&lying) % (blocks * STORAGE_BLOCK)] ^= (uint8_t)random_from(&lying);
        return (long)random_from(&lying) % 3 - 1;
    }
    return 0;
}
long block_write(uint64_t block, const uint8_t *from, uint64_t blocks)
{
    if (writes_left == 0)
        return STORAGE_DEVICE;
    CHECK(blocks <= BLOCK_AT_ONCE && block < DISK && blocks <= DISK - block, "write %lu %lu", block, blocks);
    memcpy(now[block], from, blocks * STORAGE_BLOCK);
    memset(pending + block, 1, blocks);
    if (writes_left > 0 && --writes_left == 0)
        return STORAGE_DEVICE;
    return lies && random_from(&lying) % lies == 0 ? (long)random_from(&lying) * 1000 : 0;
}
long block_flush(void)
{
    if (writes_left == 0)
        return STORAGE_DEVICE;
    for (int i = 0; i < DISK; i++)
        if (pending[i])
            memcpy(durable[i], now[i], STORAGE_BLOCK);
    memset(pending, 0, sizeof pending);
    return 0;
}
/* The power fails: of what was not flushed each sector is there or not. */
static void device_crash(void)
{
    for (int i = 0; i < DISK; i++)
        for (unsigned sector = 0, how = random_below(3); pending[i] && sector < STORAGE_BLOCK; sector += 512)
            if (how == 0 || (how == 1 && random_below(2)))
                memcpy(durable[i] + sector, now[i] + sector, 512);
    memcpy(now, durable, sizeof now);
    memset(pending, 0, sizeof pending);
    writes_left = -1;
}
static void device_new(void)
{
    memset(durable, 0, sizeof durable);
    memset(now, 0, sizeof now);
    memset(pending, 0, sizeof pending);
    writes_left = -1;
}

/* --- the model --- */

static struct model { int used; char name[8]; uint64_t size, hash; uint8_t *bytes; } model[FILES_MOST];
enum { BYTES_MOST = 4400000 };
static uint64_t bytes_most = BYTES_MOST; /* of a file */

static uint64_t hash_of(const uint8_t *bytes, uint64_t size, uint64_t number)
{
    uint64_t hash = number * 977 + size + 1;
    for (uint64_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}
static void model_hash(int number)
{
    model[number].hash = model[number].used ? hash_of(model[number].bytes, model[number].size, (uint64_t)number) : 0;
}
static uint64_t model_state(void)
{
    uint64_t state = 0;
    for (int i = 0; i < FILES_MOST; i++)
        state += model[i].hash;
    return state;
}
static void model_clear(void)
{
    for (int i = 0; i < FILES_MOST; i++) {
        free(model[i].bytes);
        model[i] = (struct model){0};
    }
}
static uint8_t scratch[BYTES_MOST];
/* The same of what is mounted; 0 if something cannot be read. */
static uint64_t mounted_state(void)
{
    uint64_t state = 0;
    for (uint64_t i = 0; i < FILES_MOST; i++) {
        long size = files_size(i);
        if (size < 0)
            continue;
        if ((uint64_t)size > BYTES_MOST || files_read(i, 0, scratch, (uint64_t)size) != size)
            return 0;
        state += hash_of(scratch, (uint64_t)size, i);
    }
    return state;
}

/* --- random operations on both --- */

/* What files_open of this name does; the file it should be, or -1. */
static int model_open(const char *name, int create)
{
    int unused = -1;
    for (int i = FILES_MOST - 1; i >= 0; i--) {
        if (!model[i].used)
            unused = i;
        else if (strcmp(model[i].name, name) == 0)
            return i;
    }
    if (!create)
        return -1;
    model[unused].used = 1;
    strcpy(model[unused].name, name);
    model[unused].bytes = calloc(1, bytes_most);
    model_hash(unused);
    return unused;
}
static void model_resize(int file, uint64_t size)
{
    if (size < model[file].size)
        memset(model[file].bytes + size, 0, model[file].size - size);
    model[file].size = size;
}
static int stopped(void) { return writes_left == 0; }

static void write_both(int file, uint64_t at, uint64_t size)
{
    static uint8_t bytes[FILES_AT_ONCE];
    for (uint64_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)random_below(256);
    memcpy(model[file].bytes + at, bytes, size);
    if (size && model[file].size < at + size)
        model[file].size = at + size;
    long result = files_write((uint64_t)file, at, bytes, size);
    CHECK(result == 0 || stopped(), "%ld", result);
}
static void read_both(int file, uint64_t at, uint64_t size)
{
    uint64_t there = at < model[file].size ? model[file].size - at : 0;
    there = there < size ? there : size;
    memset(scratch, 0xee, size + 1);
    long result = files_read((uint64_t)file, at, scratch, size);
    CHECK(stopped() || (result == (long)there && memcmp(scratch, model[file].bytes + at, there) == 0 && scratch[there] == 0xee),
          "%ld of %lu", result, there);
}
/* One of them. True: files_sync has said that it is done. */
static int operation(int large)
{
    char name[8];
    snprintf(name, sizeof name, "n%lu", random_below(NAMES));
    unsigned what = (unsigned)random_below(20);
    int file = model_open(name, what < 14);
    uint64_t at = random_below(SMALL), size = random_below(4) ? random_below(6000) : random_below(SMALL);
    if (large && random_below(30) == 0)
        at += 4194304 - SMALL / 2;
    if (random_below(4) == 0)
        at &= ~4095ul, size = (size + 4095) & ~4095ul;
    long opened = files_open(name, strlen(name), what < 14);
    CHECK(opened == file || (file < 0 && opened == STORAGE_ABSENT) || stopped(), "%ld %d", opened, file);
    if (what >= 18) {
        long result = files_sync();
        CHECK(result == 0 || stopped(), "%ld", result);
        return result == 0;
    }
    if (file < 0)
        return 0;
    if (what < 8) {
        write_both(file, at, size);
    } else if (what < 14) {
        read_both(file, at, size);
    } else if (what < 16) {
        model_resize(file, at);
        CHECK(files_truncate((uint64_t)file, at) == 0 || stopped(), "truncate");
    } else {
        CHECK(files_remove((uint64_t)file) == 0 || stopped(), "remove");
        free(model[file].bytes);
        model[file] = (struct model){0};
    }
    model_hash(file);
    return 0;
}

/* --- the tests --- */

static void against_model(uint64_t from, int operations)
{
    seed = from;
    device_new();
    model_clear();
    CHECK(files_mount() == 0, "mount");
    for (int i = 0; i < operations; i++) {
        operation(1);
        if (i % 400 == 399) {
            CHECK(files_sync() == 0 && files_mount() == 0, "mounted again");
            CHECK(mounted_state() == model_state(), "after mounting again");
        }
    }
}
/* Stops the device at its nth write; false when it has not come to so many. */
static int crash_at(long nth, uint64_t from)
{
    static uint64_t states[OPERATIONS + 2];
    int synced = 0, done = 0, found = 0;
    seed = from;
    device_new();
    model_clear();
    CHECK(files_mount() == 0, "mount");
    writes_left = nth;
    for (; done < OPERATIONS && !stopped(); done++) {
        int safe = operation(0);
        states[done + 1] = model_state();
        if (random_below(2))
            safe |= files_sync() == 0;
        if (safe)
            synced = done + 1;
    }
    int crashed = stopped();
    seed = from + (uint64_t)nth;
    device_crash();
    long mounted = files_mount();
    CHECK(mounted == 0, "after a crash at write %ld: %ld", nth, mounted);
    uint64_t state = mounted_state();
    for (int i = synced; i <= done; i++)
        found |= states[i] == state;
    CHECK(found, "after a crash at write %ld of seed %lu: no state between the last sync and the crash", nth, from);
    return crashed;
}
/* What a damaged device gives is an error or the truth. */
static void damaged(uint64_t from)
{
    seed = from;
    device_new();
    model_clear();
    CHECK(files_mount() == 0, "mount");
    for (int i = 0; i < 100; i++)
        operation(0);
    CHECK(files_sync() == 0 && files_mount() == 0, "mounted again");
    for (uint64_t i = 1 + random_below(40); i; i--)
        now[random_below(4) ? 1025 + random_below(60) : random_below(DISK)][random_below(STORAGE_BLOCK)] ^=
            (uint8_t)(1 + random_below(255));
    if (files_mount() != 0)
        return;
    for (uint64_t i = 0; i < FILES_MOST; i++) {
        long size = files_size(i), got = size < 0 ? size : files_read(i, 0, scratch, (uint64_t)size);
        CHECK(model[i].used == (size >= 0), "file %lu", i);
        CHECK(got < 0 || (got == (long)model[i].size && memcmp(scratch, model[i].bytes, (uint64_t)got) == 0), "file %lu", i);
    }
}
static void anything(int operations)
{
    for (int i = 0; i < operations; i++) {
        uint64_t file = random_below(FILES_MOST + 8), at = random_below(2) ? random_below(FILES_LARGEST) : random_below(SMALL);
        switch (random_below(6)) {
        case 0: files_write(file, at, scratch, random_below(SMALL)); break;
        case 1: files_read(file, at, scratch, random_below(SMALL)); break;
        case 2: files_truncate(file, at); break;
        case 3: files_remove(file); break;
        case 4: files_open("anything", 1 + random_below(8), 1); break;
        case 5: files_sync(); break;
        }
    }
}
/* An enemy's image, with all sums right: it may do what it likes with its own files and nothing else (the sanitizers tell). */
static void hostile_image(uint64_t from)
{
    static uint8_t page[STORAGE_BLOCK];
    seed = from;
    device_new();
    model_clear();
    CHECK(files_mount() == 0, "mount");
    for (int i = 0; i < 40; i++)
        operation(0);
    CHECK(files_sync() == 0 && checksum_open() > 0, "mounted below");
    for (uint64_t i = 1 + random_below(6); i; i--) {
        uint64_t block = random_below(3) ? random_below(9) : random_below(80);
        checksum_read(block, page, 1);
        for (uint64_t k = 1 + random_below(8); k; k--)
            page[random_below(STORAGE_BLOCK / 4)] = (uint8_t)(random_below(3) ? random_below(256) : 255 * random_below(2));
        CHECK(checksum_write(block, page) == 0, "write");
    }
    CHECK(checksum_commit() == 0, "commit");
    files_mount();
    anything(60);
}
/* A device that answers with anything while it is used. */
static void liar(uint64_t from)
{
    seed = from;
    device_new();
    model_clear();
    CHECK(files_mount() == 0, "mount");
    for (int i = 0; i < 40; i++)
        operation(0);
    files_sync();
    lies = 1 + (unsigned)random_below(30);
    for (int i = 0; i < 4; i++) {
        files_mount();
        anything(40);
    }
    lies = 0;
}

int main(int count, char **arguments)
{
    uint64_t rounds = count > 1 ? strtoul(arguments[1], NULL, 10) : 1, crashes = 0;
    for (uint64_t i = 1; i <= rounds; i++) {
        bytes_most = BYTES_MOST;
        against_model(i, 3000);
        bytes_most = 3 * SMALL;
        for (long nth = 1; crash_at(nth, i); nth++)
            crashes++;
        for (uint64_t k = 0; k < 40; k++) {
            damaged(i * 1000 + k);
            hostile_image(i * 1000 + k);
            liar(i * 1000 + k);
        }
    }
    model_clear();
    CHECK(crashes > 200 * rounds, "%lu crashes: the log was never full", crashes);
    printf("storage: %lu checks, %lu crashes, %lu failures\n", checks, crashes, failures);
    return failures != 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing executable is ever writable: while images are loaded, verified, bound, run and destroyed, attacker threads with all rights of
 * this process go through every mapping, file and procfs path there is, again and again. They try to change text, gates and constants; a
 * load they spoil has to fail, and what is accepted has to stay as it was verified. Meanwhile other threads run in the domains. */
#define _GNU_SOURCE
#include "runtime_world.h"
#include "loader/image.h"
#include "porin/verify.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SECONDS 4
#define SEALED (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
enum { FILES = 20, MAPPINGS = 256 };
static const uint8_t poison[2] = { 0x0f, 0x05 }; /* syscall */
static const unsigned text_place = 4;             /* of the first instruction behind the first label */

static _Atomic bool attacking;
static _Atomic(const char *) harm;                /* the first success of an attacker */
static struct { _Atomic uint64_t mappings, files, early; } tried;

static void succeeded(const char *how)
{
    const char *none = NULL;
    atomic_compare_exchange_strong(&harm, &none, how);
}

/* --- attackers on addresses --- */
struct mapping { uintptr_t start, end; unsigned long inode; bool write, execute, shared; };

static bool mapping_read(FILE *maps, struct mapping *out)
{
    char line[512], permissions[5], name[256];
    while (fgets(line, sizeof line, maps)) {
        *name = 0;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*x %*s %lu %255s", &out->start, &out->end, permissions, &out->inode, name) < 4)
            continue;
        out->write = permissions[1] == 'w', out->execute = permissions[2] == 'x', out->shared = permissions[3] == 's';
        if (!strncmp(name, "/memfd:", 7))
            return true;
    }
    return false;
}

/* Is this address now in a shared mapping of a memory file, and writable or not as wanted? An attack that came too late has hit the
 * reserved emptiness that a destroyed domain leaves, and changed nothing that counts. */
static bool now_shared(uintptr_t at, bool writable)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    struct mapping m;
    bool found = false;
    while (maps && mapping_read(maps, &m))
        found |= at >= m.start && at < m.end && m.shared && m.write == writable;
    if (maps)
        fclose(maps);
    return found;
}

/* Does memory that cannot be written hold the poison? First the kind of mapping, then the bytes: one that has just come is clean. */
static bool now_poisoned(uintptr_t at, int memory)
{
    uint8_t bytes[sizeof poison] = { 0 };
    return now_shared(at, false) && pread(memory, bytes, sizeof bytes, (off_t)at) == sizeof bytes && !memcmp(bytes, poison, sizeof bytes);
}

/* Another mapping of the same file: mremap of nothing from a shared mapping makes one. */
static void attack_by_duplicate(const struct mapping *m)
{
    size_t size = m->end - m->start;
    void *twin = mremap((void *)m->start, 0, size, MREMAP_MAYMOVE);
    if (twin == MAP_FAILED)
        return;
    if (mprotect(twin, size, PROT_READ | PROT_WRITE) == 0 && now_shared((uintptr_t)twin, true))
        succeeded("mprotect of a duplicated mapping");
    munmap(twin, size);
}

static void attack_by_map_files(const struct mapping *m)
{
    char path[80];
    snprintf(path, sizeof path, "/proc/self/map_files/%" PRIxPTR "-%" PRIxPTR, m->start, m->end);
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0)
        return;
    struct stat status;
    if (fstat(file, &status) == 0 && status.st_ino == m->inode) {
        if (fcntl(file, F_GET_SEALS) != SEALED)
            succeeded("an executable mapping of a file that is not sealed");
        if (pwrite(file, poison, sizeof poison, text_place) > 0)
            succeeded("pwrite through /proc/self/map_files");
        if (mmap(NULL, 0x1000, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) != MAP_FAILED)
            succeeded("a shared mapping through /proc/self/map_files");
    }
    close(file);
}

/* Text, gates and constants inside slots: nothing but domains' memory is ever mapped there, so that a late attack hits nobody else. */
static void attack_mapping(const struct mapping *m, int memory)
{
    void *start = (void *)m->start;
    size_t size = m->end - m->start;
    struct iovec from = { (void *)poison, sizeof poison }, to = { (char *)start + text_place, sizeof poison };
    if (pwrite(memory, poison, sizeof poison, (off_t)(m->start + text_place)) > 0 && now_poisoned(m->start + text_place, memory))
        succeeded("pwrite to /proc/self/mem");
    if (process_vm_writev(getpid(), &from, 1, &to, 1, 0) > 0 && now_poisoned(m->start + text_place, memory))
        succeeded("process_vm_writev");
    static const int protections[] = { PROT_READ | PROT_WRITE, PROT_WRITE | PROT_EXEC, PROT_READ | PROT_WRITE | PROT_EXEC };
    for (size_t i = 0; i < sizeof protections / sizeof *protections; i++)
        if (mprotect(start, size, protections[i]) == 0 && now_shared(m->start, true))
            succeeded("mprotect");
    static const int advice[] = { MADV_REMOVE, MADV_POPULATE_WRITE, MADV_FREE, MADV_WIPEONFORK, MADV_DONTNEED, MADV_COLD, MADV_PAGEOUT };
    for (size_t i = 0; i < sizeof advice / sizeof *advice; i++)
        if (madvise(start, size, advice[i]) == 0 && advice[i] == MADV_REMOVE) /* the others take nothing from a shared file */
            succeeded("madvise");
    attack_by_duplicate(m);
    attack_by_map_files(m);
    tried.mappings++;
}

static size_t mappings_read(struct mapping *all, size_t room)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    size_t count = 0;
    while (maps && count < room && mapping_read(maps, &all[count]))
        count++;
    if (maps)
        fclose(maps);
    return count;
}

/* A file that has been seen executable is never again seen writable. (Inode numbers of memory files are not used twice.) */
static void compare_mappings(const struct mapping *before, size_t before_count)
{
    struct mapping now[MAPPINGS];
    size_t count = mappings_read(now, MAPPINGS);
    for (size_t i = 0; i < before_count; i++)
        for (size_t k = 0; before[i].execute && k < count; k++)
            if (now[k].inode == before[i].inode && now[k].shared && now[k].write)
                succeeded("a file is mapped executable and writable");
}

static void *attack_mappings(void *argument)
{
    int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
    while (attacking) {
        struct mapping all[MAPPINGS];
        size_t count = mappings_read(all, MAPPINGS);
        compare_mappings(all, count);
        for (size_t i = 0; i < count; i++)
            if (all[i].execute && all[i].shared)
                attack_mapping(&all[i], memory);
    }
    close(memory);
    (void)argument;
    return NULL;
}

/* --- attackers on files --- */
/* A writable mapping can be had before the file is sealed. As long as there is one, sealing fails. */
static void attack_by_shared_mapping(int file)
{
    uint8_t *writable = mmap(NULL, 0x1000, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (writable == MAP_FAILED)
        return;
    struct stat status;
    for (int i = 0; i < 2000; i++) {
        if (fcntl(file, F_GET_SEALS) & F_SEAL_WRITE)
            succeeded("a writable mapping of a sealed file");
        if (fstat(file, &status) == 0 && status.st_size >= 0x1000)
            tried.early++;
    }
    munmap(writable, 0x1000);
}

static void attack_file(int file, bool image)
{
    bool sealed = fcntl(file, F_GET_SEALS) & F_SEAL_WRITE;
    if (!sealed && !image) /* a gate file is not verified: while it is filled, this process is trusted with it */
        return;
    bool wrote = pwrite(file, poison, sizeof poison, text_place) > 0;
    bool punched = fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 0x1000) == 0;
    bool zeroed = fallocate(file, FALLOC_FL_ZERO_RANGE, 0, 0x1000) == 0;
    struct stat before, after;
    bool known = fstat(file, &before) == 0;
    (void)!ftruncate(file, 0);
    (void)!ftruncate(file, 1 << 30);
    bool resized = known && fstat(file, &after) == 0 && after.st_size != before.st_size;
    if (sealed && (wrote || punched || zeroed || resized))
        succeeded("a change of a sealed file");
    attack_by_shared_mapping(file);
    tried.early += !sealed && wrote;
    tried.files++;
}

static void *attack_files(void *argument)
{
    (void)argument;
    while (attacking)
        for (int number = 3; number < FILES; number++) {
            char path[48], target[128];
            snprintf(path, sizeof path, "/proc/self/fd/%d", number);
            ssize_t length = readlink(path, target, sizeof target - 1);
            if (length <= 0 || strncmp(target, "/memfd:", 7) != 0)
                continue;
            target[length] = 0;
            int again = open(path, O_RDWR | O_CLOEXEC);
            if (again < 0)
                continue;
            snprintf(path, sizeof path, "/proc/self/fd/%d", again); /* what was opened may be another file by now */
            length = readlink(path, target, sizeof target - 1);
            if (length > 0 && !strncmp(target, "/memfd:", 7))
                attack_file(again, !strncmp(target, "/memfd:hand-made", 16));
            close(again);
        }
    return NULL;
}

/* --- what they attack --- */
static uint64_t hash(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0xcbf29ce484222325;
    for (size_t i = 0; i < size; i++)
        value = (value ^ bytes[i]) * 0x100000001b3;
    return value;
}

/* The executable bytes of a domain: its text and its gates. */
static uint64_t domain_hash(porin_domain *domain, const porin_image *image)
{
    const uint8_t *slot = (const uint8_t *)porin_domain_base(domain);
    uint64_t gates = hash(slot + PORIN_GATES_SERVICE, 0x1000) ^ hash(slot + PORIN_GATES_IMPORT, 0x1000);
    return gates ^ hash(slot + IMAGE_TEXT, image->text_pages_size);
}

static void assert_verified(const porin_image *image)
{
    uint64_t *scratch = malloc(porin_verify_scratch_words(image->text_pages_size) * sizeof *scratch);
    struct porin_verify_report report;
    struct porin_verify_input input = {
        .text = image->memory, .text_size = image->text_pages_size, .text_offset = IMAGE_TEXT, .scratch = scratch,
        .gates = { { PORIN_GATES_SERVICE, PORIN_SERVICE_GATE_SIZE, PORIN_SERVICE_GATES }, { PORIN_GATES_IMPORT, PORIN_GATE_SIZE, 2 } },
    };
    assert_true(porin_verify_text(&input, &report));
    assert_memory_not_equal(image->memory + text_place, poison, sizeof poison);
    free(scratch);
}

struct visitor { porin_entry loop; _Atomic uint64_t calls; };

static void *visit(void *argument)
{
    struct visitor *visitor = argument;
    porin_status status = PORIN_OK;
    uint64_t result;
    while (status == PORIN_OK) {
        status = porin_call6(visitor->loop, &result, 2000, 1, 0, 0, 0, 0);
        if (status == PORIN_OK && result != 2001)
            succeeded("a domain's result is another");
        visitor->calls++;
    }
    if (status != PORIN_ERR_GONE && status != PORIN_ERR_KILLED)
        succeeded("a call ended in another way than by the domain's end");
    return NULL;
}

/* One life of an image: loaded, bound, run by another thread, destroyed under it. False: an attacker spoiled the load. */
static bool live(const uint8_t *file)
{
    porin_image *image = NULL;
    struct porin_error error;
    porin_status status = porin_image_load_memory("hand-made", file, FILE_SIZE, &image, &error);
    if (status != PORIN_OK) {
        assert_true(status == PORIN_ERR_REFUSED || status == PORIN_ERR_MEMORY);
        return false;
    }
    assert_int_equal(fcntl(image->file, F_GET_SEALS), SEALED);
    assert_verified(image);
    struct porin_edge_options options = { .policy = PORIN_POLICY_REGISTER_INTEGRITY, .fault_value = -1 };
    porin_domain *a = domain_make(image, "a"), *b = domain_make(image, "b");
    assert_int_equal(porin_domain_bind(a, "first", entry(b, "add"), &options, NULL), PORIN_OK);
    uint64_t before = domain_hash(a, image);
    struct visitor visitor = { .loop = entry(a, "loop") };
    pthread_t thread;
    pthread_create(&thread, NULL, visit, &visitor);
    while (visitor.calls < 20 && !harm)
        usleep(200);
    if (harm)
        fail_msg("an attacker succeeded: %s", harm);
    assert_verified(image);
    assert_int_equal(domain_hash(a, image), before);
    porin_domain_destroy(a); /* with the visitor inside: unmapped once it is out */
    pthread_join(thread, NULL);
    porin_domain_destroy(b);
    assert_verified(image);
    porin_image_release(image);
    return true;
}

static void test_attacked_all_life_long(void **state)
{
    struct image_parts parts;
    image_begin(&parts, 2);
    uint8_t *file = image_write(&parts);
    porin_image *image = image_make_library(2);
    porin_domain *stays = domain_make(image, "stays");
    uint64_t before = domain_hash(stays, image);
    pthread_t threads[3];
    attacking = true;
    pthread_create(&threads[0], NULL, attack_mappings, NULL);
    pthread_create(&threads[1], NULL, attack_files, NULL);
    pthread_create(&threads[2], NULL, attack_files, NULL);
    unsigned lives = 0, spoiled = 0;
    struct timespec from, now;
    clock_gettime(CLOCK_MONOTONIC, &from);
    do {
        if (live(file))
            lives++;
        else
            spoiled++;
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (!harm && (now.tv_sec < from.tv_sec + SECONDS || lives < 5));
    attacking = false;
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++)
        pthread_join(threads[i], NULL);
    if (harm)
        fail_msg("an attacker succeeded: %s", harm);
    assert_int_equal(domain_hash(stays, image), before);
    assert_int_equal(call(stays, "add", 1, 2), 3);
    print_message("%u images lived, %u loads spoiled and refused; %" PRIu64 " attacks on mappings, %" PRIu64 " on files, %" PRIu64
                  " of them before sealing\n", lives, spoiled, tried.mappings, tried.files, tried.early);
    assert_true(tried.mappings > 50 && tried.files > 50);
    porin_domain_destroy(stays);
    porin_image_release(image);
    free(file);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_attacked_all_life_long) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

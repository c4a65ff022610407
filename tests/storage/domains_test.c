/* SPDX-License-Identifier: Apache-2.0 */
/* The storage stack as domains: SQLite above it finds what it has in memory, killing any module at any time leaves a sound database on the
 * disk, and neither a hostile device nor a hostile files module harms the others. Usage: domains_test IMAGES HOSTILE FOLDER */
#include "bench/storage/stack.h"
#include "bench/storage/storage.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROWS = 300, KILLS = 14, LIARS = 12, DISK_BYTES = 16 << 20 };
static const char *images, *hostile, *folder;
static unsigned long checks, failures;
static uint64_t seed = 5;

#define CHECK(what, ...) do { checks++; if (!(what)) { failures++; printf("%s:%d: %s: ", __FILE__, __LINE__, #what); \
        printf(__VA_ARGS__); putchar('\n'); } } while (0)
#define CALL(stack, module, entry, ...) stack_call(stack, module, entry, (const uint64_t[6]){__VA_ARGS__})

static uint64_t below(uint64_t limit)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % limit;
}
static void disk_new(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/disk", folder);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || ftruncate(file, DISK_BYTES) != 0 || close(file) != 0)
        exit(1);
}
static void mount(struct stack *stack)
{
    stack_create(stack);
    CHECK(CALL(stack, STACK_BLOCK, "block_attach", 0, 1) == 0, "attach");
    long mounted = CALL(stack, STACK_FILES, "files_mount", 0);
    CHECK(mounted == 0, "mount: %ld", mounted);
}
static uint64_t faults(const struct stack *stack, enum stack_module module)
{
    struct porin_domain_usage usage;
    return porin_domain_usage_get(stack->domains[module], &usage) == PORIN_OK ? usage.faults : 1;
}

static void sql_same(uint32_t policy, bool one)
{
    struct stack stack = { .images = images, .folder = folder, .policy = policy, .one = one };
    disk_new();
    mount(&stack);
    CHECK(CALL(&stack, STACK_SQL, "sql_open", 0) == 0, "open in memory");
    long memory = CALL(&stack, STACK_SQL, "sql_run", ROWS, 3);
    CHECK(CALL(&stack, STACK_SQL, "sql_open", 1) == 0, "open on files");
    long stacked = CALL(&stack, STACK_SQL, "sql_run", ROWS, 3);
    CHECK(memory > 0 && memory == stacked, "%ld %ld", memory, stacked);
    CHECK(CALL(&stack, STACK_SQL, "sql_check", 0) == 0, "check");
    stack_destroy(&stack);
}

/* A thread that works until a module of its stack is killed. */
static void *worker(void *closure)
{
    struct stack *stack = closure;
    if (CALL(stack, STACK_SQL, "sql_open", 1) == 0)
        for (uint64_t i = 0; CALL(stack, STACK_SQL, "sql_run", ROWS, i) >= 0; i++)
            continue;
    return NULL;
}
static void killed(enum stack_module module)
{
    struct stack stack = { .images = images, .folder = folder }, next = stack;
    pthread_t thread;
    mount(&stack);
    if (pthread_create(&thread, NULL, worker, &stack) != 0)
        exit(1);
    usleep((useconds_t)(2000 + below(60000)));
    CHECK(porin_domain_kill(stack.domains[module]) == PORIN_OK, "kill");
    pthread_join(thread, NULL);
    stack_destroy(&stack);
    mount(&next);                       /* the same disk */
    long sound = CALL(&next, STACK_SQL, "sql_check", 0);
    CHECK(sound == 0, "after killing %s: %ld", stack_names[module], sound);
    stack_destroy(&next);
}

static void device_hostile(uint64_t from)
{
    char image[4096];
    snprintf(image, sizeof image, "%s/block.porin", hostile);
    struct stack stack = { .images = images, .folder = folder, .replaced[STACK_BLOCK] = image };
    stack_create(&stack);
    CALL(&stack, STACK_BLOCK, "block_attach", 0, from);
    for (int i = 0; i < 6; i++)
        if (CALL(&stack, STACK_FILES, "files_mount", 0) == 0 && CALL(&stack, STACK_LOAD, "load_prepare", 4, 65536) == 0) {
            CALL(&stack, STACK_LOAD, "load_run", LOAD_MIXED, 200, 4096, 0, 1, from);
            CALL(&stack, STACK_LOAD, "load_run", LOAD_NAMES, 50, 8192, 0, 1, from);
        }
    CALL(&stack, STACK_SQL, "sql_open", 1);
    CALL(&stack, STACK_SQL, "sql_run", 50, from);
    for (int i = STACK_JOURNAL; i < STACK_MODULES; i++)
        CHECK(faults(&stack, (enum stack_module)i) == 0, "device %lu: %s has died", from, stack_names[i]);
    stack_destroy(&stack);
}

static void files_hostile(void)
{
    char image[4096];
    snprintf(image, sizeof image, "%s/files.porin", hostile);
    struct stack stack = { .images = images, .folder = folder, .replaced[STACK_FILES] = image };
    struct porin_error error;
    disk_new();
    stack_create(&stack);
    CHECK(CALL(&stack, STACK_BLOCK, "block_attach", 0, 1) == 0 && CALL(&stack, STACK_FILES, "files_mount", 0) > 0, "mount");
    for (uint64_t how = 0; how < 16; how++) {
        CHECK(CALL(&stack, STACK_FILES, "hostile_prepare", 0) > 0, "before %lu", how);
        long result = CALL(&stack, STACK_FILES, "hostile_ask", how);
        CHECK(result == STORAGE_WRONG, "%lu: %ld", how, result);
    }
    for (uint64_t number = 0; number < 20; number++)
        for (uint64_t first = 0; first < 2; first++) {
            uint64_t fault = faults(&stack, STACK_FILES);
            long result = CALL(&stack, STACK_FILES, "hostile_forge", number, number & 1 ? 0x10000 + number * 4096 : number, first);
            CHECK(result == STORAGE_GONE && faults(&stack, STACK_FILES) == fault + 1, "%lu: %ld", number, result);
            CHECK(porin_domain_reset(stack.domains[STACK_FILES], &error) == PORIN_OK, "reset");
        }
    CHECK(CALL(&stack, STACK_FILES, "hostile_prepare", 0) > 0, "the cache serves");
    for (int i = STACK_BLOCK; i <= STACK_CACHE; i++)
        CHECK(faults(&stack, (enum stack_module)i) == 0, "%s has died", stack_names[i]);
    stack_destroy(&stack);
}

int main(int count, char **arguments)
{
    if (count != 4)
        return 2;
    images = arguments[1];
    hostile = arguments[2];
    folder = arguments[3];
    sql_same(0, false);
    sql_same(PORIN_POLICY_ALL, false);
    sql_same(0, true);
    disk_new();
    for (int i = 0; i < KILLS; i++)
        killed((enum stack_module)(i % STACK_MODULES == STACK_LOAD ? STACK_FILES : i % STACK_MODULES));
    for (uint64_t i = 1; i <= LIARS; i++)
        device_hostile(i);
    files_hostile();
    printf("storage: %lu checks, %lu failures\n", checks, failures);
    return failures != 0;
}

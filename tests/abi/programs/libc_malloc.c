/* SPDX-License-Identifier: Apache-2.0 */
/* malloc's promises: alignment, contents over realloc, clean calloc, refusals with errno, memory given back, threads. */
/* reference: musl */
#define _GNU_SOURCE
#include "report.h"
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BLOCKS = 12000 };

static void hold(const char *what, int good)
{
    put(what, (uint64_t)good);
    if (!good)
        exit(1);
}

static void alignment(void)
{
    int good = 1;
    for (size_t size = 0; size < 3000; size += 7) {
        void *plain = malloc(size);
        good &= plain && (uintptr_t)plain % 16 == 0 && malloc_usable_size(plain) >= size;
        free(plain);
    }
    for (size_t align = 1; align <= 1u << 20; align *= 2) {
        char *block = aligned_alloc(align, 100 + align / 3), *other = NULL;
        good &= block && (uintptr_t)block % align == 0 && malloc_usable_size(block) >= 100 + align / 3;
        if (align >= sizeof(void *))
            good &= posix_memalign((void **)&other, align, 50) == 0 && (uintptr_t)other % align == 0;
        memset(block, 1, 100 + align / 3);
        good &= (block = realloc(block, 5000 + align)) != NULL && block[99] == 1;
        free(block);
        free(other);
    }
    hold("aligned", good);
}

static void refusals(void)
{
    size_t sizes[] = {SIZE_MAX, SIZE_MAX - 15, SIZE_MAX / 2 + 1, PTRDIFF_MAX, (size_t)1 << 46};
    char *kept = malloc(1000);
    int good = 1;
    memset(kept, 7, 1000);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        errno = 0;
        good &= malloc(HIDE(sizes[i])) == NULL && errno == ENOMEM;
        errno = 0;
        good &= realloc(kept, HIDE(sizes[i])) == NULL && errno == ENOMEM && kept[999] == 7;
        errno = 0;
        good &= calloc(HIDE(sizes[i]), 3) == NULL && errno == ENOMEM;
        errno = 0;
        good &= aligned_alloc(64, HIDE(sizes[i])) == NULL && errno == ENOMEM;
    }
    errno = 0;
    good &= aligned_alloc(HIDE((size_t){48}), 100) == NULL && errno == EINVAL;
    free(kept);
    hold("refused", good);
}

static void clean(void)
{
    int good = 1;
    for (size_t size = 1; size < 2000000; size = size * 3 + 1) {
        unsigned char *dirty = malloc(size);
        memset(dirty, 0xff, size);
        free(dirty);
        unsigned char *block = calloc(size, 1);
        for (size_t i = 0; i < size; i++)
            good &= block[i] == 0;
        free(block);
    }
    hold("clean", good);
}

/* Grows and shrinks across the size from which on a block is a mapping of its own. */
static void moved(void)
{
    size_t size = 1000;
    unsigned char *block = malloc(size);
    int good = 1;
    for (int turn = 0; turn < 24; turn++) {
        for (size_t i = 0; i < size; i += 512)
            block[i] = (unsigned char)(i / 512 + (size_t)turn);
        size_t wanted = turn < 12 ? size * 2 : size / 2;
        block = realloc(block, wanted);
        for (size_t i = 0; i < size && i < wanted; i += 512)
            good &= block[i] == (unsigned char)(i / 512 + (size_t)turn);
        size = wanted;
    }
    free(block);
    hold("moved", good);
}

/* Many small blocks do not stay the process's when all are free; errno survives that. */
static void given_back(void)
{
    static void *block[BLOCKS];
    long before = syscall(SYS_brk, 0);
    for (int i = 0; i < BLOCKS; i++)
        memset(block[i] = malloc(1000), i, 1000);
    long most = syscall(SYS_brk, 0);
    errno = 4711;
    for (int i = 0; i < BLOCKS; i++)
        free(block[(i * 7) % BLOCKS]);
    hold("taken", most - before > BLOCKS * 700L);
    hold("given back", syscall(SYS_brk, 0) - before < BLOCKS * 300L);
    hold("errno", errno == 4711);
}

static void *passed[200];

/* Frees what the thread before it made, and leaves as much: what a thread keeps for itself is not lost with it. */
static void *heir(void *seed)
{
    uint64_t state = (uintptr_t)seed;
    long wrong = 0;
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) {
        wrong += passed[i] && *(unsigned char *)passed[i] != (unsigned char)i;
        free(passed[i]);
    }
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
        memset(passed[i] = malloc(next_random(&state) % 600 + 1), (int)i, 1);
    return (void *)wrong;
}

static void heirs(void)
{
    long wrong = 0, early = 0;
    for (int i = 0; i < 600; i++) {
        pthread_t thread;
        void *result;
        if (pthread_create(&thread, NULL, heir, (void *)(uintptr_t)(i + 1)) || pthread_join(thread, &result))
            wrong++;
        wrong += (long)result;
        if (i == 100)
            early = syscall(SYS_brk, 0);
    }
    hold("threads", wrong == 0);
    hold("not lost", syscall(SYS_brk, 0) - early < 1 << 20);
}

/* All at once, blocks going from hand to hand. */
static void *juggle(void *seed)
{
    static _Atomic(unsigned char *) hands[64];
    uint64_t state = (uintptr_t)seed;
    long wrong = 0;
    for (int i = 0; i < 30000; i++) {
        uint64_t random = next_random(&state);
        size_t size = random % 1000 + 2;
        unsigned char *mine = malloc(size);
        memset(mine, (int)(random >> 40), size);
        mine[1] = mine[0];
        unsigned char *other = __atomic_exchange_n((unsigned char **)&hands[random >> 20 & 63], mine, __ATOMIC_ACQ_REL);
        wrong += other && other[0] != other[1];
        free(other);
    }
    return (void *)wrong;
}

static void jugglers(void)
{
    pthread_t thread[4];
    long wrong = 0;
    for (uintptr_t i = 0; i < 4; i++)
        wrong += pthread_create(&thread[i], NULL, juggle, (void *)(i + 1));
    for (int i = 0; i < 4; i++) {
        void *result;
        wrong += pthread_join(thread[i], &result) || result;
    }
    hold("hand to hand", wrong == 0);
}

int main(void)
{
    alignment();
    refusals();
    clean();
    moved();
    given_back();
    heirs();
    jugglers();
    return 0;
}

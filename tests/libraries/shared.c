/* SPDX-License-Identifier: Apache-2.0 */
/* A library that several host threads enter at once (see threads.c): it allocates, keeps thread-local counts, locks, and prints. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "porin/domain.h"

static _Thread_local long calls = 1000;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t key;
static long total; /* under the lock */
static int ready;

__attribute__((constructor)) static void start(void)
{
    ready = pthread_key_create(&key, NULL) == 0;
}

/* Allocates, fills, checks and frees `rounds` times; returns how often something was wrong. */
long churn(long seed, long rounds)
{
    enum { KEPT = 40 };
    unsigned char *kept[KEPT] = {0};
    size_t size[KEPT] = {0};
    unsigned state = (unsigned)seed;
    long wrong = 0;
    for (long i = 0; i < rounds; i++) {
        state = state * 1103515245u + 12345u;
        unsigned slot = (state >> 8) % KEPT, wanted = (state >> 14) % 3000 + 1;
        for (size_t k = 0; k < size[slot]; k++) wrong += kept[slot][k] != (unsigned char)(seed + slot);
        free(kept[slot]);
        size[slot] = wanted;
        kept[slot] = malloc(wanted);
        if (!kept[slot]) return -1;
        memset(kept[slot], (int)(seed + slot), wanted);
        errno = (int)seed;
        pthread_mutex_lock(&lock);
        total++;
        pthread_mutex_unlock(&lock);
        wrong += errno != (int)seed;
    }
    for (int i = 0; i < KEPT; i++) free(kept[i]);
    return wrong;
}
PORIN_EXPORT(churn);

/* How often this thread has called, counted in thread-local storage and in thread-specific data; negative if they differ. */
long count(void)
{
    long before = (long)pthread_getspecific(key);
    calls++;
    if (!ready || pthread_setspecific(key, (void *)(before + 1))) return -1;
    return calls - 1000 == before + 1 ? before + 1 : -2;
}
PORIN_EXPORT(count);

/* Printing through one locked stream; the line is longer than a word and must not be torn. */
long print(long thread)
{
    return printf("%s %ld\n", "a line of one thread, whole from its first to its last character", thread);
}
PORIN_EXPORT(print);

long flush(void)
{
    return fflush(stdout);
}
PORIN_EXPORT(flush);

long total_get(void)
{
    return total;
}
PORIN_EXPORT(total_get);

/* Different threads have different ids, and a lock one of them holds is busy for the others. */
long lock_take(void) { return pthread_mutex_lock(&lock); }
long lock_try(void) { return pthread_mutex_trylock(&lock) == EBUSY; }
long lock_leave(void) { return pthread_mutex_unlock(&lock); }
PORIN_EXPORT(lock_take);
PORIN_EXPORT(lock_try);
PORIN_EXPORT(lock_leave);

/* The library's own threads beside the host's: each churns and adds; returns what they joined with, or how creating one failed. */
static void *own_thread(void *seed)
{
    return (void *)(churn((long)seed, 100) + count());
}

long own_threads(long seed)
{
    enum { THREADS = 3 };
    pthread_t threads[THREADS];
    long sum = 0;
    for (long i = 0; i < THREADS; i++) {
        int error = pthread_create(&threads[i], NULL, own_thread, (void *)(seed + i));
        if (error) return -error;
    }
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        sum += (long)result;
    }
    return sum;
}
PORIN_EXPORT(own_threads);

/* Ends a thread that is not ours to end; its thread-specific data goes, and it is counted anew. */
long leave(void)
{
    pthread_exit(NULL);
}
PORIN_EXPORT(leave);

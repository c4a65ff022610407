/* SPDX-License-Identifier: Apache-2.0 */
/* Several host threads in one domain at once: the libc inside knows each of them (thread-local storage, errno, keys) and locks what
 * they share. Usage: threads IMAGE (shared.c built by porin-cc). Prints one line; the exit status tells. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "porin/porin.h"

#define THREADS 4
#define ROUNDS 30000
#define CALLS 50

static porin_domain *domain;

static long call(const char *name, uint64_t a, uint64_t b)
{
    porin_entry entry;
    struct porin_error error;
    uint64_t result;
    if (porin_entry_find(domain, name, &entry, &error) != PORIN_OK) {
        fprintf(stderr, "threads: %s: %s\n", name, error.text);
        exit(1);
    }
    if (porin_call6(entry, &result, a, b, 0, 0, 0, 0) != PORIN_OK) {
        fprintf(stderr, "threads: %s: %s\n", name, porin_last_error()->text);
        exit(1);
    }
    return (long)result;
}

static void expect(int good, const char *what, long value)
{
    if (good) return;
    fprintf(stderr, "threads: FAILED %s: %ld\n", what, value);
    exit(1);
}

/* pthread_exit in the library ends that call; afterwards this thread is a new one there. */
static void leave(void)
{
    porin_entry entry;
    uint64_t result;
    for (int i = 0; i < 20; i++) {
        expect(porin_entry_find(domain, "leave", &entry, NULL) == PORIN_OK, "leave", 0);
        porin_status status = porin_call6(entry, &result, 0, 0, 0, 0, 0, 0);
        expect(status == PORIN_ERR_EXIT, "pthread_exit in a call", status);
        long calls = call("count", 0, 0);
        expect(calls == 1, "count of a new thread", calls);
    }
}

static void *work(void *argument)
{
    long number = (long)argument;
    for (long i = 1; i <= CALLS; i++) {
        long wrong = call("churn", (uint64_t)number + 1, ROUNDS / CALLS);
        expect(wrong == 0, "churn", wrong);
        long calls = call("count", 0, 0);
        expect(calls == i, "count", calls);
        call("print", (uint64_t)number, 0);
        long own = i % 10 ? 3 : call("own_threads", (uint64_t)number + 1, 0);
        expect(own == 3, "threads of its own", own);
    }
    leave();
    porin_thread_detach();
    return NULL;
}

static void *try_lock(void *argument)
{
    *(long *)argument = call("lock_try", 0, 0);
    return NULL;
}

int main(int argc, char **argv)
{
    struct porin_error error;
    struct porin_domain_options options;
    porin_image *image;
    pthread_t thread[THREADS];
    long busy = 0;
    if (argc != 2) return 2;
    porin_domain_options_default(&options);
    options.grants = PORIN_GRANT_MEMORY | PORIN_GRANT_CONSOLE | PORIN_GRANT_THREADS;
    options.stdio[1] = 1;
    if (porin_image_load_file(argv[1], &image, &error) != PORIN_OK || porin_domain_create(image, &options, &domain, &error) != PORIN_OK) {
        fprintf(stderr, "threads: %s\n", error.text);
        return 1;
    }
    for (long i = 0; i < THREADS; i++)
        if (pthread_create(&thread[i], NULL, work, (void *)i)) return 1;
    for (int i = 0; i < THREADS; i++) pthread_join(thread[i], NULL);
    call("flush", 0, 0);
    long total = call("total_get", 0, 0);
    expect(total == (long)THREADS * (ROUNDS / CALLS) * CALLS + THREADS * (CALLS / 10) * 3 * 100, "total", total);
    expect(call("lock_take", 0, 0) == 0, "lock", 0);
    if (pthread_create(&thread[0], NULL, try_lock, &busy)) return 1;
    pthread_join(thread[0], NULL);
    expect(busy == 1, "a lock that another thread holds", busy);
    expect(call("lock_leave", 0, 0) == 0, "unlock", 0);
    porin_domain_destroy(domain);
    porin_image_release(image);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of a program's own. Without arguments: prints what must be the same natively; with one: an end of that kind. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 2000
#define STORM_THREADS 8
#define STORM_ROUNDS 3000

static void check(int good, const char *what)
{
    if (good)
        return;
    printf("FAILED: %s\n", what);
    fflush(stdout);
    _exit(1);
}

/* --- mutex and condition: a ball goes to and fro --- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static int turn;

static void *play(void *number)
{
    int own = (int)(long)number;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&lock);
        while (turn != own)
            pthread_cond_wait(&turned, &lock);
        turn = !own;
        pthread_cond_signal(&turned);
        pthread_mutex_unlock(&lock);
    }
    return (void *)(long)(own + 100);
}

static void ping_pong(void)
{
    pthread_t players[2];
    void *result[2];
    for (long i = 0; i < 2; i++)
        check(pthread_create(&players[i], NULL, play, (void *)i) == 0, "pthread_create");
    for (int i = 0; i < 2; i++)
        check(pthread_join(players[i], &result[i]) == 0, "pthread_join");
    printf("ping-pong: %ld %ld\n", (long)result[0], (long)result[1]);
}

/* --- malloc from eight sides, thread-local variables, errno, keys, once --- */

static _Thread_local unsigned seed = 17;
static _Thread_local char name[32] = "nobody";
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int made, destroyed;

static void make_key_destroyed(void *value)
{
    check(strcmp(value, name) == 0, "a key's value in its destructor");
    __atomic_fetch_add(&destroyed, 1, __ATOMIC_SEQ_CST);
}

static void make_key(void)
{
    made++;
    check(pthread_key_create(&key, make_key_destroyed) == 0, "pthread_key_create");
}

static void *storm(void *number)
{
    enum { PIECES = 32 };
    unsigned char *pieces[PIECES] = { 0 };
    size_t sizes[PIECES];
    check(seed == 17 && strcmp(name, "nobody") == 0, "thread-local variables begin as they are written");
    snprintf(name, sizeof name, "thread %ld", (long)number);
    seed = (unsigned)(long)number;
    pthread_once(&once, make_key);
    pthread_setspecific(key, name);
    for (int i = 0; i < STORM_ROUNDS; i++) {
        int which = rand_r(&seed) % PIECES;
        if (pieces[which]) {
            for (size_t k = 0; k < sizes[which]; k++)
                check(pieces[which][k] == (unsigned char)(long)number, "memory of this thread");
            free(pieces[which]);
        }
        sizes[which] = rand_r(&seed) % (i % 64 ? 600 : 40000);
        check((pieces[which] = malloc(sizes[which])) != NULL, "malloc");
        memset(pieces[which], (int)(long)number, sizes[which]);
        errno = 0;
        check(close(1000) == -1 && errno == EBADF, "errno");
    }
    for (int i = 0; i < PIECES; i++)
        free(pieces[i]);
    check(pthread_getspecific(key) == name, "the key's value");
    return name + 7;
}

static void malloc_storm(void)
{
    pthread_t threads[STORM_THREADS];
    for (long i = 0; i < STORM_THREADS; i++)
        check(pthread_create(&threads[i], NULL, storm, (void *)(i + 1)) == 0, "pthread_create");
    for (int i = 0; i < STORM_THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("storm: once %d, destructors %d, ours %s\n", made, destroyed, name);
}

/* --- numbers --- */

static void *number(void *unused)
{
    (void)unused;
    return (void *)(long)syscall(SYS_gettid);
}

static void numbers(void)
{
    pthread_t threads[4];
    long got[4];
    check(gettid() == getpid() && syscall(SYS_gettid) == getpid(), "the first thread's number");
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, number, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], (void **)&got[i]);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < i; k++)
            check(got[i] > 0 && got[i] != got[k] && got[i] != getpid(), "numbers of threads");
    puts("numbers: differ");
}

/* --- cancellation --- */

static int cleaned;
static sem_t ready, never;

static void clean(void *unused)
{
    (void)unused;
    cleaned++;
}

static void *wait_for_cancel(void *how)
{
    pthread_cleanup_push(clean, NULL);
    sem_post(&ready);
    switch ((long)how) {
    case 0: sem_wait(&never); break;
    case 1: sleep(1000); break;
    case 2: pthread_mutex_lock(&lock); pthread_cleanup_push((void (*)(void *))pthread_mutex_unlock, &lock);
        for (;;) pthread_cond_wait(&turned, &lock);
        pthread_cleanup_pop(1); break;
    default: for (;;) pthread_testcancel();
    }
    pthread_cleanup_pop(0);
    return NULL;
}

static void cancellation(void)
{
    for (long how = 0; how < 4; how++) {
        pthread_t thread;
        void *result = NULL;
        sem_init(&ready, 0, 0);
        sem_init(&never, 0, 0);
        pthread_create(&thread, NULL, wait_for_cancel, (void *)how);
        sem_wait(&ready);
        usleep(20000); /* now it waits */
        check(pthread_cancel(thread) == 0, "pthread_cancel");
        pthread_join(thread, &result);
        check(result == PTHREAD_CANCELED, "the result of a thread that was cancelled");
    }
    check(pthread_mutex_trylock(&lock) == 0, "a mutex that a cancelled thread gave back");
    pthread_mutex_unlock(&lock);
    printf("cancelled: %d\n", cleaned);
}

/* --- C11, detached threads, locks of other kinds --- */

static int eleven(void *argument)
{
    thrd_sleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    return *(int *)argument + 1;
}

static void *detached(void *argument)
{
    sem_post(argument);
    return NULL;
}

static pthread_rwlock_t shared = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;

static void *meet(void *argument)
{
    pthread_barrier_wait(&barrier);
    pthread_rwlock_wrlock(&shared);
    ++*(int *)argument;
    pthread_rwlock_unlock(&shared);
    pthread_barrier_wait(&barrier);
    return NULL;
}

static void others(void)
{
    int value = 41, result = 0, met = 0;
    thrd_t thread;
    pthread_t threads[3];
    pthread_t loose;
    sem_t done;
    check(thrd_create(&thread, eleven, &value) == thrd_success && thrd_join(thread, &result) == thrd_success, "C11 threads");
    sem_init(&done, 0, 0);
    for (int i = 0; i < 300; i++) { /* far more than may run at once, and than fit if their stacks stayed */
        check(pthread_create(&loose, NULL, detached, &done) == 0 && pthread_detach(loose) == 0, "a detached thread");
        sem_wait(&done);
        if (i % 16 == 15)
            usleep(1000); /* they have told before they end */
    }
    pthread_barrier_init(&barrier, NULL, 4);
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, meet, &met);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    pthread_rwlock_rdlock(&shared);
    printf("others: %d, met %d\n", result, met);
    pthread_rwlock_unlock(&shared);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
}

/* --- ends --- */

static void *spin(void *unused)
{
    for (volatile unsigned long i = 0;; i++)
        ;
    return unused;
}

static void *wait_forever(void *unused)
{
    sem_wait(&never);
    return unused;
}

static void *end(void *how)
{
    usleep(10000);
    if (!strcmp(how, "fault"))
        *(volatile int *)0x10 = 1;
    if (!strcmp(how, "trap"))
        __builtin_trap();
    if (!strcmp(how, "exit"))
        exit(33);
    if (!strcmp(how, "_exit"))
        _exit(34);
    if (!strcmp(how, "abort"))
        abort();
    if (!strcmp(how, "print"))
        puts("after main");
    return NULL;
}

static int limit(void)
{
    pthread_t thread;
    int count = 0, error;
    while ((error = pthread_create(&thread, NULL, wait_forever, NULL)) == 0)
        count++;
    printf("%d threads, then %s\n", count, error == EAGAIN ? "EAGAIN" : "another error");
    return 0;
}

int main(int argc, char **argv)
{
    pthread_t thread, bystanders[3];
    sem_init(&never, 0, 0);
    if (argc > 1 && !strcmp(argv[1], "limit"))
        return limit();
    if (argc > 1) {
        pthread_create(&bystanders[0], NULL, spin, NULL);
        pthread_create(&bystanders[1], NULL, wait_forever, NULL);
        pthread_create(&bystanders[2], NULL, spin, NULL);
        if (!strcmp(argv[1], "return"))
            return 35;
        pthread_create(&thread, NULL, end, argv[1]);
        pthread_join(thread, NULL);
        pthread_join(bystanders[0], NULL);
    }
    ping_pong();
    malloc_storm();
    numbers();
    cancellation();
    others();
    pthread_create(&thread, NULL, end, "print");
    pthread_exit(NULL); /* the program ends with its last thread */
}

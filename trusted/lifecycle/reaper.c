/* SPDX-License-Identifier: Apache-2.0 */
/* Domains that have died are pushed onto a list without a lock; the reaper asks their threads until none is inside. */
#define _GNU_SOURCE
#include "reaper.h"
#include "runtime/grace.h"
#include "runtime/must.h"
#include "spawn.h"
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

#define PAUSE_FIRST_NS 100000             /* between two attempts; doubles up to the other one */
#define PAUSE_LAST_NS 50000000

static sem_t wanted;
static struct porin_domain *_Atomic pushed; /* by next_dead */
static struct porin_domain *kept;           /* by next_kept: being asked */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* asking; outside of domains' locks */
static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER; /* whether the reaper runs; inside of them */
static bool runs;

void reaper_want(struct porin_domain *domain)
{
    if ((domain->stack_count < 2 && !domain->threads) || atomic_exchange(&domain->dead_pushed, true))
        return;
    domain->next_dead = pushed;
    while (!atomic_compare_exchange_weak(&pushed, &domain->next_dead, domain))
        ;
    sem_post(&wanted);
}

/* With the lock: from the pushed to the kept. */
static void take_pushed(void)
{
    struct porin_domain *domain = atomic_exchange(&pushed, NULL);
    while (domain) {
        struct porin_domain *next = domain->next_dead;
        domain->dead_pushed = false; /* it may die again from now on, and be pushed again */
        if (!domain->dead_kept) {
            domain->dead_kept = true;
            domain->next_kept = kept;
            kept = domain;
        }
        domain = next;
    }
}

/* With the lock: asks the threads of all once, which throws them out. */
static void reap(void)
{
    for (struct porin_domain **link = &kept; *link;) {
        struct porin_domain *domain = *link;
        pthread_mutex_lock(&domain->lock);
        bool done = !domain_is_dead(domain) || (grace_outside(domain) && !domain->threads);
        pthread_mutex_unlock(&domain->lock);
        if (done) {
            *link = domain->next_kept;
            domain->dead_kept = false;
        } else {
            link = &domain->next_kept;
        }
    }
}

static void *reaper_run(void *data)
{
    long pause = PAUSE_FIRST_NS;
    for (;;) {
        if (kept) {
            nanosleep(&(struct timespec){ .tv_nsec = pause }, NULL);
            pause = pause < PAUSE_LAST_NS ? 2 * pause : pause;
        } else {
            while (sem_wait(&wanted) != 0)
                ;
        }
        if (pushed)
            pause = PAUSE_FIRST_NS;
        pthread_mutex_lock(&lock);
        take_pushed();
        reap();
        pthread_mutex_unlock(&lock);
    }
    return data;
}

bool reaper_ensure(void)
{
    pthread_mutex_lock(&starting);
    if (!runs)
        runs = host_thread_start(reaper_run, NULL);
    bool good = runs;
    pthread_mutex_unlock(&starting);
    return good;
}

/* With the lock the reaper is not asking, so that the child does not inherit the locks that asking takes. */
static void before_fork(void)
{
    pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&lock);
}

/* The child has no reaper, and nobody to be thrown out. */
static void forked(void)
{
    static const pthread_mutex_t unlocked = PTHREAD_MUTEX_INITIALIZER;
    starting = unlocked;
    runs = false;
    take_pushed();
    for (; kept; kept = kept->next_kept)
        kept->dead_kept = false;
    after_fork();
}

bool reaper_start(void)
{
    return sem_init(&wanted, 0, 0) == 0 && pthread_atfork(before_fork, after_fork, forked) == 0;
}

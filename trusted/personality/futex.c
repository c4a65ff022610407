/* SPDX-License-Identifier: Apache-2.0 */
/* futex among the threads of one domain. The queue is the personality's own: the host kernel never waits on a domain's memory, and a
 * domain sees waiters of its own only. A thread sleeps on a word in its own host stack. */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "signals.h"

struct futex_waiter {
    struct futex_waiter *next;         /* in the order of arrival */
    uint64_t address;                  /* slot offset waited on */
    uint32_t bits;
    uint32_t woken;                    /* what the host kernel waits on; WOKEN or LOOK */
};

#define WOKEN 1u
#define LOOK 2u                        /* somebody was interrupted: the thread looks whether it is the one */

static int64_t fetch_word(const struct request *request, uint64_t address, uint32_t *word)
{
    if (address % sizeof *word)
        return -EINVAL;
    return request_fetch(request, word, address, sizeof *word);
}

/* Under the lock: takes the waiter out of the queue. */
static void queue_remove(struct personality *own, struct futex_waiter *waiter)
{
    struct futex_waiter **link = &own->waiters;
    while (*link && *link != waiter)
        link = &(*link)->next;
    if (*link)
        *link = waiter->next;
}

static void queue_add(struct personality *own, struct futex_waiter *waiter)
{
    struct futex_waiter **link = &own->waiters;
    while (*link)
        link = &(*link)->next;
    *link = waiter;
}

static void waiter_tell(struct futex_waiter *waiter, uint32_t what)
{
    __atomic_store_n(&waiter->woken, what, __ATOMIC_RELEASE);
    syscall(SYS_futex, &waiter->woken, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Under the lock, which the waiter takes before it leaves, so that it cannot be gone yet. Returns how many were woken. */
static int64_t queue_wake(struct personality *own, uint64_t address, uint32_t bits, int64_t count)
{
    int64_t woken = 0;
    struct futex_waiter **link = &own->waiters;
    while (*link && woken < count) {
        struct futex_waiter *waiter = *link;
        if (waiter->address != address || !(waiter->bits & bits)) {
            link = &waiter->next;
            continue;
        }
        *link = waiter->next;
        waiter_tell(waiter, WOKEN);
        woken++;
    }
    return woken;
}

/* Takes an order to look back: looking is what request_wait does before it waits. */
static void waiter_looks(struct personality *own, struct futex_waiter *waiter)
{
    pthread_mutex_lock(&own->lock);
    if (waiter->woken == LOOK)
        waiter->woken = 0;
    pthread_mutex_unlock(&own->lock);
}

/* Sleeps until woken, interrupted, the deadline (of the given clock flag; NULL: none), or the end of the domain. */
static int64_t waiter_sleep(const struct request *request, struct futex_waiter *waiter, const struct timespec *deadline, int clock_flag)
{
    struct personality *own = request->own;
    int64_t result = 0;
    while (__atomic_load_n(&waiter->woken, __ATOMIC_ACQUIRE) != WOKEN) {
        if (result != 0 && result != -EAGAIN)
            break;
        waiter_looks(own, waiter);
        result = WAIT(request, SYS_futex, &waiter->woken, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG | clock_flag, 0, deadline, NULL,
                      FUTEX_BITSET_MATCH_ANY);
    }
    pthread_mutex_lock(&own->lock);
    queue_remove(own, waiter);
    bool woken = waiter->woken == WOKEN;
    pthread_mutex_unlock(&own->lock);
    return woken ? 0 : result;
}

void futex_interrupt(struct personality *own)
{
    pthread_mutex_lock(&own->lock);
    for (struct futex_waiter *waiter = own->waiters; waiter; waiter = waiter->next)
        waiter_tell(waiter, LOOK);
    pthread_mutex_unlock(&own->lock);
}

void personality_thread_end(struct porin_domain *domain, uint32_t tid_address)
{
    struct personality *own = domain->personality;
    const uint32_t none = 0;
    if (own)
        signals_thread_end(own);
    if (!own || !tid_address || tid_address % sizeof none || copy_out(domain, (porin_addr){ tid_address }, &none, sizeof none) != PORIN_OK)
        return;
    pthread_mutex_lock(&own->lock);
    queue_wake(own, tid_address, FUTEX_BITSET_MATCH_ANY, 1);
    pthread_mutex_unlock(&own->lock);
}

/* Turns a FUTEX_WAIT's relative time into a deadline. Beyond a century there is no difference to the end of time. */
static void deadline_after(struct timespec *time)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const long century = 100l * 366 * 86400;
    time->tv_sec = now.tv_sec + (time->tv_sec < century ? time->tv_sec : century);
    time->tv_nsec += now.tv_nsec;
    if (time->tv_nsec >= 1000000000l) {
        time->tv_nsec -= 1000000000l;
        time->tv_sec++;
    }
}

static int64_t futex_wait(const struct request *request, bool absolute, int clock_flag, uint32_t bits)
{
    struct personality *own = request->own;
    uint64_t address = request->arguments[0];
    uint32_t word;
    struct timespec time;
    if (bits == 0)
        return -EINVAL;
    if (request->arguments[3]) {
        int64_t error = request_fetch(request, &time, request->arguments[3], sizeof time);
        if (error)
            return error;
        if (time.tv_sec < 0 || time.tv_nsec < 0 || time.tv_nsec >= 1000000000l)
            return -EINVAL;
        if (!absolute)
            deadline_after(&time);
    }
    struct futex_waiter waiter = { .address = address, .bits = bits, .woken = LOOK }; /* it may have been interrupted before */
    pthread_mutex_lock(&own->lock);
    int64_t error = fetch_word(request, address, &word);
    if (!error && word != (uint32_t)request->arguments[2])
        error = -EAGAIN;
    if (!error)
        queue_add(own, &waiter);
    pthread_mutex_unlock(&own->lock);
    if (error)
        return error;
    error = waiter_sleep(request, &waiter, request->arguments[3] ? &time : NULL, clock_flag);
    return request->arguments[3] ? not_restarted(error) : error; /* the time that has passed would start anew */
}

static int64_t wake_count(uint64_t argument)
{
    int count = (int)(uint32_t)argument;
    return count < 0 ? INT_MAX : count;
}

static int64_t futex_wake(const struct request *request, uint32_t bits)
{
    uint32_t word;
    int64_t result = bits ? fetch_word(request, request->arguments[0], &word) : -EINVAL;
    if (result)
        return result;
    pthread_mutex_lock(&request->own->lock);
    result = queue_wake(request->own, request->arguments[0], bits, wake_count(request->arguments[2]));
    pthread_mutex_unlock(&request->own->lock);
    return result;
}

/* Wakes some and lets others wait on another word instead. */
static int64_t futex_requeue(const struct request *request, bool compare)
{
    struct personality *own = request->own;
    uint64_t from = request->arguments[0], to = request->arguments[4];
    int64_t moves = wake_count(request->arguments[3]), moved = 0;
    uint32_t word, other;
    pthread_mutex_lock(&own->lock);
    int64_t result = fetch_word(request, from, &word);
    if (!result)
        result = fetch_word(request, to, &other);
    if (!result && compare && word != (uint32_t)request->arguments[5])
        result = -EAGAIN;
    if (!result) {
        result = queue_wake(own, from, FUTEX_BITSET_MATCH_ANY, wake_count(request->arguments[2]));
        for (struct futex_waiter *waiter = own->waiters; waiter && moved < moves; waiter = waiter->next) {
            if (waiter->address != from)
                continue;
            waiter->address = to;
            moved++;
        }
    }
    pthread_mutex_unlock(&own->lock);
    return result < 0 ? result : result + moved;
}

int64_t service_futex(const struct request *request)
{
    int operation = request_int(request, 1), clock_flag = operation & FUTEX_CLOCK_REALTIME;
    uint32_t bits = (uint32_t)request->arguments[5];
    switch (operation & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME)) {
    case FUTEX_WAIT: return clock_flag ? -ENOSYS : futex_wait(request, false, 0, FUTEX_BITSET_MATCH_ANY);
    case FUTEX_WAIT_BITSET: return futex_wait(request, true, clock_flag, bits);
    case FUTEX_WAKE: return futex_wake(request, FUTEX_BITSET_MATCH_ANY);
    case FUTEX_WAKE_BITSET: return futex_wake(request, bits);
    case FUTEX_REQUEUE: return futex_requeue(request, false);
    case FUTEX_CMP_REQUEUE: return futex_requeue(request, true);
    default: return -ENOSYS;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* futex among the threads of one domain, and among those of several on words of a window that they share. The queues are the
 * personality's own: the host kernel never waits on a domain's memory. A domain reaches waiters of its own only, and those on windows
 * that it has mapped. A thread sleeps on a word in its own host stack. */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "signals.h"

/* A word that is waited on: a slot offset of the domain's (window 0), or an offset in a window. */
struct word { uint32_t window, offset; };

struct futex_waiter {
    struct futex_waiter *next;         /* in the order of arrival */
    struct futex_waiter *next_own;     /* of those of one domain that wait on windows */
    struct word word;
    uint32_t bits;
    _Atomic uint32_t woken;            /* what the host kernel waits on; WOKEN or LOOK */
};

struct queue { pthread_mutex_t lock; struct futex_waiter *first; };

#define WOKEN 1u
#define LOOK 2u                        /* somebody was interrupted: the thread looks whether it is the one */

#define QUEUES 64                      /* by the window's number; each lock is taken last */
static struct queue window_queues[QUEUES] = { [0 ... QUEUES - 1] = { PTHREAD_MUTEX_INITIALIZER, NULL } };

static int64_t fetch_word(const struct request *request, uint64_t address, uint32_t *value)
{
    if (address % sizeof *value)
        return -EINVAL;
    return request_fetch(request, value, address, sizeof *value);
}

static struct word word_at(struct porin_domain *domain, uint64_t address)
{
    struct word word = { 0, (uint32_t)address };
    (void)domain_window_at(domain, address, &word.window, &word.offset);
    return word;
}

static bool word_same(struct word a, struct word b)
{
    return a.window == b.window && a.offset == b.offset;
}

static struct queue *window_queue(uint32_t window)
{
    return &window_queues[window % QUEUES];
}

/* The queue of words in that window (0: none), with its lock, which is held until queue_leave. */
static struct futex_waiter **queue_enter(struct personality *own, uint32_t window)
{
    pthread_mutex_lock(window ? &window_queue(window)->lock : &own->lock);
    return window ? &window_queue(window)->first : &own->waiters;
}

static void queue_leave(struct personality *own, uint32_t window)
{
    pthread_mutex_unlock(window ? &window_queue(window)->lock : &own->lock);
}

/* Under the lock: takes the waiter out of the queue. */
static void queue_remove(struct futex_waiter **link, struct futex_waiter *waiter)
{
    while (*link && *link != waiter)
        link = &(*link)->next;
    if (*link)
        *link = waiter->next;
}

static void queue_add(struct futex_waiter **link, struct futex_waiter *waiter)
{
    while (*link)
        link = &(*link)->next;
    *link = waiter;
}

static void waiter_tell(struct futex_waiter *waiter, uint32_t what)
{
    uint32_t nothing = 0;
    if (what == WOKEN)
        waiter->woken = WOKEN;
    else
        (void)atomic_compare_exchange_strong(&waiter->woken, &nothing, what); /* what it was told before counts more */
    syscall(SYS_futex, &waiter->woken, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Under the lock, which the waiter takes before it leaves, so that it cannot be gone yet. Returns how many were woken. */
static int64_t queue_wake(struct futex_waiter **link, struct word word, uint32_t bits, int64_t count)
{
    int64_t woken = 0;
    while (*link && woken < count) {
        struct futex_waiter *waiter = *link;
        if (!word_same(waiter->word, word) || !(waiter->bits & bits)) {
            link = &waiter->next;
            continue;
        }
        *link = waiter->next;
        waiter_tell(waiter, WOKEN);
        woken++;
    }
    return woken;
}

static int64_t word_wake(struct porin_domain *domain, struct personality *own, uint64_t address, uint32_t bits, int64_t count)
{
    struct word word = word_at(domain, address);
    int64_t woken = queue_wake(queue_enter(own, word.window), word, bits, count);
    queue_leave(own, word.window);
    return woken;
}

/* Takes an order to look back: looking is what request_wait does before it waits. */
static void waiter_looks(struct futex_waiter *waiter)
{
    uint32_t look = LOOK;
    (void)atomic_compare_exchange_strong(&waiter->woken, &look, 0);
}

static void own_note(struct personality *own, struct futex_waiter *waiter)
{
    pthread_mutex_lock(&own->lock);
    waiter->next_own = own->window_waiters;
    own->window_waiters = waiter;
    pthread_mutex_unlock(&own->lock);
}

static void own_forget(struct personality *own, const struct futex_waiter *waiter)
{
    pthread_mutex_lock(&own->lock);
    struct futex_waiter **link = &own->window_waiters;
    while (*link && *link != waiter)
        link = &(*link)->next_own;
    if (*link)
        *link = waiter->next_own;
    pthread_mutex_unlock(&own->lock);
}

/* Sleeps until woken, interrupted, the deadline (of the given clock flag; NULL: none), or the end of the domain. */
static int64_t waiter_sleep(const struct request *request, struct futex_waiter *waiter, const struct timespec *deadline, int clock_flag)
{
    struct personality *own = request->own;
    int64_t result = 0;
    while (waiter->woken != WOKEN) {
        if (result != 0 && result != -EAGAIN)
            break;
        waiter_looks(waiter);
        result = WAIT(request, SYS_futex, &waiter->woken, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG | clock_flag, 0, deadline, NULL,
                      FUTEX_BITSET_MATCH_ANY);
    }
    const uint32_t window = waiter->word.window; /* others may change the offset */
    if (window)
        own_forget(own, waiter);
    queue_remove(queue_enter(own, window), waiter);
    bool woken = waiter->woken == WOKEN;
    queue_leave(own, window);
    return woken ? 0 : result;
}

void futex_interrupt(struct personality *own)
{
    pthread_mutex_lock(&own->lock);
    for (struct futex_waiter *waiter = own->waiters; waiter; waiter = waiter->next)
        waiter_tell(waiter, LOOK);
    for (struct futex_waiter *waiter = own->window_waiters; waiter; waiter = waiter->next_own)
        waiter_tell(waiter, LOOK);
    pthread_mutex_unlock(&own->lock);
}

void futex_forget(struct personality *own, bool forked)
{
    own->waiters = own->window_waiters = NULL;
    for (int i = 0; forked && i < QUEUES; i++) /* another thread of the parent may hold one; nobody here waits on a window */
        window_queues[i] = (struct queue){ PTHREAD_MUTEX_INITIALIZER, NULL };
}

void personality_window_changed(uint32_t window)
{
    struct queue *queue = window_queue(window);
    pthread_mutex_lock(&queue->lock);
    for (struct futex_waiter **link = &queue->first; *link;) {
        struct futex_waiter *waiter = *link;
        if (waiter->word.window != window) {
            link = &waiter->next;
            continue;
        }
        *link = waiter->next;
        waiter_tell(waiter, WOKEN);
    }
    pthread_mutex_unlock(&queue->lock);
}

void personality_thread_end(struct porin_domain *domain, uint32_t tid_address)
{
    struct personality *own = domain->personality;
    const uint32_t none = 0;
    if (own)
        signals_thread_end(own);
    if (!own || !tid_address || tid_address % sizeof none || copy_out(domain, (porin_addr){ tid_address }, &none, sizeof none) != PORIN_OK)
        return;
    word_wake(domain, own, tid_address, FUTEX_BITSET_MATCH_ANY, 1);
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
    uint32_t value;
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
    struct word word = word_at(request->domain, address);
    struct futex_waiter waiter = { .word = word, .bits = bits, .woken = LOOK }; /* it may have been interrupted before */
    struct futex_waiter **queue = queue_enter(own, word.window);
    int64_t error = fetch_word(request, address, &value);
    if (!error && value != (uint32_t)request->arguments[2])
        error = -EAGAIN;
    if (!error)
        queue_add(queue, &waiter);
    queue_leave(own, word.window);
    if (error)
        return error;
    if (word.window)
        own_note(own, &waiter);
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
    uint32_t value;
    int64_t result = bits ? fetch_word(request, request->arguments[0], &value) : -EINVAL;
    return result ? result : word_wake(request->domain, request->own, request->arguments[0], bits, wake_count(request->arguments[2]));
}

/* Wakes some and lets others wait on another word instead, which lies in the same memory. */
static int64_t futex_requeue(const struct request *request, bool compare)
{
    uint64_t moves = (uint64_t)wake_count(request->arguments[3]), moved = 0;
    struct word from = word_at(request->domain, request->arguments[0]), to = word_at(request->domain, request->arguments[4]);
    uint32_t value, other;
    if (from.window != to.window)
        return -EINVAL;
    struct futex_waiter **queue = queue_enter(request->own, from.window);
    int64_t result = fetch_word(request, request->arguments[0], &value);
    if (!result)
        result = fetch_word(request, request->arguments[4], &other);
    if (!result && compare && value != (uint32_t)request->arguments[5])
        result = -EAGAIN;
    if (!result) {
        result = queue_wake(queue, from, FUTEX_BITSET_MATCH_ANY, wake_count(request->arguments[2]));
        for (struct futex_waiter *waiter = *queue; waiter && moved < moves; waiter = waiter->next) {
            if (!word_same(waiter->word, from))
                continue;
            waiter->word = to;
            moved++;
        }
    }
    queue_leave(request->own, from.window);
    return result < 0 ? result : result + (int64_t)moved;
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

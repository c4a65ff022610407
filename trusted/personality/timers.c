/* SPDX-License-Identifier: Apache-2.0 */
/* Timers that raise signals. One thread of the process waits for whichever timer of all domains is due next: so none is a timer of the
 * host's, whose signals were the process's, none outlives its domain, and none is a forked child's. */
#define _GNU_SOURCE
#include "timers.h"
#include <stdlib.h>
#include "lifecycle/deadline.h"
#include "signals.h"

#define TIMERS_MAX 32                  /* of a domain */
#define INTERVAL_LEAST_NS 1000000u     /* that many a millisecond are a few percent of a processor, which nobody is charged for */
#define SECONDS_MAX 1000000000         /* thirty years */
#define SECOND_NS 1000000000ull

struct timer {
    struct timer *next;
    struct personality *own;
    int32_t number, thread;            /* thread 0: the signal is for whichever takes it */
    int clock, signal;                 /* signal 0: none is raised */
    uint64_t value;                    /* that the signal carries */
    uint64_t due_ns, interval_ns;      /* on the monotonic clock; due 0: it does not run */
    int32_t missed;                    /* how often it was due again before its signal was taken */
};

/* The kernel's struct sigevent, as far as it is looked at. */
struct timer_event { uint64_t value; int32_t signal, notify, thread; };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* outside of personalities' locks */
static pthread_cond_t changed;
static struct timer *timers;           /* of all domains */
static bool waits;                     /* the thread is there */

/* --- the thread --- */

static void timer_fire(struct timer *timer, uint64_t now)
{
    uint64_t times = 1;
    if (timer->interval_ns)
        times += (now - timer->due_ns) / timer->interval_ns;
    timer->due_ns = timer->interval_ns ? timer->due_ns + times * timer->interval_ns : 0;
    bool waiting = signal_is_pending(timer->own, timer->thread, timer->signal);
    timer->missed = (int32_t)(times - 1) + (waiting ? timer->missed + 1 : 0);
    struct signal_source source = { .code = SI_TIMER, .process = timer->number, .status = timer->missed, .value = timer->value };
    if (timer->signal && timer->thread)
        signal_raise_thread(timer->own, timer->thread, timer->signal, &source);
    else if (timer->signal)
        signal_raise(timer->own, timer->signal, &source);
}

static struct timespec time_of(uint64_t ns)
{
    return (struct timespec){ (time_t)(ns / SECOND_NS), (long)(ns % SECOND_NS) };
}

static void *timers_run(void *data)
{
    pthread_mutex_lock(&lock);
    for (;;) {
        uint64_t now = deadline_now(), next = UINT64_MAX;
        for (struct timer *timer = timers; timer; timer = timer->next) {
            if (timer->due_ns && timer->due_ns <= now)
                timer_fire(timer, now);
            if (timer->due_ns && timer->due_ns < next)
                next = timer->due_ns;
        }
        const struct timespec until = time_of(next);
        if (next == UINT64_MAX)
            pthread_cond_wait(&changed, &lock);
        else
            pthread_cond_timedwait(&changed, &lock, &until);
    }
    return data;
}

/* Under the lock. */
static bool thread_ready(void)
{
    pthread_condattr_t attributes;
    if (waits)
        return true;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &attributes);
    pthread_condattr_destroy(&attributes);
    waits = host_thread_start(timers_run, NULL);
    return waits;
}

/* --- their life --- */

/* Under the lock: those of a domain, or all. */
static void timers_free(const struct personality *own)
{
    for (struct timer **link = &timers; *link;) {
        struct timer *timer = *link;
        if (own && timer->own != own) {
            link = &timer->next;
            continue;
        }
        *link = timer->next;
        free(timer);
    }
}

void timers_end(struct personality *own)
{
    pthread_mutex_lock(&lock);
    timers_free(own);
    pthread_mutex_unlock(&lock);
}

void timers_fork_begin(void)
{
    pthread_mutex_lock(&lock);
}

void timers_fork_end(bool child)
{
    if (child) {
        timers_free(NULL);
        waits = false;
    }
    pthread_mutex_unlock(&lock);
}

/* Under the lock. */
static struct timer *timer_of(const struct personality *own, uint64_t number)
{
    struct timer *timer = timers;
    while (timer && (timer->own != own || timer->number != (int32_t)number))
        timer = timer->next;
    return timer;
}

/* Under the lock: the least number that is free; -1: the domain has as many as it may. */
static int32_t number_free(const struct personality *own)
{
    int32_t number = 0;
    while (number < TIMERS_MAX && timer_of(own, (uint64_t)number))
        number++;
    return number < TIMERS_MAX ? number : -1;
}

static bool timer_end(const struct personality *own, uint64_t number)
{
    pthread_mutex_lock(&lock);
    struct timer *timer = timer_of(own, number);
    for (struct timer **link = &timers; timer && *link; link = &(*link)->next)
        if (*link == timer) {
            *link = timer->next;
            break;
        }
    pthread_mutex_unlock(&lock);
    free(timer);
    return timer;
}

/* --- services --- */

int64_t service_timer_delete(const struct request *request)
{
    return timer_end(request->own, request->arguments[0]) ? 0 : -EINVAL;
}

int64_t service_timer_create(const struct request *request)
{
    struct timer_event event = { .signal = SIGALRM, .notify = SIGEV_SIGNAL };
    int clock = request_int(request, 0);
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME)
        return -EINVAL;
    int64_t error = request->arguments[1] ? request_fetch(request, &event, request->arguments[1], sizeof event) : 0;
    if (error)
        return error;
    bool none = event.notify == SIGEV_NONE, to_thread = event.notify == SIGEV_THREAD_ID;
    if ((event.notify != SIGEV_SIGNAL && !none && !to_thread) || (!none && (event.signal < 1 || event.signal > SIGNALS)) ||
        (to_thread && event.thread <= 0))
        return -EINVAL;
    struct timer *timer = malloc(sizeof *timer);
    if (!timer)
        return -ENOMEM;
    pthread_mutex_lock(&lock);
    *timer = (struct timer){ .own = request->own, .number = number_free(request->own), .thread = to_thread ? event.thread : 0,
                             .clock = clock, .signal = none ? 0 : event.signal, .next = timers };
    timer->value = request->arguments[1] ? event.value : (uint64_t)timer->number;
    int32_t number = timer->number;
    bool good = number >= 0 && thread_ready();
    if (good)
        timers = timer;
    pthread_mutex_unlock(&lock);
    if (!good) {
        free(timer);
        return -EAGAIN;
    }
    error = request_store(request, request->arguments[2], &number, sizeof number);
    if (error)
        timer_end(request->own, (uint64_t)number);
    return error;
}

static bool time_valid(const struct timespec *time)
{
    return time->tv_sec >= 0 && time->tv_nsec >= 0 && time->tv_nsec < (long)SECOND_NS;
}

static uint64_t ns_of(const struct timespec *time)
{
    return (uint64_t)(time->tv_sec < SECONDS_MAX ? time->tv_sec : SECONDS_MAX) * SECOND_NS + (uint64_t)time->tv_nsec;
}

/* Under the lock: what is left until it is due, and its interval. */
static struct itimerspec timer_left(const struct timer *timer)
{
    uint64_t now = deadline_now(), left = timer->due_ns > now ? timer->due_ns - now : timer->due_ns != 0;
    return (struct itimerspec){ .it_interval = time_of(timer->interval_ns), .it_value = time_of(left) };
}

/* A moment of the timer's clock on the monotonic one. Later changes of the clock do not move it. */
static uint64_t moment_of(const struct timer *timer, const struct timespec *value, bool absolute)
{
    struct timespec clock = { 0 };
    uint64_t now = deadline_now(), wanted = ns_of(value);
    if (absolute)
        clock_gettime(timer->clock, &clock);
    uint64_t passed = ns_of(&clock);
    return now + (wanted > passed ? wanted - passed : 0);
}

int64_t service_timer_settime(const struct request *request)
{
    struct itimerspec new, old = { 0 };
    int64_t error = request_fetch(request, &new, request->arguments[2], sizeof new);
    if (error)
        return error;
    if (request_int(request, 1) & ~TIMER_ABSTIME || !time_valid(&new.it_value) || !time_valid(&new.it_interval))
        return -EINVAL;
    pthread_mutex_lock(&lock);
    struct timer *timer = timer_of(request->own, request->arguments[0]);
    if (timer) {
        old = timer_left(timer);
        uint64_t interval = ns_of(&new.it_interval);
        timer->interval_ns = interval && interval < INTERVAL_LEAST_NS ? INTERVAL_LEAST_NS : interval;
        timer->due_ns = ns_of(&new.it_value) ? moment_of(timer, &new.it_value, request_int(request, 1) & TIMER_ABSTIME) : 0;
        timer->missed = 0;
        pthread_cond_signal(&changed);
    }
    pthread_mutex_unlock(&lock);
    if (!timer)
        return -EINVAL;
    return request->arguments[3] ? request_store(request, request->arguments[3], &old, sizeof old) : 0;
}

int64_t service_timer_gettime(const struct request *request)
{
    struct itimerspec left;
    pthread_mutex_lock(&lock);
    const struct timer *timer = timer_of(request->own, request->arguments[0]);
    if (timer)
        left = timer_left(timer);
    pthread_mutex_unlock(&lock);
    return timer ? request_store(request, request->arguments[1], &left, sizeof left) : -EINVAL;
}

int64_t service_timer_getoverrun(const struct request *request)
{
    pthread_mutex_lock(&lock);
    const struct timer *timer = timer_of(request->own, request->arguments[0]);
    int64_t result = timer ? timer->missed : -EINVAL;
    pthread_mutex_unlock(&lock);
    return result;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a domain believes to be: one user in one group, for ever. Asking for what holds already is granted, anything else is not. */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/resource.h>
#include <sys/times.h>
#include <time.h>
#include "personality.h"

#define TICKS 100                      /* of times, a second: what domains know as _SC_CLK_TCK */
#define PRIORITY_NORMAL 20             /* as the kernel tells nice 0 */

static bool is_own(uint64_t number)
{
    return (uint32_t)number == PERSONALITY_UID;
}

bool identity_kept(const struct request *request, int first, int count)
{
    bool kept = true;
    for (int i = first; i < first + count; i++)
        kept &= (int)(uint32_t)request->arguments[i] == -1 || is_own(request->arguments[i]);
    return kept;
}

int64_t service_setuid(const struct request *request)
{
    return is_own(request->arguments[0]) ? 0 : -EPERM;
}

int64_t service_setreuid(const struct request *request)
{
    return identity_kept(request, 0, 2) ? 0 : -EPERM;
}

int64_t service_setresuid(const struct request *request)
{
    return identity_kept(request, 0, 3) ? 0 : -EPERM;
}

int64_t service_setfsuid(const struct request *request)
{
    (void)request;
    return PERSONALITY_UID; /* the one before */
}

int64_t service_getresuid(const struct request *request)
{
    const uint32_t own = PERSONALITY_UID;
    int64_t error = 0;
    for (int i = 0; i < 3 && !error; i++)
        error = request_store(request, request->arguments[i], &own, sizeof own);
    return error;
}

int64_t service_getgroups(const struct request *request)
{
    const uint32_t own = PERSONALITY_UID;
    int size = request_int(request, 0);
    if (size == 0)
        return 1;
    int64_t error = size < 0 ? -EINVAL : request_store(request, request->arguments[1], &own, sizeof own);
    return error ? error : 1;
}

int64_t service_getpriority(const struct request *request)
{
    (void)request;
    return PRIORITY_NORMAL;
}

/* --- scheduling: as everybody, on one processor --- */

int64_t service_sched_getscheduler(const struct request *request)
{
    (void)request;
    return SCHED_OTHER;
}

int64_t service_sched_getparam(const struct request *request)
{
    const struct sched_param none = { 0 };
    return request_store(request, request->arguments[1], &none, sizeof none.sched_priority);
}

int64_t service_sched_setparam(const struct request *request)
{
    int32_t priority;
    int64_t error = request_fetch(request, &priority, request->arguments[1], sizeof priority);
    return error ? error : priority ? -EINVAL : 0;
}

int64_t service_sched_setscheduler(const struct request *request)
{
    int32_t priority;
    int64_t error = request_fetch(request, &priority, request->arguments[2], sizeof priority);
    int policy = request_int(request, 1);
    return error ? error : policy == SCHED_FIFO || policy == SCHED_RR ? -EPERM : policy != SCHED_OTHER || priority ? -EINVAL : 0;
}

static int64_t priority_bound(const struct request *request, int64_t of_real_time)
{
    int policy = request_int(request, 0);
    return policy == SCHED_FIFO || policy == SCHED_RR ? of_real_time : policy == SCHED_OTHER ? 0 : -EINVAL;
}

int64_t service_sched_get_priority_max(const struct request *request)
{
    return priority_bound(request, 99);
}

int64_t service_sched_get_priority_min(const struct request *request)
{
    return priority_bound(request, 1);
}

int64_t service_sched_setaffinity(const struct request *request)
{
    uint8_t first;
    int64_t error = request->arguments[1] ? request_fetch(request, &first, request->arguments[2], sizeof first) : -EINVAL;
    return error ? error : first & 1 ? 0 : -EINVAL;
}

int64_t service_getcpu(const struct request *request)
{
    const uint32_t first = 0;
    int64_t error = 0;
    for (int i = 0; i < 2 && !error; i++)
        error = request->arguments[i] ? request_store(request, request->arguments[i], &first, sizeof first) : 0;
    return error;
}

/* Of what is only ever a wish: priorities, memory that stays. */
int64_t service_wish(const struct request *request)
{
    (void)request;
    return 0;
}

static int64_t ticks_of(int64_t seconds, int64_t nanoseconds)
{
    return seconds * TICKS + nanoseconds / (1000000000 / TICKS);
}

int64_t service_times(const struct request *request)
{
    struct rusage use;
    struct timespec now;
    getrusage(RUSAGE_THREAD, &use);
    clock_gettime(CLOCK_MONOTONIC, &now);
    const struct tms answer = { .tms_utime = ticks_of(use.ru_utime.tv_sec, use.ru_utime.tv_usec * 1000),
                                .tms_stime = ticks_of(use.ru_stime.tv_sec, use.ru_stime.tv_usec * 1000) };
    int64_t error = request->arguments[0] ? request_store(request, request->arguments[0], &answer, sizeof answer) : 0;
    return error ? error : ticks_of(now.tv_sec, now.tv_nsec);
}

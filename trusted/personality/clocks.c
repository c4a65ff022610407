/* SPDX-License-Identifier: Apache-2.0 */
/* Time services: clocks that a domain may read, and sleeping. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include "personality.h"

/* The host's clock for a domain's clock number; -1: none. Processor time of the whole host is not the domain's business: both
 * processor-time clocks are the calling thread's. */
static int clock_of(int wanted)
{
    switch (wanted) {
    case CLOCK_REALTIME:
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
    case CLOCK_TAI: return wanted;
    case CLOCK_PROCESS_CPUTIME_ID:
    case CLOCK_THREAD_CPUTIME_ID: return CLOCK_THREAD_CPUTIME_ID;
    default: return -1;
    }
}

int64_t service_clock_gettime(const struct request *request)
{
    struct timespec now;
    int clock = clock_of(request_int(request, 0));
    if (clock < 0)
        return -EINVAL;
    return clock_gettime(clock, &now) < 0 ? -errno : request_store(request, request->arguments[1], &now, sizeof now);
}

int64_t service_clock_getres(const struct request *request)
{
    struct timespec step;
    int clock = clock_of(request_int(request, 0));
    if (clock < 0)
        return -EINVAL;
    if (clock_getres(clock, &step) < 0)
        return -errno;
    return request->arguments[1] ? request_store(request, request->arguments[1], &step, sizeof step) : 0;
}

int64_t service_gettimeofday(const struct request *request)
{
    struct timeval now;
    const struct timezone none = { 0 };
    gettimeofday(&now, NULL);
    int64_t error = request->arguments[0] ? request_store(request, request->arguments[0], &now, sizeof now) : 0;
    if (!error && request->arguments[1])
        error = request_store(request, request->arguments[1], &none, sizeof none);
    return error;
}

int64_t service_time(const struct request *request)
{
    int64_t now = time(NULL);
    int64_t error = request->arguments[0] ? request_store(request, request->arguments[0], &now, sizeof now) : 0;
    return error ? error : now;
}

static int64_t sleep_on(const struct request *request, int clock, int flags, uint64_t address, uint64_t rest)
{
    struct timespec time;
    int64_t result = request_fetch(request, &time, address, sizeof time);
    if (result)
        return result;
    bool relative = !(flags & TIMER_ABSTIME);
    result = not_restarted(WAIT(request, SYS_clock_nanosleep, clock, flags, &time, relative ? &time : NULL));
    if (result == -EINTR && relative && rest && request_store(request, rest, &time, sizeof time))
        return -EFAULT;
    return result;
}

int64_t service_nanosleep(const struct request *request)
{
    return sleep_on(request, CLOCK_MONOTONIC, 0, request->arguments[0], request->arguments[1]);
}

int64_t service_clock_nanosleep(const struct request *request)
{
    int clock = request_int(request, 0), flags = request_int(request, 1);
    if ((clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME) || (flags & ~TIMER_ABSTIME))
        return -EINVAL;
    return sleep_on(request, clock, flags, request->arguments[2], request->arguments[3]);
}

int64_t service_getrusage(const struct request *request)
{
    struct rusage thread, answer = { 0 };
    int who = request_int(request, 0);
    if (who != RUSAGE_SELF && who != RUSAGE_THREAD && who != RUSAGE_CHILDREN)
        return -EINVAL;
    if (who != RUSAGE_CHILDREN) {
        getrusage(RUSAGE_THREAD, &thread);
        answer.ru_utime = thread.ru_utime;
        answer.ru_stime = thread.ru_stime;
    }
    return request_store(request, request->arguments[1], &answer, sizeof answer);
}

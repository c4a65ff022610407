/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that count: eventfd and timerfd. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "descriptors.h"

static int64_t event_add(const struct request *request, int host, bool writable, bool close_on_exec)
{
    if (host < 0)
        return -errno;
    struct open_file *file = file_create(host, FILE_EVENT, true, writable);
    return file ? descriptor_add(request->own, file, 0, close_on_exec) : -ENOMEM;
}

int64_t service_eventfd2(const struct request *request)
{
    int flags = request_int(request, 1);
    if (flags & ~(EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE))
        return -EINVAL;
    return event_add(request, eventfd((unsigned)request->arguments[0], flags | EFD_CLOEXEC), true, flags & EFD_CLOEXEC);
}

int64_t service_eventfd(const struct request *request)
{
    return event_add(request, eventfd((unsigned)request->arguments[0], EFD_CLOEXEC), true, false);
}

int64_t service_timerfd_create(const struct request *request)
{
    int clock = request_int(request, 0), flags = request_int(request, 1);
    if ((clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME) || flags & ~(TFD_CLOEXEC | TFD_NONBLOCK))
        return -EINVAL;
    return event_add(request, timerfd_create(clock, flags | TFD_CLOEXEC), false, flags & TFD_CLOEXEC);
}

int64_t service_timerfd_settime(const struct request *request)
{
    struct itimerspec new, old;
    int64_t error = request_fetch(request, &new, request->arguments[2], sizeof new);
    if (error)
        return error;
    struct open_file *file = file_acquire(request->own, request_int(request, 0));
    if (!file)
        return -EBADF;
    error = file->kind != FILE_EVENT ? -EINVAL : timerfd_settime(file->host, request_int(request, 1), &new, &old) < 0 ? -errno : 0;
    file_release(file);
    return error || !request->arguments[3] ? error : request_store(request, request->arguments[3], &old, sizeof old);
}

int64_t service_timerfd_gettime(const struct request *request)
{
    struct itimerspec now;
    struct open_file *file = file_acquire(request->own, request_int(request, 0));
    if (!file)
        return -EBADF;
    int64_t error = file->kind != FILE_EVENT ? -EINVAL : timerfd_gettime(file->host, &now) < 0 ? -errno : 0;
    file_release(file);
    return error ? error : request_store(request, request->arguments[1], &now, sizeof now);
}

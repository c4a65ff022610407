/* SPDX-License-Identifier: Apache-2.0 */
/* epoll: an epoll of the host's with the host's descriptors in it. What the kernel reports are words that the domain gave with them, so it
 * may write them to the domain itself. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "descriptors.h"
#include "signals.h"

#define EVENTS_MAX 512                 /* reported at once: fewer than asked for are allowed */

int64_t service_epoll_create1(const struct request *request)
{
    int flags = request_int(request, 0);
    if (flags & ~EPOLL_CLOEXEC)
        return -EINVAL;
    int host = epoll_create1(EPOLL_CLOEXEC);
    if (host < 0)
        return -errno;
    struct open_file *file = file_create(host, FILE_EPOLL, false, false);
    return file ? descriptor_add(request->own, file, 0, flags & EPOLL_CLOEXEC) : -ENOMEM;
}

int64_t service_epoll_create(const struct request *request)
{
    if (request_int(request, 0) <= 0)
        return -EINVAL;
    return service_epoll_create1(&(struct request){ request->domain, request->own, (uint64_t[6]){ 0 } });
}

int64_t service_epoll_ctl(const struct request *request)
{
    int operation = request_int(request, 1);
    struct epoll_event event = { 0 };
    int64_t error = operation != EPOLL_CTL_DEL ? request_fetch(request, &event, request->arguments[3], sizeof event) : 0;
    if (error)
        return error;
    event.events &= ~(uint32_t)EPOLLWAKEUP;
    struct open_file *epoll = file_acquire(request->own, request_int(request, 0));
    struct open_file *file = file_acquire(request->own, request_int(request, 2));
    if (!epoll || !file)
        error = -EBADF;
    else if (epoll->kind != FILE_EPOLL)
        error = -EINVAL;
    else
        error = epoll_ctl(epoll->host, operation, file->host, &event) < 0 ? -errno : 0;
    if (epoll)
        file_release(epoll);
    if (file)
        file_release(file);
    return error;
}

static int64_t epoll_until(const struct request *request)
{
    int count = request_int(request, 2);
    if (count <= 0)
        return -EINVAL;
    count = count < EVENTS_MAX ? count : EVENTS_MAX;
    void *events = range_for_kernel(request->domain, request->arguments[1], (size_t)count * sizeof(struct epoll_event));
    if (!events)
        return -EFAULT;
    struct open_file *epoll = file_acquire(request->own, request_int(request, 0));
    if (!epoll)
        return -EBADF;
    int64_t result = -EINVAL;
    if (epoll->kind == FILE_EPOLL)
        result = not_restarted(WAIT(request, SYS_epoll_wait, epoll->host, events, count, request_int(request, 3)));
    file_release(epoll);
    return result;
}

int64_t service_epoll_wait(const struct request *request)
{
    return epoll_until(request);
}

int64_t service_epoll_pwait(const struct request *request)
{
    int64_t result = request->arguments[4] ? signal_mask_wait(request, request->arguments[4], request->arguments[5]) : 0;
    if (result)
        return result;
    result = epoll_until(request);
    if (request->arguments[4] && result != -EINTR) /* otherwise after the handlers */
        signal_mask_restore(request);
    return result;
}

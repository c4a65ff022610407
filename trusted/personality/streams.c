/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, writing, seeking and polling descriptors. The kernel copies straight from and to slot memory: it checks every page
 * itself and answers EFAULT, so that a range that lies in the slot is all that has to be shown here. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "descriptors.h"

/* The file behind argument 0, if it may be used in that direction: 0 or -errno. */
static int64_t stream_acquire(const struct request *request, bool writing, bool positioned, struct open_file **out)
{
    struct open_file *file = file_acquire(request->own, request_int(request, 0));
    if (!file)
        return -EBADF;
    int64_t error = 0;
    if (writing ? !file->writable : !file->readable)
        error = -EBADF;
    else if (file->kind == FILE_DIRECTORY)
        error = -EISDIR;
    else if (positioned && file->kind != FILE_REGULAR)
        error = -ESPIPE;
    if (error)
        file_release(file);
    else
        *out = file;
    return error;
}

static int64_t stream_read(const struct open_file *file, const struct iovec *vector, int count, const int64_t *position)
{
    ssize_t done = position ? preadv(file->host, vector, count, *position) : readv(file->host, vector, count);
    return done < 0 ? -errno : done;
}

static int64_t stream_write(const struct open_file *file, const struct iovec *vector, int count, const int64_t *position)
{
    uint64_t wanted = 0;
    for (int i = 0; i < count; i++)
        wanted += vector[i].iov_len; /* at most IOVEC_MAX slots */
    sigset_t before;
    signals_hold(&before);
    ssize_t done = position ? pwritev(file->host, vector, count, *position) : writev(file->host, vector, count);
    int64_t result = done < 0 ? -errno : done;
    signals_release(&before, done >= 0 && (uint64_t)done == wanted);
    return result;
}

/* Reads or writes through already translated buffers. position: NULL, or where. */
static int64_t transfer(const struct request *request, bool writing, const struct iovec *vector, int count, const int64_t *position)
{
    struct open_file *file;
    int64_t error = stream_acquire(request, writing, position, &file);
    if (error)
        return error;
    int64_t result;
    do
        result = writing ? stream_write(file, vector, count, position) : stream_read(file, vector, count, position);
    while (request_again(request, result));
    file_release(file);
    if (writing && result == -EPIPE)
        process_signal(request, SIGPIPE);
    return result;
}

static int64_t transfer_one(const struct request *request, bool writing, const int64_t *position)
{
    uint64_t size = request->arguments[2];
    struct iovec one = { range_for_kernel(request->domain, request->arguments[1], size), size };
    if (size == 0)
        one.iov_base = NULL;
    else if (!one.iov_base)
        return -EFAULT;
    return transfer(request, writing, &one, 1, position);
}

static int64_t transfer_vector(const struct request *request, bool writing, const int64_t *position)
{
    struct iovec vector[IOVEC_MAX];
    int64_t error = request_fetch_vector(request, vector, request->arguments[1], request->arguments[2]);
    return error ? error : transfer(request, writing, vector, (int)request->arguments[2], position);
}

int64_t service_read(const struct request *request)
{
    return transfer_one(request, false, NULL);
}

int64_t service_write(const struct request *request)
{
    return transfer_one(request, true, NULL);
}

int64_t service_readv(const struct request *request)
{
    return transfer_vector(request, false, NULL);
}

int64_t service_writev(const struct request *request)
{
    return transfer_vector(request, true, NULL);
}

/* A negative position is the kernel's to refuse. */
static const int64_t *position_argument(const struct request *request)
{
    return (const int64_t *)&request->arguments[3];
}

int64_t service_pread64(const struct request *request)
{
    return transfer_one(request, false, position_argument(request));
}

int64_t service_pwrite64(const struct request *request)
{
    return transfer_one(request, true, position_argument(request));
}

int64_t service_preadv(const struct request *request)
{
    return transfer_vector(request, false, position_argument(request));
}

int64_t service_pwritev(const struct request *request)
{
    return transfer_vector(request, true, position_argument(request));
}

int64_t service_lseek(const struct request *request)
{
    struct open_file *file = file_acquire(request->own, request_int(request, 0));
    if (!file)
        return -EBADF;
    off_t position = lseek(file->host, (off_t)request->arguments[1], request_int(request, 2));
    int64_t result = position < 0 ? -errno : position;
    file_release(file);
    return result;
}

struct poll_set {
    struct pollfd guest[DESCRIPTORS_MAX], host[DESCRIPTORS_MAX];
    struct open_file *files[DESCRIPTORS_MAX];
};

/* Waits until something is ready. The kernel leaves in *timeout what is left of it. */
static int64_t poll_host(const struct request *request, struct pollfd *set, unsigned count, struct timespec *timeout)
{
    int64_t result;
    do {
        long ready = syscall(SYS_ppoll, set, count, timeout, NULL, 0);
        result = ready < 0 ? -errno : ready;
    } while (request_again(request, result));
    return result;
}

/* Polls with what was fetched. The host's list has -1 where the domain has no such descriptor. */
static int64_t poll_fetched(const struct request *request, struct poll_set *set, unsigned count, struct timespec *timeout)
{
    unsigned invalid = 0;
    for (unsigned i = 0; i < count; i++) {
        set->files[i] = file_acquire(request->own, set->guest[i].fd);
        set->host[i] = (struct pollfd){ set->files[i] ? set->files[i]->host : -1, set->guest[i].events, 0 };
        set->guest[i].revents = set->guest[i].fd >= 0 && !set->files[i] ? POLLNVAL : 0;
        invalid += set->guest[i].revents != 0;
    }
    int64_t result = poll_host(request, set->host, count, invalid ? &(struct timespec){ 0 } : timeout);
    if (result >= 0)
        result += invalid;
    for (unsigned i = 0; i < count; i++) {
        if (!set->files[i])
            continue;
        set->guest[i].revents = set->host[i].revents;
        file_release(set->files[i]);
    }
    return result;
}

static int64_t poll_until(const struct request *request, struct timespec *timeout)
{
    uint64_t address = request->arguments[0], count = request->arguments[1];
    if (count > DESCRIPTORS_MAX)
        return -EINVAL;
    struct poll_set *set = malloc(sizeof *set);
    if (!set)
        return -ENOMEM;
    size_t size = count * sizeof set->guest[0];
    int64_t result = request_fetch(request, set->guest, address, size);
    if (!result)
        result = poll_fetched(request, set, (unsigned)count, timeout);
    if (result >= 0 && request_store(request, address, set->guest, size))
        result = -EFAULT;
    free(set);
    return result;
}

int64_t service_poll(const struct request *request)
{
    int wait_ms = request_int(request, 2);
    struct timespec timeout = { wait_ms / 1000, wait_ms % 1000 * 1000000l };
    return poll_until(request, wait_ms < 0 ? NULL : &timeout);
}

int64_t service_ppoll(const struct request *request)
{
    struct timespec timeout;
    if (request->arguments[2] == 0)
        return poll_until(request, NULL);
    int64_t error = request_fetch(request, &timeout, request->arguments[2], sizeof timeout);
    return error ? error : poll_until(request, &timeout);
}

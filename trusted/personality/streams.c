/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, writing and seeking. The kernel copies straight from and to slot memory: it checks every page
 * itself and answers EFAULT, so that a range that lies in the slot is all that has to be shown here. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "local.h"
#include "signals.h"
#include "synthetic.h"

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

/* One buffer has system calls of its own, which need not fetch a list. */
static int64_t stream_call(const struct request *request, bool writing, const struct open_file *file, const struct iovec *vector, int count,
                           const int64_t *position)
{
    static const short calls[2][2][2] = {
        { { SYS_readv, SYS_read }, { SYS_preadv, SYS_pread64 } },
        { { SYS_writev, SYS_write }, { SYS_pwritev, SYS_pwrite64 } },
    };
    int64_t result = writing || !file->end ? LOCAL_HOST : local_read(request, file, vector, (size_t)count);
    if (result != LOCAL_HOST)
        return result;
    bool one = count == 1;
    long number = calls[writing][position != NULL][one];
    return WAIT(request, number, file->host, one ? vector->iov_base : vector, one ? vector->iov_len : (size_t)count,
                position ? *position : 0);
}

static int64_t stream_write(const struct request *request, const struct open_file *file, const struct iovec *vector, int count,
                            const int64_t *position)
{
    if (file->kind == FILE_SCORE)
        return count > 0 ? score_write(request, vector) : 0;
    int64_t here = file->end ? local_send(request, file, vector, (size_t)count, 0, false) : LOCAL_HOST;
    if (here != LOCAL_HOST)
        return here;
    if (request->domain->grants & PORIN_GRANT_PROCESSES) /* the process ignores the signals that the kernel would raise: signals.c */
        return stream_call(request, true, file, vector, count, position);
    if (file->kind == FILE_SOCKET && count == 1)
        return WAIT(request, SYS_sendto, file->host, vector->iov_base, vector->iov_len, MSG_NOSIGNAL, NULL, 0);
    if (file->kind == FILE_SOCKET) {
        struct msghdr message = { .msg_iov = (struct iovec *)vector, .msg_iovlen = (size_t)count };
        return WAIT(request, SYS_sendmsg, file->host, &message, MSG_NOSIGNAL);
    }
    uint64_t wanted = 0;
    for (int i = 0; i < count; i++)
        wanted += vector[i].iov_len; /* at most IOVEC_MAX slots */
    sigset_t before;
    signals_hold(&before);
    int64_t result = stream_call(request, true, file, vector, count, position);
    signals_release(&before, result >= 0 && (uint64_t)result == wanted);
    return result;
}

/* Reads or writes through already translated buffers. position: NULL, or where. */
static int64_t transfer(const struct request *request, bool writing, const struct iovec *vector, int count, const int64_t *position)
{
    struct open_file *file;
    int64_t error = stream_acquire(request, writing, position, &file);
    if (error)
        return error;
    int64_t result = writing ? stream_write(request, file, vector, count, position) :
                     file->kind == FILE_SIGNALS && count > 0 ? signal_file_read(request, file, vector)
                                                             : stream_call(request, false, file, vector, count, position);
    file_release(file);
    if (writing && result == -EPIPE)
        signal_send(request, SIGPIPE, &(struct signal_source){ .code = SI_USER, .process = request->own->process });
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

static int64_t sent_file(const struct request *request, struct open_file *out, struct open_file *in, uint64_t address,
                         const int64_t *position, int64_t result)
{
    if (in)
        file_release(in);
    file_release(out);
    if (result == -EPIPE)
        signal_send(request, SIGPIPE, &(struct signal_source){ .code = SI_USER, .process = request->own->process });
    if (result >= 0 && address && request_store(request, address, position, sizeof *position))
        return -EFAULT;
    return result;
}

/* From a file to anything that can be written, within the host kernel or to an end. */
int64_t service_sendfile(const struct request *request)
{
    int64_t position, error = 0;
    struct open_file *out, *in;
    uint64_t address = request->arguments[2];
    if (address && (error = request_fetch(request, &position, address, sizeof position)))
        return error;
    error = stream_acquire(request, true, false, &out);
    if (error)
        return error;
    in = file_acquire(request->own, request_int(request, 1));
    error = !in ? -EBADF : !in->readable ? -EBADF : in->kind != FILE_REGULAR ? -EINVAL : 0;
    if (!error) {
        int64_t result = local_send_file(request, out, in->host, address ? &position : NULL, request->arguments[3]);
        if (result != LOCAL_HOST)
            return sent_file(request, out, in, address, &position, result);
    }
    sigset_t before;
    bool ignored = request->domain->grants & PORIN_GRANT_PROCESSES; /* SIGPIPE, by the whole process */
    if (!ignored)
        signals_hold(&before);
    if (!error)
        error = WAIT(request, SYS_sendfile, out->host, in->host, address ? &position : NULL, request->arguments[3]);
    if (!ignored)
        signals_release(&before, error >= 0 && (uint64_t)error == request->arguments[3]);
    return sent_file(request, out, in, address, &position, error);
}

/* Between regular files, at positions of its own or the files'. */
int64_t service_copy_file_range(const struct request *request)
{
    const uint64_t *arguments = request->arguments, addresses[2] = { arguments[1], arguments[3] };
    int64_t positions[2] = { 0 }, error = request_int(request, 5) ? -EINVAL : 0;
    for (int i = 0; i < 2 && !error; i++)
        error = addresses[i] ? request_fetch(request, &positions[i], addresses[i], sizeof positions[i]) : 0;
    if (error)
        return error;
    struct open_file *in = file_acquire(request->own, request_int(request, 0)), *out = file_acquire(request->own, request_int(request, 2));
    if (!in || !out || !in->readable || !out->writable)
        error = -EBADF;
    else if (in->kind != FILE_REGULAR || out->kind != FILE_REGULAR)
        error = in->kind == FILE_DIRECTORY || out->kind == FILE_DIRECTORY ? -EISDIR : -EINVAL;
    if (!error) {
        sigset_t before;
        signals_hold(&before);
        error = WAIT(request, SYS_copy_file_range, in->host, addresses[0] ? &positions[0] : NULL, out->host,
                     addresses[1] ? &positions[1] : NULL, arguments[4], 0);
        signals_release(&before, error >= 0 && (uint64_t)error == arguments[4]);
    }
    if (in)
        file_release(in);
    if (out)
        file_release(out);
    for (int i = 0; i < 2 && error >= 0; i++)
        if (addresses[i] && request_store(request, addresses[i], &positions[i], sizeof positions[i]))
            error = -EFAULT;
    return error;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that tell of pending signals. All of a domain's are copies of one eventfd, its bell, which rings when a signal comes that any
 * of them asks for: it lives as long as the personality, so that a signal's handler never writes to what has become another file. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "descriptors.h"
#include "signals.h"

void signals_ring(const struct signals *signals, uint64_t set)
{
    const uint64_t one = 1;
    if (signals->watched & set && signals->bell > 0)
        (void)!write(signals->bell - 1, &one, sizeof one); /* in a handler too: it never waits, because nobody counts that far */
}

/* Silent, unless something that somebody asks for is pending. */
static void bell_settle(const struct request *request)
{
    struct signals *signals = request->own->signals;
    struct pollfd ready = { .fd = signals->bell - 1, .events = POLLIN };
    uint64_t count;
    if (poll(&ready, 1, 0) == 1)
        (void)!read(ready.fd, &count, sizeof count);
    signals_ring(signals, signals_pending(request));
}

/* With the lock: the bell; 0: there is none to be had. */
static int bell_get(struct signals *signals)
{
    if (!signals->bell)
        signals->bell = eventfd(0, EFD_CLOEXEC) + 1;
    return signals->bell;
}

static int64_t file_make(const struct request *request, uint64_t set, int flags)
{
    pthread_mutex_lock(&request->own->lock);
    int bell = bell_get(request->own->signals);
    int host = bell ? fcntl(bell - 1, F_DUPFD_CLOEXEC, 0) : -1;
    request->own->signals->watched |= set;
    pthread_mutex_unlock(&request->own->lock);
    if (host < 0 || (flags & SFD_NONBLOCK && fcntl(host, F_SETFL, O_NONBLOCK) < 0))
        return -EMFILE;
    struct open_file *file = file_create(host, FILE_SIGNALS, true, false);
    if (!file)
        return -ENOMEM;
    file->signals = set;
    bell_settle(request);
    return descriptor_add(request->own, file, 0, flags & SFD_CLOEXEC);
}

/* Under the lock: what the descriptors there are ask for. */
static uint64_t watched_now(const struct personality *own)
{
    uint64_t watched = 0;
    for (uint32_t i = 0; i < own->descriptor_count; i++)
        if (own->descriptors[i].file && own->descriptors[i].file->kind == FILE_SIGNALS)
            watched |= own->descriptors[i].file->signals;
    return watched;
}

static int64_t signal_file(const struct request *request, int flags)
{
    uint64_t set;
    int descriptor = request_int(request, 0);
    if (request->arguments[2] != sizeof set || flags & ~(SFD_CLOEXEC | SFD_NONBLOCK))
        return -EINVAL;
    int64_t error = request_fetch(request, &set, request->arguments[1], sizeof set);
    if (error)
        return error;
    set &= ~SIGNALS_UNBLOCKABLE;
    if (descriptor == -1)
        return file_make(request, set, flags);
    struct open_file *file = file_acquire(request->own, descriptor);
    if (!file)
        return -EBADF;
    bool good = file->kind == FILE_SIGNALS;
    if (good) {
        pthread_mutex_lock(&request->own->lock);
        file->signals = set;
        request->own->signals->watched = watched_now(request->own);
        pthread_mutex_unlock(&request->own->lock);
        bell_settle(request);
    }
    file_release(file);
    return good ? descriptor : -EINVAL;
}

int64_t service_signalfd(const struct request *request)
{
    return signal_file(request, 0);
}

int64_t service_signalfd4(const struct request *request)
{
    return signal_file(request, request_int(request, 3));
}

int64_t signal_file_read(const struct request *request, const struct open_file *file, const struct iovec *to)
{
    struct signal_source source;
    uint64_t count, place = (uint64_t)to->iov_base - request->domain->base;
    if (to->iov_len < sizeof(struct signalfd_siginfo))
        return -EINVAL;
    for (;;) {
        int number = signal_take(request, file->signals, &source);
        if (number) {
            const struct signalfd_siginfo told = {
                .ssi_signo = (uint32_t)number, .ssi_code = source.code, .ssi_pid = (uint32_t)source.process, .ssi_uid = PERSONALITY_UID,
                .ssi_status = source.status, .ssi_ptr = source.value, .ssi_int = (int32_t)source.value,
            };
            bell_settle(request);
            int64_t error = request_store(request, place, &told, sizeof told);
            return error ? error : (int64_t)sizeof told;
        }
        int64_t result = WAIT(request, SYS_read, file->host, &count, sizeof count);
        if (result < 0)
            return result;
    }
}

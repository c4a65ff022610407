/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for several descriptors: poll and select. The host's sets are trusted memory, made from what was fetched once. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "descriptors.h"
#include "signals.h"

struct poll_set {
    struct pollfd *guest, *host;
    struct open_file **files;
    struct pollfd memory[];
};

static struct poll_set *poll_set_create(size_t count)
{
    struct poll_set *set = calloc(1, sizeof *set + count * (2 * sizeof set->memory[0] + sizeof set->files[0]));
    if (!set)
        return NULL;
    set->guest = set->memory;
    set->host = set->memory + count;
    set->files = (struct open_file **)(void *)(set->memory + 2 * count);
    return set;
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
    /* The kernel leaves in *timeout what is left of it. */
    int64_t result = WAIT(request, SYS_ppoll, set->host, count, invalid ? &(struct timespec){ 0 } : timeout, 0, 0);
    if (result >= 0)
        result += invalid;
    for (unsigned i = 0; i < count; i++) {
        if (!set->files[i])
            continue;
        set->guest[i].revents = set->host[i].revents;
        file_release(set->files[i]);
    }
    return not_restarted(result);
}

static int64_t poll_until(const struct request *request, struct timespec *timeout)
{
    uint64_t address = request->arguments[0], count = request->arguments[1];
    if (count > DESCRIPTORS_MAX)
        return -EINVAL;
    struct poll_set *set = poll_set_create(count);
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

/* Waits with another signal mask if one is given. */
static int64_t masked(const struct request *request, uint64_t mask, uint64_t mask_size, struct timespec *timeout,
                      int64_t (*wait)(const struct request *, struct timespec *))
{
    int64_t result = mask ? signal_mask_wait(request, mask, mask_size) : 0;
    if (result)
        return result;
    result = wait(request, timeout);
    if (mask && result != -EINTR) /* otherwise after the handlers */
        signal_mask_restore(request);
    return result;
}

int64_t service_ppoll(const struct request *request)
{
    struct timespec timeout;
    int64_t error = request->arguments[2] ? request_fetch(request, &timeout, request->arguments[2], sizeof timeout) : 0;
    if (error)
        return error;
    return masked(request, request->arguments[3], request->arguments[4], request->arguments[2] ? &timeout : NULL, poll_until);
}

/* --- select: three sets of bits become one list --- */

#define SELECT_WORDS (FD_SETSIZE / 64)
#define SELECT_READ (POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR)
#define SELECT_WRITE (POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR)
static const short select_events[3] = { POLLIN, POLLOUT, POLLPRI };
static const short select_told[3] = { SELECT_READ, SELECT_WRITE, POLLPRI };

struct bit_sets { uint64_t words[3][SELECT_WORDS]; };

static bool bit_of(const uint64_t *words, unsigned number)
{
    return words[number / 64] >> (number % 64) & 1;
}

static int64_t select_fetched(const struct request *request, struct bit_sets *sets, unsigned count, struct timespec *timeout)
{
    struct poll_set *set = poll_set_create(count);
    if (!set)
        return -ENOMEM;
    for (unsigned i = 0; i < count; i++) {
        set->guest[i].fd = -1;
        for (int kind = 0; kind < 3; kind++)
            if (bit_of(sets->words[kind], i)) {
                set->guest[i].fd = (int)i;
                set->guest[i].events |= select_events[kind];
            }
    }
    int64_t result = poll_fetched(request, set, count, timeout), ready = 0;
    memset(sets, 0, sizeof *sets);
    for (unsigned i = 0; result > 0 && i < count; i++) {
        if (set->guest[i].revents & POLLNVAL)
            result = -EBADF;
        for (int kind = 0; kind < 3; kind++)
            if (set->guest[i].events & select_events[kind] && set->guest[i].revents & select_told[kind]) {
                sets->words[kind][i / 64] |= 1ull << (i % 64);
                ready++;
            }
    }
    free(set);
    return result < 0 ? result : ready;
}

static int64_t select_until(const struct request *request, struct timespec *timeout)
{
    struct bit_sets sets = { 0 };
    uint64_t count = (uint64_t)(int64_t)request_int(request, 0);
    if (count > FD_SETSIZE)
        return -EINVAL;
    size_t size = (count + 63) / 64 * 8;
    for (int kind = 0; kind < 3; kind++)
        if (request->arguments[1 + kind] && request_fetch(request, sets.words[kind], request->arguments[1 + kind], size))
            return -EFAULT;
    int64_t result = select_fetched(request, &sets, (unsigned)count, timeout);
    for (int kind = 0; kind < 3 && result >= 0; kind++)
        if (request->arguments[1 + kind] && request_store(request, request->arguments[1 + kind], sets.words[kind], size))
            return -EFAULT;
    return result;
}

int64_t service_select(const struct request *request)
{
    struct { int64_t seconds, microseconds; } time;
    uint64_t address = request->arguments[4];
    int64_t error = address ? request_fetch(request, &time, address, sizeof time) : 0;
    if (error)
        return error;
    if (address && (time.seconds < 0 || time.microseconds < 0 || time.microseconds >= 1000000))
        return -EINVAL;
    struct timespec timeout = { address ? time.seconds : 0, address ? time.microseconds * 1000 : 0 };
    int64_t result = select_until(request, address ? &timeout : NULL);
    time.seconds = timeout.tv_sec;
    time.microseconds = timeout.tv_nsec / 1000;
    if (address)
        (void)request_store(request, address, &time, sizeof time); /* as Linux: the result counts */
    return result;
}

int64_t service_pselect6(const struct request *request)
{
    struct timespec timeout;
    struct { uint64_t mask, size; } mask = { 0 };
    int64_t error = request->arguments[4] ? request_fetch(request, &timeout, request->arguments[4], sizeof timeout) : 0;
    if (!error && request->arguments[5])
        error = request_fetch(request, &mask, request->arguments[5], sizeof mask);
    if (error)
        return error;
    return masked(request, mask.mask, mask.size, request->arguments[4] ? &timeout : NULL, select_until);
}

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
#include "local.h"
#include "signals.h"

struct poll_set {
    struct pollfd *guest, *host;       /* the host's list has one more, to be woken by */
    struct open_file **files;
    struct source **sources;           /* of files that are, or may be, ready within the process: local.h; the first `here` of them */
    size_t here;
    struct pollfd memory[];
};

static struct poll_set *poll_set_create(size_t count)
{
    size_t pointers = 2 * count * sizeof(void *);
    struct poll_set *set = calloc(1, sizeof *set + (2 * count + 1) * sizeof set->memory[0] + pointers + sizeof(void *));
    if (!set)
        return NULL;
    set->guest = set->memory;
    set->host = set->memory + count;
    set->files = (struct open_file **)(((uintptr_t)(set->memory + 2 * count + 1) + 7) & ~(uintptr_t)7);
    set->sources = (struct source **)(set->files + count);
    return set;
}

/* What is ready within the process; the list of who may become so. */
static unsigned poll_here(struct poll_set *set, unsigned count)
{
    unsigned ready = 0;
    set->here = 0;
    for (unsigned i = 0; i < count; i++) {
        struct source *source = set->files[i] ? file_source(set->files[i]) : NULL;
        if (!source)
            continue;
        set->sources[set->here++] = source;
        listener_attend(set->files[i]);
        set->guest[i].revents = (short)source->ready(source, (uint16_t)set->guest[i].events);
        ready += set->guest[i].revents != 0;
    }
    return ready;
}

/* Hosts' descriptors, and how many; with -1 where the domain has none, or one that is not the host's to answer for. */
static unsigned poll_host_fill(struct poll_set *set, unsigned count)
{
    unsigned some = 0;
    for (unsigned i = 0; i < count; i++) {
        struct source *source = set->files[i] ? file_source(set->files[i]) : NULL;
        bool hosts = set->files[i] && (!source || source->also_host);
        set->host[i] = (struct pollfd){ hosts ? set->files[i]->host : -1, set->guest[i].events, 0 };
        some += hosts;
    }
    set->host[count] = (struct pollfd){ -1, POLLIN, 0 };
    return some;
}

/* Asks the host and sleeps, and is woken by sources. The kernel leaves in *timeout what is left of it. */
static int64_t poll_sleep(const struct request *request, struct poll_set *set, unsigned count, struct timespec *timeout)
{
    struct timespec now = { 0 };
    bool looks = timeout && !timeout->tv_sec && !timeout->tv_nsec;
    struct sleeper *sleeper = set->here && !looks ? sleeper_begin(set->sources, set->here) : NULL;
    if (set->here && !looks && !sleeper)
        return -ENOMEM;
    if (sleeper) { /* what came before we watched, or was converted */
        timeout = poll_here(set, count) ? &now : timeout;
        poll_host_fill(set, count);
        set->host[count].fd = sleeper_host(sleeper);
    }
    int64_t result = WAIT(request, SYS_ppoll, set->host, count + 1, timeout, 0, 0);
    if (sleeper)
        sleeper_end(sleeper);
    return result;
}

/* Polls with what was fetched. */
static int64_t poll_fetched(const struct request *request, struct poll_set *set, unsigned count, struct timespec *timeout)
{
    unsigned invalid = 0;
    int64_t result;
    for (unsigned i = 0; i < count; i++) {
        set->files[i] = file_acquire(request->own, set->guest[i].fd);
        set->guest[i].revents = set->guest[i].fd >= 0 && !set->files[i] ? POLLNVAL : 0;
        invalid += set->guest[i].revents != 0;
    }
    for (;;) {
        bool looks = poll_here(set, count) || invalid || (timeout && !timeout->tv_sec && !timeout->tv_nsec);
        unsigned hosts = poll_host_fill(set, count);
        size_t here = set->here;
        result = looks && !hosts ? 0 : poll_sleep(request, set, count, looks ? &(struct timespec){ 0 } : timeout);
        if (result < 0)
            break;
        poll_here(set, count);
        result = invalid;
        for (unsigned i = 0; i < count; i++) {
            set->guest[i].revents |= set->host[i].revents;
            result += set->files[i] && set->guest[i].revents;
        }
        if (result || looks || !here)
            break;
    }
    for (unsigned i = 0; i < count; i++)
        if (set->files[i])
            file_release(set->files[i]);
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

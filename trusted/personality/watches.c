/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes ready within the process, and who is told. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "pairs.h"

#define WAKERS_KEPT 32

pthread_mutex_t local_lock = PTHREAD_MUTEX_INITIALIZER;
static int wakers[WAKERS_KEPT];        /* eventfds that nobody sleeps on */
static unsigned waker_count;

struct source *file_source(const struct open_file *file)
{
    return file->end ? end_source(file) : file->listener ? listener_source(file) : file->epoll ? epoll_source(file) : NULL;
}

void source_begin(struct source *source, uint32_t (*ready)(struct source *, uint32_t))
{
    pthread_mutex_init(&source->lock, NULL);
    source->watches = NULL;
    source->watch_count = 0;
    source->ready = ready;
}

void source_watch(struct source *source, struct watch *watch)
{
    pthread_mutex_lock(&source->lock);
    watch->source = source;
    watch->before = NULL;
    watch->next = source->watches;
    if (watch->next)
        watch->next->before = watch;
    source->watches = watch;
    source->watch_count++;
    pthread_mutex_unlock(&source->lock);
}

void source_leave(struct watch *watch)
{
    struct source *source = watch->source;
    if (!source)
        return;
    pthread_mutex_lock(&source->lock);
    if (watch->before)
        watch->before->next = watch->next;
    else
        source->watches = watch->next;
    if (watch->next)
        watch->next->before = watch->before;
    source->watch_count--;
    watch->source = NULL;
    pthread_mutex_unlock(&source->lock);
}

void source_notify(struct source *source, uint32_t events)
{
    atomic_thread_fence(memory_order_seq_cst); /* what happened, before the look; whoever watches from now on looks itself */
    if (!source->watches)
        return;
    pthread_mutex_lock(&source->lock);
    for (struct watch *watch = source->watches; watch; watch = watch->next)
        watch->notify(watch, events);
    pthread_mutex_unlock(&source->lock);
}

/* --- sleepers --- */

struct sleeper_watch { struct watch watch; struct sleeper *sleeper; };
struct sleeper {
    int host;
    _Atomic bool woken;
    size_t count;
    struct sleeper_watch watches[];
};

static void sleeper_wake(struct watch *watch, uint32_t events)
{
    struct sleeper *sleeper = ((struct sleeper_watch *)watch)->sleeper;
    const uint64_t one = 1;
    (void)events;
    if (!atomic_exchange(&sleeper->woken, true) && write(sleeper->host, &one, sizeof one) < 0)
        sleeper->woken = false;
}

/* With local_lock. */
static int waker_take(void)
{
    return waker_count ? wakers[--waker_count] : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

struct sleeper *sleeper_begin(struct source *const *sources, size_t count)
{
    struct sleeper *sleeper = calloc(1, sizeof *sleeper + count * sizeof sleeper->watches[0]);
    if (!sleeper)
        return NULL;
    pthread_mutex_lock(&local_lock);
    sleeper->host = waker_take();
    for (; sleeper->host >= 0 && sleeper->count < count; sleeper->count++) {
        struct sleeper_watch *watch = &sleeper->watches[sleeper->count];
        watch->sleeper = sleeper;
        watch->watch.notify = sleeper_wake;
        source_watch(sources[sleeper->count], &watch->watch);
    }
    pthread_mutex_unlock(&local_lock);
    if (sleeper->host >= 0)
        return sleeper;
    free(sleeper);
    return NULL;
}

int sleeper_host(const struct sleeper *sleeper)
{
    return sleeper->host;
}

void sleeper_end(struct sleeper *sleeper)
{
    uint64_t count;
    pthread_mutex_lock(&local_lock);
    for (size_t i = 0; i < sleeper->count; i++)
        source_leave(&sleeper->watches[i].watch);
    bool kept = waker_count < WAKERS_KEPT && (!sleeper->woken || read(sleeper->host, &count, sizeof count) == sizeof count);
    if (kept)
        wakers[waker_count++] = sleeper->host;
    else
        close(sleeper->host);
    pthread_mutex_unlock(&local_lock);
    free(sleeper);
}

int64_t file_wait(const struct request *request, struct open_file *file, short events, struct timespec *limit)
{
    struct source *source = file_source(file);
    struct sleeper *sleeper = source ? sleeper_begin(&source, 1) : NULL;
    struct pollfd list[2] = { { source && !source->also_host ? -1 : file->host, events, 0 },
                              { sleeper ? sleeper_host(sleeper) : -1, POLLIN, 0 } };
    if (source && !sleeper)
        return -ENOMEM;
    int64_t result = source && source->ready(source, (uint16_t)events) ? 1 : WAIT(request, SYS_ppoll, list, 2, limit, NULL, 0);
    if (sleeper)
        sleeper_end(sleeper);
    return result;
}

/* --- after a fork, in the child, with local_lock: other threads are not there to give back locks or to be woken --- */

void wakers_forget(void)
{
    while (waker_count)
        close(wakers[--waker_count]);
}

void source_forked(struct open_file *file)
{
    if (file->listener)
        listener_forked(file);
    struct source *source = file->end ? &file->end->source : file_source(file);
    if (!source)
        return;
    pthread_mutex_init(&source->lock, NULL);
    for (struct watch *watch = source->watches, *next; watch; watch = next) {
        next = watch->next;
        if (watch->notify == sleeper_wake)
            source_leave(watch);
    }
    if (file->end)
        end_forked(file->end);
    if (file->epoll)
        epoll_forked(file);
}

/* --- what files do --- */

void local_duplicate(struct open_file *copy, struct open_file *file)
{
    pthread_mutex_lock(&local_lock);
    copy->duplicated = file->duplicated = true;
    if (file->end)
        end_attach(file->end, copy);
    else if (file->listener)
        listener_attach(copy, file);
    else if (file->epoll)
        epoll_attach(copy, file);
    pthread_mutex_unlock(&local_lock);
}

void local_release(struct open_file *file)
{
    if (file->kind != FILE_SOCKET && file->kind != FILE_EPOLL)
        return;
    pthread_mutex_lock(&local_lock);
    items_forget(file);
    if (file->end)
        end_detach(file);
    if (file->listener)
        listener_detach(file);
    if (file->epoll)
        epoll_detach(file);
    local_unlock();
}

void local_nonblocking(struct open_file *file, bool value)
{
    struct source *source = file_source(file);
    if (source)
        source->nonblocking = value;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* epoll: an epoll of the host's with the host's descriptors in it. What the kernel reports are words that the domain gave with them, so it
 * may write them to the domain itself.
 *
 * Of a domain whose sockets may be connected within the process (local.h) each socket is also an *item* here: one that is an end is known
 * here alone, a listener or another epoll in both. The host's epoll is where such a thread sleeps; an eventfd in it wakes it. What the
 * host's reports for us is told from the domain's own words by tags, which a domain cannot guess, and learns nothing from if it does. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "local.h"
#include "signals.h"

#define EVENTS_MAX 512                 /* reported at once: fewer than asked for are allowed */
#define HOST_TURNS 4                   /* while there is something here, the host is asked every so many times */
#define LOOKS_HERE 64                  /* while waiting awake: a microsecond between looks at the host
                                        * that take a quarter of one */
#define FOREVER_EVENTS (EPOLLERR | EPOLLHUP)
#define MODES (EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE | EPOLLWAKEUP)

struct item {
    struct watch watch;
    struct epoll *epoll;
    struct open_file *file;
    struct item *next_of_file, *next_of_epoll, **link_of_epoll, *next_ready, *next_tagged;
    uint32_t events;
    uint64_t data;
    bool queued;                       /* in the list of those that may be ready; like the rest with the epoll's lock */
    bool in_host;                      /* the host's epoll has its descriptor, */
    bool tagged;                       /* and reports the tag instead of the data */
    bool host_ready;                   /* so it did */
    uint64_t tag;
};

struct epoll {
    struct source source;
    pthread_mutex_t lock;
    struct item *items, *tagged;       /* changed with local_lock, too */
    struct item *ready, **ready_last;
    _Atomic uint32_t sleepers;
    _Atomic bool signalled;            /* they have been woken */
    int host, waker;
    bool ending;                       /* nothing is put into the list any more */
    bool inherited;                    /* by a forked child: the host's epoll is its parent's, too */
    _Atomic uint32_t turns;
    _Atomic uint32_t arrivals;         /* in the list */
    struct patience patience;
    uint64_t tag, next_tag;            /* the waker's; the last that an item got: random, and from there on */
    unsigned files;
    unsigned inner, outer;             /* epolls that are in this one, and that this one is in: not both; with local_lock */
};

/* --- items; with local_lock --- */

static void sleeper_rouse(struct epoll *epoll)
{
    const uint64_t one = 1;
    atomic_thread_fence(memory_order_seq_cst); /* what is in the list, before the look */
    if (epoll->sleepers && !atomic_exchange(&epoll->signalled, true) && write(epoll->waker, &one, sizeof one) < 0)
        epoll->signalled = false;
}

/* With the epoll's lock: it may be ready. */
static void item_queue(struct item *item)
{
    struct epoll *epoll = item->epoll;
    if (item->queued || epoll->ending)
        return;
    item->queued = true;
    item->next_ready = NULL;
    *epoll->ready_last = item;
    epoll->ready_last = &item->next_ready;
    ++epoll->arrivals;
    patience_note(&epoll->patience);
    sleeper_rouse(epoll);
}

static void item_notify(struct watch *watch, uint32_t events)
{
    struct item *item = (struct item *)watch;
    struct epoll *epoll = item->epoll;
    pthread_mutex_lock(&epoll->lock);
    bool wanted = events & item->events & ~(uint32_t)MODES;
    if (wanted)
        item_queue(item);
    pthread_mutex_unlock(&epoll->lock);
    if (wanted)
        source_notify(&epoll->source, POLLIN | POLLRDNORM);
}

static struct item *item_find(const struct epoll *epoll, const struct open_file *file)
{
    struct item *item = file->items;
    while (item && item->epoll != epoll)
        item = item->next_of_file;
    return item;
}

static int64_t host_control(struct item *item, int operation)
{
    struct epoll_event event = { .events = item->events, .data.u64 = item->tagged ? item->tag : item->data };
    return epoll_ctl(item->epoll->host, operation, item->file->host, &event) < 0 ? -errno : 0;
}

static void tagged_remove(struct item *item)
{
    for (struct item **link = &item->epoll->tagged; *link; link = &(*link)->next_tagged)
        if (*link == item) {
            *link = item->next_tagged;
            break;
        }
    item->tagged = false;
}

/* Puts the item where its file can be ready. */
static int64_t item_place(struct item *item)
{
    struct epoll *epoll = item->epoll;
    struct source *source = file_source(item->file);
    bool tagged = source && source->also_host;
    int64_t error = 0;
    if (source && source->watch_count >= WATCHES_MOST)
        return -ENOSPC;
    pthread_mutex_lock(&epoll->lock);
    if (tagged) {
        item->tagged = true;
        item->next_tagged = epoll->tagged;
        epoll->tagged = item;
    }
    if (!source || tagged) {
        error = host_control(item, EPOLL_CTL_ADD);
        item->in_host = !error;
    }
    pthread_mutex_unlock(&epoll->lock);
    if (error || !source)
        return error;
    source_watch(source, &item->watch);
    pthread_mutex_lock(&epoll->lock);
    item_queue(item); /* whether it is ready is looked at when somebody asks */
    pthread_mutex_unlock(&epoll->lock);
    source_notify(&epoll->source, POLLIN | POLLRDNORM);
    return 0;
}

static void item_displace(struct item *item)
{
    struct epoll *epoll = item->epoll;
    source_leave(&item->watch);
    pthread_mutex_lock(&epoll->lock);
    if (item->in_host)
        (void)host_control(item, EPOLL_CTL_DEL);
    if (item->tagged)
        tagged_remove(item);
    item->in_host = item->host_ready = false;
    if (item->queued) {
        struct item **link = &epoll->ready;
        while (*link != item)
            link = &(*link)->next_ready;
        *link = item->next_ready;
        if (!*link)
            epoll->ready_last = link;
        item->queued = false;
    }
    pthread_mutex_unlock(&epoll->lock);
}

static void item_free(struct item *item, bool closed)
{
    struct item **link = &item->file->items;
    if (closed && item->epoll->inherited) /* the parent still has it */
        item->in_host = false;
    item_displace(item);
    while (*link != item)
        link = &(*link)->next_of_file;
    *link = item->next_of_file;
    if (item->file->epoll) {
        item->file->epoll->outer--;
        item->epoll->inner--;
    }
    *item->link_of_epoll = item->next_of_epoll;
    if (item->next_of_epoll)
        item->next_of_epoll->link_of_epoll = item->link_of_epoll;
    free(item);
}

static int64_t item_add(struct epoll *epoll, struct open_file *file, const struct epoll_event *event)
{
    uint32_t with_exclusive = EPOLLIN | EPOLLOUT | FOREVER_EVENTS | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;
    if (event->events & EPOLLEXCLUSIVE && event->events & ~with_exclusive)
        return -EINVAL;
    struct epoll *inner = file->epoll;
    if (inner && (inner->inner || epoll->outer)) /* no circles, and no ways without end; what the host sees a child may have changed */
        return -ELOOP;
    struct item *item = calloc(1, sizeof *item);
    if (!item)
        return -ENOMEM;
    if (inner) {
        inner->outer++;
        epoll->inner++;
    }
    *item = (struct item){ .watch.notify = item_notify, .epoll = epoll, .file = file, .events = event->events | FOREVER_EVENTS,
                           .data = event->data.u64, .tag = ++epoll->next_tag, .next_of_file = file->items, .next_of_epoll = epoll->items,
                           .link_of_epoll = &epoll->items };
    file->items = item;
    if (epoll->items)
        epoll->items->link_of_epoll = &item->next_of_epoll;
    epoll->items = item;
    int64_t error = item_place(item);
    if (error)
        item_free(item, false);
    return error;
}

static int64_t item_modify(struct item *item, const struct epoll_event *event)
{
    int64_t error = item->events & EPOLLEXCLUSIVE || event->events & EPOLLEXCLUSIVE ? -EINVAL : 0;
    if (error)
        return error;
    pthread_mutex_lock(&item->epoll->lock);
    item->events = event->events | FOREVER_EVENTS;
    item->data = event->data.u64;
    if (item->in_host)
        error = host_control(item, EPOLL_CTL_MOD);
    if (item->watch.source)
        item_queue(item);
    pthread_mutex_unlock(&item->epoll->lock);
    source_notify(&item->epoll->source, POLLIN | POLLRDNORM);
    return error;
}

void items_follow(struct open_file *file)
{
    for (struct item *item = file->items; item; item = item->next_of_file) {
        item_displace(item);
        (void)item_place(item);
    }
}

void items_forget(struct open_file *file)
{
    while (file->items)
        item_free(file->items, true);
}

/* --- what is ready --- */

/* With the epoll's lock. */
static uint32_t item_ready(struct item *item)
{
    struct source *source = item->watch.source;
    uint32_t wanted = item->events & ~(uint32_t)MODES; /* none after EPOLLONESHOT */
    uint32_t ready = source && wanted ? source->ready(source, wanted) : 0;
    struct pollfd host = { item->file->host, POLLIN, 0 };
    if (item->host_ready && poll(&host, 1, 0) == 1) /* it may be long ago */
        ready |= item->events & (EPOLLIN | EPOLLRDNORM);
    item->host_ready = false;
    return ready;
}

/* With the epoll's lock: reports it, and says whether it stays in the list. */
static bool item_report(struct item *item, uint32_t ready, struct epoll_event *event)
{
    *event = (struct epoll_event){ .events = ready, .data.u64 = item->data };
    if (item->events & EPOLLONESHOT) {
        item->events &= MODES;
        if (item->in_host)
            (void)host_control(item, EPOLL_CTL_MOD);
        return false;
    }
    return !(item->events & EPOLLET);
}

/* Reports up to `count` of those in the list; who was reported and may be so again goes behind the others. */
static int harvest(struct epoll *epoll, struct epoll_event *events, int count)
{
    int found = 0;
    struct item *again = NULL, **again_last = &again;
    pthread_mutex_lock(&epoll->lock);
    while (epoll->ready && found < count) {
        struct item *item = epoll->ready;
        epoll->ready = item->next_ready;
        item->queued = false;
        uint32_t ready = item_ready(item);
        if (!ready || !item_report(item, ready, &events[found++]))
            continue;
        item->queued = true;
        item->next_ready = NULL;
        *again_last = item;
        again_last = &item->next_ready;
    }
    if (!epoll->ready)
        epoll->ready_last = &epoll->ready;
    *epoll->ready_last = again;
    if (again)
        epoll->ready_last = again_last;
    if (epoll->ready && found) /* for another thread, as the kernel does it */
        sleeper_rouse(epoll);
    pthread_mutex_unlock(&epoll->lock);
    return found;
}

/* For those who watch the epoll itself. Nothing is reported by this. */
static uint32_t epoll_ready(struct source *source, uint32_t wanted)
{
    struct epoll *epoll = (struct epoll *)source;
    uint32_t ready = 0;
    pthread_mutex_lock(&epoll->lock);
    for (struct item *item = epoll->ready; item && !ready; item = item->next_ready) {
        struct source *inner = item->watch.source;
        uint32_t asked = item->events & ~(uint32_t)MODES;
        if (item->host_ready || (inner && asked && inner->ready(inner, asked)))
            ready = wanted & (POLLIN | POLLRDNORM);
    }
    pthread_mutex_unlock(&epoll->lock);
    return ready;
}

/* Takes out of what the host reported what only concerns us, and puts the items that it means in the list. */
static int host_events_sort(struct epoll *epoll, struct epoll_event *events, int count)
{
    int kept = 0;
    pthread_mutex_lock(&epoll->lock);
    for (int i = 0; i < count; i++) {
        struct item *item = epoll->tagged;
        while (item && item->tag != events[i].data.u64)
            item = item->next_tagged;
        if (item) {
            item->host_ready = true;
            item_queue(item);
        } else if (events[i].data.u64 != epoll->tag)
            events[kept++] = events[i];
    }
    pthread_mutex_unlock(&epoll->lock);
    return kept;
}

static int64_t time_left_ms(const struct timespec *end)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t left_ns = (end->tv_sec - now.tv_sec) * 1000000000 + end->tv_nsec - now.tv_nsec;
    return left_ns > 0 ? (left_ns + 999999) / 1000000 : 0;
}

/* Sleeps in the host's epoll: what it reports; 0 after the time or if there is something in the list. */
static int64_t epoll_sleep(const struct request *request, struct epoll *epoll, struct epoll_event *events, int count, int64_t wait_ms)
{
    ++epoll->sleepers;
    epoll->signalled = false;
    atomic_thread_fence(memory_order_seq_cst);
    pthread_mutex_lock(&epoll->lock);
    bool something = epoll->ready;
    for (struct item *item = epoll->tagged; item; item = item->next_tagged)
        listener_attend(item->file);
    pthread_mutex_unlock(&epoll->lock);
    int64_t result = WAIT(request, SYS_epoll_wait, epoll->host, events, count, something ? 0 : wait_ms);
    --epoll->sleepers;
    epoll->signalled = false; /* the next one is for who still sleeps */
    return result;
}

struct arrivals { const struct epoll *epoll; uint32_t seen, looks; };

/* Here, or, looked at more seldom, at the host's. */
static bool something_came(void *what)
{
    struct arrivals *arrivals = what;
    struct pollfd host = { arrivals->epoll->host, POLLIN, 0 };
    return arrivals->epoll->arrivals != arrivals->seen || (++arrivals->looks % LOOKS_HERE == 0 && poll(&host, 1, 0) > 0);
}

static int64_t wait_both(const struct request *request, struct epoll *epoll, struct epoll_event *events, int count, int timeout_ms)
{
    struct timespec end = { 0 };
    if (timeout_ms > 0) {
        clock_gettime(CLOCK_MONOTONIC, &end);
        end.tv_sec += timeout_ms / 1000;
        end.tv_nsec += timeout_ms % 1000 * 1000000l;
    }
    for (;;) {
        struct arrivals arrivals = { epoll, epoll->arrivals, 0 };
        bool here = ++epoll->turns % HOST_TURNS;
        int found = here ? harvest(epoll, events, count) : 0;
        if (!found && here && timeout_ms && patience_look(request, &epoll->patience, something_came, &arrivals))
            found = harvest(epoll, events, count);
        if (found)
            return found;
        int64_t wait_ms = timeout_ms > 0 ? time_left_ms(&end) : timeout_ms;
        int64_t result = epoll_sleep(request, epoll, events, count, wait_ms);
        if (result < 0)
            return result;
        found = host_events_sort(epoll, events, (int)result);
        found += harvest(epoll, events + found, count - found);
        if (found || wait_ms == 0)
            return found;
    }
}

/* --- life --- */

static struct epoll *epoll_begin(int host)
{
    struct epoll *epoll = calloc(1, sizeof *epoll);
    if (!epoll || getrandom(&epoll->tag, sizeof epoll->tag, 0) != sizeof epoll->tag) {
        free(epoll);
        return NULL;
    }
    struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u64 = epoll->tag }; /* each write is one event, none is read */
    epoll->next_tag = epoll->tag;
    source_begin(&epoll->source, epoll_ready);
    epoll->source.also_host = true;
    pthread_mutex_init(&epoll->lock, NULL);
    epoll->ready_last = &epoll->ready;
    epoll->host = host;
    epoll->files = 1;
    epoll->waker = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (epoll->waker >= 0 && epoll_ctl(host, EPOLL_CTL_ADD, epoll->waker, &event) == 0)
        return epoll;
    if (epoll->waker >= 0)
        close(epoll->waker);
    free(epoll);
    return NULL;
}

/* Who was about to change something is not here to finish it. */
void epoll_forked(struct open_file *file)
{
    struct epoll *epoll = file->epoll;
    epoll->inherited = true;
    pthread_mutex_init(&epoll->lock, NULL);
    epoll->sleepers = 0;
    epoll->ready = NULL;
    epoll->ready_last = &epoll->ready;
    for (struct item *item = epoll->items; item; item = item->next_of_epoll) {
        item->queued = item->host_ready = false;
        if (item->watch.source)
            pthread_mutex_init(&item->watch.source->lock, NULL);
    }
    for (struct item *item = epoll->items; item; item = item->next_of_epoll)
        if (item->watch.source)
            item_queue(item);
}

void epoll_close_hosts(const struct open_file *file)
{
    close(file->epoll->waker);
    close(file->epoll->host);
}

struct source *epoll_source(const struct open_file *file)
{
    return &file->epoll->source;
}

void epoll_attach(struct open_file *copy, const struct open_file *file)
{
    copy->epoll = file->epoll;
    copy->epoll->files++;
}

void epoll_detach(struct open_file *file)
{
    struct epoll *epoll = file->epoll;
    if (--epoll->files)
        return;
    pthread_mutex_lock(&epoll->lock);
    epoll->ending = true; /* at once, instead of looking for each item there while everybody waits for local_lock */
    for (; epoll->ready; epoll->ready = epoll->ready->next_ready)
        epoll->ready->queued = false;
    pthread_mutex_unlock(&epoll->lock);
    while (epoll->items)
        item_free(epoll->items, true);
    close(epoll->waker);
    close(epoll->host);
    free(epoll);
}

int64_t service_epoll_create1(const struct request *request)
{
    int flags = request_int(request, 0);
    if (flags & ~EPOLL_CLOEXEC)
        return -EINVAL;
    int host = epoll_create1(EPOLL_CLOEXEC);
    if (host < 0)
        return -errno;
    struct open_file *file = file_create(host, FILE_EPOLL, false, false);
    int own = file && request->own->local ? dup(host) : -1; /* it outlives the first of its descriptors */
    if (own >= 0 && !(file->epoll = epoll_begin(own)))
        close(own);
    if (file && request->own->local && !file->epoll) {
        file_release(file);
        return -ENOMEM;
    }
    return file ? descriptor_add(request->own, file, 0, flags & EPOLL_CLOEXEC) : -ENOMEM;
}

int64_t service_epoll_create(const struct request *request)
{
    if (request_int(request, 0) <= 0)
        return -EINVAL;
    return service_epoll_create1(&(struct request){ request->domain, request->own, (uint64_t[6]){ 0 } });
}

static int64_t control_item(struct open_file *epoll, struct open_file *file, int operation, const struct epoll_event *event)
{
    if (epoll->epoll == file->epoll)
        return -EINVAL;
    pthread_mutex_lock(&local_lock);
    struct item *item = item_find(epoll->epoll, file);
    int64_t error = -EINVAL;
    if (operation == EPOLL_CTL_ADD)
        error = item ? -EEXIST : item_add(epoll->epoll, file, event);
    else if (operation == EPOLL_CTL_MOD)
        error = item ? item_modify(item, event) : -ENOENT;
    else if (operation == EPOLL_CTL_DEL) {
        error = item ? 0 : -ENOENT;
        if (item)
            item_free(item, false);
    }
    pthread_mutex_unlock(&local_lock);
    return error;
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
    else if (epoll->epoll && (file->kind == FILE_SOCKET || file->epoll))
        error = control_item(epoll, file, operation, &event);
    else
        error = epoll_ctl(epoll->host, operation, file->host, &event) < 0 ? -errno : 0;
    if (epoll)
        file_release(epoll);
    if (file)
        file_release(file);
    return error;
}

static int64_t wait_local(const struct request *request, struct epoll *epoll, int count, int timeout_ms)
{
    struct epoll_event events[EVENTS_MAX];
    int64_t result = wait_both(request, epoll, events, count, timeout_ms);
    if (result > 0 && request_store(request, request->arguments[1], events, (size_t)result * sizeof events[0]))
        return -EFAULT;
    return result;
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
    if (epoll->kind == FILE_EPOLL && epoll->epoll)
        result = not_restarted(wait_local(request, epoll->epoll, count, request_int(request, 3)));
    else if (epoll->kind == FILE_EPOLL)
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

/* SPDX-License-Identifier: Apache-2.0 */
/* Rings of events, and their way into Chrome's trace format. */
#define _GNU_SOURCE
#include "trace.h"
#include "census.h"
#include "loader/image.h"
#include "porin/observe.h"
#include "runtime/error.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 262144                   /* of a thread: 4 MiB */
#define DEPTH 4096                      /* nested crossings that are shown */
#define LONGEST 128

/* What a gate led to from some time on. */
struct route {
    uint32_t caller_slot, gate, callee_slot;
    uint64_t since;
    const char *name;                   /* in the caller's image, which the census keeps */
};

static _Atomic bool on;
static bool ending;                     /* it is over and not written yet */
static struct { uint64_t ticks, ns; } began, ended;
static struct route *routes;
static size_t route_count, route_capacity;
static struct ring {
    struct thread *thread;              /* its block: that, and the ring, are never unmapped; threads come and go */
    struct trace_event *start;
    uint64_t owner;                     /* the number of the latest thread that noted something here */
} *rings;
static size_t ring_count;
static bool missing;                    /* there was no memory for a route, a ring or gates */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* inside of domains' and threads' locks */

bool trace_edge(const struct porin_domain *caller, const struct edge *edge, const struct porin_domain *callee)
{
    if (!on)
        return false;
    pthread_mutex_lock(&lock);
    if (route_count == route_capacity) {
        size_t wanted = route_capacity ? 2 * route_capacity : 64;
        struct route *more = realloc(routes, wanted * sizeof *more);
        if (more)
            routes = more, route_capacity = wanted;
    }
    missing |= route_count == route_capacity;
    if (route_count < route_capacity)
        routes[route_count++] = (struct route){ caller->slot, edge->gate, callee->slot, __builtin_ia32_rdtsc(), edge->name };
    pthread_mutex_unlock(&lock);
    return true;
}

/* The oldest of its events, where the next one goes. */
static struct trace_event *ring_oldest(const struct ring *ring)
{
    size_t i = 1;
    while (i < EVENTS && ring->start[i].time >= ring->start[i - 1].time)
        i++;
    return ring->start + i % EVENTS;
}

/* With the lock: the ring of a block, made if need be. NULL: no memory. */
static struct ring *ring_of(struct thread *thread)
{
    const size_t size = EVENTS * sizeof(struct trace_event);
    for (size_t i = 0; i < ring_count; i++)
        if (rings[i].thread == thread)
            return &rings[i];
    void *start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct ring *more = start != MAP_FAILED ? realloc(rings, (ring_count + 1) * sizeof *more) : NULL;
    if (!more) {
        if (start != MAP_FAILED)
            munmap(start, size);
        missing = true;
        return NULL;
    }
    rings = more;
    rings[ring_count] = (struct ring){ .thread = thread, .start = start };
    return &rings[ring_count++];
}

/* On the thread itself, or with the list of threads locked. */
static void ring_begin(struct thread *thread, void *unused)
{
    (void)unused;
    pthread_mutex_lock(&lock);
    struct ring *ring = on ? ring_of(thread) : NULL;
    if (ring && !thread->trace_end) { /* until that is set it notes nothing itself */
        if (!thread->trace_start) {
            thread->trace_at = ring_oldest(ring);
            thread->trace_start = ring->start;
        }
        ring->owner = thread->thread_id;
        trace_put(thread, ring->start + EVENTS, TRACE_THREAD, thread->thread_id);
        __atomic_store_n(&thread->trace_end, ring->start + EVENTS, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&lock);
}

void trace_attach(struct thread *thread)
{
    if (on)
        ring_begin(thread, NULL);
}

/* Gates of all edges there are get the calls that note crossings, or lose them: they keep their shape, so threads may be inside. */
static void edges_trace(void)
{
    for (uint32_t slot = 0; slot < PORIN_MAX_SLOTS; slot++) {
        if (!domain_at(slot)->image)
            continue; /* one that is made now finds out by itself */
        struct porin_domain *caller = domain_at(slot);
        pthread_mutex_lock(&caller->lock);
        bool any = false;
        for (uint32_t i = 0; caller->edges && i < caller->image->layout.imports_count; i++) {
            struct edge *edge = &caller->edges[i];
            edge->traced = edge->bound && trace_edge(caller, edge, domain_at(edge->callee_slot));
            any |= edge->bound;
        }
        missing |= any && gates_publish(caller, NULL) != PORIN_OK;
        pthread_mutex_unlock(&caller->lock);
    }
}

/* A forked child takes no part. */
static void forked(void)
{
    on = ending = false;
    for (size_t i = 0; i < ring_count; i++)
        rings[i].thread->trace_end = NULL;
    pthread_mutex_init(&lock, NULL);
}

static uint64_t ns_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

porin_status porin_trace_start(struct porin_error *error)
{
    static bool prepared;
    porin_status status = porin_init(error);
    if (status != PORIN_OK)
        return status;
    pthread_mutex_lock(&lock);
    prepared = prepared || pthread_atfork(NULL, NULL, forked) == 0;
    bool busy = on || ending;
    if (!busy) {
        census_begin();
        began.ticks = __builtin_ia32_rdtsc();
        began.ns = ns_now();
        on = true;
    }
    pthread_mutex_unlock(&lock);
    if (busy)
        return error_set(error, PORIN_ERR_BUSY, "a trace is being taken already; stop that one first");
    edges_trace();
    threads_visit((void (*const[])(struct thread *, void *)){ ring_begin, NULL }, NULL);
    return PORIN_OK;
}

/* --- writing --- */

struct writer {
    FILE *to;
    uint64_t thread;
    uint32_t process;                   /* the domain that ran when nothing was open, so far as that is known: its row's group */
    uint64_t latest;
    size_t depth;
    uint64_t open[DEPTH];               /* what of the events that have begun */
    bool any;
};

static const struct { uint32_t number; const char *name; } services[] = {
#define SERVICE(number, name, arguments, family, handler, state, note) { number, #name },
#include "services.def"
#undef SERVICE
};

static double microseconds(uint64_t time)
{
    double ticks = (double)(ended.ticks - began.ticks);
    return ticks > 0 ? (double)(time - began.ticks) * (double)(ended.ns - began.ns) / ticks / 1e3 : 0;
}

/* Names are the images' own. */
static void text_write(FILE *to, const char *text)
{
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            fprintf(to, "\\%c", *text);
        else
            fputc(*text < ' ' || *text > '~' ? '?' : *text, to);
}

static const char *name_then(uint32_t slot, uint64_t time)
{
    uint32_t number = census_find_then(slot, time);
    return number != UINT32_MAX ? census_at(number)->name : "(unknown)";
}

static void event_begin(struct writer *writer, char phase, uint64_t time)
{
    fprintf(writer->to, "%s\n{\"ph\":\"%c\",\"pid\":%u,\"tid\":%llu,\"ts\":%.3f", writer->any ? "," : "", phase, writer->process,
            (unsigned long long)writer->thread, microseconds(time));
    writer->any = true;
}

static void named(struct writer *writer, uint64_t time, const char *category, const char *name, const char *from, const char *to)
{
    event_begin(writer, 'B', time);
    fprintf(writer->to, ",\"cat\":\"%s\",\"name\":\"", category);
    text_write(writer->to, name);
    fputs("\",\"args\":{\"from\":\"", writer->to);
    text_write(writer->to, from);
    fputs("\",\"to\":\"", writer->to);
    text_write(writer->to, to);
    fputs("\"}}", writer->to);
}

static void gate_write(struct writer *writer, uint64_t time, uint64_t address)
{
    uint32_t slot = (uint32_t)(address >> PORIN_SLOT_SHIFT), gate = ((uint32_t)address - PORIN_GATES_IMPORT) / PORIN_GATE_SIZE;
    for (size_t i = route_count; i-- > 0;)
        if (routes[i].caller_slot == slot && routes[i].gate == gate && routes[i].since <= time) {
            named(writer, time, "gate", routes[i].name, name_then(slot, time), name_then(routes[i].callee_slot, time));
            return;
        }
    named(writer, time, "gate", "(unknown)", name_then(slot, time), "(unknown)");
}

static void call_write(struct writer *writer, uint64_t time, uint32_t slot, uint32_t entry)
{
    uint32_t number = census_find_then(slot, time);
    const struct porin_image *image = number != UINT32_MAX ? census_at(number)->image : NULL;
    char name[LONGEST];
    snprintf(name, sizeof name, "%#x", entry);
    for (uint32_t i = 0; image && i < image->layout.exports_count; i++)
        if (image->exports[i].offset == entry)
            snprintf(name, sizeof name, "%s", image->exports[i].name);
    named(writer, time, "call", name, "host", name_then(slot, time));
}

static void service_write(struct writer *writer, uint64_t time, uint32_t slot, uint32_t number)
{
    char name[LONGEST];
    snprintf(name, sizeof name, "service %u", number);
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (services[i].number == number)
            snprintf(name, sizeof name, "%s", services[i].name);
    named(writer, time, "service", name, name_then(slot, time), "host");
}

/* Closes what is open down to the event that this one ends: what was thrown out of did not come back by itself. */
static void end_write(struct writer *writer, uint64_t time, uint64_t begun)
{
    size_t depth = writer->depth;
    while (depth > 0 && writer->open[depth - 1] != begun)
        depth--;
    if (!depth)
        return; /* it began before the oldest event that is left */
    while (writer->depth >= depth) {
        event_begin(writer, 'E', time);
        fputc('}', writer->to);
        writer->depth--;
    }
}

/* What tells the event that ends this one: gates by their space, the others by kind. */
static uint64_t pair_of(uint64_t kind, uint64_t what)
{
    return kind <= TRACE_GATE_END ? what / PORIN_GATE_SIZE : kind << TRACE_KIND_SHIFT;
}

/* The slot of the domain that an event comes from, or, of a call from the host, goes to. */
static uint32_t slot_of(uint64_t kind, uint64_t what)
{
    return (uint32_t)(what >> (kind == TRACE_GATE ? PORIN_SLOT_SHIFT : 32));
}

static void event_write(struct writer *writer, const struct trace_event *event)
{
    uint64_t kind = event->what >> TRACE_KIND_SHIFT, what = event->what & ((1ull << TRACE_KIND_SHIFT) - 1);
    if (kind == TRACE_THREAD) {
        while (writer->depth)
            end_write(writer, event->time, writer->open[writer->depth - 1]);
        writer->thread = what;
        return;
    }
    if (kind & 1) {
        end_write(writer, event->time, pair_of(kind - 1, what));
        return;
    }
    if (writer->depth == DEPTH)
        return;
    if (!writer->depth) {
        uint32_t number = census_find_then(slot_of(kind, what), event->time);
        writer->process = number != UINT32_MAX ? number + 1 : 0;
    }
    writer->open[writer->depth++] = pair_of(kind, what);
    switch (kind) {
    case TRACE_GATE: gate_write(writer, event->time, what); break;
    case TRACE_CALL: call_write(writer, event->time, (uint32_t)(what >> 32), (uint32_t)what); break;
    default: service_write(writer, event->time, (uint32_t)(what >> 32), (uint32_t)what);
    }
}

static void ring_write(struct writer *writer, const struct ring *ring)
{
    const struct trace_event *oldest = ring_oldest(ring);
    writer->thread = ring->owner; /* others say so themselves, if their beginning is still there */
    writer->depth = 0;
    writer->latest = began.ticks;
    for (size_t i = 0; i < EVENTS; i++) {
        /* the thread may be just writing its last one, which then has a time that is none */
        const struct trace_event event = ring->start[(size_t)(oldest - ring->start + (ptrdiff_t)i) % EVENTS];
        if (event.time < writer->latest || event.time > ended.ticks)
            continue;
        writer->latest = event.time;
        event_write(writer, &event);
    }
    while (writer->depth)
        end_write(writer, ended.ticks, writer->open[writer->depth - 1]);
}

/* Names for the groups of rows. */
static void processes_write(struct writer *writer)
{
    const struct citizen *citizen;
    for (uint32_t i = 0; (citizen = census_at(i)); i++) {
        fprintf(writer->to, "%s\n{\"ph\":\"M\",\"pid\":%u,\"name\":\"process_name\",\"args\":{\"name\":\"", writer->any ? "," : "", i + 1);
        text_write(writer->to, citizen->name);
        fputs("\"}}", writer->to);
        writer->any = true;
    }
}

static bool trace_write(FILE *to)
{
    struct writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return false;
    writer->to = to;
    fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", to);
    processes_write(writer);
    for (size_t i = 0; i < ring_count; i++)
        ring_write(writer, &rings[i]);
    fputs("\n]}\n", to);
    free(writer);
    return !ferror(to);
}

/* From on to ending: nobody notes anything any more. False: none was begun. */
static bool trace_end(void)
{
    pthread_mutex_lock(&lock);
    bool was = on;
    if (was) {
        on = false;
        ending = true;
        ended.ticks = __builtin_ia32_rdtsc();
        ended.ns = ns_now();
        for (size_t i = 0; i < ring_count; i++)
            __atomic_store_n(&rings[i].thread->trace_end, NULL, __ATOMIC_RELAXED);
    }
    pthread_mutex_unlock(&lock);
    if (was)
        edges_trace();
    return was;
}

porin_status porin_trace_stop(int file, struct porin_error *error)
{
    if (!trace_end())
        return error_set(error, PORIN_ERR_ARGUMENT, "no trace was begun");
    int copy = dup(file);
    FILE *to = copy >= 0 ? fdopen(copy, "w") : NULL;
    bool good = to && trace_write(to);
    int problem = errno;
    if (to) {
        bool closed = fclose(to) == 0;
        problem = closed ? problem : errno;
        good &= closed;
    } else if (copy >= 0) {
        close(copy);
    }
    pthread_mutex_lock(&lock);
    bool incomplete = missing || census_incomplete();
    ending = missing = false;
    free(routes);
    routes = NULL;
    route_count = route_capacity = 0;
    census_end();
    pthread_mutex_unlock(&lock);
    if (!good)
        return error_set(error, PORIN_ERR_FILE, "writing the trace: %s", strerror(problem));
    return incomplete ? error_set(error, PORIN_ERR_MEMORY, "no memory for a part of the trace") : PORIN_OK;
}

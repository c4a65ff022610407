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
static struct { uint64_t ticks, ns; } began, ended;
static struct route *routes;
static size_t route_count, route_capacity;
static struct thread **rings;          /* blocks that have one: they keep it, and are never unmapped themselves */
static size_t ring_count;
static bool missing;                    /* there was no memory for a route or a ring */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

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

static bool ring_make(struct thread *thread)
{
    const size_t size = EVENTS * sizeof *thread->trace_start;
    void *ring = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    pthread_mutex_lock(&lock);
    struct thread **more = ring != MAP_FAILED ? realloc(rings, (ring_count + 1) * sizeof *more) : NULL;
    if (more) {
        rings = more;
        rings[ring_count++] = thread;
        thread->trace_start = ring;
        thread->trace_end = thread->trace_start + EVENTS;
    }
    missing |= !more;
    pthread_mutex_unlock(&lock);
    if (!more && ring != MAP_FAILED)
        munmap(ring, size);
    return more;
}

/* On the thread itself, or with the list of threads locked. */
static void ring_begin(struct thread *thread, void *unused)
{
    (void)unused;
    if (!thread->trace_start && !ring_make(thread))
        return;
    __atomic_store_n(&thread->trace_at, thread->trace_start, __ATOMIC_RELEASE);
    trace_note(thread, TRACE_THREAD, thread->thread_id);
}

void trace_attach(struct thread *thread)
{
    if (!on)
        thread->trace_at = NULL;
    else if (thread->trace_at)
        trace_note(thread, TRACE_THREAD, thread->thread_id); /* its block's last owner may be in the trace */
    else
        ring_begin(thread, NULL);
}

static uint64_t ns_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

porin_status porin_trace_start(struct porin_error *error)
{
    porin_status status = porin_init(error);
    if (status != PORIN_OK)
        return status;
    pthread_mutex_lock(&lock);
    bool busy = on;
    if (!busy) {
        census_begin();
        began.ticks = __builtin_ia32_rdtsc();
        began.ns = ns_now();
        on = true;
    }
    pthread_mutex_unlock(&lock);
    if (busy)
        return error_set(error, PORIN_ERR_BUSY, "a trace is being taken already; stop that one first");
    threads_visit((void (*const[])(struct thread *, void *)){ ring_begin, NULL }, NULL);
    return PORIN_OK;
}

/* --- writing --- */

struct writer {
    FILE *to;
    uint64_t thread;
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
    fprintf(writer->to, "%s\n{\"ph\":\"%c\",\"pid\":1,\"tid\":%llu,\"ts\":%.3f", writer->any ? "," : "", phase,
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

static void service_write(struct writer *writer, uint64_t time, uint32_t number)
{
    char name[LONGEST];
    snprintf(name, sizeof name, "service %u", number);
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (services[i].number == number)
            snprintf(name, sizeof name, "%s", services[i].name);
    named(writer, time, "service", name, "domain", "host");
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
    writer->open[writer->depth++] = pair_of(kind, what);
    switch (kind) {
    case TRACE_GATE: gate_write(writer, event->time, what); break;
    case TRACE_CALL: call_write(writer, event->time, (uint32_t)(what >> 32), (uint32_t)what); break;
    default: service_write(writer, event->time, (uint32_t)what);
    }
}

static void ring_write(struct writer *writer, struct thread *thread)
{
    struct trace_event *at = thread->trace_at;
    if (!at)
        return;
    thread->trace_at = NULL;
    writer->thread = thread->thread_id;
    writer->depth = 0;
    for (size_t i = 0; i < EVENTS; i++) {
        const struct trace_event *event = thread->trace_start + (size_t)(at - thread->trace_start + (ptrdiff_t)i) % EVENTS;
        if (event->time >= began.ticks && event->time <= ended.ticks)
            event_write(writer, event);
    }
    while (writer->depth)
        end_write(writer, ended.ticks, writer->open[writer->depth - 1]);
}

static bool trace_write(FILE *to)
{
    struct writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return false;
    writer->to = to;
    fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", to);
    for (size_t i = 0; i < ring_count; i++)
        ring_write(writer, rings[i]);
    fputs("\n]}\n", to);
    free(writer);
    return !ferror(to);
}

porin_status porin_trace_stop(int file, struct porin_error *error)
{
    pthread_mutex_lock(&lock);
    if (!on) {
        pthread_mutex_unlock(&lock);
        return error_set(error, PORIN_ERR_ARGUMENT, "no trace was begun");
    }
    on = false;
    ended.ticks = __builtin_ia32_rdtsc();
    ended.ns = ns_now();
    int copy = dup(file);
    FILE *to = copy >= 0 ? fdopen(copy, "w") : NULL;
    bool good = to && trace_write(to);
    if (to)
        good &= fclose(to) == 0;
    else if (copy >= 0)
        close(copy);
    int problem = errno;
    bool incomplete = missing || census_incomplete();
    missing = false;
    free(routes);
    routes = NULL;
    route_count = route_capacity = 0;
    census_end();
    pthread_mutex_unlock(&lock);
    if (!good)
        return error_set(error, PORIN_ERR_FILE, "writing the trace: %s", strerror(problem));
    return incomplete ? error_set(error, PORIN_ERR_MEMORY, "no memory for a part of the trace") : PORIN_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Sampling and charging of CPU time, and what hosts are told of a domain's use. */
#define _GNU_SOURCE
#include "account.h"
#include "deadline.h"
#include "census.h"
#include "profile.h"
#include "runtime/error.h"
#include "runtime/grace.h"
#include "runtime/unwind.h"
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define PERIOD_NS 2000000                 /* of CPU time, on average; the kernel looks at such timers at its ticks */
#define UNSEEN_NS 20000000                /* so much without a sample is no chance any more */
#define LOOK_CYCLES 20000000              /* of the time stamp counter: less than UNSEEN_NS on any CPU */
#define CHAIN_MAX 32                      /* different domains that a chain is charged to, innermost first */
#define CLOCK_OF_THREAD(number) ((clockid_t)(~(uint32_t)(number) << 3 | 6)) /* the scheduler's clock of one: clock_getcpuclockid(3) */

_Atomic uint32_t account_wanted;

static bool options_want(const struct porin_domain_options *options)
{
    return options->accounting || options->cpu_limit_ns;
}

static uint64_t cpu_of(clockid_t clock)
{
    struct timespec now = { 0 };
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t cpu_now(void)
{
    return cpu_of(CLOCK_THREAD_CPUTIME_ID);
}

/* The next sample comes after a random time, so that nobody can be elsewhere then. */
static void clock_wind(struct thread *thread)
{
    static __thread uint64_t state;
    state = state * 6364136223846793005u + thread->charged_ns + (uintptr_t)thread + 1442695040888963407u;
    struct itimerspec after = { .it_value = { 0, (long)(PERIOD_NS / 2 + (state >> 33) % PERIOD_NS) } };
    timer_settime(thread->clock, 0, &after, NULL);
}

/* On any thread; with the list of threads locked, or on the thread itself. */
static void clock_create(struct thread *thread)
{
    struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = grace_sample_signal() };
    event._sigev_un._tid = (pid_t)thread->thread_id;
    if (!thread->has_clock && thread->thread_id)
        thread->has_clock = timer_create(CLOCK_OF_THREAD(thread->thread_id), &event, &thread->clock) == 0;
    if (thread->has_clock)
        clock_wind(thread);
}

static void clock_start(struct thread *thread, void *unused)
{
    (void)unused;
    if (thread->thread_id) /* nobody's domain is charged for what it did while nobody looked */
        thread->charged_ns = cpu_of(CLOCK_OF_THREAD(thread->thread_id));
    clock_create(thread);
}

/* Calls into a slot: on threads that are attached, and what detached ones have left with the domain. Detaching moves from one to the other,
 * so only their sum holds still. */
struct count {
    const struct porin_domain *domain;
    uint64_t on_threads, left;
    bool seen;                            /* a thread: nobody is detached while the list is gone through */
};

static uint64_t calls_left(const struct porin_domain *domain)
{
    return __atomic_load_n(&domain->calls, __ATOMIC_RELAXED);
}

static void calls_add(struct thread *thread, void *data)
{
    struct count *count = data;
    count->on_threads += __atomic_load_n(&thread_stack_slot(thread, count->domain->slot)->calls, __ATOMIC_RELAXED);
    count->left = calls_left(count->domain);
    count->seen = true;
}

static uint64_t calls_count(const struct porin_domain *domain)
{
    struct count count = { .domain = domain };
    threads_visit((void (*const[])(struct thread *, void *)){ calls_add, NULL }, &count);
    return count.on_threads + (count.seen ? count.left : calls_left(domain));
}

void account_watch(bool on)
{
    if (!on)
        account_wanted--; /* the timers stop by themselves */
    else if (account_wanted++ == 0)
        threads_visit((void (*const[])(struct thread *, void *)){ clock_start, NULL }, NULL);
}

void account_open(struct porin_domain *domain, const struct porin_domain_options *options)
{
    __atomic_fetch_sub(&domain->calls, calls_count(domain), __ATOMIC_RELAXED); /* threads may be detached meanwhile */
    if (options_want(options))
        account_watch(true);
    census_domain(domain);
}

void account_close(const struct porin_domain_options *options)
{
    if (options_want(options))
        account_watch(false);
}

void account_attach(struct thread *thread)
{
    thread->charged_ns = cpu_now();
    if (account_wanted)
        clock_create(thread);
}

void account_detach(struct thread *thread)
{
    if (thread->has_clock)
        timer_delete(thread->clock);
    thread->has_clock = false;
}

static void charge_one(struct porin_domain *domain, uint64_t ns)
{
    uint64_t used = domain->cpu_ns += ns;
    if (!domain->options.cpu_limit_ns || used <= domain->options.cpu_limit_ns)
        return;
    const struct porin_error death = { .status = PORIN_ERR_LIMIT };
    domain_die(domain, &death);
}

static void charge_chain(struct walk walk, uint64_t ns)
{
    struct porin_domain *charged[CHAIN_MAX];
    size_t count = 0;
    do {
        size_t i = 0;
        while (i < count && charged[i] != walk.domain)
            i++;
        if (i == count) {
            charged[count++] = walk.domain;
            walk.domain->chain_cpu_ns += ns;
        }
        walk_boundary(&walk);
    } while (count < CHAIN_MAX && walk_outer(&walk));
}

/* What the thread has used since somebody was charged last. */
static uint64_t cpu_take(struct thread *thread)
{
    uint64_t now = cpu_now(), used = now > thread->charged_ns ? now - thread->charged_ns : 0;
    thread->charged_ns = now;
    return used;
}

void account_sample(struct thread *thread, const ucontext_t *context)
{
    struct walk walk;
    struct edge *edge;
    uint64_t ns = cpu_take(thread);
    if (account_wanted)
        clock_wind(thread);
    if (!thread->frame)
        return; /* the host's own time */
    enum position position = position_find(thread, context, &walk, &edge);
    bool known = position != POSITION_UNKNOWN;
    uint32_t at = position == POSITION_DOMAIN ? (uint32_t)context->uc_mcontext.gregs[REG_RIP] : UINT32_MAX;
    profile_sample(thread, known ? &walk : NULL, at, ns);
    if (known) {
        charge_chain(walk, ns);
        charge_one(walk.domain, ns);
        return;
    }
    struct porin_domain *domain = domain_at((uint32_t)(thread->frame->r14 >> PORIN_SLOT_SHIFT)); /* on its way there or back */
    domain->chain_cpu_ns += ns;
    charge_one(domain, ns);
}

void account_end(struct thread *thread, struct porin_domain *domain)
{
    uint64_t ns = account_wanted ? cpu_take(thread) : 0;
    domain->chain_cpu_ns += ns;
    charge_one(domain, ns);
}

/* Asking the kernel costs as much as a short sleep: only where so much time has passed that so much could have been used. */
void account_waited(struct thread *thread, const struct frame *frame)
{
    static __thread uint64_t looked;
    uint64_t now = __builtin_ia32_rdtsc();
    if (now - looked < LOOK_CYCLES)
        return;
    looked = now;
    if (cpu_now() - thread->charged_ns < UNSEEN_NS)
        return;
    struct porin_domain *domain = domain_at((uint32_t)(frame->r14 >> PORIN_SLOT_SHIFT));
    uint64_t ns = cpu_take(thread);
    charge_chain(walk_begin(thread, thread->frame, frame->control_sp, domain), ns);
    charge_one(domain, ns);
}

porin_status porin_domain_usage_get(porin_domain *domain, struct porin_domain_usage *out)
{
    if (!domain || !out || domain->state == DOMAIN_FREE)
        return PORIN_ERR_ARGUMENT;
    uint64_t calls = calls_count(domain);
    pthread_mutex_lock(&domain->memory.lock);
    uint64_t memory = domain->memory.used_bytes;
    uint32_t mappings = domain->memory.area_count;
    pthread_mutex_unlock(&domain->memory.lock);
    *out = (struct porin_domain_usage){
        .calls = calls, .faults = domain->faults, .cpu_ns = domain->cpu_ns, .chain_cpu_ns = domain->chain_cpu_ns,
        .memory_bytes = memory, .mappings = mappings, .threads = domain->threads,
    };
    personality_usage(domain, out);
    return PORIN_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines, and the one place that decides how a thread goes on when a domain on its control stack has died. */
#define _GNU_SOURCE
#include "deadline.h"
#include "runtime/fault.h"
#include "runtime/grace.h"
#include "runtime/unwind.h"
#include "interrupt.h"
#include "split.h"
#include <signal.h>
#include <time.h>

#define RETRY_NS 20000                    /* the thread is between domain and host: look again */
#define REMIND_NS 1000000                 /* it is in a service, perhaps just about to wait: again, until it has come back */
#define GRACE_NS 100000000                /* how long somebody may stand in the way of a late call who cannot go on elsewhere */

uint64_t deadline_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The earliest deadline later than `after` of the calls from `frame` outwards; `otherwise` if none is earlier. */
static uint64_t earliest(const struct frame *frame, uint64_t after, uint64_t otherwise)
{
    uint64_t first = otherwise;
    for (; frame; frame = frame->previous)
        if (frame->kind == FRAME_ENTRY && frame->deadline_ns > after && (!first || frame->deadline_ns < first))
            first = frame->deadline_ns;
    return first;
}

static bool timer_set(struct thread *thread, uint64_t when_ns)
{
    if (!thread->has_timer && !when_ns) /* none to stop */
        return true;
    if (!thread->has_timer) {
        struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = grace_signal() };
        event._sigev_un._tid = (pid_t)thread->thread_id;
        if (timer_create(CLOCK_MONOTONIC, &event, &thread->timer) != 0)
            return false;
        thread->has_timer = true;
    }
    struct itimerspec when = { .it_value = { (time_t)(when_ns / 1000000000), (long)(when_ns % 1000000000) } };
    return timer_settime(thread->timer, TIMER_ABSTIME, &when, NULL) == 0;
}

bool deadline_arm(struct thread *thread)
{
    return timer_set(thread, earliest(thread->frame, 0, 0));
}

void deadline_disarm(struct thread *thread)
{
    if (thread->has_timer)
        deadline_arm(thread);
}

void deadline_destroy(struct thread *thread)
{
    if (thread->has_timer)
        timer_delete(thread->timer);
    thread->has_timer = false;
}

/* Looks again `after_ns` from now, or at the next deadline. The thread counts it as a signal that it has to meet. */
static void look_again(struct thread *thread, uint64_t after_ns)
{
    uint64_t now = deadline_now();
    thread->signals++;
    timer_set(thread, earliest(thread->frame, now, now + after_ns));
}

static void die_late(struct porin_domain *domain)
{
    const struct porin_error death = { .status = PORIN_ERR_DEADLINE };
    domain_die(domain, &death);
}

/* Ends the domains whose calls are late by `grace_ns`. False: none is. */
static bool late_end(const struct thread *thread, uint64_t grace_ns, bool end)
{
    uint64_t now = deadline_now();
    bool late = false;
    for (const struct frame *frame = thread->frame; frame; frame = frame->previous) {
        if (frame->kind != FRAME_ENTRY || !frame->deadline_ns || frame->deadline_ns + grace_ns > now)
            continue;
        late = true;
        if (end)
            die_late(domain_at((uint32_t)(frame->r14 >> PORIN_SLOT_SHIFT)));
    }
    return late;
}

/* Somebody who lives runs on the thread, and somebody outside of him has died. False: he has been ended too. */
static bool live_may_stay(struct thread *thread, const struct walk *walk, bool late)
{
    if (!late || !late_end(thread, GRACE_NS, false))
        return true;
    die_late(walk->domain);
    walk_bury(*walk, true);
    return false;
}

static void settle_service(struct thread *thread, const struct walk *walk, bool late)
{
    if (!domain_is_dead(walk->domain)) {
        thread->leave = split_possible(thread);
        if (!thread->leave && live_may_stay(thread, walk, late) && !late)
            return; /* nobody waits for this */
    }
    look_again(thread, REMIND_NS);
}

static void settle_domain(struct thread *thread, struct walk *walk, ucontext_t *context, bool late)
{
    if (!domain_is_dead(walk->domain)) {
        if (split_possible(thread) && split_begin(thread, context))
            return;
        if (live_may_stay(thread, walk, late)) {
            if (late)
                look_again(thread, REMIND_NS);
            return;
        }
    }
    context_land(context, unwind(walk, domain_cause(walk->domain)));
    if (!walk->from_host || walk->entry->previous) /* whoever goes on there may be in somebody's way too */
        look_again(thread, RETRY_NS);
}

/* Has any domain on the thread a signal to handle that it could not be interrupted for? Without a walk (NULL) those are asked that the host
 * has entered. */
static bool signal_remains(const struct thread *thread, struct walk *walk)
{
    bool remains = false;
    for (const struct frame *frame = thread->frame; frame && !walk; frame = frame->previous)
        remains |= personality_signal_due(domain_at((uint32_t)(frame->r14 >> PORIN_SLOT_SHIFT)), thread);
    for (bool more = walk; more && !remains; more = walk_outer(walk)) {
        remains = personality_signal_due(walk->domain, thread);
        walk_boundary(walk);
    }
    return remains;
}

void thread_settle(struct thread *thread, ucontext_t *context)
{
    struct walk walk;
    struct edge *edge;
    bool late = late_end(thread, 0, true);
    enum position position = position_find(thread, context, &walk, &edge);
    bool dead = position != POSITION_UNKNOWN && walk_bury(walk, position != POSITION_DOMAIN);
    if (position == POSITION_DOMAIN && !dead && interrupt_begin(thread, walk.domain, context))
        return;
    if (position == POSITION_DOMAIN && dead)
        settle_domain(thread, &walk, context, late);
    else if (position == POSITION_HOST && dead)
        settle_service(thread, &walk, late);
    else if (position == POSITION_GATE && dead && (late || split_possible(thread))) /* in walk.domain's code, as far as it matters */
        look_again(thread, RETRY_NS);
    else if (position == POSITION_UNKNOWN && late)
        look_again(thread, RETRY_NS);
    else if (!dead && signal_remains(thread, position == POSITION_UNKNOWN ? NULL : &walk))
        look_again(thread, position == POSITION_HOST ? REMIND_NS : RETRY_NS);
}

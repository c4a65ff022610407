/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines. A late call ends like one whose domain was killed: the domain that was called dies. Whom it has called in turn lives and
 * finishes first; what comes back to the dead domain ends there. */
#define _GNU_SOURCE
#include "deadline.h"
#include "runtime/fault.h"
#include "runtime/grace.h"
#include "runtime/unwind.h"
#include <signal.h>
#include <string.h>
#include <time.h>

#define RETRY_NS 20000                    /* the thread is between domain and host: look again */

uint64_t deadline_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool timer_set(struct thread *thread, uint64_t when_ns)
{
    struct itimerspec when = { .it_value = { (time_t)(when_ns / 1000000000), (long)(when_ns % 1000000000) } };
    return timer_settime(thread->timer, TIMER_ABSTIME, &when, NULL) == 0;
}

/* The earliest deadline of the calls from `frame` outwards; 0 if none has one. */
static uint64_t earliest(const struct frame *frame)
{
    uint64_t first = 0;
    for (; frame; frame = frame->previous)
        if (frame->kind == FRAME_ENTRY && frame->deadline_ns && (!first || frame->deadline_ns < first))
            first = frame->deadline_ns;
    return first;
}

bool deadline_arm(struct thread *thread)
{
    if (!thread->has_timer) {
        struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = grace_signal() };
        event._sigev_un._tid = (pid_t)thread->thread_id;
        if (timer_create(CLOCK_MONOTONIC, &event, &thread->timer) != 0)
            return false;
        thread->has_timer = true;
    }
    return timer_set(thread, earliest(thread->frame));
}

void deadline_destroy(struct thread *thread)
{
    if (thread->has_timer)
        timer_delete(thread->timer);
    thread->has_timer = false;
}

/* The outermost call that is late. */
static struct frame *late_frame(struct thread *thread, uint64_t now)
{
    struct frame *late = NULL;
    for (struct frame *frame = thread->frame; frame; frame = frame->previous)
        if (frame->kind == FRAME_ENTRY && frame->deadline_ns && frame->deadline_ns <= now)
            late = frame;
    return late;
}

void deadline_signal(struct thread *thread, ucontext_t *context)
{
    struct frame *frame = late_frame(thread, deadline_now());
    if (!frame)
        return;
    struct porin_domain *domain = domain_at((uint32_t)(frame->r14 >> PORIN_SLOT_SHIFT));
    struct porin_error death = { .status = PORIN_ERR_DEADLINE };
    struct walk walk;
    struct edge *edge;
    enum position position = position_find(thread, context, &walk, &edge);
    if (position == POSITION_UNKNOWN || position == POSITION_GATE) {
        timer_set(thread, deadline_now() + RETRY_NS);
        return;
    }
    frame->deadline_ns = 0;
    timer_set(thread, earliest(thread->frame)); /* inner calls, and other late ones */
    domain_mark_dead(domain, &death);
    walk_bury(walk, domain, position == POSITION_HOST);
    if (position == POSITION_HOST) /* in a service: locks may be held here, and its end is the call's */
        return;
    threads_forget_domain(domain->slot);
    if (walk.domain == domain)
        context_land(context, unwind(&walk, PORIN_ERR_DEADLINE));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Asks threads by signal where they are. Only the thread itself can look at its own control stack without a race; its answer is exact
 * or "ask again". The handler takes no lock and allocates nothing. */
#define _GNU_SOURCE
#include "grace.h"
#include "entry.h"
#include "error.h"
#include "fault.h"
#include "lifecycle/deadline.h"
#include "must.h"
#include "region.h"
#include "unwind.h"
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <time.h>
#include <unistd.h>

#define ASK_TIMEOUT_NS 1000000            /* then the signal is sent again */
#define RETRY_NS 20000

enum answer { ANSWER_NONE, ANSWER_OUTSIDE, ANSWER_INSIDE, ANSWER_UNSURE };

static int ask_signal;
static pthread_mutex_t asking = PTHREAD_MUTEX_INITIALIZER; /* one question at a time */

static struct walk walk_of_service(struct thread *thread, struct frame *frame)
{
    return walk_begin(thread, frame, frame->control_sp, domain_at((uint32_t)(frame->r14 >> PORIN_SLOT_SHIFT)));
}

enum position position_find(struct thread *thread, const ucontext_t *context, struct walk *walk, struct edge **edge)
{
    struct frame *frame = thread->frame;
    if (frame->kind != FRAME_ENTRY) {
        *walk = walk_of_service(thread, frame);
        return POSITION_HOST;
    }
    uint64_t rip = (uint64_t)context->uc_mcontext.gregs[REG_RIP], sp = (uint64_t)context->uc_mcontext.gregs[REG_RSP];
    if (!region_contains(rip))
        return POSITION_UNKNOWN;
    struct porin_domain *domain = domain_at((uint32_t)(rip >> PORIN_SLOT_SHIFT));
    uint32_t offset = (uint32_t)(rip - domain->base);
    *edge = gate_at(domain, offset);
    if (*edge)
        sp += gate_frame_at(*edge, offset);
    *walk = walk_begin(thread, frame, sp, domain);
    return *edge ? POSITION_GATE : POSITION_DOMAIN;
}

/* Is the domain anywhere on the control stack from here on outwards? */
static bool walk_meets(struct walk walk, const struct porin_domain *domain)
{
    do {
        if (walk.domain == domain)
            return true;
        walk_boundary(&walk);
    } while (walk_outer(&walk));
    return false;
}

/* The thread's answer. If the domain has died, the thread is thrown out if it runs the domain's code, and never gets back into it. */
static enum answer answer_find(struct thread *thread, struct porin_domain *domain, ucontext_t *context)
{
    struct walk walk;
    struct edge *edge = NULL;
    if (!thread->frame)
        return ANSWER_OUTSIDE;
    enum position position = position_find(thread, context, &walk, &edge);
    if (position == POSITION_UNKNOWN)
        return ANSWER_UNSURE;
    if (position == POSITION_GATE && edge->bound && edge->callee_slot == domain->slot)
        return ANSWER_UNSURE; /* about to enter, or just back */
    if (!walk_meets(walk, domain))
        return ANSWER_OUTSIDE;
    if (!domain_is_dead(domain))
        return ANSWER_INSIDE;
    walk_bury(walk, domain, position != POSITION_DOMAIN);
    if (position != POSITION_DOMAIN || walk.domain != domain)
        return ANSWER_INSIDE;
    context_land(context, unwind(&walk, domain->death.status));
    return walk_outer(&walk) && walk_meets(walk, domain) ? ANSWER_INSIDE : ANSWER_OUTSIDE;
}

static void on_ask(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    int saved = errno;
    struct thread *thread = thread_current;
    if (thread && thread->frame && info->si_code == SI_TIMER)
        deadline_signal(thread, context);
    struct porin_domain *domain = thread ? thread->question : NULL;
    if (!domain)
        return;
    enum answer answer = answer_find(thread, domain, context);
    thread->question = NULL;
    thread->answer = answer;
    syscall(SYS_futex, &thread->answer, FUTEX_WAKE, 1, NULL, NULL, 0);
    errno = saved;
}

porin_status grace_start(struct porin_error *error)
{
    struct sigaction action = { .sa_sigaction = on_ask, .sa_flags = SA_SIGINFO | SA_ONSTACK }, now;
    sigfillset(&action.sa_mask);
    for (ask_signal = SIGRTMAX - 1; ask_signal > SIGRTMIN; ask_signal--)
        if (sigaction(ask_signal, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL)
            return sigaction(ask_signal, &action, NULL) == 0 ? PORIN_OK
                                                             : error_set(error, PORIN_ERR_ARGUMENT, "sigaction: %s", strerror(errno));
    return error_set(error, PORIN_ERR_ARGUMENT, "the host uses every real-time signal; one is needed");
}

int grace_signal(void)
{
    return ask_signal;
}

/* A thread that blocks the signal could not answer. */
void grace_attach(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, ask_signal);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

struct inquiry {
    struct porin_domain *domain;
    enum answer worst;                    /* so far */
};

static bool thread_was_in(const struct porin_domain *domain, const struct thread *thread)
{
    for (uint32_t i = 0; i < domain->stack_count; i++)
        if (domain->stacks[i].owner == thread)
            return true;
    return false;
}

/* The calling thread's own position: it is in host code, so its innermost frame says where its domains stand. */
static bool self_inside(struct thread *thread, const struct porin_domain *domain)
{
    struct frame *frame = thread->frame;
    if (!frame)
        return false;
    if (frame->kind == FRAME_ENTRY) /* a signal handler of the host that interrupted a domain */
        return true;
    return walk_meets(walk_of_service(thread, frame), domain);
}

static void thread_signal(struct thread *thread)
{
    if (syscall(SYS_tgkill, getpid(), (pid_t)thread->thread_id, ask_signal) != 0 && errno == ESRCH)
        thread->answer = ANSWER_OUTSIDE; /* ended without detaching, or not part of this process after a fork: it is nowhere */
}

void grace_nudge(struct thread *thread)
{
    syscall(SYS_tgkill, getpid(), (pid_t)thread->thread_id, ask_signal);
}

/* First all are asked, */
static void thread_ask(struct thread *thread, void *data)
{
    struct inquiry *inquiry = data;
    thread->answer = ANSWER_OUTSIDE;
    if (!thread_was_in(inquiry->domain, thread))
        return;
    if (thread == thread_current) {
        thread->answer = self_inside(thread, inquiry->domain) ? ANSWER_INSIDE : ANSWER_OUTSIDE;
        return;
    }
    thread->answer = ANSWER_NONE;
    thread->question = inquiry->domain;
    thread_signal(thread);
}

/* then all are heard: whoever is not on a processor answers before it runs anything else. */
static void thread_hear(struct thread *thread, void *data)
{
    struct inquiry *inquiry = data;
    const struct timespec timeout = { .tv_nsec = ASK_TIMEOUT_NS };
    while (thread->answer == ANSWER_NONE) {
        syscall(SYS_futex, &thread->answer, FUTEX_WAIT, ANSWER_NONE, &timeout, NULL, 0);
        if (thread->answer == ANSWER_NONE)
            thread_signal(thread);
    }
    thread->question = NULL;
    if (thread->answer > (int)inquiry->worst)
        inquiry->worst = (enum answer)thread->answer;
}

/* The least favourable answer of all threads. With the domain's lock held. */
static enum answer threads_ask(struct porin_domain *domain)
{
    struct inquiry inquiry = { domain, ANSWER_NONE };
    pthread_mutex_lock(&asking);
    threads_visit(thread_ask, thread_hear, &inquiry);
    pthread_mutex_unlock(&asking);
    return inquiry.worst;
}

bool grace_outside(struct porin_domain *domain)
{
    return threads_ask(domain) <= ANSWER_OUTSIDE;
}

void grace_wait_outside(struct porin_domain *domain)
{
    must(!thread_current || !self_inside(thread_current, domain)); /* would wait for itself */
    for (;;) {
        pthread_mutex_lock(&domain->lock);
        bool outside = grace_outside(domain) && !domain->pins; /* asked first: whoever holds a pin may have to be thrown out */
        pthread_mutex_unlock(&domain->lock);
        if (outside)
            return;
        nanosleep(&(struct timespec){ .tv_nsec = RETRY_NS }, NULL);
    }
}

void grace_throw_out(struct porin_domain *domain)
{
    for (;;) {
        pthread_mutex_lock(&domain->lock);
        enum answer worst = threads_ask(domain);
        pthread_mutex_unlock(&domain->lock);
        if (worst != ANSWER_UNSURE)
            break;
        nanosleep(&(struct timespec){ .tv_nsec = RETRY_NS }, NULL);
    }
    struct thread *self = thread_current;
    if (self && self->frame && self_inside(self, domain))
        walk_bury(walk_of_service(self, self->frame), domain, true);
}

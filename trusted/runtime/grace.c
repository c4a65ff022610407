/* SPDX-License-Identifier: Apache-2.0 */
/* Asks threads by signal where they are. Only the thread itself can look at its own control stack without a race; its answer is exact
 * or "ask again". The handler takes no lock and allocates nothing. */
#define _GNU_SOURCE
#include "grace.h"
#include "entry.h"
#include "error.h"
#include "fault.h"
#include "lifecycle/account.h"
#include "lifecycle/deadline.h"
#include "must.h"
#include "unwind.h"
#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <time.h>
#include <unistd.h>

#define ASK_TIMEOUT_NS 1000000            /* then the signal is sent again */
#define RETRY_NS 20000

enum answer { ANSWER_NONE, ANSWER_OUTSIDE, ANSWER_INSIDE, ANSWER_UNSURE };

static struct porin_domain sweep_question;  /* no domain: asks to sweep capability registers */
#define SWEEP (&sweep_question)
static _Atomic uint64_t sweeps;             /* that were begun */

static int ask_signal, sample_signal;
static bool has_barrier;
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
    if (!rip_is_known(rip))
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

static enum answer answer_find(struct thread *thread, const struct porin_domain *domain, const ucontext_t *context)
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
    return walk_meets(walk, domain) ? ANSWER_INSIDE : ANSWER_OUTSIDE;
}

void thread_attend(struct thread *thread, ucontext_t *context)
{
    greg_t *rip = &context->uc_mcontext.gregs[REG_RIP];
    thread->attention = 1;
    if (*rip >= (greg_t)host_wait_begin && *rip < (greg_t)host_wait_end)
        *rip = (greg_t)host_wait_interrupted;
}

static void on_ask(int signal, siginfo_t *info, void *context)
{
    int saved = errno;
    struct thread *thread = thread_current;
    if (thread && signal == ask_signal)
        thread_attend(thread, context);
    if (thread && signal == sample_signal && info->si_code == SI_TIMER)
        account_sample(thread, context);
    if (thread && thread->frame)
        thread_settle(thread, context);
    struct porin_domain *domain = thread ? thread->question : NULL;
    if (domain) {
        uint64_t sweep = sweeps; /* before the look at what has been revoked */
        enum answer answer = domain == SWEEP ? capability_sweep(thread, context) ? ANSWER_OUTSIDE : ANSWER_UNSURE
                                             : answer_find(thread, domain, context);
        if (domain == SWEEP && answer == ANSWER_OUTSIDE)
            thread->swept = sweep;
        thread->question = NULL;
        thread->answer = answer;
        syscall(SYS_futex, &thread->answer, FUTEX_WAKE, 1, NULL, NULL, 0);
    }
    errno = saved;
}

/* The highest signal that nobody uses; 0: there is none. */
static int signal_take(int flags)
{
    struct sigaction action = { .sa_sigaction = on_ask, .sa_flags = SA_SIGINFO | SA_ONSTACK | flags }, now;
    sigfillset(&action.sa_mask);
    for (int signal = SIGRTMAX - 1; signal > SIGRTMIN; signal--)
        if (sigaction(signal, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL)
            return sigaction(signal, &action, NULL) == 0 ? signal : 0;
    return 0;
}

porin_status grace_start(struct porin_error *error)
{
    ask_signal = signal_take(0);
    sample_signal = signal_take(SA_RESTART);
    has_barrier = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
    return ask_signal && sample_signal ? PORIN_OK
                                       : error_set(error, PORIN_ERR_ARGUMENT, "the host uses every real-time signal; two are needed");
}

void grace_forked(void)
{
    pthread_mutex_init(&asking, NULL);
}

int grace_sample_signal(void)
{
    return sample_signal;
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
    sigaddset(&set, sample_signal);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

struct inquiry {
    struct porin_domain *domain;
    enum answer worst;                    /* so far */
    bool ordered;                         /* all threads see that they are being asked */
    uint64_t sweep;                       /* whoever has done this one or a later one is not asked again */
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
    if (syscall(SYS_tgkill, getpid(), (pid_t)thread->thread_id, ask_signal) != 0 && errno != EAGAIN)
        thread->answer = ANSWER_OUTSIDE; /* ended without detaching, or not part of this process after a fork: it is nowhere */
}

/* Every thread has seen what was written before, and what it wrote before it looked can be seen here. */
static bool threads_order(void)
{
    return has_barrier && syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
}

/* A thread outside all domains is left alone: no system call of the host's own is to end with EINTR. One that leaves them meanwhile sees
 * that it is being sent a signal and waits for it (grace_leave). */
static bool thread_left_alone(const struct thread *thread, bool ordered)
{
    return ordered && !__atomic_load_n(&thread->frame, __ATOMIC_ACQUIRE);
}

void grace_nudge(struct thread *thread)
{
    thread->senders++; /* before `signals`: who sees that one waits for this one */
    thread->signals++;
    if (!thread_left_alone(thread, threads_order()))
        syscall(SYS_tgkill, getpid(), (pid_t)thread->thread_id, ask_signal);
    thread->senders--;
}

void grace_leave(struct thread *thread)
{
    thread->signals_met = thread->signals;
    deadline_disarm(thread);
    pthread_mutex_lock(&asking); /* whoever counted is through with sending */
    pthread_mutex_unlock(&asking);
    while (thread->senders)
        sched_yield();
    syscall(SYS_getppid); /* what was sent arrives here at the latest */
}

/* First all see that they are asked, */
static void thread_announce(struct thread *thread, void *data)
{
    struct inquiry *inquiry = data;
    thread->answer = ANSWER_OUTSIDE;
    if (inquiry->domain == SWEEP ? !thread->revocable || thread == thread_current || thread->swept >= inquiry->sweep
                                 : !thread_was_in(inquiry->domain, thread))
        return;
    if (thread == thread_current) {
        thread->answer = self_inside(thread, inquiry->domain) ? ANSWER_INSIDE : ANSWER_OUTSIDE;
        return;
    }
    thread->answer = ANSWER_NONE;
    thread->question = inquiry->domain;
    thread->signals++;
}

/* then those that may be inside are sent the signal, */
static void thread_ask(struct thread *thread, void *data)
{
    struct inquiry *inquiry = data;
    if (thread->answer != ANSWER_NONE)
        return;
    if (!inquiry->ordered)
        inquiry->ordered = threads_order();
    if (thread_left_alone(thread, inquiry->ordered))
        thread->answer = ANSWER_OUTSIDE;
    else
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
static enum answer threads_ask(struct porin_domain *domain, uint64_t sweep)
{
    struct inquiry inquiry = { .domain = domain, .sweep = sweep };
    pthread_mutex_lock(&asking);
    threads_visit((void (*const[])(struct thread *, void *)){ thread_announce, thread_ask, thread_hear, NULL }, &inquiry);
    pthread_mutex_unlock(&asking);
    return inquiry.worst;
}

#define UNSURE_TRIES 50                   /* a thread is seldom between two places for longer than a moment */

void grace_sweep(void)
{
    uint64_t sweep = ++sweeps;
    if (thread_current)
        capability_sweep(thread_current, NULL);
    while (threads_ask(SWEEP, sweep) == ANSWER_UNSURE)
        nanosleep(&(struct timespec){ .tv_nsec = RETRY_NS }, NULL);
}

bool grace_outside(struct porin_domain *domain)
{
    enum answer worst = threads_ask(domain, 0);
    for (int i = 0; worst == ANSWER_UNSURE && i < UNSURE_TRIES; i++) {
        nanosleep(&(struct timespec){ .tv_nsec = RETRY_NS }, NULL);
        worst = threads_ask(domain, 0);
    }
    return worst <= ANSWER_OUTSIDE;
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
    enum answer worst;
    do {
        pthread_mutex_lock(&domain->lock);
        worst = threads_ask(domain, 0);
        pthread_mutex_unlock(&domain->lock);
    } while (worst == ANSWER_UNSURE && nanosleep(&(struct timespec){ .tv_nsec = RETRY_NS }, NULL) <= 0);
    struct thread *self = thread_current;
    if (self && self->frame && self_inside(self, domain))
        walk_bury(walk_of_service(self, self->frame), true);
}

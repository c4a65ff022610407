/* SPDX-License-Identifier: Apache-2.0 */
/* Asks threads by signal where they are. Only the thread itself can look at its own control stack without a race; its answer is exact
 * or "ask again". The handler takes no lock and allocates nothing. */
#define _GNU_SOURCE
#include "grace.h"
#include "entry.h"
#include "error.h"
#include "fault.h"
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

enum answer { ANSWER_NONE, ANSWER_OUTSIDE, ANSWER_INSIDE };

static int ask_signal;
static pthread_mutex_t asking = PTHREAD_MUTEX_INITIALIZER; /* one question at a time */

/* Where is this thread's domain code? DOMAIN: at rip in walk->domain. GATE: in code of `edge`. HOST: in a service or a slow path that
 * walk->domain asked for. UNKNOWN: between these, or in a signal handler of the host that interrupted a domain. */
enum position { POSITION_UNKNOWN, POSITION_DOMAIN, POSITION_GATE, POSITION_HOST };

static enum position position_find(struct thread *thread, const ucontext_t *context, struct walk *walk, struct edge **edge)
{
    struct frame *frame = thread->frame;
    if (frame->kind != FRAME_ENTRY) {
        *walk = walk_begin(thread, frame, frame->control_sp, domain_at((uint32_t)(frame->r14 >> PORIN_SLOT_SHIFT)));
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

static void on_ask(int signal, siginfo_t *info, void *data)
{
    (void)signal;
    (void)info;
    int saved = errno;
    struct thread *thread = thread_current;
    struct porin_domain *domain = thread ? thread->question : NULL;
    if (!domain)
        return;
    ucontext_t *context = data;
    enum answer answer = thread->frame ? ANSWER_INSIDE : ANSWER_OUTSIDE;
    struct walk walk;
    struct edge *edge = NULL;
    enum position position = thread->frame ? position_find(thread, context, &walk, &edge) : POSITION_UNKNOWN;
    if (position != POSITION_UNKNOWN) {
        bool inside = walk_meets(walk, domain);
        if (inside && domain_is_dead(domain))
            walk_bury(walk, domain);
        if (position == POSITION_DOMAIN && walk.domain == domain && domain_is_dead(domain)) {
            context_land(context, unwind(&walk, domain->death.status));
            inside = walk_outer(&walk) && walk_meets(walk, domain);
        }
        bool crossing = position == POSITION_GATE && edge->bound && edge->callee_slot == domain->slot;
        answer = inside || crossing ? ANSWER_INSIDE : ANSWER_OUTSIDE;
    }
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
            return sigaction(ask_signal, &action, NULL) == 0 ? PORIN_OK : error_set(error, PORIN_ERR_ARGUMENT, "sigaction: %s", strerror(errno));
    return error_set(error, PORIN_ERR_ARGUMENT, "the host uses every real-time signal; one is needed");
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
    bool outside;                         /* so far */
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
    return walk_meets(walk_begin(thread, frame, frame->control_sp, domain_at((uint32_t)(frame->r14 >> PORIN_SLOT_SHIFT))), domain);
}

static void thread_ask(struct thread *thread, void *data)
{
    struct inquiry *inquiry = data;
    if (!thread_was_in(inquiry->domain, thread))
        return;
    if (thread == thread_current) {
        inquiry->outside &= !self_inside(thread, inquiry->domain);
        return;
    }
    thread->answer = ANSWER_NONE;
    thread->question = inquiry->domain;
    const struct timespec timeout = { .tv_nsec = ASK_TIMEOUT_NS };
    while (thread->answer == ANSWER_NONE) {
        if (syscall(SYS_tgkill, getpid(), (pid_t)thread->thread_id, ask_signal) != 0 && errno == ESRCH)
            break; /* ended without detaching: it is nowhere any more */
        syscall(SYS_futex, &thread->answer, FUTEX_WAIT, ANSWER_NONE, &timeout, NULL, 0);
    }
    inquiry->outside &= thread->answer != ANSWER_INSIDE;
}

bool grace_outside(struct porin_domain *domain)
{
    struct inquiry inquiry = { domain, true };
    pthread_mutex_lock(&asking);
    threads_visit(thread_ask, &inquiry);
    pthread_mutex_unlock(&asking);
    return inquiry.outside;
}

void grace_wait_outside(struct porin_domain *domain)
{
    must(!thread_current || !self_inside(thread_current, domain)); /* would wait for itself */
    for (;;) {
        pthread_mutex_lock(&domain->lock);
        bool outside = !domain->pins && grace_outside(domain);
        pthread_mutex_unlock(&domain->lock);
        if (outside)
            return;
        nanosleep(&(struct timespec){ .tv_nsec = RETRY_NS }, NULL);
    }
}

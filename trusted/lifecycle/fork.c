/* SPDX-License-Identifier: Apache-2.0 */
/* Forking. Other domains' slots are not given to the child at all (MADV_DONTFORK), so that its cost does not grow with their number. */
#define _GNU_SOURCE
#include "fork.h"
#include "account.h"
#include "authority/handle.h"
#include "deadline.h"
#include "exec.h"
#include "handler.h"
#include "spawn.h"
#include "runtime/call.h"
#include "slots/region.h"
#include "runtime/unwind.h"
#include "spawn.h"
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#define EXIT_NO_START 126                 /* as shells have it */

static struct thread *first_of_child;     /* of a process that a domain has forked, which is the only one here; NULL: this is none */

/* Is every activation on this thread the domain's, entered from the host? Then it is the program itself, or its signal handlers. */
static bool alone_on_thread(struct porin_domain *domain)
{
    struct frame *frame = thread_current->frame;
    struct walk walk = walk_begin(thread_current, frame, frame->control_sp, domain);
    do {
        if (walk.domain != domain)
            return false;
        walk_boundary(&walk);
    } while (walk.from_host && walk_outer(&walk));
    return walk.from_host;
}

/* In the child: the other threads and their stacks are gone. Their memory stays as it was, as on Linux. */
static void threads_strike(struct porin_domain *domain)
{
    struct thread *thread = thread_current;
    for (uint32_t i = domain->stack_count; i-- > 1;)
        if (domain->stacks[i].owner && domain->stacks[i].owner != thread)
            domain->stacks[i] = domain->stacks[--domain->stack_count];
    if (domain->stacks[0].owner != thread)
        domain->stacks[0].owner = NULL;
    domain->interrupts = 0;
    for (uint32_t i = 0; i < domain->stack_count; i++)
        domain->stacks[i].interrupted = false;
    domain->starter = thread;
    thread->spawn = NULL;
    domain->cpu_ns = 0; /* limits of time are each process's own */
    account_attach(thread);
}

int64_t fork_domain(struct porin_domain *domain)
{
    if (!handler_possible(domain) || !alone_on_thread(domain))
        return -EPERM;
    authority_before_fork();
    pthread_mutex_lock(&domain->lock);
    pthread_mutex_lock(&domain->memory.lock);
    region_before_fork(domain->slot);
    pid_t process = fork();
    int64_t result = process < 0 ? -errno : process;
    region_after_fork(domain->slot, process == 0);
    if (process == 0) {
        first_of_child = thread_current;
        threads_strike(domain);
        (void)deadline_arm(thread_current); /* the parent's timers are not the child's */
    }
    authority_after_fork(domain, process == 0);
    pthread_mutex_unlock(&domain->memory.lock);
    pthread_mutex_unlock(&domain->lock);
    return result;
}

/* The way a process ends by a signal, so that whoever waits for it reads that. */
static _Noreturn void die_by(int signal)
{
    struct sigaction action = { .sa_handler = SIG_DFL };
    sigset_t set;
    sigaction(signal, &action, NULL);
    sigemptyset(&set);
    sigaddset(&set, signal);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    raise(signal);
    _exit(128 + signal);
}

void fork_finish(struct porin_domain *domain)
{
    struct thread *thread = thread_current;
    if (!first_of_child || thread != first_of_child || thread->frame)
        return;
    struct porin_error end = thread->last_error;
    spawn_wait(domain); /* a first thread that has ended by itself leaves the others to go on, and none meets what the next program gets */
    if (domain_is_dead(domain))
        end = domain->death;
    int signal = end.status == PORIN_ERR_FAULT ? end.signal : end.status == PORIN_ERR_LIMIT ? SIGXCPU : personality_end_signal(domain);
    int code = 0;
    struct porin_domain *next = exec_next(domain);
    if (next)
        porin_domain_run(next, &code, &end); /* comes back here, not there, unless it cannot begin */
    if (!next && signal)
        die_by(signal);
    _exit(!next && end.status == PORIN_ERR_EXIT ? end.exit_code : EXIT_NO_START);
}

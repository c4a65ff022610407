/* SPDX-License-Identifier: Apache-2.0 */
/* CPU time: sampled by a timer on each attached thread's own CPU clock, charged to the domain that runs and to those it works for. Off,
 * and free, while no domain asks for it. */
#ifndef PORIN_LIFECYCLE_ACCOUNT_H
#define PORIN_LIFECYCLE_ACCOUNT_H
#include "runtime/thread.h"
#include <ucontext.h>

/* How many domains want to know. */
extern _Atomic uint32_t account_wanted;

/* Somebody wants samples, or no longer. */
void account_watch(bool on);
/* A domain with these options is made, or goes. Calls counted for its slot so far were its predecessors'. */
void account_open(struct porin_domain *domain, const struct porin_domain_options *options);
void account_close(const struct porin_domain_options *options);
/* The calling thread is attached, or goes. */
void account_attach(struct thread *thread);
void account_detach(struct thread *thread);
/* In a signal handler of this thread: charges what it has used since the last time. A domain above its limit dies. */
void account_sample(struct thread *thread, const ucontext_t *context);
/* A thread that the domain has started is at its end: what no sample has seen is the domain's, however short its threads live. */
void account_end(struct thread *thread, struct porin_domain *domain);
/* The thread is about to leave a service that took long, so it may have slept. A domain that sleeps whenever the kernel would take a
 * sample is charged here for more than a few of them. */
void account_waited(struct thread *thread, const struct frame *frame);
#endif

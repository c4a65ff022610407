/* SPDX-License-Identifier: Apache-2.0 */
/* Splitting a thread (dIPC, EuroSys'17, section 5.2.1): the host's call into a domain that has died comes back at once, and a
 * domain that lives and runs on the same thread, because it was called in turn, goes on on a host thread of its own. The control
 * stack and thread block go with the domain, from its outermost living activation on; the caller gets new ones. */
#ifndef PORIN_LIFECYCLE_SPLIT_H
#define PORIN_LIFECYCLE_SPLIT_H
#include "runtime/thread.h"
#include <ucontext.h>

/* Has the domain that the host called on this thread died, and is the host's call the only one on it, so that nothing else stands on the
 * host's stack? */
bool split_possible(const struct thread *thread);
/* In a signal handler that interrupted a domain: the context continues in host code that does it. False: it cannot be done here. */
bool split_begin(struct thread *thread, ucontext_t *context);
/* At the end of a service that thread->leave asked to come back: the domain goes on with `result`, the host with its error. Returns if
 * there is nothing to be split any more. */
void split_service(struct thread *thread, const struct frame *frame, uint64_t result);
#endif

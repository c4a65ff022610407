/* SPDX-License-Identifier: Apache-2.0 */
/* Grace: is any thread inside a domain? The one mechanism behind destruction, reset and rebinding. */
#ifndef PORIN_RUNTIME_GRACE_H
#define PORIN_RUNTIME_GRACE_H
#include "domain.h"

struct thread;

porin_status grace_start(struct porin_error *error);
/* Lets the calling thread, which is being attached, answer questions. */
void grace_attach(void);

/* Makes a system call that the thread waits in end with EINTR. */
void grace_nudge(struct thread *thread);

/* With the domain's lock held. Nobody can enter the domain any more (its generation or the threads' stack slots have been
 * changed): is nobody inside either? Threads inside a domain that has died are thrown out as soon as they run its code. */
bool grace_outside(struct porin_domain *domain);
/* The domain has died: comes back when no thread runs its code any more and none will. Threads may still be in services for it. */
void grace_throw_out(struct porin_domain *domain);
/* Waits until nobody is inside, without the lock. The calling thread must not be inside. */
void grace_wait_outside(struct porin_domain *domain);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Grace: is any thread inside a domain? The one mechanism behind destruction, reset and rebinding. */
#ifndef PORIN_RUNTIME_GRACE_H
#define PORIN_RUNTIME_GRACE_H
#include "slots/region.h"
#include "unwind.h"
#include <ucontext.h>

struct thread;

porin_status grace_start(struct porin_error *error);
/* The real-time signals that Porin has taken: to ask and to remind threads; to sample what they do, after which system calls go on. */
int grace_signal(void), grace_sample_signal(void);
/* In a forked child: nobody is asking. */
void grace_forked(void);
/* Lets the calling thread, which is being attached, answer questions. */
void grace_attach(void);

/* In a handler of a signal that is to end waiting, or to keep it from beginning, on the thread it interrupted. */
void thread_attend(struct thread *thread, ucontext_t *context);
/* Makes a system call that the thread waits in for a domain, or is about to wait in, end with EINTR. Async-signal-safe: takes no lock. */
void grace_nudge(struct thread *thread);
/* The thread has left its last domain and was sent signals meanwhile: none of them arrives later than this. */
void grace_leave(struct thread *thread);

/* Is it in the text of a domain or in a gate, so that walks know what is on the control stack? The code of registers.S, in which no thread
 * stays, is neither: it may keep words more there. */
static inline bool rip_is_known(uint64_t rip)
{
    return region_contains(rip) && (rip & UINT32_MAX) - PORIN_GATE_CAPABILITY >= PORIN_GATES_IMPORT - PORIN_GATE_CAPABILITY;
}
/* Where is this thread's domain code, in a signal handler that interrupted `context`? DOMAIN: at rip in walk->domain. GATE: in code of
 * *edge. HOST: in a service or a slow path that walk->domain asked for. UNKNOWN: between these, in code of registers.S, or in a signal
 * handler of the host that interrupted a domain. The thread has a frame. */
enum position { POSITION_UNKNOWN, POSITION_DOMAIN, POSITION_GATE, POSITION_HOST };
enum position position_find(struct thread *thread, const ucontext_t *context, struct walk *walk, struct edge **edge);

/* With the domain's lock held. Nobody can enter the domain any more (its generation or the threads' stack slots have been
 * changed): is nobody inside either? Threads inside a domain that has died are thrown out as soon as they run its code. */
bool grace_outside(struct porin_domain *domain);
/* The domain has died: comes back when no thread runs its code any more and none will. Threads may still be in services for it. */
void grace_throw_out(struct porin_domain *domain);
/* Makes every thread take what was revoked out of its capability registers (capability.h). */
void grace_sweep(void);
/* Waits until nobody is inside, without the lock. The calling thread must not be inside. */
void grace_wait_outside(struct porin_domain *domain);
#endif

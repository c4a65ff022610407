/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupting a domain between any two of its instructions, for its signal handlers. What it was in the middle of is kept on the host's
 * stack, where no domain reaches; the interruption is then a service that the domain has not asked for, and its end puts every
 * register back. A thread that is found elsewhere (in a gate, in trusted code, in another domain) is interrupted later. */
#ifndef PORIN_LIFECYCLE_INTERRUPT_H
#define PORIN_LIFECYCLE_INTERRUPT_H
#include "runtime/thread.h"
#include <signal.h>
#include <ucontext.h>

/* What a domain was in the middle of. */
struct suspended {
    gregset_t registers;
    struct signal_fault fault;            /* what interrupted it; signal 0: nothing of its own doing */
    size_t vectors_size;                  /* 0: nothing but the control words */
    uint32_t mxcsr;
    uint16_t x87_control;
    uint8_t vectors[];                    /* as the kernel laid them out */
};

/* In a signal handler of this thread, which runs `domain`: has the domain a signal to handle, and may it be interrupted just here? Then the
 * context continues in host code that lets handlers run. */
bool interrupt_begin(struct thread *thread, struct porin_domain *domain, ucontext_t *context);
/* The same after a fault of the domain's own instruction. */
bool interrupt_fault(struct thread *thread, struct porin_domain *domain, const siginfo_t *info, ucontext_t *context);
/* At the end of a service: if a handler that ran in it was left by longjmp, that goes on. Otherwise returns. */
void interrupt_jump(const struct frame *frame);

/* Takes from a context what continues it, at `place` below the host's stack pointer. NULL: there is no room for its vectors. */
struct suspended *context_suspend(const ucontext_t *context, uint64_t host_sp);
/* In the handler of adopt_trap: the thread goes on with thread->resume. */
void context_resume(struct thread *thread, ucontext_t *context);
#endif

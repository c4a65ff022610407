/* SPDX-License-Identifier: Apache-2.0 */
/* The assembly of entry.S as C sees it, and the C that it calls. */
#ifndef PORIN_RUNTIME_ENTRY_H
#define PORIN_RUNTIME_ENTRY_H
#include "thread.h"

void host_enter(struct frame *frame);           /* calls into a domain; see entry.S */
void host_adopt(struct frame *frame);           /* enters what thread->resume says; see entry.S */
_Noreturn void adopt_trap(void);                /* goes on with it within what has been entered */
/* Leaves a service for longjmp's gate, called again as in `jump`; see entry.S. */
_Noreturn void service_jump(const struct frame *frame, const struct frame *jump);
extern const char host_return[];                /* the return address it leaves on the control stack */
/* What gates and dead frames lead to: never called from C. */
void service_enter(void), gate_slow(void), depth_enter(void), longjmp_enter(void), fenv_enter(void);
void hide_vectors(void), hide_evex(void), hide_x87(void), set_rounding(void), dead_return_enter(void);
_Noreturn void host_resume(uint64_t rip, uint64_t rsp, uint64_t r14, uint64_t rax);

/* Makes a system call that may wait, unless *attention is set when it is about to begin: its result, or -EINTR. */
int64_t host_wait(const _Atomic uint32_t *attention, long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);
extern const char host_wait_begin[], host_wait_end[], host_wait_interrupted[];

/* Places in entry.S where a fault is the running domain's own. */
extern const char longjmp_load[], domain_trap[];

/* Called from entry.S, on the host stack. */
uint64_t service_call(struct frame *frame);
bool slow_path(struct frame *frame);            /* true: try the gate again; false: F_RAX is the caller's result */
void handler_leave(struct frame *frame);        /* longjmp has come to the end of an activation; returns if it must not go on */
_Noreturn void dead_return(uint64_t base, uint64_t control_sp);
#endif

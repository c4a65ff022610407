/* SPDX-License-Identifier: Apache-2.0 */
/* Walking the control stack. It holds nothing but return addresses and gate frames, so a walk is exact. */
#ifndef PORIN_RUNTIME_UNWIND_H
#define PORIN_RUNTIME_UNWIND_H
#include "gate.h"
#include "thread.h"

/* A place on a thread's control stack: the word at sp is a return address of `domain`, or the boundary it was entered through. */
struct walk {
    struct thread *thread;
    struct frame *entry;            /* FRAME_ENTRY frame through which the host entered this part of the stack */
    uint64_t sp;
    struct porin_domain *domain;    /* whose frames these are */
    /* set by walk_boundary */
    bool from_host;                 /* entered by the host; otherwise through edge, by caller */
    struct edge *edge;
    struct porin_domain *caller;
};

/* Starts where a domain stands: at control stack pointer sp of the innermost entry at or outside `frame`. */
struct walk walk_begin(struct thread *thread, struct frame *frame, uint64_t sp, struct porin_domain *domain);
/* Goes up to the boundary of the current activation: sp is then the address of the word that returns out of it. */
void walk_boundary(struct walk *walk);
/* Crosses the boundary. False: this was the outermost activation of the thread. */
bool walk_outer(struct walk *walk);

/* Where to go on so that the call into the current activation returns with its error. */
struct landing { uint64_t rip, rsp, r14, rax; };
/* Walks to the boundary, puts thread block and frames into the state of its other side and returns where to continue. */
struct landing unwind(struct walk *walk, porin_status status);
/* The same for a call that stands at caller_sp, where the caller's return address is: its gate goes on as if the callee had returned. */
struct landing gate_landing(struct thread *thread, const struct edge *edge, const struct porin_domain *caller, uint64_t caller_sp,
                           porin_status status);
/* Makes returning into activations of domains that have died end in dead_return_enter. The innermost one of the walk counts only if `top`:
 * code of the runtime stands between it and the present. False: none of them is dead. */
bool walk_bury(struct walk walk, bool top);
#endif

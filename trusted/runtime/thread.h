/* SPDX-License-Identifier: Apache-2.0 */
/* Host threads that run domain code: thread block, control stack, data stacks. */
#ifndef PORIN_RUNTIME_THREAD_H
#define PORIN_RUNTIME_THREAD_H
#include "capability/capability.h"
#include "capability/registers.h"
#include "domain.h"
#include "thread_layout.h"
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define RECENT_SERVICES 8

struct spawn;

struct stack_slot {
    uint32_t pointer;
    _Atomic uint32_t generation;    /* other threads may only set it to 0 */
    uint32_t thread_pointer;
    uint32_t call_error;
    uint64_t calls;                 /* of whatever domains have been in this slot; another thread may read it */
    uint32_t fenv, reserved;
};

/* What an entry from the host is: a call, what makes a domain ready or is a thread of its own, a signal handler of the domain's. */
enum routine_kind { ROUTINE_NONE, ROUTINE_INTERNAL, ROUTINE_HANDLER };

/* One per switch between the two stacks; lies on the host stack. Innermost is thread->frame. */
struct frame {
    struct frame *previous;
    uint64_t control_sp;
    uint64_t host_sp;
    uint64_t r14, r15;
    uint64_t target;
    uint32_t status;
    uint32_t kind;
    uint32_t mxcsr;
    uint16_t x87_control, padding;
    uint64_t rax, rdx;
    uint64_t integer[6];
    double vector[8];
    uint64_t deadline_ns;
    uint64_t routine;               /* enum routine_kind; only a call can be split off */
    uint64_t rbx, rbp, r12, r13;    /* service: the domain's */
};

/* The thread block. gs points at it while the thread is attached; domain code reads its first two words at most. */
struct thread {
    uint64_t thread_pointer;
    uint64_t call_error;
    _Atomic uint64_t limit;
    uint64_t host_sp;
    void (*slow)(void), (*service)(void), (*depth)(void), (*jump)(void), (*fenv)(void);
    uint64_t control_top;
    struct frame *frame;
    uint64_t vectors;
    void (*hide_evex)(void), (*hide_x87)(void), (*set_rounding)(void);
    uint64_t mxcsr;
    uint64_t scratch;
    void (*hide_vectors)(void);
    uint64_t window;
    uint64_t stack_top;
    void (*trace_in)(void), (*trace_out)(void);
    struct trace_event *trace_at, *trace_start, *trace_end;
    /* from here on for C only */
    uint64_t control_limit;         /* what `limit` is when no attention is wanted */
    void *alternate_stack;          /* for signal handlers, if this thread had none; NULL otherwise */
    size_t alternate_size;
    uint64_t thread_id;             /* kernel's */
    timer_t timer;                  /* for deadlines */
    bool has_timer;
    bool has_clock;                 /* CPU time is sampled: lifecycle/account.c */
    timer_t clock;
    uint64_t charged_ns;            /* CPU time of the thread that has been charged to somebody, or to nobody */
    uint64_t call_deadline_ns;      /* of the call that the host makes, for the routines that run before it; 0: none */
    bool leave;                     /* whom the host called has died: whoever runs goes on elsewhere, lifecycle/split.c */
    struct suspended *resume;       /* what adopt_trap goes on with: lifecycle/interrupt.h */
    struct suspended *interrupted;  /* what the running activation was in the middle of, where handlers run for it; NULL: a service */
    bool jumps;                     /* a handler was left by longjmp: */
    struct frame jump_call;         /* longjmp as it was called, to be called again where the handler had interrupted */
    struct spawn *spawn;            /* of a thread that a domain has started; NULL: the host's own */
    _Atomic uint32_t signals;       /* how many were sent here, counted before each is */
    uint32_t signals_met;           /* how many of them the thread has waited for on its way out */
    _Atomic(struct porin_domain *) question; /* grace.c: is it on your control stack? */
    _Atomic int answer;             /* a futex */
    _Atomic uint32_t attention;     /* a signal came: host_wait does not begin to wait */
    uint64_t recent[RECENT_SERVICES]; /* services asked for on this thread, for reports: slot above number */
    uint32_t recent_count;
    bool lent;                      /* host code has filled registers for its next call */
    _Atomic bool revocable;         /* it has loaded asynchronous capabilities */
    _Atomic uint64_t swept;         /* the last sweep of its registers: grace.c */
    struct porin_error last_error;
    /* from here on what outlives the thread: blocks are used again and never unmapped */
    struct thread *next;
    uint64_t control_bottom;        /* lowest byte of the control stack */
    _Atomic bool attached;          /* somebody's */
    _Atomic uint32_t senders;       /* who is in grace_nudge with it */
};
#define THREAD_SIZE ((uint64_t)TB_END)

#define SAME(type, member, offset) _Static_assert(offsetof(type, member) == (offset), #member)
SAME(struct thread, thread_pointer, PORIN_TB_THREAD_POINTER);
SAME(struct thread, call_error, PORIN_TB_CALL_ERROR);
SAME(struct thread, limit, TB_LIMIT);
SAME(struct thread, host_sp, TB_HOST_SP);
SAME(struct thread, slow, TB_SLOW);
SAME(struct thread, service, TB_SERVICE);
SAME(struct thread, depth, TB_DEPTH);
SAME(struct thread, jump, TB_LONGJMP);
SAME(struct thread, fenv, TB_FENV);
SAME(struct thread, control_top, TB_CONTROL_TOP);
SAME(struct thread, frame, TB_FRAME);
SAME(struct thread, vectors, TB_VECTORS);
SAME(struct thread, hide_evex, TB_HIDE_EVEX);
SAME(struct thread, hide_x87, TB_HIDE_X87);
SAME(struct thread, set_rounding, TB_SET_ROUNDING);
SAME(struct thread, mxcsr, TB_MXCSR);
SAME(struct thread, scratch, TB_SCRATCH);
SAME(struct thread, hide_vectors, TB_HIDE_VECTORS);
SAME(struct thread, window, TB_WINDOW);
SAME(struct thread, trace_in, TB_TRACE_IN);
SAME(struct thread, trace_out, TB_TRACE_OUT);
SAME(struct thread, trace_at, TB_TRACE_AT);
SAME(struct thread, trace_start, TB_TRACE_START);
SAME(struct thread, trace_end, TB_TRACE_END);
SAME(struct thread, stack_top, TB_STACK_TOP);
_Static_assert(TB_STACKS + PORIN_MAX_SLOTS * sizeof(struct stack_slot) <= PORIN_TB_CAPABILITY_BASE, "stacks, then capabilities");
_Static_assert(sizeof(struct thread) <= TB_STACKS, "the block's header is one page");
SAME(struct stack_slot, generation, SS_GENERATION);
SAME(struct stack_slot, thread_pointer, SS_THREAD_POINTER);
SAME(struct stack_slot, call_error, SS_CALL_ERROR);
SAME(struct stack_slot, calls, SS_CALLS);
SAME(struct stack_slot, fenv, SS_FENV);
_Static_assert(sizeof(struct stack_slot) == 1 << (PORIN_SLOT_SHIFT - STACK_SLOT_SHIFT), "index by base >> STACK_SLOT_SHIFT");
SAME(struct frame, control_sp, F_CONTROL_SP);
SAME(struct frame, host_sp, F_HOST_SP);
SAME(struct frame, r14, F_R14);
SAME(struct frame, r15, F_R15);
SAME(struct frame, target, F_TARGET);
SAME(struct frame, status, F_STATUS);
SAME(struct frame, kind, F_KIND);
SAME(struct frame, mxcsr, F_CONTROL_WORDS);
SAME(struct frame, rax, F_RAX);
SAME(struct frame, rdx, F_RDX);
SAME(struct frame, integer, F_INTEGER);
SAME(struct frame, vector, F_VECTOR);
SAME(struct frame, deadline_ns, F_DEADLINE);
SAME(struct frame, rbx, F_RBX);
SAME(struct frame, rbp, F_RBP);
SAME(struct frame, r12, F_R12);
SAME(struct frame, r13, F_R13);
_Static_assert(sizeof(struct frame) == F_SIZE, "frames");
#undef SAME

/* Is the calling thread attached? In the host's TLS, because a new thread inherits gs from its creator. NULL: not attached. */
extern __thread struct thread *thread_current __attribute__((tls_model("initial-exec")));

static inline struct stack_slot *thread_stack_slot(struct thread *thread, uint32_t slot)
{
    return (struct stack_slot *)((char *)thread + TB_STACKS) + slot;
}

/* The domain that runs on this thread, or will next, finds it at gs:8; kept for it while others run. Async-signal-safe. */
static inline void thread_set_call_error(struct thread *thread, uint32_t slot, porin_status status)
{
    thread_stack_slot(thread, slot)->call_error = (uint32_t)status;
    thread->call_error = (uint64_t)status;
}

/* Attaches the calling thread if it is not; NULL and *error when that fails. */
struct thread *thread_attach(struct porin_error *error);
/* Makes another attached block the calling thread's. */
void thread_take(struct thread *thread);
/* The domain has been destroyed, has died or starts anew: no thread may enter it before a slow path looked at it again. From anywhere. */
void threads_forget_domain(uint32_t slot);
/* Calls each step, up to a NULL, for each attached thread before the next step: none comes or goes meanwhile. */
void threads_visit(void (*const steps[])(struct thread *, void *), void *data);
#endif

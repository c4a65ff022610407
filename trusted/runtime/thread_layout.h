/* SPDX-License-Identifier: Apache-2.0 */
/* Offsets in the thread block (gs base) and in frames that assembly and C share; thread.h asserts that they are right. */
#ifndef PORIN_RUNTIME_THREAD_LAYOUT_H
#define PORIN_RUNTIME_THREAD_LAYOUT_H
#include "layout.h"

/* The first two words are PORIN_TB_THREAD_POINTER and PORIN_TB_CALL_ERROR, the only ones domains may read. */
#define TB_LIMIT 0x10           /* a gate is not entered with rsp below this; all ones: the thread wants attention */
#define TB_HOST_SP 0x18         /* host stack pointer to switch to when a domain calls a service */
#define TB_SLOW 0x20            /* address of gate_slow */
#define TB_SERVICE 0x28         /* address of service_enter */
#define TB_DEPTH 0x30           /* address of depth_enter */
#define TB_LONGJMP 0x38         /* address of longjmp_enter */
#define TB_FENV 0x40            /* address of fenv_enter */
#define TB_CONTROL_TOP 0x48     /* one past the control stack's first word */
#define TB_FRAME 0x50           /* innermost struct frame on the host stack */
#define TB_VECTORS 0x58         /* 1: this CPU has AVX-512 state to clear */
#define TB_HIDE_EVEX 0x60       /* address of hide_evex */
#define TB_HIDE_X87 0x68        /* address of hide_x87 */
#define TB_SET_ROUNDING 0x70    /* address of set_rounding */
#define TB_MXCSR 0x78           /* MXCSR of the running domain without its exception flags */
#define TB_SCRATCH 0x80         /* for instructions that need memory */
#define TB_HIDE_VECTORS 0x88    /* address of hide_vectors */
#define TB_WINDOW 0x90          /* number of the first capability register of the running activation */
#define TB_STACK_TOP 0x98       /* 4 * entries of the domain capability stack */
#define TB_TRACE_IN 0xa0        /* address of trace_gate_in */
#define TB_TRACE_OUT 0xa8       /* address of trace_gate_out */
#define TB_TRACE_AT 0xb0        /* where the next event of this thread is written (lifecycle/trace.h) */
#define TB_TRACE_START 0xb8
#define TB_TRACE_END 0xc0       /* of the ring; 0: nothing is written */
#define TB_STACKS 0x1000        /* struct stack_slot[PORIN_MAX_SLOTS] */

/* A stack slot of the thread block: 32 bytes, at TB_STACKS + (slot base >> STACK_SLOT_SHIFT). */
#define STACK_SLOT_SHIFT (PORIN_SLOT_SHIFT - 5)
#define SS_POINTER 0            /* data stack pointer of the domain on this thread while it is not running (32 bits) */
#define SS_GENERATION 4         /* generation of the domain it belongs to; 0: none (32 bits) */
#define SS_THREAD_POINTER 8     /* thread pointer of the domain on this thread (32 bits) */
#define SS_CALL_ERROR 12        /* its call error (32 bits) */
#define SS_CALLS 16             /* calls of the domain on this thread, counted by gates made with accounting (64 bits) */
#define SS_FENV 24              /* 1: its image uses the fenv gate (32 bits) */

/* struct frame: one per switch between host stack and control stack, on the host stack, linked. */
#define F_PREVIOUS 0
#define F_CONTROL_SP 8          /* control stack pointer; entry: where the domain starts, service: where it stopped */
#define F_HOST_SP 16            /* entry: host stack pointer to return to */
#define F_R14 24
#define F_R15 32
#define F_TARGET 40             /* entry: slot offset to call */
#define F_STATUS 48             /* entry: porin_status (32 bits) */
#define F_KIND 52               /* FRAME_ENTRY or FRAME_SERVICE (32 bits) */
#define F_CONTROL_WORDS 56      /* host's MXCSR (32 bits) and x87 control word (16 bits) */
#define F_RAX 64
#define F_RDX 72
#define F_INTEGER 80            /* entry and service: rdi rsi rdx rcx r8 r9 */
#define F_VECTOR 128            /* entry: xmm0-7 in, xmm0-1 out, 8 bytes each */
#define F_DEADLINE 192          /* entry: CLOCK_MONOTONIC in ns when the call has to end; 0: never */
#define F_RBX 208               /* service: callee-saved registers of the domain */
#define F_RBP 216
#define F_R12 224
#define F_R13 232
#define F_SIZE 240
#define FRAME_ENTRY 1
#define FRAME_SERVICE 2
#define FRAME_SLOW 3            /* a gate's slow path */

#define MXCSR_DEFAULT 0x1f80    /* all exceptions masked, round to nearest */
#define MXCSR_MUTABLE 0xe07f    /* what a domain may change: rounding, flush to zero, denormals are zero, sticky flags */
#define MXCSR_FLAGS 0x3f        /* sticky exception flags */
#define X87_CONTROL_DEFAULT 0x37f
#define X87_EXCEPTIONS 0x3f     /* flags in the status word, masks in the control word */
#define X87_STATUS_FLAGS 0xff   /* all that fnclex clears but the busy bit, which is the same as bit 7 */
#define X87_STATUS_TOP 0x3800
#define X87_STATUS_CONDITION 0x4700
#endif

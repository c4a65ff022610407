/* SPDX-License-Identifier: Apache-2.0 */
/* Gate code as data: snippets that gate.c copies one after the other into a gate and patches. Never executed where it stands.
 *
 * A domain-to-domain gate. From: the caller domain, by call or jmp to the gate's label, with any register contents; nothing of the caller's
 * is trusted but r14, r15's upper half (zero) and rsp. To: the callee's entry, with r14, r15, gs:0 of the callee, r10 = its address
 * and r11 zero-extended. Back: to the word on top of the control stack at entry, with r14, r15, gs:0 of the caller, r10 anything (no
 * domain can read it), r11 zero-extended.
 * Stack: control stack, one frame of the words pushed here. No memory of a domain is touched. Cannot fault: the limit test leaves room.
 * Registers in use: r10 = 32 * slot number of the domain being left, r11 = scratch. */
#include "thread_layout.h"
#include "gate_fields.h"
#include "capability/registers.h"

        .macro field kind, back                 /* a field to patch ends `back` bytes before here */
99:     .pushsection .rodata.gate_fields, "a"
        .long   99b - gate_templates - \back
        .long   \kind
        .popsection
        .endm

        .macro snippet name
        .balign 8
        .globl  \name
\name:
        .endm

        .macro end name
        .globl  \name\()_end
\name\()_end:
        .endm

        .section .rodata.gate_fields, "a"
        .globl  gate_fields, gate_fields_end
        .balign 8
gate_fields:

        .section .rodata.gate_templates, "a"
        .globl  gate_templates
        .balign 8
gate_templates:

/* Tests. */
        snippet gate_enter
        endbr64                                 /* the only label of the gate */
        cmpq    %gs:TB_LIMIT, %rsp              /* room for us and the callee on the control stack? all ones: attention wanted */
        .byte   0x0f, 0x82                      /* jb: no */
        .long   0
        field   FIELD_SLOW, 4
        rorx    $STACK_SLOT_SHIFT, %r14, %r10   /* r14 is a multiple of 2^33, so this is 32 times the caller's slot number */
        cmpl    $0x11223344, %gs:TB_STACKS + SS_GENERATION(%r10) /* a stack of this very domain, not of a later one in its slot? */
        field   FIELD_DELTA, 8
        field   FIELD_GENERATION, 4
        .byte   0x0f, 0x85                      /* jne: no */
        .long   0
        field   FIELD_SLOW, 4
        end     gate_enter

/* Where the callee's calls are counted: in the line that was read anyway. */
        snippet gate_count
        incq    %gs:TB_STACKS + SS_CALLS(%r10)
        field   FIELD_DELTA, 4
        end     gate_count

/* Where one side uses capabilities: the callee gets a window of registers of its own, with what the caller has put there. */
        snippet gate_window_test
        cmpl    $WINDOW_LIMIT, %gs:TB_WINDOW
        .byte   0x0f, 0x83, 0, 0, 0, 0          /* jae: nested too deep */
        field   FIELD_SLOW, 4
        end     gate_window_test
        snippet gate_window_in
        movq    %gs:TB_WINDOW, %r11
        pushq   %r11
        field   FIELD_PUSH, 1
        cmpq    $0, %gs:TB_WINDOW_USED(%r11)
        je      1f
        .byte   0xe8                            /* call rel32: what the caller has itself */
        .long   0
        field   FIELD_WINDOW_HIDE, 4
1:      addl    $PORIN_CAPABILITY_WINDOW, %r11d
        movq    %r11, %gs:TB_WINDOW
        end     gate_window_in
        snippet gate_window_out
        popq    %r11
        field   FIELD_POP, 1
        movq    %r11, %gs:TB_WINDOW
        cmpq    $0, %gs:TB_WINDOW_USED + PORIN_CAPABILITY_WINDOW(%r11)
        jne     1f
        cmpq    $0, %gs:TB_WINDOW_USED + 2 * PORIN_CAPABILITY_WINDOW(%r11)
        jne     1f
        cmpq    $0, %gs:TB_WINDOW_USED(%r11)
        je      2f
1:      .byte   0xe8                            /* call rel32 */
        .long   0
        field   FIELD_WINDOW_LEAVE, 4
2:
        end     gate_window_out

/* Rounding, where the caller can have changed it and gets it back. */
        snippet gate_save_rounding
        pushq   %gs:TB_MXCSR
        field   FIELD_PUSH, 1
        end     gate_save_rounding

/* PORIN_POLICY_REGISTER_INTEGRITY: callee-saved registers, which the callee may not have saved. */
        snippet gate_save
        .irp    register, rbx, rbp, r12, r13
        pushq   %\register
        field   FIELD_PUSH, 1
        .endr
        end     gate_save

/* Switch of the data stack. */
        snippet gate_stack_in
        movl    %r15d, %gs:TB_STACKS + SS_POINTER(%r10) /* where the caller continues, also if it is entered again from the callee */
        movl    %gs:TB_STACKS + SS_POINTER(%r10), %r15d /* the callee's data stack */
        field   FIELD_DELTA, 4
        pushq   %r15                            /* to be put back: the callee changes it by calling on */
        field   FIELD_PUSH, 1
        end     gate_stack_in

/* Stack arguments, if the edge has any: each word goes over the control stack. May fault: gate.h says whose fault it is. */
        snippet gate_arguments
        movl    %gs:TB_STACKS + SS_POINTER(%r10), %r11d /* the caller's data stack */
        end     gate_arguments
        snippet gate_argument_load
        pushq   0x11(%r14,%r11)                 /* the caller's memory */
        field   FIELD_PUSH, 1
        field   FIELD_WORD, 1
        end     gate_argument_load

/* Switch of the slot. */
        snippet gate_switch
        .byte   0x4c, 0x03, 0x35                /* addq disp32(%rip), %r14: the callee's base; only the distance of the slots stands in */
        .long   0                               /* the gate, nothing shows where either is */
        field   FIELD_DISTANCE, 4
        end     gate_switch

        snippet gate_argument_room
        .byte   0x45, 0x8d, 0xbf                /* leal disp32(%r15), %r15d: wraps inside the slot */
        .long   0
        field   FIELD_ROOM, 4
        end     gate_argument_room
        snippet gate_argument_store
        popq    0x11(%r14,%r15)                 /* the callee's memory */
        field   FIELD_POP, 1
        field   FIELD_WORD, 1
        end     gate_argument_store

/* The crossing itself. The word pushed by the call is the gate's return point: what unwinding looks for. Traced or not, a gate has the same
 * shape, so that tracing can begin and end while threads are in it: instructions that differ are equally long, or stand where none was. */
        .macro  crossing name, instruction:vararg
        snippet \name
        leaq    0x11223344(%r14), %r10          /* its entry, a label of its text */
        field   FIELD_ENTRY, 4
        \instruction
        end     \name
        .endm
        crossing gate_call, .byte 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x41, 0xff, 0xd2 /* call *%r10, with prefixes that do nothing */
        crossing gate_call_traced, call *%gs:TB_TRACE_IN /* goes on at r10 */

/* Return point: reached by the callee's last ret, so rsp is as at the call; or put here by the unwinder with rax = the fault value. */
        snippet gate_return
        rorx    $STACK_SLOT_SHIFT, %r14, %r10   /* 32 times the callee's slot number: no domain can have changed r14 */
        popq    %r11
        field   FIELD_POP, 1
        cmpl    %r11d, %gs:TB_STACKS + SS_POINTER(%r10) /* the callee's data stack as it was; it seldom called on */
        je      1f
        movl    %r11d, %gs:TB_STACKS + SS_POINTER(%r10)
1:
        movl    %gs:TB_STACKS + SS_POINTER(%r10), %r15d /* where the caller left */
        field   FIELD_DELTA_BACK, 4
        .byte   0x4c, 0x2b, 0x35                /* subq disp32(%rip), %r14: the caller's base */
        .long   0
        field   FIELD_DISTANCE, 4
        end     gate_return

        snippet gate_leave
        ret
        .skip   7, 0xcc
        ret                                     /* for a thread that comes back from trace_gate_out */
        end     gate_leave
        snippet gate_leave_traced               /* all is as the caller finds it */
        call    *%gs:TB_TRACE_OUT
        ret
        end     gate_leave_traced

/* --- What becomes of each state of trusted/tables/policy.def: gate_in_ on the call, gate_out_ on the way back. --- */
        /* No row asks for code here, or (SLOT, STACK, ROUNDING) it stands elsewhere. */
        .irp    state, in_SLOT, out_SLOT, in_STACK, out_STACK, in_BRANCH, out_BRANCH, in_RESULT, out_RESULT, in_ROUNDING, out_ROUNDING, \
                in_VECTOR_RESULTS, out_VECTOR_RESULTS, in_FLAGS, out_FLAGS, in_MODES, \
                out_MODES, out_COUNT, in_ARGUMENTS, in_VECTOR_ARGUMENTS
        snippet gate_\state
        end     gate_\state
        .endr

        .macro  own way, delta, state, slot, word /* a word of the thread block that each domain has its own of */
        snippet gate_\way\()_\state
        movl    %gs:TB_STACKS + \slot(%r10), %r11d
        field   \delta, 4
        movq    %r11, %gs:\word
        end     gate_\way\()_\state
        .endm
        own     in, FIELD_DELTA, THREAD_POINTER, SS_THREAD_POINTER, PORIN_TB_THREAD_POINTER
        own     out, FIELD_DELTA_BACK, THREAD_POINTER, SS_THREAD_POINTER, PORIN_TB_THREAD_POINTER
        own     in, FIELD_DELTA, CALL_ERROR, SS_CALL_ERROR, PORIN_TB_CALL_ERROR
        own     out, FIELD_DELTA_BACK, CALL_ERROR, SS_CALL_ERROR, PORIN_TB_CALL_ERROR

        snippet gate_in_SAVED                   /* gate_save has them */
        .irp    register, ebx, ebp, r12d, r13d
        xorl    %\register, %\register
        .endr
        end     gate_in_SAVED
        snippet gate_out_SAVED
        .irp    register, r13, r12, rbp, rbx
        popq    %\register
        field   FIELD_POP, 1
        .endr
        end     gate_out_SAVED

        snippet gate_in_COUNT
        movzbl  %al, %eax
        end     gate_in_COUNT

        snippet gate_out_ARGUMENTS
        .irp    register, ecx, esi, edi, r8d, r9d
        xorl    %\register, %\register
        .endr
        end     gate_out_ARGUMENTS

        .irp    way, in, out
        snippet gate_\way\()_X87_STACK
        emms                                    /* empty, as the calling convention says; anybody may have left it full */
        end     gate_\way\()_X87_STACK

        snippet gate_\way\()_X87_STATUS
        call    *%gs:TB_HIDE_X87
        end     gate_\way\()_X87_STATUS

        snippet gate_\way\()_MXCSR_FLAGS
        ldmxcsr %gs:TB_MXCSR
        end     gate_\way\()_MXCSR_FLAGS

        snippet gate_\way\()_UPPER
        vzeroupper                              /* of zmm too */
        end     gate_\way\()_UPPER

        snippet gate_\way\()_EVEX
        call    *%gs:TB_HIDE_EVEX
        end     gate_\way\()_EVEX

        snippet gate_\way\()_SCRATCH
        xorl    %r11d, %r11d
        end     gate_\way\()_SCRATCH
        .endr

        .irp    way, in, out
        snippet gate_\way\()_VECTORS
        .irp    n, 8, 9, 10, 11, 12, 13, 14, 15
        vpxor   %xmm0, %xmm0, %xmm\n            /* 0 whatever xmm0 holds; a byte shorter than naming a high register as source */
        .endr
        end     gate_\way\()_VECTORS
        .endr
        snippet gate_far_VECTORS                /* the same, where space is short */
        call    *%gs:TB_HIDE_VECTORS
        end     gate_far_VECTORS
        snippet gate_out_VECTOR_ARGUMENTS
        .irp    n, 2, 3, 4, 5, 6, 7
        vpxor   %xmm0, %xmm0, %xmm\n
        .endr
        end     gate_out_VECTOR_ARGUMENTS

/* Rounding becomes the default: where it may be another one and is not to be seen, or was changed on the way by somebody below. */
        snippet gate_default_rounding
        movl    $MXCSR_DEFAULT, %r11d
        call    *%gs:TB_SET_ROUNDING
        end     gate_default_rounding

/* Rounding becomes what gate_save_rounding has saved. */
        snippet gate_restore_rounding
        popq    %r11
        field   FIELD_POP, 1
        call    *%gs:TB_SET_ROUNDING
        end     gate_restore_rounding

/* Last bytes of every gate slot, the same in all gates, so that a thread here does not notice when the gate before it is exchanged. */
        snippet gate_slow_stub
        .byte   0x4c, 0x8d, 0x1d                /* leaq rel32(%rip), %r11: the gate's label, tells gate_slow which gate this is */
        .long   GATE_SLOW_SIZE - PORIN_GATE_SIZE - 7
        jmp     *%gs:TB_SLOW
        end     gate_slow_stub

/* A gate that is bound to nothing. Two instructions, the second at the place where gate_enter has its second: a thread between them
 * goes on correctly in either gate. */
        snippet gate_unbound
        endbr64
        .byte   0xe9                            /* jmp rel32 */
        .long   0
        field   FIELD_SLOW, 4
        end     gate_unbound

/* Service gates: the work is done in entry.S. */
        .macro  service name, word
        snippet \name
        endbr64
        jmp     *%gs:\word
        end     \name
        .endm
        service service_gate_call, TB_SERVICE
        service service_gate_depth, TB_DEPTH
        service service_gate_longjmp, TB_LONGJMP
        service service_gate_fenv, TB_FENV

        .section .rodata.gate_fields, "a"
gate_fields_end:
        .section .note.GNU-stack, "", @progbits

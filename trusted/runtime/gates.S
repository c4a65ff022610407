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

/* PORIN_POLICY_REGISTER_INTEGRITY */
        snippet gate_save
        pushq   %gs:TB_MXCSR                    /* rounding, which the callee may change by its fenv gate */
        field   FIELD_PUSH, 1
        pushq   %rbx                            /* callee-saved registers, which the callee may not have saved */
        field   FIELD_PUSH, 1
        pushq   %rbp
        field   FIELD_PUSH, 1
        pushq   %r12
        field   FIELD_PUSH, 1
        pushq   %r13
        field   FIELD_PUSH, 1
        end     gate_save

/* Switch of the data stack. */
        snippet gate_stack_in
        movl    %r15d, %gs:TB_STACKS + SS_POINTER(%r10) /* where the caller continues, also if it is entered again from the callee */
        movl    %gs:TB_STACKS + SS_POINTER(%r10), %r15d /* the callee's data stack */
        field   FIELD_DELTA, 4
        pushq   %r15                            /* to be put back: the callee changes it by calling on */
        field   FIELD_PUSH, 1
        end     gate_stack_in

/* Where the callee uses its thread pointer. */
        snippet gate_thread_in
        movq    %gs:TB_STACKS + SS_THREAD_POINTER(%r10), %r11 /* the callee's on this thread */
        field   FIELD_DELTA, 4
        movq    %r11, %gs:PORIN_TB_THREAD_POINTER
        end     gate_thread_in

/* PORIN_POLICY_REGISTER_CONFIDENTIALITY: the callee sees argument registers only (rdi rsi rdx rcx r8 r9, al, xmm0-7). */
        snippet gate_hide
        movzbl  %al, %eax                       /* al counts vector arguments of a variadic function */
        xorl    %ebx, %ebx                      /* saved by gate_save, which this needs */
        xorl    %ebp, %ebp
        xorl    %r12d, %r12d
        xorl    %r13d, %r13d
        cmpl    $MXCSR_DEFAULT, %gs:TB_MXCSR
        je      1f
        movl    $MXCSR_DEFAULT, %r11d
        call    *%gs:TB_SET_ROUNDING
1:      ldmxcsr %gs:TB_MXCSR                    /* nor does it see the caller's exception flags */
        end     gate_hide

        snippet gate_hide_vectors
        vpxor   %xmm8, %xmm8, %xmm8             /* clears all of ymm and zmm too */
        vpxor   %xmm9, %xmm9, %xmm9
        vpxor   %xmm10, %xmm10, %xmm10
        vpxor   %xmm11, %xmm11, %xmm11
        vpxor   %xmm12, %xmm12, %xmm12
        vpxor   %xmm13, %xmm13, %xmm13
        vpxor   %xmm14, %xmm14, %xmm14
        vpxor   %xmm15, %xmm15, %xmm15
        end     gate_hide_vectors

/* Where the callee's code can see ymm registers: nothing above 128 bits is an argument. */
        snippet gate_hide_upper
        vmovaps %xmm0, %xmm0
        vmovaps %xmm1, %xmm1
        vmovaps %xmm2, %xmm2
        vmovaps %xmm3, %xmm3
        vmovaps %xmm4, %xmm4
        vmovaps %xmm5, %xmm5
        vmovaps %xmm6, %xmm6
        vmovaps %xmm7, %xmm7
        end     gate_hide_upper

/* The same and EVEX state, where the callee can see that or space is short. */
        snippet gate_hide_all
        call    *%gs:TB_HIDE_ARGUMENTS
        end     gate_hide_all

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

/* PORIN_POLICY_REGISTER_CONFIDENTIALITY: the last scratch register; without it r11 holds a 32-bit value of no secrecy. */
        snippet gate_hide_scratch
        xorl    %r11d, %r11d
        end     gate_hide_scratch

/* The crossing itself. The word pushed by the call is the gate's return point: what unwinding looks for. */
        snippet gate_call
        leaq    0x11223344(%r14), %r10          /* its entry, a label of its text */
        field   FIELD_ENTRY, 4
        call    *%r10
        end     gate_call

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

/* Where the caller uses its thread pointer. */
        snippet gate_thread_out
        movq    %gs:TB_STACKS + SS_THREAD_POINTER(%r10), %r11
        field   FIELD_DELTA_BACK, 4
        movq    %r11, %gs:PORIN_TB_THREAD_POINTER
        end     gate_thread_out

/* PORIN_POLICY_REGISTER_INTEGRITY */
        snippet gate_restore
        popq    %r13
        field   FIELD_POP, 1
        popq    %r12
        field   FIELD_POP, 1
        popq    %rbp
        field   FIELD_POP, 1
        popq    %rbx
        field   FIELD_POP, 1
        popq    %r11
        field   FIELD_POP, 1
        cmpl    %r11d, %gs:TB_MXCSR             /* compared and not just loaded, which would make crossings wait for each other */
        je      1f
        call    *%gs:TB_SET_ROUNDING
1:
        end     gate_restore

/* With any policy, on both ways in front of whoever uses x87: its stack must be empty, as the calling convention says, and may have been
 * left full by anybody. */
        snippet gate_clean_x87
        emms
        end     gate_clean_x87

/* PORIN_POLICY_REGISTER_CONFIDENTIALITY: the caller sees result registers only (rax rdx xmm0 xmm1). */
        snippet gate_hide_results
        xorl    %ecx, %ecx
        xorl    %esi, %esi
        xorl    %edi, %edi
        xorl    %r8d, %r8d
        xorl    %r9d, %r9d
        xorl    %r11d, %r11d
        ldmxcsr %gs:TB_MXCSR                    /* no exception flags */
        end     gate_hide_results

        snippet gate_hide_result_vectors
        vmovaps %xmm0, %xmm0                    /* nothing above 128 bits is a result */
        vmovaps %xmm1, %xmm1
        vpxor   %xmm2, %xmm2, %xmm2
        .irp    n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        vmovaps %xmm2, %xmm\n                   /* a byte shorter than clearing the upper ones each by itself */
        .endr
        end     gate_hide_result_vectors

/* The same and EVEX state. */
        snippet gate_hide_all_results
        call    *%gs:TB_HIDE_RESULTS
        end     gate_hide_all_results

        snippet gate_leave
        ret
        end     gate_leave

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

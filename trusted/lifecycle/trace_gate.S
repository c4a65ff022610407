/* SPDX-License-Identifier: Apache-2.0 */
/* What gates call where crossings are traced. From: a gate, on the control stack; trace_gate_in in place of the callee, whose address is in
 * r10: it goes on there. Back: with all registers as they were but r11, which is 0, and flags. The return address tells which gate. */
#include "runtime/function.h"
#include "runtime/thread_layout.h"
#include "trace_layout.h"

        .text
        .macro  trace_gate kind, back:vararg
        cmpq    $0, %gs:TB_TRACE_END
        je      2f
        movq    %gs:TB_TRACE_AT, %r11
        pushq   %rax
        pushq   %rdx
        rdtsc
        shlq    $32, %rdx
        orq     %rax, %rdx
        movq    %rdx, (%r11)
        movabsq $\kind << TRACE_KIND_SHIFT, %rdx
        orq     16(%rsp), %rdx
        movq    %rdx, 8(%r11)
        addq    $16, %r11
        cmpq    %gs:TB_TRACE_END, %r11          /* 0 by now: the next one is the first of the ring */
        jb      1f
        movq    %gs:TB_TRACE_START, %r11        /* the oldest are written over */
1:      movq    %r11, %gs:TB_TRACE_AT
        popq    %rdx
        popq    %rax
        xorl    %r11d, %r11d
2:      \back
        .endm

        function trace_gate_in
        trace_gate TRACE_GATE, jmp *%r10
        function trace_gate_out
        trace_gate TRACE_GATE_END, ret
        .section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: Apache-2.0 */
/* Domain code for policy_test.c: one image per set of facts (PORIN_USES_*), which fills and stores everything such code can see. */
#include "layout.h"
#include "policy_capture.h"
#define DATA (PORIN_IMAGE_BASE + 0x4000)
#define X87 1
#define AVX 2
#define EVEX 4
#define WORDS 24
#define FENV 32
#define STATUS 64

        .macro  gate facts, offset
        .byte   0xe8
        .long   \offset - (PORIN_IMAGE_BASE + (. + 4 - policy_code_\facts))
        .endm

        .macro  address at
        movl    $DATA + \at, %r11d
        .endm

        /* Everything becomes the domain's own pattern. */
        .macro  fill facts
        address OWN_AT
        .if     \facts & FENV
        movl    OWN_MXCSR(%r14,%r11), %edi
        gate    \facts, PORIN_GATE_FENV
        address OWN_AT
        .endif
        .if     \facts & X87
        .rept   8
        fstp    %st(0)
        .endr
        .rept   X87_FILLED
        fldl    OWN_PATTERN(%r14,%r11)
        .endr
        fxam
        .endif
        .if     \facts & STATUS
        fnstsw  %ax
        movw    %ax, OWN_STATUS(%r14,%r11)
        .endif
        .if     \facts & EVEX
        vpbroadcastq OWN_PATTERN(%r14,%r11), %zmm0
        .irp    n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        vmovdqa64 %zmm0, %zmm\n
        .endr
        movq    OWN_PATTERN(%r14,%r11), %rax
        .irp    n, 0,1,2,3,4,5,6,7
        kmovq   %rax, %k\n
        .endr
        .elseif \facts & AVX
        vpbroadcastq OWN_PATTERN(%r14,%r11), %ymm0
        .irp    n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14
        vmovaps %ymm0, %ymm\n                   /* and 0 above */
        .endr
        movaps  %xmm0, %xmm15                   /* whatever was above stays there */
        .else
        movq    OWN_PATTERN(%r14,%r11), %xmm0
        punpcklqdq %xmm0, %xmm0
        .irp    n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
        movaps  %xmm0, %xmm\n
        .endr
        .endif
        movq    OWN_PATTERN(%r14,%r11), %rax
        .irp    register, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r12, r13
        movq    %rax, %\register
        .endr
        .endm

        .macro  capture facts
        movq    %r11, -8(%r14,%r15)
        address CAPTURE_AT
        .set    at, 0
        .irp    register, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r12, r13
        movq    %\register, at(%r14,%r11)
        .set    at, at + 8
        .endr
        movq    -8(%r14,%r15), %rax
        movq    %rax, 88(%r14,%r11)
        .if     \facts & EVEX
        .set    at, CAPTURE_ZMM
        .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        vmovdqu64 %zmm\n, at(%r14,%r11)
        .set    at, at + 64
        .endr
        .irp    n, 0,1,2,3,4,5,6,7
        kmovq   %k\n, at(%r14,%r11)
        .set    at, at + 8
        .endr
        .else
        .set    at, CAPTURE_ZMM
        .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
        .if     \facts & AVX
        vmovups %ymm\n, at(%r14,%r11)
        .else
        movups  %xmm\n, at(%r14,%r11)
        .endif
        .set    at, at + 64
        .endr
        .endif
        .if     \facts & STATUS
        fnstsw  %ax
        movzwl  %ax, %eax
        movq    %rax, 96(%r14,%r11)
        .endif
        .if     \facts & X87
        .set    at, CAPTURE_X87
        .rept   8
        fstpl   at(%r14,%r11)
        .set    at, at + 8
        .endr
        .endif
        .if     \facts & WORDS
        movq    %gs:PORIN_TB_THREAD_POINTER, %rax
        movq    %rax, 112(%r14,%r11)
        movq    %gs:PORIN_TB_CALL_ERROR, %rax
        movq    %rax, 120(%r14,%r11)
        .endif
        .if     \facts & FENV
        movl    $-1, %edi
        gate    \facts, PORIN_GATE_FENV
        address CAPTURE_AT
        movl    %eax, %eax
        movq    %rax, 104(%r14,%r11)
        .endif
        address OWN_AT                          /* rounding shows in sums, whoever can ask for it or not */
        movsd   OWN_ONE(%r14,%r11), %xmm0
        addsd   OWN_TINY(%r14,%r11), %xmm0
        address CAPTURE_AT
        movsd   %xmm0, 128(%r14,%r11)
        address OWN_AT
        movsd   OWN_ONE(%r14,%r11), %xmm0
        subsd   OWN_TINY(%r14,%r11), %xmm0
        address CAPTURE_AT
        movsd   %xmm0, 160(%r14,%r11)
        .if     \facts & X87
        address OWN_AT
        fldl    OWN_ONE(%r14,%r11)
        fldl    OWN_TINY(%r14,%r11)
        faddp
        address CAPTURE_AT
        fstpl   136(%r14,%r11)
        .endif
        .endm

        .macro  function name, facts
        .balign 16, 0xcc
        .globl  policy_\name\()_\facts
policy_\name\()_\facts:
        endbr64
        .endm

        .macro  image facts
        .balign 64, 0xcc
        .globl  policy_code_\facts, policy_end_\facts
policy_code_\facts:
        /* relay(): full of its own pattern calls the first import, then stores what it finds, and its data stack before and after */
        function relay, \facts
        address CAPTURE_AT
        movl    %r15d, 144(%r14,%r11)
        fill    \facts
        gate    \facts, PORIN_GATES_IMPORT
        capture \facts
        address CAPTURE_AT
        movl    %r15d, 152(%r14,%r11)
        ret
        /* leaf(): stores what it finds, has the first import leave something behind, comes back full of its own pattern */
        function leaf, \facts
        capture \facts
        gate    \facts, PORIN_GATES_IMPORT
        fill    \facts
        ret
        /* dirty(): comes back full of its own pattern */
        function dirty, \facts
        fill    \facts
        ret
        /* arm(pointer): sets the thread pointer; fail(): calls the second import, which is bound to nothing */
        function arm, \facts
        movq    %rdi, %rsi
        movl    $0x1002, %edi
        movl    $158, %eax
        gate    \facts, PORIN_GATE_SERVICE_CALL
        ret
        function fail, \facts
        gate    \facts, PORIN_GATES_IMPORT + PORIN_GATE_SIZE
        ret
        /* go(target): the checked indirect jump to any offset, with all ones as argument */
        function go, \facts
        movl    %edi, %r10d
        movl    (%r14,%r10), %r11d
        addl    $PORIN_LABEL_NEGATED, %r11d
        jne     1f
        addq    %r14, %r10
        jmp     *%r10
1:      ud2
policy_end_\facts:
        .endm

        .section .rodata.policy_code, "a"
        .irp    facts, 0, 2, 6, 1, 67, 71, 24, 26, 30, 89, 27, 95, 32, 34, 38, 97, 35, 39, 56, 58, 62, 121, 59, 127
        image   \facts
        .endr
        .section .note.GNU-stack, "", @progbits

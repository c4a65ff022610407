/* SPDX-License-Identifier: Apache-2.0 */
/* Code that moves capabilities between registers. gate.c copies it into the page of service gates, so that no call of it leaves the slot.
 * A thread found in it, there or here, by a signal may hold in a CPU
 * register what is just being revoked, and is asked again. Faults: none. Touches no memory of a domain. Position-independent.
 *
 * A window is named by the number of its first register; the running activation's is at TB_WINDOW. Above it lies the window that the next
 * callee will run with, where its caller puts arguments. Below it lie those of the activations around, with limits of 0: what they
 * were is kept aside. So a register that is not the running activation's traps, and an access needs no check of whose it is.
 * The domain capability stack holds what activations have pushed, those of one above those of its callers. Where an activation began is
 * noted by its window; its leaving takes them off. */
#include "registers.h"
#include "runtime/function.h"
#include "runtime/thread_layout.h"

        .section .text.capability, "ax", @progbits
        .globl  capability_text, capability_text_end, capability_enter_end
capability_text:

        .macro  copy_limits from, to            /* of the window at r11 */
        vmovdqu %gs:\from(,%r11,8), %ymm15
        vmovdqu %ymm15, %gs:\to(,%r11,8)
        vmovdqu %gs:\from + 32(,%r11,8), %ymm15
        vmovdqu %ymm15, %gs:\to + 32(,%r11,8)
        .endm

        .macro  clear_limits window             /* of the window that many registers above r11 */
        vpxor   %xmm15, %xmm15, %xmm15          /* clears the upper half too */
        .irp    half, 0, 32
        vmovdqu %ymm15, %gs:PORIN_TB_CAPABILITY_READ + 8 * \window + \half(,%r11,8)
        vmovdqu %ymm15, %gs:PORIN_TB_CAPABILITY_WRITE + 8 * \window + \half(,%r11,8)
        .endr
        .endm

        .macro  forget window                   /* takes a window's capabilities away, if there are any */
        cmpq    $0, %gs:TB_WINDOW_USED + \window(%r11)
        je      7f
        movq    $0, %gs:TB_WINDOW_USED + \window(%r11)
        clear_limits (\window)
7:
        .endm

/* Leaving for a callee. From: a gate, or host code, r11 = window that is left, which is in use. Changes ymm15 (to 0), flags. */
        function window_hide
        copy_limits PORIN_TB_CAPABILITY_READ, TB_HIDDEN_READ
        copy_limits PORIN_TB_CAPABILITY_WRITE, TB_HIDDEN_WRITE
        clear_limits 0
        ret

/* Coming back. r11 = the window that was left: the callee's capabilities and those that it had laid ready go, the caller's come back.
 * Changes ymm15 (to 0), flags. */
        function window_leave
        cmpq    $0, %gs:TB_STACK_FIRST + PORIN_CAPABILITY_WINDOW(%r11)
        je      1f
        pushq   %rax                            /* what the callee has pushed */
        movq    %gs:TB_STACK_FIRST + PORIN_CAPABILITY_WINDOW(%r11), %rax
        decq    %rax
        movq    %rax, %gs:TB_STACK_TOP
        movq    $0, %gs:TB_STACK_FIRST + PORIN_CAPABILITY_WINDOW(%r11)
        popq    %rax
1:      forget  PORIN_CAPABILITY_WINDOW
        forget  (2 * PORIN_CAPABILITY_WINDOW)
        jmp     window_show

/* Only the second half of it. */
        function window_show
        cmpq    $0, %gs:TB_WINDOW_USED(%r11)
        je      1f
        copy_limits TB_HIDDEN_READ, PORIN_TB_CAPABILITY_READ
        copy_limits TB_HIDDEN_WRITE, PORIN_TB_CAPABILITY_WRITE
        vpxor   %xmm15, %xmm15, %xmm15
1:      ret

/* Makes a capability out of the running domain's own memory or of one that it has, or keeps one on the stack. From: a domain, any register
 * contents: rdi = pointer to memory of its own or capability pointer, rsi = size, edx = register (0-7 own, 8-15 the next callee's), ecx:
 * PORIN_RIGHT_READ, or _WRITE, which includes reading; CAPABILITY_PUSH: rdi's onto the stack; CAPABILITY_POP: into edx. Back: rax
 * = capability pointer to its first byte, pushing: 1; 0: the source does not allow it, the stack is full or holds nothing of this
 * activation's.
 * rax = base, rsi = limit for reading, r9 = for writing, r11 = origin, r8 and r10 = scratch. */
#define RIGHT_READ 2
#define RIGHT_WRITE 3
        function capability_enter
        endbr64                                 /* the only label */
        cmpl    $2 * PORIN_CAPABILITY_WINDOW, %edx
        jae     9f
        movq    %rdi, %r10
        shrq    $32, %r10
        jnz     1f
        cmpl    $RIGHT_WRITE, %ecx              /* own memory */
        ja      5f
        xorl    %r8d, %r8d
        btsq    $32, %r8                        /* the slot has 4 GiB: */
        subq    %rdi, %r8                       /* so many bytes of it begin there */
        cmpq    %r8, %rsi
        ja      9f
        xorl    %r9d, %r9d
        xorl    %r11d, %r11d                    /* bound to a scope */
        cmpl    $RIGHT_WRITE, %ecx
        cmoveq  %rsi, %r9
        je      2f
        cmpl    $RIGHT_READ, %ecx
        jne     9f
2:      leaq    (%r14,%rdi), %rax
3:      movq    %gs:TB_WINDOW, %r10             /* into the register */
        movl    %edx, %r8d
        andl    $PORIN_CAPABILITY_WINDOW, %r8d
        addl    %r10d, %r8d                     /* the window of the result */
        addl    %edx, %r10d
        movq    $1, %gs:TB_WINDOW_USED(%r8)
        movq    %r11, %gs:TB_ORIGIN(,%r10,8)
        movq    %rax, %gs:PORIN_TB_CAPABILITY_BASE(,%r10,8)
        movq    %rsi, %gs:PORIN_TB_CAPABILITY_READ(,%r10,8)
        movq    %r9, %gs:PORIN_TB_CAPABILITY_WRITE(,%r10,8)
        movq    %r10, %rax
        shlq    $PORIN_CAPABILITY_SHIFT, %rax
8:      xorl    %esi, %esi
        xorl    %r8d, %r8d
        xorl    %r9d, %r9d
        xorl    %r10d, %r10d
        xorl    %r11d, %r11d
        ret
9:      xorl    %eax, %eax
        jmp     8b

1:      shrq    $PORIN_CAPABILITY_SHIFT - 32, %r10 /* of the first window, which is never in use, all limits are 0 */
        movq    %gs:PORIN_TB_CAPABILITY_READ(,%r10,8), %r8
        movq    %gs:PORIN_TB_CAPABILITY_WRITE(,%r10,8), %r9
        movq    %gs:PORIN_TB_CAPABILITY_BASE(,%r10,8), %rax
        movq    %gs:TB_ORIGIN(,%r10,8), %r11
        cmpl    $RIGHT_WRITE, %ecx
        ja      5f
        cmpq    $PORIN_CAPABILITY_WINDOW, %r10
        jb      9b
        movl    %edi, %edi                      /* offset */
        addq    %rdi, %rax
        subq    %rsi, %r8                       /* the last offset at which so many bytes may begin */
        jb      9b
        cmpq    %rdi, %r8
        jb      9b
        cmpl    $RIGHT_READ, %ecx
        jne     4f
        xorl    %r9d, %r9d
        jmp     3b
4:      cmpl    $RIGHT_WRITE, %ecx
        jne     9b
        subq    %rsi, %r9
        jb      9b
        cmpq    %rdi, %r9
        jb      9b
        movq    %rsi, %r9
        jmp     3b

5:      cmpl    $CAPABILITY_POP, %ecx
        je      6f
        cmpl    $CAPABILITY_PUSH, %ecx
        jne     9b
        testq   %r10, %r10                      /* own memory, and what has no limit, is nothing to keep */
        jz      9b
        testq   %r8, %r8
        jz      9b
        movq    %gs:TB_STACK_TOP, %r10
        cmpq    $4 * CAPABILITY_STACK, %r10
        jae     9b
        movq    %r8, %gs:TB_STACK + ON_STACK_READ(,%r10,8)
        movq    %r9, %gs:TB_STACK + ON_STACK_WRITE(,%r10,8)
        movq    %rax, %gs:TB_STACK + ON_STACK_BASE(,%r10,8)
        movq    %r11, %gs:TB_STACK + ON_STACK_ORIGIN(,%r10,8)
        movq    %gs:TB_WINDOW, %r8
        cmpq    $0, %gs:TB_STACK_FIRST(%r8)
        jne     7f
        leaq    1(%r10), %rax                   /* this activation's first: 0 is none */
        movq    %rax, %gs:TB_STACK_FIRST(%r8)
7:      addq    $4, %r10
        movq    %r10, %gs:TB_STACK_TOP
        movq    $1, %gs:TB_WINDOW_USED(%r8)     /* leaving looks at both */
        movl    $1, %eax
        jmp     8b
6:      movq    %gs:TB_WINDOW, %r8
        movq    %gs:TB_STACK_TOP, %r10
        cmpq    $0, %gs:TB_STACK_FIRST(%r8)
        je      9b
        cmpq    %gs:TB_STACK_FIRST(%r8), %r10   /* one more than where it began */
        jb      9b
        subq    $4, %r10
        movq    %r10, %gs:TB_STACK_TOP
        movq    %gs:TB_STACK + ON_STACK_READ(,%r10,8), %rsi
        movq    %gs:TB_STACK + ON_STACK_WRITE(,%r10,8), %r9
        movq    %gs:TB_STACK + ON_STACK_BASE(,%r10,8), %rax
        movq    %gs:TB_STACK + ON_STACK_ORIGIN(,%r10,8), %r11
        jmp     3b
capability_enter_end:
capability_text_end:
        .section .note.GNU-stack, "", @progbits

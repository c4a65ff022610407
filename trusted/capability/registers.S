/* SPDX-License-Identifier: Apache-2.0 */
/* Code that moves capabilities between registers. Its place in the text is known (capability_text): a thread found here by a signal may
 * hold in a CPU register what is just being revoked, and is asked again. Faults: none. Touches no memory of a domain.
 *
 * A window is named by the number of its first register; the running activation's is at TB_WINDOW. Above it lies the window that the next
 * callee will run with, where its caller puts arguments. Below it lie those of the activations around, with limits of 0: what they
 * were is kept aside. So a register that is not the running activation's traps, and an access needs no check of whose it is. */
#include "registers.h"
#include "runtime/function.h"
#include "runtime/thread_layout.h"

        .section .text.capability, "ax", @progbits
        .globl  capability_text, capability_text_end
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
        forget  PORIN_CAPABILITY_WINDOW
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

/* Makes a capability out of the running domain's own memory or of one that it has. From: a domain, through its gate, any register contents:
 * rdi = pointer to memory of its own or capability pointer, rsi = size, edx = register (0-7 own, 8-15 the next callee's), ecx = right
 * (PORIN_RIGHT_READ or _WRITE, which includes reading). Back: rax = capability pointer to its first byte; 0: the source does not allow it.
 * r8 = limit for reading, r9 = for writing, rax = base, r10 = register of the source and then of the result, r11 = origin. */
#define RIGHT_READ 2
#define RIGHT_WRITE 3
        function capability_enter
        cmpl    $2 * PORIN_CAPABILITY_WINDOW, %edx
        jae     9f
        movq    %rdi, %r10
        shrq    $PORIN_CAPABILITY_SHIFT, %r10
        movq    %gs:PORIN_TB_CAPABILITY_READ(,%r10,8), %r8
        movq    %gs:PORIN_TB_CAPABILITY_WRITE(,%r10,8), %r9
        movq    %gs:PORIN_TB_CAPABILITY_BASE(,%r10,8), %rax
        movq    %gs:TB_ORIGIN(,%r10,8), %r11
        cmpq    $PORIN_CAPABILITY_WINDOW, %r10  /* the first window is never in use: a pointer to own memory */
        jae     1f
        movq    %rdi, %r8
        shrq    $32, %r8
        jnz     9f
        movq    $-1, %r9
        shrq    $32, %r9
        incq    %r9                             /* 4 GiB: the slot */
        movq    %r9, %r8
        movq    %r14, %rax
        xorl    %r11d, %r11d                    /* bound to a scope */
1:      movl    %edi, %edi                      /* offset */
        subq    %rsi, %r8                       /* the last offset at which so many bytes may begin */
        jb      9f
        cmpq    %rdi, %r8
        jb      9f
        cmpl    $RIGHT_READ, %ecx
        je      2f
        cmpl    $RIGHT_WRITE, %ecx
        jne     9f
        subq    %rsi, %r9
        jb      9f
        cmpq    %rdi, %r9
        jb      9f
        movq    %rsi, %r9                       /* the new limit for writing */
        jmp     3f
2:      xorl    %r9d, %r9d
3:      addq    %rdi, %rax
        movq    %gs:TB_WINDOW, %r10
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
8:      xorl    %r8d, %r8d
        xorl    %r9d, %r9d
        xorl    %r10d, %r10d
        xorl    %r11d, %r11d
        ret
9:      xorl    %eax, %eax
        jmp     8b
capability_text_end:
        .section .note.GNU-stack, "", @progbits

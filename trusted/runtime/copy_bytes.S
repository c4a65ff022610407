/* SPDX-License-Identifier: Apache-2.0 */
/* The instructions by which trusted code touches domain memory. A fault at one of them makes the function return early: copy.h's table. */
        .text

/* size_t copy_bytes(void *to, const void *from, size_t size): copies, returns how many bytes were not copied. */
        .globl  copy_bytes, copy_bytes_access, copy_bytes_done
        .type   copy_bytes, @function
        .balign 16
copy_bytes:
        movq    %rdx, %rcx
copy_bytes_access:
        rep movsb                               /* may fault; rcx counts what is left */
copy_bytes_done:
        movq    %rcx, %rax
        ret
        .size   copy_bytes, . - copy_bytes

/* size_t copy_zeroes(void *to, size_t size) */
        .globl  copy_zeroes, copy_zeroes_access, copy_zeroes_done
        .type   copy_zeroes, @function
        .balign 16
copy_zeroes:
        movq    %rsi, %rcx
        xorl    %eax, %eax
copy_zeroes_access:
        rep stosb                               /* may fault */
copy_zeroes_done:
        movq    %rcx, %rax
        ret
        .size   copy_zeroes, . - copy_zeroes
        .section .note.GNU-stack, "", @progbits

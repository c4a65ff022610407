/* SPDX-License-Identifier: Apache-2.0 */
/* The instruction by which trusted code touches domain memory. A fault at it makes the function return early: copy_recovery. */
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

        .section .note.GNU-stack, "", @progbits

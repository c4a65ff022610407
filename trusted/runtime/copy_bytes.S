/* SPDX-License-Identifier: Apache-2.0 */
/* The instructions by which trusted code touches domain memory. A fault at one makes the function return early: copy_recovery. */
        .text

/* size_t copy_bytes(void *to, const void *from, size_t size): copies, returns how many bytes were not copied (at least; never 0 after a
 * fault). The CPU's own copy, but where the destination begins 1 to 31 bytes further in its page than the source: there Zen 4 takes up to
 * 27 times as long as for other places, and who passes an address could choose it so. */
        .globl  copy_bytes, copy_bytes_access, copy_bytes_done
        .type   copy_bytes, @function
        .balign 16
copy_bytes:
        movq    %rdx, %rcx
        leal    -1(%rdi), %eax
        subl    %esi, %eax
        andl    $0xfff, %eax                    /* how much further, less 1 */
        cmpl    $31, %eax
        jae     2f
copy_bytes_access:                              /* all up to copy_bytes_done may fault; rcx counts what is left, 0 at no access */
1:      cmpq    $32, %rcx
        jb      2f
        vmovdqu (%rsi), %ymm0
        vmovdqu %ymm0, (%rdi)
        addq    $32, %rsi
        addq    $32, %rdi
        subq    $32, %rcx
        jmp     1b
2:      rep movsb
copy_bytes_done:
        vzeroupper
        movq    %rcx, %rax
        ret
        .size   copy_bytes, . - copy_bytes

        .section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: Apache-2.0 */
/* Every sequence in every variant, for tests that flip its bits and execute what is still accepted. Each is followed by a trap.
 * Table: first byte of each, then where the last one ends, then 0. */
#include "layout.h"
    .section .data.rel.ro.sequence_table, "aw"
    .balign 8
    .globl sequence_table
sequence_table:
    .section .rodata.sequence_code, "a"

.macro sequence
70: .section .data.rel.ro.sequence_table
    .quad 70b
    .section .rodata.sequence_code
.endm
.macro check_target
    movl (%r14,%r10), %r11d
    addl $0x05e1f00d, %r11d
    jne 71f
    addq %r14, %r10
.endm
.irp source, %eax, %r11d, %r15d, %r13d, "64(%r14,%r15)", "0x1000(%r14,%r11)", "(%r14)", "0xd0000(%rip)"
    sequence
    movl \source, %r10d
    check_target
    jmp *%r10
71: ud2
    sequence
    movl \source, %r10d
    check_target
    call *%r10
71: ud2
.endr
.macro switch source, mask:vararg /* the mask's instruction; four places, of which three are used */
    sequence
73: movl \source, %r10d
    \mask
    leaq PORIN_IMAGE_BASE + 72f - 73b(%r14,%r10,8), %r10
    jmp *%r10
    .skip 24 - (. - 73b), 0xcc
72: .byte 0xe9; .long 71f - . - 4; .byte 0xcc, 0xcc, 0xcc
    .byte 0xe9; .long 71f - . - 4; .byte 0xcc, 0xcc, 0xcc
    ud2
    ud2
    ud2
    ud2
    .skip 8, 0xcc
71: ud2
.endm
    switch %eax, andl $3, %r10d
    switch %r11d, .byte 0x41, 0x81, 0xe2, 3, 0, 0, 0
.macro rebase r32, r64
    movl %\r32, %r10d
    leaq (%r14,%r10), %\r64
.endm
.macro on_di op
    sequence
    rebase edi, rdi
    \op
    movl %edi, %edi
    ud2
.endm
.macro on_si op
    sequence
    rebase esi, rsi
    \op
    movl %esi, %esi
    ud2
.endm
.macro on_both op
    sequence
    rebase edi, rdi
    rebase esi, rsi
    \op
    movl %edi, %edi
    movl %esi, %esi
    ud2
.endm
.irp width, b, w, l, q
.irp prefix, , rep
    on_di "\prefix stos\width"
    on_si "\prefix lods\width"
    on_both "\prefix movs\width"
.endr
.irp prefix, , repz, repnz
    on_di "\prefix scas\width"
    on_both "\prefix cmps\width"
.endr
.endr
.macro access limits, last, address, instruction:vararg
    sequence
    leaq \address, %r10
    movl %r10d, %r11d
    .if \last
    leaq \last(%r11), %r11
    .endif
    shrq $PORIN_CAPABILITY_SHIFT, %r10
    cmpq %gs:\limits(,%r10,8), %r11
    jae 71f
    movq %gs:PORIN_TB_CAPABILITY_BASE(,%r10,8), %r10
    \instruction
71: ud2
.endm
#define READ PORIN_TB_CAPABILITY_READ
#define WRITE PORIN_TB_CAPABILITY_WRITE
    access READ, 0, "(%rbx)", movzbl (%r10,%r11), %eax
    access READ, 0, "5(%rbx,%r12,4)", cmpb %cl, (%r10,%r11)
    access WRITE, 0, "(%rbx)", movb %al, (%r10,%r11)
    access WRITE, 0, "(%rbx)", lock xaddb %dl, (%r10,%r11)
    access READ, 1, "(%rbx)", movswl -1(%r10,%r11), %r9d
    access WRITE, 1, "(%rbx)", addw $0x1234, -1(%r10,%r11)
    access READ, 3, "-8(%rbx)", movslq -3(%r10,%r11), %rdx
    access READ, 3, "(%rbx,%r12)", addss -3(%r10,%r11), %xmm3
    access WRITE, 3, "0x1000(%rbx)", movl %esi, -3(%r10,%r11)
    access READ, 7, "(%rbx)", addq -7(%r10,%r11), %rax
    access READ, 7, "(%r15,%rbx)", movsd -7(%r10,%r11), %xmm1
    access WRITE, 7, "(%rbx)", movq %rax, -7(%r10,%r11)
    access WRITE, 7, "(%rbx)", vmovsd %xmm8, -7(%r10,%r11)
    access READ, 15, "(%rbx)", movdqu -15(%r10,%r11), %xmm9
    access WRITE, 15, "(%rbx)", vmovups %xmm9, -15(%r10,%r11)
    access READ, 31, "(%rbx)", vaddps -31(%r10,%r11), %ymm2, %ymm1
    access WRITE, 31, "(%rbx)", vmovdqu %ymm1, -31(%r10,%r11)
.macro bulk pointer, limits, other
    sequence
    movq %r\pointer, %r10
    movl %r10d, %r11d
    movl %ecx, %ecx
    addq %rcx, %r11
    shrq $PORIN_CAPABILITY_SHIFT, %r10
    cmpq %gs:\limits(,%r10,8), %r11
    ja 71f
    movq %gs:PORIN_TB_CAPABILITY_BASE(,%r10,8), %r\pointer
    subq %rcx, %r11
    addq %r11, %r\pointer
    movl %e\other, %e\other
    addq %r14, %r\other
    rep movsb
    movl %e\other, %e\other
    xorl %e\pointer, %e\pointer
71: ud2
.endm
    bulk si, READ, di
    bulk di, WRITE, si
    sequence
    .section .data.rel.ro.sequence_table
    .quad 0
    .section .note.GNU-stack, "", @progbits

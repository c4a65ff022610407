/* SPDX-License-Identifier: Apache-2.0 */
/* Every sequence in every variant, for tests that flip its bits and execute what is still accepted. Each is followed by a trap.
 * Table: first byte of each, then where the last one ends, then 0. */
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
    sequence
    .section .data.rel.ro.sequence_table
    .quad 0
    .section .note.GNU-stack, "", @progbits

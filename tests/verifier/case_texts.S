/* SPDX-License-Identifier: Apache-2.0 */
/* Code that the verifier must accept, and code that it must refuse for exactly one reason at exactly one place (`mark`).
 * Each case is taken as a whole text at PORIN_IMAGE_BASE, with service gates and two import gates declared. Names begin with the rule. */

/* REASON_x as assembler symbols, numbered like the C enum */
.set reason_counter, 0
#define REASON(id, name, text) .set REASON_##id, reason_counter; .set reason_counter, reason_counter + 1;
#include "porin/reasons.def"
#undef REASON

    .section .data.rel.ro.case_table, "aw"
    .balign 8
    .globl case_table
case_table:
    .section .data.rel.ro.case_marks, "aw"
    .balign 8
    .globl case_marks
case_marks:
    .section .rodata.case_code, "a"
    .section .rodata.case_names, "a"

.macro case reason, name
    .section .rodata.case_names
77: .asciz "\name"
    .section .rodata.case_code
78:
    .section .data.rel.ro.case_table
    .quad 77b, 78b, REASON_\reason
    .section .rodata.case_code
.endm
.macro accept name
    case NONE, "\name"
.endm
.macro refuse reason, name
    case \reason, "\name"
.endm
.macro mark
79: .section .data.rel.ro.case_marks
    .quad 79b
    .section .rodata.case_code
.endm

/* sequences, whole */
.macro check_target trap
    movl (%r14,%r10), %r11d
    addl $0x05e1f00d, %r11d
    jne \trap
    addq %r14, %r10
.endm
.macro call_checked source
    movl \source, %r10d
    check_target 66f
    call *%r10
66:
.endm

/* A switch through a table at `table`, bytes from the text's start; what its steps are can be said otherwise. */
.macro switch table, mask="andl $1, %r10d", take="movl %eax, %r10d", find="leaq", base=%r14, scale=8, to=%r10, go="jmp *%r10"
    \take
    \mask
    \find 0x130000 + \table(\base,%r10,\scale), \to
    \go
.endm
.macro place target
    .byte 0xe9; .long \target - . - 4; .byte 0xcc, 0xcc, 0xcc
.endm

/* A capability access: limits, bytes of it less one, address of the pointer, where the check goes, the access. */
#include "layout.h"
#define READ PORIN_TB_CAPABILITY_READ
#define WRITE PORIN_TB_CAPABILITY_WRITE
.macro access limits, last, address, trap, instruction:vararg
    leaq \address, %r10
    movl %r10d, %r11d
    .if \last
    leaq \last(%r11), %r11
    .endif
    shrq $PORIN_CAPABILITY_SHIFT, %r10
    cmpq %gs:\limits(,%r10,8), %r11
    jae \trap
    movq %gs:PORIN_TB_CAPABILITY_BASE(,%r10,8), %r10
    \instruction
.endm

.macro bulk pointer, limits, other, trap=9f, instruction="rep movsb", hidden="xorl %esi, %esi"
    movq %r\pointer, %r10
    movl %r10d, %r11d
    movl %ecx, %ecx
    addq %rcx, %r11
    shrq $PORIN_CAPABILITY_SHIFT, %r10
    cmpq %gs:\limits(,%r10,8), %r11
    ja \trap
    movq %gs:PORIN_TB_CAPABILITY_BASE(,%r10,8), %r\pointer
    subq %rcx, %r11
    addq %r11, %r\pointer
    movl %e\other, %e\other
    addq %r14, %r\other
    \instruction
    movl %e\other, %e\other
    \hidden
.endm

/* ---- accepted ---- */
accept "V12 bulk copies"
    bulk si, READ, di
    bulk si, READ, di
    bulk di, WRITE, si, hidden="xorl %edi, %edi"
    bulk di, WRITE, si, hidden="xorl %edi, %edi"
9:  ud2
accept "V12 capability accesses"
    access READ, 0, "(%rbx)", 9f, movb (%r10,%r11), %al
    access READ, 0, "8(%rbx,%r12,4)", 9f, cmpb $3, (%r10,%r11)
    access WRITE, 0, "(%r11)", 9f, setne (%r10,%r11)
    access READ, 1, "(%r15)", 9f, movzwl -1(%r10,%r11), %r11d
    access WRITE, 1, "0x1234", 9f, movw $5, -1(%r10,%r11)
    access READ, 3, "(%rbx)", 9f, vaddss -3(%r10,%r11), %xmm1, %xmm2
    access WRITE, 3, "(%rbx)", 9f, lock cmpxchgl %ecx, -3(%r10,%r11)
    access WRITE, 3, "(%rbx)", 9f, movl -3(%r10,%r11), %ecx
    access READ, 7, "(%rbx)", 9f, fldl -7(%r10,%r11)
    access WRITE, 7, "(%rbx)", 9f, fstpl -7(%r10,%r11)
    access WRITE, 15, "(%rbx)", 9f, movups %xmm3, -15(%r10,%r11)
    access READ, 31, "(%rbx)", 9f, vmovdqu -31(%r10,%r11), %ymm0
    ret
9:  ud2
accept "V12 branch to the head, trap before the access"
9:  ud2
1:  access READ, 7, "(%rbx)", 9b, addq -7(%r10,%r11), %rax
    jmp 1b
accept "V7 capability gate"
    .byte 0xe8; .long 0x100800 - 0x130000 - 5
    ret
accept "V0 one ret"
    ret
accept "V0 traps end a text"
    int3
accept "V0 ud2 ends a text"
    ud2
accept "V0 jmp back ends a text"
1:  nop
    jmp 1b
accept "V1 REX.W on instructions without explicit registers"
    cqo
    cdqe
    cltq
    cwtl
    ret
accept "V1 lock on read-modify-write of memory"
    lock addl $1, (%r14,%r11)
    lock xaddq %rax, 8(%r14,%r15)
    lock cmpxchg16b (%r14,%r11)
    lock btsl $3, (%r14,%r11)
    lock incw (%r14,%r11)
    lock xaddw %ax, (%r14,%r11)
    ret
accept "V2 labels"
    endbr64
    ret
    endbr64
    ret
accept "V3 memory operands"
    movq (%r14,%r11), %rax
    movq %rax, -8(%r14,%r15)
    movq 0x7fffffff(%r14,%r11), %rax
    movq -0x80000000(%r14,%r11), %rax
    movups 0x1000(%rip), %xmm0
    movb $1, 0x1000(%rip)
    vmovups (%r14,%r15), %ymm1
    vmovups 64(%r14,%r15), %zmm31
    addl $1, (%r14,%r15)
    movl (%r14), %eax
    movl 0x7fffffff(%r14), %eax
    .byte 0x41, 0x8b, 0x04, 0x26 /* the same with a SIB byte */
    ret
accept "V3 lea reads ordinary registers, r11 and r15"
    leaq (%rax,%rbx,8), %rcx
    leaq 8(%r15), %rax
    leal (%r11,%r15,4), %r11d
    leal -64(%r15), %r15d
    leaq 0(,%rcx,4), %rdx
    leaw 3(%rbp,%r13,2), %bx
    leaq 0x10, %rdx
    ret
accept "V3 rip-relative lea with 32 bits"
    leal 0x100(%rip), %eax
    leal 0x100(%rip), %r11d
    ret
accept "V3 bt with a register index on registers"
    btq %rax, %rbx
    btl %ecx, %r15d
    btsw %cx, %ax
    ret
accept "V3 bt with a constant index on memory"
    btl $3, (%r14,%r11)
    ret
accept "V4 r11 and r15 written by the eight 32-bit operations"
    movl %eax, %r11d
    movl (%r14,%r15), %r11d
    movl $5, %r15d
    leal (%rax,%rbx), %r15d
    addl %eax, %r11d
    subl $8, %r15d
    andl $-64, %r15d
    orl (%r14,%r15), %r11d
    xorl %r11d, %r11d
    movzbl %al, %r11d
    movzwl (%r14,%r15), %r15d
    .byte 0x44, 0x03, 0xd8 /* add %eax, %r11d, the other encoding */
    ret
accept "V5 r11 and r15 are read by anything"
    movq %r15, %rax
    addq %r11, %rbx
    movb %r11b, %al
    cmpw %r15w, %ax
    imulq %r15, %rax
    movd %r11d, %xmm0
    ret
accept "V5 8-bit registers ah ch dh bh are no stack pointer"
    movb %ah, %al
    addb %bh, %ch
    sete %dh
    ret
accept "V6 thread pointer"
    movq %gs:0, %rax
    movq %gs:8, %r13
    movl %gs:0, %r11d
    ret
accept "V7 direct branches and gates"
    .byte 0xe8; .long 0x100000 - 0x130000 - 5
    .byte 0xe8; .long 0x100600 - 0x130000 - 10
    .byte 0xe9; .long 0x110000 - 0x130000 - 15
    .byte 0x0f, 0x84; .long 0x110200 - 0x130000 - 21
    jne 1f
    .byte 0x0f, 0x85; .long 0
1:  ret
accept "V8 indirect jump"
    endbr64
    movl %eax, %r10d
    check_target 1f
    jmp *%r10
1:  ud2
accept "V8 indirect call from memory, r11 and r15 as source"
    movl 8(%r14,%r11), %r10d
    check_target 1f
    call *%r10
    movl 8(%rip), %r10d
    check_target 1f
    call *%r10
    call_checked %r11d
    call_checked %r15d
    ret
1:  ud2
accept "V8 branch to the head of a sequence"
1:  movl %eax, %r10d
    check_target 1b
    jmp *%r10
accept "V8 switches: two share a table, one has a single place, one goes to a gate"
    switch 3f-78b
    switch 3f-78b, take="movl %r11d, %r10d", mask=".byte 0x41, 0x81, 0xe2, 1, 0, 0, 0"
    switch 3f-78b+8, mask="andl $0, %r10d"
    switch -0x30000, mask="andl $0, %r10d"
3:  place 4f
    place 78b
4:  ret
accept "V8 the largest switch"
    switch 3f-78b, mask="andl $255, %r10d"
3:  .skip 8 * 256, 0xcc
accept "V10 string instructions"
.irp op, movsb, movsw, movsl, movsq, "rep movsb", "rep movsq", cmpsb, "repz cmpsb", "repnz cmpsw"
    movl %edi, %r10d
    leaq (%r14,%r10), %rdi
    movl %esi, %r10d
    leaq (%r14,%r10), %rsi
    \op
    movl %edi, %edi
    movl %esi, %esi
.endr
.irp op, stosb, "rep stosq", scasb, "repz scasw", "repnz scasb"
    movl %edi, %r10d
    leaq (%r14,%r10), %rdi
    \op
    movl %edi, %edi
.endr
.irp op, lodsb, "rep lodsq"
    movl %esi, %r10d
    leaq (%r14,%r10), %rsi
    \op
    movl %esi, %esi
.endr
    ret
accept "V11 x87 without control words"
    fldt (%r14,%r11)
    fildl (%r14,%r11)
    fisttpll (%r14,%r15)
    fucomi %st(1), %st
    fnstsw %ax
    faddp
    fstp %st(0)
    fstpt (%r14,%r15)
    ret
accept "padding as the assembler writes it"
.irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    .nops \n
.endr
    xchg %ax, %ax
    ret
accept "AVX-512 with masks, zeroing, broadcast, rounding and suppressed exceptions"
    vaddps (%r14,%r15){1to16}, %zmm20, %zmm30{%k3}{z}
    vaddpd {rz-sae}, %zmm1, %zmm2, %zmm3{%k1}
    vcmpps $0, {sae}, %zmm1, %zmm2, %k1{%k7}
    vmovdqu8 %zmm1, (%r14,%r11){%k1}
    vaddss {ru-sae}, %xmm1, %xmm2, %xmm3
    kmovq %k1, %rax
    kortestw %k0, %k7
    ret

/* ---- refused: what is not understood ---- */
refuse TRUNCATED, "V0 an instruction is cut off"
    nop
    mark
    .byte 0x48, 0x8b
refuse TRUNCATED, "V0 a prefix alone"
    mark
    .byte 0x66
refuse TRUNCATED, "V0 immediate cut off"
    mark
    .byte 0xb8, 1, 2, 3
refuse TRUNCATED, "V0 EVEX cut off"
    mark
    .byte 0x62, 0xf1, 0x7c
refuse TEXT_END, "V0 control runs off the end"
    ret
    mark
    nop
refuse TEXT_END, "V0 a call is no end"
    call 1f
    .byte 0xe8
    .long -10
1:  mark
    nopl (%rax)
refuse TEXT_END, "V0 a conditional branch is no end"
    jne 1f
1:  mark
    jne 1b
refuse OPCODE, "V1 XOP"
    mark
    .byte 0x8f, 0xe9, 0x78, 0x81, 0xc0
    ret
refuse OPCODE, "V1 3DNow!"
    mark
    .byte 0x0f, 0x0f, 0xc1, 0x9e
    ret
refuse OPCODE, "V1 REX2 of APX"
    mark
    .byte 0xd5, 0x48, 0x8b, 0xc1
    ret
refuse VECTOR_PREFIX, "V1 APX bit B4 in EVEX"
    mark
    .byte 0x62, 0xf9, 0x7c, 0x48, 0x58, 0xc0
    ret
refuse VECTOR_PREFIX, "V1 APX bit X4 in EVEX"
    mark
    .byte 0x62, 0xf1, 0x78, 0x48, 0x58, 0xc0
    ret
refuse VECTOR_PREFIX, "V1 EVEX map 4 of APX"
    mark
    .byte 0x62, 0xf4, 0x7c, 0x08, 0x01, 0xc0
    ret
refuse VECTOR_PREFIX, "V1 EVEX with a reserved length"
    mark
    .byte 0x62, 0xf1, 0x7c, 0x68, 0x58, 0xc0
    ret
refuse VECTOR_PREFIX, "V1 EVEX zeroing without a mask"
    mark
    .byte 0x62, 0xf1, 0x7c, 0xc8, 0x58, 0xc0
    ret
refuse VECTOR_PREFIX, "V1 EVEX zeroing of memory"
    mark
    .byte 0x62, 0x91, 0x7c, 0xc9, 0x11, 0x04, 0x3e
    ret
refuse VECTOR_PREFIX, "V1 EVEX mask where none is taken"
    mark
    .byte 0x62, 0xf1, 0x7d, 0x49, 0xe7, 0x04, 0x3e
    ret
refuse VECTOR_PREFIX, "V1 EVEX broadcast of bytes"
    mark
    .byte 0x62, 0x91, 0x7d, 0x58, 0xfc, 0x04, 0x3e
    ret
refuse OPCODE, "V1 EVEX rounding where none is taken"
    mark
    .byte 0x62, 0xf1, 0x7d, 0x58, 0xfc, 0xc0
    ret
refuse VECTOR_PREFIX, "V1 suppressed exceptions with a rounding mode"
    mark
    .byte 0x62, 0xf1, 0x7c, 0x38, 0x5f, 0xc0
    ret
refuse VECTOR_PREFIX, "V1 VEX.vvvv where none is taken"
    mark
    .byte 0xc5, 0xf0, 0x28, 0xc0
    ret
refuse VECTOR_PREFIX, "V1 VEX map 0"
    mark
    .byte 0xc4, 0xe0, 0x78, 0x28, 0xc0
    ret
refuse OPCODE, "V1 VEX scalar with 256 bits"
    mark
    .byte 0xc5, 0xfe, 0x58, 0xc0
    ret

/* ---- V1: prefixes ---- */
refuse PREFIX_FORBIDDEN, "V1 67 (hole 3)"
    mark
    .byte 0x67, 0x43, 0x8b, 0x04, 0x1e
    ret
refuse PREFIX_FORBIDDEN, "V1 rip-relative with 67"
    mark
    .byte 0x67, 0x8b, 0x05, 0, 0, 0, 0
    ret
refuse PREFIX_FORBIDDEN, "V1 fs"
    mark
    movq %fs:0, %rax
    ret
refuse PREFIX_FORBIDDEN, "V1 cs before a branch"
    mark
    .byte 0x2e, 0x75, 0
    ret
refuse PREFIX_FORBIDDEN, "V1 ds before a call (notrack)"
    mark
    .byte 0x3e, 0xff, 0xd0
    ret
refuse PREFIX_FORBIDDEN, "V1 es"
    mark
    .byte 0x26, 0x8b, 0xc0
    ret
refuse PREFIX_FORBIDDEN, "V1 ss"
    mark
    .byte 0x36, 0x8b, 0xc0
    ret
refuse PREFIX_FORBIDDEN, "V1 67 behind 66"
    mark
    .byte 0x66, 0x67, 0x8b, 0xc0
    ret
refuse PREFIX_ORDER, "V1 66 twice"
    mark
    .byte 0x66, 0x66, 0x01, 0xc0
    ret
refuse PREFIX_ORDER, "V1 longer padding than the assembler writes"
    mark
    .byte 0x66, 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0
    ret
refuse PREFIX_ORDER, "V1 REX twice"
    mark
    .byte 0x48, 0x48, 0x01, 0xc0
    ret
refuse PREFIX_ORDER, "V1 66 behind REX (which cancels it)"
    mark
    .byte 0x48, 0x66, 0x01, 0xc0
    ret
refuse PREFIX_ORDER, "V1 f2 and f3"
    mark
    .byte 0xf2, 0xf3, 0x0f, 0x58, 0xc0
    ret
refuse PREFIX_ORDER, "V1 gs behind REX"
    mark
    .byte 0x48, 0x65, 0x8b, 0x04, 0x25, 0, 0, 0, 0
    ret
refuse PREFIX_ORDER, "V1 lock and rep"
    mark
    .byte 0xf0, 0xf3, 0x01, 0xc0
    ret
refuse PREFIX, "V1 rep where it means nothing"
    mark
    .byte 0xf3, 0x01, 0xc0
    ret
refuse PREFIX, "V1 REX.W where it means nothing"
    mark
    .byte 0x48, 0x0f, 0x58, 0xc0
    ret
refuse PREFIX, "V1 66 before a byte operation"
    mark
    .byte 0x66, 0x00, 0xc0
    ret
refuse PREFIX, "V1 REX on pause"
    mark
    .byte 0xf3, 0x41, 0x90
    ret
refuse PREFIX, "V1 REX on a trap"
    mark
    .byte 0x48, 0x0f, 0x0b
    ret
refuse RESERVED_REGISTER, "V1 REX.B makes nop an exchange"
    nop
    .byte 0x41, 0x90
    mark
    .byte 0x41, 0x92
    ret
refuse PREFIX, "V1 66 before VEX"
    mark
    .byte 0x66, 0xc5, 0xf8, 0x58, 0xc0
    ret
refuse PREFIX, "V1 REX before EVEX"
    mark
    .byte 0x48, 0x62, 0xf1, 0x7c, 0x48, 0x58, 0xc0
    ret
refuse PREFIX, "V1 gs before VEX"
    mark
    .byte 0x65, 0xc5, 0xf8, 0x28, 0x04, 0x25, 0, 0, 0, 0
    ret
refuse LOCK, "V1 lock with a register destination"
    mark
    .byte 0xf0, 0x01, 0xc0
    ret
refuse LOCK, "V1 lock on a load"
    mark
    .byte 0xf0, 0x47, 0x03, 0x04, 0x3e
    ret
refuse LOCK, "V1 lock on mov (xacquire has none without it)"
    mark
    .byte 0xf0, 0x43, 0x89, 0x04, 0x3e
    ret
refuse PREFIX_ORDER, "V1 xacquire"
    mark
    .byte 0xf2, 0xf0, 0x43, 0x01, 0x04, 0x3e
    ret

/* ---- V2: label bytes ---- */
refuse LABEL_BYTES, "V2 in an immediate"
    mark
    movl $0xfa1e0ff3, %eax
    ret
refuse LABEL_BYTES, "V2 in a displacement"
    nop
    mark
    movl 0xfa1e0ff3-0x100000000(%r14,%r15), %eax
    ret
refuse LABEL_BYTES, "V2 in a 64-bit immediate, unaligned"
    mark
    movabsq $0x0000fa1e0ff30000, %rax
    ret
refuse LABEL_BYTES, "V2 in a rip-relative displacement"
    mark
    .byte 0x8b, 0x05
    .long 0xfa1e0ff3
    ret
refuse LABEL_BYTES, "V2 in an immediate at the very end"
    jmp .
    mark
    movl $0xfa1e0ff3, %eax
1:  jmp 1b
refuse LABEL_BYTES, "V2 in the head of a sequence"
    nop
    mark
    movl 0xfa1e0ff3-0x100000000(%r14,%r15), %r10d
    check_target 1f
    jmp *%r10
1:  ud2
refuse PREFIX, "V2 a label with a prefix"
    mark
    .byte 0x66, 0xf3, 0x0f, 0x1e, 0xfa
    ret
refuse OPERAND_FORM, "V2 endbr32 is none"
    mark
    .byte 0xf3, 0x0f, 0x1e, 0xfb
    ret

/* ---- V3: memory ---- */
refuse MEMORY_BASE, "V3 absolute pointer in a register"
    mark
    movq (%rax), %rax
    ret
refuse MEMORY_BASE, "V3 rsp"
    mark
    movq 8(%rsp), %rax
    ret
refuse MEMORY_BASE, "V3 r11 alone"
    mark
    movq (%r11), %rax
    ret
refuse MEMORY_BASE, "V3 absolute disp32"
    mark
    movq 0x1000, %rax
    ret
refuse MEMORY_BASE, "V3 r6 code without REX.B is rsi"
    mark
    .byte 0x42, 0x8b, 0x04, 0x3e
    ret
refuse MEMORY_SCALE, "V3 a scale without index"
    mark
    .byte 0x41, 0x8b, 0x04, 0x66
    ret
refuse MEMORY_INDEX, "V3 index rax (64-bit register)"
    mark
    movq (%r14,%rax), %rax
    ret
refuse MEMORY_INDEX, "V3 index code 4 with REX.X is r12"
    mark
    movq (%r14,%r12), %rax
    ret
refuse MEMORY_INDEX, "V3 index rdi: REX.X missing"
    mark
    movq (%r14,%rdi), %rax
    ret
refuse MEMORY_INDEX, "V3 r10 outside sequences"
    mark
    movl (%r14,%r10), %eax
    ret
refuse MEMORY_SCALE, "V3 scale 2"
    mark
    movq (%r14,%r11,2), %rax
    ret
refuse MEMORY_SCALE, "V3 scale 8, store"
    mark
    movq %rax, (%r14,%r15,8)
    ret
refuse MEMORY_BASE, "V3 swapped base and index"
    mark
    movq (%r11,%r14), %rax
    ret
refuse MEMORY_BASE, "V3 vector load"
    mark
    vmovups (%rdi), %ymm0
    ret
refuse MEMORY_INDEX, "V3 EVEX load, index r27 does not exist"
    mark
    vmovups (%r14,%rax), %zmm0
    ret
refuse MEMORY_BASE, "V3 x87 load"
    mark
    fldt (%rsp)
    ret
refuse MEMORY_BASE, "V3 prefetch"
    mark
    prefetcht0 (%rax)
    ret
refuse OPCODE, "V3 moffs"
    mark
    movabs 0x1122334455667788, %eax
    ret
refuse OPERAND_FORM, "V3 bt with a register index on memory (hole 1)"
    mark
    btl %eax, (%r14,%r11)
    ret
refuse OPERAND_FORM, "V3 bts with a register index on memory"
    mark
    btsq %rax, (%r14,%r11)
    ret
refuse OPERAND_FORM, "V3 locked btc with a register index on memory"
    mark
    lock btcq %rax, (%r14,%r11)
    ret
refuse OPERAND_FORM, "V3 btr with a register index on memory"
    mark
    btrw %ax, (%r14,%r15)
    ret
refuse LEA_REGISTER, "V3 lea reads rsp"
    mark
    leaq 8(%rsp), %rax
    ret
refuse LEA_REGISTER, "V3 lea reads r14"
    mark
    leaq (%r14,%r11), %rax
    ret
refuse LEA_REGISTER, "V3 lea reads r10"
    mark
    leaq (%r10), %rax
    ret
refuse LEA_REGISTER, "V3 lea index r14"
    mark
    leal (%rax,%r14,2), %eax
    ret
refuse LEA_REGISTER, "V3 lea index r10"
    mark
    leal 0(,%r10,2), %eax
    ret
refuse LEA_RIP, "V3 lea shows the slot's address"
    mark
    leaq 0(%rip), %rax
    ret
refuse LEA_RIP, "V3 16-bit rip-relative lea"
    mark
    leaw 0(%rip), %ax
    ret
refuse OPERAND_FORM, "V3 lea with a register"
    mark
    .byte 0x8d, 0xc0
    ret

/* ---- V4, V5: registers ---- */
refuse RESERVED_REGISTER, "V4 rsp written"
    mark
    movq %rax, %rsp
    ret
refuse RESERVED_REGISTER, "V4 rsp adjusted"
    mark
    subq $8, %rsp
    ret
refuse RESERVED_REGISTER, "V4 spl written"
    mark
    movb %al, %spl
    ret
refuse RESERVED_REGISTER, "V4 esp written by lea"
    mark
    leal 8(%rax), %esp
    ret
refuse RESERVED_REGISTER, "V4 r14 written"
    mark
    movq %rax, %r14
    ret
refuse RESERVED_REGISTER, "V4 r14 conditionally written"
    mark
    cmovneq %rax, %r14
    ret
refuse RESERVED_REGISTER, "V4 r14b written by setcc"
    mark
    sete %r14b
    ret
refuse RESERVED_REGISTER, "V4 r10 written"
    mark
    movq %rax, %r10
    ret
refuse RESERVED_REGISTER, "V4 r10 by immediate"
    mark
    movl $5, %r10d
    ret
refuse RESERVED_REGISTER, "V4 r10 by 32-bit load of another form"
    mark
    movzwl (%r14,%r11), %r10d
    ret
refuse SCRATCH_WRITE, "V4 r11 written with 64 bits"
    mark
    movq %rax, %r11
    ret
refuse SCRATCH_WRITE, "V4 r11 written with 16 bits (hole 7)"
    mark
    movw %ax, %r11w
    ret
refuse SCRATCH_WRITE, "V4 r11 written with 8 bits"
    mark
    movb %al, %r11b
    ret
refuse SCRATCH_WRITE, "V4 16-bit lea into r11 (hole 4)"
    mark
    leaw (%rax), %r11w
    ret
refuse SCRATCH_WRITE, "V4 64-bit lea into r15"
    mark
    leaq 8(%r15), %r15
    ret
refuse SCRATCH_WRITE, "V4 64-bit add to r15"
    mark
    addq $8, %r15
    ret
refuse SCRATCH_WRITE, "V4 popcnt (hole 7)"
    mark
    popcntl %eax, %r11d
    ret
refuse SCRATCH_WRITE, "V4 bsf does not always write"
    mark
    bsfl %eax, %r11d
    ret
refuse SCRATCH_WRITE, "V4 cmov does not always write"
    mark
    cmovel %eax, %r11d
    ret
refuse SCRATCH_WRITE, "V4 sign extension"
    mark
    movslq %eax, %r11
    ret
refuse SCRATCH_WRITE, "V4 movsx"
    mark
    movsbl %al, %r15d
    ret
refuse SCRATCH_WRITE, "V4 inc"
    mark
    incl %r11d
    ret
refuse SCRATCH_WRITE, "V4 neg"
    mark
    negl %r11d
    ret
refuse SCRATCH_WRITE, "V4 shl"
    mark
    shll $3, %r11d
    ret
refuse SCRATCH_WRITE, "V4 shld"
    mark
    shldl $3, %eax, %r11d
    ret
refuse SCRATCH_WRITE, "V4 imul"
    mark
    imull %eax, %r11d
    ret
refuse SCRATCH_WRITE, "V4 bswap"
    mark
    bswapl %r11d
    ret
refuse SCRATCH_WRITE, "V4 adc"
    mark
    adcl %eax, %r11d
    ret
refuse SCRATCH_WRITE, "V4 sbb to r15"
    mark
    sbbl %r15d, %r15d
    ret
refuse SCRATCH_WRITE, "V4 not a plain test: xadd writes its source (hole 6)"
    mark
    xaddl %r11d, %eax
    ret
refuse SCRATCH_WRITE, "V4 xadd writes its destination"
    mark
    xaddl %eax, %r11d
    ret
refuse SCRATCH_WRITE, "V4 xadd with memory writes its source"
    mark
    lock xaddl %r15d, (%r14,%r11)
    ret
refuse SCRATCH_WRITE, "V4 xchg writes both (hole 6)"
    mark
    xchgl %eax, %r11d
    ret
refuse SCRATCH_WRITE, "V4 xchg with memory"
    mark
    xchgq %r11, (%r14,%r15)
    ret
refuse SCRATCH_WRITE, "V4 short xchg with rax"
    mark
    .byte 0x41, 0x93
    ret
refuse SCRATCH_WRITE, "V4 cmpxchg does not always write"
    mark
    cmpxchgl %eax, %r11d
    ret
refuse SCRATCH_WRITE, "V4 mulx low result (hole 6)"
    mark
    mulxl %eax, %r11d, %ebx
    ret
refuse SCRATCH_WRITE, "V4 mulx high result"
    mark
    mulxl %eax, %ebx, %r15d
    ret
refuse SCRATCH_WRITE, "V4 blsr writes VEX.vvvv"
    mark
    blsrl %eax, %r11d
    ret
refuse SCRATCH_WRITE, "V4 movd from a vector register"
    mark
    movd %xmm0, %r11d
    ret
refuse SCRATCH_WRITE, "V4 pextrw"
    mark
    pextrw $0, %xmm0, %r11d
    ret
refuse SCRATCH_WRITE, "V4 movmskps"
    mark
    movmskps %xmm0, %r11d
    ret
refuse SCRATCH_WRITE, "V4 conversion"
    mark
    cvttsd2si %xmm0, %r11d
    ret
refuse SCRATCH_WRITE, "V4 kmov"
    mark
    kmovd %k1, %r11d
    ret
refuse SCRATCH_WRITE, "V4 gs load of 64 bits into r11"
    mark
    movq %gs:0, %r11
    ret
refuse RESERVED_REGISTER, "V5 rsp read"
    mark
    movq %rsp, %rax
    ret
refuse RESERVED_REGISTER, "V5 sp read"
    mark
    cmpw %sp, %ax
    ret
refuse RESERVED_REGISTER, "V5 spl read"
    mark
    movb %spl, %al
    ret
refuse RESERVED_REGISTER, "V5 r10 read"
    mark
    movq %r10, %rax
    ret
refuse RESERVED_REGISTER, "V5 r10b read"
    mark
    testb %r10b, %r10b
    ret
refuse RESERVED_REGISTER, "V5 r14 read"
    mark
    movq %r14, (%r14,%r11)
    ret
refuse RESERVED_REGISTER, "V5 r14 in andn"
    mark
    andnq %rax, %r14, %rax
    ret
refuse RESERVED_REGISTER, "V5 rsp into a vector register"
    mark
    movq %rsp, %xmm0
    ret
refuse RESERVED_REGISTER, "V5 r14 into a vector register, EVEX"
    mark
    vpbroadcastq %r14, %zmm0
    ret
refuse RESERVED_REGISTER, "V5 r10 as shift count of sarx"
    mark
    sarxq %r10, %rax, %rax
    ret
refuse RESERVED_REGISTER, "V5 compare with r14"
    mark
    cmpq %r14, %rax
    ret
refuse VECTOR_PREFIX, "V5 EVEX.X with a general register"
    mark
    .byte 0x62, 0xb2, 0xfd, 0x48, 0x7c, 0xc0
    ret
refuse VECTOR_PREFIX, "mask register with VEX.R"
    mark
    .byte 0xc5, 0x78, 0x92, 0xc0
    ret
refuse VECTOR_PREFIX, "mask register k8 in vvvv"
    mark
    .byte 0xc5, 0xbc, 0x41, 0xc0
    ret

/* ---- V6: thread block ---- */
refuse THREAD_BLOCK, "V6 store"
    mark
    movq %rax, %gs:0
    ret
refuse THREAD_BLOCK, "V6 beyond the readable words"
    mark
    movq %gs:0x10, %rax
    ret
refuse THREAD_BLOCK, "V6 negative displacement"
    mark
    movq %gs:-8, %rax
    ret
refuse THREAD_BLOCK, "V6 unaligned"
    mark
    movq %gs:4, %rax
    ret
refuse THREAD_BLOCK, "V6 with a base"
    mark
    movq %gs:(%rax), %rax
    ret
refuse THREAD_BLOCK, "V6 with slot base and offset"
    mark
    movq %gs:(%r14,%r11), %rax
    ret
refuse THREAD_BLOCK, "V6 with an index (REX.X turns none into r12)"
    mark
    .byte 0x65, 0x4a, 0x8b, 0x04, 0x25, 0, 0, 0, 0
    ret
refuse THREAD_BLOCK, "V6 rip-relative"
    mark
    movq %gs:0(%rip), %rax
    ret
refuse THREAD_BLOCK, "V6 32 bits into another register than r11d"
    mark
    movl %gs:0, %eax
    ret
refuse THREAD_BLOCK, "V6 32 bits into r15d"
    mark
    movl %gs:0, %r15d
    ret
refuse THREAD_BLOCK, "V6 16 bits"
    mark
    movw %gs:0, %ax
    ret
refuse THREAD_BLOCK, "V6 another instruction than mov"
    mark
    addq %gs:0, %rax
    ret
refuse THREAD_BLOCK, "V6 gs before a register form"
    mark
    .byte 0x65, 0x48, 0x8b, 0xc0
    ret
refuse THREAD_BLOCK, "V6 gs before a branch"
    mark
    .byte 0x65, 0x75, 0
    ret
refuse THREAD_BLOCK, "V6 meaningless REX.B"
    mark
    .byte 0x65, 0x49, 0x8b, 0x04, 0x25, 0, 0, 0, 0
    ret
refuse RESERVED_REGISTER, "V6 into r10"
    mark
    movq %gs:0, %r10
    ret
refuse RESERVED_REGISTER, "V6 into rsp"
    mark
    movq %gs:0, %rsp
    ret

/* ---- V7: direct branches ---- */
refuse PREFIX, "V7 66 before jmp (16-bit ip on AMD, attack 2)"
    mark
    .byte 0x66, 0xe9, 0, 0, 0, 0
    ret
refuse PREFIX, "V7 66 before jcc"
    mark
    .byte 0x66, 0x0f, 0x84, 0, 0, 0, 0
    ret
refuse PREFIX, "V7 66 before call"
    mark
    .byte 0x66, 0xe8, 0, 0, 0, 0
    ret
refuse PREFIX, "V7 bnd before jmp"
    mark
    .byte 0xf2, 0xeb, 0
    ret
refuse PREFIX, "V7 REX before call"
    mark
    .byte 0x48, 0xe8, 0, 0, 0, 0
    ret
refuse BRANCH_OUTSIDE, "V7 before the text (hole 5)"
    mark
    .byte 0xeb, 0xfd - 1
    ret
refuse BRANCH_OUTSIDE, "V7 right behind the text"
    nop
    mark
    .byte 0xeb, 1
    ret
refuse BRANCH_OUTSIDE, "V7 far away"
    mark
    .byte 0xe9, 0, 0, 0, 0x7f
    ret
refuse BRANCH_OUTSIDE, "V7 one byte into a gate"
    mark
    .byte 0xe8; .long 0x100001 - 0x130000 - 5
    ret
refuse BRANCH_OUTSIDE, "V7 behind the last service gate"
    mark
    .byte 0xe8; .long 0x100a00 - 0x130000 - 5
    ret
refuse BRANCH_OUTSIDE, "V7 before the first service gate"
    mark
    .byte 0xe8; .long 0xffe00 - 0x130000 - 5
    ret
refuse BRANCH_OUTSIDE, "V7 an undeclared import gate"
    mark
    .byte 0xe8; .long 0x110400 - 0x130000 - 5
    ret
refuse BRANCH_OUTSIDE, "V7 jne of a sequence leaves the text"
    mark
    movl %eax, %r10d
    movl (%r14,%r10), %r11d
    addl $0x05e1f00d, %r11d
    .byte 0x0f, 0x85; .long 0x1000
    addq %r14, %r10
    jmp *%r10
refuse BRANCH_INSIDE, "V7 into an instruction"
    mark
    jmp 1f + 1
1:  movl $0x90909090, %eax
    ret
refuse BRANCH_INSIDE, "V7 backwards into an instruction"
    nop
1:  movl $0x90909090, %eax
    call 2f
2:
    mark
    jne 1b + 2
    ret
refuse BRANCH_INSIDE, "V7 into a sequence, behind the check"
    movl %eax, %r10d
    check_target 2f
1:  jmp *%r10
2:
    mark
    jmp 1b
refuse BRANCH_INSIDE, "V7 into a sequence, second step"
    mark
    call 1f
    movl %eax, %r10d
1:  check_target 2f
    jmp *%r10
2:  ud2
refuse BRANCH_INSIDE, "V7 into a string sequence"
    mark
    jmp 1f
    movl %edi, %r10d
    leaq (%r14,%r10), %rdi
1:  stosb
    movl %edi, %edi
    ret
refuse BRANCH_INSIDE, "V7 jne of a sequence into itself"
    mark
    movl %eax, %r10d
    movl (%r14,%r10), %r11d
    addl $0x05e1f00d, %r11d
    jne 1f
1:  addq %r14, %r10
    jmp *%r10
refuse BRANCH_INSIDE, "V7 into padding"
    mark
    jmp 1f + 1
1:  .byte 0x0f, 0x1f, 0x40, 0x00
    ret

/* ---- V8: indirect branches ---- */
refuse SEQUENCE_ONLY, "V8 bare indirect jump"
    mark
    jmp *%rax
refuse SEQUENCE_ONLY, "V8 bare indirect call"
    mark
    call *%rax
    ret
refuse RESERVED_REGISTER, "V8 bare jump through r10"
    mark
    jmp *%r10
refuse OPERAND_FORM, "V8 jump through memory"
    mark
    jmp *(%r14,%r11)
refuse OPERAND_FORM, "V8 call through memory"
    mark
    call *8(%rip)
    ret
refuse OPERAND_FORM, "V8 16-bit indirect jump (attack 2)"
    mark
    .byte 0x66, 0xff, 0xe0
    ret
refuse OPERAND_FORM, "V8 far jump"
    mark
    .byte 0xff, 0x2d, 0, 0, 0, 0
    ret
refuse OPERAND_FORM, "V8 far call"
    mark
    .byte 0xff, 0x18
    ret
refuse SEQUENCE, "V8 head alone"
    mark
    movl %eax, %r10d
    ret
refuse SEQUENCE, "V8 head at the end of the text"
    ret
    mark
    movl %eax, %r10d
refuse SEQUENCE, "V8 a sequence cut off inside a branch distance"
    mark
    movl %eax, %r10d
    movl (%r14,%r10), %r11d
    addl $0x05e1f00d, %r11d
    .byte 0x0f, 0x85, 0
refuse SEQUENCE, "V8 64-bit load of the label"
    mark
    movl %eax, %r10d
    movq (%r14,%r10), %r11
    addl $0x05e1f00d, %r11d
    jne 1f
    addq %r14, %r10
    jmp *%r10
1:  ud2
refuse SEQUENCE, "V8 label loaded from elsewhere"
    mark
    movl %eax, %r10d
    movl (%r14,%r11), %r11d
    addl $0x05e1f00d, %r11d
    jne 1f
    addq %r14, %r10
    jmp *%r10
1:  ud2
refuse SEQUENCE, "V8 label loaded with a displacement"
    mark
    movl %eax, %r10d
    movl 4(%r14,%r10), %r11d
    addl $0x05e1f00d, %r11d
    jne 1f
    addq %r14, %r10
    jmp *%r10
1:  ud2
refuse SEQUENCE, "V8 label loaded with a scale"
    mark
    movl %eax, %r10d
    movl (%r14,%r10,2), %r11d
    addl $0x05e1f00d, %r11d
    jne 1f
    addq %r14, %r10
    jmp *%r10
1:  ud2
refuse SEQUENCE, "V8 wrong constant"
    mark
    movl %eax, %r10d
    movl (%r14,%r10), %r11d
    addl $0x05e1f00e, %r11d
    jne 1f
    addq %r14, %r10
    jmp *%r10
1:  ud2
refuse SEQUENCE, "V8 constant added to another register"
    mark
    movl %eax, %r10d
    movl (%r14,%r10), %r11d
    addl $0x05e1f00d, %ebx
    jne 1f
    addq %r14, %r10
    jmp *%r10
1:  ud2
refuse SEQUENCE, "V8 sub instead of add"
    mark
    movl %eax, %r10d
    movl (%r14,%r10), %r11d
    subl $0x05e1f00d, %r11d
    jne 1f
    addq %r14, %r10
    jmp *%r10
1:  ud2
refuse SEQUENCE, "V8 wrong condition"
    mark
    movl %eax, %r10d
    movl (%r14,%r10), %r11d
    addl $0x05e1f00d, %r11d
    je 1f
    addq %r14, %r10
    jmp *%r10
1:  ud2
refuse SEQUENCE, "V8 check left out"
    mark
    movl %eax, %r10d
    movl (%r14,%r10), %r11d
    addq %r14, %r10
    jmp *%r10
refuse SEQUENCE, "V8 32-bit rebase"
    mark
    movl %eax, %r10d
    movl (%r14,%r10), %r11d
    addl $0x05e1f00d, %r11d
    jne 1f
    addl %r14d, %r10d
    jmp *%r10
1:  ud2
refuse SEQUENCE, "V8 rebased with another register"
    mark
    movl %eax, %r10d
    movl (%r14,%r10), %r11d
    addl $0x05e1f00d, %r11d
    jne 1f
    addq %r13, %r10
    jmp *%r10
1:  ud2
refuse SEQUENCE, "V8 jump through another register"
    mark
    movl %eax, %r10d
    movl (%r14,%r10), %r11d
    addl $0x05e1f00d, %r11d
    jne 1f
    addq %r14, %r10
    jmp *%rax
1:  ud2
refuse SEQUENCE, "V8 16-bit jump at the end"
    mark
    movl %eax, %r10d
    movl (%r14,%r10), %r11d
    addl $0x05e1f00d, %r11d
    jne 1f
    addq %r14, %r10
    .byte 0x66, 0x41, 0xff, 0xe2
1:  ud2
refuse SEQUENCE, "V8 notrack jump at the end"
    mark
    movl %eax, %r10d
    movl (%r14,%r10), %r11d
    addl $0x05e1f00d, %r11d
    jne 1f
    addq %r14, %r10
    .byte 0x3e, 0x41, 0xff, 0xe2
1:  ud2
refuse MEMORY_BASE, "V8 head's memory operand unchecked (hole 2)"
    mark
    movl (%rax), %r10d
    check_target 1f
    jmp *%r10
1:  ud2
refuse MEMORY_INDEX, "V8 head's memory operand through r10"
    mark
    movl (%r14,%r10), %r10d
    check_target 1f
    jmp *%r10
1:  ud2
refuse SEQUENCE, "V8 head with 67 and a load (hole 3)"
    mark
    .byte 0x41, 0x89, 0xc2
    .byte 0x67, 0x47, 0x8b, 0x1c, 0x16
    addl $0x05e1f00d, %r11d
    jne 1f
    addq %r14, %r10
    jmp *%r10
1:  ud2
refuse SEQUENCE, "V8 gs in a step"
    mark
    movl %eax, %r10d
    movl %gs:(%r14,%r10), %r11d
    addl $0x05e1f00d, %r11d
    jne 1f
    addq %r14, %r10
    jmp *%r10
1:  ud2
refuse RESERVED_REGISTER, "V8 head with 64 bits"
    mark
    movq %rax, %r10
    check_target 1f
    jmp *%r10
1:  ud2
refuse RESERVED_REGISTER, "V8 head from r14"
    mark
    movl %r14d, %r10d
    check_target 1f
    jmp *%r10
1:  ud2
refuse RESERVED_REGISTER, "V8 head from r10"
    mark
    movl %r10d, %r10d
    check_target 1f
    jmp *%r10
1:  ud2
refuse RESERVED_REGISTER, "V8 head from rsp"
    mark
    movl %esp, %r10d
    check_target 1f
    jmp *%r10
1:  ud2
refuse SEQUENCE, "V2 label inside a sequence"
    mark
    movl %eax, %r10d
    movl (%r14,%r10), %r11d
    addl $0x05e1f00d, %r11d
    jne 1f
    endbr64
    addq %r14, %r10
    jmp *%r10
1:  ud2
refuse SEQUENCE, "V8 something between the steps"
    mark
    movl %eax, %r10d
    movl (%r14,%r10), %r11d
    addl $0x05e1f00d, %r11d
    jne 1f
    addq %r14, %r10
    nop
    jmp *%r10
1:  ud2

/* ---- V8: switches ---- */
refuse SEQUENCE, "V8 a switch without a mask"
    mark
    switch 3f-78b, mask=";"
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch of 257 places"
    mark
    switch 3f-78b, mask="andl $256, %r10d"
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch of far too many places"
    mark
    switch 3f-78b, mask="andl $0x7fffffff, %r10d"
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch with a negative mask"
    mark
    switch 3f-78b, mask="andl $-1, %r10d"
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch with a large negative mask"
    mark
    switch 3f-78b, mask="andl $-256, %r10d"
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch that masks another register"
    mark
    switch 3f-78b, mask="andl $1, %eax"
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch that masks memory"
    mark
    switch 3f-78b, mask="andl $1, (%r14,%r15)"
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch that masks 16 bits"
    mark
    switch 3f-78b, mask="andw $1, %r10w"
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch that masks 64 bits"
    mark
    switch 3f-78b, mask="andq $1, %r10"
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch with or for and"
    mark
    switch 3f-78b, mask="orl $1, %r10d"
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch with a second number"
    mark
    switch 3f-78b, mask="andl $1, %r10d; movl %eax, %r10d"
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch with places of 4 bytes"
    mark
    switch 3f-78b, scale=4
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch with places of a byte"
    mark
    switch 3f-78b, scale=1
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch from another base"
    mark
    switch 3f-78b, base=%rax
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch from the data stack"
    mark
    switch 3f-78b, base=%r15
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch that loads"
    mark
    switch 3f-78b, find="movq"
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch with a 32-bit address"
    mark
    switch 3f-78b, find="leal", to=%r10d
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch that computes another register"
    mark
    switch 3f-78b, to=%rax
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch with a 67 prefix"
    mark
    switch 3f-78b, find=".byte 0x67; leaq"
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch that goes by another register"
    mark
    switch 3f-78b, go="jmp *%rax"
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch that calls"
    mark
    switch 3f-78b, go="call *%r10"
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch with notrack"
    mark
    switch 3f-78b, go="notrack jmp *%r10"
3:  place 4f
    place 4f
4:  ret
refuse SEQUENCE, "V8 a switch with another index"
    mark
    movl %eax, %r10d
    andl $1, %r10d
    leaq 0x130000(%r14,%rax,8), %r10
    jmp *%r10
refuse RESERVED_REGISTER, "V8 a switch by r14"
    mark
    switch 3f-78b, take="movl %r14d, %r10d"
3:  .skip 16, 0xcc
refuse BRANCH_INSIDE, "V8 a switch to places beside the jumps"
    mark
    switch 3f-78b+1
3:  place 4f
    place 4f
4:  .skip 8, 0xcc
refuse BRANCH_INSIDE, "V8 a switch whose last place is inside an instruction"
    mark
    switch 3f-78b, mask="andl $3, %r10d"
3:  place 4f
    place 4f
4:  nop
    movabsq $0x9090909090909090, %rax
    ret
refuse BRANCH_INSIDE, "V8 a switch into itself"
    mark
    switch 3
    .skip 8, 0xcc
refuse BRANCH_INSIDE, "V8 into a switch, behind its mask"
    movl %eax, %r10d
    andl $0, %r10d
3:  leaq 0x130000(%r14,%r10,8), %r10
    jmp *%r10
    mark
    jmp 3b
refuse BRANCH_OUTSIDE, "V8 a switch with a place behind the text"
    mark
    switch 3f-78b, mask="andl $2, %r10d"
3:  place 4f
4:  .skip 8, 0xcc
refuse BRANCH_OUTSIDE, "V8 a switch with a place before the text"
    mark
    switch -8
    ret
refuse BRANCH_OUTSIDE, "V8 a switch to the slot's start"
    mark
    switch -0x130000
    ret
refuse BRANCH_OUTSIDE, "V8 a switch out of the slot, downwards"
    mark
    movl %eax, %r10d
    andl $1, %r10d
    leaq -0x80000000(%r14,%r10,8), %r10
    jmp *%r10
refuse BRANCH_OUTSIDE, "V8 a switch far upwards"
    mark
    movl %eax, %r10d
    andl $1, %r10d
    leaq 0x7fffffff(%r14,%r10,8), %r10
    jmp *%r10
refuse BRANCH_OUTSIDE, "V8 a switch into a gate's inside"
    mark
    switch -0x30000
    ret

/* ---- V12: capability accesses ---- */
refuse SEQUENCE, "V12 a write under the limit for reading"
    mark
    access READ, 3, "(%rbx)", 9f, movl %eax, -3(%r10,%r11)
9:  ud2
refuse SEQUENCE, "V12 a read and write under the limit for reading"
    mark
    access READ, 3, "(%rbx)", 9f, xchgl %eax, -3(%r10,%r11)
9:  ud2
refuse SEQUENCE, "V12 a write of 2 bytes under the limit for reading"
    mark
    access READ, 1, "(%rbx)", 9f, movw %ax, -1(%r10,%r11)
9:  ud2
refuse SEQUENCE, "V12 a write of 16 bytes under the limit for reading"
    mark
    access READ, 15, "(%rbx)", 9f, movups %xmm1, -15(%r10,%r11)
9:  ud2
refuse SEQUENCE, "V12 a write of 32 bytes under the limit for reading"
    mark
    access READ, 31, "(%rbx)", 9f, vmovups %ymm1, -31(%r10,%r11)
9:  ud2
refuse SEQUENCE, "V12 r10 written away as 16 bits"
    mark
    access WRITE, 1, "(%rbx)", 9f, movw %r10w, -1(%r10,%r11)
9:  ud2
refuse SEQUENCE, "V12 r10 written away as 64 bits"
    mark
    access WRITE, 7, "(%rbx)", 9f, movq %r10, -7(%r10,%r11)
9:  ud2
refuse SEQUENCE, "V12 an access wider than what was checked"
    mark
    access READ, 3, "(%rbx)", 9f, movq -3(%r10,%r11), %rax
9:  ud2
refuse SEQUENCE, "V12 an access of another width by its prefix"
    mark
    access WRITE, 3, "(%rbx)", 9f, movw %ax, -3(%r10,%r11)
9:  ud2
refuse SEQUENCE, "V12 an access at another displacement"
    mark
    access READ, 3, "(%rbx)", 9f, movl 1(%r10,%r11), %eax
9:  ud2
refuse SEQUENCE, "V12 an access without the displacement"
    mark
    access READ, 3, "(%rbx)", 9f, movl (%r10,%r11), %eax
9:  ud2
refuse SEQUENCE, "V12 a scaled access"
    mark
    access READ, 0, "(%rbx)", 9f, movb (%r10,%r11,2), %al
9:  ud2
refuse SEQUENCE, "V12 an access with another index"
    mark
    access READ, 0, "(%rbx)", 9f, movb (%r10,%r12), %al
9:  ud2
refuse SEQUENCE, "V12 an access that loads r10"
    mark
    access READ, 7, "(%rbx)", 9f, movq -7(%r10,%r11), %r10
9:  ud2
refuse SEQUENCE, "V12 an access that loads 64 bits into r11"
    mark
    access READ, 7, "(%rbx)", 9f, movq -7(%r10,%r11), %r11
9:  ud2
refuse SEQUENCE, "V12 an access that is lea"
    mark
    access READ, 7, "(%rbx)", 9f, leaq -7(%r10,%r11), %rax
9:  ud2
refuse SEQUENCE, "V12 an access with gs"
    mark
    access READ, 7, "(%rbx)", 9f, movq %gs:-7(%r10,%r11), %rax
9:  ud2
refuse SEQUENCE, "V12 an EVEX access, whose displacement is scaled"
    mark
    access READ, 15, "(%rbx)", 9f, {evex} vmovups -16(%r10,%r11), %xmm1
9:  ud2
refuse SEQUENCE, "V12 80 bits under a check of 8 bytes"
    mark
    access READ, 7, "(%rbx)", 9f, fldt -7(%r10,%r11)
9:  ud2
refuse SEQUENCE, "V12 a gather"
    mark
    access READ, 3, "(%rbx)", 9f, vgatherdps %xmm1, -3(%r10,%xmm2), %xmm3
9:  ud2
refuse SEQUENCE, "V12 the check does not go to a trap"
    mark
    access READ, 3, "(%rbx)", 9f, movl -3(%r10,%r11), %eax
9:  ret
refuse SEQUENCE, "V12 the check goes to an int3"
    mark
    access READ, 3, "(%rbx)", 9f, movl -3(%r10,%r11), %eax
9:  int3
refuse SEQUENCE, "V12 jb instead of jae"
    mark
    leaq (%rbx), %r10
    movl %r10d, %r11d
    shrq $52, %r10
    cmpq %gs:PORIN_TB_CAPABILITY_READ(,%r10,8), %r11
    jb 9f
    movq %gs:PORIN_TB_CAPABILITY_BASE(,%r10,8), %r10
    movb (%r10,%r11), %al
9:  ud2
refuse SEQUENCE, "V12 a 32-bit comparison"
    mark
    leaq (%rbx), %r10
    movl %r10d, %r11d
    shrq $52, %r10
    cmpl %gs:PORIN_TB_CAPABILITY_READ(,%r10,8), %r11d
    jae 9f
    movq %gs:PORIN_TB_CAPABILITY_BASE(,%r10,8), %r10
    movb (%r10,%r11), %al
9:  ud2
refuse SEQUENCE, "V12 a register number of too many bits"
    mark
    leaq (%rbx), %r10
    movl %r10d, %r11d
    shrq $51, %r10
    cmpq %gs:PORIN_TB_CAPABILITY_READ(,%r10,8), %r11
    jae 9f
    movq %gs:PORIN_TB_CAPABILITY_BASE(,%r10,8), %r10
    movb (%r10,%r11), %al
9:  ud2
refuse SEQUENCE, "V12 limits at another place"
    mark
    leaq (%rbx), %r10
    movl %r10d, %r11d
    shrq $52, %r10
    cmpq %gs:PORIN_TB_CAPABILITY_READ+8(,%r10,8), %r11
    jae 9f
    movq %gs:PORIN_TB_CAPABILITY_BASE(,%r10,8), %r10
    movb (%r10,%r11), %al
9:  ud2
refuse SEQUENCE, "V12 base at another place"
    mark
    leaq (%rbx), %r10
    movl %r10d, %r11d
    shrq $52, %r10
    cmpq %gs:PORIN_TB_CAPABILITY_READ(,%r10,8), %r11
    jae 9f
    movq %gs:PORIN_TB_CAPABILITY_READ(,%r10,8), %r10
    movb (%r10,%r11), %al
9:  ud2
refuse SEQUENCE, "V12 comparison without gs"
    mark
    leaq (%rbx), %r10
    movl %r10d, %r11d
    shrq $52, %r10
    cmpq PORIN_TB_CAPABILITY_READ(,%r10,8), %r11
    jae 9f
    movq %gs:PORIN_TB_CAPABILITY_BASE(,%r10,8), %r10
    movb (%r10,%r11), %al
9:  ud2
refuse SEQUENCE, "V12 a 32-bit last byte, which wraps"
    mark
    leaq (%rbx), %r10
    movl %r10d, %r11d
    leal 3(%r11), %r11d
    shrq $52, %r10
    cmpq %gs:PORIN_TB_CAPABILITY_READ(,%r10,8), %r11
    jae 9f
    movq %gs:PORIN_TB_CAPABILITY_BASE(,%r10,8), %r10
    movl -3(%r10,%r11), %eax
9:  ud2
refuse SEQUENCE, "V12 no check at all"
    mark
    leaq (%rbx), %r10
    movl %r10d, %r11d
    shrq $52, %r10
    movq %gs:PORIN_TB_CAPABILITY_BASE(,%r10,8), %r10
    movb (%r10,%r11), %al
    ud2
refuse LEA_REGISTER, "V12 head from r10"
    mark
    access READ, 0, "(%r10)", 9f, movb (%r10,%r11), %al
9:  ud2
refuse LEA_REGISTER, "V12 head from the slot's base"
    mark
    access READ, 0, "(%r14)", 9f, movb (%r10,%r11), %al
9:  ud2
refuse LEA_RIP, "V12 head from rip"
    mark
    access READ, 0, "8(%rip)", 9f, movb (%r10,%r11), %al
9:  ud2
refuse RESERVED_REGISTER, "V12 a 32-bit head"
    mark
    leal (%rbx), %r10d
    ud2
refuse BRANCH_INSIDE, "V12 into an access, behind the check"
    mark
    jmp 1f
    leaq (%rbx), %r10
    movl %r10d, %r11d
    shrq $52, %r10
    cmpq %gs:PORIN_TB_CAPABILITY_READ(,%r10,8), %r11
    jae 9f
1:  movq %gs:PORIN_TB_CAPABILITY_BASE(,%r10,8), %r10
    movb (%r10,%r11), %al
9:  ud2
refuse MEMORY_BASE, "V12 the access alone"
    mark
    movb (%r10,%r11), %al
    ud2
refuse THREAD_BLOCK, "V12 the load of the base alone"
    mark
    movq %gs:PORIN_TB_CAPABILITY_BASE(,%rax,8), %rbx
    ud2

refuse SEQUENCE, "V12 a bulk copy of words"
    mark
    bulk si, READ, di, instruction="rep movsq"
9:  ud2
refuse SEQUENCE, "V12 a bulk copy that leaves the address in place"
    mark
    bulk si, READ, di, hidden="movl %esi, %esi"
9:  ud2
refuse SEQUENCE, "V12 a bulk write under the limit for reading"
    mark
    bulk di, READ, si, hidden="xorl %edi, %edi"
9:  ud2
refuse SEQUENCE, "V12 a bulk copy whose check goes to no trap"
    mark
    bulk si, READ, di
9:  ret

/* ---- V9: ret, control words ---- */
refuse PREFIX, "V9 66 ret pops two bytes (attack 2)"
    mark
    .byte 0x66, 0xc3
    ret
refuse PREFIX, "V9 rep ret"
    mark
    rep ret
    ret
refuse PREFIX, "V9 REX.W ret"
    mark
    .byte 0x48, 0xc3
    ret
refuse OPCODE, "V11 ret imm16"
    mark
    ret $8
refuse OPERAND_FORM, "V9b fldcw"
    mark
    fldcw (%r14,%r11)
    ret
refuse OPERAND_FORM, "V9b fnstcw"
    mark
    fnstcw (%r14,%r11)
    ret
refuse OPERAND_FORM, "V9b fldenv"
    mark
    fldenv (%r14,%r11)
    ret
refuse OPERAND_FORM, "V9b fnstenv"
    mark
    fnstenv (%r14,%r11)
    ret
refuse OPERAND_FORM, "V9b frstor"
    mark
    frstor (%r14,%r11)
    ret
refuse OPERAND_FORM, "V9b fnsave"
    mark
    fnsave (%r14,%r11)
    ret
refuse OPERAND_FORM, "V9b fninit"
    mark
    fninit
    ret
refuse OPERAND_FORM, "V9b fnclex"
    mark
    fnclex
    ret
refuse OPERAND_FORM, "V9b ldmxcsr"
    mark
    ldmxcsr (%r14,%r11)
    ret
refuse OPERAND_FORM, "V9b stmxcsr"
    mark
    stmxcsr (%r14,%r11)
    ret
refuse OPCODE, "V9b vldmxcsr"
    mark
    vldmxcsr (%r14,%r11)
    ret
refuse OPCODE, "V9b MMX"
    mark
    paddb %mm0, %mm1
    ret
refuse OPCODE, "V9b emms"
    mark
    emms
    ret

/* ---- V10: string instructions ---- */
refuse SEQUENCE_ONLY, "V10 bare movsb"
    mark
    movsb
    ret
refuse SEQUENCE_ONLY, "V10 bare rep stosq"
    mark
    rep stosq
    ret
refuse PREFIX_FORBIDDEN, "V10 fs on a string instruction (hole 3)"
    mark
    .byte 0x64, 0xa4
    ret
refuse SEQUENCE, "V10 67 on the string instruction (hole 3)"
    mark
    movl %edi, %r10d
    leaq (%r14,%r10), %rdi
    .byte 0x67, 0xaa
    movl %edi, %edi
    ret
refuse SEQUENCE, "V10 gs on the string instruction (hole 3)"
    mark
    movl %esi, %r10d
    leaq (%r14,%r10), %rsi
    .byte 0x65, 0xac
    movl %esi, %esi
    ret
refuse SEQUENCE, "V10 movs with rdi alone"
    mark
    movl %edi, %r10d
    leaq (%r14,%r10), %rdi
    movsb
    movl %edi, %edi
    ret
refuse SEQUENCE, "V10 movs with rsi alone"
    mark
    movl %esi, %r10d
    leaq (%r14,%r10), %rsi
    movsb
    movl %esi, %esi
    ret
refuse SEQUENCE, "V10 32-bit lea (hole 4)"
    mark
    movl %edi, %r10d
    leal (%r14,%r10), %edi
    stosb
    movl %edi, %edi
    ret
refuse SEQUENCE, "V10 16-bit lea (hole 4)"
    mark
    movl %edi, %r10d
    leaw (%r14,%r10), %di
    stosb
    movl %edi, %edi
    ret
refuse SEQUENCE, "V10 lea with a displacement"
    mark
    movl %edi, %r10d
    leaq 8(%r14,%r10), %rdi
    stosb
    movl %edi, %edi
    ret
refuse SEQUENCE, "V10 lea with scale"
    mark
    movl %edi, %r10d
    leaq (%r14,%r10,8), %rdi
    stosb
    movl %edi, %edi
    ret
refuse SEQUENCE, "V10 rdi stays an address"
    mark
    movl %edi, %r10d
    leaq (%r14,%r10), %rdi
    stosb
    ret
refuse SEQUENCE, "V10 rdi truncated with 16 bits"
    mark
    movl %edi, %r10d
    leaq (%r14,%r10), %rdi
    stosb
    movw %di, %di
    ret
refuse SEQUENCE, "V10 the wrong register truncated"
    mark
    movl %edi, %r10d
    leaq (%r14,%r10), %rdi
    stosb
    movl %esi, %esi
    ret
refuse SEQUENCE, "V10 rsi not truncated"
    mark
    movl %edi, %r10d
    leaq (%r14,%r10), %rdi
    movl %esi, %r10d
    leaq (%r14,%r10), %rsi
    rep movsb
    movl %edi, %edi
    ret
refuse SEQUENCE, "V10 the wrong register rebased"
    mark
    movl %edi, %r10d
    leaq (%r14,%r10), %rsi
    lodsb
    movl %esi, %esi
    ret
refuse SEQUENCE, "V10 repne movs is undefined"
    mark
    movl %edi, %r10d
    leaq (%r14,%r10), %rdi
    movl %esi, %r10d
    leaq (%r14,%r10), %rsi
    .byte 0xf2, 0xa4
    movl %edi, %edi
    movl %esi, %esi
    ret
refuse OPCODE, "V10 std"
    mark
    std
    ret
refuse OPCODE, "V10 ins"
    mark
    insb (%dx), %es:(%rdi)
    ret

/* ---- V11: not in the table ---- */
.macro never reason, name, text:vararg
    refuse \reason, "V11 \name"
    mark
    \text
    ret
.endm
never OPCODE, "vpgatherdd", vpgatherdd %ymm1, (%r14,%ymm2), %ymm0
never OPCODE, "vpscatterdd", vpscatterdd %zmm0, (%r14,%zmm2){%k1}
never OPCODE, "EVEX gather", vgatherdps (%r14,%zmm2), %zmm0{%k1}
never OPCODE, "AMX tileloadd", .byte 0xc4, 0xe2, 0x7b, 0x4b, 0x04, 0x25, 0, 0, 0, 0
never OPCODE, "maskmovq", maskmovq %mm0, %mm1
never OPCODE, "maskmovdqu", maskmovdqu %xmm0, %xmm1
never OPCODE, "vmaskmovdqu", vmaskmovdqu %xmm0, %xmm1
never OPCODE, "xlat", xlatb
never OPCODE, "movdir64b", movdir64b (%r11), %rax
never OPCODE, "enqcmd", enqcmd (%r11), %rax
never OPCODE, "monitor", monitor
never OPCODE, "mwait", mwait
never OPCODE, "monitorx", monitorx
never OPCODE, "clzero", clzero
never OPERAND_FORM, "clflush", clflush (%r14,%r11)
never PREFIX, "clflushopt", clflushopt (%r14,%r11)
never PREFIX, "clwb", clwb (%r14,%r11)
never OPCODE, "cldemote", cldemote (%r14,%r11)
never OPERAND_FORM, "prefetchwt1", prefetchwt1 (%r14,%r11)
never OPERAND_FORM, "prefetch with a reserved hint", .byte 0x43, 0x0f, 0x18, 0x64, 0x3e, 0
never OPCODE, "push", push %rax
never OPCODE, "pop", pop %rax
never OPCODE, "push immediate", push $1
never OPERAND_FORM, "push memory", push (%r14,%r11)
never OPCODE, "pop memory", .byte 0x8f, 0x00
never OPCODE, "enter", enter $8, $0
never OPCODE, "leave", leave
never OPCODE, "pushf", pushfq
never OPCODE, "popf", popfq
never OPCODE, "far return", lretq
never OPCODE, "iret", iretq
never OPCODE, "int n", int $0x80
never OPCODE, "int1", .byte 0xf1
never OPCODE, "into", .byte 0xce
never OPCODE, "syscall", syscall
never OPCODE, "sysenter", sysenter
never OPCODE, "sysret", sysretq
never OPERAND_FORM, "xbegin", .byte 0xc7, 0xf8, 0, 0, 0, 0
never OPERAND_FORM, "xabort", xabort $1
never OPCODE, "xend", xend
never OPERAND_FORM, "fxsave", fxsave (%r14,%r11)
never OPERAND_FORM, "fxrstor", fxrstor (%r14,%r11)
never OPERAND_FORM, "xsave", xsave (%r14,%r11)
never OPERAND_FORM, "xrstor", xrstor (%r14,%r11)
never OPERAND_FORM, "xsavec", xsavec (%r14,%r11)
never PREFIX, "wrfsbase", wrfsbase %rax
never PREFIX, "wrgsbase", wrgsbase %rax
never PREFIX, "rdfsbase", rdfsbase %rax
never PREFIX, "rdgsbase", rdgsbase %rax
never OPCODE, "swapgs", swapgs
never OPCODE, "mov to a segment", mov %eax, %fs
never OPCODE, "mov from a segment", mov %gs, %eax
never OPCODE, "pop fs", pop %fs
never OPCODE, "lfs", .byte 0x0f, 0xb4, 0x00
never PREFIX, "rdssp", rdsspq %rax
never OPCODE, "wrss", .byte 0x0f, 0x38, 0xf6, 0x00
never OPCODE, "sgdt", sgdt (%r14,%r11)
never OPCODE, "sidt", sidt (%r14,%r11)
never OPCODE, "sldt", sldt %eax
never OPCODE, "str", str %eax
never OPCODE, "smsw", smsw %eax
never PREFIX, "rdpid", rdpid %rax
never OPCODE, "rdtscp", rdtscp
never OPCODE, "rdpru", .byte 0x0f, 0x01, 0xfd
never OPCODE, "rdpmc", rdpmc
never OPCODE, "rdpkru", rdpkru
never OPCODE, "wrpkru", wrpkru
never OPCODE, "cpuid", cpuid
never OPCODE, "vmcall", vmcall
never OPCODE, "vmmcall", vmmcall
never OPCODE, "vmfunc", .byte 0x0f, 0x01, 0xd4
never OPCODE, "loop", .byte 0xe2, 0
never OPCODE, "jrcxz", .byte 0xe3, 0
never OPCODE, "xgetbv", xgetbv
never OPCODE, "hlt", hlt
never OPCODE, "in", inb %dx, %al
never OPCODE, "out", outb %al, %dx
never OPCODE, "cli", cli
never OPCODE, "serialize", .byte 0x0f, 0x01, 0xe8
never OPCODE, "ud1", .byte 0x0f, 0xb9, 0xc0
never OPCODE, "mov to a control register", mov %rax, %cr0
never OPCODE, "mov to a debug register", mov %rax, %db0
never OPCODE, "rdmsr", rdmsr
never OPERAND_FORM, "undocumented shift /6", .byte 0xc0, 0xf0, 1
never OPERAND_FORM, "undocumented test /1", .byte 0xf6, 0xc8, 1
never OPCODE, "undocumented 82", .byte 0x82, 0xc0, 1
never OPCODE, "wide nop with an operand", nopl (%rax,%rax,2)
never RDTSC, "rdtsc by policy", rdtsc

    .section .data.rel.ro.case_table
    .quad 0
    .section .rodata.case_code
78:
    .section .data.rel.ro.case_table
    .quad 78b, 0
    .section .data.rel.ro.case_marks
    .quad 0
    .section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: Apache-2.0 */
/* What a hostile domain does that C cannot say: code in the form the rewriter emits, so that registers hold what the attack wants. */
#define ENTRY(name) .globl name; .type name, @function; .balign 16, 0xcc; name: endbr64

        .text
/* space(): nothing but room for other instructions */
ENTRY(space)
        nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop
        nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop
        ret

/* service(number, a, b, c, d, e) */
ENTRY(service)
        movq    %rdi, %rax
        movq    %rsi, %rdi
        movq    %rdx, %rsi
        movq    %rcx, %rdx
        movq    %r8, %rcx
        movq    %r9, %r8
        xorl    %r9d, %r9d
        call    porin_gate_service_call
        ret

/* go(offset): a jump to any offset, go_call(offset): a call; the rewriter makes checked sequences of them */
ENTRY(go)
        jmp     *%rdi
ENTRY(go_call)
        call    *%rdi
        ret

/* The farthest addresses the forms can name. */
ENTRY(far_low)
        movl    %edi, %r11d
        movq    -0x80000000(%r14,%r11), %rax
        ret
ENTRY(far_high)
        movl    %edi, %r11d
        movq    0x7fffffff(%r14,%r11), %rax
        ret
ENTRY(far_low_write)
        movl    %edi, %r11d
        movq    %rdi, -0x80000000(%r14,%r11)
        ret
ENTRY(far_high_write)
        movl    %edi, %r11d
        vmovups %ymm0, 0x7fffffff(%r14,%r11)
        ret
ENTRY(far_stack_low)
        movl    %edi, %r15d
        movq    -0x80000000(%r14,%r15), %rax
        ret
ENTRY(far_stack_high)
        movl    %edi, %r15d
        movq    0x7fffffff(%r14,%r15), %rax
        ret
ENTRY(far_instruction_low)
        movq    -0x7ff00000(%rip), %rax
        ret
ENTRY(far_instruction_high)
        movq    0x7ffffff0(%rip), %rax
        ret
/* wrap(offset): the 32-bit computations of r11 and r15 wrap inside the slot */
ENTRY(wrap_address)
        leal    0x7fffffff(%rdi,%rdi,8), %r11d
        movq    (%r14,%r11), %rax
        ret
ENTRY(wrap_stack)
        movl    $8, %r15d
        leal    -64(%r15), %r15d
        movq    %rdi, (%r14,%r15)
        ret

/* The data stack pointer where it should not be, over a return, a service, a fault. */
ENTRY(return_stack)
        movl    %edi, %r15d
        ret
ENTRY(service_stack)
        movl    %edi, %r15d
        movl    $39, %eax
        call    porin_gate_service_call
        ret
ENTRY(fault_stack)
        movl    %edi, %r15d
        ud2

/* Control stack: more calls than it has room for; returns without calls of their own. */
ENTRY(recurse_control)
        call    recurse_control
        ret
ENTRY(extra_returns)
        call    1f
1:      call    2f
2:      ret
/* jump_depth(): the gate of setjmp by a jump; call_depth(): by a call of the entry itself, above whose return address lies what a gate or
 * the host has put there; jump_far(landing, depth): the gate of longjmp with any arguments */
ENTRY(jump_depth)
        jmp     porin_gate_depth
ENTRY(call_depth)
        call    porin_gate_depth
        ret
ENTRY(jump_far)
        movl    $5, %eax
        jmp     porin_gate_longjmp

/* String instructions from an offset to beyond the end. */
ENTRY(store_far)
        movq    %rsi, %rcx
        movl    $0x41, %eax
        rep stosb
        ret
ENTRY(move_far)
        movq    %rdx, %rcx
        rep movsq
        ret
ENTRY(scan_far)
        movq    %rsi, %rcx
        movl    $0x12345678, %eax
        repne scasl
        ret

/* full(pattern): every register that domain code can write, with the x87 stack full; then one of the ways out. */
#define FULL \
        vmovq   %rdi, %xmm0;  vpbroadcastq %xmm0, %ymm0; vmovaps %ymm0, %ymm1; vmovaps %ymm0, %ymm2; vmovaps %ymm0, %ymm3; \
        vmovaps %ymm0, %ymm4; vmovaps %ymm0, %ymm5; vmovaps %ymm0, %ymm6; vmovaps %ymm0, %ymm7; vmovaps %ymm0, %ymm8; \
        vmovaps %ymm0, %ymm9; vmovaps %ymm0, %ymm10; vmovaps %ymm0, %ymm11; vmovaps %ymm0, %ymm12; vmovaps %ymm0, %ymm13; \
        vmovaps %ymm0, %ymm14; vmovaps %ymm0, %ymm15; fld1; fld1; fld1; fld1; fld1; fld1; fld1; fld1; \
        movq    %rdi, %rax; movq %rdi, %rbx; movq %rdi, %rcx; movq %rdi, %rdx; movq %rdi, %rsi; movq %rdi, %rbp; movq %rdi, %r8; \
        movq    %rdi, %r9; movq %rdi, %r12; movq %rdi, %r13; movl %edi, %r11d; movl %edi, %r15d
ENTRY(full_return)
        FULL
        movl    $1, %eax
        ret
ENTRY(full_fault)
        FULL
        ud2
ENTRY(full_call)
        FULL
        movl    $39, %eax
        call    porin_gate_service_call
        ret
ENTRY(full_jump)
        FULL
        movl    $39, %eax
        jmp     porin_gate_service_call
ENTRY(full_unknown)
        FULL
        call    porin_gate_service_call
        ret
ENTRY(full_import)
        FULL
        jmp     other

/* rounding(mxcsr): by the gate */
ENTRY(rounding)
        call    porin_gate_fenv
        ret

/* Fills the area `found` with what the registers hold. */
#define DUMP \
        movq    %rax, found(%rip); movq %rbx, found+8(%rip); movq %rcx, found+16(%rip); movq %rdx, found+24(%rip); \
        movq    %rsi, found+32(%rip); movq %rdi, found+40(%rip); movq %rbp, found+48(%rip); movq %r8, found+56(%rip); \
        movq    %r9, found+64(%rip); movq %r11, found+72(%rip); movq %r12, found+80(%rip); movq %r13, found+88(%rip); \
        vmovups %ymm0, found+128(%rip); vmovups %ymm1, found+160(%rip); vmovups %ymm2, found+192(%rip); vmovups %ymm3, found+224(%rip); \
        vmovups %ymm4, found+256(%rip); vmovups %ymm5, found+288(%rip); vmovups %ymm6, found+320(%rip); vmovups %ymm7, found+352(%rip); \
        vmovups %ymm8, found+384(%rip); vmovups %ymm9, found+416(%rip); vmovups %ymm10, found+448(%rip); vmovups %ymm11, found+480(%rip); \
        vmovups %ymm12, found+512(%rip); vmovups %ymm13, found+544(%rip); vmovups %ymm14, found+576(%rip); vmovups %ymm15, found+608(%rip)
ENTRY(dump)
        DUMP
        leal    found(%rip), %eax
        ret
ENTRY(dump_service)
        xorl    %ebx, %ebx
        xorl    %ebp, %ebp
        xorl    %r12d, %r12d
        xorl    %r13d, %r13d
        movq    %rdi, %rax
        movq    %rsi, %rdi
        movq    %rdx, %rsi
        movq    %rcx, %rdx
        call    porin_gate_service_call
        DUMP
        leal    found(%rip), %eax
        ret
        .bss
        .balign 64
found:  .skip   4096
        .section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: Apache-2.0 */
/* Enters code under test with every register loaded, and comes back from the signal that ends it. See execute.c. */
    .text
/* void execute_enter(void): loads vector and x87 state from execute_state, general registers from execute_registers (rax rcx rdx rbx rsp
 * rbp rsi rdi r8-r15), clears the flags and jumps to execute_target. */
    .globl execute_enter
execute_enter:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, execute_host_rsp(%rip)
    mov $-1, %eax                   /* all components */
    mov $-1, %edx
    lea execute_state(%rip), %rcx
    xrstor (%rcx)
    lea execute_registers(%rip), %r15
    pushq $2
    popfq
    mov 0(%r15), %rax
    mov 8(%r15), %rcx
    mov 16(%r15), %rdx
    mov 24(%r15), %rbx
    mov 32(%r15), %rsp
    mov 40(%r15), %rbp
    mov 48(%r15), %rsi
    mov 56(%r15), %rdi
    mov 64(%r15), %r8
    mov 72(%r15), %r9
    mov 80(%r15), %r10
    mov 88(%r15), %r11
    mov 96(%r15), %r12
    mov 104(%r15), %r13
    mov 112(%r15), %r14
    mov 120(%r15), %r15
    jmp *execute_target(%rip)

/* The signal handler continues here, on the host's stack. */
    .globl execute_resume
execute_resume:
    mov execute_host_rsp(%rip), %rsp
    pushq $2
    popfq
    cld
    fninit
    ldmxcsr 1f(%rip)
    vzeroupper
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
    .section .rodata
    .balign 4
1:  .long 0x1f80

    .bss
    .balign 64
    .globl execute_state, execute_registers, execute_target, execute_host_rsp
execute_state:
    .skip 16384
execute_registers:
    .skip 128
execute_target:
    .skip 8
execute_host_rsp:
    .skip 8
    .section .note.GNU-stack, "", @progbits

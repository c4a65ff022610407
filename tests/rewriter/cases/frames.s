# SPDX-License-Identifier: Apache-2.0
# Frames made by push, sub, leave and by rbp; stack arguments; red zone; flags that must live across frame adjustments.
# compiler
	.text
	.globl	case_run
	.type	case_run, @function
case_run:
	.cfi_startproc
	endbr64
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset 6, -16
	movq	%rdi, %rbp
	pushq	%rbx
	.cfi_def_cfa_offset 24
	.cfi_offset 3, -24
	subq	$24, %rsp
	.cfi_def_cfa_offset 48
	movq	%rsi, 8(%rsp)
	leaq	8(%rsp), %rax
	movq	%rax, (%rsp)
	movq	%rbp, %rdi
	call	red_zone
	movq	%rax, %rbx
	pushq	$3
	.cfi_def_cfa_offset 56
	pushq	8(%rsp)
	.cfi_def_cfa_offset 64
	pushq	%rbx
	.cfi_def_cfa_offset 72
	pushq	%rsp
	.cfi_def_cfa_offset 80
	call	stack_arguments
	addq	$32, %rsp
	.cfi_def_cfa_offset 48
	cmpq	8(%rsp), %rbx
	leaq	24(%rsp), %rsp
	.cfi_def_cfa_offset 24
	jne	.L2
	addq	$1, %rax
.L2:
	popq	%rbx
	.cfi_def_cfa_offset 16
	popq	%rbp
	.cfi_def_cfa_offset 8
	ret
	.cfi_endproc
	.size	case_run, .-case_run

	.type	red_zone, @function
red_zone:
	.cfi_startproc
	movq	(%rdi), %rax
	movq	%rax, -8(%rsp)
	movl	$7, -128(%rsp)
	addq	-8(%rsp), %rax
	addl	-128(%rsp), %eax
	ret
	.cfi_endproc
	.size	red_zone, .-red_zone

	.type	stack_arguments, @function
stack_arguments:
	.cfi_startproc
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset 6, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register 6
	subq	$64, %rsp
	movq	24(%rbp), %rax
	movq	%rax, -16(%rbp)
	movq	32(%rbp), %rcx
	movq	40(%rbp), %rdx
	addq	%rdx, -16(%rbp)
	movq	-16(%rbp), %rax
	addq	%rdx, %rax
	leave
	.cfi_def_cfa 7, 8
	ret
	.cfi_endproc
	.size	stack_arguments, .-stack_arguments
	.section	.note.GNU-stack,"",@progbits

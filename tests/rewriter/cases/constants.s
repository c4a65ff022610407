# SPDX-License-Identifier: Apache-2.0
# Constants and displacements with the bytes of the branch label.
# compiler
	.text
	.globl	case_run
	.type	case_run, @function
case_run:
	.cfi_startproc
	endbr64
	movl	$-98693133, %eax
	movabsq	$-423883778571890672, %rdx
	movabsq	$0x11fa1e0ff3000000, %rdx
	addq	%rdx, %rax
	xorl	$-98693133, %eax
	stc
	adcq	$-98693133, %rax
	movl	$-98693133, (%rdi)
	addl	%eax, (%rdi)
	cmpl	$-98693133, 4(%rdi)
	setb	%al
	movq	$-98693133, -24(%rsp)
	addq	-24(%rsp), %rax
	imull	$-98693133, %eax, %edx
	addq	%rdx, %rax
	leaq	-98693133(%rdi,%rax,2), %rcx
	subq	%rdi, %rcx
	addq	%rcx, %rax
	leaq	98693133(%rdi), %rcx
	addq	-98693133(%rcx), %rax
	ret
	.cfi_endproc
	.size	case_run, .-case_run
	.section	.note.GNU-stack,"",@progbits

# SPDX-License-Identifier: Apache-2.0
# Memory operands: how long a truncated address serves, what ends it, far displacements, indices, symbols, high-byte registers.
# compiler
	.text
	.globl	case_run
	.type	case_run, @function
case_run:
	.cfi_startproc
	endbr64
	movq	(%rdi), %rax
	addq	8(%rdi), %rax
	movq	%rax, 16(%rdi)
	movl	$2, %ecx
	movq	(%rdi,%rcx,8), %rdx
	addq	8(%rdi,%rcx,8), %rdx
	movq	$5, -8(%rdi,%rcx,8)
	incl	%ecx
	movq	%rdx, (%rdi,%rcx,8)
	leaq	8(%rdi), %rsi
	addq	(%rsi), %rax
	movq	%rdi, %rsi
	addq	(%rdi), %rax
	testb	%al, %al
	je	.L1
	movq	24(%rdi), %r8
.L1:
	movq	32(%rdi), %r8
	leaq	-100000(%rdi), %rsi
	movq	100008(%rsi), %r9
	addq	100016(%rsi), %r9
	addq	%r9, %rax
	movl	$1, %ecx
	addl	table(,%rcx,4), %eax
	addl	table+4(,%rcx,4), %eax
	leaq	table(%rip), %rsi
	addl	4(%rsi), %eax
	addl	table(%rip), %eax
	addl	table+12, %eax
	movl	$table, %esi
	addl	8(%rsi), %eax
	movq	$table, %rdx
	subq	%rdx, %rsi
	addq	%rsi, %rax
	movl	$0x1234, table+4(%rip)
	xorl	%edx, %edx
	movb	%ah, (%rdi)
	movb	1(%rdi), %dh
	addb	%ah, 2(%rdi)
	cmpb	%dh, table(%rip)
	addq	%rdx, %rax
	movq	(%rdi), %rdi
	addq	%rdi, %rax
	ret
	.cfi_endproc
	.size	case_run, .-case_run
	.data
	.align 4
table:
	.long	11, 22, 33, 44
	.section	.note.GNU-stack,"",@progbits

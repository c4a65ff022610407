# SPDX-License-Identifier: Apache-2.0
# Bits found by an index in a register, within the operand and beyond it, before and behind; the carry flag is the bit as it was.
	.text
	.globl	case_run
case_run:
	xorl	%eax, %eax
	movl	$131, %ecx
	btsq	%rcx, (%rdi)
	adcq	%rax, %rax
	btq	%rcx, (%rdi)
	adcq	%rax, %rax
	lock btcq %rcx, (%rdi)
	adcq	%rax, %rax
	btq	%rcx, (%rdi)
	adcq	%rax, %rax
	movq	$-5, %rdx
	lock btsq %rdx, 8(%rdi)
	adcq	%rax, %rax
	btl	%edx, 8(%rdi)
	adcq	%rax, %rax
	movw	$-17, %r8w
	btcw	%r8w, 16(%rdi)
	adcq	%rax, %rax
	btrl	%edx, 8(%rdi)
	adcq	%rax, %rax
	movq	%rax, %rsi
	movl	$3, %eax
	pushq	(%rdi)
	btsl	%eax, (%rsp)
	adcq	%rsi, %rsi
	lock btsl %eax, (%rsp)
	adcq	%rsi, %rsi
	popq	%r9
	addq	%r9, %rsi
	addq	%rax, %rsi
	leaq	(%rsi,%rcx), %rax
	addq	%rdx, %rax
	addq	(%rdi), %rax
	addq	16(%rdi), %rax
	ret

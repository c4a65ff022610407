# SPDX-License-Identifier: Apache-2.0
# String instructions, and flags that live across them.
# compiler
	.text
	.globl	case_run
	.type	case_run, @function
case_run:
	.cfi_startproc
	endbr64
	movq	%rdi, %r8
	leaq	64(%rdi), %rdi
	movq	%r8, %rsi
	movl	$3, %ecx
	cmpl	$3, %ecx
	rep movsq
	jne	.L1
	movsb
	movl	$0x5a, %eax
	stosb
	movl	$2, %ecx
	rep stosl
	movq	%r8, %rsi
	lodsq
	movq	%rax, %rdx
	leaq	64(%r8), %rdi
	movq	%r8, %rsi
	movl	$100, %ecx
	repz cmpsb
	setb	%dl
	movq	%r8, %rdi
	xorl	%eax, %eax
	movl	$100, %ecx
	repnz scasb
	leaq	(%rcx,%rdx), %rax
	subq	%r8, %rdi
	addq	%rdi, %rax
	ret
.L1:
	ud2
	.cfi_endproc
	.size	case_run, .-case_run
	.section	.note.GNU-stack,"",@progbits

# SPDX-License-Identifier: Apache-2.0
# What r11 holds across labels: joins that agree and that do not, loops that keep their base, step it, or change it at their end.
# compiler
	.text
	.globl	case_run
	.type	case_run, @function
case_run:
	.cfi_startproc
	endbr64
	movq	(%rdi), %rax
	testq	%rsi, %rsi
	je	.Lagree
	addq	8(%rdi), %rax
.Lagree:
	addq	16(%rdi), %rax
	cmpq	$1, %rsi
	je	.Lelse
	movq	%rdi, %rdx
	addq	$24, %rdx
	addq	(%rdx), %rax
	jmp	.Ldiffer
.Lelse:
	leaq	32(%rdi), %rdx
	addq	(%rdx), %rax
.Ldiffer:
	addq	8(%rdx), %rax
	movl	$4, %ecx
	addq	(%rdi), %rax
.Lkeeps:
	addq	48(%rdi), %rax
	addq	%rcx, 56(%rdi)
	decl	%ecx
	jne	.Lkeeps
	movl	$3, %ecx
	movq	%rdi, %rdx
	addq	(%rdx), %rax
.Lsteps:
	addq	8(%rdx), %rax
	addq	$8, %rdx
	decl	%ecx
	jne	.Lsteps
	movl	$5, %ecx
	movq	%rdi, %rdx
	movq	64(%rdi), %r8
.Lchanges:
	addq	72(%rdi), %rax
	addq	(%rdx), %rax
	leaq	8(%rdi), %rdx
	addq	(%rdx,%rcx,8), %rax
	decl	%ecx
	jne	.Lchanges
	movl	(%rdi), %ecx
	andl	$1, %ecx
	jmp	*.Ltable(,%rcx,8)
	.section	.rodata
	.align 8
.Ltable:
	.quad	.Leven
	.quad	.Lodd
	.text
.Leven:
	endbr64
	addq	(%rdi), %rax
.Lodd:
	endbr64
	addq	8(%rdi), %rax
	ret
	.cfi_endproc
	.size	case_run, .-case_run
	.section	.note.GNU-stack,"",@progbits

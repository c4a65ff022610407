# SPDX-License-Identifier: Apache-2.0
# Over-aligned frames: through rbp, and through r10 (gcc's DRAP) with a variable array and stack arguments.
# compiler
	.text
	.globl	case_run
	.type	case_run, @function
case_run:
	.cfi_startproc
	endbr64
	leaq	8(%rsp), %r10
	.cfi_def_cfa 10, 0
	andq	$-64, %rsp
	pushq	-8(%r10)
	pushq	%rbp
	movq	%rsp, %rbp
	.cfi_escape 0x10,0x6,0x2,0x76,0
	pushq	%r12
	pushq	%r10
	.cfi_escape 0xf,0x3,0x76,0x70,0x6
	.cfi_escape 0x10,0xc,0x2,0x76,0x78
	pushq	%rbx
	subq	$88, %rsp
	.cfi_escape 0x10,0x3,0x2,0x76,0x68
	movq	%r10, %rbx
	movl	$48, %eax
	subq	%rax, %rsp
	leaq	15(%rsp), %r12
	andq	$-16, %r12
	movq	%rdi, (%r12)
	leaq	-112(%rbp), %rdx
	andq	$63, %rdx
	pushq	%rsi
	pushq	%rdx
	call	by_frame
	addq	$16, %rsp
	cmpq	%rdi, (%r12)
	jne	.L1
	leaq	-24(%rbp), %rsp
	popq	%rbx
	popq	%r10
	.cfi_def_cfa 10, 0
	popq	%r12
	popq	%rbp
	leaq	-8(%r10), %rsp
	.cfi_def_cfa 7, 8
	ret
.L1:
	.cfi_escape 0xf,0x3,0x76,0x70,0x6
	ud2
	.cfi_endproc
	.size	case_run, .-case_run

	.type	by_frame, @function
by_frame:
	.cfi_startproc
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset 6, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register 6
	andq	$-32, %rsp
	subq	$32, %rsp
	movq	%rsp, %rax
	andl	$31, %eax
	movq	%rsi, 8(%rsp)
	addq	8(%rsp), %rax
	addq	16(%rbp), %rax
	addq	24(%rbp), %rax
	call	late
	leave
	.cfi_def_cfa 7, 8
	ret
	.cfi_endproc
	.size	by_frame, .-by_frame

	.type	late, @function
late:				# r10 saved and restored around a realignment that gcc dropped again
	.cfi_startproc
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset 6, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register 6
	pushq	%r10
	subq	$24, %rsp
	.cfi_offset 10, -24
	leaq	16(%rbp), %r10
	movq	%rax, -24(%rbp)
	addq	-24(%rbp), %rax
	movq	-8(%rbp), %r10
	leave
	.cfi_def_cfa 7, 8
	ret
	.cfi_endproc
	.size	late, .-late
	.section	.note.GNU-stack,"",@progbits

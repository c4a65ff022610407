# SPDX-License-Identifier: Apache-2.0
# Indirect branches through registers, memory and tables; tail calls; a call while nothing is pushed; weak functions; live flags.
# compiler
	.text
	.globl	case_run
	.type	case_run, @function
case_run:
	.cfi_startproc
	endbr64
	pushq	%rbx
	.cfi_def_cfa_offset 16
	.cfi_offset 3, -16
	xorl	%ebx, %ebx
	movl	$add_one, %eax
	call	*%rax
	call	*pointer(%rip)
	pushq	$add_one
	.cfi_def_cfa_offset 24
	pushq	$add_one
	.cfi_def_cfa_offset 32
	call	*8(%rsp)
	addq	$16, %rsp
	.cfi_def_cfa_offset 16
	call	unaligned
	movl	$missing, %eax
	testq	%rax, %rax
	je	.L9
	call	missing
.L9:
	movl	$1, %ecx
	cmpl	$1, %ecx
	jmp	*.Ltable(,%rcx,8)
	.section	.rodata
	.align 8
.Ltable:
	.quad	.Lzero
	.quad	.Lone
	.text
	.p2align 4,,10
	.p2align 3
.Lzero:
	endbr64
	ud2
	.p2align 4,,10
	.p2align 3
.Lone:
	endbr64
	addl	$100, %ebx
	movl	%ebx, %eax
	movl	$tail, %edx
	popq	%rbx
	.cfi_def_cfa_offset 8
	jmp	*%rdx
	.cfi_endproc
	.size	case_run, .-case_run

	.type	add_one, @function
add_one:
	.cfi_startproc
	endbr64
	addl	$1, %ebx
	ret
	.cfi_endproc
	.size	add_one, .-add_one

	.type	unaligned, @function
unaligned:
	.cfi_startproc
	call	add_one
	movq	%rdi, -8(%rsp)
	cmpq	%rdi, -8(%rsp)
	jne	.Lbad
	ret
.Lbad:
	ud2
	.cfi_endproc
	.size	unaligned, .-unaligned

	.type	tail, @function
tail:
	.cfi_startproc
	endbr64
	addl	$1000, %eax
	ret
	.cfi_endproc
	.size	tail, .-tail
	.weak	missing
	.data
	.align 8
pointer:
	.quad	add_one
	.section	.note.GNU-stack,"",@progbits

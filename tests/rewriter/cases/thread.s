# SPDX-License-Identifier: Apache-2.0
# Thread-local variables in every form a static program has.
# compiler
	.text
	.globl	case_run
	.type	case_run, @function
case_run:
	.cfi_startproc
	endbr64
	movl	%fs:number@tpoff, %eax
	addl	%fs:number@tpoff+4, %eax
	movq	%rsi, %fs:number@tpoff+8
	movq	%fs:0, %rdx
	leaq	number@tpoff(%rdx), %rcx
	addq	8(%rcx), %rax
	movq	number@gottpoff(%rip), %rdx
	addq	%fs:8(%rdx), %rax
	movl	$1, %ecx
	addl	%fs:number@tpoff(,%rcx,4), %eax
	movq	%fs:0, %rdx
	addl	number@tpoff(%rdx,%rcx,4), %eax
	xorl	%edx, %edx
	addq	%fs:0, %rdx
	subq	%fs:0, %rdx
	addq	%rdx, %rax
	ret
	.cfi_endproc
	.size	case_run, .-case_run
	.section	.tdata,"awT",@progbits
	.align 8
number:
	.long	5, 6, 7, 8
	.section	.note.GNU-stack,"",@progbits

# SPDX-License-Identifier: Apache-2.0
# Questions to the CPU: the answers are not looked at here, for they differ natively; flags and all other registers must survive them.
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
	movq	(%rdi), %rsi
	movl	$1, %r8d
	xorl	%eax, %eax
	xorl	%ecx, %ecx
	cmpl	$2, %r8d
#APP
	cpuid
#NO_APP
	setb	%r9b
	movzbl	%r9b, %eax
	movl	%eax, %ebx
	movl	%eax, %ecx
	movl	%eax, %edx
	addq	(%rdi), %rax
	subq	%rsi, %rax
	addq	%r8, %rax
	popq	%rbx
	.cfi_def_cfa_offset 8
	ret
	.cfi_endproc

# SPDX-License-Identifier: Apache-2.0
# Pointers that are loaded or computed only to be followed go into r11 at once; those that are read in another way do not.
# compiler
	.text
	.globl	case_run
	.type	case_run, @function
case_run:
	.cfi_startproc
	endbr64
	leaq	64(%rdi), %rax		# a chain of pointers: memory[0] -> memory[8] -> memory[16]
	movq	%rax, (%rdi)
	leaq	128(%rdi), %rax
	movq	%rax, 64(%rdi)
	movq	(%rdi), %rdx		# overwritten by what it leads to, twice
	movq	(%rdx), %rdx
	movq	8(%rdx), %rdx
	movq	%rdx, 8(%rdi)
	movq	(%rdi), %rcx		# two accesses, then overwritten by a constant
	movq	8(%rcx), %rax
	addq	16(%rcx), %rax
	movl	$3, %ecx
	addq	%rcx, %rax
	movq	(%rdi), %rcx		# another address in between: r11 no longer has it
	movq	8(%rcx), %rdx
	movq	%rdx, 16(%rdi)
	addq	16(%rcx), %rax
	xorl	%ecx, %ecx
	movq	(%rdi), %rcx		# read as a number
	addq	8(%rcx), %rax
	subq	%rdi, %rcx
	addq	%rcx, %rax
	movq	(%rdi), %rcx		# read on the way that jumps
	cmpq	$1, %rsi
	movq	24(%rcx), %r8
	je	.Lread
	movl	$5, %ecx
	jmp	.Ljoin
.Lread:
	subq	%rdi, %rcx
.Ljoin:
	addq	%rcx, %rax
	addq	%r8, %rax
	movq	(%rdi), %rdx		# overwritten on both ways
	cmpq	$2, %rsi
	movq	32(%rdx), %r8
	je	.Lother
	addq	40(%rdx), %r8
	movl	$7, %edx
	jmp	.Lboth
.Lother:
	xorl	%edx, %edx
.Lboth:
	addq	%rdx, %rax
	addq	%r8, %rax
	movq	(%rdi), %rdx		# never read again, but the other way round the loop is
	movl	$2, %r9d
.Lloop:
	addq	48(%rdx), %rax
	decl	%r9d
	jne	.Lloop
	movslq	%esi, %rcx		# sizes and kinds of loads
	movl	$table, 96(%rdi)
	movslq	96(%rdi), %rcx
	addq	8(%rcx), %rax
	movl	96(%rdi), %ecx
	addq	16(%rcx), %rax
	movzwl	96(%rdi), %ecx		# no address, but half of one
	leaq	(%rcx,%rcx), %rcx
	subq	%rcx, %rax
	addq	%rcx, %rax
	movl	$0, 96(%rdi)
	leaq	8(%rdi,%rsi,8), %rdx	# computed, and used twice
	incq	64(%rdx)
	addq	72(%rdx), %rax
	movslq	%esi, %rdx
	leaq	(%rdi,%rdx,8), %rdx	# computed from itself
	addq	144(%rdx), %rax
	movq	%rax, %r8
	movq	(%rdi), %rax		# imul with two operands leaves rax alone, with one it does not
	imulq	%rsi, %rsi
	addq	8(%rax), %r8
	movl	$3, %eax
	movq	(%rdi), %rdx
	movq	8(%rdx), %rcx
	imulq	%rcx
	addq	%rdx, %r8
	movl	$10, %eax		# div reads rdx, whatever its operand is
	movq	(%rdi), %rcx
	movl	8(%rcx), %ecx
	orl	$1, %ecx
	xorl	%edx, %edx
	divl	%ecx
	addq	%rdx, %rax
	addq	%r8, %rax
	movq	(%rdi), %r8		# a call may read an argument register
	movq	8(%r8), %rdx
	call	fifth
	movq	$0, 64(%rdi)		# what is compared shall not depend on where the memory lies
	movq	(%rdi), %rcx		# nobody reads rcx after a return, but the caller may read rdx
	addq	8(%rcx), %rax
	je	.Lother_end
	movq	(%rdi), %rdx
	addq	16(%rdx), %rax
	movq	$0, (%rdi)
	ret
.Lother_end:
	movq	(%rdi), %r9
	movq	$0, (%rdi)
	addq	24(%r9), %rax
	ret
	.cfi_endproc
	.size	case_run, .-case_run
	.type	fifth, @function
fifth:
	.cfi_startproc
	subq	%rdi, %r8
	addq	%r8, %rax
	ret
	.cfi_endproc
	.size	fifth, .-fifth
	.type	where, @function
where:					# the return address: there is none in a domain
	.cfi_startproc
	movq	(%rsp), %rax
	subq	$8, %rsp
	.cfi_def_cfa_offset 16
	movq	8(%rsp), %rcx
	orq	%rcx, %rax
	addq	$8, %rsp
	.cfi_def_cfa_offset 8
	ret
	.cfi_endproc
	.size	where, .-where
	.data
	.align	8
table:
	.quad	11, 22, 33, 44
	.section	.note.GNU-stack,"",@progbits

# SPDX-License-Identifier: Apache-2.0
# Assembly without frame information: the depth of the stack is followed through pushes, branches and labels.
	.text
	.globl	case_run
	.type	case_run, @function
case_run:
	endbr64
	push	%rbx
	push	%rbp
	mov	%rsp, %rbp
	sub	$40, %rsp
	mov	%rdi, 8(%rsp)
	xor	%ebx, %ebx
	test	%rsi, %rsi
	jz	2f
1:	add	(%rdi), %rbx
	dec	%rsi
	jnz	1b
	jmp	3f
2:	mov	$99, %ebx
3:	mov	8(%rsp), %rdi
	lock; addq	%rbx, 8(%rdi)
	lock xaddq %rbx, 16(%rdi)
	mov	%rbx, %rax
	add	8(%rdi), %rax
	cmp	%rsp, %rbp
	jb	4f
	leave
	pop	%rbx
	rep; ret
4:	ud2
	.size	case_run, .-case_run
	.section	.note.GNU-stack,"",@progbits

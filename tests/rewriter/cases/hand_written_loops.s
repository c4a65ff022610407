# SPDX-License-Identifier: Apache-2.0
# Assembly without frame information: local labels that no branch above names, the body of a loop entered at its end and cases of a table,
# a loop that pushes; addresses of 32 bits.
	.text
	.globl	case_run
	.type	case_run, @function
case_run:
	endbr64
	push	%rbx
	sub	$32, %rsp
	mov	%rdi, 8(%rsp)
	mov	%rsi, 16(%rsp)
	xor	%eax, %eax
	mov	$3, %ecx
	jmp	.Ltest
.Lbody:
	mov	8(%rsp), %rdx
	add	(%rdx,%rcx,8), %rax
.Ltest:
	dec	%ecx
	jns	.Lbody
	mov	16(%rsp), %rbx
	and	$1, %ebx
	jmp	*.Ltable(,%rbx,8)
.Leven:
	endbr64
	add	16(%rsp), %rax
	jmp	1f
.Lodd:
	endbr64
	mov	8(%rsp), %rdx
	sub	8(%rdx), %rax
1:	push	%rax
	mov	$5, %ecx
1:	push	%rcx
	dec	%ecx
	jne	1b
	mov	$5, %ecx
1:	pop	%rdx
	add	%rdx, %rax
	dec	%ecx
	jne	1b
	pop	%rdx
	add	%rdx, %rax
	mov	$.Lwords - 65528, %edx
	add	65528(%edx,%ebx,4), %eax
	lea	-3(%edx,%ecx,2), %rdx
	lea	65529(%edx), %edx
	sub	$.Lwords, %rdx
	add	%rdx, %rax
	add	$32, %rsp
	pop	%rbx
	ret
	.size	case_run, .-case_run
	.section	.rodata
	.align	8
.Ltable:
	.quad	.Leven, .Lodd
.Lwords:
	.long	1000, 2000
	.section	.note.GNU-stack,"",@progbits

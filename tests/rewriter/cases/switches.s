# SPDX-License-Identifier: Apache-2.0
# Switches: tables of three labels and of one become jumps in the text; one that may change, one that does not follow its jump, and one
# with something else in it are read as they are, and what they say is checked.
# compiler
	.text
	.globl	case_run
	.type	case_run, @function
case_run:
	.cfi_startproc
	xorl	%esi, %esi
	xorl	%eax, %eax
	jmp	.L2
	.p2align 4,,10
.L2:
	cmpl	$2, %esi
	ja	.L3
	movl	%esi, %ecx
	jmp	*.L4(,%rcx,8)
	.section	.rodata
	.align 8
	.align 4
.L4:
	.quad	.L5
	.quad	.L6
	.quad	.L7
	.text
.L5:
	endbr64
	addl	$1, %eax
	jmp	.L8
.L6:
	endbr64
	addl	$20, %eax
	jmp	.L8
.L7:
	endbr64
	addl	$300, %eax
.L8:
	addl	$1, %esi
	jmp	.L2
.L3:
	xorl	%edx, %edx
	jmp	*.L9(,%rdx,8)
	.section	.rodata
	.align 8
.L9:
	.quad	.L10
	.text
.L10:
	endbr64
	addl	$4000, %eax
	jmp	*.L11(,%rdx,8)
	.data
	.align 8
.L11:
	.quad	.L12
	.text
.L12:
	endbr64
	addl	$50000, %eax
	jmp	*.L14(,%rdx,8)
	.section	.rodata
	.align 8
.L13:
	.quad	.L12
.L14:
	.quad	.L15
	.text
.L15:
	endbr64
	movl	$1, %edx
	jmp	*.L16(,%rdx,8)
	.section	.rodata
	.align 8
.L16:
	.quad	.L15
	.quad	tail
	.text
	.cfi_endproc
	.size	case_run, .-case_run
	.type	tail, @function
tail:
	.cfi_startproc
	endbr64
	addl	$600000, %eax
	ret
	.cfi_endproc
	.size	tail, .-tail
	.section	.note.GNU-stack,"",@progbits

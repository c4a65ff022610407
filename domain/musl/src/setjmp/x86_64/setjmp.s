# SPDX-License-Identifier: Apache-2.0
# setjmp: saves the callee-saved registers, and where on the control stack longjmp may return to.
#
# int setjmp(jmp_buf)   edi = buffer; eax = 0
# Words of the buffer: rbx rbp r12 r13 r15 depth landing. The gate at porin_gate_depth answers depth in rax and landing in edx (the
# control stack and the return address of this call of setjmp); it is taken to change every register that a callee may change.
# Written in the form the rewriter emits: addresses through r11 and r14 only.
	.text
	.global setjmp, _setjmp, __setjmp
	.type setjmp,@function
	.type _setjmp,@function
	.type __setjmp,@function
setjmp:
_setjmp:
__setjmp:
	endbr64
	movl %edi, %r11d
	movq %rbx, (%r14,%r11)
	movq %rbp, 8(%r14,%r11)
	movq %r12, 16(%r14,%r11)
	movq %r13, 24(%r14,%r11)
	movq %r15, 32(%r14,%r11)
	movl %edi, %ebx              # survives the gate
	call porin_gate_depth
	movl %ebx, %r11d
	movq (%r14,%r11), %rbx
	movq %rax, 40(%r14,%r11)
	movl %edx, %edx              # a landing is an offset
	movq %rdx, 48(%r14,%r11)
	xorl %eax, %eax
	ret
	.size setjmp, .-setjmp
	.section .note.GNU-stack,"",@progbits

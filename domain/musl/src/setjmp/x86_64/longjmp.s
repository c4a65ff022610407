# SPDX-License-Identifier: Apache-2.0
# longjmp: puts the callee-saved registers and the data stack back; the gate checks depth and landing and goes there.
#
# void longjmp(jmp_buf, int)   edi = buffer, esi = value; setjmp's caller finds the value, or 1 for 0, in eax
	.text
	.global longjmp, _longjmp
	.type longjmp,@function
	.type _longjmp,@function
longjmp:
_longjmp:
	endbr64
	xorl %eax, %eax
	cmpl $1, %esi                # carry: the value is 0
	adcl %esi, %eax
	movl %edi, %r11d
	movq (%r14,%r11), %rbx
	movq 8(%r14,%r11), %rbp
	movq 16(%r14,%r11), %r12
	movq 24(%r14,%r11), %r13
	movl 32(%r14,%r11), %r15d
	movq 40(%r14,%r11), %rsi     # depth
	movl 48(%r14,%r11), %edi     # landing
	jmp porin_gate_longjmp
	.size longjmp, .-longjmp
	.section .note.GNU-stack,"",@progbits

# SPDX-License-Identifier: Apache-2.0
# sigsetjmp: notes the signal mask if asked to, then is setjmp: a tail jump, so that setjmp sees the caller's return address.
#
# int sigsetjmp(sigjmp_buf, int savemask)   edi = buffer, esi = savemask; word 8 of the buffer tells siglongjmp whether a mask is there
	.text
	.global sigsetjmp, __sigsetjmp
	.type sigsetjmp,@function
	.type __sigsetjmp,@function
	.hidden __sigsetjmp_save
sigsetjmp:
__sigsetjmp:
	endbr64
	testl %esi, %esi
	je 1f
	leal -16(%r15), %r15d
	movq %rdi, (%r14,%r15)
	call __sigsetjmp_save		# the word is never without its mask: a handler may jump here while both are written again
	movq (%r14,%r15), %rdi
	leal 16(%r15), %r15d
	jmp setjmp
1:	movl %edi, %r11d
	movq $0, 64(%r14,%r11)
	jmp setjmp
	.size sigsetjmp, .-sigsetjmp
	.section .note.GNU-stack,"",@progbits

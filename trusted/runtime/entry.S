/* SPDX-License-Identifier: Apache-2.0 */
/* The host's side of all crossings between host and domain. This code lies in the host's text, which no domain can reach: service gates
 * come here through pointers in the thread block. Faults: none, but at the instructions listed in entry.h. */
#include "function.h"
#include "thread_layout.h"

        .text

        .macro  clear_evex
        .irp    n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        vpxord  %zmm\n, %zmm\n, %zmm\n
        .endr
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
        kxorw   %k\n, %k\n, %k\n                /* clears all 64 bits */
        .endr
        .endm

        /* Clears what can hold the host's or another domain's data in vector state from register \first up. Flags change. */
        .macro  clear_vectors first
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        .if     \n >= \first
        vpxor   %xmm\n, %xmm\n, %xmm\n          /* the VEX form clears the upper parts too */
        .endif
        .endr
        cmpl    $0, %gs:TB_VECTORS
        je      8f
        clear_evex
8:
        .endm

        .macro  host_save                       /* what host_return restores; services start on an aligned stack */
        pushq   %rbp
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        subq    $8, %rsp
        stmxcsr F_CONTROL_WORDS(%rdi)
        fnstcw  F_CONTROL_WORDS + 4(%rdi)
        movq    %rsp, F_HOST_SP(%rdi)
        movq    %rsp, %gs:TB_HOST_SP            /* services run below us */
        .endm

/* void host_enter(struct frame *frame): calls into a domain.
 * From: C. To: slot offset F_TARGET of the slot at F_R14, on the control stack at F_CONTROL_SP, data stack F_R15, with the arguments in
 * F_INTEGER and F_VECTOR; all other registers are zero but rax (8: how many vector registers may hold arguments of a variadic function).
 * Back: F_RAX, F_RDX, F_VECTOR[0..1]; by the callee's last ret or by the unwinder, which sets F_STATUS. */
        function host_enter
        host_save
        ldmxcsr mxcsr_default(%rip)             /* the host's rounding is none of the domain's business */
        fldcw   x87_default(%rip)
        movl    $MXCSR_DEFAULT, %gs:TB_MXCSR
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
        vmovsd  F_VECTOR + 8 * \n(%rdi), %xmm\n /* clears the rest of the register */
        .endr
        clear_vectors 8
        movq    F_R14(%rdi), %r14
        movl    F_R15(%rdi), %r15d
        movl    F_TARGET(%rdi), %r10d
        addq    %r14, %r10
        movq    F_CONTROL_SP(%rdi), %rsp
        movq    F_INTEGER + 8(%rdi), %rsi
        movq    F_INTEGER + 16(%rdi), %rdx
        movq    F_INTEGER + 24(%rdi), %rcx
        movq    F_INTEGER + 32(%rdi), %r8
        movq    F_INTEGER + 40(%rdi), %r9
        movq    F_INTEGER + 0(%rdi), %rdi
        xorl    %ebx, %ebx
        xorl    %ebp, %ebp
        xorl    %r12d, %r12d
        xorl    %r13d, %r13d
        xorl    %r11d, %r11d
        movl    $8, %eax
        cld
        call    *%r10
        .globl  host_return
host_return:                                    /* rsp = F_CONTROL_SP */
        movq    %gs:TB_FRAME, %r11              /* ours: every inner frame is gone */
        movq    F_HOST_SP(%r11), %rsp
        movq    %rax, F_RAX(%r11)
        movq    %rdx, F_RDX(%r11)
        vmovsd  %xmm0, F_VECTOR(%r11)
        vmovsd  %xmm1, F_VECTOR + 8(%r11)
        emms                                    /* a domain may have left the x87 stack full */
        ldmxcsr F_CONTROL_WORDS(%r11)
        movzwl  F_CONTROL_WORDS + 4(%r11), %ecx
        notl    %ecx
        testl   $X87_EXCEPTIONS, %ecx
        jz      1f
        fnclex                                  /* an exception flag of the domain's would be an exception of the host's */
1:      fldcw   F_CONTROL_WORDS + 4(%r11)
        vzeroupper
        cld
        addq    $8, %rsp
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbx
        popq    %rbp
        ret

/* void host_adopt(struct frame *frame): a thread that goes on with what another one was in the middle of. From: C. To: the handler of the
 * trap, which puts the other thread's registers in place. Back: as from host_enter. */
        function host_adopt
        host_save
        clear_vectors 0                         /* nothing of ours stays, whatever of theirs is known */
/* _Noreturn void adopt_trap(void): the same for what has been interrupted here. From: C. To: the handler. */
        function adopt_trap
        ud2

        .macro  frame_begin kind                /* a frame at r10, on the host's stack; changes nothing else */
        movq    %gs:TB_HOST_SP, %r10            /* 16-aligned, set by host_enter */
        subq    $F_SIZE, %r10
        movq    %rsp, F_CONTROL_SP(%r10)
        movq    %r10, %rsp                      /* nothing is pushed before: the control stack may be full */
        movl    $\kind, F_KIND(%r10)
        movq    %rax, F_RAX(%r10)
        .endm

/* Service call. From: a domain, by call or jmp through the service gate: rax number, rdi rsi rdx rcx r8 r9 arguments, rsp the
 * control stack, any other register contents. To: service_call(frame) on the host stack. Back: rax result, rbx rbp r12 r13 r14 r15
 * unchanged, all else zero. */
        function service_enter
        frame_begin FRAME_SERVICE
        call    frame_save
        movq    %r10, %rdi
        call    service_call
        movq    %gs:TB_FRAME, %r10              /* ours again */
        movq    F_PREVIOUS(%r10), %r11
        movq    %r11, %gs:TB_FRAME
        ldmxcsr F_CONTROL_WORDS(%r10)
        fldcw   F_CONTROL_WORDS + 4(%r10)
        movq    F_CONTROL_SP(%r10), %rsp
        movq    F_R14(%r10), %r14
        movq    F_R15(%r10), %r15
        clear_vectors 0                         /* copies and ciphers of the host leave data in them */
        xorl    %ecx, %ecx
        xorl    %edx, %edx
        xorl    %esi, %esi
        xorl    %edi, %edi
        xorl    %r8d, %r8d
        xorl    %r9d, %r9d
        xorl    %r10d, %r10d
        xorl    %r11d, %r11d
        ret

/* _Noreturn void service_jump(const struct frame *frame, const struct frame *jump): leaves the service of `frame` for longjmp_enter, with
 * what it was called with when `jump` was saved. From: C, on the host stack; the frame is linked. To: longjmp_enter, all else zero. */
        function service_jump
        movq    F_PREVIOUS(%rdi), %r11
        movq    %r11, %gs:TB_FRAME
        ldmxcsr F_CONTROL_WORDS(%rdi)
        fldcw   F_CONTROL_WORDS + 4(%rdi)
        movq    F_CONTROL_SP(%rdi), %rsp
        movq    F_R14(%rdi), %r14
        movq    F_R15(%rsi), %r15
        movq    F_RBX(%rsi), %rbx
        movq    F_RBP(%rsi), %rbp
        movq    F_R12(%rsi), %r12
        movq    F_R13(%rsi), %r13
        movq    F_RAX(%rsi), %rax
        movq    F_INTEGER(%rsi), %rdi
        movq    F_INTEGER + 8(%rsi), %rsi
        clear_vectors 0
        xorl    %ecx, %ecx
        xorl    %edx, %edx
        xorl    %r8d, %r8d
        xorl    %r9d, %r9d
        jmp     longjmp_enter

/* Saves a domain's state into the frame at r10, links it and remembers the domain's data stack. Changes r11, x87 stack, MXCSR. */
        function frame_save
        movq    %rdi, F_INTEGER(%r10)
        movq    %rsi, F_INTEGER + 8(%r10)
        movq    %rdx, F_INTEGER + 16(%r10)
        movq    %rcx, F_INTEGER + 24(%r10)
        movq    %r8, F_INTEGER + 32(%r10)
        movq    %r9, F_INTEGER + 40(%r10)
        movq    %r14, F_R14(%r10)
        movq    %r15, F_R15(%r10)
        movq    %rbx, F_RBX(%r10)               /* C code keeps these, but cannot say where when the thread is split */
        movq    %rbp, F_RBP(%r10)
        movq    %r12, F_R12(%r10)
        movq    %r13, F_R13(%r10)
        movq    %gs:TB_FRAME, %r11
        movq    %r11, F_PREVIOUS(%r10)
        movq    %r10, %gs:TB_FRAME
        movq    %r14, %r11
        shrq    $STACK_SLOT_SHIFT, %r11
        movl    %r15d, %gs:TB_STACKS + SS_POINTER(%r11) /* where the domain's frames end, if the host calls back into it */
        stmxcsr F_CONTROL_WORDS(%r10)           /* the domain's rounding is none of the host's business */
        fnstcw  F_CONTROL_WORDS + 4(%r10)
        ldmxcsr mxcsr_default(%rip)
        fldcw   x87_default(%rip)
        emms                                    /* the host may use long double */
        cld
        ret

/* Slow path of a domain-to-domain gate. From: a gate before it changed anything, r11 = its label. All registers but r10 and r11 may hold
 * arguments. To: slow_path(frame) on the host stack, which makes the callee ready (retry) or says why not. Back: to the gate's second
 * instruction, or to the caller with rax = the value that slow_path put into F_RAX, rdx = 0. */
#define STATE_COMPONENTS 0xe7                   /* x87, SSE, AVX, mask registers, upper halves of zmm0-15, zmm16-31 */
#define STATE_SIZE 2688                         /* of these in the standard format: Intel SDM volume 1, 13.4 */
        function gate_slow
        frame_begin FRAME_SLOW
        movq    %r11, F_TARGET(%r10)
        call    state_save
        call    frame_save
        leaq    -STATE_SIZE - 64(%r10), %rsp    /* the state lies between the frame and our stack */
        andq    $-64, %rsp
        movq    %r10, %rdi
        call    slow_path                       /* bool: retry? */
        movl    %eax, %ecx
        movq    %gs:TB_FRAME, %r10
        movq    F_PREVIOUS(%r10), %r11
        movq    %r11, %gs:TB_FRAME
        leaq    -STATE_SIZE - 64(%r10), %r11
        andq    $-64, %r11
        movl    $STATE_COMPONENTS, %eax
        xorl    %edx, %edx
        xrstor64 (%r11)                         /* control words too */
        movq    F_CONTROL_SP(%r10), %rsp
        movq    F_R14(%r10), %r14
        movq    F_R15(%r10), %r15
        movq    F_RAX(%r10), %rax
        testl   %ecx, %ecx
        jz      1f
        movq    F_INTEGER(%r10), %rdi
        movq    F_INTEGER + 8(%r10), %rsi
        movq    F_INTEGER + 16(%r10), %rdx
        movq    F_INTEGER + 24(%r10), %rcx
        movq    F_INTEGER + 32(%r10), %r8
        movq    F_INTEGER + 40(%r10), %r9
        movq    F_TARGET(%r10), %r10
        addq    $4, %r10                        /* behind the label */
        xorl    %r11d, %r11d
        jmp     *%r10
1:      xorl    %ecx, %ecx                      /* nothing of ours is left in them; rdx is 0 */
        xorl    %esi, %esi
        xorl    %edi, %edi
        xorl    %r8d, %r8d
        xorl    %r9d, %r9d
        xorl    %r10d, %r10d
        xorl    %r11d, %r11d
        ret
        .balign 8
        .size   gate_slow, . - gate_slow

/* setjmp's depth. From: setjmp in a domain, called by some function: [rsp] returns into setjmp, 8(rsp) into that function.
 * Back: rax = depth of the control stack after setjmp's return, edx = slot offset of where it returns to; r10 = r11 = 0, rest unchanged.
 * Both words must be return addresses of this domain: a gate's frame above them would otherwise be told to the domain. */
        function depth_enter
        movq    (%rsp), %r10
        subq    %r14, %r10
        subq    $PORIN_IMAGE_BASE, %r10
        cmpq    $PORIN_IMAGE_END - PORIN_IMAGE_BASE, %r10
        jae     domain_trap
        movq    8(%rsp), %rdx
        subq    %r14, %rdx
        leaq    -PORIN_IMAGE_BASE(%rdx), %r10
        cmpq    $PORIN_IMAGE_END - PORIN_IMAGE_BASE, %r10
        jae     domain_trap
        movq    %gs:TB_CONTROL_TOP, %rax
        leaq    16(%rsp), %r10
        subq    %r10, %rax
        xorl    %r10d, %r10d
        xorl    %r11d, %r11d
        ret

/* longjmp's jump. From: longjmp in a domain: edi = landing offset, rsi = depth (any values), rax = result. To: the landing, with rsp at the
 * depth; rbx rbp r12 r13 r15 are the domain's business. Every word that is dropped must be a return address of this domain: so no gate's
 * frame is skipped and the depth lies in this activation. The landing must be a label. */
        function longjmp_enter
        movl    %edi, %edi
        movq    %gs:TB_CONTROL_TOP, %r10
        cmpq    %r10, %rsi
        ja      domain_trap                     /* would wrap */
        subq    %rsi, %r10                      /* the rsp that is asked for */
        testb   $7, %r10b
        jnz     domain_trap
        cmpq    %rsp, %r10
        jb      domain_trap                     /* words below rsp are stale */
1:      cmpq    %rsp, %r10
        je      2f
        movq    (%rsp), %r11
        subq    %r14, %r11
        subq    $PORIN_IMAGE_BASE, %r11
        cmpq    $PORIN_IMAGE_END - PORIN_IMAGE_BASE, %r11
        jae     3f
        addq    $8, %rsp
        jmp     1b
3:      leaq    host_return(%rip), %r11
        cmpq    %r11, (%rsp)
        jne     domain_trap
        frame_begin FRAME_SERVICE               /* a signal handler may be left, for where it has interrupted the domain: */
        call    frame_save
        movq    %r10, %rdi
        call    handler_leave                   /* asks that this is done again from there */
        movq    %gs:TB_FRAME, %r10
        movq    F_PREVIOUS(%r10), %r11
        movq    %r11, %gs:TB_FRAME
        movq    F_CONTROL_SP(%r10), %rsp
        jmp     domain_trap
        .globl  longjmp_load
2:
longjmp_load:
        movl    (%r14,%rdi), %r11d              /* may fault: any offset comes here; entry.h lists it as the domain's own fault */
        addl    $PORIN_LABEL_NEGATED, %r11d
        jnz     domain_trap
        leaq    (%r14,%rdi), %r10
        xorl    %r11d, %r11d
        jmp     *%r10

/* Called by gates, for what is too long for them or rarely needed. They change nothing else; rsp may be misaligned. */
        function hide_vectors
        .irp    n, 8, 9, 10, 11, 12, 13, 14, 15
        vpxor   %xmm\n, %xmm\n, %xmm\n
        .endr
        ret

        function hide_evex
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        vmovaps %ymm\n, %ymm\n                  /* clears the rest of zmm */
        .endr
        clear_evex
        ret

/* x87 status: exception flags, condition code, top of stack; fnstsw shows them. Nothing to do is the common case. */
        function hide_x87
        fnstsw  %gs:TB_SCRATCH
        testw   $X87_STATUS_FLAGS | X87_STATUS_CONDITION | X87_STATUS_TOP, %gs:TB_SCRATCH
        jz      1f
        pxor    %mm0, %mm0                      /* any MMX instruction makes the top 0 */
        emms
        fnclex
        fld1
        ftst                                    /* 1 is more than 0: all four bits of the condition code are 0 */
        fstp    %st(0)
1:      ret

        .macro  rounding                        /* makes r11d the MXCSR in force, with the exception flags as they are; x87 follows */
        movl    %r11d, %gs:TB_MXCSR
        stmxcsr %gs:TB_SCRATCH                  /* not on the stack: the control stack may be full */
        andl    $MXCSR_FLAGS, %gs:TB_SCRATCH
        orl     %r11d, %gs:TB_SCRATCH
        ldmxcsr %gs:TB_SCRATCH
        shrl    $3, %r11d                       /* rounding: bits 13-14 there, 10-11 in the x87 control word */
        andl    $0x0c00, %r11d
        orl     $X87_CONTROL_DEFAULT, %r11d
        movl    %r11d, %gs:TB_SCRATCH
        fldcw   %gs:TB_SCRATCH
        xorl    %r11d, %r11d
        .endm

/* Called by gates where rounding may change with the crossing. */
        function set_rounding
        cmpl    %r11d, %gs:TB_MXCSR             /* it seldom does; loading it all the same would make crossings wait for each other */
        je      1f
        rounding
1:      ret

/* fenv. From: a domain: edi = wanted MXCSR, or all ones to ask only. Back: rax = MXCSR now in force. Exceptions stay masked; x87 follows in
 * its rounding, and its flags are cleared (the libc moves them to MXCSR first). */
        function fenv_enter
        movq    %r14, %r11
        shrq    $STACK_SLOT_SHIFT, %r11
        cmpl    $0, %gs:TB_STACKS + SS_FENV(%r11) /* gates leave this state alone where an image does not use it, so it must not */
        je      domain_trap
        cmpl    $-1, %edi
        je      1f
        andl    $MXCSR_MUTABLE, %edi
        orl     $MXCSR_DEFAULT, %edi
        movl    %edi, %gs:TB_SCRATCH
        ldmxcsr %gs:TB_SCRATCH                  /* with the wanted exception flags */
        fnclex                                  /* fldcw would not clear them, and no domain instruction can */
        movl    %edi, %r11d
        andl    $~MXCSR_FLAGS, %r11d
        rounding
1:      stmxcsr %gs:TB_SCRATCH
        movl    %gs:TB_SCRATCH, %eax
        xorl    %edi, %edi
        xorl    %r10d, %r10d
        xorl    %r11d, %r11d
        ret

/* A domain did something that cannot be let through: its own fault, as if it had executed ud2. */
        function domain_trap
        ud2

/* _Noreturn void host_resume(uint64_t rip, uint64_t rsp, uint64_t r14, uint64_t rax): leaves host code for a gate's return point
 * or host_return.
 * All else is cleared. */
        function host_resume
        ldmxcsr mxcsr_default(%rip)
        fldcw   x87_default(%rip)
        movq    %rsi, %rsp
        movq    %rdx, %r14
        movq    %rcx, %rax
        movq    %rdi, %r10
        clear_vectors 0
        xorl    %ebx, %ebx
        xorl    %ecx, %ecx
        xorl    %edx, %edx
        xorl    %esi, %esi
        xorl    %edi, %edi
        xorl    %ebp, %ebp
        xorl    %r8d, %r8d
        xorl    %r9d, %r9d
        xorl    %r11d, %r11d
        xorl    %r12d, %r12d
        xorl    %r13d, %r13d
        xorl    %r15d, %r15d
        jmp     *%r10

/* Where the return address of a dead domain's frame points after domain_bury: whoever comes back here came back to a domain that has died
 * meanwhile. r14 = its base, rsp = its control stack. To: dead_return(base, rsp) on the host stack, which does not come back. */
        function dead_return_enter
        movq    %r14, %rdi
        movq    %rsp, %rsi
        movq    %gs:TB_HOST_SP, %rsp
        emms
        call    dead_return
        ud2

/* int64_t host_wait(attention, number, a, b, c, d, e, f). A signal handler that finds rip between begin and end moves it to interrupted
 * (thread_attend): no signal is lost between the look and the wait. */
        function host_wait
        movq    %rdi, %r11
        movq    %rsi, %rax
        movq    %rdx, %rdi
        movq    %rcx, %rsi
        movq    %r8, %rdx
        movq    %r9, %r10
        movq    8(%rsp), %r8
        movq    16(%rsp), %r9
        .globl  host_wait_begin, host_wait_end, host_wait_interrupted
host_wait_begin:
        cmpl    $0, (%r11)
        jne     host_wait_interrupted
        syscall
host_wait_end:
        ret
host_wait_interrupted:
        movq    $-4, %rax                       /* -EINTR */
        ret

/* Saves vector and x87 state below the frame that r10 points at; changes r11, and control words to the default. */
        function state_save
        pushq   %rax
        pushq   %rdx
        leaq    -STATE_SIZE - 64(%r10), %r11
        andq    $-64, %r11
        movq    $0, 512(%r11)                   /* XSAVE ORs into the header's first word and leaves the rest */
        .irp    n, 1, 2, 3, 4, 5, 6, 7
        movq    $0, 512 + 8 * \n(%r11)
        .endr
        movl    $STATE_COMPONENTS, %eax
        xorl    %edx, %edx
        xsave64 (%r11)
        ldmxcsr mxcsr_default(%rip)
        fldcw   x87_default(%rip)
        popq    %rdx
        popq    %rax
        ret

        .section .rodata
        .balign 4
mxcsr_default:
        .long   MXCSR_DEFAULT
x87_default:
        .word   X87_CONTROL_DEFAULT
        .section .note.GNU-stack, "", @progbits

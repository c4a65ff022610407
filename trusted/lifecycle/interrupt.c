/* SPDX-License-Identifier: Apache-2.0 */
/* How a domain is interrupted. Only interrupted() runs as plain host code, on the host's stack, which is free while a domain runs; the rest
 * runs in signal handlers. */
#define _GNU_SOURCE
#include "interrupt.h"
#include "capability/capability.h"
#include "handler.h"
#include "runtime/call.h"
#include "runtime/copy.h"
#include "runtime/entry.h"
#include "runtime/fault.h"
#include "runtime/must.h"
#include <stdatomic.h>
#include <string.h>

#define VECTORS_MAX 0x4000                /* of an XSAVE area that is copied; larger ones belong to features that domains do not have */
#define STACK_ROOM 0x100                  /* below the host's stack pointer, where a signal frame would lie too */

static size_t vectors_size(const ucontext_t *context)
{
    const char *vectors = (const char *)context->uc_mcontext.fpregs;
    const struct _fpx_sw_bytes *software = (const struct _fpx_sw_bytes *)(vectors + sizeof(struct _fpstate) - sizeof *software);
    return software->magic1 == FP_XSTATE_MAGIC1 ? software->extended_size : sizeof(struct _fpstate);
}

struct suspended *context_suspend(const ucontext_t *context, uint64_t host_sp)
{
    size_t size = vectors_size(context);
    if (size > VECTORS_MAX)
        return NULL;
    struct suspended *suspended = (struct suspended *)((host_sp - STACK_ROOM - sizeof *suspended - size) & ~63ull);
    memcpy(suspended->registers, context->uc_mcontext.gregs, sizeof(gregset_t));
    suspended->fault = (struct signal_fault){ 0 };
    suspended->vectors_size = size;
    suspended->mxcsr = context->uc_mcontext.fpregs->mxcsr;
    suspended->x87_control = context->uc_mcontext.fpregs->cwd;
    memcpy(suspended->vectors, context->uc_mcontext.fpregs, size);
    return suspended;
}

void context_resume(struct thread *thread, ucontext_t *context)
{
    const struct suspended *suspended = thread->resume;
    must(suspended);
    thread->resume = NULL;
    memcpy(context->uc_mcontext.gregs, suspended->registers, sizeof(greg_t) * (REG_EFL + 1)); /* not segments and the kernel's notes */
    fpregset_t vectors = context->uc_mcontext.fpregs;
    if (suspended->vectors_size) {
        must(vectors_size(context) == suspended->vectors_size);
        memcpy(vectors, suspended->vectors, suspended->vectors_size);
        return;
    }
    vectors->cwd = suspended->x87_control;
    vectors->mxcsr = suspended->mxcsr;
}

static _Noreturn void interrupted(struct suspended *suspended)
{
    struct thread *thread = thread_current;
    const greg_t *registers = suspended->registers;
    struct porin_domain *domain = domain_at((uint32_t)((uint64_t)registers[REG_R14] >> PORIN_SLOT_SHIFT));
    struct frame frame = {
        .previous = thread->frame, .kind = FRAME_SERVICE, .control_sp = (uint64_t)registers[REG_RSP], .r14 = (uint64_t)registers[REG_R14],
        .r15 = (uint64_t)registers[REG_R15], .mxcsr = suspended->mxcsr, .x87_control = suspended->x87_control,
        .rbx = (uint64_t)registers[REG_RBX], .rbp = (uint64_t)registers[REG_RBP], .r12 = (uint64_t)registers[REG_R12],
        .r13 = (uint64_t)registers[REG_R13] };
    thread_stack_slot(thread, domain->slot)->pointer = (uint32_t)frame.r15;
    thread->interrupted = suspended;
    atomic_signal_fence(memory_order_seq_cst);
    __atomic_store_n(&thread->frame, &frame, __ATOMIC_RELEASE);
    personality_interrupted(domain, suspended->fault.signal ? &suspended->fault : NULL);
    thread->interrupted = NULL;
    if (domain_is_dead(domain))
        activation_end(thread, domain, frame.control_sp);
    interrupt_jump(&frame);
    thread->leave = false; /* who wants the thread elsewhere asks again, and finds it in the domain */
    thread->resume = suspended;
    __atomic_store_n(&thread->frame, frame.previous, __ATOMIC_RELEASE);
    adopt_trap();
}

void interrupt_jump(const struct frame *frame)
{
    struct thread *thread = thread_current;
    if (!thread->jumps)
        return;
    thread->jumps = false;
    service_jump(frame, &thread->jump_call);
}

static bool suspend(struct thread *thread, ucontext_t *context, const struct signal_fault *fault)
{
    greg_t *registers = context->uc_mcontext.gregs;
    if (!handler_room(thread, (uint64_t)registers[REG_RSP]) || !capability_interruptible(registers))
        return false;
    struct suspended *suspended = context_suspend(context, thread->frame->host_sp);
    if (!suspended)
        return false;
    suspended->fault = *fault;
    context_land(context, (struct landing){ .rip = (uint64_t)interrupted, .rsp = (uint64_t)suspended - 8 });
    registers[REG_RDI] = (greg_t)suspended;
    return true;
}

bool interrupt_begin(struct thread *thread, struct porin_domain *domain, ucontext_t *context)
{
    static const struct signal_fault none;
    return personality_signal_due(domain, thread) && suspend(thread, context, &none);
}

/* The address as the domain knows it. A full control stack is told as the data stack's end: programs take that for what it is. */
static uint64_t fault_address(const struct thread *thread, const struct porin_domain *domain, const siginfo_t *info, const greg_t *gregs)
{
    uint64_t at = (uint64_t)info->si_addr, offset = at - domain->base;
    if (at < thread->control_bottom && thread->control_bottom - at <= 0x10000)
        return (uint32_t)gregs[REG_R15];
    return offset + (SLOT_BYTES / 2) < 2 * SLOT_BYTES ? offset : 0;
}

bool interrupt_fault(struct thread *thread, struct porin_domain *domain, const siginfo_t *info, ucontext_t *context)
{
    if (domain_is_dead(domain) || !personality_signal_handled(domain, thread, info->si_signo))
        return false;
    struct signal_fault fault = { info->si_signo, info->si_code, fault_address(thread, domain, info, context->uc_mcontext.gregs) };
    if (fault.signal == SIGSEGV && (fault.address < PORIN_SLOT_EDGE || fault.address >= SLOT_BYTES - PORIN_SLOT_EDGE))
        fault.code = SEGV_MAPERR; /* nothing can be mapped there; to the kernel it is our reservation */
    return suspend(thread, context, &fault);
}

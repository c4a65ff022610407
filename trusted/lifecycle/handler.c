/* SPDX-License-Identifier: Apache-2.0 */
/* Signal handlers of domains as calls from their services. */
#define _GNU_SOURCE
#include "handler.h"
#include "interrupt.h"
#include "runtime/call.h"
#include "runtime/entry.h"
#include "runtime/unwind.h"

#define HANDLERS_MAX 16                   /* on one thread, each in the middle of the one before */
#define FLAGS_SHOWN 0xcd5                 /* arithmetic flags and direction */

bool handler_room(const struct thread *thread, uint64_t control_sp)
{
    unsigned count = 0;
    for (const struct frame *frame = thread->frame; frame; frame = frame->previous)
        count += frame->kind == FRAME_ENTRY;
    return count <= HANDLERS_MAX && control_sp >= thread->control_limit && windows_room(thread);
}

bool handler_possible(const struct porin_domain *domain)
{
    const struct thread *thread = thread_current;
    return thread && thread->frame && thread->frame->kind == FRAME_SERVICE && thread->frame->r14 == domain->base &&
           !domain_is_dead(domain) && handler_room(thread, thread->frame->control_sp);
}

bool handler_jumped(void)
{
    return thread_current && thread_current->jumps;
}

uint32_t handler_stack(const struct porin_domain *domain)
{
    return thread_stack_slot(thread_current, domain->slot)->pointer;
}

enum handler_end handler_run(struct porin_domain *domain, uint32_t offset, const uint64_t arguments[3], uint32_t stack)
{
    struct thread *thread = thread_current;
    struct stack_slot *slot = thread_stack_slot(thread, domain->slot);
    struct routine handler = { domain->generation, offset, { arguments[0], arguments[1], arguments[2] }, true };
    uint32_t before = slot->pointer;
    uint64_t ignored;
    slot->pointer = stack;
    porin_status status = call_routine(thread, domain, &handler, &ignored);
    slot->pointer = before;
    if (domain_is_dead(domain))
        return HANDLER_DIED;
    if (thread->jumps)
        return HANDLER_JUMPED;
    return status == PORIN_OK ? HANDLER_RETURNED : status == PORIN_ERR_EXIT ? HANDLER_EXITED : HANDLER_FAILED;
}

void handler_leave(struct frame *frame)
{
    struct thread *thread = thread_current;
    struct porin_domain *domain = domain_at((uint32_t)(frame->r14 >> PORIN_SLOT_SHIFT));
    if (frame->previous->routine != ROUTINE_HANDLER)
        return;
    thread->jump_call = *frame;
    thread->jumps = true;
    struct walk walk = walk_begin(thread, frame, frame->control_sp, domain);
    struct landing landing = unwind(&walk, domain_is_dead(domain) ? domain_cause(domain) : PORIN_OK);
    host_resume(landing.rip, landing.rsp, landing.r14, landing.rax);
}

/* Where the domain stopped to call a service: nothing else of it is known. */
static void registers_of_service(const struct porin_domain *domain, const struct frame *frame, uint64_t shown[HANDLER_REGISTERS])
{
    shown[REG_RIP] = *(const uint64_t *)frame->control_sp - domain->base;
    shown[REG_RBX] = frame->rbx;
    shown[REG_RBP] = frame->rbp;
    shown[REG_R12] = frame->r12;
    shown[REG_R13] = frame->r13;
    shown[REG_RSP] = (uint32_t)frame->r15;
}

void handler_registers(const struct porin_domain *domain, uint64_t shown[HANDLER_REGISTERS])
{
    static const int told[] = { REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RBP, REG_R8, REG_R9, REG_R12, REG_R13 };
    const struct suspended *suspended = thread_current->interrupted;
    if (!suspended) {
        registers_of_service(domain, thread_current->frame, shown);
        return;
    }
    const greg_t *registers = suspended->registers;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        shown[told[i]] = (uint64_t)registers[told[i]];
    shown[REG_RDI] = (uint32_t)registers[REG_RDI]; /* in a string sequence they are addresses of the host's */
    shown[REG_RSI] = (uint32_t)registers[REG_RSI];
    shown[REG_RSP] = (uint32_t)registers[REG_R15];
    shown[REG_RIP] = (uint64_t)registers[REG_RIP] - domain->base;
    shown[REG_EFL] = (uint64_t)registers[REG_EFL] & FLAGS_SHOWN;
}

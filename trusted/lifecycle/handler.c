/* SPDX-License-Identifier: Apache-2.0 */
/* Signal handlers of domains as calls from their services. */
#include "handler.h"
#include "runtime/call.h"

bool handler_possible(const struct porin_domain *domain)
{
    const struct thread *thread = thread_current;
    return thread && thread->frame && thread->frame->kind == FRAME_SERVICE && thread->frame->r14 == domain->base && !domain_is_dead(domain);
}

uint32_t handler_stack(const struct porin_domain *domain)
{
    return thread_stack_slot(thread_current, domain->slot)->pointer;
}

porin_status handler_run(struct porin_domain *domain, uint32_t offset, const uint64_t arguments[3], uint32_t stack)
{
    struct thread *thread = thread_current;
    struct stack_slot *slot = thread_stack_slot(thread, domain->slot);
    struct routine handler = { domain->generation, offset, { arguments[0], arguments[1], arguments[2] } };
    uint32_t before = slot->pointer;
    uint64_t ignored;
    slot->pointer = stack;
    porin_status status = call_routine(thread, domain, &handler, &ignored);
    slot->pointer = before;
    return status;
}

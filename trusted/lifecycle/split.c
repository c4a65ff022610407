/* SPDX-License-Identifier: Apache-2.0 */
/* How a thread is split: the domain's registers are copied, a new host thread takes the thread block over, the old one gets a new block
 * and returns to the host. All of it runs as plain host code on the caller's host stack, which is free while a domain runs. */
#define _GNU_SOURCE
#include "split.h"
#include "interrupt.h"
#include "report.h"
#include "runtime/entry.h"
#include "runtime/fault.h"
#include "runtime/grace.h"
#include "runtime/must.h"
#include "runtime/unwind.h"
#include "spawn.h"
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct handover {
    sem_t ready, go;
    struct thread *fresh;                 /* the new thread's block, which the old one gets; NULL: it has none */
    struct thread *block;                 /* the old thread's, which the new one gets */
    struct frame entry;                   /* through which the new one is inside */
    struct suspended *suspended;
};

static struct frame *entry_of(const struct thread *thread)
{
    struct frame *frame = thread->frame;
    return frame && frame->kind != FRAME_ENTRY ? frame->previous : frame;
}

bool split_possible(const struct thread *thread)
{
    const struct frame *entry = entry_of(thread);
    return entry && entry->kind == FRAME_ENTRY && !entry->previous && !entry->routine &&
           domain_is_dead(domain_at((uint32_t)(entry->r14 >> PORIN_SLOT_SHIFT)));
}

bool thread_leaves(void)
{
    return thread_current && thread_current->leave;
}

/* --- the new thread --- */

static void *adopted_run(void *data)
{
    struct handover *handover = data;
    struct porin_error error;
    handover->fresh = thread_attach(&error);
    bool good = handover->fresh;
    thread_current = NULL; /* its block is as good as the other thread's; signals that come now are sent again */
    sem_post(&handover->ready);
    if (!good)
        return NULL; /* the old thread frees it */
    while (sem_wait(&handover->go) != 0)
        ;
    thread_take(handover->block);
    host_adopt(&handover->entry);
    __atomic_store_n(&thread_current->frame, NULL, __ATOMIC_RELEASE);
    grace_leave(thread_current); /* who has just been asked can answer only before it is detached */
    porin_thread_detach();
    sem_destroy(&handover->ready);
    sem_destroy(&handover->go);
    free(handover->suspended);
    free(handover);
    return NULL;
}

/* --- the old thread --- */

/* A thread that can take over, with its block. NULL: there is none to be had. */
static struct handover *handover_create(struct thread *thread, const struct suspended *suspended)
{
    struct handover *handover = calloc(1, sizeof *handover);
    size_t size = sizeof *suspended + suspended->vectors_size;
    if (!handover || !(handover->suspended = malloc(size)))
        goto failed;
    memcpy(handover->suspended, suspended, size);
    handover->block = thread;
    must(sem_init(&handover->ready, 0, 0) == 0 && sem_init(&handover->go, 0, 0) == 0);
    if (!host_thread_start(adopted_run, handover))
        goto failed;
    while (sem_wait(&handover->ready) != 0)
        ;
    if (handover->fresh)
        return handover;
failed:
    if (handover)
        free(handover->suspended);
    free(handover);
    return NULL;
}

/* What belongs to a host thread and not to what runs on it. */
static void blocks_exchange(struct thread *one, struct thread *other)
{
#define EXCHANGE(member) do { __typeof__(one->member) kept = one->member; one->member = other->member; other->member = kept; } while (0)
    EXCHANGE(alternate_stack);
    EXCHANGE(alternate_size);
    EXCHANGE(thread_id);
    EXCHANGE(timer);
    EXCHANGE(has_timer);
    EXCHANGE(clock);
    EXCHANGE(has_clock);
    EXCHANGE(charged_ns);
#undef EXCHANGE
}

/* Makes the outermost living activation the first one of its control stack: whoever is outside of it is dead. If nobody lives *entry stays.
 * From here on a signal's handler finds a thread on its way between host and domain, and does not walk the stack that is being cut. */
static void chain_cut(struct walk walk, struct frame *entry)
{
    uint64_t *cut = NULL;
    do {
        struct porin_domain *domain = walk.domain;
        walk_boundary(&walk);
        if (domain_is_dead(domain))
            continue;
        cut = (uint64_t *)walk.sp;
        *entry = (struct frame){ .kind = FRAME_ENTRY, .routine = ROUTINE_INTERNAL, .r14 = domain->base, .control_sp = walk.sp + 8 };
    } while (walk_outer(&walk));
    walk.thread->frame = entry;
    atomic_signal_fence(memory_order_seq_cst);
    if (cut)
        *cut = (uint64_t)host_return;
}

/* There is no thread to be had: whoever was called in turn ends with the call. */
static void chain_end(struct walk walk)
{
    const struct porin_error death = { .status = PORIN_ERR_MEMORY };
    do {
        domain_die(walk.domain, &death);
        walk_boundary(&walk);
    } while (walk_outer(&walk));
}

static _Noreturn void split(struct thread *thread, const struct suspended *suspended, struct walk walk)
{
    struct frame *entry = entry_of(thread);
    struct handover *handover = handover_create(thread, suspended);
    entry->status = domain_cause(domain_at((uint32_t)(entry->r14 >> PORIN_SLOT_SHIFT)));
    if (!handover) {
        chain_end(walk);
        thread->frame = entry;
        host_resume((uint64_t)host_return, entry->host_sp, 0, 0);
    }
    capability_split(thread, handover->suspended->registers);
    struct thread *fresh = handover->fresh;
    death_report(domain_at((uint32_t)(entry->r14 >> PORIN_SLOT_SHIFT)), &fresh->last_error); /* afterwards nothing of ours keeps it */
    /* if the last one has died meanwhile, the new thread comes back at once */
    handover->entry = (struct frame){ .kind = FRAME_ENTRY, .routine = ROUTINE_INTERNAL, .r14 = entry->r14,
                                       .control_sp = thread->control_top };
    chain_cut(walk, &handover->entry);
    blocks_exchange(thread, fresh);
    fresh->frame = entry;
    fresh->signals++; /* what was sent here for the other block is met before the host goes on */
    thread->resume = handover->suspended;
    thread_take(fresh);
    sem_post(&handover->go);
    host_resume((uint64_t)host_return, entry->host_sp, 0, 0);
}

/* Where split_begin continues: on the host's stack. */
static _Noreturn void split_interrupted(struct suspended *suspended)
{
    struct thread *thread = thread_current;
    struct porin_domain *domain = domain_at((uint32_t)((uint64_t)suspended->registers[REG_RIP] >> PORIN_SLOT_SHIFT));
    split(thread, suspended, walk_begin(thread, thread->frame, (uint64_t)suspended->registers[REG_RSP], domain));
}

bool split_begin(struct thread *thread, ucontext_t *context)
{
    struct suspended *suspended = context_suspend(context, thread->frame->host_sp);
    if (!suspended)
        return false;
    context_land(context, (struct landing){ .rip = (uint64_t)split_interrupted, .rsp = (uint64_t)suspended - 8 });
    context->uc_mcontext.gregs[REG_RDI] = (greg_t)suspended;
    return true;
}

void split_service(struct thread *thread, const struct frame *frame, uint64_t result)
{
    thread->leave = false;
    if (!split_possible(thread))
        return;
    struct suspended suspended = { .mxcsr = frame->mxcsr, .x87_control = frame->x87_control };
    greg_t *registers = suspended.registers;
    registers[REG_RIP] = *(const greg_t *)frame->control_sp;
    registers[REG_RSP] = (greg_t)frame->control_sp + 8;
    registers[REG_RAX] = (greg_t)result;
    registers[REG_RBX] = (greg_t)frame->rbx;
    registers[REG_RBP] = (greg_t)frame->rbp;
    registers[REG_R12] = (greg_t)frame->r12;
    registers[REG_R13] = (greg_t)frame->r13;
    registers[REG_R14] = (greg_t)frame->r14;
    registers[REG_R15] = (greg_t)frame->r15;
    registers[REG_EFL] = 0x202;
    split(thread, &suspended, walk_begin(thread, thread->frame, frame->control_sp, domain_at((uint32_t)(frame->r14 >> PORIN_SLOT_SHIFT))));
}

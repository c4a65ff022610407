/* SPDX-License-Identifier: Apache-2.0 */
/* Walking the control stack and unwinding to the other side of a crossing. Async-signal-safe: reads trusted memory only. */
#include "unwind.h"
#include "entry.h"
#include "must.h"

static uint64_t word_at(uint64_t sp)
{
    return *(const uint64_t *)sp;
}

/* Is word a return address into the domain's text, or what replaced one? */
static bool returns_into(const struct porin_domain *domain, uint64_t word)
{
    return (word >= domain->base + PORIN_IMAGE_BASE && word < domain->base + PORIN_IMAGE_END) || word == (uint64_t)dead_return_enter;
}

struct walk walk_begin(struct thread *thread, struct frame *frame, uint64_t sp, struct porin_domain *domain)
{
    while (frame && frame->kind != FRAME_ENTRY)
        frame = frame->previous;
    must(frame);
    must(sp < frame->control_sp && sp >= thread->control_bottom && sp % 8 == 0);
    return (struct walk){ .thread = thread, .entry = frame, .sp = sp, .domain = domain };
}

void walk_boundary(struct walk *walk)
{
    uint64_t host_word = walk->entry->control_sp - 8; /* where host_enter's call left its return address */
    while (walk->sp < host_word && returns_into(walk->domain, word_at(walk->sp)))
        walk->sp += 8;
    walk->from_host = walk->sp == host_word;
    if (walk->from_host) {
        must(word_at(walk->sp) == (uint64_t)host_return);
        return;
    }
    uint64_t word = word_at(walk->sp);
    must(word >> PORIN_SLOT_SHIFT < PORIN_MAX_SLOTS);
    walk->caller = domain_at((uint32_t)(word >> PORIN_SLOT_SHIFT));
    walk->edge = gate_of_return(walk->caller, word);
    must(walk->edge && walk->edge->callee_slot == walk->domain->slot);
}

bool walk_outer(struct walk *walk)
{
    if (!walk->from_host) {
        walk->sp += 8 + walk->edge->frame_size;
        walk->domain = walk->caller;
        return true;
    }
    struct frame *outer = walk->entry->previous;
    if (!outer)
        return false;
    must(outer->kind != FRAME_ENTRY);
    *walk = walk_begin(walk->thread, outer, outer->control_sp, domain_at((uint32_t)(outer->r14 >> PORIN_SLOT_SHIFT)));
    return true;
}

struct landing unwind(struct walk *walk, porin_status status)
{
    walk_boundary(walk);
    struct thread *thread = walk->thread;
    __atomic_store_n(&thread->frame, walk->entry, __ATOMIC_RELEASE);
    thread->host_sp = walk->entry->host_sp;
    thread->interrupted = NULL; /* it lay where frames are gone */
    if (walk->from_host) {
        walk->entry->status = status;
        return (struct landing){ (uint64_t)host_return, walk->sp + 8, 0, 0 };
    }
    uint64_t caller_sp = walk->sp + 8 + walk->edge->frame_size;
    return gate_landing(thread, walk->edge, walk->caller, caller_sp, status);
}

struct landing gate_landing(struct thread *thread, const struct edge *edge, const struct porin_domain *caller, uint64_t caller_sp,
                           porin_status status)
{
    thread_set_call_error(thread, caller->slot, status);
    thread->mxcsr = MXCSR_DEFAULT; /* as everybody makes it who continues at a landing; the gate restores the caller's */
    return (struct landing){ caller->base + PORIN_GATES_IMPORT + edge->gate * PORIN_GATE_SIZE + edge->return_offset,
                             caller_sp - edge->frame_size, domain_at(edge->callee_slot)->base, (uint64_t)edge->fault_value };
}

bool walk_bury(struct walk walk, bool top)
{
    bool any = false;
    do {
        uint64_t *word = (uint64_t *)walk.sp;
        bool dead = domain_is_dead(walk.domain);
        if (top && dead && returns_into(walk.domain, *word))
            *word = (uint64_t)dead_return_enter;
        any |= dead;
        top = true;
        walk_boundary(&walk);
    } while (walk_outer(&walk));
    return any;
}

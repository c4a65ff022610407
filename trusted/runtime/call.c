/* SPDX-License-Identifier: Apache-2.0 */
/* Calls from host to domain, service calls from domain to host, the slow path of gates, and the ends of activations. */
#include "call.h"
#include "copy.h"
#include "entry.h"
#include "error.h"
#include "gate.h"
#include "grace.h"
#include "lifecycle/account.h"
#include "lifecycle/deadline.h"
#include "lifecycle/fork.h"
#include "lifecycle/interrupt.h"
#include "lifecycle/ready.h"
#include "lifecycle/report.h"
#include "lifecycle/split.h"
#include "lifecycle/trace.h"
#include "loader/image.h"
#include "must.h"
#include "porin/verify.h"
#include "unwind.h"
#include <stdatomic.h>
#include <string.h>

static __thread struct porin_error unattached_error; /* of a thread that could not be attached */

const struct porin_error *porin_last_error(void)
{
    return thread_current ? &thread_current->last_error : &unattached_error;
}

/* What is asked of a domain. */
struct request {
    struct porin_domain *domain;
    uint32_t generation, offset;
    const uint64_t *stack;              /* words for the callee's data stack */
    size_t count;
    uint64_t deadline_ns;               /* 0: none */
    enum routine_kind routine;          /* but for calls a missing stack is not to be made */
};

/* Opens a frame for the request. From here on the thread counts as inside the domain, so what is checked afterwards stays true: whoever
 * takes the domain away first makes these checks fail and then waits for threads inside. */
static inline void frame_open(struct thread *thread, struct frame *frame, const struct request *request)
{
    frame->previous = thread->frame;
    frame->kind = FRAME_ENTRY;
    frame->status = PORIN_OK;
    frame->control_sp = frame->previous ? frame->previous->control_sp : thread->control_top;
    frame->r14 = (uint64_t)request->domain->slot << PORIN_SLOT_SHIFT;
    frame->target = request->offset;
    frame->deadline_ns = 0;             /* not before it is certain that the domain is the one that is meant */
    frame->routine = request->routine;
    atomic_signal_fence(memory_order_seq_cst);
    __atomic_store_n(&thread->frame, frame, __ATOMIC_RELEASE); /* other threads look whether there is one */
    atomic_signal_fence(memory_order_seq_cst);
}

static inline void frame_close(struct thread *thread, struct frame *frame)
{
    atomic_signal_fence(memory_order_seq_cst);
    __atomic_store_n(&thread->frame, frame->previous, __ATOMIC_RELEASE);
    atomic_signal_fence(memory_order_seq_cst);
    if (!thread->frame && thread->signals != thread->signals_met)
        grace_leave(thread);
}

/* Entries from the host inside one another. Each takes host stack below the one before, and a domain can bring about any number: its
 * thread routine may call a gate that needs the thread routine again. */
#define NESTED_MAX 32

static bool nested_too_deep(const struct thread *thread)
{
    unsigned depth = 0;
    for (const struct frame *frame = thread->frame; frame; frame = frame->previous)
        depth += frame->kind == FRAME_ENTRY;
    return depth >= NESTED_MAX;
}

/* May this thread enter a domain now? Not from a signal handler that interrupted one, nor without room on the control stack or the
 * host's. */
static porin_status enter_check(struct thread *thread)
{
    if (!thread->frame)
        return PORIN_OK;
    if (thread->frame->kind == FRAME_ENTRY)
        return error_set(&thread->last_error, PORIN_ERR_BUSY, "this thread runs a domain: a signal handler cannot call another one");
    if (thread->frame->control_sp < thread->control_limit || !windows_room(thread))
        return error_set(&thread->last_error, PORIN_ERR_LIMIT, "calls between domains are nested too deep: the control stack is used up");
    if (nested_too_deep(thread))
        return error_set(&thread->last_error, PORIN_ERR_LIMIT, "host and domains have called each other %d times inside one another",
                         NESTED_MAX);
    return PORIN_OK;
}

/* Inside an open frame: copies stack arguments and crosses over. */
static inline porin_status frame_run(struct thread *thread, struct frame *frame, const struct request *request)
{
    struct porin_domain *domain = request->domain;
    struct stack_slot *slot = thread_stack_slot(thread, domain->slot);
    if (!image_has_label(domain->image, request->offset))
        return error_set(&thread->last_error, PORIN_ERR_NAME, "%s: %#x is no function that can be called", domain->name, request->offset);
    uint32_t before = slot->pointer, pointer = before & ~15u;
    if (request->count) {
        pointer = (pointer - (uint32_t)request->count * 8) & ~15u;
        if (copy_out(domain, (porin_addr){ pointer }, request->stack, request->count * 8) != PORIN_OK)
            return error_set(&thread->last_error, PORIN_ERR_RANGE, "%s: no room for %zu stack arguments", domain->name, request->count);
    }
    frame->deadline_ns = request->deadline_ns;
    if (request->deadline_ns && !deadline_arm(thread))
        return error_set(&thread->last_error, PORIN_ERR_MEMORY, "no timer for the deadline of a call into %s", domain->name);
    frame->r15 = pointer;
    uint64_t host_sp = thread->host_sp, thread_pointer = thread->thread_pointer, call_error = thread->call_error, mxcsr = thread->mxcsr;
    struct suspended *interrupted = thread->interrupted;
    thread->interrupted = NULL;
    thread->thread_pointer = slot->thread_pointer;
    thread->call_error = slot->call_error;
    slot->calls += domain->options.accounting && !request->routine;
    bool capable = domain->image->uses & PORIN_USES_CAPABILITIES || thread->window || thread->lent;
    bool deep = frame->previous || request->routine;
    uint64_t window = capable ? windows_enter(thread, deep) : 0;
    trace_note(thread, TRACE_CALL, (uint64_t)domain->slot << 32 | request->offset);
    host_enter(frame);
    frame->deadline_ns = 0; /* from here on the answer is what it is */
    atomic_signal_fence(memory_order_seq_cst);
    if (thread != thread_current) /* it has been split: somebody else goes on with that block, and the domain may be gone */
        return (porin_status)frame->status;
    trace_note(thread, TRACE_CALL_END, 0);
    if (capable)
        windows_leave(thread, window, deep);
    thread->host_sp = host_sp;
    thread->thread_pointer = thread_pointer;
    thread->call_error = call_error;
    thread->mxcsr = mxcsr;
    thread->interrupted = interrupted;
    slot->pointer = before;
    if (domain_is_dead(domain)) { /* otherwise, if at all, it has ended this activation only and said so */
        frame->status = domain_cause(domain); /* it may have come back by itself, but calls of its own may have failed */
        death_report(domain, &thread->last_error);
    }
    return (porin_status)frame->status;
}

/* Calls into a domain with the registers in *frame. */
static inline porin_status enter(struct thread *thread, struct frame *frame, const struct request *request)
{
    porin_status status = enter_check(thread);
    if (status != PORIN_OK)
        return status;
    for (;;) {
        frame_open(thread, frame, request);
        if (thread_stack_slot(thread, request->domain->slot)->generation == request->generation) {
            status = frame_run(thread, frame, request);
            frame_close(thread_current, frame);
            fork_finish(request->domain);
            return status;
        }
        frame_close(thread, frame);
        if (request->routine)
            return error_set(&thread->last_error, PORIN_ERR_GONE, "the domain died while it was being started");
        status = domain_prepare(thread, request->domain, request->generation, &thread->last_error);
        if (status != PORIN_OK)
            return status;
    }
}

porin_status call_routine(struct thread *thread, struct porin_domain *domain, const struct routine *routine, uint64_t *result)
{
    struct request request = { .domain = domain, .generation = routine->generation, .offset = routine->offset,
                               .routine = routine->handler ? ROUTINE_HANDLER : ROUTINE_INTERNAL,
                               .deadline_ns = thread->frame ? 0 : thread->call_deadline_ns };
    struct frame frame = { .integer = { routine->arguments[0], routine->arguments[1], routine->arguments[2] } };
    porin_status status = enter(thread, &frame, &request);
    if (status == PORIN_OK)
        *result = frame.rax;
    return status;
}

/* The calling thread, attached; NULL: see porin_last_error. */
static inline struct thread *call_thread(void)
{
    struct thread *thread = thread_current;
    return thread ? thread : thread_attach(&unattached_error);
}

static porin_status call_by(porin_entry entry, struct porin_call *call, uint64_t deadline_ns)
{
    struct thread *thread = call_thread();
    if (!thread)
        return unattached_error.status;
    if (!entry.domain || !entry.generation || call->stack_count > CALL_MAX_STACK)
        return error_set(&thread->last_error, PORIN_ERR_ARGUMENT, "the entry names no domain, or more than %d stack arguments",
                         CALL_MAX_STACK);
    struct request request = { entry.domain, entry.generation, entry.offset, call->stack, call->stack_count, deadline_ns, ROUTINE_NONE };
    struct frame frame;
    memcpy(frame.integer, call->integer, sizeof frame.integer);
    memcpy(frame.vector, call->vector, sizeof frame.vector);
    thread->call_deadline_ns = deadline_ns;
    porin_status status = enter(thread, &frame, &request);
    if (thread_current->lent) /* after a split it is another one */
        windows_forget_lent(thread_current);
    if (status == PORIN_OK) {
        call->result[0] = frame.rax;
        call->result[1] = frame.rdx;
        call->result_vector[0] = frame.vector[0];
        call->result_vector[1] = frame.vector[1];
    }
    return status;
}

porin_status porin_call(porin_entry entry, struct porin_call *call)
{
    return call_by(entry, call, 0);
}

porin_status porin_call_within(porin_entry entry, struct porin_call *call, uint64_t timeout_ns)
{
    uint64_t now = deadline_now();
    porin_status status = call_by(entry, call, timeout_ns < UINT64_MAX - now ? now + timeout_ns : UINT64_MAX);
    if (thread_current) {
        thread_current->call_deadline_ns = 0;
        deadline_disarm(thread_current);
    }
    return status;
}

porin_status porin_call6(porin_entry entry, uint64_t *result, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    struct thread *thread = call_thread();
    if (!thread)
        return unattached_error.status;
    if (!entry.domain || !entry.generation)
        return error_set(&thread->last_error, PORIN_ERR_ARGUMENT, "the entry names no domain");
    struct request request = { .domain = entry.domain, .generation = entry.generation, .offset = entry.offset };
    struct frame frame; /* the rest is filled in by frame_open and host_enter */
    const uint64_t integer[6] = { a, b, c, d, e, f };
    memcpy(frame.integer, integer, sizeof integer);
    memset(frame.vector, 0, sizeof frame.vector);
    porin_status status = enter(thread, &frame, &request);
    if (thread_current->lent) /* after a split it is another one */
        windows_forget_lent(thread_current);
    if (status == PORIN_OK && result)
        *result = frame.rax;
    return status;
}

void activation_end(struct thread *thread, struct porin_domain *domain, uint64_t control_sp)
{
    struct walk walk = walk_begin(thread, thread->frame, control_sp, domain);
    thread->jumps = false;
    struct landing landing = unwind(&walk, domain_cause(domain));
    host_resume(landing.rip, landing.rsp, landing.r14, landing.rax);
}

void dead_return(uint64_t base, uint64_t control_sp)
{
    struct thread *thread = thread_current;
    struct porin_domain *domain = domain_at((uint32_t)(base >> PORIN_SLOT_SHIFT));
    must(domain_is_dead(domain));
    activation_end(thread, domain, control_sp);
}

void domain_exit(struct porin_domain *domain, int code)
{
    struct thread *thread = thread_current;
    struct frame *frame = thread->frame;
    must(frame && frame->kind == FRAME_SERVICE && frame->r14 == domain->base);
    struct porin_error death = { .status = PORIN_ERR_EXIT, .exit_code = code };
    memcpy(death.domain, domain->name, sizeof death.domain);
    domain_die(domain, &death);
    walk_bury(walk_begin(thread, frame, frame->control_sp, domain), false);
    activation_end(thread, domain, frame->control_sp);
}

#define SERVICE_LONG 100000 /* cycles of the time stamp counter: the thread may have slept */

uint64_t service_call(struct frame *frame)
{
    struct porin_domain *domain = domain_at((uint32_t)(frame->r14 >> PORIN_SLOT_SHIFT));
    uint64_t start = account_wanted ? __builtin_ia32_rdtsc() : 0;
    uint64_t asked = (uint64_t)domain->slot << 32 | (uint32_t)frame->rax;
    thread_current->recent[thread_current->recent_count++ % RECENT_SERVICES] = asked;
    trace_note(thread_current, TRACE_SERVICE, asked);
    uint64_t result = (uint64_t)personality_call(domain, frame->rax, frame->integer);
    trace_note(thread_current, TRACE_SERVICE_END, 0);
    if (start && __builtin_ia32_rdtsc() - start > SERVICE_LONG)
        account_waited(thread_current, frame);
    if (domain_is_dead(domain)) /* killed, late, or died in an inner call */
        activation_end(thread_current, domain, frame->control_sp);
    interrupt_jump(frame);
    if (thread_current->leave)
        split_service(thread_current, frame, result);
    return result;
}

static struct stack_slot *running_slot(void)
{
    struct thread *thread = thread_current;
    must(thread && thread->frame && thread->frame->kind == FRAME_SERVICE);
    return thread_stack_slot(thread, (uint32_t)(thread->frame->r14 >> PORIN_SLOT_SHIFT));
}

void thread_set_pointer(uint32_t pointer)
{
    running_slot()->thread_pointer = pointer;
    thread_current->thread_pointer = pointer;
}

uint32_t thread_get_pointer(void)
{
    return (uint32_t)running_slot()->thread_pointer;
}

bool slow_path(struct frame *frame)
{
    struct thread *thread = thread_current;
    struct porin_domain *caller = domain_at((uint32_t)(frame->r14 >> PORIN_SLOT_SHIFT));
    struct edge *edge = gate_at(caller, (uint32_t)(frame->target - caller->base));
    porin_status status;
    if (!edge || !edge->bound) /* no edge: every slot has all gates of the zone, whatever its image imports */
        status = error_set(&thread->last_error, PORIN_ERR_NAME, "%s: import %s is not bound", caller->name, edge ? edge->name : "(none)");
    else if (frame->control_sp < thread->control_limit || !windows_room(thread))
        status = error_set(&thread->last_error, PORIN_ERR_LIMIT, "%s: calls are nested too deep to call %s", caller->name, edge->name);
    else
        status = domain_prepare(thread, domain_at(edge->callee_slot), edge->callee_generation, &thread->last_error);
    if (domain_is_dead(caller))
        activation_end(thread, caller, frame->control_sp);
    if (status == PORIN_OK)
        return true;
    thread_set_call_error(thread, caller->slot, status);
    frame->rax = edge && edge->bound ? (uint64_t)edge->fault_value : UINT64_MAX;
    return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Making a domain ready for a thread: its start routine, a data stack, its thread routine; and running a program. */
#include "ready.h"
#include "deadline.h"
#include "exec.h"
#include "loader/image.h"
#include "reaper.h"
#include "report.h"
#include "runtime/call.h"
#include "runtime/error.h"
#include "runtime/thread.h"
#include "spawn.h"
#include "start.h"
#include <stdatomic.h>
#include <string.h>

/* A stack for a thread that has none here: one that another thread left, the libc's known ones first, or a new one. NULL: no room. */
static struct data_stack *stack_take(struct porin_domain *domain, struct thread *thread)
{
    struct data_stack *found = NULL;
    for (uint32_t i = 0; i < domain->stack_count; i++)
        if (!domain->stacks[i].owner && (!found || domain->stacks[i].known > found->known))
            found = &domain->stacks[i];
    if (!found) {
        struct data_stack made = { .number = domain_next_number(domain) };
        if ((domain->stack_count && !reaper_ensure()) ||
            !memory_stack(domain, domain->stack_count ? domain->memory.stack_size : 0, &made.start, &made.end) ||
            !(found = domain_add_stack(domain)))
            return NULL;
        *found = made;
    }
    found->owner = thread;
    domain_take_slot(domain, thread_stack_slot(thread, domain->slot), found);
    return found;
}

/* The first thread of a program has come back; the program ends when all its threads have. If they did so one by one, its code is that
 * of the first. */
static porin_status program_finish(const struct thread *thread, struct porin_domain *domain, porin_status status, struct porin_error *error)
{
    if (status == PORIN_ERR_EXIT && !domain_is_dead(domain)) {
        struct porin_error death = { .status = PORIN_ERR_EXIT, .exit_code = thread->last_error.exit_code };
        spawn_wait(domain);
        domain_die(domain, &death);
    }
    spawn_wait(domain);
    if (!domain_is_dead(domain))
        return status;
    death_report(domain, error);
    return error->status;
}

/* A program gets a stack as large as programs expect, if its memory limit has room for that; otherwise the one it was made with must do. */
static void program_stack(struct thread *thread, struct porin_domain *domain)
{
    uint64_t wanted = domain->options.stack_bytes ? domain->options.stack_bytes : PORIN_STACK_PROGRAM;
    uint32_t start, end;
    wanted = (wanted + IMAGE_PAGE - 1) & ~(uint64_t)(IMAGE_PAGE - 1);
    if (wanted <= domain->memory.stack_size || !memory_stack(domain, wanted, &start, &end))
        return;
    pthread_mutex_lock(&domain->lock);
    struct data_stack *stack = domain_stack_of(domain, thread);
    stack->start = start;
    stack->end = end;
    pthread_mutex_unlock(&domain->lock);
    thread_stack_slot(thread, domain->slot)->pointer = end;
}

/* Runs the start routine: of a library to the end, of a program until it exits. Called without the lock, in state STARTING. */
static porin_status domain_start(struct thread *thread, struct porin_domain *domain, uint32_t generation, struct porin_error *error)
{
    uint32_t offset = domain->image->layout.note.start_offset, block;
    if (!offset)
        return PORIN_OK;
    struct stack_slot *slot = thread_stack_slot(thread, domain->slot);
    if (domain->image->layout.note.flags & PORIN_IMAGE_PROGRAM)
        program_stack(thread, domain);
    porin_status status = start_block_write(domain, slot->pointer, &block, error);
    if (status != PORIN_OK)
        return status;
    slot->pointer = block;
    uint64_t ignored;
    status = call_routine(thread, domain, &(struct routine){ generation, offset, { block }, false }, &ignored);
    if (status != PORIN_OK && error != &thread->last_error)
        *error = thread->last_error;
    return domain->image->layout.note.flags & PORIN_IMAGE_PROGRAM ? program_finish(thread, domain, status, error) : status;
}

/* State FRESH to READY, under the lock, which is given up while the domain runs. */
static porin_status domain_make_ready(struct thread *thread, struct porin_domain *domain, uint32_t generation, struct porin_error *error)
{
    domain->state = DOMAIN_STARTING;
    domain->starter = thread;
    pthread_mutex_unlock(&domain->lock);
    porin_status status = domain_start(thread, domain, generation, error);
    pthread_mutex_lock(&domain->lock);
    domain->starter = NULL;
    int starting = DOMAIN_STARTING;
    atomic_compare_exchange_strong(&domain->state, &starting, status == PORIN_OK ? DOMAIN_READY : DOMAIN_FRESH);
    pthread_cond_broadcast(&domain->started);
    return status;
}

/* Makes a thread known to the domain's libc, under the lock, which is given up while the domain runs. */
static porin_status thread_make_known(struct thread *thread, struct porin_domain *domain, uint32_t generation, struct porin_error *error)
{
    uint64_t pointer = 0;
    uint32_t offset = domain->image->layout.note.thread_offset;
    if (offset) {
        pthread_mutex_unlock(&domain->lock);
        porin_status status = call_routine(thread, domain, &(struct routine){ generation, offset, { 0 }, false }, &pointer);
        pthread_mutex_lock(&domain->lock);
        if (status != PORIN_OK && error != &thread->last_error)
            *error = thread->last_error;
        if (status != PORIN_OK)
            return status;
        if (!pointer)
            return error_set(error, PORIN_ERR_LIMIT, "domain %s has no memory for another thread", domain->name);
        thread_stack_slot(thread, domain->slot)->thread_pointer = (uint32_t)pointer;
    }
    struct data_stack *stack = domain_stack_of(domain, thread);
    if (stack)
        stack->known = true;
    return PORIN_OK;
}

#define AWAIT_NS 20000000        /* between looks whether it is still worth waiting */

/* Has a domain died that waits on this thread for a call to come back? */
static bool waits_for_dead(const struct thread *thread)
{
    bool dead = false;
    for (const struct frame *frame = thread->frame; frame; frame = frame->previous)
        dead |= domain_is_dead(domain_at((uint32_t)(frame->r14 >> PORIN_SLOT_SHIFT)));
    return dead;
}

/* Has the time passed that the host gives this thread for the call it is about to make? */
static bool call_is_late(const struct thread *thread)
{
    return thread->call_deadline_ns && thread->call_deadline_ns <= deadline_now();
}

/* Waits while another thread starts the domain; then says whether it can be entered. Under the lock. */
static porin_status domain_await(struct thread *thread, struct porin_domain *domain, uint32_t generation, struct porin_error *error)
{
    while (domain->generation == generation && domain->state == DOMAIN_STARTING && domain->starter != thread) {
        struct timespec end;
        clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec += (end.tv_nsec + AWAIT_NS) / 1000000000;
        end.tv_nsec = (end.tv_nsec + AWAIT_NS) % 1000000000;
        if (waits_for_dead(thread)) /* two domains that start may wait for each other: a kill must end that */
            return error_set(error, PORIN_ERR_BUSY, "domain %s is being started, and who called it has died", domain->name);
        if (call_is_late(thread)) {
            error_set(error, PORIN_ERR_DEADLINE, "domain %s is still being started by another thread", domain->name);
            memcpy(error->domain, domain->name, sizeof error->domain);
            return error->status;
        }
        pthread_cond_timedwait(&domain->started, &domain->lock, &end);
    }
    if (domain->generation != generation)
        return error_set(error, PORIN_ERR_GONE, "the domain that the entry belongs to has been destroyed");
    if (domain_is_dead(domain)) {
        struct porin_error death;
        death_report(domain, &death);
        *error = death;
        return error->status = death.status == PORIN_ERR_DEADLINE && call_is_late(thread) ? PORIN_ERR_DEADLINE : PORIN_ERR_GONE;
    }
    return PORIN_OK;
}

/* With the domain's lock, which the caller takes and gives. */
static porin_status prepare_locked(struct thread *thread, struct porin_domain *domain, uint32_t generation, struct porin_error *error)
{
    porin_status status = domain_await(thread, domain, generation, error);
    if (status != PORIN_OK)
        return status;
    struct data_stack *stack = domain_stack_of(domain, thread);
    if (!stack && !(stack = stack_take(domain, thread)))
        return error_set(error, PORIN_ERR_LIMIT, "domain %s has no room for another stack", domain->name);
    bool known = stack->known;
    stack->known = true; /* routines that run now may call out and be called back on this thread */
    thread_stack_slot(thread, domain->slot)->generation = generation;
    if (domain->state == DOMAIN_FRESH)
        status = domain_make_ready(thread, domain, generation, error);
    else if (!known && domain->state == DOMAIN_READY)
        status = thread_make_known(thread, domain, generation, error);
    if (status == PORIN_OK)
        status = domain_await(thread, domain, generation, error);
    if (status != PORIN_OK) {
        thread_stack_slot(thread, domain->slot)->generation = 0;
        if ((stack = domain_stack_of(domain, thread)))
            stack->known = known;
    }
    return status;
}

porin_status domain_prepare(struct thread *thread, struct porin_domain *domain, uint32_t generation, struct porin_error *error)
{
    if (domain->generation != generation || domain->state == DOMAIN_FREE)
        return error_set(error, PORIN_ERR_GONE, "the domain that the entry belongs to has been destroyed");
    pthread_mutex_lock(&domain->lock);
    domain->pins++;
    porin_status status = prepare_locked(thread, domain, generation, error);
    domain->pins--;
    pthread_mutex_unlock(&domain->lock);
    return status;
}

bool porin_image_is_program(const porin_image *image)
{
    return image->layout.note.flags & PORIN_IMAGE_PROGRAM;
}

porin_status porin_domain_run(porin_domain *domain, int *exit_code, struct porin_error *error)
{
    struct porin_error local;
    if (!error)
        error = &local;
    if (!domain || !exit_code)
        return error_set(error, PORIN_ERR_ARGUMENT, "porin_domain_run: NULL argument");
    if (!porin_image_is_program(domain->image))
        return error_set(error, PORIN_ERR_ARGUMENT, "%s is a library, not a program: it has no main", domain->name);
    struct thread *thread = thread_attach(error);
    if (!thread)
        return error->status;
    porin_status status = domain_prepare(thread, domain, domain->generation, error);
    struct porin_domain *last = domain;
    for (struct porin_domain *next; (next = exec_next(last)); last = next) {
        if (last != domain)
            porin_domain_destroy(last);
        status = domain_prepare(thread, next, next->generation, error);
        domain->cpu_ns = (uint64_t)next->cpu_ns;
        domain->chain_cpu_ns = (uint64_t)next->chain_cpu_ns;
    }
    if (last != domain)
        porin_domain_destroy(last); /* nobody else knows it */
    if (status == PORIN_ERR_EXIT) {
        *exit_code = error->exit_code;
        return PORIN_OK;
    }
    return status == PORIN_OK ? error_set(error, PORIN_ERR_FAULT, "%s: the start routine of a program returned", domain->name) : status;
}

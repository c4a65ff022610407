/* SPDX-License-Identifier: Apache-2.0 */
/* Domains: created in a slot from a verified image, destroyed when no thread is inside, reset in place. */
#define _GNU_SOURCE
#include "domain.h"
#include "authority/handle.h"
#include "call.h"
#include "copy.h"
#include "error.h"
#include "gate.h"
#include "grace.h"
#include "lifecycle/options.h"
#include "lifecycle/spawn.h"
#include "lifecycle/start.h"
#include "loader/image.h"
#include "must.h"
#include "region.h"
#include "thread.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static struct porin_domain *domains;     /* PORIN_MAX_SLOTS of them, by slot; demand-zero */

porin_status domains_start(struct porin_error *error)
{
    void *memory = mmap(NULL, PORIN_MAX_SLOTS * sizeof *domains, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                        -1, 0);
    if (memory == MAP_FAILED)
        return error_set(error, PORIN_ERR_MEMORY, "no address space for the table of domains");
    domains = memory;
    return PORIN_OK; /* locks of zero bytes are unlocked ones, so that the table needs no page before a slot is used */
}

struct porin_domain *domain_at(uint32_t slot)
{
    must(slot < PORIN_MAX_SLOTS);
    return &domains[slot];
}

static bool map_file(struct porin_domain *domain, uint32_t offset, uint32_t size, int protection, int flags, uint64_t file_offset)
{
    void *at = (void *)(domain->base + offset);
    return size == 0 || mmap(at, size, protection, flags | MAP_FIXED, domain->image->file, (off_t)file_offset) == at;
}

/* Adjacent mappings, so that an idle domain costs the process few of them: stack, gates, text, constants, data with first heap. */
static bool domain_map_image(struct porin_domain *domain)
{
    const struct porin_image *image = domain->image;
    uint32_t stack_size = domain->memory.stack_size = image->layout.note.stack_size ? image->layout.note.stack_size : PORIN_STACK_DEFAULT;
    void *stack = (void *)(domain->base + PORIN_STACK_END - stack_size);
    return mmap(stack, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == stack &&
           gates_map(domain) &&
           map_file(domain, page_floor(image->layout.text.offset), image->text_pages_size, PROT_READ | PROT_EXEC, MAP_SHARED, 0) &&
           map_file(domain, page_floor(image->layout.constants.offset), image->constants_pages_size, PROT_READ, MAP_SHARED,
                    image->text_pages_size) &&
           map_file(domain, image->data_start, image->data_file_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE,
                    image->text_pages_size + image->constants_pages_size) &&
           memory_create(domain);
}

static bool edges_create(struct porin_domain *domain)
{
    const struct porin_image *image = domain->image;
    if (!image->layout.imports_count)
        return true;
    domain->edges = calloc(image->layout.imports_count, sizeof *domain->edges);
    for (uint32_t i = 0; domain->edges && i < image->layout.imports_count; i++) {
        domain->edges[i].name = image->imports[i].name;
        domain->edges[i].gate = (image->imports[i].offset - PORIN_GATES_IMPORT) / PORIN_GATE_SIZE;
    }
    return domain->edges;
}

#define NO_GENERATION UINT32_MAX /* no domain ever has it */

static void domain_free(struct porin_domain *domain)
{
    authority_forget(domain);
    personality_destroy(domain);
    memory_destroy(domain);
    options_release(&domain->options);
    pthread_mutex_lock(&domain->lock); /* domains_unbind may be looking */
    free(domain->edges);
    domain->edges = NULL;
    pthread_mutex_unlock(&domain->lock);
    free(domain->stacks);
    domain->stacks = NULL;
    domain->stack_count = domain->stack_capacity = 0;
    porin_image_release(domain->image);
    domain->image = NULL;
    domain->state = DOMAIN_FREE;
    region_give(domain->slot);
}

static void generation_next(struct porin_domain *domain)
{
    uint32_t next = domain->generation + 1;
    if (next == PORIN_LABEL_BYTES) /* gates contain it */
        next++;
    domain->generation = next && next != NO_GENERATION ? next : 1;
}

porin_status porin_domain_create(porin_image *image, const struct porin_domain_options *options, porin_domain **out,
                                 struct porin_error *error)
{
    struct porin_domain_options defaults;
    uint32_t slot;
    if (!image || !out)
        return error_set(error, PORIN_ERR_ARGUMENT, "porin_domain_create: NULL argument");
    porin_domain_options_default(&defaults);
    if (!options)
        options = &defaults;
    porin_status status = porin_init(error);
    if (status != PORIN_OK || (status = region_take(&slot, error)) != PORIN_OK)
        return status;
    struct porin_domain *domain = domain_at(slot);
    must(domain->state == DOMAIN_FREE && !domain->pins);
    domain->slot = slot;
    domain->base = (uintptr_t)slot << PORIN_SLOT_SHIFT;
    memset(&domain->image, 0, sizeof *domain - offsetof(struct porin_domain, image));
    generation_next(domain);
    domain->image = image;
    image_retain(image);
    domain->grants = options->grants;
    threads_count_from_now(domain);
    snprintf(domain->name, sizeof domain->name, "%s", options->name ? options->name : image->name);
    if (!options_copy(&domain->options, options) || !edges_create(domain))
        status = error_set(error, PORIN_ERR_MEMORY, "no memory for the tables of domain %s", domain->name);
    else if (!domain_map_image(domain))
        status = error_set(error, PORIN_ERR_MAPPINGS, "mapping domain %s: %s", domain->name, strerror(errno));
    else
        status = personality_create(domain, &domain->options, error);
    if (status != PORIN_OK) {
        domain_free(domain);
        return status;
    }
    domain->state = DOMAIN_FRESH;
    *out = domain;
    return PORIN_OK;
}

void porin_domain_destroy(porin_domain *domain)
{
    if (!domain)
        return;
    must(domain->state != DOMAIN_FREE);
    /* from here on every gate and every host call finds another generation and fails */
    pthread_mutex_lock(&domain->lock);
    generation_next(domain);
    domain->state = DOMAIN_DEAD;
    domain->death = (struct porin_error){ .status = PORIN_ERR_GONE };
    pthread_cond_broadcast(&domain->started);
    pthread_mutex_unlock(&domain->lock);
    threads_forget_domain(domain->slot);
    grace_wait_outside(domain);
    domain_free(domain);
}

void domain_mark_dead(struct porin_domain *domain, const struct porin_error *death)
{
    int state = domain->state;
    while (state != DOMAIN_DEAD) /* the first cause is the one that is told */
        if (atomic_compare_exchange_weak(&domain->state, &state, DOMAIN_DYING)) {
            domain->death = *death;
            domain->state = DOMAIN_DEAD;
            break;
        }
    spawn_reap(domain);
}

void domain_die(struct porin_domain *domain, const struct porin_error *death)
{
    domain_mark_dead(domain, death);
    threads_forget_domain(domain->slot);
}

porin_status porin_domain_kill(porin_domain *domain)
{
    if (!domain || domain->state == DOMAIN_FREE)
        return PORIN_ERR_ARGUMENT;
    struct porin_error death = { .status = PORIN_ERR_KILLED };
    domain_die(domain, &death);
    grace_throw_out(domain);
    return PORIN_OK;
}

struct data_stack *domain_stack_of(const struct porin_domain *domain, const struct thread *thread)
{
    for (uint32_t i = 0; i < domain->stack_count; i++)
        if (domain->stacks[i].owner == thread)
            return &domain->stacks[i];
    return NULL;
}

struct data_stack *domain_add_stack(struct porin_domain *domain)
{
    if (domain->stack_count == domain->stack_capacity) {
        uint32_t capacity = domain->stack_capacity ? 2 * domain->stack_capacity : 1;
        struct data_stack *stacks = realloc(domain->stacks, capacity * sizeof *stacks);
        if (!stacks)
            return NULL;
        domain->stacks = stacks;
        domain->stack_capacity = capacity;
    }
    return &domain->stacks[domain->stack_count++];
}

uint32_t domain_remove_stack(struct porin_domain *domain, const struct thread *thread)
{
    struct data_stack *stack = domain_stack_of(domain, thread);
    must(stack && stack != domain->stacks);
    uint32_t tid_address = stack->tid_address;
    domain->interrupts -= stack->interrupted;
    *stack = domain->stacks[--domain->stack_count];
    return tid_address;
}

int32_t domain_next_number(struct porin_domain *domain)
{
    return domain->next_number++ & 0x3fffffff; /* the rest of the word is flags, where a libc keeps it in locks */
}

/* A stack for a thread that has none here: one that another thread left, the libc's known ones first, or a new one. NULL: no room. */
static struct data_stack *stack_take(struct porin_domain *domain, struct thread *thread)
{
    struct data_stack *found = NULL;
    for (uint32_t i = 0; i < domain->stack_count; i++)
        if (!domain->stacks[i].owner && (!found || domain->stacks[i].known > found->known))
            found = &domain->stacks[i];
    if (!found) {
        struct data_stack made = { .number = domain_next_number(domain) };
        if (!memory_stack(domain, domain->stack_count == 0, &made.start, &made.end) || !(found = domain_add_stack(domain)))
            return NULL;
        *found = made;
    }
    found->owner = thread;
    struct stack_slot *slot = thread_stack_slot(thread, domain->slot);
    slot->pointer = found->end;
    slot->thread_pointer = found->thread_pointer;
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

/* Runs the start routine: of a library to the end, of a program until it exits. Called without the lock, in state STARTING. */
static porin_status domain_start(struct thread *thread, struct porin_domain *domain, uint32_t generation, struct porin_error *error)
{
    uint32_t offset = domain->image->layout.note.start_offset, block;
    if (!offset)
        return PORIN_OK;
    struct stack_slot *slot = thread_stack_slot(thread, domain->slot);
    porin_status status = start_block_write(domain, slot->pointer, &block, error);
    if (status != PORIN_OK)
        return status;
    slot->pointer = block;
    uint64_t ignored;
    status = call_routine(thread, domain, generation, offset, block, &ignored);
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
        porin_status status = call_routine(thread, domain, generation, offset, 0, &pointer);
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
        pthread_cond_timedwait(&domain->started, &domain->lock, &end);
    }
    if (domain->generation != generation)
        return error_set(error, PORIN_ERR_GONE, "the domain that the entry belongs to has been destroyed");
    if (domain->state == DOMAIN_DEAD || domain->state == DOMAIN_DYING) {
        struct porin_error death;
        death_report(domain, &death);
        *error = death;
        return error->status = PORIN_ERR_GONE;
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

porin_status porin_domain_run(porin_domain *domain, int *exit_code, struct porin_error *error)
{
    struct porin_error local;
    if (!error)
        error = &local;
    if (!domain || !exit_code)
        return error_set(error, PORIN_ERR_ARGUMENT, "porin_domain_run: NULL argument");
    if (!(domain->image->layout.note.flags & PORIN_IMAGE_PROGRAM))
        return error_set(error, PORIN_ERR_ARGUMENT, "%s is a library, not a program: it has no main", domain->name);
    struct thread *thread = thread_attach(error);
    if (!thread)
        return error->status;
    porin_status status = domain_prepare(thread, domain, domain->generation, error);
    if (status == PORIN_ERR_EXIT) {
        *exit_code = error->exit_code;
        return PORIN_OK;
    }
    return status == PORIN_OK ? error_set(error, PORIN_ERR_FAULT, "%s: the start routine of a program returned", domain->name) : status;
}

porin_status porin_entry_find(porin_domain *domain, const char *name, porin_entry *out, struct porin_error *error)
{
    if (!domain || !name || !out)
        return error_set(error, PORIN_ERR_ARGUMENT, "porin_entry_find: NULL argument");
    const struct porin_image *image = domain->image;
    for (uint32_t i = 0; i < image->layout.exports_count; i++)
        if (strcmp(image->exports[i].name, name) == 0) {
            *out = (porin_entry){ domain, image->exports[i].offset, domain->generation };
            return PORIN_OK;
        }
    return error_set(error, PORIN_ERR_NAME, "%s exports no function %s (porin-cc --export=%s)", domain->name, name, name);
}

porin_status domain_bind(struct porin_domain *caller, const char *import, porin_entry entry, const struct porin_edge_options *options,
                         uint64_t registration, struct porin_error *error)
{
    static const struct porin_edge_options defaults = { PORIN_POLICY_REGISTER_INTEGRITY, -1, 0 };
    if (!caller || !import || !entry.domain)
        return error_set(error, PORIN_ERR_ARGUMENT, "porin_domain_bind: NULL argument");
    if (!options)
        options = &defaults;
    if (options->policy & ~PORIN_POLICY_ALL)
        return error_set(error, PORIN_ERR_ARGUMENT, "policy %#x is unknown", options->policy);
    if (options->stack_words > PORIN_MAX_STACK_WORDS)
        return error_set(error, PORIN_ERR_ARGUMENT, "%u stack arguments: at most %d cross a gate", options->stack_words,
                         PORIN_MAX_STACK_WORDS);
    if (entry.domain->generation != entry.generation || !entry.domain->image)
        return error_set(error, PORIN_ERR_GONE, "the domain that the entry belongs to has been destroyed");
    if (!image_has_label(entry.domain->image, entry.offset))
        return error_set(error, PORIN_ERR_NAME, "%s: %#x is no function that can be called", entry.domain->name, entry.offset);
    struct edge *edge = NULL;
    for (uint32_t i = 0; i < caller->image->layout.imports_count && !edge; i++)
        if (strcmp(caller->edges[i].name, import) == 0)
            edge = &caller->edges[i];
    if (!edge)
        return error_set(error, PORIN_ERR_NAME, "%s imports no function %s", caller->name, import);
    pthread_mutex_lock(&caller->lock);
    struct edge before = *edge;
    porin_status status = PORIN_OK;
    if (edge->bound) { /* another gate may have another shape: nobody may be in this one, nor come in while we hold the lock */
        threads_forget_domain(caller->slot);
        if (caller->pins || !grace_outside(caller))
            status = error_set(error, PORIN_ERR_BUSY, "%s: import %s is bound already and a thread is inside", caller->name, import);
    }
    if (status == PORIN_OK) {
        edge->bound = true;
        edge->registration = registration;
        edge->callee_slot = entry.domain->slot;
        edge->callee_generation = entry.generation;
        edge->callee_uses = entry.domain->image->uses;
        edge->accounting = entry.domain->options.accounting;
        edge->entry = entry.offset;
        edge->policy = options->policy;
        edge->stack_words = options->stack_words;
        edge->fault_value = options->fault_value;
        status = gates_publish(caller, error);
        if (status != PORIN_OK)
            *edge = before;
    }
    pthread_mutex_unlock(&caller->lock);
    return status;
}

porin_status porin_domain_bind(porin_domain *caller, const char *import, porin_entry entry, const struct porin_edge_options *options,
                               struct porin_error *error)
{
    return domain_bind(caller, import, entry, options, 0, error);
}

/* The gates keep their shape, so that threads inside find their return point; only the generation they look for is nobody's. */
static bool edges_unbind(struct porin_domain *caller, uint64_t registration)
{
    bool found = false;
    for (uint32_t i = 0; i < caller->image->layout.imports_count; i++)
        if (caller->edges[i].bound && caller->edges[i].registration == registration) {
            caller->edges[i].callee_generation = NO_GENERATION;
            found = true;
        }
    return !found || gates_publish(caller, NULL) == PORIN_OK;
}

bool domains_unbind(uint64_t registration)
{
    bool good = true;
    for (uint32_t slot = 0; slot < PORIN_MAX_SLOTS; slot++) {
        struct porin_domain *caller = domain_at(slot);
        if (caller->state == DOMAIN_FREE) /* one that is made now cannot have been bound under a registration that is gone */
            continue;
        pthread_mutex_lock(&caller->lock);
        if (caller->state != DOMAIN_FREE && caller->image && caller->edges)
            good = edges_unbind(caller, registration) && good;
        pthread_mutex_unlock(&caller->lock);
    }
    return good;
}

/* With the domain's lock: is nobody inside, and nobody else using its memory? */
static porin_status reset_check(struct porin_domain *domain, struct porin_error *error)
{
    if (!spawn_finished(domain))
        return error_set(error, PORIN_ERR_BUSY, "%s: threads that it started itself are inside; kill it first", domain->name);
    threads_forget_domain(domain->slot);
    if (!grace_outside(domain))
        return error_set(error, PORIN_ERR_BUSY, "%s: a thread is inside", domain->name);
    return domain->pins ? error_set(error, PORIN_ERR_BUSY, "%s: another domain is copying from or to it", domain->name) : PORIN_OK;
}

porin_status porin_domain_reset(porin_domain *domain, struct porin_error *error)
{
    if (!domain || domain->state == DOMAIN_FREE)
        return error_set(error, PORIN_ERR_ARGUMENT, "porin_domain_reset: no domain");
    pthread_mutex_lock(&domain->lock);
    porin_status status = reset_check(domain, error);
    pthread_mutex_unlock(&domain->lock);
    if (status != PORIN_OK)
        return status;
    authority_reset(domain); /* first: what it has granted in this life must not reach into the next one */
    pthread_mutex_lock(&domain->lock);
    status = reset_check(domain, error);
    if (status == PORIN_OK && !memory_reset(domain))
        status = error_set(error, PORIN_ERR_MAPPINGS, "%s: mapping its memory afresh: %s", domain->name, strerror(errno));
    if (status == PORIN_OK) {
        domain->stack_count = 0; /* the first stack is the next thread's that comes */
        domain->interrupts = 0;
        personality_reset(domain);
        domain->state = DOMAIN_FRESH;
    }
    pthread_mutex_unlock(&domain->lock);
    return status;
}

void domains_release_stacks(struct thread *thread)
{
    for (uint32_t slot = 0; slot < PORIN_MAX_SLOTS; slot++) {
        struct stack_slot *mine = thread_stack_slot(thread, slot);
        struct porin_domain *domain = domain_at(slot);
        if (!mine->pointer || domain->state == DOMAIN_FREE)
            continue;
        pthread_mutex_lock(&domain->lock);
        struct data_stack *stack = domain_stack_of(domain, thread);
        if (stack) {
            stack->owner = NULL;
            stack->thread_pointer = mine->thread_pointer;
        }
        pthread_mutex_unlock(&domain->lock);
    }
}

porin_status porin_domain_usage_get(porin_domain *domain, struct porin_domain_usage *out)
{
    if (!domain || !out || domain->state == DOMAIN_FREE)
        return PORIN_ERR_ARGUMENT;
    *out = (struct porin_domain_usage){ .calls = threads_calls(domain) };
    return PORIN_OK;
}

const char *porin_domain_name(const porin_domain *domain)
{
    return domain->name;
}

uintptr_t porin_domain_base(const porin_domain *domain)
{
    return domain->base;
}

porin_status porin_alloc(porin_domain *domain, size_t size, porin_addr *out)
{
    porin_entry allocate;
    uint64_t got = 0;
    struct thread *thread = thread_current;
    if (!domain || !out)
        return PORIN_ERR_ARGUMENT;
    porin_status status = porin_entry_find(domain, "malloc", &allocate, thread ? &thread->last_error : NULL);
    if (status == PORIN_OK)
        status = porin_call6(allocate, &got, size, 0, 0, 0, 0, 0);
    if (status != PORIN_OK)
        return status;
    if (!got || !range_in_slot(got, size)) /* the domain's answer is only a number */
        return error_set(&thread_current->last_error, PORIN_ERR_LIMIT, "%s: its malloc has no %zu bytes", domain->name, size);
    out->offset = (uint32_t)got;
    return PORIN_OK;
}

void porin_free(porin_domain *domain, porin_addr addr)
{
    porin_entry release;
    if (domain && addr.offset && porin_entry_find(domain, "free", &release, NULL) == PORIN_OK)
        porin_call6(release, NULL, addr.offset, 0, 0, 0, 0, 0);
}

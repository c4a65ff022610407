/* SPDX-License-Identifier: Apache-2.0 */
/* Domains: created in a slot from a verified image, destroyed when no thread is inside, reset in place. */
#define _GNU_SOURCE
#include "domain.h"
#include "authority/handle.h"
#include "error.h"
#include "gate.h"
#include "grace.h"
#include "lifecycle/account.h"
#include "lifecycle/options.h"
#include "lifecycle/plain.h"
#include "lifecycle/reaper.h"
#include "lifecycle/spawn.h"
#include "lifecycle/trace.h"
#include "loader/image.h"
#include "must.h"
#include "porin/verify.h"
#include "slots/region.h"
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
    account_close(&domain->options);
    options_release(&domain->options);
    pthread_mutex_lock(&domain->lock); /* domains_unbind, the reaper or the census may be looking */
    struct porin_image *image = domain->image;
    domain->image = NULL;
    free(domain->edges);
    domain->edges = NULL;
    free(domain->stacks);
    domain->stacks = NULL;
    domain->stack_count = domain->stack_capacity = 0;
    pthread_mutex_unlock(&domain->lock);
    porin_image_release(image);
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
    snprintf(domain->name, sizeof domain->name, "%s", options->name ? options->name : image->name);
    text_make_plain(domain->name);
    account_open(domain, options);
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
    domain_die(domain, &(struct porin_error){ .status = PORIN_ERR_GONE });
    pthread_cond_broadcast(&domain->started);
    pthread_mutex_unlock(&domain->lock);
    grace_wait_outside(domain);
    domain_free(domain);
}

void domain_die(struct porin_domain *domain, const struct porin_error *death)
{
    int state = domain->state, cause = (int)death->status << DOMAIN_CAUSE_SHIFT;
    while (state != DOMAIN_FREE && state < DOMAIN_DYING)
        if (atomic_compare_exchange_weak(&domain->state, &state, DOMAIN_DYING | cause)) {
            domain->death = *death;
            domain->state = DOMAIN_DEAD | cause;
            break;
        }
    threads_forget_domain(domain->slot);
    reaper_want(domain);
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

void domain_take_slot(const struct porin_domain *domain, struct stack_slot *slot, const struct data_stack *stack)
{
    slot->pointer = stack->end;
    slot->thread_pointer = (uint32_t)stack->thread_pointer;
    slot->call_error = 0;
    slot->fenv = (domain->image->uses & PORIN_USES_FENV) != 0;
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

static struct edge *edge_find(struct porin_domain *caller, const char *import)
{
    for (uint32_t i = 0; i < caller->image->layout.imports_count; i++)
        if (strcmp(caller->edges[i].name, import) == 0)
            return &caller->edges[i];
    return NULL;
}

porin_status porin_domain_edge_policy(porin_domain *caller, const char *import, uint32_t *policy)
{
    struct edge *edge = caller && import && policy && caller->image ? edge_find(caller, import) : NULL;
    if (!edge || !edge->bound)
        return edge ? PORIN_ERR_NAME : PORIN_ERR_ARGUMENT;
    *policy = edge->policy;
    return PORIN_OK;
}

porin_status domain_bind(struct porin_domain *caller, const char *import, porin_entry entry, const struct porin_edge_options *options,
                         uint64_t registration, struct porin_error *error)
{
    static const struct porin_edge_options defaults = { .policy = PORIN_POLICY_REGISTER_INTEGRITY, .fault_value = -1 };
    if (!caller || !import || !entry.domain)
        return error_set(error, PORIN_ERR_ARGUMENT, "porin_domain_bind: NULL argument");
    if (!options)
        options = &defaults;
    uint32_t asked = options->policy | options->callee_policy;
    if (asked & ~PORIN_POLICY_ALL)
        return error_set(error, PORIN_ERR_ARGUMENT, "policy %#x is unknown", asked);
    if (options->stack_words > PORIN_MAX_STACK_WORDS)
        return error_set(error, PORIN_ERR_ARGUMENT, "%u stack arguments: at most %d cross a gate", options->stack_words,
                         PORIN_MAX_STACK_WORDS);
    if (entry.domain->generation != entry.generation || !entry.domain->image)
        return error_set(error, PORIN_ERR_GONE, "the domain that the entry belongs to has been destroyed");
    if (!image_has_label(entry.domain->image, entry.offset))
        return error_set(error, PORIN_ERR_NAME, "%s: %#x is no function that can be called", entry.domain->name, entry.offset);
    struct edge *edge = edge_find(caller, import);
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
        edge->traced = trace_edge(caller, edge, entry.domain);
        edge->entry = entry.offset;
        edge->caller_policy = options->policy;
        edge->callee_policy = options->callee_policy;
        edge->policy = policy_held(asked);
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

const char *porin_domain_name(const porin_domain *domain)
{
    return domain->name;
}

uintptr_t porin_domain_base(const porin_domain *domain)
{
    return domain->base;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a binding, and the memory that threads have in its domain for arguments. */
#include "binding_state.h"
#include <stdio.h>
#include <stdlib.h>

#define ARENA_SIZE 65536u
#define ARENA_KEPT_MAX (16u << 20)      /* larger ones are given back after the call */

__thread struct porin_error binding_error;

static pthread_mutex_t bindings_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t last_serial;
static __thread struct porin_arena *arenas_here;
static pthread_key_t thread_end_key;
static pthread_once_t thread_end_once = PTHREAD_ONCE_INIT;

const struct porin_error *porin_binding_error(void)
{
    return &binding_error;
}

void porin_binding_error_clear(void)
{
    binding_error = (struct porin_error){ .status = PORIN_OK };
}

porin_status binding_fail(porin_status status, const char *function, const char *what)
{
    const struct porin_error *last = porin_last_error();
    if (!what && last && last->status == status)
        binding_error = *last;
    else
        binding_error = (struct porin_error){ .status = status };
    char text[sizeof binding_error.text];
    snprintf(text, sizeof text, "%s: %.200s", function,
             what                             ? what
             : last && last->status == status ? last->text
                                              : porin_status_text(status));
    memcpy(binding_error.text, text, sizeof text);
    return status;
}

/* Gives the thread's arenas to the next thread that comes. */
static void thread_end(void *first)
{
    (void)first;
    pthread_mutex_lock(&bindings_lock);
    for (struct porin_arena *arena = arenas_here, *next; arena; arena = next) {
        next = arena->next_here;
        arena->used = 0;
        arena->free = true;
        if (!arena->serial)
            free(arena);
    }
    arenas_here = NULL;
    pthread_mutex_unlock(&bindings_lock);
}

static void thread_end_prepare(void)
{
    (void)pthread_key_create(&thread_end_key, thread_end);
}

/* The calling thread's arena, made where there is none. NULL: no memory. */
static struct porin_arena *arena_make(porin_binding *binding)
{
    pthread_once(&thread_end_once, thread_end_prepare);
    pthread_mutex_lock(&bindings_lock);
    struct porin_arena *arena = binding->arenas;
    while (arena && !arena->free)
        arena = arena->next;
    if (arena) {
        arena->free = false;
    } else if ((arena = calloc(1, sizeof *arena))) {
        *arena = (struct porin_arena){ .serial = binding->serial, .binding = binding, .next = binding->arenas };
        binding->arenas = arena;
    }
    pthread_mutex_unlock(&bindings_lock);
    if (arena) {
        arena->next_here = arenas_here;
        arenas_here = arena;
        pthread_setspecific(thread_end_key, arena);
    }
    return arena;
}

static inline struct porin_arena *arena_here(porin_binding *binding)
{
    for (struct porin_arena *arena = arenas_here; arena; arena = arena->next_here)
        if (arena->serial == binding->serial)
            return arena;
    return arena_make(binding);
}

/* With the lock of all bindings: nobody finds them any more; those of threads that live are freed by these. */
static void arenas_drop(porin_binding *binding, bool domain_lives)
{
    for (struct porin_arena *arena = binding->arenas, *next; arena; arena = next) {
        next = arena->next;
        if (domain_lives && arena->capacity)
            porin_free(binding->domain, (porin_addr){ arena->address });
        arena->serial = 0;
        if (arena->free)
            free(arena);
    }
    binding->arenas = NULL;
}

static porin_status entries_find(porin_binding *binding, struct porin_error *error)
{
    const struct porin_library *library = binding->library;
    for (uint32_t i = 0; i < library->entry_count; i++) {
        const char *name = library->entries[i];
        bool optional = *name == '?';
        porin_status status = porin_entry_find(binding->domain, name + optional, &binding->entries[i], error);
        if (status == PORIN_ERR_NAME && optional)
            binding->entries[i] = (porin_entry){ 0 };
        else if (status != PORIN_OK)
            return status;
    }
    return PORIN_OK;
}

/* What a fresh domain has to be told, and what is to be asked again. */
static porin_status binding_start(porin_binding *binding, struct porin_error *error)
{
    const struct porin_library *library = binding->library;
    pthread_mutex_lock(&bindings_lock);
    binding->serial = ++last_serial;
    pthread_mutex_unlock(&bindings_lock);
    binding->stamp = stamps_take(library->handle_types);
    porin_status status = entries_find(binding, error);
    uint32_t count = library->callback_count * PORIN_CALLBACK_SLOTS;
    if (status != PORIN_OK || !count)
        return status;
    memset(binding->trampolines, 0, count * sizeof *binding->trampolines);
    status = porin_call6(binding->entries[library->setup], NULL, binding->function, 0, 0, 0, 0, 0);
    if (status != PORIN_OK && error)
        *error = *porin_last_error();
    return status;
}

static void binding_free(porin_binding *binding)
{
    records_free(binding);
    pthread_mutex_destroy(&binding->lock);
    pthread_cond_destroy(&binding->idle);
    free(binding->callbacks);
    free(binding->trampolines);
    free((void *)binding->made);
    free(binding->blocks);
    free(binding);
}

porin_status porin_binding_create(porin_domain *domain, const struct porin_library *library, porin_binding **out, struct porin_error *error)
{
    if (!domain || !library || !out)
        return PORIN_ERR_ARGUMENT;
    porin_binding *binding = calloc(1, sizeof *binding + library->entry_count * sizeof *binding->entries);
    if (!binding)
        return PORIN_ERR_MEMORY;
    binding->domain = domain;
    binding->library = library;
    pthread_mutex_init(&binding->lock, NULL);
    pthread_cond_init(&binding->idle, NULL);
    uint32_t count = library->callback_count * PORIN_CALLBACK_SLOTS;
    binding->callbacks = calloc(count + 1, sizeof *binding->callbacks);
    binding->trampolines = calloc(count + 1, sizeof *binding->trampolines);
    binding->made = calloc(BINDING_HANDLES_MAX, sizeof *binding->made);
    porin_status status = binding->callbacks && binding->trampolines && binding->made ? PORIN_OK : PORIN_ERR_MEMORY;
    if (status == PORIN_OK && count)
        status = porin_function_grant(domain, binding_dispatch, binding, &binding->function);
    if (status == PORIN_OK && (status = binding_start(binding, error)) != PORIN_OK && count)
        porin_function_revoke(domain, binding->function);
    if (status != PORIN_OK) {
        binding_free(binding);
        return status;
    }
    *out = binding;
    return PORIN_OK;
}

void porin_binding_destroy(porin_binding *binding)
{
    if (!binding)
        return;
    if (binding->library->callback_count)
        porin_function_revoke(binding->domain, binding->function);
    pthread_mutex_lock(&bindings_lock);
    arenas_drop(binding, true);
    pthread_mutex_unlock(&bindings_lock);
    binding_free(binding);
}

porin_status porin_binding_renew(porin_binding *binding, struct porin_error *error)
{
    pthread_mutex_lock(&binding->lock);
    bool ended = callbacks_end(binding, 0, true);
    if (ended) {
        records_free(binding);
        binding->block_count = binding->block_free = 0;
        memset((void *)binding->made, 0, BINDING_HANDLES_MAX * sizeof *binding->made);
    }
    pthread_mutex_unlock(&binding->lock);
    if (!ended) {
        binding_busy("renew");
        if (error)
            *error = binding_error;
        return PORIN_ERR_BUSY;
    }
    pthread_mutex_lock(&bindings_lock);
    arenas_drop(binding, false);
    pthread_mutex_unlock(&bindings_lock);
    return binding_start(binding, error);
}

porin_domain *porin_binding_domain(const porin_binding *binding)
{
    return binding->domain;
}

void porin_frame_open(struct porin_frame *frame, porin_binding *binding, uint32_t entry, const char *function)
{
    frame->binding = binding;
    frame->function = function;
    frame->arena = NULL;
    frame->extras = NULL;
    frame->mark = 0;
    frame->entry = entry;
    frame->status = PORIN_OK;
    frame->serial = 0;
    frame->scratch = NULL;
    frame->callbacks = frame->token_count = frame->fresh_count = frame->homeless_count = 0;
    frame->handle = frame->word = 0;
    frame->vector = 0;
    if (!binding)
        porin_frame_fail(frame, PORIN_ERR_ARGUMENT, "the library is not bound to a domain yet");
}

/* The thread's arena with room for size more bytes; NULL: the frame needs memory of its own. */
static struct porin_arena *arena_with_room(struct porin_frame *frame, uint64_t size)
{
    struct porin_arena *arena = arena_here(frame->binding);
    if (!arena || size <= arena->capacity - arena->used)
        return arena;
    if (arena->used || size > ARENA_KEPT_MAX)
        return NULL; /* frames around this one stay where they are */
    uint32_t capacity = ARENA_SIZE;
    while (capacity < size)
        capacity *= 2;
    porin_addr address;
    if (arena->capacity)
        porin_free(frame->binding->domain, (porin_addr){ arena->address });
    arena->capacity = 0;
    if (porin_alloc(frame->binding->domain, capacity, &address) != PORIN_OK)
        return NULL;
    arena->address = address.offset;
    arena->capacity = capacity;
    return arena;
}

static uint64_t extra_room(struct porin_frame *frame, uint64_t size)
{
    struct porin_extra *extra = malloc(sizeof *extra);
    porin_status status = extra ? porin_alloc(frame->binding->domain, size, &extra->address) : PORIN_ERR_MEMORY;
    if (status != PORIN_OK) {
        free(extra);
        porin_frame_fail(frame, status, NULL);
        return 0;
    }
    extra->next = frame->extras;
    frame->extras = extra;
    return extra->address.offset;
}

uint64_t porin_frame_room(struct porin_frame *frame, uint64_t size)
{
    if (frame->status != PORIN_OK)
        return 0;
    if (size > BINDING_COPY_MAX) {
        porin_frame_fail(frame, PORIN_ERR_LIMIT, "an argument is larger than 1 GiB");
        return 0;
    }
    size = (size + 16) & ~15ull; /* also nothing has an address */
    struct porin_arena *arena = frame->arena && size <= frame->arena->capacity - frame->arena->used
                                    ? frame->arena : arena_with_room(frame, size);
    if (!arena)
        return extra_room(frame, size);
    if (!frame->arena) {
        frame->arena = arena;
        frame->mark = arena->used;
    }
    uint64_t at = (uint64_t)arena->address + arena->used;
    arena->used += (uint32_t)size;
    return at;
}

porin_status porin_frame_close(struct porin_frame *frame)
{
    if (frame->arena)
        frame->arena->used = frame->mark;
    for (struct porin_extra *extra = frame->extras, *next; extra; extra = next) {
        next = extra->next;
        porin_free(frame->binding->domain, extra->address);
        free(extra);
    }
    scratch_free(frame);
    if (frame->fresh_count) {
        porin_binding *binding = frame->binding;
        struct timespec until = wait_limit();
        bool ended = true;
        pthread_mutex_lock(&binding->lock);
        for (uint32_t i = 0; i < frame->fresh_count; i++)
            ended = callback_end(binding, &binding->callbacks[frame->fresh[i]], &until) && ended;
        pthread_mutex_unlock(&binding->lock);
        if (!ended)
            frame->status = binding_busy(frame->function);
    }
    return frame->status;
}

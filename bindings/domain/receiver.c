/* SPDX-License-Identifier: Apache-2.0 */
/* What a library in a domain rests on when other domains call it: nothing of theirs is believed. All that they lend is tried before it
 * is used, so that no address or length of theirs makes this domain fault or touch memory of its own; what they read back is what was
 * meant for them. */
#include "trusted/binding/binding_state.h"
#include "porin/capability.h"
#include "trusted/tables/layout.h"
#include <stdlib.h>

#define HANDLES_MAX 65536
#define HANDLE_CHAINS 256
#define TICKETS_MAX 65536

struct handle {
    void *pointer;                      /* NULL: closed */
    const char *type;
    uint32_t generation, next;          /* in the chain; 0 ends it */
};

struct porin_owner {
    porin_binding binding;              /* what is remembered of handles */
    uint64_t key;
    pthread_mutex_t lock;               /* held by a call: a caller's threads meet at no handle */
    struct handle *handles;             /* from 1 on */
    uint32_t handle_count, chains[HANDLE_CHAINS];
    const void *closing;
};

/* A copy made while the call holds the lock: what the library does to its memory afterwards shows nobody what is not meant for him. */
struct ticket { void *copy; uint64_t size; void *owned; void (*freed)(void *memory); };
static __thread struct { struct ticket *items; uint32_t count, capacity; struct porin_owner *owner; } tickets;

uint64_t porin_owner_serve(struct porin_owner **owner, uint64_t key)
{
    struct porin_owner *made = calloc(1, sizeof *made); /* the one before stays: threads of its caller may be inside */
    if (!made)
        return PORIN_ERR_MEMORY;
    made->key = key;
    pthread_mutex_init(&made->lock, NULL);
    pthread_mutex_init(&made->binding.lock, NULL);
    __atomic_store_n(owner, made, __ATOMIC_RELEASE);
    return PORIN_OK;
}

static void copies_free(struct borrowed *memory)
{
    for (struct borrowed *next; memory; memory = next) {
        next = memory->next;
        free(memory);
    }
}

static void tickets_clear(void)
{
    for (uint32_t i = 0; i < tickets.count; i++) {
        free(tickets.items[i].copy);
        if (tickets.items[i].freed)
            tickets.items[i].freed(tickets.items[i].owned);
    }
    tickets.count = 0;
}

/* Is it a capability pointer? Anything below means memory of this domain. */
static bool is_lent(uint64_t pointer)
{
    return pointer >> PORIN_CAPABILITY_SHIFT >= PORIN_CAPABILITY_ARGUMENTS;
}

static bool segment_open(struct porin_frame *frame, uint64_t pointer, uint64_t word, bool writable)
{
    uint32_t number = frame->segment_count++;
    uint64_t start = (uint32_t)word, size = word << 1 >> 33;
    uint64_t made = is_lent(pointer) ? porin_cap_make(pointer, size, number, writable ? PORIN_RIGHT_WRITE : PORIN_RIGHT_READ) : 0;
    frame->segments[number] = (struct porin_segment){ start, size, made, writable };
    return made != 0;
}

bool porin_receive_open(struct porin_back *back, struct porin_owner *owner, const char *function, const uint64_t words[6])
{
    struct porin_frame *frame = &back->frame;
    uint64_t key = 0;
    porin_frame_open(frame, owner ? &owner->binding : NULL, 0, function);
    back->scratch_bytes = 0;
    back->block = words[2];
    frame->receives = true;
    frame->segment_count = 0;
    bool good = owner && segment_open(frame, words[0], words[1], true);
    for (uint32_t i = 1; good && i < PORIN_SEGMENTS && words[2 + i]; i++)
        good = segment_open(frame, words[0] + ((uint64_t)i << PORIN_CAPABILITY_SHIFT), words[2 + i], words[2 + i] >> 63);
    if (!good)
        porin_frame_fail(frame, PORIN_ERR_ARGUMENT, "the caller does not lend what it says");
    porin_frame_read(frame, &key, words[2], sizeof key);
    if (frame->status == PORIN_OK && key != owner->key)
        porin_frame_fail(frame, PORIN_ERR_GONE, "the caller is not the one that is served");
    if (frame->status != PORIN_OK)
        return false;
    pthread_mutex_lock(&owner->lock);
    frame->word = 1; /* with the lock */
    owner->closing = NULL;
    tickets_clear();
    tickets.owner = owner;
    return true;
}

uint64_t porin_receive_close(struct porin_back *back)
{
    struct porin_owner *owner = (struct porin_owner *)back->frame.binding;
    if (!back->frame.word)
        return back->frame.status;
    copies_free(back->frame.scratch);
    pthread_mutex_unlock(&owner->lock);
    return back->frame.status;
}

void porin_receive_directly(struct porin_frame *frame, const char *function)
{
    frame->status = PORIN_OK;
    frame->function = function;
}

uint64_t porin_receive_lent(struct porin_frame *frame, unsigned number, uint64_t word, uint64_t size, enum porin_right right)
{
    if (!word || frame->status != PORIN_OK)
        return 0;
    uint64_t made = is_lent(word) ? porin_cap_make(word, size, number, right) : 0;
    if (!made)
        porin_frame_fail(frame, PORIN_ERR_ARGUMENT, "a capability does not cover what it is passed for");
    return made;
}

void *porin_back_memory(struct porin_back *back, uint64_t word, uint64_t size, bool in, bool out)
{
    struct porin_frame *frame = &back->frame;
    if (word && frame->status == PORIN_OK && size && !porin_receive_place(frame, word, size, out))
        porin_frame_fail(frame, PORIN_ERR_ARGUMENT, "an argument is not memory that the caller lends for it");
    return in ? porin_back_get(back, word, size) : word ? porin_back_room(back, word, size) : NULL;
}

uint64_t porin_receive_filled(int64_t count, uint64_t size, uint64_t room)
{
    return count < 0 ? 0 : (uint64_t)count > room / size ? room : (uint64_t)count * size;
}

uint64_t porin_receive_within(struct porin_frame *frame, const void *pointer, const void *base, uint64_t word)
{
    (void)frame;
    return pointer ? word + ((uint64_t)pointer - (uint64_t)base) : 0;
}

/* --- memory that is returned --- */
uint64_t porin_receive_give(struct porin_frame *frame, const void *memory, uint64_t size, void (*freed)(void *memory))
{
    if (!memory || frame->status != PORIN_OK)
        return 0;
    if (tickets.count == tickets.capacity) {
        uint32_t capacity = tickets.capacity ? 2 * tickets.capacity : 8;
        struct ticket *larger = capacity <= TICKETS_MAX ? realloc(tickets.items, capacity * sizeof *larger) : NULL;
        if (!larger) {
            porin_frame_fail(frame, PORIN_ERR_MEMORY, "too much memory is returned by one call");
            return 0;
        }
        tickets.items = larger;
        tickets.capacity = capacity;
    }
    void *copy = malloc(size + 1);
    if (!copy) {
        porin_frame_fail(frame, PORIN_ERR_MEMORY, "no memory for what is returned");
        return 0;
    }
    tickets.items[tickets.count++] = (struct ticket){ memcpy(copy, memory, size), size, (void *)(uint64_t)memory, freed };
    return tickets.count | size << 32;
}

uint64_t porin_receive_give_string(struct porin_frame *frame, const char *text, void (*freed)(void *memory))
{
    return text ? porin_receive_give(frame, text, strlen(text), freed) : 0;
}

/* `to` is lent for writing; what stands there is nothing to this domain. */
uint64_t porin_receive_fetch(struct porin_owner *owner, uint64_t to, uint64_t size, uint64_t ticket, uint64_t key)
{
    if (!owner || key != owner->key || tickets.owner != owner)
        return PORIN_ERR_GONE;
    if (!ticket || ticket > tickets.count || tickets.items[ticket - 1].size != size || !is_lent(to))
        return PORIN_ERR_ARGUMENT;
    uint64_t place = porin_cap_make(to, size, 0, PORIN_RIGHT_WRITE);
    if (!place)
        return PORIN_ERR_ARGUMENT;
    porin_cap_write((void PORIN_CAP *)place, tickets.items[ticket - 1].copy, size);
    return PORIN_OK;
}

/* --- handles --- */
static uint32_t *chain_of(struct porin_owner *owner, const void *pointer)
{
    return &owner->chains[((uint64_t)pointer >> 4) % HANDLE_CHAINS];
}

/* The index; 0: it has none. */
static uint32_t handle_find(struct porin_owner *owner, const void *pointer, const char *type)
{
    uint32_t index = *chain_of(owner, pointer);
    while (index && (owner->handles[index].pointer != pointer || strcmp(owner->handles[index].type, type) != 0))
        index = owner->handles[index].next;
    return index;
}

static uint32_t handle_add(struct porin_owner *owner, void *pointer, const char *type)
{
    uint32_t index = 1, capacity = owner->handle_count;
    while (index < capacity && owner->handles[index].pointer)
        index++;
    if (index >= capacity) {
        capacity = capacity ? 2 * capacity : 64;
        struct handle *larger = capacity <= HANDLES_MAX ? realloc(owner->handles, capacity * sizeof *larger) : NULL;
        if (!larger)
            return 0;
        memset(larger + owner->handle_count, 0, (capacity - owner->handle_count) * sizeof *larger);
        owner->handles = larger;
        owner->handle_count = capacity;
    }
    uint32_t generation = owner->handles[index].generation;
    owner->handles[index] = (struct handle){ pointer, type, generation, *chain_of(owner, pointer) };
    *chain_of(owner, pointer) = index;
    return index;
}

uint64_t porin_owner_handle_in(struct porin_frame *frame, const void *pointer, const char *type)
{
    struct porin_owner *owner = (struct porin_owner *)frame->binding;
    if (!pointer || frame->status != PORIN_OK || pointer == owner->closing)
        return 0;
    uint32_t index = handle_find(owner, pointer, type);
    if (!index && !(index = handle_add(owner, (void *)(uint64_t)pointer, type))) {
        porin_frame_fail(frame, PORIN_ERR_LIMIT, "the caller has 65535 handles; close some");
        return 0;
    }
    return index | (uint64_t)(owner->handles[index].generation & 0xffff) << 16;
}

void *porin_owner_handle_out(struct porin_frame *frame, uint64_t number, const char *type)
{
    struct porin_owner *owner = (struct porin_owner *)frame->binding;
    uint32_t index = number & 0xffff;
    if (!number || frame->status != PORIN_OK)
        return NULL;
    const struct handle *handle = index < owner->handle_count ? &owner->handles[index] : NULL;
    if (!handle || !handle->pointer || number >> 16 != (handle->generation & 0xffff) || strcmp(handle->type, type) != 0) {
        porin_frame_fail(frame, PORIN_ERR_ARGUMENT, "a handle is none that this caller has, or is of another type");
        return NULL;
    }
    if (!frame->handle)
        frame->handle = number;
    return handle->pointer;
}

void porin_owner_handle_close(struct porin_frame *frame, const void *pointer)
{
    struct porin_owner *owner = (struct porin_owner *)frame->binding;
    uint32_t *link = chain_of(owner, pointer);
    owner->closing = pointer;
    while (*link) {
        struct handle *handle = &owner->handles[*link];
        if (handle->pointer == pointer) {
            *link = handle->next;
            handle->pointer = NULL;
            handle->generation++;
        } else {
            link = &handle->next;
        }
    }
    porin_frame_handle_renewed(frame, (const void *)frame->handle);
}

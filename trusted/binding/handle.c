/* SPDX-License-Identifier: Apache-2.0 */
/* Handles of a domain as hosts hold them, and what is kept with each: borrowed memory, remembered answers, tokens, a jmp_buf.
 *
 * A handle is the domain's word in the lower half and a stamp in the upper. What the library makes for the program has a stamp of its own,
 * so that a word given out twice is two handles, and one that was closed is none. What it only names is the newest handle of that type
 * that was made of the word; otherwise it has the type's stamp, and the same word is the same handle. */
#include "binding_state.h"
#include <stdatomic.h>
#include <stdlib.h>

#define STAMP_TAG 0x40000000u /* no address has the upper bits 01: using a handle as a pointer faults in the host */

static _Atomic uint32_t last_stamp;

uint32_t stamps_take(uint32_t count)
{
    uint32_t first;
    do
        first = atomic_fetch_add(&last_stamp, count) & (STAMP_TAG - 1);
    while (first + count > STAMP_TAG);
    return first | STAMP_TAG;
}

static struct record **chain_of(porin_binding *binding, uint64_t handle)
{
    return &binding->records[((uint32_t)handle >> 4) % RECORD_CHAINS];
}

static struct record *record_add(porin_binding *binding, uint64_t handle)
{
    struct record **chain = chain_of(binding, handle);
    struct record *record = binding->record_count < BINDING_RECORDS_MAX ? calloc(1, sizeof *record) : NULL;
    if (record) {
        binding->record_count++;
        record->handle = handle;
        record->next = *chain;
        *chain = record;
    }
    return record;
}

struct record *record_find(porin_binding *binding, uint64_t handle, bool make)
{
    for (struct record *record = *chain_of(binding, handle); record; record = record->next)
        if (record->handle == handle)
            return record;
    return make ? record_add(binding, handle) : NULL;
}

static void record_renew(porin_binding *binding, struct record *record, bool ended)
{
    for (struct borrowed *borrowed = record->borrowed, *next; borrowed; borrowed = next) {
        next = borrowed->next;
        binding->borrowed_bytes -= borrowed->size;
        free(borrowed);
    }
    record->borrowed = NULL;
    for (struct remembered **link = &record->remembered, *one; (one = *link);) {
        if (one->always && !ended) {
            link = &one->next;
            continue;
        }
        *link = one->next;
        free(one);
    }
}

static void record_free(porin_binding *binding, struct record *record)
{
    record_renew(binding, record, true);
    for (struct kept_token *token = record->tokens, *next; token; token = next) {
        next = token->next;
        free(token);
    }
    binding->record_count--;
    free(record);
}

void records_free(porin_binding *binding)
{
    for (int i = 0; i < RECORD_CHAINS; i++) {
        for (struct record *record = binding->records[i], *next; record; record = next) {
            next = record->next;
            record_free(binding, record);
        }
        binding->records[i] = NULL;
    }
}

uint64_t porin_frame_handle_in(struct porin_frame *frame, const void *handle)
{
    if (!handle || frame->status != PORIN_OK)
        return 0;
    if (!handle_good(frame->binding, (uint64_t)handle)) {
        porin_frame_fail(frame, PORIN_ERR_ARGUMENT,
                         "a handle was closed, is not one of this library in this domain, or is from before its reset");
        return 0;
    }
    if (!frame->handle)
        frame->handle = (uint64_t)handle;
    return (uint32_t)(uint64_t)handle;
}

static bool word_good(struct porin_frame *frame, uint64_t word)
{
    if (word > UINT32_MAX)
        porin_frame_bad(frame, "a handle is no address of the domain");
    return word && frame->status == PORIN_OK;
}

void *porin_frame_handle_out(struct porin_frame *frame, uint64_t word, uint32_t type)
{
    porin_binding *binding = frame->binding;
    if (frame->status != PORIN_OK || !word_good(frame, word))
        return NULL;
    pthread_mutex_lock(&binding->lock);
    struct record *record = *chain_of(binding, word);
    while (record && !(record->made && !record->closed && record->type == type && (uint32_t)record->handle == word))
        record = record->next;
    uint64_t handle = record ? record->handle : (uint64_t)(binding->stamp + type) << 32 | word;
    pthread_mutex_unlock(&binding->lock);
    return (void *)handle;
}

/* With the lock: a handle whose place in the table is free; 0: there is none. */
static uint64_t handle_make(porin_binding *binding, uint64_t word)
{
    for (uint32_t i = 0; i < BINDING_HANDLES_MAX; i++) {
        uint32_t stamp = stamps_take(1);
        if (!binding->made[stamp % BINDING_HANDLES_MAX])
            return (uint64_t)stamp << 32 | word;
    }
    return 0;
}

void *porin_frame_handle_made(struct porin_frame *frame, uint64_t word, uint32_t type)
{
    porin_binding *binding = frame->binding;
    if (frame->status != PORIN_OK || !word_good(frame, word))
        return NULL;
    pthread_mutex_lock(&binding->lock);
    uint64_t handle = handle_make(binding, word);
    struct record *record = handle ? record_add(binding, handle) : NULL;
    if (record) {
        record->type = type;
        record->made = true;
        binding->made[(handle >> 32) % BINDING_HANDLES_MAX] = handle;
    }
    pthread_mutex_unlock(&binding->lock);
    if (!record)
        porin_frame_fail(frame, PORIN_ERR_LIMIT, "more than 65536 handles are held; close some");
    else
        porin_frame_adopt(frame, (void *)handle);
    return record ? (void *)handle : NULL;
}

porin_status binding_busy(const char *function)
{
    return binding_fail(PORIN_ERR_BUSY, function, "a function of the program still runs for it on another thread: keep what that uses");
}

/* Functions first: they may use what is kept with the handle. */
void porin_frame_handle_closed(struct porin_frame *frame, const void *handle)
{
    porin_binding *binding = frame->binding;
    if (!handle || !binding)
        return;
    pthread_mutex_lock(&binding->lock);
    _Atomic uint64_t *made = &binding->made[((uint64_t)handle >> 32) % BINDING_HANDLES_MAX];
    if (*made == (uint64_t)handle)
        *made = 0;
    bool ended = callbacks_end(binding, (uint64_t)handle, false);
    struct record **link = chain_of(binding, (uint64_t)handle);
    while (*link && (*link)->handle != (uint64_t)handle)
        link = &(*link)->next;
    struct record *record = *link;
    if (record && ended) {
        *link = record->next;
        record_free(binding, record);
    } else if (record) {
        record->closed = true;
    }
    pthread_mutex_unlock(&binding->lock);
    if (!ended)
        frame->status = binding_busy(frame->function);
}

void porin_frame_handle_renewed(struct porin_frame *frame, const void *handle)
{
    porin_binding *binding = frame->binding;
    if (!binding || frame->status != PORIN_OK)
        return;
    pthread_mutex_lock(&binding->lock);
    struct record *record = record_find(binding, (uint64_t)handle, false);
    if (record)
        record_renew(binding, record, false);
    pthread_mutex_unlock(&binding->lock);
}

/* --- answers that were given once --- */
uint64_t porin_frame_remember(struct porin_frame *frame, const char *function, uint64_t value, bool always)
{
    porin_binding *binding = frame->binding;
    if (frame->status != PORIN_OK)
        return value;
    pthread_mutex_lock(&binding->lock);
    struct record *record = record_find(binding, frame->handle, true);
    struct remembered *remembered = record ? record->remembered : NULL;
    while (remembered && strcmp(remembered->function, function) != 0)
        remembered = remembered->next;
    if (!remembered && record && (remembered = malloc(sizeof *remembered))) {
        *remembered = (struct remembered){ record->remembered, function, value, always };
        record->remembered = remembered;
    }
    if (remembered)
        value = remembered->value;
    pthread_mutex_unlock(&binding->lock);
    if (!remembered)
        porin_frame_fail(frame, PORIN_ERR_MEMORY, NULL);
    return value;
}

uint64_t porin_frame_recall(struct porin_frame *frame, const char *function)
{
    porin_binding *binding = frame->binding;
    uint64_t value = 0;
    bool found = false;
    if (frame->status != PORIN_OK)
        return 0;
    pthread_mutex_lock(&binding->lock);
    struct record *record = record_find(binding, frame->handle, false);
    for (struct remembered *one = record ? record->remembered : NULL; one && !found; one = one->next)
        if ((found = strcmp(one->function, function) == 0))
            value = one->value;
    pthread_mutex_unlock(&binding->lock);
    if (!found)
        porin_frame_fail(frame, PORIN_ERR_ARGUMENT, "the length is not known: ask the library for it first");
    return value;
}

/* --- tokens --- */
uint64_t porin_frame_token(struct porin_frame *frame, const char *name, void *pointer)
{
    if (frame->status != PORIN_OK)
        return 0;
    if (frame->token_count == sizeof frame->tokens / sizeof *frame->tokens) {
        porin_frame_fail(frame, PORIN_ERR_LIMIT, "a call takes more than four tokens");
        return 0;
    }
    frame->tokens[frame->token_count++] = (struct porin_token_value){ name, pointer };
    return pointer != NULL; /* all that the domain learns */
}

/* With the lock: what was kept by that name before; NULL where nothing was. */
static struct kept_token *token_place(struct record *record, const char *name)
{
    struct kept_token *token = record->tokens;
    while (token && strcmp(token->name, name) != 0)
        token = token->next;
    if (!token && (token = calloc(1, sizeof *token))) {
        *token = (struct kept_token){ record->tokens, name, NULL };
        record->tokens = token;
    }
    return token;
}

/* When it is back, nobody uses a token that was replaced: the program may free what that was. */
void porin_frame_token_keep(struct porin_frame *frame)
{
    porin_binding *binding = frame->binding;
    bool replaced = false;
    if (frame->status != PORIN_OK || !frame->token_count || !frame->handle)
        return;
    pthread_mutex_lock(&binding->lock);
    struct record *record = record_find(binding, frame->handle, true);
    for (uint32_t i = 0; record && i < frame->token_count; i++) {
        struct kept_token *token = token_place(record, frame->tokens[i].name);
        if (!token) {
            record = NULL;
            break;
        }
        replaced |= token->pointer && token->pointer != frame->tokens[i].pointer;
        token->pointer = frame->tokens[i].pointer;
    }
    bool idle = !replaced || callbacks_wait(binding, frame->handle);
    pthread_mutex_unlock(&binding->lock);
    if (!record)
        porin_frame_fail(frame, PORIN_ERR_MEMORY, NULL);
    else if (!idle)
        frame->status = binding_busy(frame->function);
}

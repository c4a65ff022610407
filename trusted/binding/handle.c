/* SPDX-License-Identifier: Apache-2.0 */
/* Handles of a domain as hosts hold them, and what is kept with each: borrowed memory, remembered answers, tokens, a jmp_buf. */
#include "binding_state.h"
#include <stdlib.h>

struct record *record_find(porin_binding *binding, uint64_t handle, bool make)
{
    struct record **chain = &binding->records[(handle >> 4) % RECORD_CHAINS];
    for (struct record *record = *chain; record; record = record->next)
        if (record->handle == handle)
            return record;
    struct record *record = make ? calloc(1, sizeof *record) : NULL;
    if (record) {
        record->handle = handle;
        record->next = *chain;
        *chain = record;
    }
    return record;
}

void record_renew(porin_binding *binding, struct record *record)
{
    for (struct borrowed *borrowed = record->borrowed, *next; borrowed; borrowed = next) {
        next = borrowed->next;
        binding->borrowed_bytes -= borrowed->size;
        free(borrowed);
    }
    record->borrowed = NULL;
    for (struct remembered *remembered = record->remembered, *next; remembered; remembered = next) {
        next = remembered->next;
        free(remembered);
    }
    record->remembered = NULL;
}

static void record_free(porin_binding *binding, struct record *record)
{
    record_renew(binding, record);
    for (struct kept_token *token = record->tokens, *next; token; token = next) {
        next = token->next;
        free(token);
    }
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
    uint64_t word = (uint64_t)handle;
    if (!word || frame->status != PORIN_OK)
        return 0;
    if ((word ^ frame->binding->tag) >> 32) {
        porin_frame_fail(frame, PORIN_ERR_ARGUMENT, "a handle is not one of this library in this domain, or is from before its reset");
        return 0;
    }
    word = (uint32_t)word;
    if (!frame->handle)
        frame->handle = word;
    return word;
}

void *porin_frame_handle_out(struct porin_frame *frame, uint64_t word)
{
    if (!word || frame->status != PORIN_OK)
        return NULL;
    if (word > UINT32_MAX) {
        porin_frame_bad(frame, "a handle is no address of the domain");
        return NULL;
    }
    return (void *)(frame->binding->tag | word);
}

void porin_frame_handle_closed(struct porin_frame *frame, uint64_t word)
{
    porin_binding *binding = frame->binding;
    if (!word || !binding)
        return;
    pthread_mutex_lock(&binding->lock);
    callbacks_end(binding, word, false);
    struct record **link = &binding->records[(word >> 4) % RECORD_CHAINS];
    while (*link && (*link)->handle != word)
        link = &(*link)->next;
    struct record *record = *link;
    if (record) {
        *link = record->next;
        record_free(binding, record);
    }
    pthread_mutex_unlock(&binding->lock);
}

void porin_frame_handle_renewed(struct porin_frame *frame, uint64_t word)
{
    porin_binding *binding = frame->binding;
    if (!binding)
        return;
    pthread_mutex_lock(&binding->lock);
    struct record *record = record_find(binding, word, false);
    if (record)
        record_renew(binding, record);
    pthread_mutex_unlock(&binding->lock);
}

/* --- answers that were given once --- */
uint64_t porin_frame_remember(struct porin_frame *frame, const char *function, uint64_t value)
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
        *remembered = (struct remembered){ record->remembered, function, value };
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

void porin_frame_token_keep(struct porin_frame *frame)
{
    porin_binding *binding = frame->binding;
    if (frame->status != PORIN_OK || !frame->token_count || !frame->handle)
        return;
    pthread_mutex_lock(&binding->lock);
    struct record *record = record_find(binding, frame->handle, true);
    for (uint32_t i = 0; record && i < frame->token_count; i++) {
        struct kept_token *token = record->tokens;
        while (token && strcmp(token->name, frame->tokens[i].name) != 0)
            token = token->next;
        if (!token && (token = malloc(sizeof *token))) {
            *token = (struct kept_token){ record->tokens, frame->tokens[i].name, NULL };
            record->tokens = token;
        }
        if (token)
            token->pointer = frame->tokens[i].pointer;
        else
            record = NULL;
    }
    pthread_mutex_unlock(&binding->lock);
    if (!record)
        porin_frame_fail(frame, PORIN_ERR_MEMORY, NULL);
}

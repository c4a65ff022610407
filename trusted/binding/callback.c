/* SPDX-License-Identifier: Apache-2.0 */
/* Callbacks: functions of the host in a table per binding. The domain names a place in it; what stands there decides what runs. */
#define _GNU_SOURCE
#include "binding_state.h"
#include <errno.h>
#include <stdlib.h>
#include <time.h>

static __thread struct porin_back *innermost;
static __thread uint64_t last_serial;

static uint32_t running_here(const struct porin_callback *callback)
{
    uint32_t count = 0;
    for (const struct porin_back *back = innermost; back; back = back->outer)
        count += back->callback == callback;
    return count;
}

/* Two functions may wait for each other, or the domain keeps one from coming back: so not for ever. */
struct timespec wait_limit(void)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += BINDING_WAIT_SECONDS;
    return until;
}

static bool idle_wait(porin_binding *binding, const struct porin_callback *callback, const struct timespec *until)
{
    while (callback->running > running_here(callback))
        if (pthread_cond_clockwait(&binding->idle, &binding->lock, CLOCK_MONOTONIC, until) != 0)
            return callback->running <= running_here(callback);
    return true;
}

bool callback_end(porin_binding *binding, struct porin_callback *callback, const struct timespec *until)
{
    callback->live = false;
    return idle_wait(binding, callback, until);
}

bool callbacks_end(porin_binding *binding, uint64_t handle, bool all)
{
    struct timespec until = wait_limit();
    bool ended = true;
    for (uint32_t i = 0; i < binding->library->callback_count * PORIN_CALLBACK_SLOTS; i++) {
        struct porin_callback *callback = &binding->callbacks[i];
        if ((callback->live || callback->running) && (all || (callback->handle == handle && !callback->once)))
            ended = callback_end(binding, callback, &until) && ended;
    }
    return ended;
}

bool callbacks_wait(porin_binding *binding, uint64_t handle)
{
    struct timespec until = wait_limit();
    bool idle = true;
    for (uint32_t i = 0; i < binding->library->callback_count * PORIN_CALLBACK_SLOTS; i++)
        if (binding->callbacks[i].handle == handle)
            idle = idle_wait(binding, &binding->callbacks[i], &until) && idle;
    return idle;
}

size_t porin_binding_revoke(porin_binding *binding, void (*function)(void))
{
    struct timespec until = wait_limit();
    size_t count = 0;
    pthread_mutex_lock(&binding->lock);
    for (uint32_t i = 0; i < binding->library->callback_count * PORIN_CALLBACK_SLOTS; i++) {
        struct porin_callback *callback = &binding->callbacks[i];
        if (!callback->live || callback->function != function)
            continue;
        count += callback_end(binding, callback, &until);
    }
    pthread_mutex_unlock(&binding->lock);
    return count;
}

/* With the lock: ends what was set there before, then says where a function of this type goes. NULL: all places are taken. */
static struct porin_callback *place_find(struct porin_frame *frame, uint32_t type, enum porin_callback_life life, const char *origin)
{
    struct porin_callback *places = frame->binding->callbacks + type * PORIN_CALLBACK_SLOTS;
    struct timespec until = wait_limit();
    for (uint32_t i = 0; life == PORIN_LIFE_SET && i < PORIN_CALLBACK_SLOTS; i++)
        if (places[i].live && places[i].set && places[i].handle == frame->handle && places[i].origin == origin &&
            !callback_end(frame->binding, &places[i], &until))
            frame->status = binding_busy(frame->function);
    for (uint32_t i = 0; i < PORIN_CALLBACK_SLOTS; i++)
        if (!places[i].live && !places[i].running)
            return &places[i];
    return NULL;
}

/* The domain's function for a place. It says an address; that is the domain's own business. */
static uint64_t trampoline_find(struct porin_frame *frame, uint32_t index)
{
    porin_binding *binding = frame->binding;
    if (!binding->trampolines[index])
        binding->trampolines[index] = (uint32_t)porin_frame_ask(frame, binding->library->trampoline, index);
    return binding->trampolines[index];
}

uint64_t porin_frame_callback(struct porin_frame *frame, uint32_t type, void (*function)(void), enum porin_callback_life life,
                              const char *origin)
{
    porin_binding *binding = frame->binding;
    if (frame->status != PORIN_OK)
        return 0;
    pthread_mutex_lock(&binding->lock);
    struct porin_callback *place = function || life == PORIN_LIFE_SET ? place_find(frame, type, life, origin) : NULL;
    uint32_t index = place ? (uint32_t)(place - binding->callbacks) : 0;
    bool room = frame->fresh_count < sizeof frame->fresh / sizeof *frame->fresh &&
                frame->homeless_count < sizeof frame->homeless / sizeof *frame->homeless;
    bool taken = place && function && room && frame->status == PORIN_OK;
    if (!frame->serial)
        frame->serial = ++binding->last_registration;
    if (taken) {
        bool once = life == PORIN_LIFE_CALL;
        *place = (struct porin_callback){ function, origin, frame->handle, { { 0 } }, frame->token_count, 0, true,
                                          life == PORIN_LIFE_SET, once, frame->serial };
        memcpy(place->tokens, frame->tokens, sizeof place->tokens);
        if (once)
            frame->fresh[frame->fresh_count++] = index;
        else if (!frame->handle)
            frame->homeless[frame->homeless_count++] = index;
    }
    pthread_mutex_unlock(&binding->lock);
    if (!function)
        return 0;
    if (!taken) {
        porin_frame_fail(frame, PORIN_ERR_LIMIT, "too many callbacks of one type are registered");
        return 0;
    }
    frame->callbacks++;
    return trampoline_find(frame, index);
}

void porin_frame_adopt(struct porin_frame *frame, const void *handle)
{
    if (frame->status != PORIN_OK || frame->handle || !handle)
        return;
    frame->handle = (uint64_t)handle;
    pthread_mutex_lock(&frame->binding->lock);
    for (uint32_t i = 0; i < frame->homeless_count; i++)
        frame->binding->callbacks[frame->homeless[i]].handle = frame->handle;
    pthread_mutex_unlock(&frame->binding->lock);
}

void *porin_frame_token_find(struct porin_frame *frame, const char *name)
{
    porin_binding *binding = frame->binding;
    void *pointer = NULL;
    bool found = false;
    if (frame->status != PORIN_OK)
        return NULL;
    for (uint32_t i = 0; i < frame->token_count && !found; i++)
        if ((found = strcmp(frame->tokens[i].name, name) == 0))
            pointer = frame->tokens[i].pointer;
    if (!found && frame->handle) {
        pthread_mutex_lock(&binding->lock);
        struct record *record = record_find(binding, frame->handle, false);
        for (struct kept_token *token = record ? record->tokens : NULL; token && !found; token = token->next)
            if ((found = strcmp(token->name, name) == 0))
                pointer = token->pointer;
        pthread_mutex_unlock(&binding->lock);
    }
    for (struct porin_back *back = innermost; back && !found; back = back->outer)
        for (uint32_t i = 0; i < back->frame.token_count && !found; i++)
            if (back->frame.binding == binding && (found = strcmp(back->frame.tokens[i].name, name) == 0))
                pointer = back->frame.tokens[i].pointer;
    return pointer;
}

int64_t binding_dispatch(void *context, porin_domain *domain, const uint64_t arguments[PORIN_FUNCTION_ARGUMENTS])
{
    porin_binding *binding = context;
    uint32_t count = binding->library->callback_count * PORIN_CALLBACK_SLOTS;
    struct porin_back back = { .block = arguments[1], .outer = innermost, .serial = ++last_serial };
    (void)domain;
    if (arguments[0] >= count)
        return -EPERM;
    porin_frame_open(&back.frame, binding, 0, "callback");
    pthread_mutex_lock(&binding->lock);
    struct porin_callback *callback = &binding->callbacks[arguments[0]];
    void (*function)(void) = callback->live ? callback->function : NULL;
    if (function) {
        callback->running++;
        back.callback = callback;
        back.frame.handle = callback->handle;
        back.frame.token_count = callback->token_count;
        memcpy(back.frame.tokens, callback->tokens, sizeof back.frame.tokens);
    }
    pthread_mutex_unlock(&binding->lock);
    if (!function)
        return -EPERM;
    innermost = &back;
    binding->library->callbacks[arguments[0] / PORIN_CALLBACK_SLOTS](&back, function);
    innermost = back.outer;
    pthread_mutex_lock(&binding->lock);
    callback->running--;
    pthread_cond_broadcast(&binding->idle);
    pthread_mutex_unlock(&binding->lock);
    scratch_free(&back.frame);
    return back.frame.status != PORIN_OK ? -EINVAL : back.raised;
}

void porin_frame_abandon(struct porin_frame *frame)
{
    enum { FRESH_MAX = sizeof frame->fresh / sizeof *frame->fresh };
    for (uint32_t i = 0; !frame->handle && i < frame->homeless_count && frame->fresh_count < FRESH_MAX; i++)
        frame->fresh[frame->fresh_count++] = frame->homeless[i];
}

/* --- allocators of the program --- */
void *porin_back_block(struct porin_back *back, uint64_t number)
{
    porin_binding *binding = back->frame.binding;
    void *host = NULL;
    if (!number || back->frame.status != PORIN_OK)
        return NULL;
    pthread_mutex_lock(&binding->lock);
    struct block *block = number <= binding->block_count ? &binding->blocks[number - 1] : NULL;
    bool good = block && block->live && block->serial == back->callback->serial;
    if (good) {
        host = block->host;
        block->live = false;
    }
    pthread_mutex_unlock(&binding->lock);
    if (!good)
        porin_frame_bad(&back->frame, "memory that the program's allocator did not give, or has back already");
    return host;
}

void porin_back_block_end(struct porin_back *back, uint64_t number, bool still)
{
    porin_binding *binding = back->frame.binding;
    if (!number)
        return;
    pthread_mutex_lock(&binding->lock);
    struct block *block = &binding->blocks[number - 1];
    block->live = still;
    if (!still) {
        block->next_free = binding->block_free;
        binding->block_free = (uint32_t)number;
    }
    pthread_mutex_unlock(&binding->lock);
}

/* With the lock; 0: there is no room. */
static uint32_t block_place(porin_binding *binding)
{
    uint32_t number = binding->block_free;
    if (number) {
        binding->block_free = binding->blocks[number - 1].next_free;
        return number;
    }
    if (binding->block_count == BLOCKS_MAX)
        return 0;
    if (!(binding->block_count & (binding->block_count - 1))) { /* doubles at each power of two */
        struct block *larger = realloc(binding->blocks, 2 * (binding->block_count + 1ul) * sizeof *larger);
        if (!larger)
            return 0;
        binding->blocks = larger;
    }
    return ++binding->block_count;
}

uint64_t porin_back_block_new(struct porin_back *back, void *host)
{
    porin_binding *binding = back->frame.binding;
    if (!host)
        return 0;
    pthread_mutex_lock(&binding->lock);
    uint32_t number = block_place(binding);
    if (number)
        binding->blocks[number - 1] = (struct block){ host, back->callback->serial, 0, true };
    pthread_mutex_unlock(&binding->lock);
    if (!number)
        porin_frame_fail(&back->frame, PORIN_ERR_LIMIT, "more than a million pieces of memory of the program's allocator");
    return number;
}

/* --- where longjmp goes --- */
/* Only to a place of this thread within what it runs now: the callback's own, or what was armed in it. */
jmp_buf *porin_binding_jump(porin_binding *binding, const void *handle, bool arm)
{
    const struct porin_back *here = innermost;
    uint64_t serial = here ? here->serial : 0;
    jmp_buf *jump = here ? here->jump : NULL;
    if (!binding || !handle_good(binding, (uint64_t)handle))
        return NULL;
    if (jump && here->frame.binding == binding && here->lent_to == handle)
        return jump;
    pthread_mutex_lock(&binding->lock);
    struct record *record = record_find(binding, (uint64_t)handle, arm);
    if (record && arm) {
        record->armed = true;
        record->armed_in = serial;
    }
    if (record && record->armed && record->armed_in == serial)
        jump = &record->own;
    pthread_mutex_unlock(&binding->lock);
    return arm && !record ? NULL : jump;
}

void porin_back_lend(struct porin_back *back, const void *handle, jmp_buf *jump)
{
    back->lent_to = handle;
    back->jump = jump;
}

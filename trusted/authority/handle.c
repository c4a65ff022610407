/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of handles: finding, copying, closing, sending. */
#include "handle.h"
#include "runtime/must.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_MASK ((1u << HANDLE_INDEX_BITS) - 1)
#define SERIAL_MAX (INT32_MAX >> HANDLE_INDEX_BITS)
#define GROWTH 32

_Static_assert(HANDLES_MAX <= 1u << HANDLE_INDEX_BITS, "an index fits its bits");

pthread_mutex_t authority_lock = PTHREAD_MUTEX_INITIALIZER;

struct porin_domain *ref_pin(struct domain_ref ref)
{
    struct porin_domain *domain = domain_at(ref.slot);
    pthread_mutex_lock(&domain->lock);
    bool alive = ref.generation && domain->generation == ref.generation && domain->state != DOMAIN_FREE;
    domain->pins += alive;
    pthread_mutex_unlock(&domain->lock);
    return alive ? domain : NULL;
}

void ref_unpin(struct porin_domain *domain)
{
    pthread_mutex_lock(&domain->lock);
    must(domain->pins > 0);
    domain->pins--;
    pthread_mutex_unlock(&domain->lock);
}

static uint32_t handles_from(const struct handle_table *table, struct domain_ref giver)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < table->count; i++)
        count += table->places[i].kind != HANDLE_FREE && ref_same(table->places[i].giver, giver);
    return count;
}

static struct handle *place_free(struct handle_table *table)
{
    for (uint32_t i = 0; i < table->count; i++)
        if (table->places[i].kind == HANDLE_FREE && table->places[i].serial < SERIAL_MAX)
            return &table->places[i];
    if (table->count + GROWTH > HANDLES_MAX)
        return NULL;
    struct handle *places = realloc(table->places, (table->count + GROWTH) * sizeof *places);
    if (!places)
        return NULL;
    memset(places + table->count, 0, GROWTH * sizeof *places);
    table->places = places;
    table->count += GROWTH;
    return &places[table->count - GROWTH];
}

static void place_clear(struct handle *place)
{
    image_drop(place);
    window_drop(place);
    *place = (struct handle){ .serial = place->serial };
}

int64_t handle_put(struct porin_domain *holder, const struct handle *handle)
{
    struct handle_table *table = &holder->handles;
    bool foreign = handle->giver.generation && !ref_same(handle->giver, domain_ref(holder));
    if (foreign && handles_from(table, handle->giver) >= HANDLES_FROM_ONE)
        return -ENOSPC;
    struct handle *place = place_free(table);
    if (!place)
        return -ENOSPC;
    uint32_t serial = place->serial + 1;
    *place = *handle;
    place->serial = serial;
    image_hold(place);
    window_hold(place);
    return (int64_t)(serial << HANDLE_INDEX_BITS | (uint32_t)(place - table->places));
}

/* The place a number names, whatever is there; NULL: free or out of the table. */
static struct handle *place_of(const struct porin_domain *holder, uint64_t number)
{
    uint32_t index = number & INDEX_MASK;
    if (number > INT32_MAX || index >= holder->handles.count)
        return NULL;
    struct handle *place = &holder->handles.places[index];
    return place->kind != HANDLE_FREE && place->serial == number >> HANDLE_INDEX_BITS ? place : NULL;
}

const struct handle *handle_find(const struct porin_domain *holder, uint64_t number, enum handle_kind kind)
{
    const struct handle *place = place_of(holder, number);
    return place && place->kind == kind ? place : NULL;
}

int64_t handle_check(const struct porin_domain *holder, uint64_t number, enum porin_right right, struct domain_ref *subject)
{
    const struct handle *handle = handle_find(holder, number, HANDLE_DOMAIN);
    if (!handle)
        return -EBADF;
    *subject = handle->subject;
    return handle->right >= right || grants_right(domain_ref(holder), handle->subject) >= right ? 0 : -EPERM;
}

int64_t authority_default(struct porin_domain *self)
{
    struct handle own = { .kind = HANDLE_DOMAIN, .right = PORIN_RIGHT_OWNER, .subject = domain_ref(self), .giver = domain_ref(self) };
    pthread_mutex_lock(&authority_lock);
    int64_t result = handle_put(self, &own);
    pthread_mutex_unlock(&authority_lock);
    return result;
}

static int64_t copy_locked(struct porin_domain *self, uint64_t number, uint64_t right)
{
    const struct handle *handle = place_of(self, number);
    if (!handle)
        return -EBADF;
    struct handle weaker = *handle;
    weaker.giver = domain_ref(self);
    weaker.epoch = window_epoch(handle);
    if (handle->kind == HANDLE_DOMAIN || handle->kind == HANDLE_WINDOW) {
        if (right == PORIN_RIGHT_NONE || right > PORIN_RIGHT_OWNER || (handle->kind == HANDLE_WINDOW && right == PORIN_RIGHT_CALL))
            return -EINVAL;
        if (right > handle->right)
            return -EPERM;
        weaker.right = (uint16_t)right;
    }
    return handle_put(self, &weaker);
}

int64_t authority_copy(struct porin_domain *self, uint64_t handle, uint64_t right)
{
    pthread_mutex_lock(&authority_lock);
    int64_t result = copy_locked(self, handle, right);
    pthread_mutex_unlock(&authority_lock);
    return result;
}

porin_status porin_handle_copy(porin_domain *holder, porin_handle handle, enum porin_right right, porin_handle *out)
{
    int64_t result = holder && out && handle > 0 ? authority_copy(holder, (uint64_t)handle, (uint64_t)right) : -EBADF;
    if (out)
        *out = result < 0 ? -1 : (porin_handle)result;
    return result > 0 ? PORIN_OK : result == -ENOSPC ? PORIN_ERR_LIMIT : PORIN_ERR_ARGUMENT;
}

int64_t authority_close(struct porin_domain *self, uint64_t number)
{
    pthread_mutex_lock(&authority_lock);
    struct handle *place = place_of(self, number);
    if (place)
        place_clear(place);
    pthread_mutex_unlock(&authority_lock);
    return place ? 0 : -EBADF;
}

/* With the lock. A grant handle stays where it is, who may revoke is not passed on, nor is a window's owner; so does an image, or domains
 * would multiply. */
static int64_t send_locked(struct porin_domain *self, struct porin_domain *receiver, uint64_t number)
{
    const struct handle *handle = place_of(self, number);
    if (!handle)
        return -EBADF;
    bool owner = handle->kind == HANDLE_WINDOW && handle->right == PORIN_RIGHT_OWNER;
    if (handle->kind == HANDLE_GRANT || handle->kind == HANDLE_IMAGE || owner)
        return -EPERM;
    struct handle sent = *handle;
    sent.giver = domain_ref(self);
    return handle_put(receiver, &sent);
}

int64_t authority_send(struct porin_domain *self, uint64_t to, uint64_t number)
{
    struct domain_ref ref = { 0 };
    pthread_mutex_lock(&authority_lock);
    int64_t result = handle_check(self, to, PORIN_RIGHT_CALL, &ref);
    if (result == 0) {
        struct porin_domain *receiver = ref_pin(ref);
        result = receiver ? send_locked(self, receiver, number) : -ESTALE;
        if (receiver)
            ref_unpin(receiver);
    }
    pthread_mutex_unlock(&authority_lock);
    return result;
}

void authority_forget(struct porin_domain *domain)
{
    capabilities_forget(domain);
    authority_end_created(domain);
    pthread_mutex_lock(&authority_lock);
    for (uint32_t i = 0; i < domain->handles.count; i++)
        place_clear(&domain->handles.places[i]);
    free(domain->handles.places);
    domain->handles = (struct handle_table){ 0 };
    windows_forget(domain);
    pthread_mutex_unlock(&authority_lock);
}

void authority_reset(struct porin_domain *domain)
{
    struct domain_ref self = domain_ref(domain);
    capabilities_forget(domain);
    authority_end_created(domain);
    pthread_mutex_lock(&authority_lock);
    for (uint32_t i = 0; i < domain->handles.count; i++)
        if (domain->handles.places[i].giver.generation)
            place_clear(&domain->handles.places[i]);
    windows_forget(domain);
    pthread_mutex_unlock(&authority_lock);
    grants_forget(self);
    names_forget(self);
}

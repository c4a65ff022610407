/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities that are kept: the table that domains name by number, who may revoke what, and the services for both. */
#include "capability/capability.h"
#include "handle.h"
#include "loader/image.h"
#include "personality/personality.h"
#include "porin/verify.h"
#include "runtime/copy.h"
#include "runtime/must.h"
#include "runtime/thread.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MAX (1u << 17)            /* in the process */
#define KEPT_FROM_ONE (1u << 14)       /* of these by one domain */
#define REVOKERS_FROM_ONE 1024
#define INDEX_BITS 17
#define GROWTH 256

/* A place in the table. A number is place and serial, so one that was closed never comes to mean something else. */
struct kept {
    struct capability capability;
    struct domain_ref holder;          /* {0}: free */
    uint32_t serial, next;             /* next: of the free ones */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept *kept;
static uint32_t kept_count, first_free = KEPT_MAX;
static struct domain_ref revokers[COUNTERS_MAX]; /* by counter: who may advance it; {0}: nobody's */
static struct { uint32_t kept, revokers; } held[PORIN_MAX_SLOTS];
static uint32_t life_counters[PORIN_MAX_SLOTS]; /* one more than a counter that ends with the life of the domain in the slot; 0: none */

static bool grow(void)
{
    if (kept_count + GROWTH > KEPT_MAX)
        return false;
    struct kept *larger = realloc(kept, (kept_count + GROWTH) * sizeof *larger);
    if (!larger)
        return false;
    kept = larger;
    memset(kept + kept_count, 0, GROWTH * sizeof *kept);
    for (uint32_t i = kept_count; i < kept_count + GROWTH; i++) {
        kept[i].next = first_free;
        first_free = i;
    }
    kept_count += GROWTH;
    return true;
}

/* With the lock. NULL: no such capability of this domain. */
static struct kept *place_of(const struct porin_domain *holder, uint64_t number)
{
    uint32_t index = number & ((1u << INDEX_BITS) - 1);
    if (index >= kept_count || number >> INDEX_BITS != kept[index].serial || !ref_same(kept[index].holder, domain_ref(holder)))
        return NULL;
    return &kept[index];
}

static void place_free(struct kept *place)
{
    held[place->holder.slot].kept--;
    place->holder = (struct domain_ref){ 0 };
    place->next = first_free;
    first_free = (uint32_t)(place - kept);
}

/* Frees the places of one domain: all, or those that have been revoked. */
static void kept_clear(uint32_t slot, bool all)
{
    for (uint32_t i = 0; i < kept_count && held[slot].kept; i++)
        if (kept[i].holder.generation && kept[i].holder.slot == slot && (all || !origin_is_valid(kept[i].capability.origin)))
            place_free(&kept[i]);
}

static int64_t kept_put(struct porin_domain *holder, const struct capability *capability)
{
    if (held[holder->slot].kept >= KEPT_FROM_ONE || (first_free == KEPT_MAX && kept_count == KEPT_MAX))
        kept_clear(holder->slot, false);
    if (held[holder->slot].kept >= KEPT_FROM_ONE || (first_free == KEPT_MAX && !grow()))
        return -ENOSPC;
    struct kept *place = &kept[first_free];
    first_free = place->next;
    *place = (struct kept){ .capability = *capability, .holder = domain_ref(holder), .serial = place->serial + 1 };
    held[holder->slot].kept++;
    return (int64_t)((uint64_t)place->serial << INDEX_BITS | (uint64_t)(place - kept));
}

/* Registers belong to activations of domains whose image uses capabilities: gates and host calls look after those only, and what another
 * one loads would lie there for whoever runs next. */
static bool has_registers(const struct request *request)
{
    return thread_current && request->domain->image->uses & PORIN_USES_CAPABILITIES;
}

static bool owns_revoker(const struct porin_domain *domain, uint64_t revoker)
{
    return revoker < COUNTERS_MAX && ref_same(revokers[revoker], domain_ref(domain));
}

/* What is to be kept: memory of the domain under a revoker of its own, or an asynchronous capability that it has, as it is. */
static int64_t source_find(struct porin_domain *self, uint64_t pointer, uint64_t size, uint64_t revoker, struct capability *out)
{
    if (pointer >> PORIN_CAPABILITY_SHIFT) {
        if (!register_get(thread_current, pointer, size, out))
            return -EFAULT;
        return out->origin == ORIGIN_SCOPE ? -EPERM : 0; /* it must not outlive its scope */
    }
    if (!range_in_slot(pointer, size))
        return -EFAULT;
    if (!owns_revoker(self, revoker))
        return -EPERM;
    *out = (struct capability){ self->base + pointer, size, size, counter_origin((uint32_t)revoker) };
    return 0;
}

int64_t service_capability_keep(const struct request *request)
{
    const uint64_t *words = request->arguments;
    struct capability capability;
    if (!has_registers(request))
        return -EPERM;
    if (words[2] != PORIN_RIGHT_READ && words[2] != PORIN_RIGHT_WRITE)
        return -EINVAL;
    pthread_mutex_lock(&lock);
    int64_t result = source_find(request->domain, words[0], words[1], words[3], &capability);
    if (result == 0 && words[2] == PORIN_RIGHT_WRITE && capability.write != capability.read)
        result = -EPERM;
    if (words[2] == PORIN_RIGHT_READ)
        capability.write = 0;
    if (result == 0)
        result = kept_put(request->domain, &capability);
    pthread_mutex_unlock(&lock);
    return result;
}

int64_t service_capability_take(const struct request *request)
{
    if (!has_registers(request))
        return -EPERM;
    if (request->arguments[1] >= 2 * PORIN_CAPABILITY_WINDOW)
        return -EINVAL;
    pthread_mutex_lock(&lock);
    const struct kept *place = place_of(request->domain, request->arguments[0]);
    struct capability capability = place ? place->capability : (struct capability){ 0 };
    pthread_mutex_unlock(&lock);
    if (!place)
        return 0;
    return (int64_t)register_set(thread_current, (uint32_t)request->arguments[1], &capability);
}

int64_t service_capability_close(const struct request *request)
{
    pthread_mutex_lock(&lock);
    struct kept *place = place_of(request->domain, request->arguments[0]);
    if (place)
        place_free(place);
    pthread_mutex_unlock(&lock);
    return place ? 0 : -EBADF;
}

/* With the lock. */
static int64_t counter_open(struct domain_ref owner)
{
    for (uint32_t i = 0; i < COUNTERS_MAX; i++)
        if (!revokers[i].generation && counter_advance(i)) {
            revokers[i] = owner;
            held[owner.slot].revokers++;
            return i;
        }
    return -ENOSPC;
}

/* With the lock. */
static void counter_close(uint32_t counter)
{
    counter_retire(counter);
    held[revokers[counter].slot].revokers--;
    revokers[counter] = (struct domain_ref){ 0 };
}

int64_t service_revoker_create(const struct request *request)
{
    pthread_mutex_lock(&lock);
    bool room = held[request->domain->slot].revokers < REVOKERS_FROM_ONE;
    int64_t result = room ? counter_open(domain_ref(request->domain)) : -ENOSPC;
    pthread_mutex_unlock(&lock);
    return result;
}

bool memory_counter(struct domain_ref owner, uint32_t *counter)
{
    uint32_t *of_life = counter ? counter : &life_counters[owner.slot];
    pthread_mutex_lock(&lock);
    int64_t opened = *of_life ? (int64_t)*of_life - 1 : counter_open(owner);
    if (opened >= 0)
        *of_life = (uint32_t)opened + 1;
    pthread_mutex_unlock(&lock);
    return opened >= 0;
}

uint64_t memory_origin(struct domain_ref owner, uint32_t counter)
{
    return counter_origin((counter ? counter : life_counters[owner.slot]) - 1);
}

void memory_counter_close(uint32_t counter)
{
    pthread_mutex_lock(&lock);
    counter_close(counter - 1);
    pthread_mutex_unlock(&lock);
}

int64_t service_dom_capability(const struct request *request)
{
    const uint64_t *words = request->arguments;
    struct capability capability;
    if (!has_registers(request))
        return -EPERM;
    if (words[4] >= 2 * PORIN_CAPABILITY_WINDOW)
        return -EINVAL;
    int64_t result = authority_capability(request->domain, words[0], words[1], words[2], words[3], &capability);
    return result ? result : (int64_t)register_set(thread_current, (uint32_t)words[4], &capability);
}

int64_t service_revoker_revoke(const struct request *request)
{
    pthread_mutex_lock(&lock);
    int64_t result = !owns_revoker(request->domain, request->arguments[0]) ? -EPERM
                     : counter_advance((uint32_t)request->arguments[0])    ? 0
                                                                           : -ENOSPC;
    pthread_mutex_unlock(&lock);
    if (result == 0)
        capability_revoke();
    return result;
}

void capabilities_forget(struct porin_domain *domain)
{
    pthread_mutex_lock(&authority_lock); /* nobody is just making one by a grant */
    pthread_mutex_lock(&lock);
    bool had_revokers = held[domain->slot].revokers;
    kept_clear(domain->slot, true);
    for (uint32_t i = 0; i < COUNTERS_MAX && held[domain->slot].revokers; i++)
        if (revokers[i].slot == domain->slot && revokers[i].generation)
            counter_close(i);
    life_counters[domain->slot] = 0;
    pthread_mutex_unlock(&lock);
    grants_uncount(domain->slot);
    pthread_mutex_unlock(&authority_lock);
    if (had_revokers)
        capability_revoke();
}

void capabilities_before_fork(void)
{
    pthread_mutex_lock(&lock);
}

void capabilities_after_fork(void)
{
    pthread_mutex_unlock(&lock);
}

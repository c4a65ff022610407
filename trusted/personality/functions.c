/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the host that a domain may call: a table per domain, default deny. A call takes no lock: it counts itself in, then looks
 * whether the grant still stands; a revocation takes the grant away, then waits until nobody is counted in. */
#include "personality.h"
#include "porin/function.h"
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#define PLACE_MASK (PORIN_FUNCTIONS_MAX - 1)
_Static_assert((PORIN_FUNCTIONS_MAX & PLACE_MASK) == 0, "a number's low bits are its place in the table");

struct function {
    _Atomic uint32_t number;        /* 0: free */
    _Atomic uint32_t running;       /* calls that may be using function and context */
    bool taken;                     /* with the lock: granted, or still being revoked */
    uint32_t last;                  /* number this place had last */
    porin_function *function;
    void *context;
};

struct functions {
    struct function places[PORIN_FUNCTIONS_MAX];
};

/* What this thread runs now, so that a function may revoke itself. */
struct running {
    const struct function *function;
    struct running *outer;
};
static __thread struct running *innermost;

static uint32_t running_here(const struct function *function)
{
    uint32_t count = 0;
    for (const struct running *running = innermost; running; running = running->outer)
        count += running->function == function;
    return count;
}

porin_status porin_function_grant(porin_domain *domain, porin_function *function, void *context, uint32_t *number)
{
    if (!domain || !function || !number || !domain->personality)
        return PORIN_ERR_ARGUMENT;
    struct personality *own = domain->personality;
    porin_status status = PORIN_ERR_LIMIT;
    pthread_mutex_lock(&own->lock);
    struct functions *table = atomic_load(&own->functions);
    if (!table && (table = calloc(1, sizeof *table)))
        atomic_store(&own->functions, table);
    for (uint32_t i = 0; table && i < PORIN_FUNCTIONS_MAX && status != PORIN_OK; i++) {
        struct function *place = &table->places[i];
        if (place->taken || place->last > UINT32_MAX - 2 * PORIN_FUNCTIONS_MAX)
            continue; /* numbers are never used twice: a place that has used up all of its own is lost */
        place->taken = true;
        place->function = function;
        place->context = context;
        place->last = place->last ? place->last + PORIN_FUNCTIONS_MAX : i + PORIN_FUNCTIONS_MAX;
        atomic_store(&place->number, place->last);
        *number = place->last;
        status = PORIN_OK;
    }
    pthread_mutex_unlock(&own->lock);
    return table ? status : PORIN_ERR_MEMORY;
}

porin_status porin_function_revoke(porin_domain *domain, uint32_t number)
{
    struct personality *own = domain ? domain->personality : NULL;
    struct functions *table = own ? atomic_load(&own->functions) : NULL;
    if (!table || !number)
        return PORIN_ERR_NAME;
    struct function *place = &table->places[number & PLACE_MASK];
    uint32_t expected = number;
    if (!atomic_compare_exchange_strong(&place->number, &expected, 0))
        return PORIN_ERR_NAME;
    while (atomic_load(&place->running) > running_here(place))
        sched_yield();
    pthread_mutex_lock(&own->lock);
    place->taken = false; /* a call of this thread's own has read function and context already */
    pthread_mutex_unlock(&own->lock);
    return PORIN_OK;
}

int64_t service_function_call(const struct request *request)
{
    struct functions *table = atomic_load(&request->own->functions);
    uint64_t number = request->arguments[0];
    if (!table || !number || number > UINT32_MAX)
        return -EPERM;
    struct function *place = &table->places[number & PLACE_MASK];
    struct running running = { place, innermost };
    int64_t result = -EPERM;
    atomic_fetch_add(&place->running, 1);
    if (atomic_load(&place->number) == number) {
        innermost = &running;
        result = place->function(place->context, request->domain, request->arguments + 1);
        innermost = running.outer;
    }
    atomic_fetch_sub(&place->running, 1);
    return result;
}

void functions_free(struct personality *own)
{
    free(own->functions);
}

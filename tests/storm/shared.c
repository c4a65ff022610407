/* SPDX-License-Identifier: Apache-2.0 */
/* Domains that all threads call while another thread kills, resets, destroys and exchanges them. What a call brings is anybody's guess,
 * but it comes back, with an error that fits and names one of these. */
#include "storm.h"
#include <pthread.h>
#include <string.h>
#include <unistd.h>

static porin_domain *shared[SHARED];
static porin_entry entries[SHARED];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* both tables */
static uint64_t chaos_state;

static void shared_make(unsigned i)
{
    struct porin_error error;
    char name[16];
    snprintf(name, sizeof name, "shared%u", i);
    shared[i] = storm_domain(name);
    if (porin_entry_find(shared[i], "storm_run", &entries[i], &error) != PORIN_OK)
        fail("%s", error.text);
}

void shared_create(void)
{
    chaos_state = settings.seed ^ 0x5bd1e995;
    for (unsigned i = 0; i < SHARED; i++)
        shared_make(i);
    for (unsigned i = 0; i < SHARED; i++)
        storm_bind(shared, SHARED, i);
}

void shared_destroy(void)
{
    for (unsigned i = 0; i < SHARED; i++)
        porin_domain_destroy(shared[i]);
}

void shared_visit(uint64_t *state)
{
    struct porin_call call = { .integer = { plan_random(state), random_next(state) } };
    pthread_mutex_lock(&lock);
    porin_entry entry = entries[random_next(state) % SHARED];
    pthread_mutex_unlock(&lock);
    porin_status status = random_next(state) % 2 ? porin_call(entry, &call) : porin_call_within(entry, &call, random_next(state) % 60000);
    storm_calls++;
    switch (status) {
    case PORIN_OK:
    case PORIN_ERR_GONE: break;
    case PORIN_ERR_FAULT:
    case PORIN_ERR_EXIT:
    case PORIN_ERR_KILLED:
    case PORIN_ERR_DEADLINE:
        if (strncmp(porin_last_error()->domain, "shared", 6) != 0)
            fail("a call of a shared domain ends with %s of %s", porin_status_name(status), porin_last_error()->domain);
        break;
    default: fail("a call of a shared domain: %s", porin_last_error()->text);
    }
}

static void exchange(unsigned which)
{
    porin_domain_destroy(shared[which]);
    pthread_mutex_lock(&lock);
    shared_make(which);
    pthread_mutex_unlock(&lock);
    for (unsigned i = 0; i < SHARED; i++)
        storm_bind(shared, SHARED, i); /* those that are busy keep edges that fail */
}

void *chaos_run(void *unused)
{
    while (!storm_over) {
        unsigned which = (unsigned)(random_next(&chaos_state) % SHARED);
        switch (random_next(&chaos_state) % 16) {
        case 0: exchange(which); break;
        case 1:
        case 2:
        case 3: porin_domain_kill(shared[which]); break;
        case 4: usleep(200); break;
        default: porin_domain_reset(shared[which], NULL);
        }
    }
    return unused;
}

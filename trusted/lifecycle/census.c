/* SPDX-License-Identifier: Apache-2.0 */
/* A list that only grows, kept while anybody needs it. */
#include "census.h"
#include "loader/image.h"
#include "slots/region.h"
#include <stdlib.h>
#include <string.h>

static struct citizen *citizens;
static uint32_t count, capacity, users;
static bool incomplete;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void add(const struct porin_domain *domain)
{
    if (count == capacity) {
        uint32_t wanted = capacity ? 2 * capacity : 16;
        struct citizen *more = realloc(citizens, wanted * sizeof *more);
        incomplete |= !more;
        if (!more)
            return;
        citizens = more;
        capacity = wanted;
    }
    struct citizen *citizen = &citizens[count++];
    *citizen = (struct citizen){ domain->slot, domain->generation, __builtin_ia32_rdtsc(), "", domain->image };
    memcpy(citizen->name, domain->name, sizeof citizen->name);
    image_retain(domain->image);
}

void census_domain(const struct porin_domain *domain)
{
    pthread_mutex_lock(&lock);
    if (users)
        add(domain);
    pthread_mutex_unlock(&lock);
}

void census_begin(void)
{
    pthread_mutex_lock(&lock);
    for (uint32_t slot = 0; !users && slot < PORIN_MAX_SLOTS; slot++)
        if (region_contains((uint64_t)slot << PORIN_SLOT_SHIFT) && domain_at(slot)->state != DOMAIN_FREE)
            add(domain_at(slot));
    users++;
    pthread_mutex_unlock(&lock);
}

void census_end(void)
{
    pthread_mutex_lock(&lock);
    if (--users == 0) {
        while (count)
            porin_image_release(citizens[--count].image);
        free(citizens);
        citizens = NULL;
        capacity = 0;
        incomplete = false;
    }
    pthread_mutex_unlock(&lock);
}

const struct citizen *census_at(uint32_t number)
{
    return number < count ? &citizens[number] : NULL;
}

uint32_t census_find(uint32_t slot, uint32_t generation)
{
    for (uint32_t i = count; i-- > 0;)
        if (citizens[i].slot == slot && citizens[i].generation == generation)
            return i;
    return UINT32_MAX;
}

uint32_t census_find_then(uint32_t slot, uint64_t time)
{
    for (uint32_t i = count; i-- > 0;)
        if (citizens[i].slot == slot && citizens[i].since <= time)
            return i;
    return UINT32_MAX;
}

bool census_incomplete(void)
{
    return incomplete;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A list that only grows, kept while anybody needs it. It lies in one place and what is in it does not change, so readers need no lock. */
#define _GNU_SOURCE
#include "census.h"
#include "loader/image.h"
#include <string.h>
#include <sys/mman.h>

#define CITIZENS 65536

static struct citizen *citizens;       /* room for all of them, touched as they come */
static _Atomic uint32_t count;
static _Atomic uint32_t users;
static bool incomplete;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* outside of domains' locks */

/* With the lock. */
static void add(const struct porin_domain *domain)
{
    incomplete |= count == CITIZENS || !citizens;
    if (count == CITIZENS || !citizens)
        return;
    struct citizen *citizen = &citizens[count];
    *citizen = (struct citizen){ domain->slot, domain->generation, __builtin_ia32_rdtsc(), "", domain->image };
    memcpy(citizen->name, domain->name, sizeof citizen->name - 1);
    image_retain(domain->image);
    count++;
}

void census_domain(const struct porin_domain *domain)
{
    if (!users) /* mostly: and a forked child may find the lock held by nobody that it has */
        return;
    pthread_mutex_lock(&lock);
    if (users)
        add(domain);
    pthread_mutex_unlock(&lock);
}

/* Who is being made meanwhile comes by itself, at worst a second time; who is being destroyed has no image any more. */
static void add_all(void)
{
    for (uint32_t slot = 0; slot < PORIN_MAX_SLOTS; slot++) {
        if (!domain_at(slot)->image) /* the lock of a slot that was never used stays untouched */
            continue;
        pthread_mutex_lock(&domain_at(slot)->lock);
        if (domain_at(slot)->image)
            add(domain_at(slot));
        pthread_mutex_unlock(&domain_at(slot)->lock);
    }
}

void census_begin(void)
{
    pthread_mutex_lock(&lock);
    if (users++ == 0) {
        void *room = mmap(NULL, CITIZENS * sizeof *citizens, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        citizens = room != MAP_FAILED ? room : NULL;
        add_all();
    }
    pthread_mutex_unlock(&lock);
}

void census_end(void)
{
    pthread_mutex_lock(&lock);
    if (--users == 0) {
        for (uint32_t i = 0; i < count; i++)
            porin_image_release(citizens[i].image);
        if (citizens)
            munmap(citizens, CITIZENS * sizeof *citizens);
        citizens = NULL;
        count = 0;
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

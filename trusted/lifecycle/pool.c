/* SPDX-License-Identifier: Apache-2.0 */
/* Pools of ready domains of one image. */
#include "loader/image.h"
#include "options.h"
#include "runtime/domain.h"
#include "runtime/error.h"
#include <pthread.h>
#include <stdlib.h>

struct porin_pool {
    pthread_mutex_t lock;
    porin_image *image;
    struct porin_domain_options options;
    size_t count, capacity;
    porin_domain *ready[];
};

porin_status porin_pool_create(porin_image *image, const struct porin_domain_options *options, size_t capacity, porin_pool **out,
                               struct porin_error *error)
{
    struct porin_domain_options defaults;
    if (!image || !out || !capacity || capacity > PORIN_MAX_SLOTS)
        return error_set(error, PORIN_ERR_ARGUMENT, "porin_pool_create: NULL argument, or a capacity of none or more than %d",
                         PORIN_MAX_SLOTS);
    porin_domain_options_default(&defaults);
    porin_pool *pool = calloc(1, sizeof *pool + capacity * sizeof *pool->ready);
    if (!pool || !options_copy(&pool->options, options ? options : &defaults)) {
        if (pool)
            options_release(&pool->options);
        free(pool);
        return error_set(error, PORIN_ERR_MEMORY, "no memory for a pool of %zu domains", capacity);
    }
    pthread_mutex_init(&pool->lock, NULL);
    pool->image = image;
    image_retain(image);
    pool->capacity = capacity;
    while (pool->count < capacity) {
        porin_status status = porin_domain_create(image, &pool->options, &pool->ready[pool->count], error);
        if (status != PORIN_OK) {
            porin_pool_destroy(pool);
            return status;
        }
        pool->count++;
    }
    *out = pool;
    return PORIN_OK;
}

porin_status porin_pool_take(porin_pool *pool, porin_domain **out, struct porin_error *error)
{
    porin_domain *domain = NULL;
    pthread_mutex_lock(&pool->lock);
    if (pool->count)
        domain = pool->ready[--pool->count];
    pthread_mutex_unlock(&pool->lock);
    if (!domain)
        return porin_domain_create(pool->image, &pool->options, out, error);
    *out = domain;
    return PORIN_OK;
}

void porin_pool_put(porin_pool *pool, porin_domain *domain)
{
    struct porin_error error;
    bool kept = false;
    if (!domain)
        return;
    if (domain->image == pool->image && porin_domain_reset(domain, &error) == PORIN_OK) {
        pthread_mutex_lock(&pool->lock);
        kept = pool->count < pool->capacity;
        if (kept)
            pool->ready[pool->count++] = domain;
        pthread_mutex_unlock(&pool->lock);
    }
    if (!kept)
        porin_domain_destroy(domain);
}

void porin_pool_destroy(porin_pool *pool)
{
    if (!pool)
        return;
    while (pool->count)
        porin_domain_destroy(pool->ready[--pool->count]);
    porin_image_release(pool->image);
    options_release(&pool->options);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* dIPC's dom_create for domains: a domain that was given an image makes domains of it. They are its own: they have no services but memory,
 * at most the memory it may have itself, and end when it does or starts anew. */
#include "handle.h"
#include "loader/image.h"
#include <errno.h>
#include <stdlib.h>

/* A domain made by a domain, or a place kept for one that is being made. */
struct creation {
    struct creation *next;
    uint32_t creator;                 /* its slot, which it does not leave before its creations have ended */
    porin_domain *domain;             /* NULL: being made */
};

static struct creation *creations;    /* guarded by authority_lock */

void image_hold(const struct handle *handle)
{
    if (handle->kind == HANDLE_IMAGE)
        image_retain(handle->image);
}

void image_drop(const struct handle *handle)
{
    if (handle->kind == HANDLE_IMAGE)
        porin_image_release(handle->image);
}

porin_status porin_handle_give_image(porin_domain *holder, porin_image *image, uint32_t limit, porin_handle *out)
{
    if (!holder || !image || !out || limit == 0)
        return PORIN_ERR_ARGUMENT;
    const struct handle handle = { .kind = HANDLE_IMAGE, .image = image, .limit = limit };
    pthread_mutex_lock(&authority_lock);
    int64_t result = handle_put(holder, &handle);
    pthread_mutex_unlock(&authority_lock);
    *out = result < 0 ? -1 : (porin_handle)result;
    return result > 0 ? PORIN_OK : PORIN_ERR_LIMIT;
}

/* With the lock: a place under the handle's limit, and the image, held. */
static int64_t creation_open(struct porin_domain *self, uint64_t number, struct creation *creation, porin_image **image)
{
    const struct handle *handle = handle_find(self, number, HANDLE_IMAGE);
    uint32_t own = 0;
    if (!handle)
        return -EBADF;
    for (const struct creation *other = creations; other; other = other->next)
        own += other->creator == self->slot;
    if (own >= handle->limit)
        return -ENOSPC;
    image_hold(handle);
    *image = handle->image;
    *creation = (struct creation){ .next = creations, .creator = self->slot };
    creations = creation;
    return 0;
}

/* With the lock. */
static void creation_close(struct creation *creation)
{
    struct creation **link = &creations;
    while (*link != creation)
        link = &(*link)->next;
    *link = creation->next;
    free(creation);
}

static porin_status child_create(const struct porin_domain *creator, porin_image *image, porin_domain **out)
{
    struct porin_domain_options options;
    porin_domain_options_default(&options);
    options.grants = creator->grants & PORIN_GRANT_MEMORY;
    options.memory_limit_bytes = creator->options.memory_limit_bytes;
    options.accounting = creator->options.accounting;
    uint64_t limit = creator->options.cpu_limit_ns, used = creator->cpu_ns;
    options.cpu_limit_ns = limit ? (limit > used ? limit - used : 1) : 0; /* no more than its creator has left */
    return porin_domain_create(image, &options, out, NULL);
}

int64_t authority_create(struct porin_domain *self, uint64_t number)
{
    struct creation *creation = malloc(sizeof *creation);
    porin_image *image = NULL;
    porin_domain *child = NULL;
    if (!creation)
        return -ENOMEM;
    pthread_mutex_lock(&authority_lock);
    int64_t result = creation_open(self, number, creation, &image);
    pthread_mutex_unlock(&authority_lock);
    if (result != 0) {
        free(creation);
        return result;
    }
    porin_status status = child_create(self, image, &child);
    porin_image_release(image);
    struct handle handle = { .kind = HANDLE_DOMAIN, .right = PORIN_RIGHT_OWNER, .giver = domain_ref(self) };
    pthread_mutex_lock(&authority_lock);
    if (status == PORIN_OK)
        handle.subject = domain_ref(child);
    result = status == PORIN_OK ? handle_put(self, &handle) : -ENOMEM;
    if (result > 0)
        creation->domain = child;
    else
        creation_close(creation);
    pthread_mutex_unlock(&authority_lock);
    if (result < 0)
        porin_domain_destroy(child);
    return result;
}

/* A child of that creator, taken off the list; NULL: none is left. */
static porin_domain *child_take(uint32_t creator)
{
    porin_domain *child = NULL;
    pthread_mutex_lock(&authority_lock);
    for (struct creation *creation = creations; creation; creation = creation->next)
        if (creation->creator == creator && creation->domain) {
            child = creation->domain;
            creation_close(creation);
            break;
        }
    pthread_mutex_unlock(&authority_lock);
    return child;
}

void authority_end_created(const struct porin_domain *creator)
{
    for (porin_domain *child; (child = child_take(creator->slot));)
        porin_domain_destroy(child);
}

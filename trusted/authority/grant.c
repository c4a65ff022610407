/* SPDX-License-Identifier: Apache-2.0 */
/* Grants (access protection lists) and what they and handles allow on another domain's memory. */
#include "handle.h"
#include "capability/capability.h"
#include "runtime/copy.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 4096                /* of a copy between two domains, through memory of the host */

struct grant {
    uint64_t id;
    struct domain_ref source, target;
    struct domain_ref creator;    /* {0}: the host */
    enum porin_right right;
    uint32_t counter;             /* capabilities that were made by it: memory_counter; 0: none yet */
};

static struct grant *grants;      /* dense, in no order */
static uint32_t grant_count, grant_capacity;
static uint64_t last_id;

static bool ref_alive(struct domain_ref ref)
{
    const struct porin_domain *domain = domain_at(ref.slot);
    return domain->generation == ref.generation && domain->state != DOMAIN_FREE;
}

/* Drops what match() says and what names a destroyed domain. True: capabilities were made by such a one, so capability_revoke() is due
 * without the lock. */
static bool grants_sweep(bool (*match)(const struct grant *, const void *), const void *data)
{
    uint32_t kept = 0;
    bool revoke = false;
    for (uint32_t i = 0; i < grant_count; i++)
        if (!match(&grants[i], data) && ref_alive(grants[i].source) && ref_alive(grants[i].target)) {
            grants[kept++] = grants[i];
        } else if (grants[i].counter) {
            memory_counter_close(grants[i].counter);
            revoke = true;
        }
    grant_count = kept;
    return revoke;
}

static void grants_drop(bool (*match)(const struct grant *, const void *), const void *data)
{
    pthread_mutex_lock(&authority_lock);
    bool revoke = grants_sweep(match, data);
    pthread_mutex_unlock(&authority_lock);
    if (revoke)
        capability_revoke();
}

static bool match_nothing(const struct grant *grant, const void *data)
{
    (void)grant;
    (void)data;
    return false;
}

static bool match_id(const struct grant *grant, const void *id)
{
    return grant->id == *(const uint64_t *)id;
}

static bool match_creator(const struct grant *grant, const void *ref)
{
    return ref_same(grant->creator, *(const struct domain_ref *)ref);
}

static int64_t grant_put(const struct grant *grant, uint64_t *id)
{
    uint32_t own = 0;
    for (uint32_t i = 0; i < grant_count; i++)
        own += ref_same(grants[i].creator, grant->creator);
    if (grant_count == GRANTS_MAX || (grant->creator.generation && own >= GRANTS_FROM_ONE))
        return -ENOSPC;
    if (grant_count == grant_capacity) {
        uint32_t capacity = grant_capacity ? 2 * grant_capacity : 64;
        struct grant *larger = realloc(grants, capacity * sizeof *larger);
        if (!larger)
            return -ENOMEM;
        grants = larger;
        grant_capacity = capacity;
    }
    grants[grant_count] = *grant;
    grants[grant_count++].id = *id = ++last_id;
    return 0;
}

enum porin_right grants_right(struct domain_ref source, struct domain_ref target)
{
    enum porin_right right = PORIN_RIGHT_NONE;
    for (uint32_t i = 0; i < grant_count && ref_alive(target); i++)
        if (ref_same(grants[i].source, source) && ref_same(grants[i].target, target) && grants[i].right > right)
            right = grants[i].right;
    return right;
}

void grants_forget(struct domain_ref domain)
{
    grants_drop(match_creator, &domain);
}

void grants_uncount(uint32_t slot)
{
    for (uint32_t i = 0; i < grant_count; i++)
        if (grants[i].target.slot == slot)
            grants[i].counter = 0;
}

/* Those of destroyed domains go when there is no room. */
static void grants_make_room(void)
{
    pthread_mutex_lock(&authority_lock);
    bool full = grant_count == GRANTS_MAX;
    pthread_mutex_unlock(&authority_lock);
    if (full)
        grants_drop(match_nothing, NULL);
}

/* dIPC: the creator owns the source and has what it grants on the target, by its own handle and not by somebody's grant. */
static int64_t grant_locked(struct porin_domain *self, uint64_t source, uint64_t target, uint64_t right)
{
    const struct handle *from = handle_find(self, source, HANDLE_DOMAIN), *to = handle_find(self, target, HANDLE_DOMAIN);
    if (!from || !to)
        return -EBADF;
    if (right == PORIN_RIGHT_NONE || right >= PORIN_RIGHT_OWNER)
        return -EINVAL;
    if (from->right < PORIN_RIGHT_OWNER || to->right < right)
        return -EPERM;
    if (!ref_alive(from->subject) || !ref_alive(to->subject))
        return -ESTALE;
    struct grant grant = { .source = from->subject, .target = to->subject, .creator = domain_ref(self), .right = (enum porin_right)right };
    struct handle handle = { .kind = HANDLE_GRANT, .subject = to->subject, .giver = domain_ref(self) };
    int64_t result = grant_put(&grant, &handle.id);
    if (result != 0)
        return result;
    result = handle_put(self, &handle);
    if (result < 0)
        grant_count--; /* it is the last, and nobody has used it */
    return result;
}

int64_t authority_grant(struct porin_domain *self, uint64_t source, uint64_t target, uint64_t right)
{
    grants_make_room();
    pthread_mutex_lock(&authority_lock);
    int64_t result = grant_locked(self, source, target, right);
    pthread_mutex_unlock(&authority_lock);
    return result;
}

int64_t authority_revoke(struct porin_domain *self, uint64_t number)
{
    pthread_mutex_lock(&authority_lock);
    const struct handle *handle = handle_find(self, number, HANDLE_GRANT);
    uint64_t id = handle ? handle->id : 0;
    pthread_mutex_unlock(&authority_lock);
    if (!id)
        return -EBADF;
    grants_drop(match_id, &id);
    return authority_close(self, number);
}

porin_status porin_grant_create(porin_domain *source, porin_domain *target, enum porin_right right, uint64_t *out)
{
    if (!source || !target || !out || right == PORIN_RIGHT_NONE || right >= PORIN_RIGHT_OWNER)
        return PORIN_ERR_ARGUMENT;
    struct grant grant = { .source = domain_ref(source), .target = domain_ref(target), .right = right };
    grants_make_room();
    pthread_mutex_lock(&authority_lock);
    int64_t result = grant_put(&grant, out);
    pthread_mutex_unlock(&authority_lock);
    return result == 0 ? PORIN_OK : result == -ENOMEM ? PORIN_ERR_MEMORY : PORIN_ERR_LIMIT;
}

porin_status porin_grant_revoke(uint64_t grant)
{
    pthread_mutex_lock(&authority_lock);
    bool found = false;
    for (uint32_t i = 0; i < grant_count; i++)
        found |= grants[i].id == grant;
    pthread_mutex_unlock(&authority_lock);
    grants_drop(match_id, &grant);
    return found ? PORIN_OK : PORIN_ERR_NAME;
}

enum porin_right porin_grant_right(porin_domain *source, porin_domain *target)
{
    if (!source || !target)
        return PORIN_RIGHT_NONE;
    pthread_mutex_lock(&authority_lock);
    enum porin_right right = grants_right(domain_ref(source), domain_ref(target));
    pthread_mutex_unlock(&authority_lock);
    return right;
}

struct porin_domain *subject_pin(struct porin_domain *self, uint64_t handle, enum porin_right right, int64_t *error)
{
    struct domain_ref ref = { 0 };
    pthread_mutex_lock(&authority_lock);
    *error = handle_check(self, handle, right, &ref);
    pthread_mutex_unlock(&authority_lock);
    if (*error)
        return NULL;
    struct porin_domain *subject = ref_pin(ref);
    *error = subject ? 0 : -ESTALE;
    return subject;
}

/* With the lock. */
static int64_t capability_make(struct porin_domain *self, uint64_t number, uint64_t address, uint64_t size, enum porin_right right,
                               struct capability *out)
{
    const struct handle *handle = handle_find(self, number, HANDLE_DOMAIN);
    uint32_t *counter = NULL;
    if (!handle)
        return -EBADF;
    for (uint32_t i = 0; i < grant_count && handle->right < right; i++)
        if (ref_same(grants[i].source, domain_ref(self)) && ref_same(grants[i].target, handle->subject) && grants[i].right >= right)
            counter = &grants[i].counter;
    if (!ref_alive(handle->subject))
        return -ESTALE;
    if (handle->right < right && !counter)
        return -EPERM;
    if (!memory_counter(handle->subject, counter))
        return -ENOSPC;
    *out = (struct capability){ domain_at(handle->subject.slot)->base + address, size, right == PORIN_RIGHT_WRITE ? size : 0,
                                memory_origin(handle->subject, counter ? *counter : 0) };
    return 0;
}

int64_t authority_capability(struct porin_domain *self, uint64_t handle, uint64_t address, uint64_t size, uint64_t right,
                             struct capability *out)
{
    if ((right != PORIN_RIGHT_READ && right != PORIN_RIGHT_WRITE) || !range_in_slot(address, size))
        return -EINVAL;
    pthread_mutex_lock(&authority_lock);
    int64_t result = capability_make(self, handle, address, size, (enum porin_right)right, out);
    pthread_mutex_unlock(&authority_lock);
    return result;
}

int64_t authority_map(struct porin_domain *self, uint64_t handle, uint64_t hint, uint64_t size, uint64_t protection)
{
    int64_t result;
    if (hint > UINT32_MAX || protection > UINT32_MAX)
        return -EINVAL;
    struct porin_domain *subject = subject_pin(self, handle, PORIN_RIGHT_OWNER, &result);
    if (!subject)
        return result;
    result = domain_map(subject, (uint32_t)hint, size, (uint32_t)protection, false);
    ref_unpin(subject);
    return result;
}

/* Moves bytes between two domains chunk by chunk; both pinned by the caller or running. 0, or -EFAULT with a part moved. */
static int64_t bytes_move(struct porin_domain *to, uint64_t to_at, struct porin_domain *from, uint64_t from_at, uint64_t size)
{
    uint8_t chunk[CHUNK];
    if (!range_in_slot(to_at, size) || !range_in_slot(from_at, size))
        return -EFAULT;
    for (uint64_t done = 0; done < size; done += CHUNK) {
        if (domain_is_dead(to) || domain_is_dead(from)) /* a long copy must not outlive a kill */
            return -ESTALE;
        size_t now = size - done < CHUNK ? size - done : CHUNK;
        if (copy_in(chunk, from, (porin_addr){ (uint32_t)(from_at + done) }, now) != PORIN_OK ||
            copy_out(to, (porin_addr){ (uint32_t)(to_at + done) }, chunk, now) != PORIN_OK)
            return -EFAULT;
    }
    return 0;
}

/* dIPC's dom_remap: memory of one domain becomes memory of another. The contents go by copy: pages of private mappings cannot change
 * slots without a moment in which the range belongs to nobody. */
static int64_t memory_remap(struct porin_domain *target, struct porin_domain *source, uint64_t start, uint64_t size)
{
    int64_t result = start > UINT32_MAX ? -EINVAL : domain_map(target, 0, size, MEMORY_READ | MEMORY_WRITE, false);
    if (result < 0)
        return result;
    int64_t moved = bytes_move(target, (uint64_t)result, source, start, size);
    if (moved == 0)
        moved = domain_unmap(source, (uint32_t)start, size);
    if (moved == 0)
        return result;
    domain_unmap(target, (uint32_t)result, size);
    return moved;
}

int64_t authority_remap(struct porin_domain *self, uint64_t to, uint64_t from, uint64_t start, uint64_t size)
{
    int64_t result;
    struct porin_domain *source = subject_pin(self, from, PORIN_RIGHT_OWNER, &result);
    if (!source)
        return result;
    struct porin_domain *target = subject_pin(self, to, PORIN_RIGHT_OWNER, &result);
    if (target) {
        result = memory_remap(target, source, start, size);
        ref_unpin(target);
    }
    ref_unpin(source);
    return result;
}

static porin_status address_of(int64_t result, porin_addr *out)
{
    out->offset = result < 0 ? 0 : (uint32_t)result;
    return result >= 0 ? PORIN_OK : result == -ENOMEM ? PORIN_ERR_MEMORY : PORIN_ERR_RANGE;
}

porin_status porin_domain_map(porin_domain *domain, porin_addr hint, size_t size, bool writable, porin_addr *out)
{
    struct porin_domain *pinned = domain && out ? ref_pin(domain_ref(domain)) : NULL;
    if (!pinned)
        return PORIN_ERR_ARGUMENT;
    porin_status status = address_of(domain_map(domain, hint.offset, size, MEMORY_READ | (writable ? MEMORY_WRITE : 0), false), out);
    ref_unpin(pinned);
    return status;
}

porin_status porin_domain_remap(porin_domain *to, porin_domain *from, porin_addr start, size_t size, porin_addr *out)
{
    struct porin_domain *target = to && from && out ? ref_pin(domain_ref(to)) : NULL;
    if (!target)
        return PORIN_ERR_ARGUMENT;
    struct porin_domain *source = ref_pin(domain_ref(from));
    porin_status status = source ? address_of(memory_remap(target, source, start.offset, size), out) : PORIN_ERR_ARGUMENT;
    if (source)
        ref_unpin(source);
    ref_unpin(target);
    return status;
}

int64_t authority_read(struct porin_domain *self, uint64_t handle, uint64_t theirs, uint64_t own, uint64_t size)
{
    int64_t result;
    struct porin_domain *subject = subject_pin(self, handle, PORIN_RIGHT_READ, &result);
    if (!subject)
        return result;
    result = bytes_move(self, own, subject, theirs, size);
    ref_unpin(subject);
    return result;
}

int64_t authority_write(struct porin_domain *self, uint64_t handle, uint64_t theirs, uint64_t own, uint64_t size)
{
    int64_t result;
    struct porin_domain *subject = subject_pin(self, handle, PORIN_RIGHT_WRITE, &result);
    if (!subject)
        return result;
    result = bytes_move(subject, theirs, self, own, size);
    ref_unpin(subject);
    return result;
}

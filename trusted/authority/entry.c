/* SPDX-License-Identifier: Apache-2.0 */
/* Entries: registering a function, binding an import to it, withdrawing it from everybody. */
#include "handle.h"
#include "loader/image.h"
#include "runtime/gate.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REGISTRATIONS_MAX 65536     /* in the process */
#define REGISTRATIONS_FROM_ONE 1024 /* of one domain's functions */
#define POLICIES (PORIN_POLICY_ALL)

/* A handle on an entry is good as long as its registration stands here. */
struct registration {
    uint64_t id;
    struct domain_ref callee;
};

static struct registration *registrations;
static uint32_t registration_count, registration_capacity;
static uint64_t last_id;

static struct registration *registration_find(uint64_t id)
{
    for (uint32_t i = 0; i < registration_count; i++)
        if (registrations[i].id == id)
            return &registrations[i];
    return NULL;
}

/* Drops registrations of destroyed domains and the one called id. */
static void registrations_sweep(uint64_t id)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < registration_count; i++) {
        const struct porin_domain *callee = domain_at(registrations[i].callee.slot);
        if (registrations[i].id != id && callee->generation == registrations[i].callee.generation && callee->state != DOMAIN_FREE)
            registrations[kept++] = registrations[i];
    }
    registration_count = kept;
}

static int64_t registration_put(struct domain_ref callee, uint64_t *id)
{
    uint32_t own = 0;
    if (registration_count == REGISTRATIONS_MAX)
        registrations_sweep(0);
    for (uint32_t i = 0; i < registration_count; i++)
        own += ref_same(registrations[i].callee, callee);
    if (registration_count == REGISTRATIONS_MAX || own >= REGISTRATIONS_FROM_ONE)
        return -ENOSPC;
    if (registration_count == registration_capacity) {
        uint32_t capacity = registration_capacity ? 2 * registration_capacity : 64;
        struct registration *larger = realloc(registrations, capacity * sizeof *larger);
        if (!larger)
            return -ENOMEM;
        registrations = larger;
        registration_capacity = capacity;
    }
    registrations[registration_count++] = (struct registration){ .id = *id = ++last_id, .callee = callee };
    return 0;
}

int64_t entry_describe(const struct porin_domain *callee, uint64_t offset, uint64_t signature, uint64_t policy, struct handle *out)
{
    if (offset > UINT32_MAX || !image_has_label(callee->image, (uint32_t)offset) || signature > UINT32_MAX || policy & ~(uint64_t)POLICIES)
        return -EINVAL;
    *out = (struct handle){ .kind = HANDLE_ENTRY, .subject = domain_ref(callee), .offset = (uint32_t)offset,
                            .signature = (uint32_t)signature, .policy = (uint32_t)policy };
    return registration_put(out->subject, &out->id);
}

/* Registers a function of callee and puts the handle into self's table. */
static int64_t register_for(struct porin_domain *self, const struct porin_domain *callee, uint64_t offset, uint64_t signature,
                            uint64_t policy)
{
    struct handle handle;
    pthread_mutex_lock(&authority_lock);
    int64_t result = entry_describe(callee, offset, signature, policy, &handle);
    if (result == 0) {
        handle.giver = domain_ref(self);
        result = handle_put(self, &handle);
        if (result < 0)
            registrations_sweep(handle.id);
    }
    pthread_mutex_unlock(&authority_lock);
    return result;
}

int64_t authority_register(struct porin_domain *self, uint64_t offset, uint64_t signature, uint64_t policy)
{
    return register_for(self, self, offset, signature, policy);
}

/* dIPC's entry_register by the owner of another domain: of what that domain exports. */
int64_t authority_open(struct porin_domain *self, uint64_t domain, const char *name, uint64_t signature, uint64_t policy)
{
    int64_t result;
    porin_entry entry;
    struct porin_domain *callee = subject_pin(self, domain, PORIN_RIGHT_OWNER, &result);
    if (!callee)
        return result;
    bool found = porin_entry_find(callee, name, &entry, NULL) == PORIN_OK;
    result = found ? register_for(self, callee, entry.offset, signature, policy) : -ENOENT;
    ref_unpin(callee);
    return result;
}

void entry_forget(uint64_t id)
{
    registrations_sweep(id);
}

/* What domain_bind says, as an errno. */
static int64_t bind_error(porin_status status)
{
    switch (status) {
    case PORIN_OK: return 0;
    case PORIN_ERR_NAME: return -ENOENT;
    case PORIN_ERR_BUSY: return -EBUSY;
    case PORIN_ERR_GONE: return -ESTALE;
    case PORIN_ERR_MEMORY:
    case PORIN_ERR_MAPPINGS: return -ENOMEM;
    default: return -EINVAL;
    }
}

/* With the lock, so that no withdrawal falls between the check and the binding. */
static int64_t request_locked(struct porin_domain *self, uint64_t number, const char *import, uint64_t signature,
                              const struct porin_edge_options *options)
{
    const struct handle *handle = handle_find(self, number, HANDLE_ENTRY);
    if (!handle)
        return -EBADF;
    if (handle->signature != signature)
        return -EINVAL;
    if (!registration_find(handle->id))
        return -ESTALE;
    struct porin_domain *callee = ref_pin(handle->subject);
    if (!callee)
        return -ESTALE;
    struct porin_edge_options both = *options;
    both.callee_policy = handle->policy; /* each side gets what it asks for */
    porin_entry entry = { callee, handle->offset, handle->subject.generation };
    int64_t result = bind_error(domain_bind(self, import, entry, &both, handle->id, NULL));
    ref_unpin(callee);
    return result;
}

int64_t authority_request(struct porin_domain *self, uint64_t entry, const char *import, uint64_t signature, uint64_t policy,
                          int64_t fault_value)
{
    if (policy & ~(uint64_t)POLICIES)
        return -EINVAL;
    struct porin_edge_options options = { .policy = (uint32_t)policy, .fault_value = fault_value };
    pthread_mutex_lock(&authority_lock);
    int64_t result = request_locked(self, entry, import, signature, &options);
    pthread_mutex_unlock(&authority_lock);
    return result;
}

int64_t authority_withdraw_entry(struct porin_domain *self, uint64_t number)
{
    pthread_mutex_lock(&authority_lock);
    const struct handle *handle = handle_find(self, number, HANDLE_ENTRY);
    int64_t result = !handle ? -EBADF : ref_same(handle->subject, domain_ref(self)) ? 0 : -EPERM;
    if (result == 0 && registration_find(handle->id)) {
        uint64_t id = handle->id;
        registrations_sweep(id);
        result = domains_unbind(id) ? 0 : -ENOMEM;
    }
    pthread_mutex_unlock(&authority_lock);
    return result == 0 ? authority_close(self, number) : result;
}

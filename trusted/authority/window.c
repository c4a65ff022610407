/* SPDX-License-Identifier: Apache-2.0 */
/* Windows: memory files mapped into several slots. Which domains have one mapped is noted per window; where, each slot's list of areas
 * knows. All under the lock of authority, so that nothing is mapped while something is being revoked. */
#define _GNU_SOURCE
#include "handle.h"
#include "porin/window.h"
#include "runtime/error.h"
#include "runtime/must.h"
#include "slots/sealed.h"
#include "tables/layout.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define WINDOWS_MAX 1024           /* in the process: each keeps two descriptors of the host's */
#define WINDOWS_FROM_ONE 32        /* of these by one domain */
#define PAGE 4096u

struct porin_window {
    uint32_t number;               /* never another's */
    uint32_t epoch;                /* handles from before are of no use, but owners' */
    uint32_t owners;               /* handles with the right to own */
    struct domain_ref owner;       /* who pays; {0}: the host */
    int writable, readable;        /* what to map */
    uint64_t size;
    void *memory;                  /* the host's mapping; NULL: it has none */
    uint64_t slots[PORIN_MAX_SLOTS / 64]; /* in which it may be mapped */
};

static struct porin_window *windows[WINDOWS_MAX];
static uint32_t window_count, last_number;

static struct porin_window *window_find(uint64_t number)
{
    for (uint32_t i = 0; i < window_count; i++)
        if (windows[i]->number == number)
            return windows[i];
    return NULL;
}

static bool mapped_in(const struct porin_window *window, uint32_t slot)
{
    return window->slots[slot / 64] >> slot % 64 & 1;
}

/* A bit is set only while the domain in that slot is not given up: windows_forget comes before that. */
static void window_unmap(struct porin_window *window, uint32_t slot)
{
    window->slots[slot / 64] &= ~(1ull << slot % 64);
    domain_unmap_window(domain_at(slot), window->number);
}

/* From all domains but the one in that slot (PORIN_MAX_SLOTS: from all). */
static void window_take_back(struct porin_window *window, uint32_t except)
{
    window->epoch++;
    for (uint32_t word = 0; word < PORIN_MAX_SLOTS / 64; word++)
        for (uint64_t bits = window->slots[word]; bits; bits &= bits - 1) {
            uint32_t slot = word * 64 + (uint32_t)__builtin_ctzll(bits);
            if (slot != except)
                window_unmap(window, slot);
        }
    personality_window_changed(window->number);
}

static void window_free(struct porin_window *window)
{
    close(window->writable);
    close(window->readable);
    if (window->memory)
        munmap(window->memory, window->size);
    free(window);
}

static void window_end(struct porin_window *window)
{
    window_take_back(window, PORIN_MAX_SLOTS);
    if (window->owner.generation)
        domain_discharge_window(domain_at(window->owner.slot), window->size);
    for (uint32_t i = 0; i < window_count; i++)
        if (windows[i] == window)
            windows[i] = windows[--window_count];
    window_free(window);
}

static struct porin_window *owned_by(const struct handle *handle)
{
    return handle->kind == HANDLE_WINDOW && handle->right == PORIN_RIGHT_OWNER ? window_find(handle->id) : NULL;
}

void window_hold(const struct handle *handle)
{
    struct porin_window *window = owned_by(handle);
    if (window)
        window->owners++;
}

void window_drop(const struct handle *handle)
{
    struct porin_window *window = owned_by(handle);
    if (window && --window->owners == 0)
        window_end(window);
}

uint32_t window_epoch(const struct handle *handle)
{
    const struct porin_window *window = owned_by(handle);
    return window ? window->epoch : handle->epoch;
}

/* With the lock: 0 or -EINVAL, -ENOSPC, -ENOMEM. It has no owner yet. */
static int64_t window_make(uint64_t size, struct porin_domain *owner, struct porin_window **out)
{
    uint32_t own = 0;
    if (size == 0 || size > PORIN_WINDOW_BYTES_MAX)
        return -EINVAL;
    size = (size + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    for (uint32_t i = 0; owner && i < window_count; i++)
        own += ref_same(windows[i]->owner, domain_ref(owner));
    if (window_count == WINDOWS_MAX || own >= WINDOWS_FROM_ONE || last_number == UINT32_MAX)
        return -ENOSPC;
    struct porin_window *window = calloc(1, sizeof *window);
    if (!window || (window->writable = shared_file(size, &window->readable)) < 0) {
        free(window);
        return -ENOMEM;
    }
    window->size = size;
    if (owner && !domain_charge_window(owner, size)) {
        window_free(window);
        return -ENOMEM;
    }
    window->owner = owner ? domain_ref(owner) : (struct domain_ref){ 0 };
    window->number = ++last_number;
    *out = windows[window_count++] = window;
    return 0;
}

/* With the lock. */
static int64_t window_map(struct porin_window *window, struct porin_domain *domain, uint32_t hint, enum porin_right right)
{
    bool write = right == PORIN_RIGHT_WRITE;
    int64_t at = domain_map_window(domain, hint, window->size, MEMORY_READ | (write ? MEMORY_WRITE : 0),
                                   write ? window->writable : window->readable, window->number);
    if (at >= 0)
        window->slots[domain->slot / 64] |= 1ull << domain->slot % 64;
    return at;
}

/* --- what domains ask for --- */

int64_t authority_window_create(struct porin_domain *self, uint64_t size)
{
    struct porin_window *window;
    pthread_mutex_lock(&authority_lock);
    int64_t result = window_make(size, self, &window);
    if (result == 0) {
        const struct handle handle = { .kind = HANDLE_WINDOW, .right = PORIN_RIGHT_OWNER, .subject = domain_ref(self),
                                       .giver = domain_ref(self), .id = window->number };
        result = handle_put(self, &handle);
        if (result < 0)
            window_end(window);
    }
    pthread_mutex_unlock(&authority_lock);
    return result;
}

/* With the lock: the window of a handle that has this right; NULL: *error. */
static struct porin_window *window_of(const struct porin_domain *self, uint64_t number, enum porin_right right, int64_t *error)
{
    const struct handle *handle = handle_find(self, number, HANDLE_WINDOW);
    struct porin_window *window = handle ? window_find(handle->id) : NULL;
    bool valid = window && (handle->right == PORIN_RIGHT_OWNER || handle->epoch == window->epoch);
    *error = !handle ? -EBADF : handle->right < right ? -EPERM : !valid ? -ESTALE : 0;
    return *error ? NULL : window;
}

int64_t authority_window_map(struct porin_domain *self, uint64_t number, uint64_t hint, uint64_t right)
{
    int64_t result;
    if (hint > UINT32_MAX || (right != PORIN_RIGHT_READ && right != PORIN_RIGHT_WRITE))
        return -EINVAL;
    pthread_mutex_lock(&authority_lock);
    struct porin_window *window = window_of(self, number, (enum porin_right)right, &result);
    if (window)
        result = window_map(window, self, (uint32_t)hint, (enum porin_right)right);
    pthread_mutex_unlock(&authority_lock);
    return result;
}

int64_t authority_window_revoke(struct porin_domain *self, uint64_t number)
{
    int64_t result;
    pthread_mutex_lock(&authority_lock);
    struct porin_window *window = window_of(self, number, PORIN_RIGHT_OWNER, &result);
    if (window)
        window_take_back(window, self->slot);
    pthread_mutex_unlock(&authority_lock);
    return result;
}

/* --- ends of domains --- */

void windows_forget(struct porin_domain *domain)
{
    for (uint32_t i = 0; i < window_count; i++)
        if (mapped_in(windows[i], domain->slot))
            window_unmap(windows[i], domain->slot);
}

void authority_before_fork(void)
{
    pthread_mutex_lock(&authority_lock);
    capabilities_before_fork();
}

void authority_after_fork(struct porin_domain *domain, bool child)
{
    if (child) {
        memory_forked(domain);
        for (uint32_t i = 0; i < window_count; i++) {
            struct porin_window *window = windows[i];
            close(window->writable);
            close(window->readable);
            /* the host may still hold the window, and a capability name its memory: nothing else comes there */
            if (window->memory)
                must(mmap(window->memory, window->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) ==
                     window->memory);
        }
        window_count = 0;
    }
    capabilities_after_fork();
    pthread_mutex_unlock(&authority_lock);
}

/* --- what hosts ask for --- */

porin_status porin_window_create(size_t size, porin_window **out, struct porin_error *error)
{
    if (!out)
        return error_set(error, PORIN_ERR_ARGUMENT, "porin_window_create: NULL argument");
    pthread_mutex_lock(&authority_lock);
    int64_t result = window_make(size, NULL, out);
    if (result == 0) {
        void *memory = mmap(NULL, (*out)->size, PROT_READ | PROT_WRITE, MAP_SHARED, (*out)->writable, 0);
        (*out)->memory = memory == MAP_FAILED ? NULL : memory;
        if (memory == MAP_FAILED) {
            window_end(*out);
            result = -ENOMEM;
        }
    }
    pthread_mutex_unlock(&authority_lock);
    return result == 0         ? PORIN_OK
         : result == -EINVAL ? error_set(error, PORIN_ERR_ARGUMENT, "porin_window_create: no window has %zu bytes", size)
         : result == -ENOSPC ? error_set(error, PORIN_ERR_LIMIT, "there are %u windows in the process", WINDOWS_MAX)
                             : error_set(error, PORIN_ERR_MEMORY, "no memory or descriptors for a window of %zu bytes", size);
}

void *porin_window_memory(const porin_window *window)
{
    return window->memory;
}

size_t porin_window_size(const porin_window *window)
{
    return window->size;
}

static bool right_fits(enum porin_right right)
{
    return right == PORIN_RIGHT_READ || right == PORIN_RIGHT_WRITE;
}

porin_status porin_window_map(porin_window *window, porin_domain *domain, enum porin_right right, porin_addr *out)
{
    struct porin_domain *pinned = window && domain && out && right_fits(right) ? ref_pin(domain_ref(domain)) : NULL;
    if (!pinned)
        return PORIN_ERR_ARGUMENT;
    pthread_mutex_lock(&authority_lock);
    int64_t at = window_map(window, domain, 0, right);
    pthread_mutex_unlock(&authority_lock);
    ref_unpin(pinned);
    out->offset = at < 0 ? 0 : (uint32_t)at;
    return at >= 0 ? PORIN_OK : PORIN_ERR_MEMORY;
}

porin_status porin_window_give(porin_window *window, porin_domain *domain, enum porin_right right, porin_handle *out)
{
    if (!window || !domain || !out || !right_fits(right))
        return PORIN_ERR_ARGUMENT;
    pthread_mutex_lock(&authority_lock);
    const struct handle handle = { .kind = HANDLE_WINDOW, .right = (uint16_t)right, .id = window->number, .epoch = window->epoch };
    int64_t result = handle_put(domain, &handle);
    pthread_mutex_unlock(&authority_lock);
    *out = result < 0 ? -1 : (porin_handle)result;
    return result > 0 ? PORIN_OK : PORIN_ERR_LIMIT;
}

porin_status porin_window_revoke(porin_window *window)
{
    if (!window)
        return PORIN_ERR_ARGUMENT;
    pthread_mutex_lock(&authority_lock);
    window_take_back(window, PORIN_MAX_SLOTS);
    pthread_mutex_unlock(&authority_lock);
    return PORIN_OK;
}

void porin_window_destroy(porin_window *window)
{
    if (!window)
        return;
    pthread_mutex_lock(&authority_lock);
    window_end(window);
    pthread_mutex_unlock(&authority_lock);
}

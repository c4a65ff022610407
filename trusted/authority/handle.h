/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what to whom: tables of handles, grants, names. One lock guards all of it; it is held across no call into a domain and
 * taken before any domain's own lock. A domain is named by slot and generation, so nothing here keeps a destroyed one alive. */
#ifndef PORIN_AUTHORITY_HANDLE_H
#define PORIN_AUTHORITY_HANDLE_H
#include "porin/dipc.h"
#include "runtime/domain.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define HANDLES_MAX 1024          /* per domain */
#define HANDLES_FROM_ONE 64       /* of these sent by one other domain: nobody fills another's table */
#define HANDLE_INDEX_BITS 10
#define GRANTS_MAX 65536          /* in the process; */
#define GRANTS_FROM_ONE 1024      /* of these created by one domain */
#define NAMES_MAX 1024            /* in the process */
#define NAME_SIZE 56              /* with its NUL */
#define NAMES_FROM_ONE 64         /* of these published by one domain */

extern pthread_mutex_t authority_lock;

/* A domain as authority sees it; {0} is the host. */
struct domain_ref { uint32_t slot, generation; };

static inline struct domain_ref domain_ref(const struct porin_domain *domain)
{
    return (struct domain_ref){ domain->slot, domain->generation };
}

static inline bool ref_same(struct domain_ref a, struct domain_ref b)
{
    return a.slot == b.slot && a.generation == b.generation;
}

enum handle_kind { HANDLE_FREE, HANDLE_DOMAIN, HANDLE_ENTRY, HANDLE_GRANT, HANDLE_IMAGE, HANDLE_WINDOW };

/* What a handle says. Immutable: weaker copies are new handles. */
struct handle {
    uint16_t kind;                /* enum handle_kind */
    uint16_t right;               /* DOMAIN, WINDOW: enum porin_right */
    uint32_t serial;              /* of its place in the table: a closed number does not come to mean something else */
    struct domain_ref subject;    /* DOMAIN: it; ENTRY: the callee */
    struct domain_ref giver;      /* who put it here; the host or another domain */
    uint32_t offset;              /* ENTRY */
    uint32_t signature, policy;   /* ENTRY */
    uint64_t id;                  /* GRANT, WINDOW: which; ENTRY: which registration */
    uint32_t epoch;               /* WINDOW: how often it had been revoked */
    porin_image *image;           /* IMAGE: held by each handle */
    uint32_t limit;               /* IMAGE: how many domains its holder may have made at once */
};

/* The domain a reference names, pinned: it is not destroyed before domain_unpin. NULL: it is gone. */
struct porin_domain *ref_pin(struct domain_ref ref);
void ref_unpin(struct porin_domain *domain);

/* A handle comes to be or goes: what it holds is held or given up. */
void image_hold(const struct handle *handle);
void image_drop(const struct handle *handle);
void window_hold(const struct handle *handle);
void window_drop(const struct handle *handle);
/* What a copy of it says: an owner's is of now. */
uint32_t window_epoch(const struct handle *handle);
/* With the lock. Puts a handle into holder's table: its number, or -ENOSPC, -ENOMEM. */
int64_t handle_put(struct porin_domain *holder, const struct handle *handle);
/* With the lock. The handle of that number and kind, or NULL. A handle on a domain that is gone is one. */
const struct handle *handle_find(const struct porin_domain *holder, uint64_t number, enum handle_kind kind);
/* With the lock. Does holder have this right on the subject, by the handle? 0 or -EBADF, -EPERM. Fills *subject. */
int64_t handle_check(const struct porin_domain *holder, uint64_t number, enum porin_right right, struct domain_ref *subject);

/* The domain of a handle that has this right, pinned; NULL: *error says why not. Takes the lock. */
struct porin_domain *subject_pin(struct porin_domain *self, uint64_t handle, enum porin_right right, int64_t *error);

/* What the services (and the host API above them) do; all return a number or a negative errno:
 * -EBADF no such handle, -EPERM its right does not allow it, -ESTALE its domain is gone, -ENOSPC a limit is reached. */
int64_t authority_default(struct porin_domain *self);
int64_t authority_create(struct porin_domain *self, uint64_t image);
int64_t authority_copy(struct porin_domain *self, uint64_t handle, uint64_t right);
int64_t authority_close(struct porin_domain *self, uint64_t handle);
int64_t authority_send(struct porin_domain *self, uint64_t to, uint64_t handle);

int64_t authority_grant(struct porin_domain *self, uint64_t source, uint64_t target, uint64_t right);
int64_t authority_revoke(struct porin_domain *self, uint64_t grant);
/* With the lock: the strongest right by grants. */
enum porin_right grants_right(struct domain_ref source, struct domain_ref target);
void grants_forget(struct domain_ref domain);
/* With the lock: no grant on the domain in that slot has a counter any more. */
void grants_uncount(uint32_t slot);
/* A capability on memory of the domain of a handle, by its right or a grant's; it goes with the grant, and with the domain's life. */
struct capability;
int64_t authority_capability(struct porin_domain *self, uint64_t handle, uint64_t address, uint64_t size, uint64_t right,
                             struct capability *out);
/* With the lock, capability.c: a revocation counter on memory of `owner` for *counter, which keeps one more than its number, if it has none
 * yet; NULL: the one of its life. False: there are too many. Its origin now; its end, after which capability_revoke() is due. */
bool memory_counter(struct domain_ref owner, uint32_t *counter);
uint64_t memory_origin(struct domain_ref owner, uint32_t counter);
void memory_counter_close(uint32_t counter);

int64_t authority_map(struct porin_domain *self, uint64_t handle, uint64_t hint, uint64_t size, uint64_t protection);
int64_t authority_remap(struct porin_domain *self, uint64_t to, uint64_t from, uint64_t start, uint64_t size);
int64_t authority_read(struct porin_domain *self, uint64_t handle, uint64_t theirs, uint64_t own, uint64_t size);
int64_t authority_write(struct porin_domain *self, uint64_t handle, uint64_t theirs, uint64_t own, uint64_t size);

int64_t authority_register(struct porin_domain *self, uint64_t offset, uint64_t signature, uint64_t policy);
int64_t authority_open(struct porin_domain *self, uint64_t domain, const char *name, uint64_t signature, uint64_t policy);
int64_t authority_request(struct porin_domain *self, uint64_t entry, const char *import, uint64_t signature, uint64_t policy,
                          int64_t fault_value);
int64_t authority_withdraw_entry(struct porin_domain *self, uint64_t entry);
/* A valid registration of a function, not yet in any table: 0 or -EINVAL. */
int64_t entry_describe(const struct porin_domain *callee, uint64_t offset, uint64_t signature, uint64_t policy, struct handle *out);
/* Takes such a registration back. */
void entry_forget(uint64_t id);

/* allowed: domain handles of self; count of them, or UINT64_MAX for everybody. */
int64_t authority_publish(struct porin_domain *self, const char *name, uint64_t handle, const uint64_t *allowed, uint64_t count);
int64_t authority_lookup(struct porin_domain *self, const char *name);
int64_t authority_withdraw_name(struct porin_domain *self, const char *name);
void names_forget(struct domain_ref domain);

/* Windows (window.c). */
int64_t authority_window_create(struct porin_domain *self, uint64_t size);
int64_t authority_window_map(struct porin_domain *self, uint64_t window, uint64_t hint, uint64_t right);
int64_t authority_window_revoke(struct porin_domain *self, uint64_t window);
/* The domain is being destroyed or starts anew; nobody is inside: no window is mapped in it any more. */
void windows_forget(struct porin_domain *domain);
/* Around fork: nobody else is changing anything; in the child there are no windows. */
void authority_before_fork(void);
void authority_after_fork(struct porin_domain *domain, bool child);

/* Destroys the domains that this one has made. No thread is inside it, and the calling one inside none of them. */
void authority_end_created(const struct porin_domain *creator);
/* The domain is being destroyed or starts anew: what it keeps is dropped, and nobody has a capability on its memory any more. */
void capabilities_forget(struct porin_domain *domain);
/* Around a fork, within authority_lock: no other thread's hold on the table of capabilities is left in the child. */
void capabilities_before_fork(void), capabilities_after_fork(void);
/* The domain is being destroyed: its handles, grants and names go. */
void authority_forget(struct porin_domain *domain);
/* The domain starts anew: what it made or was sent goes, what the host gave it stays. */
void authority_reset(struct porin_domain *domain);
#endif

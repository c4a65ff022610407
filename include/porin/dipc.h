/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of dIPC (EuroSys'17, section 4) for hosts: handles, grants, entries, names. Domains have the same verbs as services
 * (domain.h). A host holds its domains outright (porin_domain *); what it gives to a domain is a handle in that domain's table.
 *
 * domain handle   the right to call, read, write or own a domain; each right includes the weaker ones; copied only weaker
 * entry handle    the right to bind an import to one function, under its signature and at least its policy
 * grant           source may use target with a right until it is revoked (CODOMs, ISCA'14: a line of an access protection list)
 *
 * Handles name a domain's generation: they all fail with PORIN_ERR_GONE when the domain is destroyed. Threads: any, at any time. */
#ifndef PORIN_DIPC_H
#define PORIN_DIPC_H
#include "porin/porin.h"
#include "porin/rights.h"

/* A number in one domain's table; means nothing in another's. */
typedef int32_t porin_handle;

/* Puts a handle on `subject` with this right into holder's table. ERR_LIMIT: the table is full. */
porin_status porin_handle_give(porin_domain *holder, porin_domain *subject, enum porin_right right, porin_handle *out);
/* Registers a function of entry.domain and puts an entry handle into holder's table. Signature: PORIN_SIGNATURE; policy: what the
 * callee asks for. ERR_NAME: no label at the offset. */
porin_status porin_handle_give_entry(porin_domain *holder, porin_entry entry, uint32_t signature, uint32_t policy, porin_handle *out);
/* Puts an image handle into holder's table: with it the domain creates domains (service dom_create), at most `limit` at once with all its
 * image handles. They have memory services and holder's own limits, and end when holder is destroyed or reset, which the calling thread
 * must not do from inside one of them. The handle cannot be passed on. */
porin_status porin_handle_give_image(porin_domain *holder, porin_image *image, uint32_t limit, porin_handle *out);
/* A copy in the same table, not stronger: what the service handle_copy does. ERR_ARGUMENT: no such handle, or a stronger right. */
porin_status porin_handle_copy(porin_domain *holder, porin_handle handle, enum porin_right right, porin_handle *out);
/* Takes a handle out of holder's table. What was derived from it stays. */
porin_status porin_handle_close(porin_domain *holder, porin_handle handle);

/* dIPC's dom_mmap: zeroed pages in a domain, which it can unmap as its own. At the hint if it is free. */
porin_status porin_domain_map(porin_domain *domain, porin_addr hint, size_t size, bool writable, porin_addr *out);
/* dIPC's dom_remap: whole pages of from's heap become memory of `to`, at *out, and are unmapped in from. ERR_RANGE: not its heap. */
porin_status porin_domain_remap(porin_domain *to, porin_domain *from, porin_addr start, size_t size, porin_addr *out);

/* source may use target with this right. *out names the grant; 0 is never a grant. */
porin_status porin_grant_create(porin_domain *source, porin_domain *target, enum porin_right right, uint64_t *out);
/* When it returns no new access under it begins. Edges bound under other rights stay. */
porin_status porin_grant_revoke(uint64_t grant);
/* The strongest right source has on target by grants; PORIN_RIGHT_NONE if none. */
enum porin_right porin_grant_right(porin_domain *source, porin_domain *target);

/* Publishes a domain handle or an entry under a name (at most 55 characters) for the domains of `allowed` only, or for all if
 * allowed_count is PORIN_NAME_FOR_ALL. ERR_BUSY: the name is taken. It goes when its subject is destroyed or with withdraw. */
#define PORIN_NAME_FOR_ALL SIZE_MAX
porin_status porin_name_publish_entry(const char *name, porin_entry entry, uint32_t signature, uint32_t policy,
                                      porin_domain *const *allowed, size_t allowed_count);
porin_status porin_name_withdraw(const char *name);
#endif

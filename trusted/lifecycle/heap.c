/* SPDX-License-Identifier: Apache-2.0 */
/* Memory from a domain's own malloc, which is called like any entry. */
#include "runtime/copy.h"
#include "runtime/error.h"
#include "runtime/thread.h"

porin_status porin_alloc(porin_domain *domain, size_t size, porin_addr *out)
{
    porin_entry allocate;
    uint64_t got = 0;
    struct thread *thread = thread_current;
    if (!domain || !out)
        return PORIN_ERR_ARGUMENT;
    porin_status status = porin_entry_find(domain, "malloc", &allocate, thread ? &thread->last_error : NULL);
    if (status == PORIN_OK)
        status = porin_call6(allocate, &got, size, 0, 0, 0, 0, 0);
    if (status != PORIN_OK)
        return status;
    if (!got || !range_in_slot(got, size)) /* the domain's answer is only a number */
        return error_set(&thread_current->last_error, PORIN_ERR_LIMIT, "%s: its malloc has no %zu bytes", domain->name, size);
    out->offset = (uint32_t)got;
    return PORIN_OK;
}

void porin_free(porin_domain *domain, porin_addr addr)
{
    porin_entry release;
    if (domain && addr.offset && porin_entry_find(domain, "free", &release, NULL) == PORIN_OK)
        porin_call6(release, NULL, addr.offset, 0, 0, 0, 0, 0);
}

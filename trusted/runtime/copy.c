/* SPDX-License-Identifier: Apache-2.0 */
/* Copying between host and domain. */
#include "copy.h"
#include "domain.h"
#include <string.h>

size_t copy_bytes(void *to, const void *from, size_t size);
extern const char copy_bytes_access[], copy_bytes_done[];

uint64_t copy_recovery(uint64_t rip)
{
    return rip - (uint64_t)copy_bytes_access < (uint64_t)(copy_bytes_done - copy_bytes_access) ? (uint64_t)copy_bytes_done : 0;
}

static char *host_address(const porin_domain *domain, uint64_t offset)
{
    return (char *)domain->base + offset;
}

porin_status copy_in(void *to, const porin_domain *domain, porin_addr from, size_t size)
{
    if (!range_in_slot(from.offset, size))
        return PORIN_ERR_RANGE;
    return copy_bytes(to, host_address(domain, from.offset), size) ? PORIN_ERR_RANGE : PORIN_OK;
}

porin_status copy_out(const porin_domain *domain, porin_addr to, const void *from, size_t size)
{
    if (!range_in_slot(to.offset, size))
        return PORIN_ERR_RANGE;
    return copy_bytes(host_address(domain, to.offset), from, size) ? PORIN_ERR_RANGE : PORIN_OK;
}

#define STRING_PIECE 0x100 /* strings are short, and this divides a page */

/* Copies in pieces that cross no page boundary, so that no byte behind the string's page is needed; each byte is read once. */
porin_status copy_string_in(char *to, size_t size, const porin_domain *domain, porin_addr from, size_t *length)
{
    uint64_t at = from.offset;
    size_t have = 0;
    while (have < size) {
        size_t piece = STRING_PIECE - at % STRING_PIECE;
        if (piece > size - have)
            piece = size - have;
        if (!range_in_slot(at, piece) || copy_bytes(to + have, host_address(domain, at), piece))
            return PORIN_ERR_RANGE;
        const char *end = memchr(to + have, 0, piece);
        if (end) {
            if (length)
                *length = (size_t)(end - to);
            return PORIN_OK;
        }
        have += piece;
        at += piece;
    }
    return PORIN_ERR_LIMIT;
}

void *range_for_kernel(const porin_domain *domain, uint64_t address, uint64_t size)
{
    return range_in_slot(address, size) ? host_address(domain, address) : NULL;
}

porin_status porin_copy_in(void *to, porin_domain *domain, porin_addr from, size_t size)
{
    return to && domain ? copy_in(to, domain, from, size) : PORIN_ERR_ARGUMENT;
}

porin_status porin_copy_out(porin_domain *domain, porin_addr to, const void *from, size_t size)
{
    return from && domain ? copy_out(domain, to, from, size) : PORIN_ERR_ARGUMENT;
}

porin_status porin_copy_string_in(char *to, size_t size, porin_domain *domain, porin_addr from)
{
    if (!to || !size || !domain)
        return PORIN_ERR_ARGUMENT;
    porin_status status = copy_string_in(to, size, domain, from, NULL);
    if (status != PORIN_OK)
        *to = 0;
    return status == PORIN_ERR_LIMIT ? PORIN_ERR_RANGE : status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What other domains call of the application's. The stub has asked whether they lend what they say. */
#include "tiers.h"
#include "application_entry.h"
#include "porin/capability.h"

int32_t application_entry(const char PORIN_CAP *request, uint32_t length, char PORIN_CAP *page, uint32_t room)
{
    char own_request[TIERS_REQUEST_MAX], own_page[TIERS_PAGE_MAX];
    if (!request || !page || length > sizeof own_request)
        return -1;
    porin_cap_read(own_request, request, length);
    int32_t size = tiers_page(own_request, length, own_page, room < sizeof own_page ? room : sizeof own_page);
    if (size > 0)
        porin_cap_write(page, own_page, (size_t)size);
    return size;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The web server's way to an application in another domain. */
#include "tiers.h"
#include "application_entry.h"
#include "porin/capability.h"

int32_t tiers_page(const char *request, uint32_t length, char *page, uint32_t room)
{
    return application_entry(porin_cap_own(0, request, length, PORIN_RIGHT_READ), length, porin_cap_own(1, page, room, PORIN_RIGHT_WRITE),
                             room);
}

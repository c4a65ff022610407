/* SPDX-License-Identifier: Apache-2.0 */
/* The application's way to a database in another domain. */
#include "tiers.h"
#include "database_entry.h"
#include "porin/capability.h"

int32_t tiers_query(const struct tiers_query *query, char *rows, uint32_t room)
{
    return database_entry(porin_cap_own(0, query, sizeof *query, PORIN_RIGHT_READ), sizeof *query,
                          porin_cap_own(1, rows, room, PORIN_RIGHT_WRITE), room);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What other domains call of the database's. The stub has asked whether they lend what they say. */
#include "tiers.h"
#include "database_entry.h"
#include "porin/capability.h"

int32_t database_entry(const char PORIN_CAP *query, uint32_t size, char PORIN_CAP *rows, uint32_t room)
{
    struct tiers_query own_query;
    char own_rows[TIERS_ROWS_MAX];
    if (!query || !rows || size != sizeof own_query)
        return -1;
    porin_cap_read(&own_query, query, sizeof own_query);
    int32_t used = tiers_query(&own_query, own_rows, room < sizeof own_rows ? room : sizeof own_rows);
    if (used > 0)
        porin_cap_write(rows, own_rows, (size_t)used);
    return used;
}

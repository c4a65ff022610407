/* SPDX-License-Identifier: Apache-2.0 */
/* The database behind a socket: a query is struct tiers_query, its answer a length (4 bytes, negative: it failed) and the rows. */
#include "tiers.h"
#include "wire.h"

static void serve(int connection)
{
    struct tiers_query query;
    char rows[TIERS_ROWS_MAX];
    while (wire_read(connection, &query, sizeof query)) {
        int32_t size = tiers_query(&query, rows, sizeof rows);
        if (!wire_write(connection, (struct iovec[]){{&size, sizeof size}, {rows, size > 0 ? (size_t)size : 0}}, 2))
            return;
    }
}

int main(void)
{
    wire_serve("TIERS_DATABASE_AT", serve);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What customers ask for: of 20 requests 5 browse, 4 search, 5 look at a film, 3 at their account, 3 buy. */
#include "tiers.h"
#include <stdio.h>

int tiers_request(unsigned n, char *request, unsigned room)
{
    static const char *const titles[] = {"Aca", "Dracula", "Egg+Fr", "Hunter+Q", "Mum", "Night", "Pirates+T", "Secret", "Ty"};
    uint64_t random = (n + 1) * 6364136223846793005u;
    random = (random ^ random >> 31) * 2862933555777941757u;
    random ^= random >> 33;
    unsigned kind = random % 20, a = (unsigned)(random >> 8 & 0xffff), b = (unsigned)(random >> 24 & 0xffff);
    if (kind < 5)
        return snprintf(request, room, "/browse?category=%u&page=%u", a % 16 + 1, b % 5);
    if (kind < 9)
        return snprintf(request, room, "/search?title=%s", titles[a % 9]);
    if (kind < 14)
        return snprintf(request, room, "/product?id=%u", (a << 8 ^ b) % 10000 + 1);
    if (kind < 17)
        return snprintf(request, room, "/customer?customer=%u", a % 5000 + 1);
    return snprintf(request, room, "/purchase?customer=%u&id=%u&quantity=%u", a % 5000 + 1, b % 10000 + 1, a % 3 + 1);
}

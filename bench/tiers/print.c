/* SPDX-License-Identifier: Apache-2.0 */
/* In place of the web server: prints the pages of the first N requests, or with "requests" the requests themselves, one a line, or with
 * "sum" a sum of all pages (for profiles without output). */
#include "tiers.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    static char page[TIERS_PAGE_MAX];
    char request[TIERS_REQUEST_MAX];
    unsigned count = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
    const char *what = argc > 2 ? argv[2] : "pages";
    uint64_t sum = 0;
    for (unsigned n = 0; n < count; n++) {
        int length = tiers_request(n, request, sizeof request);
        if (strcmp(what, "sum") != 0)
            printf("%s\n", request);
        if (strcmp(what, "requests") == 0)
            continue;
        int32_t size = tiers_page(request, (uint32_t)length, page, sizeof page);
        if (size < 0 || size > TIERS_PAGE_MAX) {
            printf("no page\n");
            return 1;
        }
        if (strcmp(what, "sum") != 0)
            fwrite(page, 1, (size_t)size, stdout);
        for (int32_t i = 0; i < size; i += 64)
            sum = sum * 31 + (uint64_t)page[i];
    }
    if (strcmp(what, "sum") == 0)
        printf("%llx\n", (unsigned long long)sum);
    return 0;
}

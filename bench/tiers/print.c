/* SPDX-License-Identifier: Apache-2.0 */
/* In place of the web server: prints the pages of the first N requests, or with "requests" the requests themselves, one a line. */
#include "tiers.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    static char page[TIERS_PAGE_MAX];
    char request[TIERS_REQUEST_MAX];
    unsigned count = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
    for (unsigned n = 0; n < count; n++) {
        int length = tiers_request(n, request, sizeof request);
        printf("%s\n", request);
        if (argc > 2 && strcmp(argv[2], "requests") == 0)
            continue;
        int32_t size = tiers_page(request, (uint32_t)length, page, sizeof page);
        if (size < 0 || size > TIERS_PAGE_MAX) {
            printf("no page\n");
            return 1;
        }
        fwrite(page, 1, (size_t)size, stdout);
    }
    return 0;
}

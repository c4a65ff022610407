/* SPDX-License-Identifier: Apache-2.0 */
/* Writes until nobody reads; takes memory until there is none ("memory"). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    unsigned long taken = 0;
    if (argc > 1 && !strcmp(argv[1], "memory")) {
        for (void *block; taken < 8192 && (block = malloc(1 << 20)); taken++)
            memset(block, 1, 1 << 20);
        printf("%lu\n", taken);
        return 0;
    }
    for (;;)
        puts("endless");
}

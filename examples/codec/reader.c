// SPDX-License-Identifier: Apache-2.0
// Asks the codec for each of its arguments, and survives it.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "porin/domain.h"

PORIN_IMPORT(unpack);
uint64_t unpack(uint64_t six);

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        unpack(0);
        uint64_t size = unpack(strtoull(argv[i], NULL, 16));
        if (size == UINT64_MAX)
            printf("%s: the codec has died of it\n", argv[i]);
        else
            printf("%s: %llu bytes\n", argv[i], (unsigned long long)size);
        fflush(stdout);
        for (int wait = 0; size == UINT64_MAX && unpack(0) == UINT64_MAX && wait < 100; wait++)
            nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
    }
}

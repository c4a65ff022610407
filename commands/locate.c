/* SPDX-License-Identifier: Apache-2.0 */
/* `porin locate`: which source line a slot offset of an image belongs to. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "symbols.h"

static const char usage[] =
    "usage: porin locate IMAGE OFFSET ...\n\n"
    "Prints function, file and line for offsets in an image's code, as reports of faults name them. The image must have been\n"
    "built with -g for lines. addr2line of binutils reads it, as another process.\n";

int command_locate(int argc, char **argv)
{
    int found = 0;
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(usage, stdout);
        return 0;
    }
    if (argc < 3) {
        fprintf(stderr, "porin locate: an image and an offset are needed; porin locate --help\n");
        return EXIT_USAGE;
    }
    for (int i = 2; i < argc; i++) {
        char *end;
        struct symbol symbol;
        uint32_t at;
        unsigned long offset = strtoul(argv[i], &end, 0);
        if (end == argv[i] || *end || offset > UINT32_MAX) {
            fprintf(stderr, "porin locate: not an offset: %s\n", argv[i]);
            return EXIT_USAGE;
        }
        at = (uint32_t)offset;
        symbols_find(argv[1], &at, 1, &symbol);
        if (symbol.function && symbol.place)
            printf("0x%lx %s (%s)\n", offset, symbol.function, symbol.place);
        else
            printf("0x%lx unknown\n", offset);
        found += symbol.function && symbol.place;
        symbols_free(&symbol, 1);
    }
    return found == argc - 2 ? 0 : 1;
}

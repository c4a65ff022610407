/* SPDX-License-Identifier: Apache-2.0 */
/* `porin build`: builds programs for domains from Debian's sources, by recipes. The work is done by tools/build of the source tree. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "commands.h"

static const char usage[] =
    "usage: porin build [--native] NAME|FILE ...\n\n"
    "Fetches the Debian source package that a recipe names and builds it for domains: programs as build/programs/PROGRAM.porin,\n"
    "libraries in build/sysroot. NAME is a recipe of recipes/, FILE (with a slash in it) one of your own: see doc/recipes.md.\n\n"
    "  --native   the same for the host, with the same C library, to compare with: build/native/bin\n"
    "  --list     the recipes there are\n"
    "  --help     this text\n\n"
    "Exit status: 0 all were built; 1 one failed, the message names the log; 2 bad usage or no such recipe; 125 no source tree.\n";

#define EXIT_NO_TREE 125

/* The source tree that this program was built in, or $PORIN_TREE; false: none. */
static int find_tree(char tree[PATH_MAX])
{
    char probe[PATH_MAX + 16];
    const char *told = getenv("PORIN_TREE");
    ssize_t length = readlink("/proc/self/exe", tree, PATH_MAX - 1);
    if (told)
        snprintf(tree, PATH_MAX, "%s", told);
    else if (length > 0) {
        tree[length] = '\0';
        for (int parts = 0; parts < 3; parts++) /* TREE/build/bin/porin */
            if (strrchr(tree, '/'))
                *strrchr(tree, '/') = '\0';
    } else
        return 0;
    snprintf(probe, sizeof probe, "%s/tools/build", tree);
    return access(probe, X_OK) == 0;
}

int command_build(int argc, char **argv)
{
    char tree[PATH_MAX], tool[PATH_MAX + 16];
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(usage, stdout);
        return 0;
    }
    if (argc < 2) {
        fputs("porin build: no recipe named; porin build --help lists the options\n", stderr);
        return EXIT_USAGE;
    }
    if (!find_tree(tree)) {
        fputs("porin build: no source tree beside this program; set PORIN_TREE to one\n", stderr);
        return EXIT_NO_TREE;
    }
    snprintf(tool, sizeof tool, "%s/tools/build", tree);
    argv[0] = tool;
    execv(tool, argv);
    fprintf(stderr, "porin build: %s: %s\n", tool, strerror(errno));
    return EXIT_NO_TREE;
}

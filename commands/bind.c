/* SPDX-License-Identifier: Apache-2.0 */
/* `porin bind`: hands over to the program porin-bind, which lies beside this one and alone needs libclang. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "commands.h"

int command_bind(int argc, char **argv)
{
    char path[PATH_MAX + sizeof "porin-bind"];
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);
    char *slash = length > 0 ? memrchr(path, '/', (size_t)length) : NULL;
    (void)argc;
    if (slash) {
        strcpy(slash + 1, "porin-bind");
        execv(path, argv);
    }
    fprintf(stderr, "porin bind: cannot run %s: %s (build it with make all; it needs libclang)\n", slash ? path : "porin-bind",
            strerror(errno));
    return 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* `porin`: finds the command and hands over. */
#include <stdio.h>
#include <string.h>
#include "commands.h"

static const struct command {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
} commands[] = {
    { "bind", "writes the stubs that call a library in a domain, from its header", command_bind },
    { "build", "builds programs for domains from Debian's sources", command_build },
    { "flame", "draws where domains spent their CPU time", command_flame },
    { "locate", "says which source line an offset in an image belongs to", command_locate },
    { "logs", "shows what services have written", command_ask },
    { "map", "draws the services of a stack and who may call whom", command_map },
    { "profile", "samples where the services of a stack spend CPU time, for a while", command_profile },
    { "ps", "lists the services of a stack", command_ask },
    { "restart", "ends a service and lets it live again", command_ask },
    { "run", "runs a program image as a domain, or the services of a stack file", command_run },
    { "stop", "ends a service, or a stack", command_ask },
    { "top", "shows what the services of a stack do, live", command_top },
    { "trace", "notes every crossing in a stack for a while", command_trace },
    { "verify", "decides whether code may run as a domain", command_verify },
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void print_help(FILE *to)
{
    fprintf(to, "usage: porin COMMAND [OPTIONS] FILE ...\n\n"
                "Runs native code of parties that do not trust each other in one process. Images are built with porin-cc.\n\n");
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(to, "  porin %-8s %s\n", commands[i].name, commands[i].summary);
    fprintf(to, "\n  porin COMMAND --help   its options\n  porin --version        the version\n");
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("porin %s\n", PORIN_VERSION);
        return 0;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "porin: there is no %s %s; porin --help lists what there is\n", *argv[1] == '-' ? "option" : "command", argv[1]);
    return EXIT_USAGE;
}

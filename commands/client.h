/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a stack that runs. */
#ifndef PORIN_COMMANDS_CLIENT_H
#define PORIN_COMMANDS_CLIENT_H
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

/* Which stack: by name, by its file, or the only one that runs. */
struct stack_address { const char *command, *name, *file, *run_directory; };

#define ADDRESS_OPTIONS { "name", required_argument, NULL, 'n' }, { "file", required_argument, NULL, 's' }, \
                        { "run-dir", required_argument, NULL, 'r' }
#define ADDRESS_USAGE "  --name NAME           the stack of that name (default: the only one that runs)\n" \
                      "  --file STACK          the stack of that file, if that gives it no name\n" \
                      "  --run-dir DIRECTORY   as given to porin run\n"
/* Takes one of these options. False: it is another. */
bool address_option(struct stack_address *address, int option, const char *value);

/* Sends a request, a line, and returns the answer behind its first line. NULL: there is none; why was said, unless `quiet`. *connection
 * (if not NULL) is the descriptor while the answer is waited for: to be used by signal handlers. */
FILE *stack_ask(const struct stack_address *address, const char *request, bool quiet, volatile sig_atomic_t *connection);
#endif

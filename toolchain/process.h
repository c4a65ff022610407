/* SPDX-License-Identifier: Apache-2.0 */
/* Running other programs, and temporary files that go when porin-cc ends in whatever way. */
#ifndef PORIN_PROCESS_H
#define PORIN_PROCESS_H
#include "buffer.h"

/* A growing, NULL-terminated argument list. Strings are borrowed. */
struct arguments { const char **items; size_t count, capacity; };
void arguments_add(struct arguments *list, const char *item);
void arguments_add_all(struct arguments *list, const struct arguments *more);
void arguments_free(struct arguments *list);

enum process_echo { ECHO_NOTHING, ECHO_COMMANDS, ECHO_ONLY };  /* -v; -###: print and do not run */
void process_set_echo(enum process_echo echo);
bool process_dry(void);  /* commands are only printed */

/* Runs argv; returns its exit status, or 1 with a message if it cannot be run or dies. stdout and stderr can be collected. */
int process_run(const struct arguments *argv, struct buffer *output, struct buffer *errors);

/* Runs argv and shows `watch' the lines that it writes to PROCESS_WATCHED. Where that answers true the process and its
 * children are ended: PROCESS_ENDED. */
#define PROCESS_WATCHED "/dev/fd/3"
enum { PROCESS_ENDED = -1 };
typedef bool process_watcher(void *state, const char *line);
int process_watch(const struct arguments *argv, process_watcher *watch, void *state);

/* A fresh file name with that ending, in a directory of this process that is removed at the end. */
const char *temporary_file(const char *ending);
void temporary_keep(void);
/* Removes what a failed command left behind, if it is an ordinary file: /dev/null stays. */
void remove_output(const char *path);
#endif

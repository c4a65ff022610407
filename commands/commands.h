/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of `porin`. Each gets its own arguments, argv[0] being its name, answers --help itself, and returns the exit status. */
#ifndef PORIN_COMMANDS_H
#define PORIN_COMMANDS_H

#define EXIT_USAGE 2                   /* bad usage; the message says what to do */

int command_bind(int argc, char **argv);
int command_flame(int argc, char **argv);
int command_locate(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_build(int argc, char **argv);
/* ps, stop, restart, logs: argv[0] says which. */
int command_ask(int argc, char **argv);
int command_map(int argc, char **argv);
int command_top(int argc, char **argv);
int command_profile(int argc, char **argv);
int command_trace(int argc, char **argv);
int command_run(int argc, char **argv);
#endif

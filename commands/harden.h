/* SPDX-License-Identifier: Apache-2.0 */
/* Giving up what the process of a program never needs, so that a hole in trusted code leads less far. */
#ifndef PORIN_COMMANDS_HARDEN_H
#define PORIN_COMMANDS_HARDEN_H
#include <stdbool.h>

/* From now on this process and all it forks make only the system calls of host_calls.def. False: the kernel or the memory does not allow
 * it (errno). Threads that are there already are included. */
bool harden_process(void);
/* The same for a program that is about to be executed and reads what strangers wrote: files may be read, and what is open written to. */
bool harden_reader(void);
#endif

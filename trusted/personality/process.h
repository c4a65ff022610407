/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that stand for processes and threads inside domains. */
#ifndef PORIN_PERSONALITY_PROCESS_H
#define PORIN_PERSONALITY_PROCESS_H
#include <stdbool.h>
#include <stdint.h>

/* A number no domain or thread of this process has had lately; they say nothing about the host. */
int32_t process_number(void);

#define PROCESSES_MAX 256              /* forked ones that live at once, children's children included */
/* Is it one of these, or the one they all come from? */
bool process_is_family(int host);
/* A place for one more: its host number is to be put there, or 0 if it did not come to be. NULL: there are as many as there may be. */
_Atomic int32_t *process_place(void);
#endif

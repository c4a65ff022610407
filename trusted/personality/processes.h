/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes of a domain. */
#ifndef PORIN_PERSONALITY_PROCESSES_H
#define PORIN_PERSONALITY_PROCESSES_H
#include "personality.h"

/* The number, if it is a child's; 0: it is not. Async-signal-safe. */
int32_t child_number(const struct personality *own, int host);
/* kill of something that is not the domain itself. */
int64_t process_kill(const struct request *request, int process, int number);
#endif

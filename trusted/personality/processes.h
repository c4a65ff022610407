/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes of a domain: what it calls them, and what the host does. */
#ifndef PORIN_PERSONALITY_PROCESSES_H
#define PORIN_PERSONALITY_PROCESSES_H
#include "personality.h"

/* The domain's number of a child that the host calls that; 0: none. Async-signal-safe. */
int32_t child_number(const struct personality *own, int host);
/* kill of something that is not the domain itself: a child or the parent. */
int64_t process_kill(const struct request *request, int process, int number);
#endif

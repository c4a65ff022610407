/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes of a domain. */
#ifndef PORIN_PERSONALITY_PROCESSES_H
#define PORIN_PERSONALITY_PROCESSES_H
#include "personality.h"

/* The number, if it is a child's; 0: it is not. Async-signal-safe. */
int32_t child_number(const struct personality *own, int host);
/* Is it a child that was not waited for yet, or some other forked process of the family that has not ended? Not under the lock. */
bool process_is_ours(struct personality *own, int host);
/* kill of something that is not the domain itself. */
int64_t process_kill(const struct request *request, int process, int number);

/* groups.c: kill of all of the family that are in a group (0: the caller's), itself included. */
int64_t group_signal(const struct request *request, int group, int number);
/* What a wait for a group (0, or less than -1) means to the host: less than -1; -1: any child, as groups are not told apart here; 0: there
 * is no such group. */
int group_waited(const struct request *request, int number);
/* Are groups and sessions the host's own? */
bool groups_real(const struct personality *own);
/* A group or session of the host's as the domain knows it. */
int32_t group_shown(const struct personality *own, int host);
/* And back: -1 if none of the family is in it, or could be the first. */
int group_host(struct personality *own, int32_t shown);
/* Is a forked one of the family in this group of the host's? */
bool group_is_ours(struct personality *own, int host);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that stand for processes and threads inside domains. */
#ifndef PORIN_PERSONALITY_PROCESS_H
#define PORIN_PERSONALITY_PROCESS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYSTEM_NAME "Linux"            /* as uname tells */
#define SYSTEM_HOST "porin"
#define SYSTEM_RELEASE "5.10.0"
#define SYSTEM_VERSION "Porin"

struct request;
/* A limit as the domain has it: limits.c. */
struct rlimit process_limit(const struct request *request, int resource);
struct porin_domain;
struct personality;
struct exec_limits;
/* Of a program that it executes. */
struct exec_limits limits_for_exec(const struct personality *own);
/* What the domain may use and does. */
struct memory_use { uint64_t limit, used; };
struct memory_use process_memory(struct porin_domain *domain);

#define PROCESS_HOST_NUMBERS 0x400000  /* the kernel's are below: no number means both a domain and a process that one has forked */

/* A number no domain or thread of this process has had lately; they say nothing about the host. */
int32_t process_number(void);

#define PROCESSES_MAX 256              /* forked ones of a family that live at once, children's children included */
#define FAMILIES_MAX 16                /* that may have so many at once */
/* Does the number stand for one of those that come from `root`? It may have ended unseen, and the number be a stranger's by now. */
bool process_is_family(int host, int32_t root);
/* The same of a forked one, which it is certainly still. */
bool process_is_alive(int host, int32_t root);
/* In a forked process: it is what stands at this place. */
void process_begin(_Atomic int32_t *place);
/* The host's numbers of the forked ones, one after the other from *at 0; 0: that was the last. */
int process_family_next(int32_t root, size_t *at);
/* Is it a number that the host gives processes? Otherwise it was made up here. */
static inline bool process_is_host(int32_t number)
{
    return number > 0 && number < PROCESS_HOST_NUMBERS;
}
/* A place for one more: its host number is to be put there, or 0 if it did not come to be. NULL: there are as many as there may be. */
_Atomic int32_t *process_place(int32_t root);
/* It has ended, and its number may be given to anybody. */
void process_forget(int host);
/* The host's number of the process that all others come from. */
int process_first(void);
/* The group and the session that it was started in. */
int process_first_group(void);
int process_first_session(void);
/* And what the kernel would take it for when memory runs out (/proc/self/oom_score_adj). */
int process_first_score(void);
/* What the family has made of its terminal: the group that it put into the foreground last (0: none), and whether modes were set. */
struct terminal_use { _Atomic int32_t group; _Atomic bool changed; };
struct terminal_use *process_terminal(void);
#endif

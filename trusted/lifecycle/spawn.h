/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that a domain starts itself. Each is a detached host thread that enters the domain once, at the start routine, on a data
 * stack that the domain provides, and ends when that activation does. While domain->threads or domain->leaving counts it, or a pin, the
 * domain's memory stays. */
#ifndef PORIN_LIFECYCLE_SPAWN_H
#define PORIN_LIFECYCLE_SPAWN_H
#include "runtime/domain.h"

struct spawn_request {
    uint32_t start;                 /* slot offset of the start routine, a label of the image's text */
    uint64_t argument;
    uint32_t stack;                 /* where the data stack ends; rounded down to a multiple of 16 */
    uint32_t thread_pointer;
    uint32_t tid_address;           /* a word that becomes 0, with a futex wake, when the thread has ended; 0: none */
    uint32_t number_address;        /* a word that is given the thread's number before it runs; 0: none */
};
/* Starts a thread of the running domain. Its number, or -EINVAL, -EFAULT, -EAGAIN (limit of the domain or host resources). Only from
 * within personality_call. */
int64_t spawn_thread(struct porin_domain *domain, const struct spawn_request *request);
/* Ends the running domain's activation on this thread, and with its outermost one a thread that the domain has started; a caller gets
 * PORIN_ERR_EXIT. Then unmaps [start, start + size) (size 0: nothing) and clears the thread's tid address. Drops the frames of the
 * personality. */
_Noreturn void thread_leave(struct porin_domain *domain, int code, uint32_t start, uint64_t size);
/* Number of the running domain's thread that calls (0: a host's outside); the first one has the number the personality began with. */
int32_t thread_number(struct porin_domain *domain);
/* Sets the word that is cleared when this thread of the running domain ends. Returns its number. */
int32_t thread_set_tid_address(struct porin_domain *domain, uint32_t address);
/* Gives the calling thread of the running domain, its only one, another number, after fork; further threads follow on that. */
void thread_renumber(struct porin_domain *domain, int32_t number);
/* Makes the waiting service of the domain's thread `number`, or its next one, end with -EINTR. False: no such thread. */
bool thread_interrupt(struct porin_domain *domain, int32_t number);
/* Has somebody done that to the calling thread? Asking takes the interruption away. */
bool thread_interrupted(struct porin_domain *domain);

/* How many threads of its own the domain may have at once. */
uint32_t spawn_limit(const struct porin_domain *domain);

/* --- within the runtime --- */
porin_status spawn_start(struct porin_error *error);
/* A detached host thread that answers Porin's signals and the synchronous ones only. False: none is to be had. */
bool host_thread_start(void *(*run)(void *), void *data);
/* Waits until no thread of the domain's own is left. */
void spawn_wait(struct porin_domain *domain);
/* With the domain's lock held: are the domain's own threads gone? Waits a moment for those of a domain that has died. */
bool spawn_finished(struct porin_domain *domain);
#endif

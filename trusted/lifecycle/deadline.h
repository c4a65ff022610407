/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that may take only so long, and what becomes of threads on which somebody has died. One timer per thread, set for the earliest
 * deadline among its open calls, or soon, while something remains to be done. */
#ifndef PORIN_LIFECYCLE_DEADLINE_H
#define PORIN_LIFECYCLE_DEADLINE_H
#include "runtime/thread.h"
#include <ucontext.h>

/* Sets or clears the timer for the thread's open frames. False: no timer is to be had. */
bool deadline_arm(struct thread *thread);
/* A call has come back: sets the timer for those around it, if there is a timer. No signal of it arrives later, if there are none. */
void deadline_disarm(struct thread *thread);
void deadline_destroy(struct thread *thread);
uint64_t deadline_now(void);

/* In a signal handler of this thread, which has a frame: ends the calls that are late; throws the thread out of what has died; lets
 * a host's call into what has died come back, by splitting the thread if somebody who lives runs on it. Whatever cannot be done here and
 * now is tried again soon. */
void thread_settle(struct thread *thread, ucontext_t *context);
#endif

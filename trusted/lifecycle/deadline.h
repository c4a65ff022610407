/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that may take only so long. One timer per thread, set for the earliest deadline among its open calls. */
#ifndef PORIN_LIFECYCLE_DEADLINE_H
#define PORIN_LIFECYCLE_DEADLINE_H
#include "runtime/thread.h"
#include <ucontext.h>

/* Sets or clears the timer for the thread's open frames. False: no timer is to be had. */
bool deadline_arm(struct thread *thread);
/* The timer's signal: ends the calls that are late. In a signal handler of this thread. */
void deadline_signal(struct thread *thread, ucontext_t *context);
void deadline_destroy(struct thread *thread);
uint64_t deadline_now(void);
#endif

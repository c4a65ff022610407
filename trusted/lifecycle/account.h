/* SPDX-License-Identifier: Apache-2.0 */
/* CPU time, sampled and charged. */
#ifndef PORIN_LIFECYCLE_ACCOUNT_H
#define PORIN_LIFECYCLE_ACCOUNT_H
#include "runtime/thread.h"
#include <ucontext.h>

/* In a signal handler of this thread: charges what it has used since the last time to whoever runs on it. */
static inline void account_sample(struct thread *thread, const ucontext_t *context) { (void)thread; (void)context; }
#endif

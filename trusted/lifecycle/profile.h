/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of control stacks: porin/observe.h. */
#ifndef PORIN_LIFECYCLE_PROFILE_H
#define PORIN_LIFECYCLE_PROFILE_H
#include "runtime/unwind.h"

/* In a signal handler: the thread stands in walk->domain at slot offset `at`, or (UINT32_MAX) in what that has asked for, or (walk NULL)
 * somewhere between domains. */
void profile_sample(const struct thread *thread, const struct walk *walk, uint32_t at, uint64_t ns);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Fork of a domain: the child is a host process in which only that domain lives, with the one thread that has forked. */
#ifndef PORIN_LIFECYCLE_FORK_H
#define PORIN_LIFECYCLE_FORK_H
#include "runtime/domain.h"

/* 0 in the child, the host's process number in the parent, -EPERM if a call of somebody else waits on this thread (the child would have
 * nobody to come back to), another negative errno otherwise. Only from within personality_call; holds no lock. */
int64_t fork_domain(struct porin_domain *domain);
/* A call into the domain has come back. In a forked child the outermost one ends the process: with the domain's exit code, or the signal
 * that ended it, after images that it has executed. */
void fork_finish(struct porin_domain *domain);
#endif

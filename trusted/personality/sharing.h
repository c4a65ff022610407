/* SPDX-License-Identifier: Apache-2.0 */
/* Domains that are processes to themselves in one process of the host (PORIN_GRANT_PROCESSES without PORIN_GRANT_SIGNALS). */
#ifndef PORIN_PERSONALITY_SHARING_H
#define PORIN_PERSONALITY_SHARING_H
#include <sys/time.h>
#include "personality.h"

/* The domain is one of them from now on. False: no thread is to be had that hears of children and timers. */
bool sharing_join(struct personality *own, struct porin_domain *domain);
void sharing_leave(struct personality *own);
/* Its program goes on in another domain. */
void sharing_move(struct personality *own, struct porin_domain *successor);
/* Its end or reset: its timer stops, and all processes that come from it end. */
void sharing_stop(struct personality *own);

/* SIGIO for it when something comes in at this socket of the host's, or not any more. */
int64_t sharing_notify(const struct personality *own, int host, bool wanted);

/* Around a fork: what others have open is not to be open in the child. Takes and gives own->lock; also for domains that do not share. */
void sharing_fork_begin(struct personality *own);
void sharing_fork_end(struct personality *own, int64_t result);

/* From a child to the domain that it comes from, which is not a process that the host knows. */
int64_t sharing_signal_root(const struct personality *own, int number);
/* setitimer and getitimer (new NULL) of ITIMER_REAL. */
int64_t sharing_timer(struct personality *own, const struct itimerval *new, struct itimerval *old);
#endif

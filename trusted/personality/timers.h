/* SPDX-License-Identifier: Apache-2.0 */
/* Timers that raise signals, as timer_create makes them. */
#ifndef PORIN_PERSONALITY_TIMERS_H
#define PORIN_PERSONALITY_TIMERS_H
#include "personality.h"

/* All of the domain's end: it ends, or goes on with another program. Not under its lock. */
void timers_end(struct personality *own);
/* Around a fork, outside of all other locks of personalities. A child has no timers. */
void timers_fork_begin(void);
void timers_fork_end(bool child);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Tail calls that gcc cannot compile with Porin's reserved registers. */
#ifndef PORIN_TAIL_CALL_H
#define PORIN_TAIL_CALL_H
#include <stdbool.h>

/* What to begin with, {0} before the first line. */
struct tail_call { bool within, indirect; unsigned registers; };

/* A line of the dump of gcc's `expand' pass. True: it completes a call for whose target no register is left. */
bool tail_call_is_stuck(void *state, const char *line);
#endif

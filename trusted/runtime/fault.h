/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that a domain's instruction raised end the domain's activation; all others go to whoever handled them before. */
#ifndef PORIN_RUNTIME_FAULT_H
#define PORIN_RUNTIME_FAULT_H
#include "unwind.h"
#include <ucontext.h>

/* Puts what belongs to the other side of a crossing into an interrupted context; everything else becomes zero or the default. */
void context_land(ucontext_t *context, struct landing landing);
#endif

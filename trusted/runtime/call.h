/* SPDX-License-Identifier: Apache-2.0 */
/* Calls into domains, as the rest of the runtime uses them. */
#ifndef PORIN_RUNTIME_CALL_H
#define PORIN_RUNTIME_CALL_H
#include "thread.h"

#define CALL_MAX_STACK 1024      /* words of stack arguments */

struct routine { uint32_t generation, offset; uint64_t arguments[3]; bool handler; };
/* Calls a routine of a domain that has asked for it or is being made ready, on the data stack in the thread's slot for it. Errors go to
 * thread->last_error. */
porin_status call_routine(struct thread *thread, struct porin_domain *domain, const struct routine *routine, uint64_t *result);
/* Ends the innermost activation of a domain that has died: host code of this activation is dropped, its caller goes on. */
_Noreturn void activation_end(struct thread *thread, struct porin_domain *domain, uint64_t control_sp);
#endif

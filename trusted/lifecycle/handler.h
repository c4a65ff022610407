/* SPDX-License-Identifier: Apache-2.0 */
/* Running a signal handler of a domain while one of its services is about to answer. What was interrupted stays where it is, in frames
 * of trusted code: the handler is a call from outside like any other, and its return changes nothing but what the domain stored. */
#ifndef PORIN_LIFECYCLE_HANDLER_H
#define PORIN_LIFECYCLE_HANDLER_H
#include "runtime/domain.h"

/* Is the calling thread in a service of this domain, so that a handler could run? */
bool handler_possible(const struct porin_domain *domain);
/* Where the domain's frames end on its data stack. */
uint32_t handler_stack(const struct porin_domain *domain);
/* Calls the handler, a label of the domain's text, with its frames below `stack`. PORIN_OK: it has returned. PORIN_ERR_EXIT while the
 * domain is not dead: it has ended its thread. Holds no lock. */
porin_status handler_run(struct porin_domain *domain, uint32_t offset, const uint64_t arguments[3], uint32_t stack);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Running a signal handler of a domain from trusted code: from a service that is about to answer, or where the domain was interrupted
 * (interrupt.h). What was interrupted stays where it is, in frames of trusted code: the handler is a call from outside like any other, and
 * its return changes nothing but what the domain stored. Leaving it by longjmp ends that call, and longjmp is done again where the
 * handler had interrupted: so nothing of trusted code is ever jumped over. */
#ifndef PORIN_LIFECYCLE_HANDLER_H
#define PORIN_LIFECYCLE_HANDLER_H
#include "runtime/domain.h"
#include "runtime/thread.h"

#define HANDLER_REGISTERS 23           /* as ucontext's gregs */

/* May one more handler run within what runs on the thread, which stands there on its control stack? */
bool handler_room(const struct thread *thread, uint64_t control_sp);
/* Is the calling thread in a service of this domain, so that a handler could run? */
bool handler_possible(const struct porin_domain *domain);
/* Was a handler left by longjmp in the service that the calling thread is in? */
bool handler_jumped(void);
/* Where the domain's frames end on its data stack. */
uint32_t handler_stack(const struct porin_domain *domain);
/* The registers of what is interrupted, as the domain may see them: offsets for addresses, nothing that is trusted code's own. All of
 * them are 0 before. */
void handler_registers(const struct porin_domain *domain, uint64_t shown[HANDLER_REGISTERS]);
/* Calls the handler, a label of the domain's text, with its frames below `stack`. Holds no lock. EXITED: it has ended its thread. JUMPED:
 * it was left by longjmp, and the service must come back now, whatever it answers. DIED: the domain has ended. */
enum handler_end { HANDLER_RETURNED, HANDLER_EXITED, HANDLER_JUMPED, HANDLER_DIED, HANDLER_FAILED };
enum handler_end handler_run(struct porin_domain *domain, uint32_t offset, const uint64_t arguments[3], uint32_t stack);
#endif

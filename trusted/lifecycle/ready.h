/* SPDX-License-Identifier: Apache-2.0 */
/* From a domain that exists to one that a thread can enter. */
#ifndef PORIN_LIFECYCLE_READY_H
#define PORIN_LIFECYCLE_READY_H
#include "runtime/domain.h"

/* Makes the domain ready to be entered by this thread at its stack slot: runs the start routine, finds a data stack, runs the thread
 * routine. PORIN_ERR_GONE if generation is not the domain's any more. The caller's frame must be host's. */
porin_status domain_prepare(struct thread *thread, struct porin_domain *domain, uint32_t generation, struct porin_error *error);
#endif

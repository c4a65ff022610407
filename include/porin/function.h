/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the host that a domain may call: none, but those granted here. `porin bind` makes callbacks of them. */
#ifndef PORIN_FUNCTION_H
#define PORIN_FUNCTION_H
#include "porin/porin.h"

#define PORIN_FUNCTION_ARGUMENTS 5
#define PORIN_FUNCTIONS_MAX 64 /* granted to one domain at once */

/* Runs on the host's stack, in the thread that called. Every argument is hostile: numbers are any numbers, addresses any offsets (copy with
 * porin_copy_in once, then check). It may call domains, and must come back by returning: never by longjmp over its caller. What it returns
 * goes to the domain as it is. */
typedef int64_t porin_function(void *context, porin_domain *domain, const uint64_t arguments[PORIN_FUNCTION_ARGUMENTS]);

/* Lets the domain call `function`: it names it by *number (service function_call), which no later grant to this domain gets again.
 * Stays over a reset. ERR_LIMIT: too many. */
porin_status porin_function_grant(porin_domain *domain, porin_function *function, void *context, uint32_t *number);
/* When it returns no call of it begins, and none runs, but those that the calling thread itself is inside. ERR_NAME: it was not granted. */
porin_status porin_function_revoke(porin_domain *domain, uint32_t number);
#endif

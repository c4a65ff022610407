/* SPDX-License-Identifier: Apache-2.0 */
/* refuse_if marks every single check of the verifier, so that a test build can switch each one off and see whether the tests notice. */
#ifndef PORIN_VERIFIER_REFUSE_H
#define PORIN_VERIFIER_REFUSE_H
#ifdef PORIN_VERIFIER_MUTANTS
#include <stdbool.h>
#include <string.h>
struct refuse_site { const char *file, *condition; int line; };
extern const struct refuse_site *refuse_switched_off; /* NULL: none */
static inline bool refuse_is_on(const struct refuse_site *site)
{
    const struct refuse_site *off = refuse_switched_off;
    return !off || off->line != site->line || strcmp(off->condition, site->condition) || strcmp(off->file, site->file);
}
#define refuse_if(wrong) \
    ({ static const struct refuse_site refuse_site __attribute__((section("refuse_sites"), used, aligned(8))) = \
           { __FILE__, #wrong, __LINE__ }; \
       (wrong) && refuse_is_on(&refuse_site); })
#else
#define refuse_if(wrong) (__builtin_expect(!!(wrong), 0))
#endif
#endif

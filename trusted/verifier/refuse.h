/* SPDX-License-Identifier: Apache-2.0 */
/* refuse_if marks every single check of the verifier, so that a test build can switch each one off and see whether the tests notice. */
#ifndef PORIN_VERIFIER_REFUSE_H
#define PORIN_VERIFIER_REFUSE_H
#ifdef PORIN_VERIFIER_MUTANTS
#include <stdbool.h>
struct refuse_site { const char *file, *condition; int line; };
extern const struct refuse_site *refuse_switched_off; /* NULL: none */
#define refuse_if(condition) \
    ({ static const struct refuse_site site __attribute__((section("refuse_sites"), used, aligned(8))) = \
           { __FILE__, #condition, __LINE__ }; \
       (condition) && refuse_switched_off != &site; })
#else
#define refuse_if(condition) (__builtin_expect(!!(condition), 0))
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The accept and reject cases of case_texts.S, as checks that unit test and mutation test share. */
#ifndef TESTS_VERIFIER_CASE_CHECKS_H
#define TESTS_VERIFIER_CASE_CHECKS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "porin/verify.h"

struct test_case { const char *name; const uint8_t *code; uint64_t reason; };
extern const struct test_case case_table[]; /* ends with a NULL name; its code is the end of the last case */
extern const uint8_t *const case_marks[];   /* where the reject cases are to be refused, in order; ends with NULL */

/* A text at PORIN_IMAGE_BASE with service gates and two import gates declared. */
struct porin_verify_input case_input(const uint8_t *text, size_t size);
/* Verifies a copy of the text that ends at an unmapped page, with dirty scratch memory of exactly the size asked for. */
bool case_verify(struct porin_verify_input input, struct porin_verify_report *report);

/* Each returns how many checks failed; with `loud` it says which. */
unsigned check_cases(bool loud);   /* every case: reason and offset; every reason at least once */
unsigned check_limits(bool loud);  /* sizes, offsets, gates, policy */
unsigned check_reported(bool loud); /* facts of accepted code (V13) */
unsigned check_cuts(bool loud);    /* cut anywhere, nothing is read beyond and the report stays inside */
#endif

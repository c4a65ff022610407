/* SPDX-License-Identifier: Apache-2.0 */
/* Executes accepted code natively in a slot of its own, with hostile register values, and says what it did that no domain may do. */
#ifndef TESTS_VERIFIER_EXECUTE_H
#define TESTS_VERIFIER_EXECUTE_H
#include "verifier/rules.h"

/* Maps the slot and catches signals. False, with a message, if this machine cannot. */
bool execute_begin(void);
/* Runs one accepted instruction; `choice` picks the register values. NULL, or what was wrong (static text). */
const char *execute_instruction(const uint8_t *bytes, const struct prefixes *prefixes, const struct instruction *in, unsigned choice);
/* Prints which accepted forms this CPU cannot execute. False, with a message, if anything was written in the neighbouring slot. */
bool execute_end(void);
#endif

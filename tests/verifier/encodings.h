/* SPDX-License-Identifier: Apache-2.0 */
/* Instruction encodings, systematically: every opcode of every map behind prefixes in every order, every ModRM shape, chosen SIB bytes,
 * displacements, immediates, VEX and EVEX payloads. Always the same ones in the same order. */
#ifndef TESTS_VERIFIER_ENCODINGS_H
#define TESTS_VERIFIER_ENCODINGS_H
#include <stdbool.h>
#include <stdint.h>

enum extent { EXTENT_SMALL, EXTENT_CHECK, EXTENT_LONG };

/* Calls visit for each; the bytes are followed by enough others that nothing is read beyond them. */
void for_each_encoding(enum extent extent, void (*visit)(const uint8_t *bytes));

/* A mixing function, for choices that look random and never change. */
uint64_t mix(uint64_t value);
#endif

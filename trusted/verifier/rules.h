/* SPDX-License-Identifier: Apache-2.0 */
/* The rules for one decoded instruction, without regard to what stands around it. */
#ifndef PORIN_VERIFIER_RULES_H
#define PORIN_VERIFIER_RULES_H
#include "verifier/decode.h"

/* Registers and memory operand of an instruction that stands by itself. Branch targets are not its business. */
enum porin_reason check_instruction(const struct porin_verify_input *input, const uint8_t *bytes, const struct instruction *instruction);

/* Rule V3: r14 alone or with r11 or r15, scale 1, any displacement; or rip + disp32. */
enum porin_reason check_memory(const struct instruction *instruction);

/* One register field against its rule. */
enum porin_reason check_register(enum register_rule rule, unsigned number, unsigned rex);
#endif

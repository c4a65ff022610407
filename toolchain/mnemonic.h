/* SPDX-License-Identifier: Apache-2.0 */
/* What the rewriter knows about instructions by their names. */
#ifndef PORIN_MNEMONIC_H
#define PORIN_MNEMONIC_H
#include "refusal.h"
#include "statement.h"

#define ALL_REGISTERS 0xffffu

enum branch { BRANCH_NONE, BRANCH_JUMP, BRANCH_CONDITIONAL, BRANCH_CALL, BRANCH_RETURN, BRANCH_TRAP };

/* Base name and size suffix: "pushq" is "push" with 'q'. True if name is base alone or base and one of "bwlq". */
bool mnemonic_is(struct slice name, const char *base);
/* REFUSE_NOTHING if no instruction of that name is refused for its name alone. */
enum refusal mnemonic_refusal(struct slice name);
enum branch mnemonic_branch(struct slice name);
/* Mask of general registers that the instruction may change; ALL_REGISTERS if that is not known. */
unsigned mnemonic_writes(struct slice name, const struct operands *operands);
/* Does it read and write no general registers but those its operands name? False also if that is not known. */
bool mnemonic_explicit(struct slice name, const struct operands *operands);
/* movs, stos, lods, scas, cmps without operands or with the implicit ones written out. Tells which pointers it uses. */
bool mnemonic_string(struct slice name, const struct operands *operands, bool *uses_rdi, bool *uses_rsi);
#endif

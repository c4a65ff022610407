/* SPDX-License-Identifier: Apache-2.0 */
/* Zydis as second opinion on accepted instructions: length, operands as the row says, and the rules of registers and memory once more. */
#ifndef TESTS_VERIFIER_ORACLE_H
#define TESTS_VERIFIER_ORACLE_H
#include "verifier/rules.h"

/* A concrete form as the generator saw it: build/gen/verifier/form_details.h. */
struct form_detail {
    const char *mnemonic, *operands, *space;
    unsigned opcode;
    const char *modrm, *features, *flags;
    unsigned space_number, bits, w, length, rounding;
};
extern const struct form_detail form_details[]; /* by form number; [0] is empty */
extern const unsigned form_count;

static inline unsigned form_number(const struct form *form)
{
    return (unsigned)(form - verifier_forms);
}

/* One operand word of a row. */
struct operand_word { char role; char kind[4]; char size[8]; };
/* Takes the next operand word off *text; false at the end. */
bool next_operand(const char **text, struct operand_word *out);
bool flag_word(const char *flags, const char *word);

/* NULL, or what is wrong with accepting the instruction (static text). */
const char *oracle_check(const uint8_t *bytes, const struct prefixes *prefixes, const struct instruction *in);

/* The same for what the row says beside its operands: state used, CPU features, where control goes. Also for forms of sequences. */
const char *oracle_facts(const uint8_t *bytes, const struct instruction *in);

/* General registers (bit per number) that the row says are written. */
uint32_t written_registers(const struct prefixes *prefixes, const struct instruction *in);
#endif

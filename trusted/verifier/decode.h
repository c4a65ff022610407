/* SPDX-License-Identifier: Apache-2.0 */
/* One instruction taken apart with the table of accepted forms: no form, no decoding. */
#ifndef PORIN_VERIFIER_DECODE_H
#define PORIN_VERIFIER_DECODE_H
#include <stdbool.h>
#include "porin/verify.h"
#include "verifier/form.h"

/* decode() may look at this many bytes from the instruction's start, whatever they hold. */
#define DECODE_WINDOW 32

/* Register numbers beyond the real ones, for memory operands. */
enum { REGISTER_NONE = 16, REGISTER_RIP = 17 };

struct instruction {
    const struct form *form;
    unsigned length;            /* bytes looked at; the whole instruction once decode() returned PORIN_REASON_NONE */
    unsigned rex;               /* the REX byte, 0 without one */
    unsigned gs, lock;          /* prefixes: 0 or 1 */
    unsigned memory;            /* 1: ModRM names memory */
    unsigned reg, rm, vvvv;     /* register numbers with their extending bits; rm: of ModRM or opcode, meaningless if memory */
    unsigned base, index, scale; /* of memory: register number or REGISTER_NONE, REGISTER_RIP; scale as shift count */
    unsigned displacement_at, displacement_size;
    unsigned zero, broadcast;   /* EVEX.z, EVEX.b */
    unsigned mask, vector_length; /* EVEX.aaa, L'L as encoded */
};

/* Decodes the instruction at bytes. On refusal instruction->length still says how many bytes were looked at. */
enum porin_reason decode(const uint8_t *bytes, struct instruction *instruction);

/* Signed displacement of the memory operand, and the immediate's low 32 bits sign-extended from its size. */
int32_t instruction_displacement(const uint8_t *bytes, const struct instruction *instruction);
int32_t instruction_immediate(const uint8_t *bytes, const struct instruction *instruction);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* One instruction taken apart with the table of accepted forms: no form, no decoding. */
#ifndef PORIN_VERIFIER_DECODE_H
#define PORIN_VERIFIER_DECODE_H
#include <stdbool.h>
#include "porin/verify.h"
#include "verifier/form.h"

/* decode() may look at this many bytes from the instruction's start, whatever they hold. */
#define DECODE_WINDOW 32

enum { REGISTER_NONE = 0xFF, REGISTER_RIP = 0xFE };

struct instruction {
    const struct form *form;
    uint8_t length;            /* bytes looked at; the whole instruction once decode() returned PORIN_REASON_NONE */
    bool gs, lock;             /* prefixes */
    uint8_t rex;               /* the REX byte, 0 without one */
    bool memory;               /* ModRM names memory */
    uint8_t modrm, sib;
    uint8_t reg, rm, vvvv;     /* register numbers with their extending bits; rm: of ModRM or opcode, valid unless memory */
    uint8_t base, index, scale; /* of memory: register number, REGISTER_NONE or (base) REGISTER_RIP; scale as shift count */
    uint8_t displacement_size, displacement_at;
    bool vector, zero, broadcast; /* VEX or EVEX; EVEX.z, EVEX.b */
    uint8_t mask, vector_length; /* EVEX.aaa, L'L as encoded */
};

/* Decodes the instruction at bytes. On refusal instruction->length still says how many bytes were looked at. */
enum porin_reason decode(const uint8_t *bytes, struct instruction *instruction);

/* Signed displacement of the memory operand, and the immediate's low 32 bits sign-extended from its size. */
int32_t instruction_displacement(const uint8_t *bytes, const struct instruction *instruction);
int32_t instruction_immediate(const uint8_t *bytes, const struct instruction *instruction);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the generated tables hold: accepted forms, the index that finds them, and the sequences (from trusted/tables). */
#ifndef PORIN_VERIFIER_FORM_H
#define PORIN_VERIFIER_FORM_H
#include <stdint.h>

/* Which register numbers a field of an instruction may name; register_masks[] in rules.c holds the sets. */
enum register_rule {
    RULE_ANY,              /* vector register, or bits that mean nothing here */
    RULE_UNUSED,           /* VEX.vvvv not used: must be encoded as register 0 */
    RULE_DIGIT,            /* opcode extension in a VEX or EVEX form: no extending bits */
    RULE_MASK,             /* k0-k7 */
    RULE_READ,             /* general register that is read */
    RULE_WRITE,            /* general register that is written */
    RULE_WRITE_SCRATCH,    /* general register written by a form that may write r11 and r15 */
    RULE_BYTE_READ,        /* the same for 8-bit registers, where numbers 4-7 without REX are ah, ch, dh, bh */
    RULE_BYTE_WRITE,
    RULES
};

enum form_flag {
    FORM_MODRM = 1,
    FORM_LOCK = 2,         /* lock accepted with a memory operand */
    FORM_ONLY = 4,         /* only inside sequences */
    FORM_ADDRESS = 8,      /* lea: memory operand is not accessed */
    FORM_THREAD_BLOCK = 16, /* may carry the gs prefix */
    FORM_ENDS = 32,        /* control does not go on behind it */
    FORM_POLICY = 64,      /* rdtsc */
    FORM_BRANCH = 128,     /* immediate is a branch distance */
    FORM_BARE = 256,       /* no REX prefix, though it would mean nothing */
    FORM_MASKED = 512,     /* EVEX.aaa may be other than 0 */
    FORM_ZERO_REGISTER = 1024, /* EVEX.z accepted with a register destination */
    FORM_ZERO_MEMORY = 2048, /* EVEX.z accepted with a memory operand (which then is a source) */
    FORM_BROADCAST = 4096, /* EVEX.b accepted with a memory operand */
    FORM_LENGTH_ZERO = 8192, /* suppressed exceptions without rounding: EVEX.L'L must be 0 */
};

struct form {
    uint64_t features;     /* of features.def */
    uint16_t flags;        /* FORM_* */
    uint8_t reg, rm, vvvv; /* enum register_rule; rm also rules the register in the opcode */
    uint8_t immediate_size; /* bytes */
    uint8_t set;           /* named set of forms.def that sequence steps refer to; 0 none */
    uint8_t uses;          /* PORIN_USES_* */
};

/* --- Spaces: one page of 256 opcodes for each way to read an opcode byte. --- */
enum { MAP_ONE, MAP_0F, MAP_0F38, MAP_0F3A };
enum { PREFIX_NONE, PREFIX_66, PREFIX_F3, PREFIX_F2 };
enum { LENGTH_ROUNDING = 3 }; /* EVEX.L'L when EVEX.b stands with a register operand: rounding or suppressed exceptions */
#define SPACE_LEGACY(map, has66, repeat, w) ((((map) * 2u + (has66)) * 3u + (repeat)) * 2u + (w)) /* repeat: 0 none, 1 F3, 2 F2 */
#define SPACES_LEGACY 48u
#define SPACE_VEX(map, prefix, w, length) (SPACES_LEGACY + ((((map) - 1u) * 4u + (prefix)) * 2u + (w)) * 2u + (length))
#define SPACES_VEX 48u
#define SPACE_EVEX(map, prefix, w, length) (SPACES_LEGACY + SPACES_VEX + ((((map) - 1u) * 4u + (prefix)) * 2u + (w)) * 4u + (length))
#define SPACES (SPACES_LEGACY + SPACES_VEX + 96u)

/* A cell of a page: 0 no row; a form's number; or CELL_GROUP + a group's number if it depends on the ModRM byte. */
#define CELL_GROUP 0x8000u
#define GROUP_SIZE 72u     /* [0-7] memory operand, by ModRM.reg; [8-71] register operand, by ModRM.reg and ModRM.rm */
#define GROUP_SLOT(modrm) ((modrm) >= 0xC0 ? 8u + ((modrm) & 63u) : ((modrm) >> 3 & 7u))

extern const struct form verifier_forms[];           /* [0] is no form */
extern const uint8_t verifier_page_of_space[SPACES];
extern const uint16_t verifier_pages[][256];
extern const uint16_t verifier_groups[][GROUP_SIZE];

struct fixed_form { uint8_t size; uint8_t bytes[15]; };
extern const struct fixed_form verifier_fixed[];     /* ends with size 0 */

/* --- Sequences --- */
enum operand_match { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, ANY, MEMORY, SLOT, NONE };
struct step {
    uint16_t form;         /* 0: any form of the set */
    uint8_t set;
    uint8_t reg, rm;       /* enum operand_match */
    uint32_t immediate;
};
struct sequence { const struct step *steps; uint8_t count; };
extern const struct sequence verifier_sequences[];   /* ends with count 0 */
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the generated tables hold: accepted forms, the index that finds them, and the sequences (from trusted/tables). */
#ifndef PORIN_VERIFIER_FORM_H
#define PORIN_VERIFIER_FORM_H
#include <stdint.h>

enum form_flag {
    FORM_LOCK = 1,         /* lock accepted with a memory operand */
    FORM_ONLY = 2,         /* only inside sequences */
    FORM_THREAD_BLOCK = 4, /* may carry the gs prefix */
    FORM_ENDS = 8,        /* control does not go on behind it */
    FORM_POLICY = 16,      /* rdtsc */
    FORM_BRANCH = 32,      /* immediate is a branch distance */
    FORM_MASKED = 64,     /* EVEX.aaa may be other than 0 */
    FORM_ZERO_REGISTER = 128, /* EVEX.z accepted with a register destination */
    FORM_ZERO_MEMORY = 256, /* EVEX.z accepted with a memory operand (which then is a source) */
    FORM_BROADCAST = 512, /* EVEX.b accepted with a memory operand */
    FORM_LENGTH_ZERO = 1024, /* suppressed exceptions without rounding: EVEX.L'L must be 0 */
};

/* What a memory operand may be; memory_rules[] in rules.c says it. */
enum memory_rule {
    MEMORY_ACCESS,         /* rule V3 */
    MEMORY_ADDRESS,        /* lea: a number is computed */
    MEMORY_ADDRESS_LOW,    /* lea with a 32-bit result */
    MEMORY_THREAD_BLOCK,   /* with the gs prefix */
    MEMORY_RULES
};

struct form {
    uint64_t features;     /* of features.def */
    uint32_t reg, rm, vvvv; /* register numbers that may stand in ModRM.reg, ModRM.rm or the opcode, VEX.vvvv: bit n for register n */
    uint16_t flags;        /* FORM_* */
    uint8_t memory;        /* enum memory_rule */
    uint8_t immediate_size; /* bytes */
    uint8_t set;           /* named set of forms.def that sequence steps refer to; 0 none */
    uint8_t uses;          /* PORIN_USES_* */
    uint8_t access;        /* bytes of an explicit memory operand that sequences may turn into a capability access; 0: none such */
    uint8_t writes;        /* 1: that operand is written */
};

/* --- Register numbers and sets of them --- */
enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15,
       REGISTER_NONE, REGISTER_RIP }; /* the last two: no index or base, and base rip, of memory operands */
#define REGISTER(n) (1u << (n))
#define REGISTERS_ANY 0xFFFFFFFFu          /* vector registers; bits that mean nothing */
#define REGISTERS_LOW 0xFFu                /* mask registers; opcode extension; 8-bit registers without REX: numbers 4-7 are ah ch dh bh */
#define REGISTERS_UNUSED REGISTER(0)       /* VEX.vvvv not used: must be encoded as register 0 */
#define REGISTERS_NEVER (REGISTER(RSP) | REGISTER(R10) | REGISTER(R14)) /* rules V4, V5 */
#define REGISTERS_READ (0xFFFFu & ~REGISTERS_NEVER)
#define REGISTERS_WRITTEN (REGISTERS_READ & ~(REGISTER(R11) | REGISTER(R15)))

/* --- Spaces: one page of 256 opcodes for each way to read an opcode byte. --- */
enum { MAP_ONE, MAP_0F, MAP_0F38, MAP_0F3A };
enum { PREFIX_NONE, PREFIX_66, PREFIX_F3, PREFIX_F2 };
enum { REX_NONE, REX_W0, REX_W1, REX_STATES };
enum { LENGTH_ROUNDING = 3 }; /* EVEX.L'L when EVEX.b stands with a register operand: rounding or suppressed exceptions */
/* repeat: 0 none, 1 F3, 2 F2 */
#define SPACE_LEGACY(map, has66, repeat, rex) ((((map) * 2u + (has66)) * 3u + (repeat)) * REX_STATES + (rex))
#define SPACES_LEGACY 72u
#define SPACE_VEX(map, prefix, w, length) (SPACES_LEGACY + ((((map) - 1u) * 4u + (prefix)) * 2u + (w)) * 2u + (length))
#define SPACES_VEX 48u
#define SPACE_EVEX(map, prefix, w, length) (SPACES_LEGACY + SPACES_VEX + ((((map) - 1u) * 4u + (prefix)) * 2u + (w)) * 4u + (length))
#define SPACES (SPACES_LEGACY + SPACES_VEX + 96u)

/* A cell of a page says what the length depends on, so that nothing else has to be looked up first. Cell 0: no row. If the form depends on
 * the ModRM byte, the cell is CELL_GROUP and an index into verifier_groups, where the byte's slot holds a cell of the other kind. */
#define CELL_NUMBER(cell) ((cell) & 0xFFFFu)         /* of the form; or first index of the group */
#define CELL_IMMEDIATE(cell) ((cell) >> 16 & 15u)    /* bytes of immediate */
#define CELL_MODRM 0x100000u
#define CELL_GROUP 0x80000000u
#define GROUP_SIZE 72u     /* slots 0-7: memory operand, by ModRM.reg; 8-71: register operand, by ModRM.reg and ModRM.rm */
#define GROUP_SLOT(modrm) ((modrm) >= 0xC0 ? 8u + ((modrm) & 63u) : ((modrm) >> 3 & 7u))

/* The first pages are those of legacy spaces without prefixes other than REX and 0F. */
#define PAGE_PLAIN(map, rex) ((map) * REX_STATES + (rex))
#define PAGES_PLAIN PAGE_PLAIN(2u, 0u)

extern const struct form verifier_forms[];           /* [0] is no form */
extern const uint8_t verifier_page_of_space[SPACES];
extern const uint32_t verifier_pages[][256];
extern const uint32_t verifier_groups[];

struct fixed_form { uint8_t size; uint8_t bytes[15]; };
extern const struct fixed_form verifier_fixed[];     /* ends with size 0 */

/* --- Sequences --- */
enum operand_match { ANY = 32, MEMORY, SLOT, ADDRESS, PLACES, OFFSET, TABLE, MASK, CAPABILITY, TRAP, NONE };  /* or a register number */
struct step {
    uint16_t form;         /* 0: any form of the set */
    uint8_t set;
    uint8_t reg, rm;       /* enum operand_match */
    uint8_t access;        /* CAPABILITY: bytes of the access */
    uint8_t writes;        /* ... it may write */
    uint32_t immediate;
};
struct sequence { const struct step *steps; uint8_t count; };
extern const struct sequence verifier_sequences[];   /* ends with count 0 */
#endif

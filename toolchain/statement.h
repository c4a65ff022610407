/* SPDX-License-Identifier: Apache-2.0 */
/* AT&T assembly text as a list of statements with parsed operands. Slices point into the text, which must outlive them. */
#ifndef PORIN_STATEMENT_H
#define PORIN_STATEMENT_H
#include <stdint.h>
#include "buffer.h"

/* Register numbers are the hardware's; vector, mask, x87 and segment registers only need to be told apart from these. */
enum {
    RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15,
    REG_RIP, REG_VECTOR, REG_MASK, REG_X87, REG_SEGMENT, REG_OTHER, REG_NONE = -1
};

enum operand_kind { OPERAND_REGISTER, OPERAND_IMMEDIATE, OPERAND_MEMORY };

struct operand {
    enum operand_kind kind;
    struct slice text;        /* as written, without the '*' of an indirect branch */
    bool indirect;            /* written with '*' */
    int reg;                  /* register: its number */
    int width;                /* register: bytes, for general registers 1, 2, 4, 8 */
    bool high;                /* register: ah, bh, ch or dh */
    struct slice segment;     /* memory: "fs", "gs", ..., or empty */
    struct slice displacement;/* memory: the expression, may be empty; immediate: the expression behind '$' */
    bool numeric;             /* the expression is a number: value */
    int64_t value;
    int base, index;          /* memory: REG_NONE if absent */
    bool narrow;              /* memory: written with 32-bit registers: the address is the low half of the sum, as it is for every access */
    int scale;
    struct slice decoration;  /* memory: "{%k1}{z}", "{1to8}" behind it */
};

enum { MAX_OPERANDS = 5, MAX_PREFIXES = 3 };

enum statement_kind { STATEMENT_LABEL, STATEMENT_DIRECTIVE, STATEMENT_INSTRUCTION, STATEMENT_COMMENT };

struct statement {
    enum statement_kind kind;
    int line;                  /* of the assembly text, from 1 */
    struct slice text;         /* label: its name; otherwise the whole statement */
    struct slice name;         /* directive (with its dot) or mnemonic */
    struct slice arguments;    /* what follows the name */
    struct slice prefixes[MAX_PREFIXES];
    int prefix_count;
    bool unfollowed;           /* instruction: its result must be where it says */
    const char *problem;       /* instruction: why it cannot be read, or NULL */
};

struct operands { struct operand item[MAX_OPERANDS]; int count; const char *problem; };

struct statements { struct statement *items; size_t count, capacity; };

/* Splits text; never fails (see statement.problem). */
void statements_parse(struct statements *list, struct slice text);
void statements_free(struct statements *list);

/* Reads the operands of an instruction; problem says why if they cannot be read. Kept apart because statements are many. */
void operands_parse(struct operands *operands, const struct statement *instruction);
/* Reads one operand; NULL or what is wrong with it. */
const char *operand_parse(struct operand *operand, struct slice text);
/* Number, width and kind of the register named like "rax" (no percent sign); false if there is none of that name. */
bool register_parse(struct slice name, int *reg, int *width, bool *high);
/* "rax", "eax", "ax", "al" for width 8, 4, 2, 1. */
const char *register_name(int reg, int width);
/* Value of a number or of sums, differences and products of numbers. */
bool expression_value(struct slice text, int64_t *value);
/* Next piece of a list separated by commas that stand outside parentheses, braces and quotes. */
bool list_next(struct slice *rest, struct slice *item);

static inline bool is_general(int reg) { return reg >= RAX && reg <= R15; }
static inline bool operand_is_register(const struct operand *o, int reg) { return o->kind == OPERAND_REGISTER && o->reg == reg; }
static inline bool operand_mentions(const struct operand *o, int reg)
{
    return (o->kind == OPERAND_REGISTER && o->reg == reg) || (o->kind == OPERAND_MEMORY && (o->base == reg || o->index == reg));
}
/* The first of the candidates, which end with REG_NONE, that no operand mentions; REG_NONE if each is mentioned. */
int operands_spare(const struct operands *ops, const int *candidates);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What memory operands may be, and which rule a refused register, memory operand or prefix breaks. */
#include "verifier/rules.h"

#define NUMBERS (REGISTERS_READ | REGISTER(REGISTER_NONE))

const struct memory_sets verifier_memory_rules[MEMORY_RULES] = {
    /* An index is r11 or r15, which are always zero-extended; what a displacement adds stays inside the guards. */
    [MEMORY_ACCESS] = { REGISTER(R14) | REGISTER(REGISTER_RIP), REGISTER(R11) | REGISTER(R15) | REGISTER(REGISTER_NONE), 1 },
    /* lea computes with numbers: any register whose value a domain may see... */
    [MEMORY_ADDRESS] = { NUMBERS, NUMBERS, 15 },
    /* ... and the low 32 bits of rip, which are a slot offset. */
    [MEMORY_ADDRESS_LOW] = { NUMBERS | REGISTER(REGISTER_RIP), NUMBERS, 15 },
    /* A plain displacement: ModRM 00 reg 100, SIB 00 100 101. */
    [MEMORY_THREAD_BLOCK] = { REGISTER(REGISTER_NONE), REGISTER(REGISTER_NONE), 1 },
};

enum porin_reason register_reason(uint32_t allowed, unsigned number)
{
    if (number >= 16 || allowed == REGISTERS_UNUSED || allowed == REGISTERS_LOW)
        return PORIN_REASON_VECTOR_PREFIX;
    return in_set(REGISTERS_NEVER, number) ? PORIN_REASON_RESERVED_REGISTER : PORIN_REASON_SCRATCH_WRITE;
}

enum porin_reason memory_reason(enum memory_rule rule, const struct memory_sets *sets, unsigned base, unsigned index)
{
    if (rule == MEMORY_THREAD_BLOCK)
        return PORIN_REASON_THREAD_BLOCK;
    if (rule != MEMORY_ACCESS)
        return base == REGISTER_RIP ? PORIN_REASON_LEA_RIP : PORIN_REASON_LEA_REGISTER;
    if (!in_set(sets->bases, base))
        return PORIN_REASON_MEMORY_BASE;
    return in_set(sets->indexes, index) ? PORIN_REASON_MEMORY_SCALE : PORIN_REASON_MEMORY_INDEX;
}

enum porin_reason check_thread_block(unsigned space, unsigned b, const struct form *form, bool memory, unsigned reg, int32_t displacement)
{
    bool wide = space == SPACE_LEGACY(MAP_ONE, 0u, 0u, REX_W1), narrow = space == SPACE_LEGACY(MAP_ONE, 0u, 0u, REX_W0);
    if (refuse_if(!memory) || refuse_if(!(form->flags & FORM_THREAD_BLOCK))
        || refuse_if(!wide && !(narrow && reg == R11))
        || refuse_if(b) /* would mean nothing */
        || refuse_if(displacement < 0 || displacement >= PORIN_TB_READABLE_END || displacement % 8))
        return PORIN_REASON_THREAD_BLOCK;
    return PORIN_REASON_NONE;
}

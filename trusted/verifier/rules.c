/* SPDX-License-Identifier: Apache-2.0 */
/* Rules V3 to V6 and V9b: which registers an instruction may name and what its memory operand may be. */
#include "verifier/rules.h"
#include "layout.h"
#include "verifier/refuse.h"

#define BIT(n) (1u << (n))
#define GENERAL 0xFFFFu
#define NEVER (BIT(RSP) | BIT(R10) | BIT(R14))
#define SCRATCH (BIT(R11) | BIT(R15))

/* For each rule the register numbers it allows, without and with a REX prefix. The 8-bit registers without REX are all ordinary ones. */
static const uint32_t register_masks[RULES][2] = {
    [RULE_ANY] = { ~0u, ~0u },
    [RULE_UNUSED] = { BIT(0), BIT(0) },
    [RULE_DIGIT] = { 0xFF, 0xFF },
    [RULE_MASK] = { 0xFF, 0xFF },
    [RULE_READ] = { GENERAL & ~NEVER, GENERAL & ~NEVER },
    [RULE_WRITE] = { GENERAL & ~NEVER & ~SCRATCH, GENERAL & ~NEVER & ~SCRATCH },
    [RULE_WRITE_SCRATCH] = { GENERAL & ~NEVER, GENERAL & ~NEVER },
    [RULE_BYTE_READ] = { 0xFF, GENERAL & ~NEVER },
    [RULE_BYTE_WRITE] = { 0xFF, GENERAL & ~NEVER & ~SCRATCH },
};

static bool allowed(enum register_rule rule, unsigned number, unsigned rex)
{
    return register_masks[rule][rex != 0] >> number & 1;
}

enum porin_reason check_register(enum register_rule rule, unsigned number, unsigned rex)
{
    if (!refuse_if(!allowed(rule, number, rex)))
        return PORIN_REASON_NONE;
    switch (rule) {
    case RULE_UNUSED: case RULE_DIGIT: return PORIN_REASON_VECTOR_PREFIX;
    case RULE_MASK: return PORIN_REASON_MASK_REGISTER;
    default: break;
    }
    if (number >= 16)
        return PORIN_REASON_VECTOR_PREFIX;
    return BIT(number) & NEVER ? PORIN_REASON_RESERVED_REGISTER : PORIN_REASON_SCRATCH_WRITE;
}

enum porin_reason check_memory(const struct instruction *in)
{
    if (in->base == REGISTER_RIP)
        return PORIN_REASON_NONE;
    if (refuse_if(in->base != R14))
        return PORIN_REASON_MEMORY_BASE;
    if (refuse_if(in->index != R11 && in->index != R15 && in->index != REGISTER_NONE))
        return PORIN_REASON_MEMORY_INDEX;
    if (refuse_if(in->scale))
        return PORIN_REASON_MEMORY_SCALE;
    return PORIN_REASON_NONE;
}

/* lea computes with numbers: any register whose value a domain may see. Rip-relative it may only give the low 32 bits, a slot offset. */
static enum porin_reason check_address(const struct instruction *in)
{
    if (in->base == REGISTER_RIP)
        return refuse_if(in->form->reg != RULE_WRITE_SCRATCH) ? PORIN_REASON_LEA_RIP : PORIN_REASON_NONE;
    if (refuse_if(in->base != REGISTER_NONE && !allowed(RULE_READ, in->base, in->rex))
        || refuse_if(in->index != REGISTER_NONE && !allowed(RULE_READ, in->index, in->rex)))
        return PORIN_REASON_LEA_REGISTER;
    return PORIN_REASON_NONE;
}

/* Rule V6: gs: with a plain displacement (ModRM 00 reg 100, SIB 00 100 101), 64 bits into an ordinary register or 32 bits into r11d. */
static enum porin_reason check_thread_block(const uint8_t *bytes, const struct instruction *in)
{
    if (refuse_if(!(in->form->flags & FORM_THREAD_BLOCK))
        || refuse_if(!in->memory || in->base != REGISTER_NONE || in->index != REGISTER_NONE || in->scale)
        || refuse_if(in->rex & 1) /* REX.B would mean nothing */
        || refuse_if(!(in->rex & 8) && (in->form->reg != RULE_WRITE_SCRATCH || in->reg != R11)))
        return PORIN_REASON_THREAD_BLOCK;
    int32_t displacement = instruction_displacement(bytes, in);
    if (refuse_if(displacement < 0 || displacement >= PORIN_TB_READABLE_END || displacement % 8))
        return PORIN_REASON_THREAD_BLOCK;
    return PORIN_REASON_NONE;
}

enum porin_reason check_instruction(const struct porin_verify_input *input, const uint8_t *bytes, const struct instruction *in)
{
    const struct form *form = in->form;
    enum porin_reason reason = PORIN_REASON_NONE;
    if (in->memory)
        reason = in->gs ? check_thread_block(bytes, in) : form->flags & FORM_ADDRESS ? check_address(in) : check_memory(in);
    else if (refuse_if(in->gs))
        reason = PORIN_REASON_THREAD_BLOCK;
    else
        reason = check_register(form->rm, in->rm, in->rex);
    if (!reason)
        reason = check_register(form->reg, in->reg, in->rex);
    if (!reason)
        reason = check_register(form->vvvv, in->vvvv, in->rex);
    if (!reason && refuse_if(form->flags & FORM_ONLY))
        reason = PORIN_REASON_SEQUENCE_ONLY;
    if (!reason && refuse_if((form->flags & FORM_POLICY) && !input->allow_rdtsc))
        reason = PORIN_REASON_RDTSC;
    return reason;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The rules for one decoded instruction, without regard to what stands around it: which registers it may name and what its memory
 * operand may be (rules V3 to V6). The sets of registers stand in the forms; here they are compared. */
#ifndef PORIN_VERIFIER_RULES_H
#define PORIN_VERIFIER_RULES_H
#include "layout.h"
#include "verifier/decode.h"

struct memory_sets { uint32_t bases, indexes; uint8_t scales; };
extern const struct memory_sets verifier_memory_rules[MEMORY_RULES];

/* Why a register, a memory operand or a prefix is refused. */
enum porin_reason register_reason(uint32_t allowed, unsigned number);
enum porin_reason memory_reason(enum memory_rule rule, const struct memory_sets *sets, unsigned base, unsigned index);
/* Rule V6: the parts of a gs: load that its memory operand does not tell. */
enum porin_reason check_thread_block(unsigned space, unsigned b, const struct form *form, bool memory, unsigned reg, int32_t displacement);

static inline bool in_set(uint32_t set, unsigned number)
{
    return set >> number & 1;
}

/* An ordinary register field. */
static inline enum porin_reason check_register(uint32_t allowed, unsigned number)
{
    return refuse_if(!in_set(allowed, number)) ? register_reason(allowed, number) : PORIN_REASON_NONE;
}

static inline enum porin_reason check_memory(enum memory_rule rule, const struct instruction *in)
{
    const struct memory_sets *sets = &verifier_memory_rules[rule];
    if (refuse_if(!in_set(sets->bases, in->base)) || refuse_if(!in_set(sets->indexes, in->index))
        || refuse_if(!in_set(sets->scales, in->scale)))
        return memory_reason(rule, sets, in->base, in->index);
    return PORIN_REASON_NONE;
}

/* An instruction that stands by itself. Branch targets are not its business. */
ALWAYS_INLINE enum porin_reason check_instruction(const struct porin_verify_input *input, const uint8_t *bytes, const struct prefixes *e,
                                                  const struct instruction *in)
{
    const struct form *form = in->form;
    bool gs = e->flags & PREFIXES_GS;
    enum porin_reason reason = in->memory ? check_memory(gs ? MEMORY_THREAD_BLOCK : form->memory, in) : check_register(form->rm, in->rm);
    if (!reason)
        reason = check_register(form->reg, in->reg);
    if (!reason && (e->flags & PREFIXES_VECTOR))
        reason = check_register(form->vvvv, e->vvvv);
    if (gs)
        reason = check_thread_block(e->space, e->b, form, in->memory, in->reg, instruction_displacement(bytes, in)) ?: reason;
    if (!reason && refuse_if(form->flags & FORM_ONLY))
        reason = PORIN_REASON_SEQUENCE_ONLY;
    if (!reason && refuse_if((form->flags & FORM_POLICY) && !input->allow_rdtsc))
        reason = PORIN_REASON_RDTSC;
    return reason;
}

/* The verdict on an instruction that stands by itself; small enough for two registers. */
struct verdict {
    const struct form *form;  /* meaningless if refused */
    uint16_t length;          /* bytes looked at */
    uint16_t reason;          /* enum porin_reason */
    uint32_t uses;            /* PORIN_USES_* */
};

ALWAYS_INLINE struct verdict judge(const struct porin_verify_input *input, const uint8_t *bytes, const struct prefixes *prefixes)
{
    struct instruction in;
    enum porin_reason reason = decode(bytes, prefixes, &in);
    if (!reason)
        reason = check_instruction(input, bytes, prefixes, &in);
    if (reason)
        return (struct verdict){ .length = (uint16_t)in.length, .reason = (uint16_t)reason };
    _Static_assert(PORIN_USES_CALL_ERROR == PORIN_USES_THREAD_POINTER << PORIN_TB_CALL_ERROR / 8, "one bit per word");
    uint32_t word = prefixes->flags & PREFIXES_GS ? PORIN_USES_THREAD_POINTER << instruction_displacement(bytes, &in) / 8 : 0u;
    return (struct verdict){
        .form = in.form, .length = (uint16_t)in.length, .uses = in.form->uses | word,
    };
}
#endif

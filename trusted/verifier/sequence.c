/* SPDX-License-Identifier: Apache-2.0 */
/* One matcher for all sequences: each step says exactly which form, registers, memory operand and immediate it takes. */
#include "verifier/sequence.h"
#include <string.h>
#include "verifier/refuse.h"
#include "verifier/rules.h"

const uint8_t *window_copy(const struct porin_verify_input *input, size_t offset, struct window *window)
{
    memset(window->bytes, 0, sizeof window->bytes);
    memcpy(window->bytes, input->text + offset, input->text_size - offset);
    return window->bytes;
}

/* displacement(base,index,scale), where the step's immediate is the displacement */
static bool is_address(const struct step *step, const uint8_t *bytes, const struct instruction *in, unsigned base, unsigned index,
                       unsigned scale)
{
    return in->memory && in->base == base && in->index == index && in->scale == scale
        && (uint32_t)instruction_displacement(bytes, in) == step->immediate;
}

static bool rm_matches(const struct step *step, const uint8_t *bytes, const struct instruction *in)
{
    switch (step->rm) {
    case NONE:
    case TRAP:
        return true;
    case ANY:
        return !in->memory && !check_register(in->form->rm, in->rm);
    case MEMORY:
        return in->memory && !check_memory(MEMORY_ACCESS, in);
    case SLOT:
        return in->memory && in->base == R14 && in->index == R10 && in->scale == 0 && instruction_displacement(bytes, in) == 0;
    case ADDRESS:
        return in->memory && !check_memory(in->form->memory, in);
    case PLACES:
        return in->memory && in->base == R14 && in->index == R10 && in->scale == 3;
    case MASK:
        return !in->memory && in->rm == R10 && (uint32_t)instruction_immediate(bytes, in) <= step->immediate;
    case OFFSET:
        return is_address(step, bytes, in, R11, REGISTER_NONE, 0);
    case TABLE:
        return is_address(step, bytes, in, REGISTER_NONE, R10, 3);
    case CAPABILITY:
        return is_address(step, bytes, in, R10, R11, 0);
    default:
        return !in->memory && in->rm == step->rm;
    }
}

static bool reg_matches(const struct step *step, const struct instruction *in)
{
    switch (step->reg) {
    case NONE:
        return true;
    case ANY:
        return !check_register(in->form->reg, in->reg);
    default:
        return in->reg == step->reg;
    }
}

/* The access itself: an instruction that would be accepted alone but for its memory operand. */
static bool access_matches(const struct step *step, const uint8_t *bytes, const struct prefixes *prefixes, const struct instruction *in)
{
    return !refuse_if(in->form->access != step->access)
        && !refuse_if(in->form->writes && !step->writes)
        && !refuse_if(prefixes->flags & (unsigned)~(PREFIXES_LOCK | PREFIXES_VECTOR))
        && !refuse_if((prefixes->flags & PREFIXES_VECTOR) && check_register(in->form->vvvv, prefixes->vvvv))
        && !refuse_if(!rm_matches(step, bytes, in))
        && !refuse_if(!reg_matches(step, in));
}

static bool step_matches(const struct step *step, const uint8_t *bytes, const struct prefixes *prefixes, const struct instruction *in)
{
    if (step->access)
        return access_matches(step, bytes, prefixes, in);
    return !refuse_if(step->set ? in->form->set != step->set : in->form != &verifier_forms[step->form])
        && !refuse_if(prefixes->flags != (step->rm == TABLE ? PREFIXES_GS : 0u))
        && !refuse_if(!rm_matches(step, bytes, in))
        && !refuse_if(!reg_matches(step, in))
        && !refuse_if(step->immediate && !(step->rm >= OFFSET && step->rm <= CAPABILITY)
                      && (uint32_t)instruction_immediate(bytes, in) != step->immediate);
}

static bool match(const struct porin_verify_input *input, size_t offset, const struct sequence *sequence, struct sequence_match *result)
{
    size_t at = offset;
    for (const struct step *step = sequence->steps; step < sequence->steps + sequence->count; step++) {
        struct instruction in = { 0 };
        struct window window;
        if (at == input->text_size)
            return false;
        const uint8_t *bytes = window_at(input, at, &window);
        struct prefixes prefixes = read_prefixes(bytes);
        if (decode(bytes, &prefixes, &in) || refuse_if(in.length > input->text_size - at) || !step_matches(step, bytes, &prefixes, &in))
            return false;
        at += in.length;
        result->begun = true;
        if (in.form->flags & FORM_BRANCH) {
            result->branch_end = at - offset;
            result->branch_distance = instruction_immediate(bytes, &in);
            result->branch_traps = step->rm == TRAP;
        }
        if (step->rm == MASK)
            result->places = (uint32_t)instruction_immediate(bytes, &in) + 1;
        if (step->rm == PLACES)
            result->table = instruction_displacement(bytes, &in);
        result->last = in.form;
        result->uses |= (uint8_t)(in.form->uses | (step->rm == TABLE ? PORIN_USES_CAPABILITIES : 0u));
        result->features |= in.form->features;
    }
    result->length = at - offset;
    return true;
}

struct sequence_match match_sequence(const struct porin_verify_input *input, size_t offset)
{
    bool begun = false;
    for (const struct sequence *sequence = verifier_sequences; sequence->count; sequence++) {
        struct sequence_match result = { 0 };
        if (match(input, offset, sequence, &result))
            return result;
        begun |= result.begun;
    }
    return (struct sequence_match){ .begun = begun };
}

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

static bool rm_matches(const struct step *step, const uint8_t *bytes, const struct instruction *in)
{
    switch (step->rm) {
    case NONE:
        return true;
    case ANY:
        return !in->memory && !check_register(in->form->rm, in->rm);
    case MEMORY:
        return in->memory && !check_memory(MEMORY_ACCESS, in);
    case SLOT:
        return in->memory && in->base == R14 && in->index == R10 && in->scale == 0 && instruction_displacement(bytes, in) == 0;
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

static bool step_matches(const struct step *step, const uint8_t *bytes, const struct prefixes *prefixes, const struct instruction *in)
{
    return !refuse_if(step->set ? in->form->set != step->set : in->form != &verifier_forms[step->form])
        && !refuse_if(prefixes->flags)
        && !refuse_if(!rm_matches(step, bytes, in))
        && !refuse_if(!reg_matches(step, in))
        && !refuse_if(step->immediate && (uint32_t)instruction_immediate(bytes, in) != step->immediate);
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
        }
        result->last = in.form;
        result->uses |= in.form->uses;
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

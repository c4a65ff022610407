/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier's one pass over a text, and the two checks that need the whole of it: labels and branch targets. */
#include <string.h>
#include "layout.h"
#include "verifier/decode.h"
#include "verifier/refuse.h"
#include "verifier/rules.h"
#include "verifier/sequence.h"

#define TEXT_MAX ((size_t)1 << 30)
#define NOWHERE SIZE_MAX

struct sweep {
    const struct porin_verify_input *input;
    struct porin_verify_report *report;
    uint64_t *starts;       /* bit per byte: an instruction that may be branched to starts here */
    uint64_t *targets;      /* bit per byte: a direct branch goes here */
    size_t blamed_target;   /* second pass: find the branch that goes here */
};

static bool refuse(struct sweep *s, enum porin_reason reason, size_t offset, size_t length)
{
    *s->report = (struct porin_verify_report){ .reason = reason, .offset = (uint32_t)offset, .length = (uint32_t)(length ? length : 1) };
    return false;
}

static size_t bitmap_words(size_t text_size)
{
    return text_size / 64 + 1;
}

size_t porin_verify_scratch_words(size_t text_size)
{
    return 2 * bitmap_words(text_size);
}

static void set_bit(uint64_t *bitmap, size_t bit)
{
    bitmap[bit / 64] |= (uint64_t)1 << bit % 64;
}

static bool is_gate(const struct porin_verify_input *input, int64_t slot_offset)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct porin_verify_gates *gates = &input->gates[i];
        int64_t distance = slot_offset - gates->first;
        if (gates->stride && distance >= 0 && distance % gates->stride == 0 && distance / gates->stride < gates->count)
            return true;
    }
    return false;
}

/* Rule V7: where a branch goes, in the text. */
static enum porin_reason add_branch(struct sweep *s, int64_t target)
{
    int64_t place = s->input->text_offset + target;
    s->report->uses |= place == PORIN_GATE_FENV ? PORIN_USES_FENV : place == PORIN_GATE_CAPABILITY ? PORIN_USES_CAPABILITIES : 0;
    if (target < 0 || target >= (int64_t)s->input->text_size)
        return refuse_if(!is_gate(s->input, place)) ? PORIN_REASON_BRANCH_OUTSIDE : PORIN_REASON_NONE;
    if ((size_t)target == s->blamed_target)
        return PORIN_REASON_BRANCH_INSIDE;
    set_bit(s->targets, (size_t)target);
    return PORIN_REASON_NONE;
}

static size_t match_fixed(const struct porin_verify_input *input, size_t offset)
{
    const uint8_t *bytes = input->text + offset;
    for (const struct fixed_form *fixed = verifier_fixed; fixed->size; fixed++)
        if (*fixed->bytes == *bytes && fixed->size <= input->text_size - offset && !memcmp(fixed->bytes, bytes, fixed->size))
            return fixed->size;
    return 0;
}

/* Does the branch that ends at `end` go to a ud2? */
static bool goes_to_trap(const struct sweep *s, size_t end, int32_t distance)
{
    uint64_t target = end + (uint64_t)(int64_t)distance;
    return target < s->input->text_size - 1 && s->input->text[target] == 0x0F && s->input->text[target + 1] == 0x0B;
}

/* A sequence or padding that stands at offset, or the verdict that what stands there got by itself. */
static struct verdict judge_special(struct sweep *s, size_t offset, const uint8_t *bytes, struct verdict alone)
{
    size_t fixed = match_fixed(s->input, offset);
    if (fixed)
        return (struct verdict){ .form = verifier_forms, .length = (uint16_t)fixed };
    struct sequence_match match = match_sequence(s->input, offset);
    struct verdict verdict = { .form = match.last, .length = (uint16_t)match.length, .uses = match.uses };
    if (match.branch_end)
        verdict.reason = (uint16_t)add_branch(s, (int64_t)(offset + match.branch_end) + match.branch_distance);
    for (uint32_t i = 0; !verdict.reason && i < match.places; i++)
        verdict.reason = (uint16_t)add_branch(s, (int64_t)match.table - s->input->text_offset + 8 * i);
    if (match.branch_traps && refuse_if(!goes_to_trap(s, offset + match.branch_end, match.branch_distance)))
        verdict.reason = PORIN_REASON_SEQUENCE;
    s->report->cpu_features |= match.features;
    if (match.length)
        return verdict;
    if (match.begun)
        alone.reason = PORIN_REASON_SEQUENCE;
    else if (alone.reason == PORIN_REASON_OPCODE)
        alone.reason = (uint16_t)no_form_reason(bytes);
    return alone;
}

static __attribute__((noinline)) struct verdict judge_any(struct sweep *s, size_t offset, const uint8_t *bytes)
{
    struct prefixes prefixes = read_prefixes(bytes);
    struct verdict verdict = judge(s->input, bytes, &prefixes);
    return verdict.reason ? judge_special(s, offset, bytes, verdict) : verdict;
}

/* The short way where it accepts, else the long way, which accepts more and knows the reason. */
static inline struct verdict judge_quickly(struct sweep *s, size_t offset, const uint8_t *bytes)
{
    if (!verifier_rare_starts[*bytes]) {
        struct prefixes prefixes = read_plain_prefixes(bytes);
        struct verdict verdict = judge(s->input, bytes, &prefixes);
        if (!verdict.reason)
            return verdict;
    }
    return judge_any(s, offset, bytes);
}

static bool sweep_text(struct sweep *s)
{
    const struct porin_verify_input *input = s->input;
    bool ends = false;
    size_t length = 0;
    uint64_t features = 0;
    uint32_t uses = 0;
    *s->report = (struct porin_verify_report){ .reason = PORIN_REASON_NONE };
    for (size_t offset = 0; offset < input->text_size; offset += length) {
        struct window window;
        const uint8_t *bytes = window_at(input, offset, &window);
        struct verdict verdict = judge_quickly(s, offset, bytes);
        length = verdict.length;
        if (refuse_if(length > input->text_size - offset))
            return refuse(s, PORIN_REASON_TRUNCATED, offset, input->text_size - offset);
        if (verdict.reason)
            return refuse(s, (enum porin_reason)verdict.reason, offset, length);
        set_bit(s->starts, offset);
        const struct form *form = verdict.form;
        ends = form->flags & FORM_ENDS;
        uses |= verdict.uses;
        features |= form->features;
        if (form->flags & FORM_BRANCH) {
            int32_t distance = read_signed(bytes + length - form->immediate_size, form->immediate_size);
            enum porin_reason reason = add_branch(s, (int64_t)(offset + length) + distance);
            if (reason)
                return refuse(s, reason, offset, length);
        }
    }
    s->report->uses |= uses;
    s->report->cpu_features |= features;
    return refuse_if(!ends) ? refuse(s, PORIN_REASON_TEXT_END, input->text_size - length, length) : true;
}

/* The instruction or sequence that the byte at offset belongs to. */
static size_t start_of(const struct sweep *s, size_t offset)
{
    while (!(s->starts[offset / 64] >> offset % 64 & 1))
        offset--;
    return offset;
}

/* Is one of the eight bytes `byte`? (It may also say so of the byte above one that is.) */
static bool has_byte(const uint8_t bytes[8], uint8_t byte)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t eight;
    memcpy(&eight, bytes, sizeof eight);
    uint64_t zero = eight ^ ones * byte;
    return (zero - ones) & ~zero & ones << 7;
}

/* Rule V2: at an instruction start the label's bytes are endbr64; anywhere else they would be a landing point inside something. */
static bool check_labels(struct sweep *s)
{
    const uint8_t *text = s->input->text;
    for (size_t i = 3; i < s->input->text_size; i++) {
        uint32_t word;
        while (i + 8 <= s->input->text_size && !has_byte(text + i, PORIN_LABEL_BYTES >> 24))
            i += 8; /* none of these is a label's last byte */
        if (i == s->input->text_size)
            break;
        memcpy(&word, text + i - 3, sizeof word);
        if (word == PORIN_LABEL_BYTES && refuse_if(start_of(s, i - 3) != i - 3))
            return refuse(s, PORIN_REASON_LABEL_BYTES, start_of(s, i - 3), i + 1 - start_of(s, i - 3));
    }
    return true;
}

static bool check_targets(struct sweep *s)
{
    for (size_t word = 0; word < bitmap_words(s->input->text_size); word++) {
        uint64_t wrong = s->targets[word] & ~s->starts[word];
        if (refuse_if(wrong)) {
            s->blamed_target = word * 64 + (size_t)__builtin_ctzll(wrong);
            return sweep_text(s);
        }
    }
    return true;
}

bool porin_verify_text(const struct porin_verify_input *input, struct porin_verify_report *report)
{
    size_t words = bitmap_words(input->text_size);
    struct sweep s = { input, report, input->scratch, input->scratch + words, NOWHERE };
    if (refuse_if(!input->text_size || input->text_size > TEXT_MAX)
        || refuse_if(input->text_offset > PORIN_IMAGE_END || input->text_size > PORIN_IMAGE_END - input->text_offset))
        return refuse(&s, PORIN_REASON_TEXT_RANGE, 0, 1);
    memset(input->scratch, 0, porin_verify_scratch_words(input->text_size) * sizeof *input->scratch);
    return sweep_text(&s) && check_labels(&s) && check_targets(&s);
}

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

/* Rule V7. offset and length are the branch's own. */
static bool add_branch(struct sweep *s, size_t offset, size_t length, int32_t distance)
{
    int64_t target = (int64_t)(offset + length) + distance;
    if (target < 0 || target >= (int64_t)s->input->text_size) {
        if (refuse_if(!is_gate(s->input, s->input->text_offset + target)))
            return refuse(s, PORIN_REASON_BRANCH_OUTSIDE, offset, length);
        return true;
    }
    if ((size_t)target == s->blamed_target)
        return refuse(s, PORIN_REASON_BRANCH_INSIDE, offset, length);
    set_bit(s->targets, (size_t)target);
    return true;
}

static size_t match_fixed(const struct porin_verify_input *input, size_t offset)
{
    for (const struct fixed_form *fixed = verifier_fixed; fixed->size; fixed++)
        if (fixed->size <= input->text_size - offset && !memcmp(fixed->bytes, input->text + offset, fixed->size))
            return fixed->size;
    return 0;
}

/* What is no instruction by itself: padding with fixed bytes, or a sequence. Returns its length, 0 if it is refused. */
static size_t take_special(struct sweep *s, size_t offset, enum porin_reason reason, size_t length, bool *ends)
{
    size_t fixed = match_fixed(s->input, offset);
    *ends = false;
    if (fixed)
        return fixed;
    struct sequence_match match = match_sequence(s->input, offset);
    if (!match.length) {
        refuse(s, match.begun ? PORIN_REASON_SEQUENCE : reason, offset, length);
        return 0;
    }
    if (match.branch_end && !add_branch(s, offset, match.branch_end, match.branch_distance))
        return 0;
    *ends = match.ends;
    s->report->uses |= match.uses;
    s->report->cpu_features |= match.features;
    return match.length;
}

static __attribute__((noinline)) struct verdict judge_any(const struct porin_verify_input *input, const uint8_t *bytes)
{
    struct prefixes prefixes = read_prefixes(bytes);
    return judge(input, bytes, &prefixes);
}

/* The short way where it accepts, else the long way, which accepts more and knows the reason. */
static inline struct verdict judge_quickly(const struct porin_verify_input *input, const uint8_t *bytes)
{
    if (!verifier_rare_starts[*bytes]) {
        struct prefixes prefixes = read_plain_prefixes(bytes);
        struct verdict verdict = judge(input, bytes, &prefixes);
        if (!verdict.reason)
            return verdict;
    }
    return judge_any(input, bytes);
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
        struct verdict verdict = judge_quickly(input, bytes);
        length = verdict.length;
        if (refuse_if(length > input->text_size - offset))
            return refuse(s, PORIN_REASON_TRUNCATED, offset, input->text_size - offset);
        set_bit(s->starts, offset);
        if (verdict.reason) {
            length = take_special(s, offset, (enum porin_reason)verdict.reason, length, &ends);
            if (!length)
                return false;
            continue;
        }
        ends = verdict.form->flags & FORM_ENDS;
        uses |= verdict.uses;
        features |= verdict.form->features;
        unsigned immediate_size = verdict.form->immediate_size;
        if (verdict.form->flags & FORM_BRANCH && !add_branch(s, offset, length, read_signed(bytes + length - immediate_size, immediate_size)))
            return false;
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
static bool has_byte(uint64_t eight, uint8_t byte)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t zero = eight ^ ones * byte;
    return (zero - ones) & ~zero & ones << 7;
}

/* Rule V2: at an instruction start the label's bytes are endbr64; anywhere else they would be a landing point inside something. */
static bool check_labels(struct sweep *s)
{
    const uint8_t *text = s->input->text;
    for (size_t i = 3; i < s->input->text_size; i++) {
        uint64_t eight;
        uint32_t word;
        while (i + sizeof eight <= s->input->text_size && (memcpy(&eight, text + i, sizeof eight), !has_byte(eight, PORIN_LABEL_BYTES >> 24)))
            i += sizeof eight; /* none of these is a label's last byte */
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

/* SPDX-License-Identifier: Apache-2.0 */
/* Memory operands: every address becomes disp(%r14,%r11), disp(%r14,%r15) or disp(%rip). */
#include "rewriter.h"
#include <stdlib.h>

/* "sym+8-4" as symbol "sym" and number 4; a pure number has an empty symbol. */
static void split_displacement(const struct operand *o, struct slice *symbol, long *number)
{
    *symbol = (struct slice){0};
    *number = 0;
    if (o->numeric) {
        *number = (long)o->value;
        return;
    }
    *symbol = o->displacement;
    for (size_t i = o->displacement.length; i-- > 1;) {
        int64_t value;
        char sign = o->displacement.start[i];
        if (sign == ')' || sign == '(')
            return;
        if ((sign == '+' || sign == '-') && expression_value(slice_skip(o->displacement, i), &value)) {
            *symbol = slice_trim((struct slice){o->displacement.start, i});
            *number = (long)value;
        }
    }
}

static char *displacement_text(struct slice symbol, long number)
{
    if (!symbol.length)
        return number ? format_text("%ld", number) : format_text("%s", "");
    return number ? format_text(SLICE_FORMAT "%+ld", SLICE_ARGS(symbol), number) : format_text(SLICE_FORMAT, SLICE_ARGS(symbol));
}

/* disp(%r14,%reg) with the operand's decoration; frees nothing. */
static char *based_text(const struct operand *o, long displacement, const char *reg)
{
    char *number = displacement_text((struct slice){0}, displacement);
    char *text = format_text("%s(%%r14,%%%s)" SLICE_FORMAT, number, reg, SLICE_ARGS(o->decoration));
    free(number);
    return text;
}

static bool near(long displacement)
{
    return displacement >= -EDGE && displacement <= EDGE;
}

static void load_address(struct rewriter *r, const struct address *want);

/* A displacement with the label's bytes is added in two steps. */
static void load_in_two_steps(struct rewriter *r, const struct address *want)
{
    struct address first = *want;
    first.number = want->number / 2;
    load_address(r, &first);
    emit(r, "leal\t%ld(%%r11), %%r11d", want->number - first.number);
}

/* Emits "leal address, %r11d" for what `want` describes. The stack pointer stands for V. */
static void load_address(struct rewriter *r, const struct address *want)
{
    bool stack = want->base == RSP;
    follow_check(r, want);
    if (!want->symbol.length && literal_has_label(want->number - (stack ? r->frame.d : 0))) {
        load_in_two_steps(r, want);
        return;
    }
    char *number = displacement_text(want->symbol, want->number - (stack ? r->frame.d : 0));
    const char *base = stack ? "%r15" : want->base == REG_NONE ? "" : register_name(want->base, 8);
    const char *percent = stack || want->base == REG_NONE ? "" : "%";
    if (want->index != REG_NONE)
        emit(r, "leal\t%s(%s%s,%%%s,%d), %%r11d", number, percent, base, register_name(want->index, 8), want->scale);
    else if (want->base == REG_NONE)
        emit(r, "movl\t$%s, %%r11d", *number ? number : "0");
    else if (*number)
        emit(r, "leal\t%s(%s%s), %%r11d", number, percent, base);
    else
        emit(r, "movl\t%%%s, %%r11d", stack ? "r15d" : register_name(want->base, 4));
    free(number);
}

/* Thread pointer plus what `want` describes. */
static void load_thread_address(struct rewriter *r, const struct address *want)
{
    follow_check(r, want);
    emit(r, "movl\t%%gs:0, %%r11d");
    if (want->base == REG_NONE && want->index == REG_NONE)
        return;
    if (want->base != REG_NONE)
        emit(r, "leal\t(%%r11,%%%s), %%r11d", want->base == RSP ? "r15" : register_name(want->base, 8));
    if (want->base == RSP && r->frame.d)
        emit(r, "leal\t%ld(%%r11), %%r11d", -r->frame.d);
    if (want->index != REG_NONE)
        emit(r, "leal\t(%%r11,%%%s,%d), %%r11d", register_name(want->index, 8), want->scale);
}

static bool is_thread_offset(struct slice displacement)
{
    return slice_contains(displacement, "@tpoff") || slice_contains(displacement, "@TPOFF");
}

/* %fs:...: the symbol's offset from the thread pointer stays in the displacement of the access. */
static char *thread_text(struct rewriter *r, const struct operand *o)
{
    struct address want = {.thread = true, .base = o->base, .index = o->index, .scale = o->scale};
    long distance;
    if (o->base == REG_RIP || (!o->numeric && !is_thread_offset(o->displacement))) {
        refuse(r, REFUSE_TLS_MODEL);
        return NULL;
    }
    if (!cache_reaches(r, &want, &distance)) {
        load_thread_address(r, &want);
        cache_set(r, &want);
    }
    return format_text(SLICE_FORMAT "(%%r14,%%r11)" SLICE_FORMAT, SLICE_ARGS(o->displacement), SLICE_ARGS(o->decoration));
}

static char *drap_based(struct rewriter *r, const struct operand *o)
{
    if (o->index != REG_NONE || !o->numeric || !drap_known(r)) {
        refuse(r, REFUSE_NESTED);
        return NULL;
    }
    drap_load(r);
    return based_text(o, (long)o->value, "r11");
}

static bool reserved(int reg)
{
    return reg == R11 || reg == R14 || reg == R15;
}

/* r11 = what `want` describes, exactly */
static void load_cached(struct rewriter *r, const struct address *want)
{
    long distance;
    if (cache_reaches(r, want, &distance) && distance == 0)
        return;
    load_address(r, want);
    cache_set(r, want);
}

void address_take(struct rewriter *r, const struct operand *o)
{
    struct address want = {.base = o->base, .index = o->index, .scale = o->scale};
    split_displacement(o, &want.symbol, &want.number);
    load_cached(r, &want);
}

char *address_text(struct rewriter *r, const struct operand *o)
{
    if (o->base == R10)
        return drap_based(r, o);
    if (reserved(o->base) || reserved(o->index) || o->index == R10) {
        refuse(r, REFUSE_RESERVED);
        return NULL;
    }
    if (o->segment.length && slice_is(o->segment, "fs"))
        return thread_text(r, o);
    if (o->segment.length) {
        refuse(r, REFUSE_SEGMENT);
        return NULL;
    }
    if (slice_contains(o->displacement, "@GOT") || slice_contains(o->displacement, "@got") || slice_contains(o->displacement, "@tls")) {
        refuse(r, slice_contains(o->displacement, "@GOT") ? REFUSE_GOT : REFUSE_TLS_MODEL);
        return NULL;
    }
    if (o->base == REG_RIP)
        return format_text(SLICE_FORMAT, SLICE_ARGS(o->text));
    if (o->base == REG_NONE && o->index == REG_NONE && !o->numeric)
        return format_text(SLICE_FORMAT "(%%rip)" SLICE_FORMAT, SLICE_ARGS(o->displacement), SLICE_ARGS(o->decoration));
    if (o->base == RSP && o->index == REG_NONE && o->numeric && !literal_has_label(o->value - r->frame.d))
        return based_text(o, (long)o->value - r->frame.d, "r15");

    struct address want = {.base = o->base, .index = o->index, .scale = o->scale};
    if (is_thread_offset(o->displacement)) {
        load_cached(r, &want);
        return format_text(SLICE_FORMAT "(%%r14,%%r11)" SLICE_FORMAT, SLICE_ARGS(o->displacement), SLICE_ARGS(o->decoration));
    }
    split_displacement(o, &want.symbol, &want.number);
    long distance = 0;
    if (!cache_reaches(r, &want, &distance)) {
        /* A near displacement stays in the access: then r11 serves neighbours too. It wraps to unmapped edges of the slot only. */
        distance = !want.symbol.length && near(want.number) && (o->base != REG_NONE || o->index != REG_NONE) ? want.number : 0;
        want.number -= distance;
        load_address(r, &want);
        cache_set(r, &want);
    }
    return based_text(o, distance, "r11");
}

char *operand_text(struct rewriter *r, const struct operand *o)
{
    return o->kind == OPERAND_MEMORY ? address_text(r, o) : format_text(SLICE_FORMAT, SLICE_ARGS(o->text));
}

/* An address is arithmetic here, not an access: ordinary registers stay; what depends on the slot's place becomes 32 bits wide. */
void address_lea(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    const struct operand *o = &ops->item[0], *to = &ops->item[1];
    if (ops->count != 2 || o->kind != OPERAND_MEMORY || to->kind != OPERAND_REGISTER || o->segment.length) {
        refuse(r, REFUSE_SYNTAX);
        return;
    }
    int width = to->width < 4 ? to->width : 4;
    const char *suffix = width == 2 ? "w" : "l";
    if (o->base == REG_RIP || (o->base == REG_NONE && o->index == REG_NONE && !o->numeric)) {
        if (slice_contains(o->displacement, "@"))
            refuse(r, slice_contains(o->displacement, "@GOT") ? REFUSE_GOT : REFUSE_TLS_MODEL);
        emit(r, "lea%s\t" SLICE_FORMAT "%s, %%%s", suffix, SLICE_ARGS(o->text), o->base == REG_RIP ? "" : "(%rip)",
             register_name(to->reg, width));
    } else if (o->narrow) {
        address_take(r, o);
        emit(r, "mov%s\t%%%s, %%%s", suffix, register_name(R11, width), register_name(to->reg, width));
    } else if (o->base == RSP) {
        char *number = o->numeric ? format_text("%ld", (long)o->value - r->frame.d)
                                  : format_text(SLICE_FORMAT "%+ld", SLICE_ARGS(o->displacement), -r->frame.d);
        if (o->index != REG_NONE)
            emit(r, SLICE_FORMAT "\t%s(%%r15,%%%s,%d), %%%s", SLICE_ARGS(s->name), number, register_name(o->index, 8), o->scale,
                 register_name(to->reg, to->width));
        else if (o->numeric && o->value == r->frame.d && width == 4)
            emit(r, "movl\t%%r15d, %%%s", register_name(to->reg, 4));
        else
            emit(r, "lea%s\t%s(%%r15), %%%s", suffix, number, register_name(to->reg, width));
        free(number);
    } else if (o->numeric && literal_has_label(o->value) && width == 2) {
        refuse(r, REFUSE_LABEL_BYTES);
    } else if (o->numeric && literal_has_label(o->value)) {
        struct slice first = slice_trim((struct slice){o->text.start + o->displacement.length, o->text.length - o->displacement.length});
        long half = (long)o->value / 2;
        emit(r, SLICE_FORMAT "\t%ld" SLICE_FORMAT ", " SLICE_FORMAT, SLICE_ARGS(s->name), half, SLICE_ARGS(first), SLICE_ARGS(to->text));
        emit(r, SLICE_FORMAT "\t%ld(%%%s), " SLICE_FORMAT, SLICE_ARGS(s->name), (long)o->value - half, register_name(to->reg, 8),
             SLICE_ARGS(to->text));
    } else {
        char *texts[2] = {format_text(SLICE_FORMAT, SLICE_ARGS(o->text)), format_text(SLICE_FORMAT, SLICE_ARGS(to->text))};
        emit_with(r, s, texts, 2);
        free(texts[0]);
        free(texts[1]);
    }
    cache_follow(r, s, ops);
}

bool address_thread_block(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    const struct operand *o = &ops->item[0], *to = &ops->item[1];
    if (ops->count != 2 || o->kind != OPERAND_MEMORY || o->base != REG_NONE || o->index != REG_NONE || !o->numeric || !o->segment.length)
        return false;
    bool fs = slice_is(o->segment, "fs"), gs = slice_is(o->segment, "gs");
    if (!fs && !gs)
        return false;
    bool word = (o->value == 0 || (gs && o->value == 8));
    if (word && mnemonic_is(s->name, "mov") && to->kind == OPERAND_REGISTER && is_general(to->reg) && to->width == 8 && to->reg != RSP) {
        emit(r, "movq\t%%gs:%ld, %%%s", (long)o->value, register_name(to->reg, 8));
        cache_forget(r, 1u << to->reg);
        return true;
    }
    if (fs && o->value == 0 && to->kind == OPERAND_REGISTER && is_general(to->reg) && to->width == 8 && to->reg != RSP) {
        /* "addq %fs:0, %rax": the word is the thread pointer, not an access through it */
        emit(r, "movl\t%%gs:0, %%r11d");
        cache_clear(r);
        char *texts[2] = {format_text("%s", "%r11"), format_text(SLICE_FORMAT, SLICE_ARGS(to->text))};
        emit_with(r, s, texts, 2);
        free(texts[0]);
        free(texts[1]);
        return true;
    }
    return false;
}

/* "sym@GOTPCREL+4" without the part from '@' to the end of its name. */
static char *without_at(struct slice expression, const char *replacement)
{
    size_t at = 0, end;
    while (at < expression.length && expression.start[at] != '@')
        at++;
    for (end = at; end < expression.length && expression.start[end] != '+' && expression.start[end] != '-';)
        end++;
    return format_text("$%.*s%s%.*s", (int)at, expression.start, replacement, (int)(expression.length - end), expression.start + end);
}

/* A load from the table of addresses or of thread offsets is the address or the offset itself in a static image. */
bool address_got(struct rewriter *r, const struct statement *s, struct operands *ops)
{
    struct operand *o = &ops->item[0];
    if (ops->count != 2 || o->kind != OPERAND_MEMORY || o->base != REG_RIP || mnemonic_is(s->name, "lea"))
        return false;
    bool got = slice_contains(o->displacement, "@GOTPCREL"), offset = slice_contains(o->displacement, "@gottpoff") ||
               slice_contains(o->displacement, "@GOTTPOFF");
    const struct operand *to = &ops->item[1];
    if ((!got && !offset) || to->kind != OPERAND_REGISTER || !is_general(to->reg))
        return false;
    char *texts[2] = {without_at(o->displacement, offset ? "@tpoff" : ""), format_text(SLICE_FORMAT, SLICE_ARGS(to->text))};
    if (mnemonic_is(s->name, "test")) {
        refuse(r, REFUSE_GOT);
    } else {
        emit_with(r, s, texts, 2);
        cache_forget(r, mnemonic_writes(s->name, ops));
    }
    free(texts[0]);
    free(texts[1]);
    return true;
}

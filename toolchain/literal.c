/* SPDX-License-Identifier: Apache-2.0 */
/* Constants that contain the bytes of the branch label (f3 0f 1e fa): no instruction but the label may contain them, so such
 * constants are made from their complement. Displacements of the kind are taken apart in address.c. */
#define _GNU_SOURCE
#include "rewriter.h"
#include <stdlib.h>
#include <string.h>

bool literal_has_label(int64_t value)
{
    static const unsigned char tail[3] = {0x0f, 0x1e, 0xfa};
    return memmem(&value, sizeof value, tail, sizeof tail) != NULL;
}

/* Below everything that may be live under r15: the red zone has 128 bytes below V, and V is at most 8 below r15. */
#define SPILL_DISPLACEMENT (-160)

static int spill_register(const struct operands *ops)
{
    static const int candidates[] = {RCX, RSI, RDI, R8, R9, REG_NONE};
    return operands_spare(ops, candidates);
}

static int operation_width(const struct statement *s, const struct operands *ops)
{
    const struct operand *last = &ops->item[ops->count - 1];
    if (last->kind == OPERAND_REGISTER)
        return last->width;
    char suffix = s->name.start[s->name.length - 1];
    return suffix == 'q' ? 8 : suffix == 'w' ? 2 : suffix == 'b' ? 1 : 4;
}

/* Constant into a general register, in two steps that leave the flags alone. */
static void make_constant(struct rewriter *r, int64_t value, int reg, int width)
{
    if (width <= 4) {
        emit(r, "movl\t$%d, %%%s", (int)~(uint32_t)value, register_name(reg, 4));
        emit(r, "notl\t%%%s", register_name(reg, 4));
    } else {
        emit(r, "movabsq\t$%lld, %%%s", (long long)~value, register_name(reg, 8));
        emit(r, "notq\t%%%s", register_name(reg, 8));
    }
    cache_forget(r, 1u << reg);
}

/* imul $constant, source, to: the source first, if it is not the destination already. */
static void multiply(struct rewriter *r, const struct statement *s, const struct operands *ops, const char *constant)
{
    const struct operand *from = &ops->item[ops->count - 2], *to = &ops->item[ops->count - 1];
    if (ops->count == 3 && !operand_is_register(from, to->reg)) {
        char *text = operand_text(r, from);
        emit(r, "mov\t%s, " SLICE_FORMAT, text ? text : "", SLICE_ARGS(to->text));
        free(text);
    }
    emit(r, SLICE_FORMAT "\t%s, " SLICE_FORMAT, SLICE_ARGS(s->name), constant, SLICE_ARGS(to->text));
}

/* push $constant: the place on the stack first, then the constant goes there through a lent register. */
static void push_constant(struct rewriter *r, int64_t value, int spill)
{
    stack_step(r, -8);
    emit(r, "movq\t%%%s, %d(%%r14,%%r15)", register_name(spill, 8), SPILL_DISPLACEMENT);
    make_constant(r, value, spill, 8);
    emit(r, "movq\t%%%s, %ld(%%r14,%%r15)", register_name(spill, 8), -r->frame.d);
    emit(r, "movq\t%d(%%r14,%%r15), %%%s", SPILL_DISPLACEMENT, register_name(spill, 8));
}

bool literal_split(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    const struct operand *constant = &ops->item[0], *last = ops->count ? &ops->item[ops->count - 1] : constant;
    if (!ops->count || constant->kind != OPERAND_IMMEDIATE || !constant->numeric || !literal_has_label(constant->value))
        return false;
    int width = operation_width(s, ops), spill = spill_register(ops);
    bool move = (mnemonic_is(s->name, "mov") || mnemonic_is(s->name, "movabs")) && last->kind == OPERAND_REGISTER;
    if (move && is_general(last->reg) && last->reg != RSP) {
        make_constant(r, constant->value, last->reg, width);
        return true;
    }
    if (literal_has_label(~constant->value) || spill == REG_NONE || s->prefix_count || operand_is_register(last, RSP)) {
        refuse(r, REFUSE_LABEL_BYTES);
        return true;
    }
    if (ops->count == 1 && mnemonic_is(s->name, "push")) {
        push_constant(r, constant->value, spill);
        return true;
    }
    emit(r, "movq\t%%%s, %d(%%r14,%%r15)", register_name(spill, 8), SPILL_DISPLACEMENT);
    make_constant(r, constant->value, spill, width);
    char *texts[2] = {format_text("%%%s", register_name(spill, width)), NULL};
    if (mnemonic_is(s->name, "imul")) {
        multiply(r, s, ops, texts[0]);
    } else if (ops->count == 2) {
        texts[1] = operand_text(r, last);
        emit_with(r, s, texts, texts[1] ? 2 : 1);
    } else {
        refuse(r, REFUSE_LABEL_BYTES);
    }
    emit(r, "movq\t%d(%%r14,%%r15), %%%s", SPILL_DISPLACEMENT, register_name(spill, 8));
    free(texts[0]);
    free(texts[1]);
    cache_forget(r, mnemonic_writes(s->name, ops));
    return true;
}

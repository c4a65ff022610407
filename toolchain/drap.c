/* SPDX-License-Identifier: Apache-2.0 */
/* gcc's realignment of a frame that also has alloca or stack arguments. gcc keeps the CFA in r10 although r10 is reserved:
 *
 *     leaq 8(%rsp), %r10        here: nothing, r15 is the CFA
 *     andq $-32, %rsp           here: r15 aligned; the old r15 into the word below it
 *     pushq -8(%r10)            the copy of the return address, for debuggers: here that word, without a store
 *     pushq %rbp; movq %rsp, %rbp
 *     pushq %r10                and so on: reads of r10 load the word
 *     movq -16(%rbp), %r10; leave; leaq -8(%r10), %rsp      here: leave; load r15 from the word
 *
 * Where gcc found out late that no realignment is needed, r10 is saved like any register and then set from the frame pointer:
 *     pushq %rbp; movq %rsp, %rbp; ...; pushq %r10; ...; leaq 16(%rbp), %r10      here: r10 is nobody's; reads of it are rbp + 16 */
#include "rewriter.h"
#include <stdlib.h>

/* Loads the word into r11d or r15d. */
static void load_word(struct rewriter *r, const char *into)
{
    const struct frame *f = &r->frame;
    if (f->drap == DRAP_FRAMED) {
        emit(r, "movl\t%%ebp, %%r11d");
        emit(r, "movl\t%ld(%%r14,%%r11), %%%s", f->drap_frame, into);
    } else {
        emit(r, "movl\t%ld(%%r14,%%r15), %%%s", f->drap_above - f->d, into);
    }
    cache_clear(r);
}

bool drap_known(const struct rewriter *r)
{
    return r->frame.drap != DRAP_NONE || r->frame.drap_rbp;
}

void drap_load(struct rewriter *r)
{
    if (r->frame.drap == DRAP_NONE) {
        emit(r, "leal\t%ld(%%rbp), %%r11d", r->frame.drap_rbp);
        cache_clear(r);
    } else if (r->frame.drap == DRAP_POINTER) {
        emit(r, "leal\t%ld(%%r15), %%r11d", 8 - r->frame.d);
        cache_clear(r);
    } else {
        load_word(r, "r11d");
    }
}

static bool drap_begin(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    const struct operand *o = &ops->item[0];
    if (!mnemonic_is(s->name, "lea") || ops->count != 2 || !operand_is_register(&ops->item[1], R10) || o->base != RSP || o->value != 8)
        return false;
    if (r->frame.depth != 8 || unwind_ahead(r, r->at).reg != R10)
        return false;
    r->frame.drap = DRAP_POINTER;
    return true;
}

static bool drap_align(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    const struct operand *o = &ops->item[0];
    if (r->frame.drap != DRAP_POINTER || !mnemonic_is(s->name, "and") || ops->count != 2 || !operand_is_register(&ops->item[1], RSP))
        return false;
    struct frame *f = &r->frame;
    stack_set(r, 8);
    emit(r, "movl\t%%r15d, %%r11d");
    emit(r, "andl\t" SLICE_FORMAT ", %%r15d", SLICE_ARGS(o->text));
    f->d = 0;
    f->depth = DEPTH_UNKNOWN;
    f->drap = DRAP_STORED;
    f->drap_above = -8;
    cache_clear(r);
    emit(r, "movq\t%%r11, -8(%%r14,%%r15)");
    return true;
}

/* "pushq -8(%r10)": V moves, the word is there already. */
static bool drap_push(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    const struct operand *o = &ops->item[0];
    if (!mnemonic_is(s->name, "push") || ops->count != 1 || o->kind != OPERAND_MEMORY || o->base != R10 || o->value != -8 ||
        r->frame.drap != DRAP_STORED || r->frame.drap_above != -8)
        return false;
    stack_step(r, -8);
    return true;
}

/* The end: V = CFA - 8 by way of the word, which is on top of the stack by now. */
static bool drap_end(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    const struct operand *o = &ops->item[0];
    if (!mnemonic_is(s->name, "lea") || ops->count != 2 || !operand_is_register(&ops->item[1], RSP) || o->base != R10)
        return false;
    if (o->value != -8 || (r->frame.drap != DRAP_STORED && r->frame.drap != DRAP_FRAMED)) {
        refuse(r, REFUSE_FRAME);
        return true;
    }
    load_word(r, "r15d");
    r->frame.depth = 8;
    r->frame.d = 8;
    r->frame.drap = DRAP_NONE;
    return true;
}

/* An instruction that writes r10 restores what the word holds anyway. */
static bool drap_restore(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    const struct operand *last = &ops->item[ops->count - 1];
    if (!operand_is_register(last, R10) || last->width != 8)
        return false;
    if (mnemonic_is(s->name, "mov") && ops->item[0].kind == OPERAND_MEMORY)
        return true;
    if (!mnemonic_is(s->name, "pop"))
        return false;
    stack_step(r, 8);
    return true;
}

/* "movq %r10, memory": gcc gives the pointer a home in the frame. r11 cannot be both value and address, so a register that the address
 * does not need is lent, and kept below everything gcc uses (the red zone ends at V - 128). */
static void drap_store(struct rewriter *r, const struct operand *to)
{
    static const int lent[] = {RAX, RCX, RDX};
    int i = 0;
    while (lent[i] == to->base || lent[i] == to->index)
        i++;
    long below = -136 - r->frame.d;
    emit(r, "movq\t%%%s, %ld(%%r14,%%r15)", register_name(lent[i], 8), below);
    drap_load(r);
    emit(r, "movl\t%%r11d, %%%s", register_name(lent[i], 4));
    char *text = address_text(r, to);
    if (text)
        emit(r, "movq\t%%%s, %s", register_name(lent[i], 8), text);
    free(text);
    emit(r, "movq\t%ld(%%r14,%%r15), %%%s", below, register_name(lent[i], 8));
}

/* "leaq N(%r10,...), %reg": the address of an argument. */
static bool drap_lea(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    const struct operand *from = &ops->item[0], *to = &ops->item[ops->count - 1];
    if (!mnemonic_is(s->name, "lea") || ops->count != 2 || from->base != R10 || from->index == R10 || !from->numeric ||
        to->kind != OPERAND_REGISTER || to->width != 8 || !is_general(to->reg))
        return false;
    drap_load(r);
    if (from->index == REG_NONE)
        emit(r, "leal\t%ld(%%r11), %%%s", (long)from->value, register_name(to->reg, 4));
    else
        emit(r, "leal\t%ld(%%r11,%%%s,%d), %%%s", (long)from->value, register_name(from->index, 8), from->scale, register_name(to->reg, 4));
    cache_forget(r, 1u << to->reg);
    return true;
}

static bool drap_read(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    const struct operand *first = &ops->item[0], *last = &ops->item[ops->count - 1];
    if (!operand_is_register(first, R10) || first->width != 8)
        return false;
    if (mnemonic_is(s->name, "push")) {
        stack_step(r, -8);
        drap_load(r);
        emit(r, "movq\t%%r11, %ld(%%r14,%%r15)", -r->frame.d);
        return true;
    }
    if (mnemonic_is(s->name, "mov") && last->kind == OPERAND_MEMORY) {
        drap_store(r, last);
        return true;
    }
    if (mnemonic_is(s->name, "mov") && last->kind == OPERAND_REGISTER && last->width == 8 && is_general(last->reg)) {
        drap_load(r);
        emit(r, "movl\t%%r11d, %%%s", register_name(last->reg, 4));
        cache_forget(r, 1u << last->reg);
        return true;
    }
    return false;
}

/* Any other instruction that reads the pointer and touches no memory: r11 stands in for r10. */
static bool drap_operand(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    const struct operand *last = &ops->item[ops->count - 1];
    bool reads = false;
    for (int i = 0; i < ops->count; i++) {
        reads = reads || operand_is_register(&ops->item[i], R10);
        if (ops->item[i].kind == OPERAND_MEMORY || (operand_is_register(&ops->item[i], R10) && ops->item[i].width != 8))
            return false;
    }
    if (!reads || s->prefix_count || operand_is_register(last, R10) || mnemonic_branch(s->name) != BRANCH_NONE)
        return false;
    drap_load(r);
    char *texts[MAX_OPERANDS];
    for (int i = 0; i < ops->count; i++)
        texts[i] = operand_is_register(&ops->item[i], R10) ? format_text("%%r11") : operand_text(r, &ops->item[i]);
    emit_with(r, s, texts, ops->count);
    for (int i = 0; i < ops->count; i++)
        free(texts[i]);
    cache_forget(r, mnemonic_writes(s->name, ops));
    return true;
}

/* Does the frame end behind this statement? */
static bool before_leave(const struct rewriter *r)
{
    size_t at = r->at + 1;
    while (at < r->list.count && r->list.items[at].kind != STATEMENT_INSTRUCTION)
        at++;
    return at < r->list.count && (slice_is(r->list.items[at].name, "leave") || slice_is(r->list.items[at].name, "leaveq"));
}

/* r10 saved and restored though nobody's, and set from the frame pointer. */
static bool drap_late(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    const struct operand *first = &ops->item[0];
    bool push = mnemonic_is(s->name, "push"), pop = mnemonic_is(s->name, "pop");
    if (ops->count == 1 && (push || pop) && operand_is_register(first, R10) && first->width == 8) {
        stack_step(r, push ? -8 : 8);
        return true;
    }
    if (ops->count == 2 && mnemonic_is(s->name, "mov") && first->kind == OPERAND_MEMORY && first->base == RBP &&
        operand_is_register(&ops->item[1], R10) && r->frame.drap_rbp && before_leave(r))
        return true;
    if (ops->count != 2 || !mnemonic_is(s->name, "lea") || !operand_is_register(&ops->item[1], R10) || first->kind != OPERAND_MEMORY ||
        first->base != RBP || first->index != REG_NONE || !first->numeric || r->frame.cfa.reg != RBP || first->value != r->frame.cfa.offset)
        return false;
    r->frame.drap_rbp = (long)first->value;
    return true;
}

bool drap_instruction(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    if (!ops->count || r->inline_assembly || !r->source->from_compiler)
        return false;
    if (drap_begin(r, s, ops))
        return true;
    if (r->frame.drap == DRAP_NONE)
        return r->frame.described && (drap_late(r, s, ops) || (r->frame.drap_rbp && (drap_lea(r, s, ops) || drap_read(r, s, ops) ||
                                                                                    drap_operand(r, s, ops))));
    if (operand_is_register(&ops->item[0], RSP) && operand_is_register(&ops->item[ops->count - 1], RBP) && r->frame.drap == DRAP_STORED) {
        r->frame.drap_frame = r->frame.drap_above;
        r->frame.drap = DRAP_FRAMED; /* movq %rsp, %rbp: from here the word is at a constant distance from rbp */
        return false;
    }
    return drap_align(r, s, ops) || drap_push(r, s, ops) || drap_end(r, s, ops) || drap_lea(r, s, ops) ||
           drap_restore(r, s, ops) || drap_read(r, s, ops) || drap_operand(r, s, ops);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The data stack: what gcc does with rsp, done with r15 (see rewriter.h). lea everywhere, because flags may be live. */
#include "rewriter.h"
#include <stdlib.h>

long stack_canonical(long depth)
{
    return depth == 8 ? 8 : 0;
}

void stack_set(struct rewriter *r, long d)
{
    struct frame *f = &r->frame;
    if (f->d == d)
        return;
    long step = d - f->d;
    emit(r, "leal\t%ld(%%r15), %%r15d", step);
    f->d = d;
}

void stack_settle(struct rewriter *r)
{
    stack_set(r, stack_canonical(r->frame.depth));
}

/* V moves by `step`; r15 stays for now. */
static void stack_move(struct rewriter *r, long step)
{
    struct frame *f = &r->frame;
    f->d -= step;
    if (f->depth != DEPTH_UNKNOWN)
        f->depth -= step;
    if (f->drap == DRAP_STORED)
        f->drap_above -= step;
    cache_step(r, RSP, step);
}

static bool constant_step(const struct statement *s, const struct operands *ops, long *step)
{
    const struct operand *first = &ops->item[0];
    if (mnemonic_is(s->name, "push")) {
        *step = -8;
        return ops->count == 1;
    }
    if (mnemonic_is(s->name, "pop")) {
        *step = 8;
        return ops->count == 1;
    }
    if (ops->count != 2 || !operand_is_register(&ops->item[1], RSP) || ops->item[1].width != 8)
        return false;
    if (first->kind == OPERAND_IMMEDIATE && first->numeric && (mnemonic_is(s->name, "add") || mnemonic_is(s->name, "sub"))) {
        *step = (long)(mnemonic_is(s->name, "add") ? first->value : -first->value);
        return true;
    }
    if (mnemonic_is(s->name, "lea") && first->kind == OPERAND_MEMORY && first->base == RSP && first->index == REG_NONE && first->numeric &&
        !first->segment.length) {
        *step = (long)first->value;
        return true;
    }
    return false;
}

/* Does the instruction leave V alone, and reads it only in ways that do not care where r15 is? */
static bool indifferent(const struct statement *s, const struct operands *ops)
{
    for (int i = 0; i < ops->count; i++)
        if (operand_is_register(&ops->item[i], RSP) && !(i == 0 && mnemonic_is(s->name, "mov") && ops->item[1].kind == OPERAND_REGISTER))
            return false;
    return mnemonic_branch(s->name) == BRANCH_NONE && !slice_starts(s->name, "leave");
}

/* How far below its new place V goes before the block ends: r15 moves there at once. */
static long lowest_ahead(const struct rewriter *r)
{
    long here = 0, lowest = 0, step;
    int budget = 60;
    for (size_t i = r->at + 1; i < r->list.count && budget; i++) {
        const struct statement *s = &r->list.items[i];
        if (s->kind == STATEMENT_LABEL && is_target(r, s->text))
            break;
        if (s->kind == STATEMENT_DIRECTIVE && (slice_is(s->name, ".cfi_endproc") || slice_starts(s->name, ".section")))
            break;
        if (s->kind != STATEMENT_INSTRUCTION)
            continue;
        struct operands ops;
        operands_parse(&ops, s);
        if (constant_step(s, &ops, &step))
            here += step;
        else if (!indifferent(s, &ops))
            break;
        if (here < lowest)
            lowest = here;
        budget--;
    }
    return lowest;
}

/* V moves by `step`; if that goes below r15, r15 follows, at once as far as the block will go. */
void stack_step(struct rewriter *r, long step)
{
    stack_move(r, step);
    long want = stack_canonical(r->frame.depth);
    if (step < 0 && r->frame.d > want)
        stack_set(r, lowest_ahead(r) ? lowest_ahead(r) : want);
}

static char *top_text(const struct rewriter *r, long above)
{
    long displacement = above - r->frame.d;
    return displacement ? format_text("%ld(%%r14,%%r15)", displacement) : format_text("(%%r14,%%r15)");
}

/* r11 is written by 32-bit operations only, so a pushed word from memory goes in two halves. */
static void push_memory(struct rewriter *r, const struct operand *o)
{
    for (int half = 0; half < 8; half += 4) {
        char *address = address_text(r, o);
        if (!address)
            return;
        if (half && address[0] == '(')
            emit(r, "movl\t4%s, %%r11d", address);
        else if (half)
            emit(r, "movl\t4+%s, %%r11d", address);
        else
            emit(r, "movl\t%s, %%r11d", address);
        free(address);
        cache_clear(r);
        char *top = top_text(r, -8 + half);
        emit(r, "movl\t%%r11d, %s", top);
        free(top);
    }
}

static void push(struct rewriter *r, const struct operand *o)
{
    if (o->kind == OPERAND_REGISTER && (!is_general(o->reg) || o->width != 8)) {
        refuse(r, REFUSE_STACK_POINTER);
        return;
    }
    bool self = operand_is_register(o, RSP);
    if (self)
        emit(r, "leal\t%ld(%%r15), %%r11d", -r->frame.d);
    stack_step(r, -8);
    if (o->kind == OPERAND_MEMORY) {
        stack_move(r, 8); /* the operand may be relative to the old V */
        push_memory(r, o);
        stack_move(r, -8);
        return;
    }
    char *top = top_text(r, 0);
    emit(r, "movq\t" SLICE_FORMAT ", %s", SLICE_ARGS(self ? slice_of("%r11") : o->text), top);
    free(top);
    if (self)
        cache_clear(r);
}

/* From here rbp is the caller's: a realignment word that was found through it is found through V, which stands where rbp pointed. */
static void rbp_restored(struct rewriter *r)
{
    if (r->frame.drap == DRAP_FRAMED) {
        r->frame.drap = DRAP_STORED;
        r->frame.drap_above = r->frame.drap_frame - 8;
    }
    r->frame.rbp_depth = DEPTH_UNKNOWN;
}

static void pop(struct rewriter *r, const struct operands *ops)
{
    const struct operand *o = &ops->item[0];
    if (o->kind != OPERAND_REGISTER || !is_general(o->reg) || o->width != 8 || o->reg == RSP) {
        refuse(r, o->kind == OPERAND_MEMORY ? REFUSE_POP_MEMORY : REFUSE_STACK_POINTER);
        return;
    }
    char *top = top_text(r, 0);
    emit(r, "movq\t%s, %%%s", top, register_name(o->reg, 8));
    free(top);
    cache_forget(r, 1u << o->reg);
    stack_step(r, 8);
    if (o->reg == RBP)
        rbp_restored(r);
}

/* The depth behind an instruction that sets V from elsewhere. */
static long depth_ahead(const struct rewriter *r, long otherwise)
{
    if (!r->frame.described || !r->source->from_compiler)
        return otherwise;
    struct cfa cfa = unwind_ahead(r, r->at);
    return cfa.reg == RSP ? cfa.offset : DEPTH_UNKNOWN;
}

/* V = rbp + 8, rbp = the word at the old rbp */
static void leave(struct rewriter *r)
{
    struct frame *f = &r->frame;
    long depth = depth_ahead(r, f->rbp_depth == DEPTH_UNKNOWN ? DEPTH_UNKNOWN : f->rbp_depth - 8);
    long d = stack_canonical(depth);
    emit(r, "leal\t%ld(%%rbp), %%r15d", 8 + d);
    f->d = d;
    f->depth = depth;
    rbp_restored(r);
    emit(r, "movq\t%ld(%%r14,%%r15), %%rbp", -8 - d);
    cache_forget(r, 1u << RBP | 1u << RSP);
}

/* mov or lea into rsp */
static void stack_from(struct rewriter *r, const struct operand *o, bool address)
{
    struct frame *f = &r->frame;
    long offset = address ? (long)o->value : 0;
    int from = address ? o->base : o->kind == OPERAND_REGISTER ? o->reg : REG_NONE;
    long otherwise = from == RBP && f->rbp_depth != DEPTH_UNKNOWN ? f->rbp_depth - offset : DEPTH_UNKNOWN;
    long depth = depth_ahead(r, otherwise), d = stack_canonical(depth);
    if (address && (!o->numeric || o->base == REG_RIP || o->base == REG_NONE)) {
        refuse(r, REFUSE_STACK_POINTER);
        return;
    }
    if (address && o->index != REG_NONE) {
        stack_set(r, 0);
        emit(r, "leal\t%ld(%%%s,%%%s,%d), %%r15d", offset + d, o->base == RSP ? "r15" : register_name(o->base, 8),
             register_name(o->index, 8), o->scale);
    } else if (from != REG_NONE && offset + d) {
        emit(r, "leal\t%ld(%%%s), %%r15d", offset + d, register_name(from, 8));
    } else if (from != REG_NONE) {
        emit(r, "movl\t%%%s, %%r15d", register_name(from, 4));
    } else {
        char *text = address_text(r, o);
        emit(r, "movl\t%s, %%r15d", text ? text : "");
        free(text);
        if (d)
            emit(r, "leal\t%ld(%%r15), %%r15d", d);
    }
    f->d = d;
    f->depth = depth;
    cache_forget(r, 1u << RSP);
}

/* add, sub or and of something variable: V is 0 mod 16 or better and no longer at a known distance from the CFA. */
static void stack_arithmetic(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    const char *name = mnemonic_is(s->name, "add") ? "addl" : mnemonic_is(s->name, "sub") ? "subl" : "andl";
    const struct operand *o = &ops->item[0];
    if (o->kind == OPERAND_REGISTER && (!is_general(o->reg) || o->reg == RSP)) {
        refuse(r, REFUSE_STACK_POINTER);
        return;
    }
    stack_set(r, 0);
    char *text = o->kind == OPERAND_REGISTER ? format_text("%%%s", register_name(o->reg, 4)) : operand_text(r, o);
    if (text)
        emit(r, "%s\t%s, %%r15d", name, text);
    free(text);
    r->frame.depth = DEPTH_UNKNOWN;
    cache_forget(r, 1u << RSP);
}

static bool mentions_stack_register(const struct operands *ops)
{
    for (int i = 0; i < ops->count; i++)
        if (operand_is_register(&ops->item[i], RSP))
            return true;
    return false;
}

/* Any other instruction that reads V as a number: r15 takes its place. */
static void stack_read(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    const struct operand *last = &ops->item[ops->count - 1];
    bool compares = mnemonic_is(s->name, "cmp") || mnemonic_is(s->name, "test");
    if (mnemonic_is(s->name, "mov") && last->kind == OPERAND_REGISTER && is_general(last->reg) && last->width >= 4) {
        if (r->frame.d)
            emit(r, "leal\t%ld(%%r15), %%%s", -r->frame.d, register_name(last->reg, 4));
        else
            emit(r, "movl\t%%r15d, %%%s", register_name(last->reg, 4));
        cache_follow(r, s, ops);
        if (last->reg == RBP)
            r->frame.rbp_depth = r->frame.depth;
        return;
    }
    if ((operand_is_register(last, RSP) && !compares) || mnemonic_writes(s->name, ops) == ALL_REGISTERS ||
        mnemonic_is(s->name, "xchg") || mnemonic_is(s->name, "xadd")) {
        refuse(r, REFUSE_STACK_POINTER);
        return;
    }
    stack_set(r, 0);
    char *texts[MAX_OPERANDS];
    for (int i = 0; i < ops->count; i++)
        texts[i] = operand_is_register(&ops->item[i], RSP) ? format_text("%%%s", register_name(R15, ops->item[i].width))
                                                            : operand_text(r, &ops->item[i]);
    emit_with(r, s, texts, ops->count);
    cache_forget(r, mnemonic_writes(s->name, ops));
}

/* "mov mem, %rsp" before an indirect jump is __builtin_longjmp, not the end of a variable array's scope. */
static bool jumps_ahead(const struct rewriter *r)
{
    for (size_t i = r->at + 1; i < r->list.count && i < r->at + 12; i++) {
        const struct statement *s = &r->list.items[i];
        if (s->kind == STATEMENT_LABEL && is_target(r, s->text))
            return false;
        if (s->kind == STATEMENT_INSTRUCTION && mnemonic_branch(s->name) != BRANCH_NONE)
            return mnemonic_branch(s->name) == BRANCH_JUMP && s->arguments.length && s->arguments.start[0] == '*';
    }
    return false;
}

/* __builtin_return_address: the return address is where no domain can read it, so there is none to tell. */
static bool return_address(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    const struct frame *f = &r->frame;
    const struct operand *from = &ops->item[0], *to = &ops->item[1];
    if (!f->described || !r->source->from_compiler || r->inline_assembly || !mnemonic_is(s->name, "mov") || ops->count != 2 ||
        from->kind != OPERAND_MEMORY || from->index != REG_NONE || from->segment.length || !from->numeric ||
        to->kind != OPERAND_REGISTER || !is_general(to->reg) || to->width != 8)
        return false;
    bool below_cfa = (from->base == RSP && f->depth != DEPTH_UNKNOWN && from->value == f->depth - 8) ||
                     (from->base == RBP && f->cfa.reg == RBP && from->value == f->cfa.offset - 8);
    if (!below_cfa)
        return false;
    emit(r, "movl\t$0, %%%s", register_name(to->reg, 4));
    cache_forget(r, 1u << to->reg);
    return true;
}

bool stack_instruction(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    long step;
    const struct operand *first = &ops->item[0], *last = ops->count ? &ops->item[ops->count - 1] : first;
    if (mnemonic_is(s->name, "push") && ops->count == 1)
        push(r, first);
    else if (mnemonic_is(s->name, "pop") && ops->count == 1)
        pop(r, ops);
    else if (constant_step(s, ops, &step))
        stack_step(r, step);
    else if (slice_is(s->name, "leave") || slice_is(s->name, "leaveq"))
        leave(r);
    else if (return_address(r, s, ops))
        return true;
    else if (!mentions_stack_register(ops))
        return false;
    else if (s->prefix_count)
        refuse(r, REFUSE_STACK_POINTER);
    else if (ops->count == 2 && operand_is_register(last, RSP) && last->width == 8 && mnemonic_is(s->name, "mov") &&
             !operand_is_register(first, RSP) && first->kind != OPERAND_IMMEDIATE) {
        if (first->kind == OPERAND_MEMORY && jumps_ahead(r))
            refuse(r, REFUSE_LONGJMP);
        else
            stack_from(r, first, false);
    } else if (ops->count == 2 && operand_is_register(last, RSP) && last->width == 8 && mnemonic_is(s->name, "lea"))
        stack_from(r, first, true);
    else if (ops->count == 2 && operand_is_register(last, RSP) && last->width == 8 &&
             (mnemonic_is(s->name, "add") || mnemonic_is(s->name, "sub") || mnemonic_is(s->name, "and")))
        stack_arithmetic(r, s, ops);
    else
        stack_read(r, s, ops);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A pointer that is loaded or computed only to be followed goes into r11 at once: "movq 8(%rdi), %rax; movq (%rax), %rax" needs rax for
 * nothing but the address, which would be moved to r11d by an instruction of its own. Whether that is so is decided by looking ahead,
 * carefully: what is not known to leave the register alone counts as reading it. */
#include "rewriter.h"
#include <stdlib.h>

enum { AHEAD = 48, CALLEE_SAVED = 1 << RBX | 1 << RBP | 1 << R12 | 1 << R13, RESULTS = 1 << RAX | 1 << RDX };

static bool is_load(const struct statement *s)
{
    return mnemonic_is(s->name, "mov") || slice_is(s->name, "movslq") || slice_is(s->name, "movzbl") || slice_is(s->name, "movzwl");
}

/* Does it give the register a value that does not depend on the old one? */
static bool overwrites(const struct statement *s, const struct operands *ops, int reg)
{
    const struct operand *first = &ops->item[0], *last = &ops->item[ops->count - 1];
    if (!ops->count || !operand_is_register(last, reg) || last->width < 4)
        return false;
    if (ops->count == 1)
        return mnemonic_is(s->name, "pop");
    if (mnemonic_is(s->name, "xor"))
        return ops->count == 2 && operand_is_register(first, reg) && first->width == last->width;
    return ops->count == 2 && (is_load(s) || slice_starts(s->name, "movz") || slice_starts(s->name, "movs") || mnemonic_is(s->name, "lea"));
}

/* An access through the register alone, which r11 serves if it holds it. */
static bool is_use(const struct statement *s, const struct operand *o, int reg)
{
    return o->kind == OPERAND_MEMORY && o->base == reg && o->index == REG_NONE && o->numeric && o->value >= -EDGE && o->value <= EDGE &&
           !o->segment.length && !mnemonic_is(s->name, "lea") && !mnemonic_is(s->name, "push") && !mnemonic_is(s->name, "pop");
}

/* Does the operand's address go without r11? */
static bool spares_r11(const struct statement *s, const struct operand *o)
{
    if (o->kind != OPERAND_MEMORY)
        return true;
    if (o->segment.length || mnemonic_is(s->name, "push") || mnemonic_is(s->name, "pop"))
        return false;
    return mnemonic_is(s->name, "lea") || o->base == REG_RIP || (o->base == RSP && o->index == REG_NONE && o->numeric) ||
           (o->base == REG_NONE && o->index == REG_NONE && !o->numeric);
}

enum step { STEP_ON, STEP_DEAD, STEP_LIVE };

/* One instruction after the pointer was made. *held: r11 still has it; *uses: accesses through it so far. */
static enum step look_at(const struct statement *s, int reg, bool *held, int *uses)
{
    struct operands ops;
    bool clobbered = false;
    operands_parse(&ops, s);
    if (ops.problem || s->prefix_count || !mnemonic_explicit(s->name, &ops))
        return STEP_LIVE;
    bool ends = overwrites(s, &ops, reg), cleared = ends && mnemonic_is(s->name, "xor");
    for (int i = 0; i < ops.count; i++) {
        const struct operand *o = &ops.item[i];
        if (is_use(s, o, reg)) {
            if (!*held)
                return STEP_LIVE;
            ++*uses;
        } else if (operand_mentions(o, R10) || (operand_mentions(o, reg) && !cleared && !(ends && i == ops.count - 1))) {
            return STEP_LIVE;
        }
        clobbered = clobbered || (!is_use(s, o, reg) && !spares_r11(s, o));
    }
    *held = *held && !clobbered;
    return ends ? STEP_DEAD : STEP_ON;
}

/* Where control goes on from a branch whose register operands have been looked at; false: nowhere that is known. */
static bool branch_goes(const struct rewriter *r, const struct statement *s, size_t *to)
{
    return s->arguments.length && s->arguments.start[0] != '*' && flow_place(r, s->arguments, to);
}

/* Will the register be overwritten on every way from statement `at` before it is read? Counting accesses through it while r11 holds it. */
static bool dies(const struct rewriter *r, size_t at, int reg, bool held, int *uses, int *budget)
{
    size_t to;
    for (; at < r->list.count; at++) {
        const struct statement *s = &r->list.items[at];
        if (s->kind == STATEMENT_COMMENT && slice_starts(s->text, "#APP"))
            return false;
        if (s->kind == STATEMENT_DIRECTIVE && (slice_is(s->name, ".cfi_endproc") || slice_is(s->name, ".section")))
            return false;
        if (s->kind == STATEMENT_LABEL && is_target(r, s->text))
            held = false; /* others come here too */
        if (s->kind != STATEMENT_INSTRUCTION) /* not counted: -g shall not change the code */
            continue;
        if (--*budget <= 0)
            return false;
        enum branch branch = s->name.length ? mnemonic_branch(s->name) : BRANCH_NONE;
        if (branch == BRANCH_NONE) {
            enum step step = look_at(s, reg, &held, uses);
            if (step != STEP_ON)
                return step == STEP_DEAD;
        } else if (branch == BRANCH_CONDITIONAL) {
            if (!branch_goes(r, s, &to) || !dies(r, to, reg, false, uses, budget))
                return false;
        } else if (branch == BRANCH_JUMP) {
            return branch_goes(r, s, &to) && dies(r, to, reg, false, uses, budget);
        } else {
            return branch == BRANCH_TRAP || (branch == BRANCH_RETURN && !((CALLEE_SAVED | RESULTS) >> reg & 1));
        }
    }
    return false;
}

static bool worth_it(const struct rewriter *r, const struct operand *to)
{
    int uses = 0, budget = AHEAD;
    return dies(r, r->at + 1, to->reg, true, &uses, &budget) && uses > 0;
}

bool follow_instruction(struct rewriter *r, struct statement *s, const struct operands *ops)
{
    const struct operand *from = &ops->item[0], *to = &ops->item[1];
    bool described = r->frame.described && r->source->from_compiler && !r->inline_assembly;
    bool lea = mnemonic_is(s->name, "lea");
    if (!described || s->unfollowed || s->prefix_count || ops->count != 2 || from->kind != OPERAND_MEMORY || from->segment.length ||
        (!is_load(s) && !lea) || to->kind != OPERAND_REGISTER || !is_general(to->reg) || to->width < 4 || to->reg == RSP ||
        (to->reg == RBP && r->frame.cfa.reg == RBP) || slice_contains(from->displacement, "@") || operand_mentions(from, R10))
        return false;
    if (lea && (from->base == REG_RIP || from->base == RSP || from->base == REG_NONE || !from->numeric || to->width != 8))
        return false;
    if (!worth_it(r, to))
        return false;
    if (lea) {
        address_take(r, from);
    } else {
        char *text = address_text(r, from);
        if (!text)
            return true;
        bool narrow = slice_starts(s->name, "movz");
        emit(r, SLICE_FORMAT "\t%s, %%r11d", SLICE_ARGS(narrow ? s->name : slice_of("movl")), text);
        free(text);
    }
    cache_set(r, &(struct address){.base = to->reg, .index = REG_NONE, .scale = 1});
    r->followed = to->reg;
    r->followed_from = r->at;
    return true;
}

static void give_up(struct rewriter *r)
{
    r->list.items[r->followed_from].unfollowed = true;
    r->follow_failed = true;
}

/* The register is about to be read although it was not loaded: what lay ahead was misjudged, so its function is rewritten without. */
void follow_check(struct rewriter *r, const struct address *want)
{
    if (r->followed != REG_NONE && (want->base == r->followed || want->index == r->followed))
        give_up(r);
}

/* These registers may have changed. That of the pointer does so when it is overwritten, and not before. */
void follow_changed(struct rewriter *r, unsigned registers)
{
    struct operands ops;
    if (r->followed == REG_NONE || !(registers >> r->followed & 1))
        return;
    operands_parse(&ops, &r->list.items[r->at]);
    if (!overwrites(&r->list.items[r->at], &ops, r->followed))
        give_up(r);
    r->followed = REG_NONE;
}

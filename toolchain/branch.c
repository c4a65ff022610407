/* SPDX-License-Identifier: Apache-2.0 */
/* Branches: direct ones stay, indirect ones get the check that they land on a label (endbr64). */
#include "layout.h"
#include "rewriter.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The trap stands behind the next instruction that ends control flow, so that its branch is short. */
void branch_place_trap(struct rewriter *r)
{
    if (!r->trap_wanted)
        return;
    emit_raw(r, ".Lporin_trap%d:", r->trap_number);
    emit(r, "ud2");
    r->trap_number++;
    r->trap_wanted = false;
}

void branch_to_trap(struct rewriter *r)
{
    emit(r, "jne\t.Lporin_trap%d", r->trap_number);
    r->trap_wanted = true;
}

static void checked_branch(struct rewriter *r, const char *from, bool memory, bool call)
{
    char *trap = format_text(".Lporin_trap%d", r->trap_number);
    enum sequence_id id = memory ? (call ? SEQUENCE_CALL_MEMORY : SEQUENCE_JUMP_MEMORY) : (call ? SEQUENCE_CALL : SEQUENCE_JUMP);
    r->trap_wanted = true;
    sequence_emit(r, id, (const char *const[]){from, trap});
    free(trap);
}

/* How many labels stand in the constant table that follows the jump through it, as gcc writes a switch; 0: it is none. */
static size_t switch_table(const struct rewriter *r, const struct operand *o, size_t *first)
{
    size_t at = r->at + 1;
    const struct statement *s = r->list.items;
    if (!r->frame.described || !r->source->from_compiler || r->inline_assembly)
        return 0;
    if (o->base != REG_NONE || !is_general(o->index) || o->scale != 8 || o->segment.length)
        return 0;
    if (at >= r->list.count || !slice_is(s[at].name, ".section") || !slice_starts(s[at].arguments, ".rodata"))
        return 0;
    while (++at < r->list.count && slice_is(s[at].name, ".align"))
        ;
    if (at >= r->list.count || s[at].kind != STATEMENT_LABEL || !slice_equal(s[at].text, o->displacement))
        return 0;
    for (*first = ++at; at < r->list.count && slice_is(s[at].name, ".quad") && slice_starts(s[at].arguments, ".L");)
        at++;
    return at < r->list.count && slice_is(s[at].name, ".quad") ? 0 : at - *first; /* something else stands in it */
}

/* A switch goes through a copy of its table in the text, made of jumps. gcc has compared the number with the table's length. */
static bool switch_branch(struct rewriter *r, const struct operand *o)
{
    size_t first = 0, count = switch_table(r, o, &first), places = 1;
    while (places < count)
        places *= 2;
    if (!count || places > PORIN_SWITCH_MASK + 1)
        return false;
    char *from = format_text("%%%s", register_name(o->index, 4)), *mask = format_text("%zu", places - 1);
    char *table = format_text(".Lporin_switch_" SLICE_FORMAT, SLICE_ARGS(o->displacement));
    sequence_emit(r, SEQUENCE_SWITCH, (const char *const[]){from, mask, table});
    emit(r, ".p2align 3");
    emit_raw(r, "%s:", table);
    for (size_t i = first; i < first + count; i++) {
        emit(r, "jmp\t" SLICE_FORMAT, SLICE_ARGS(r->list.items[i].arguments));
        emit(r, ".p2align 3, 0xcc");
    }
    if (places > count)
        emit(r, ".skip %zu, 0xcc", 8 * (places - count));
    free(from);
    free(mask);
    free(table);
    return true;
}

static void indirect_branch(struct rewriter *r, const struct operand *o, bool call)
{
    if (o->kind == OPERAND_REGISTER && is_general(o->reg) && o->reg != RSP && o->width == 8) {
        char *from = format_text("%%%s", register_name(o->reg, 4));
        checked_branch(r, from, false, call);
        free(from);
    } else if (o->kind == OPERAND_MEMORY && (call || !switch_branch(r, o))) {
        char *from = address_text(r, o);
        if (from)
            checked_branch(r, from, true, call);
        free(from);
    } else if (o->kind != OPERAND_MEMORY) {
        refuse(r, REFUSE_BRANCH);
    }
}

/* "foo@PLT" and "*foo@GOTPCREL(%rip)" are foo in a static image. */
static struct slice target_name(const struct operand *o)
{
    struct slice name = o->displacement;
    for (size_t i = 0; i < name.length; i++)
        if (name.start[i] == '@')
            name.length = i;
    return name;
}

bool branch_names(struct slice name, struct slice label, char way)
{
    if (slice_equal(name, label))
        return true;
    return name.length == label.length + 1 && name.start[label.length] == way && isdigit((unsigned char)label.start[0]) &&
           memcmp(name.start, label.start, label.length) == 0;
}

/* Hand-written assembly: all branches to a label bring the stack as it is there, calls an empty one. */
static void branch_label(struct rewriter *r, struct slice label, long depth)
{
    if (r->frame.described && r->source->from_compiler)
        return;
    const struct jump *place = r->places;
    while (place && !branch_names(label, place->label, 'b'))
        place = place->next;
    if (place && stack_canonical(place->depth) != stack_canonical(depth))
        refuse(r, REFUSE_STACK_DEPTH);
    struct jump *jump = grow(NULL, sizeof *jump);
    *jump = (struct jump){label, depth, r->jumps};
    r->jumps = jump;
}

static void jump_to(struct rewriter *r, const struct operand *o, bool call)
{
    bool got = o->indirect && o->kind == OPERAND_MEMORY && o->base == REG_RIP && slice_contains(o->displacement, "@GOTPCREL");
    if (o->indirect && !got) {
        indirect_branch(r, o, call);
        return;
    }
    if (o->kind != OPERAND_MEMORY || (!got && o->base != REG_NONE) || o->index != REG_NONE || o->segment.length) {
        refuse(r, REFUSE_BRANCH);
        return;
    }
    struct slice name = target_name(o);
    if (is_weak(r, name)) { /* without a definition it is a call of 0, which no direct branch may name: trapped only if executed */
        emit(r, "movl\t$" SLICE_FORMAT ", %%r11d", SLICE_ARGS(name));
        checked_branch(r, "%r11d", false, call);
        return;
    }
    branch_label(r, name, call ? 8 : r->frame.depth);
    if (!call)
        flow_edge(r, name);
    emit(r, "%s\t" SLICE_FORMAT, call ? "call" : "jmp", SLICE_ARGS(name));
}

void branch_instruction(struct rewriter *r, const struct statement *s, const struct operands *ops, enum branch branch)
{
    bool plain = branch == BRANCH_RETURN || branch == BRANCH_TRAP;
    if (ops->count != (plain ? 0 : 1)) {
        refuse(r, REFUSE_BRANCH);
        return;
    }
    bool hand_written = !r->frame.described || !r->source->from_compiler;
    if (branch == BRANCH_RETURN && hand_written && r->frame.depth != 8 && r->frame.depth != DEPTH_UNKNOWN)
        refuse(r, REFUSE_STACK_DEPTH);
    if (branch != BRANCH_TRAP)
        stack_settle(r);
    switch (branch) {
    case BRANCH_CALL:
        stack_set(r, 0); /* the callee finds its stack arguments at r15 */
        jump_to(r, &ops->item[0], true);
        r->after_call = true;
        break;
    case BRANCH_JUMP:
        jump_to(r, &ops->item[0], false);
        break;
    case BRANCH_CONDITIONAL: {
        struct slice name = target_name(&ops->item[0]);
        branch_label(r, name, r->frame.depth);
        flow_edge(r, name);
        emit(r, SLICE_FORMAT "\t" SLICE_FORMAT, SLICE_ARGS(s->name), SLICE_ARGS(name));
        return;
    }
    default:
        emit(r, plain && branch == BRANCH_RETURN ? "ret" : "ud2");
    }
    cache_clear(r);
    if (branch == BRANCH_CALL)
        return;
    r->reachable = false;
    branch_place_trap(r);
}

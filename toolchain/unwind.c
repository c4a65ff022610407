/* SPDX-License-Identifier: Apache-2.0 */
/* Frame information for debuggers. The return address is at [rsp], always; the frame is at r14 + r15 + something; saved registers stay
 * at their distances from the CFA. Numbers: DWARF 5, sections 6.4.2 and 7.7.1; register numbers: System V psABI, figure 3.36. */
#include "rewriter.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CFA_DEF_EXPRESSION = 0x0f, CFA_EXPRESSION = 0x10, CFA_VAL_EXPRESSION = 0x16,
    OP_DEREF = 0x06, OP_CONST4U = 0x0c, OP_AND = 0x1a, OP_PLUS = 0x22, OP_BREG0 = 0x70,
    DWARF_RBP = 6, DWARF_RSP = 7, DWARF_R14 = 14, DWARF_R15 = 15, DWARF_RETURN = 16
};

/* Hardware numbers of the DWARF registers 0 to 15, and back: the table is its own inverse but for a cycle of four. */
static const int hardware[16] = {RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP, R8, R9, R10, R11, R12, R13, R14, R15};

static int dwarf_number(int reg)
{
    for (int i = 0; i < 16; i++)
        if (hardware[i] == reg)
            return i;
    return DWARF_RSP;
}

static int dwarf_register(struct slice text)
{
    int64_t number;
    int reg, width;
    bool high;
    text = slice_trim(text);
    if (expression_value(text, &number))
        return number >= 0 && number < 16 ? hardware[number] : REG_OTHER;
    if (text.length && text.start[0] == '%')
        text = slice_skip(text, 1);
    return register_parse(text, &reg, &width, &high) && is_general(reg) ? reg : REG_OTHER;
}

struct bytes { unsigned char data[32]; int count; };

static void add_breg(struct bytes *b, int dwarf, long offset)
{
    b->data[b->count++] = (unsigned char)(OP_BREG0 + dwarf);
    for (bool more = true; more;) {
        unsigned char byte = offset & 0x7f;
        offset >>= 7;
        more = !((offset == 0 && !(byte & 0x40)) || (offset == -1 && (byte & 0x40)));
        b->data[b->count++] = byte | (more ? 0x80 : 0);
    }
}

static void add_byte(struct bytes *b, unsigned char byte)
{
    b->data[b->count++] = byte;
}

/* r14 + register + offset */
static void add_slot_address(struct bytes *b, int dwarf, long offset)
{
    add_breg(b, DWARF_R14, 0);
    add_breg(b, dwarf, offset);
    add_byte(b, OP_PLUS);
}

static void escape_text(char *text, size_t size, int instruction, int reg, const struct bytes *b)
{
    int length = snprintf(text, size, "\t.cfi_escape %#x", instruction);
    if (reg >= 0)
        length += snprintf(text + length, size - (size_t)length, ",%#x", reg);
    length += snprintf(text + length, size - (size_t)length, ",%#x", b->count);
    for (int i = 0; i < b->count; i++)
        length += snprintf(text + length, size - (size_t)length, ",%#x", b->data[i]);
}

static void cfa_rule(const struct frame *f, struct bytes *b)
{
    if (f->drap != DRAP_NONE && (f->cfa.reg == R10 || f->cfa.reg == REG_NONE)) {
        if (f->drap == DRAP_POINTER) {
            add_slot_address(b, DWARF_R15, 8 - f->d);
            return;
        }
        if (f->drap == DRAP_FRAMED)
            add_slot_address(b, DWARF_RBP, f->drap_frame);
        else
            add_slot_address(b, DWARF_R15, f->drap_above - f->d);
        add_byte(b, OP_DEREF);
        add_breg(b, DWARF_R14, 0);
        add_byte(b, OP_PLUS);
    } else if (f->cfa.reg == RSP || f->cfa.reg == REG_NONE) {
        add_slot_address(b, DWARF_R15, (f->depth == DEPTH_UNKNOWN ? f->cfa.offset : f->depth) - f->d);
    } else {
        add_slot_address(b, dwarf_number(f->cfa.reg), f->cfa.offset);
    }
}

void unwind_sync(struct rewriter *r)
{
    struct frame *f = &r->frame;
    if (!f->described)
        return;
    struct bytes b = {.count = 0};
    char rule[RULE_SIZE];
    cfa_rule(f, &b);
    escape_text(rule, sizeof rule, CFA_DEF_EXPRESSION, -1, &b);
    if (strcmp(rule, f->rule) == 0)
        return;
    memcpy(f->rule, rule, sizeof rule);
    emit_raw(r, "%s", rule);
}

/* What holds from the first instruction of every function to its last. */
static void start_rules(struct rewriter *r)
{
    char text[RULE_SIZE];
    struct bytes address = {.count = 0}, stack = {.count = 0}, data = {.count = 0};
    emit_raw(r, "\t.cfi_startproc simple");
    add_breg(&address, DWARF_RSP, 0);
    escape_text(text, sizeof text, CFA_EXPRESSION, DWARF_RETURN, &address);
    emit_raw(r, "%s", text);
    add_breg(&stack, DWARF_RSP, 8);
    escape_text(text, sizeof text, CFA_VAL_EXPRESSION, DWARF_RSP, &stack);
    emit_raw(r, "%s", text);
    add_byte(&data, OP_CONST4U); /* the CFA is on the stack already: its low half is the caller's r15 */
    for (int i = 0; i < 4; i++)
        add_byte(&data, 0xff);
    add_byte(&data, OP_AND);
    escape_text(text, sizeof text, CFA_VAL_EXPRESSION, DWARF_R15, &data);
    emit_raw(r, "%s", text);
}

/* "reg, offset" or less */
static void two_arguments(const struct statement *s, struct slice *first, int64_t *second)
{
    struct slice rest = s->arguments, item;
    *first = (struct slice){0};
    *second = 0;
    list_next(&rest, first);
    if (list_next(&rest, &item))
        expression_value(item, second);
}

static void apply(struct cfa *cfa, struct cfi_state *saved, int *saved_count, const struct statement *s)
{
    struct slice first;
    int64_t second, number = 0;
    two_arguments(s, &first, &second);
    expression_value(first, &number);
    if (slice_is(s->name, ".cfi_def_cfa"))
        *cfa = (struct cfa){dwarf_register(first), (long)second};
    else if (slice_is(s->name, ".cfi_def_cfa_register"))
        cfa->reg = dwarf_register(first);
    else if (slice_is(s->name, ".cfi_def_cfa_offset"))
        cfa->offset = (long)number;
    else if (slice_is(s->name, ".cfi_adjust_cfa_offset"))
        cfa->offset += (long)number;
    else if (slice_is(s->name, ".cfi_escape") && number == CFA_DEF_EXPRESSION)
        *cfa = (struct cfa){REG_NONE, 0};
    else if (slice_is(s->name, ".cfi_remember_state") && *saved_count < MAX_CFI_STATES)
        saved[(*saved_count)++].cfa = *cfa;
    else if (slice_is(s->name, ".cfi_restore_state") && *saved_count > 0)
        *cfa = saved[--*saved_count].cfa;
}

struct cfa unwind_ahead(const struct rewriter *r, size_t at)
{
    struct cfa cfa = r->frame.cfa;
    struct cfi_state saved[MAX_CFI_STATES];
    int count = r->frame.saved_count;
    memcpy(saved, r->frame.saved, sizeof saved);
    for (size_t i = at + 1; i < r->list.count; i++) {
        const struct statement *s = &r->list.items[i];
        if (s->kind == STATEMENT_INSTRUCTION || (s->kind == STATEMENT_LABEL && is_target(r, s->text)))
            break;
        if (s->kind == STATEMENT_DIRECTIVE)
            apply(&cfa, saved, &count, s);
    }
    return cfa;
}

/* A register saved at rbp + offset: gcc's expression, with r14 added. */
static void translate_escape(struct rewriter *r, const struct statement *s)
{
    unsigned char in[16] = {0};
    int count = 0;
    struct slice rest = s->arguments, item;
    for (int64_t value; count < 16 && list_next(&rest, &item) && expression_value(item, &value);)
        in[count++] = (unsigned char)value;
    if (count < 5 || in[0] != CFA_EXPRESSION || in[2] != count - 3 || in[3] != OP_BREG0 + DWARF_RBP)
        return;
    struct bytes b = {.count = 0};
    for (int i = 3; i < count; i++)
        add_byte(&b, in[i]);
    add_breg(&b, DWARF_R14, 0);
    add_byte(&b, OP_PLUS);
    char text[RULE_SIZE];
    escape_text(text, sizeof text, CFA_EXPRESSION, in[1], &b);
    emit_raw(r, "%s", text);
}

static void begin(struct rewriter *r)
{
    struct frame *f = &r->frame;
    *f = (struct frame){.described = true, .cfa = {RSP, 8}, .depth = 8, .d = 8, .rbp_depth = DEPTH_UNKNOWN};
    r->reachable = false;
    cache_clear(r);
    start_rules(r);
}

/* Saved registers keep their distances from the CFA; what belongs to exception handling goes, a C image has none. */
static bool passes(struct slice name)
{
    return slice_is(name, ".cfi_offset") || slice_is(name, ".cfi_restore") || slice_is(name, ".cfi_undefined") ||
           slice_is(name, ".cfi_same_value") || slice_is(name, ".cfi_register");
}

void unwind_directive(struct rewriter *r, const struct statement *s)
{
    struct frame *f = &r->frame;
    if (slice_is(s->name, ".cfi_startproc")) {
        begin(r);
        return;
    }
    if (!f->described || slice_is(s->name, ".cfi_sections"))
        return;
    if (slice_is(s->name, ".cfi_endproc")) {
        branch_place_trap(r);
        emit_raw(r, "\t.cfi_endproc");
        f->described = false;
        r->reachable = false;
        return;
    }
    if (slice_is(s->name, ".cfi_remember_state") && f->saved_count == MAX_CFI_STATES)
        refuse(r, REFUSE_FRAME);
    if (slice_is(s->name, ".cfi_remember_state") && f->saved_count < MAX_CFI_STATES) {
        memcpy(f->saved[f->saved_count].rule, f->rule, sizeof f->rule);
        emit_raw(r, "\t.cfi_remember_state");
    }
    if (slice_is(s->name, ".cfi_restore_state") && f->saved_count > 0) {
        memcpy(f->rule, f->saved[f->saved_count - 1].rule, sizeof f->rule);
        emit_raw(r, "\t.cfi_restore_state");
    }
    if (slice_is(s->name, ".cfi_escape"))
        translate_escape(r, s);
    if (passes(s->name))
        emit_raw(r, "\t" SLICE_FORMAT, SLICE_ARGS(s->text));
    apply(&f->cfa, f->saved, &f->saved_count, s);
    if (f->cfa.reg == REG_NONE && f->drap == DRAP_NONE)
        f->drap_frame = DRAP_WORD; /* the cold part of a function that realigned its frame in the other part */
}

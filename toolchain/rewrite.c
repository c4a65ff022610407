/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over the assembly: sections, labels, places for messages, and each instruction to the part that knows it. */
#define _GNU_SOURCE
#include "rewriter.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- messages and output --- */

void refuse(struct rewriter *r, enum refusal reason)
{
    const struct statement *s = &r->list.items[r->at];
    struct slice file = r->file.length ? r->file : slice_of(r->source->name);
    long line = r->marker_line ? r->line + s->line - r->marker_line - 1 : r->line ? r->line : s->line;
    r->refused++;
    r->avoidable += reason == REFUSE_GATHER || reason == REFUSE_LIVE_FLAGS;
    buffer_printf(r->messages, SLICE_FORMAT ":%ld: error: cannot rewrite `" SLICE_FORMAT "': %s [%s]\n", SLICE_ARGS(file), line,
                  SLICE_ARGS(s->text), refusal_message(reason), refusal_name(reason));
    buffer_printf(r->messages, "porin-cc: note: porin-cc --explain=%s says what to do\n", refusal_name(reason));
}

static void print_line(struct rewriter *r, const char *before, const char *format, va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        exit(1);
    buffer_printf(r->out, "%s%s\n", before, text);
    free(text);
}

void emit_raw(struct rewriter *r, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(r, "", format, arguments);
    va_end(arguments);
}

void emit(struct rewriter *r, const char *format, ...)
{
    va_list arguments;
    unwind_sync(r);
    va_start(arguments, format);
    print_line(r, "\t", format, arguments);
    va_end(arguments);
}

static void emit_texts(struct rewriter *r, const struct statement *s, char *const texts[], int count)
{
    buffer_add(r->out, "\t", 1);
    for (int i = 0; i < s->prefix_count; i++)
        buffer_printf(r->out, SLICE_FORMAT " ", SLICE_ARGS(s->prefixes[i]));
    buffer_add_slice(r->out, s->name);
    for (int i = 0; i < count; i++)
        buffer_printf(r->out, "%s%s", i ? ", " : "\t", texts[i]);
    buffer_add(r->out, "\n", 1);
}

/* ah, bh, ch, dh cannot stand beside a register that needs REX, as r14 does: the halves change places for one instruction. */
static const char *exchange_halves(char *const texts[], int count, char low[8])
{
    int high = -1;
    bool extended = false;
    for (int i = 0; i < count; i++) {
        if (strlen(texts[i]) == 3 && texts[i][0] == '%' && texts[i][2] == 'h' && strchr("abcd", texts[i][1]))
            high = i;
        extended = extended || strstr(texts[i], "%r14");
    }
    if (high < 0 || !extended)
        return NULL;
    snprintf(low, 8, "%%%cl", texts[high][1]);
    return texts[high];
}

void emit_with(struct rewriter *r, const struct statement *s, char *const texts[], int count)
{
    char low[8], *swapped[MAX_OPERANDS];
    const char *high = exchange_halves(texts, count, low);
    unwind_sync(r);
    if (!high) {
        emit_texts(r, s, texts, count);
        return;
    }
    for (int i = 0; i < count; i++)
        swapped[i] = texts[i] == high ? low : texts[i];
    emit(r, "xchgb\t%s, %s", high, low);
    emit_texts(r, s, swapped, count);
    emit(r, "xchgb\t%s, %s", high, low);
}

/* --- labels that control can reach --- */

int compare_slices(const void *a, const void *b)
{
    const struct slice *x = a, *y = b;
    size_t shorter = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->start, y->start, shorter);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

bool is_target(const struct rewriter *r, struct slice label)
{
    if (!slice_starts(label, ".L"))
        return true;
    return bsearch(&label, r->targets, r->target_count, sizeof label, compare_slices) != NULL;
}

size_t target_uses(const struct rewriter *r, struct slice label)
{
    const struct slice *found = r->target_count ? bsearch(&label, r->targets, r->target_count, sizeof label, compare_slices) : NULL;
    if (!found)
        return 0;
    const struct slice *first = found, *last = found;
    while (first > r->targets && compare_slices(first - 1, &label) == 0)
        first--;
    while (last + 1 < r->targets + r->target_count && compare_slices(last + 1, &label) == 0)
        last++;
    return (size_t)(last - first) + 1;
}

static void collect_names(struct rewriter *r, struct slice text, size_t *capacity)
{
    for (size_t i = 0; i + 1 < text.length; i++) {
        bool inside = i && (isalnum((unsigned char)text.start[i - 1]) || text.start[i - 1] == '_');
        if (text.start[i] != '.' || text.start[i + 1] != 'L' || inside)
            continue;
        size_t end = i;
        while (end < text.length && (isalnum((unsigned char)text.start[end]) || strchr("._$", text.start[end])))
            end++;
        if (r->target_count == *capacity) {
            *capacity = *capacity ? *capacity * 2 : 1024;
            r->targets = grow(r->targets, *capacity * sizeof r->targets[0]);
        }
        r->targets[r->target_count++] = (struct slice){text.start + i, end - i};
        i = end;
    }
}

/* Weak symbols that this file does not define may have no definition at all: then calls of them go nowhere. */
static void collect_weak(struct rewriter *r)
{
    for (size_t i = 0; i < r->list.count; i++) {
        struct statement *s = &r->list.items[i];
        if (s->kind != STATEMENT_DIRECTIVE || (!slice_is(s->name, ".weak") && !slice_is(s->name, ".weakref")))
            continue;
        struct slice rest = s->arguments, name;
        while (list_next(&rest, &name)) {
            r->weak = grow(r->weak, (r->weak_count + 1) * sizeof r->weak[0]);
            r->weak[r->weak_count++] = name;
            if (slice_is(s->name, ".weakref"))
                break;
        }
    }
    for (size_t i = 0; r->weak_count && i < r->list.count; i++)
        for (size_t k = 0; r->list.items[i].kind == STATEMENT_LABEL && k < r->weak_count; k++)
            if (slice_equal(r->weak[k], r->list.items[i].text))
                r->weak[k].length = 0;
}

bool is_weak(const struct rewriter *r, struct slice name)
{
    for (size_t i = 0; i < r->weak_count; i++)
        if (slice_equal(r->weak[i], name))
            return true;
    return false;
}

/* References from debug information and from size and line directives do not count: else -g would change the code. */
static void collect_targets(struct rewriter *r)
{
    size_t capacity = 0;
    bool debug = false;
    for (size_t i = 0; i < r->list.count; i++) {
        const struct statement *s = &r->list.items[i];
        bool directive = s->kind == STATEMENT_DIRECTIVE;
        if (directive && (slice_is(s->name, ".section") || slice_is(s->name, ".pushsection")))
            debug = slice_starts(s->arguments, ".debug") || slice_starts(s->arguments, ".gnu.debug");
        else if (directive && (slice_is(s->name, ".text") || slice_is(s->name, ".data") || slice_is(s->name, ".bss")))
            debug = false;
        bool counts = s->kind == STATEMENT_INSTRUCTION ||
                      (directive && !debug && !slice_is(s->name, ".size") && !slice_is(s->name, ".loc") && !slice_starts(s->name, ".cfi"));
        if (counts)
            collect_names(r, s->text, &capacity);
    }
    if (r->target_count)
        qsort(r->targets, r->target_count, sizeof r->targets[0], compare_slices);
}

/* --- directives --- */

static bool is_text_section(struct slice arguments)
{
    if (slice_contains(arguments, "@nobits"))
        return false;
    struct slice rest = arguments, name, flags = {0};
    list_next(&rest, &name);
    if (list_next(&rest, &flags) && flags.length && flags.start[0] == '"')
        return memchr(flags.start, 'x', flags.length) != NULL;
    return slice_starts(name, ".text") || slice_is(name, ".init") || slice_is(name, ".fini");
}

static void enter_section(struct rewriter *r, struct section section)
{
    branch_place_trap(r);
    r->previous = r->sections[r->section_depth];
    r->sections[r->section_depth] = section;
    if (!r->frame.described) {
        r->reachable = false;
        cache_clear(r);
    }
}

static void section_directive(struct rewriter *r, const struct statement *s)
{
    struct section now = r->sections[r->section_depth];
    if (slice_is(s->name, ".section")) {
        enter_section(r, (struct section){is_text_section(s->arguments), s->arguments});
    } else if (slice_is(s->name, ".pushsection") && r->section_depth + 1 < MAX_SECTIONS) {
        branch_place_trap(r);
        r->sections[++r->section_depth] = (struct section){is_text_section(s->arguments), s->arguments};
    } else if (slice_is(s->name, ".popsection") && r->section_depth > 0) {
        branch_place_trap(r);
        r->section_depth--;
    } else if (slice_is(s->name, ".previous")) {
        enter_section(r, r->previous);
    } else if (slice_is(s->name, ".text")) {
        if (!now.text || s->arguments.length || now.arguments.length)
            enter_section(r, (struct section){.text = true});
    } else if (slice_is(s->name, ".data") || slice_is(s->name, ".bss")) {
        enter_section(r, (struct section){.text = false});
    }
}

static bool in_list(struct slice name, const char *const *list)
{
    for (; *list; list++)
        if (slice_is(name, *list))
            return true;
    return false;
}

static void check_directive(struct rewriter *r, const struct statement *s)
{
    static const char *const macros[] = {".macro", ".rept", ".irp", ".irpc", ".include", ".altmacro", ".endm", ".endr", NULL};
    static const char *const data[] = {".byte", ".word", ".short", ".hword", ".value", ".long", ".int", ".quad", ".octa", ".2byte",
                                       ".4byte", ".8byte", ".ascii", ".asciz", ".string", ".float", ".single", ".double", ".incbin",
                                       ".zero", ".space", ".skip", ".fill", ".org", ".dc.b", ".dc.l", ".sleb128", ".uleb128", NULL};
    if (in_list(s->name, macros))
        refuse(r, REFUSE_MACRO);
    else if (slice_starts(s->name, ".code16") || slice_is(s->name, ".code32"))
        refuse(r, REFUSE_MODE);
    else if (slice_is(s->name, ".intel_syntax"))
        refuse(r, REFUSE_INTEL);
    else if (r->sections[r->section_depth].text && in_list(s->name, data))
        refuse(r, REFUSE_DATA_IN_TEXT);
}

static struct slice unquoted(struct slice text)
{
    text = slice_trim(text);
    if (text.length < 2 || text.start[0] != '"')
        return text;
    return (struct slice){text.start + 1, text.length - 2};
}

/* ".file 3 "dir" "name"" and ".loc 3 17 5": where the next instructions come from. */
static void note_place(struct rewriter *r, const struct statement *s)
{
    char *end;
    unsigned long number = strtoul(s->arguments.start, &end, 10);
    if (end == s->arguments.start)
        return;
    struct slice rest = slice_trim((struct slice){end, s->arguments.length - (size_t)(end - s->arguments.start)});
    if (slice_is(s->name, ".file") && number < 100000) {
        size_t count = number + 1;
        if (count > r->file_count) {
            r->files = grow(r->files, count * sizeof r->files[0]);
            memset(r->files + r->file_count, 0, (count - r->file_count) * sizeof r->files[0]);
            r->file_count = count;
        }
        const char *name = memrchr(rest.start, '"', rest.length ? rest.length - 1 : 0);
        r->files[number] = name ? unquoted((struct slice){name, (size_t)(rest.start + rest.length - name)}) : rest;
    } else if (slice_is(s->name, ".loc")) {
        r->file = number < r->file_count ? r->files[number] : (struct slice){0};
        r->line = strtol(rest.start, NULL, 10);
        r->marker_line = 0;
    }
}

static void directive(struct rewriter *r, const struct statement *s)
{
    if (slice_starts(s->name, ".cfi_")) {
        unwind_directive(r, s);
        return;
    }
    check_directive(r, s);
    if (slice_is(s->name, ".file") || slice_is(s->name, ".loc"))
        note_place(r, s);
    section_directive(r, s);
    emit_raw(r, "\t" SLICE_FORMAT, SLICE_ARGS(s->text));
}

/* gcc's markers around inline assembly, and the preprocessor's line markers. */
static void comment(struct rewriter *r, const struct statement *s)
{
    if (slice_starts(s->text, "#APP"))
        r->inline_assembly = true;
    if (slice_starts(s->text, "#NO_APP")) {
        r->inline_assembly = false;
        cache_clear(r);
    }
    char *end;
    if (s->text.length < 4 || s->text.start[1] != ' ' || !isdigit((unsigned char)s->text.start[2]))
        return;
    long line = strtol(s->text.start + 2, &end, 10);
    const char *close = *end == ' ' && end[1] == '"' ? memchr(end + 2, '"', s->text.length - (size_t)(end + 2 - s->text.start)) : NULL;
    if (!close || line == 0)
        return;
    r->file = (struct slice){end + 2, (size_t)(close - end) - 2};
    r->line = line;
    r->marker_line = s->line;
}

/* --- labels --- */

/* Depth at a label of hand-written assembly: that of the code above if control falls into it, else that of a branch to it. If none stands
 * before it, a local label belongs to the code above (the body of a loop that is entered at its end, a case of a jump table), another
 * begins a function. */
static long depth_at_label(struct rewriter *r, struct slice label)
{
    bool numbered = isdigit((unsigned char)label.start[0]), known = r->reachable;
    long depth = known || numbered || slice_starts(label, ".L") ? r->frame.depth : 8;
    for (struct jump **j = &r->jumps; *j;) {
        struct jump *jump = *j;
        if (!branch_names(jump->label, label, 'f')) {
            j = &jump->next;
            continue;
        }
        if (known && stack_canonical(jump->depth) != stack_canonical(depth))
            refuse(r, REFUSE_STACK_DEPTH);
        depth = known ? depth : jump->depth;
        known = true;
        if (!numbered) {
            j = &jump->next;
            continue;
        }
        *j = jump->next;
        free(jump);
    }
    struct jump *place = grow(NULL, sizeof *place);
    *place = (struct jump){label, depth, r->places};
    r->places = place;
    return depth;
}

static void label(struct rewriter *r, const struct statement *s)
{
    bool text = r->sections[r->section_depth].text;
    if (text && is_target(r, s->text)) {
        bool hand_written = !r->source->from_compiler || !r->frame.described;
        long depth = hand_written ? depth_at_label(r, s->text) : r->frame.depth;
        if (r->reachable) {
            stack_settle(r);
            flow_edge(r, s->text);
        } else if (hand_written) {
            r->frame.depth = depth;
            r->frame.d = stack_canonical(depth);
            r->reachable = true;
        }
        flow_label(r, s->text);
    }
    emit_raw(r, SLICE_FORMAT ":", SLICE_ARGS(s->text));
}

/* --- instructions --- */

static bool mentions(const struct operands *ops, int reg)
{
    for (int i = 0; i < ops->count; i++)
        if (operand_mentions(&ops->item[i], reg))
            return true;
    return false;
}

/* Hand-written code in the rewritten form already: addresses through r14 and r11 or r15, or arithmetic on r11 and r15. */
static bool is_domain_form(const struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    if ((r->source->from_compiler && !r->inline_assembly) || mentions(ops, R10) || mentions(ops, RSP))
        return false;
    bool used = false;
    for (int i = 0; i < ops->count; i++) {
        const struct operand *o = &ops->item[i];
        bool address = o->kind == OPERAND_MEMORY && !mnemonic_is(s->name, "lea");
        bool indexed = o->index == R11 || o->index == R15;
        if (operand_is_register(o, R14) || (address && o->base != REG_RIP && (o->base != R14 || !indexed || o->scale != 1)))
            return false;
        used = used || operand_mentions(o, R11) || operand_mentions(o, R14) || operand_mentions(o, R15);
    }
    const struct operand *last = ops->count ? &ops->item[ops->count - 1] : NULL;
    bool writes = used && !mnemonic_is(s->name, "cmp") && !mnemonic_is(s->name, "test");
    if (writes && (operand_is_register(last, R11) || operand_is_register(last, R15)) && last->width != 4)
        return false;
    return used && mnemonic_branch(s->name) == BRANCH_NONE;
}

/* leal N(%r15), %r15d in hand-written code makes or ends a frame. */
static void domain_form(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    struct frame *f = &r->frame;
    const struct operand *from = &ops->item[0], *last = &ops->item[ops->count - 1];
    stack_settle(r);
    emit(r, SLICE_FORMAT, SLICE_ARGS(s->text));
    cache_clear(r);
    if (!operand_is_register(last, R15) || mnemonic_is(s->name, "cmp") || mnemonic_is(s->name, "test"))
        return;
    bool adjusts = mnemonic_is(s->name, "lea") && from->base == R15 && from->index == REG_NONE && from->numeric;
    long above = f->depth == DEPTH_UNKNOWN ? 0 : f->depth - f->d - (adjusts ? (long)from->value : 0);
    f->depth = !adjusts || f->depth == DEPTH_UNKNOWN ? DEPTH_UNKNOWN : above ? above : 8;
    f->d = stack_canonical(f->depth);
}

static enum refusal check_operands(const struct statement *s, const struct operands *ops)
{
    if (ops->problem || !s->name.length)
        return REFUSE_SYNTAX;
    for (int i = 0; i < ops->count; i++) {
        const struct operand *o = &ops->item[i];
        if (o->kind == OPERAND_MEMORY && o->index == REG_VECTOR)
            return REFUSE_GATHER;
        if (o->kind == OPERAND_REGISTER && o->reg == REG_SEGMENT)
            return REFUSE_SEGMENT;
        if (o->kind == OPERAND_REGISTER && o->reg == REG_OTHER && o->text.start[0] == '%')
            return slice_starts(o->text, "%mm") ? REFUSE_MMX : REFUSE_PRIVILEGED;
        if (o->kind == OPERAND_REGISTER && (o->reg == R11 || o->reg == R14 || o->reg == R15))
            return REFUSE_RESERVED;
        if (o->kind == OPERAND_REGISTER && o->reg == R10)
            return REFUSE_NESTED;
    }
    return mnemonic_refusal(s->name);
}

static bool check_prefixes(const struct statement *s, bool string)
{
    for (int i = 0; i < s->prefix_count; i++) {
        struct slice p = s->prefixes[i];
        bool bit_scan = mnemonic_is(s->name, "bsf") || mnemonic_is(s->name, "bsr");
        bool good = slice_is(p, "lock") || p.start[0] == '{' || (string && slice_starts(p, "rep")) || (bit_scan && slice_is(p, "rep"));
        if (!good)
            return false;
    }
    return true;
}

/* Moves to and from a 64-bit absolute address: the assembler's short forms reach as far as an image does. */
static struct slice plain_name(const struct statement *s, const struct operands *ops)
{
    bool memory = ops->count == 2 && (ops->item[0].kind == OPERAND_MEMORY || ops->item[1].kind == OPERAND_MEMORY);
    if (!memory || !mnemonic_is(s->name, "movabs"))
        return s->name;
    return s->name.length == 7 ? slice_of(s->name.start[6] == 'q' ? "movq" : s->name.start[6] == 'l' ? "movl" : s->name.start[6] == 'w' ?
                                          "movw" : "movb") : slice_of("mov");
}

static void plain_instruction(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    struct statement named = *s;
    char *texts[MAX_OPERANDS] = {0};
    bool good = true;
    named.name = plain_name(s, ops);
    for (int i = 0; i < ops->count; i++) {
        texts[i] = operand_text(r, &ops->item[i]);
        good = good && texts[i];
    }
    if (good)
        emit_with(r, &named, texts, ops->count);
    for (int i = 0; i < ops->count; i++)
        free(texts[i]);
    cache_follow(r, s, ops);
}

/* What the .cfi directives say about the place of the stack, and what the instructions so far have said, must agree. */
static void synchronise(struct rewriter *r)
{
    struct frame *f = &r->frame;
    if (!f->described || !r->source->from_compiler) {
        r->reachable = true;
        return;
    }
    bool known = f->cfa.reg == RSP;
    if (r->reachable && known && f->depth != DEPTH_UNKNOWN && f->depth != f->cfa.offset) {
        if (!r->after_call)
            refuse(r, REFUSE_FRAME);
        r->reachable = false; /* that call does not return */
    }
    if (r->reachable && !(known && f->depth == DEPTH_UNKNOWN))
        return;
    bool adopt = !r->reachable;
    r->reachable = true;
    f->depth = known ? f->cfa.offset : DEPTH_UNKNOWN;
    if (!adopt)
        return;
    f->d = stack_canonical(f->depth);
    if (f->drap != DRAP_NONE || f->drap_frame)
        f->drap = f->cfa.reg == REG_NONE ? DRAP_FRAMED : DRAP_NONE;
}

/* Prefixes without meaning here: rep ret, notrack jmp. rep nop is pause. */
static void drop_prefix(struct statement *s)
{
    if (s->prefix_count != 1)
        return;
    bool repeats = slice_starts(s->prefixes[0], "rep");
    if (repeats && slice_is(s->name, "nop"))
        s->name = slice_of("pause");
    if ((repeats && (slice_is(s->name, "pause") || slice_is(s->name, "ret"))) || slice_is(s->prefixes[0], "notrack"))
        s->prefix_count = 0;
}

static bool name_starts(struct slice name, const char *const *list)
{
    for (; *list; list++)
        if (slice_starts(name, *list))
            return true;
    return false;
}

/* Behind the label of an indirect branch the flags are those that the branch's check left. */
static bool uses_open_flags(struct rewriter *r, const struct statement *s)
{
    static const char *const users[] = {"j", "set", "cmov", "adc", "sbb", "rcl", "rcr", "fcmov", "lahf", "pushf", NULL};
    static const char *const keepers[] = {"mov", "lea", "vmov", "push", "pop", "nop", "not", "bswap", "xchg",
                                          "cltq", "cltd", "cqto", "cwtl", NULL};
    bool open = r->flags_open;
    if (slice_is(s->name, "endbr64"))
        r->flags_open = true;
    else if (!name_starts(s->name, keepers))
        r->flags_open = false;
    return open && name_starts(s->name, users) && !slice_starts(s->name, "jmp") && !slice_starts(s->name, "jrcxz");
}

/* Inline assembly that sets the x87 precision and puts it back stores and loads what is in force anyway, and owns the flags. Loading
 * anything else traps; who changes the rounding does so by <fenv.h>. */
static bool control_word_instruction(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    bool load = mnemonic_is(s->name, "fldcw"), store = mnemonic_is(s->name, "fnstcw") || mnemonic_is(s->name, "fstcw");
    if (!r->inline_assembly || ops->problem || ops->count != 1 || ops->item[0].kind != OPERAND_MEMORY || !(load || store))
        return false;
    char *text = operand_text(r, &ops->item[0]);
    if (text)
        emit(r, load ? "cmpw\t$0x37f, %s" : "movw\t$0x37f, %s", text);
    if (text && load)
        branch_to_trap(r);
    free(text);
    return true;
}

/* Who asks the CPU what it can do hears of one that has nothing but what all have: what a domain may use was decided when it was compiled,
 * and the loader looks whether the machine has it. */
static bool feature_instruction(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    static const int answer[] = {RAX, RDX, RBX, RCX};
    int count = slice_is(s->name, "cpuid") ? 4 : slice_is(s->name, "xgetbv") ? 2 : 0;
    for (int i = 0; i < count; i++)
        emit(r, "movl\t$0, %%%s", register_name(answer[i], 4));
    if (count)
        cache_follow(r, s, ops);
    return count != 0;
}

static void instruction(struct rewriter *r, struct statement *s)
{
    if (uses_open_flags(r, s)) {
        refuse(r, REFUSE_LIVE_FLAGS);
        return;
    }
    struct operands ops;
    bool uses_rdi, uses_rsi;
    operands_parse(&ops, s);
    synchronise(r);
    drop_prefix(s);
    bool string = mnemonic_string(s->name, &ops, &uses_rdi, &uses_rsi);
    enum branch branch = s->name.length ? mnemonic_branch(s->name) : BRANCH_NONE;
    r->after_call = false;
    if (slice_is(s->name, "cld"))
        return; /* the direction flag is always clear */
    if (!ops.problem && drap_instruction(r, s, &ops))
        return;
    if (!ops.problem && s->name.length && is_domain_form(r, s, &ops)) {
        domain_form(r, s, &ops);
        return;
    }
    if (control_word_instruction(r, s, &ops) || feature_instruction(r, s, &ops))
        return;
    enum refusal reason = check_operands(s, &ops);
    if (reason == REFUSE_NOTHING && !check_prefixes(s, string))
        reason = string ? REFUSE_STRING : REFUSE_PREFIX;
    if (reason != REFUSE_NOTHING)
        refuse(r, reason);
    else if (capability_instruction(r, s, &ops) || bit_instruction(r, s, &ops))
        return;
    else if (branch != BRANCH_NONE)
        branch_instruction(r, s, &ops, branch);
    else if (string)
        string_instruction(r, s, uses_rdi, uses_rsi);
    else if (literal_split(r, s, &ops) || address_thread_block(r, s, &ops) || address_got(r, s, &ops) || stack_instruction(r, s, &ops) ||
             follow_instruction(r, s, &ops))
        return;
    else if (mnemonic_is(s->name, "lea"))
        address_lea(r, s, &ops);
    else
        plain_instruction(r, s, &ops);
}

void rewrite_statement(struct rewriter *r, struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_LABEL: label(r, s); break;
    case STATEMENT_DIRECTIVE: directive(r, s); break;
    case STATEMENT_COMMENT: comment(r, s); break;
    case STATEMENT_INSTRUCTION:
        if (r->sections[r->section_depth].text)
            instruction(r, s);
        else
            refuse(r, REFUSE_DATA_IN_TEXT);
        break;
    }
}

int rewrite(const struct rewrite_source *source, struct buffer *out, struct buffer *messages, int *avoidable)
{
    struct rewriter r = {.source = source, .out = out, .messages = messages, .followed = REG_NONE};
    *avoidable = 0;
    if (slice_starts(source->text, REWRITTEN_MARK)) {
        buffer_add_slice(out, source->text);
        return 0;
    }
    r.sections[0].text = true;
    r.frame = (struct frame){.depth = 8, .d = 8, .rbp_depth = DEPTH_UNKNOWN};
    statements_parse(&r.list, source->text);
    collect_targets(&r);
    collect_weak(&r);
    buffer_add_slice(out, slice_of(REWRITTEN_MARK "\t.cfi_sections .debug_frame\n"));
    for (r.at = 0; r.at < r.list.count;) {
        struct statement *s = &r.list.items[r.at];
        if (source->from_compiler && s->kind == STATEMENT_DIRECTIVE && slice_is(s->name, ".cfi_startproc"))
            r.at = flow_function(&r);
        else
            rewrite_statement(&r, s), r.at++;
    }
    branch_place_trap(&r);
    statements_free(&r.list);
    free(r.targets);
    free(r.files);
    free(r.weak);
    free(r.labels);
    for (struct jump *j; (j = r.jumps ? r.jumps : r.places);) {
        *(r.jumps ? &r.jumps : &r.places) = j->next;
        free(j);
    }
    *avoidable = r.avoidable;
    return r.refused;
}

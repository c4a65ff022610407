/* SPDX-License-Identifier: Apache-2.0 */
/* Accesses through capability pointers, which gcc writes as operands with %gs. They become checked sequences; where the flags are still
 * wanted they are kept aside, since the check changes them. */
#include "rewriter.h"
#include <stdlib.h>
#include <string.h>

enum flags { KEEPS, WRITES, READS };
enum { VECTOR = -1, BY_SUFFIX = 0, NO_ACCESS = -2 };
enum direction { BY_PLACE, READ_ONLY, WRITE_ONLY };

struct row { const char *name, *suffixes; int bytes; enum flags flags; enum direction direction; };
static const struct row rows[] = {
#define ACCESS(name, suffixes, bytes, flags) {name, suffixes, bytes, flags, BY_PLACE},
#define ACCESS_R(name, suffixes, bytes, flags) {name, suffixes, bytes, flags, READ_ONLY},
#define ACCESS_W(name, suffixes, bytes, flags) {name, suffixes, bytes, flags, WRITE_ONLY},
#define OTHER(name, flags) {name, "", NO_ACCESS, flags, BY_PLACE},
#include "capability.def"
#undef ACCESS
#undef ACCESS_R
#undef ACCESS_W
#undef OTHER
};

/* Places below everything that may be live under r15 (literal.c says why). */
enum { SPILL_FLAGS = -168, SPILL_RAX = -176, SPILL_REGISTER = -184 };

static bool row_fits(const struct row *row, struct slice name)
{
    size_t length = strlen(row->name);
    if (row->name[length - 1] == '*')
        return name.length >= length - 1 && memcmp(name.start, row->name, length - 1) == 0;
    if (!slice_starts(name, row->name))
        return false;
    return name.length == length || (name.length == length + 1 && strchr(row->suffixes, name.start[length]) && name.start[length]);
}

static const struct row *row_of(struct slice name)
{
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            if (row_fits(&rows[i], name))
                return &rows[i];
        if (name.length < 2 || name.start[0] != 'v')
            break;
        name = slice_skip(name, 1);
    }
    return NULL;
}

/* --- are the flags wanted behind the statement? --- */

static size_t label_statement(const struct rewriter *r, struct slice name)
{
    for (size_t i = 0; i < r->list.count; i++)
        if (r->list.items[i].kind == STATEMENT_LABEL && slice_equal(r->list.items[i].text, name))
            return i;
    return r->list.count;
}

static bool flags_wanted(const struct rewriter *r)
{
    size_t at = r->at + 1;
    for (int jumps = 0; at < r->list.count; at++) {
        const struct statement *s = &r->list.items[at];
        if (s->kind == STATEMENT_DIRECTIVE && slice_is(s->name, ".cfi_endproc"))
            return false;
        if (s->kind != STATEMENT_INSTRUCTION)
            continue;
        if (mnemonic_branch(s->name) == BRANCH_JUMP) {
            if (s->arguments.length && s->arguments.start[0] == '*')
                return false; /* a switch, or a call that is the last thing */
            if (!slice_starts(s->arguments, ".L"))
                return false;
            if (++jumps > 4)
                return true;
            at = label_statement(r, slice_trim(s->arguments));
            continue;
        }
        const struct row *row = row_of(s->name);
        if (!row || row->flags == READS)
            return true;
        if (row->flags == WRITES)
            return false;
    }
    return true;
}

static void flags_keep(struct rewriter *r)
{
    emit(r, "movq\t%%rax, %d(%%r14,%%r15)", SPILL_RAX);
    emit(r, "lahf");
    emit(r, "seto\t%%al");
    emit(r, "movq\t%%rax, %d(%%r14,%%r15)", SPILL_FLAGS);
    emit(r, "movq\t%d(%%r14,%%r15), %%rax", SPILL_RAX);
}

static void flags_return(struct rewriter *r)
{
    emit(r, "movq\t%%rax, %d(%%r14,%%r15)", SPILL_RAX);
    emit(r, "movq\t%d(%%r14,%%r15), %%rax", SPILL_FLAGS);
    emit(r, "addb\t$127, %%al"); /* overflows if it was 1 */
    emit(r, "sahf");
    emit(r, "movq\t%d(%%r14,%%r15), %%rax", SPILL_RAX);
}

/* --- the access --- */

struct access {
    int place;                   /* of the operand */
    int bytes;
    bool writes;
    char *address;               /* what the head computes */
};

static int suffix_bytes(char suffix)
{
    return suffix == 'b' ? 1 : suffix == 'w' ? 2 : suffix == 'l' ? 4 : suffix == 'q' ? 8 : 0;
}

static int access_bytes(const struct statement *s, const struct operands *ops, const struct row *row)
{
    struct slice name = s->name;
    size_t length = strlen(row->name);
    size_t skipped = slice_starts(name, row->name) || row->name[length - 1] == '*' ? 0 : 1; /* the 'v' */
    char suffix = name.length == length + skipped + 1 ? name.start[name.length - 1] : 0;
    if (suffix && (slice_starts(name, "cvtsi2s") || slice_starts(name, "vcvtsi2s")))
        return suffix_bytes(suffix);
    if (row->bytes > 0)
        return row->bytes;
    if (row->bytes == BY_SUFFIX && suffix && row->name[length - 1] != '*')
        return suffix_bytes(suffix);
    for (int i = ops->count; i-- > 0;) {
        const struct operand *o = &ops->item[i];
        if (o->kind == OPERAND_REGISTER && (row->bytes == VECTOR ? o->reg == REG_VECTOR : is_general(o->reg)))
            return o->width;
    }
    return 0;
}

/* movq is 8 bytes whatever stands beside it; the rest by the table. */
static bool access_find(const struct statement *s, const struct operands *ops, struct access *access)
{
    const struct row *row = row_of(s->name);
    if (!row || row->bytes == NO_ACCESS)
        return false;
    const struct operand *o = &ops->item[access->place];
    access->bytes = access_bytes(s, ops, row);
    access->writes = row->direction == WRITE_ONLY || (row->direction == BY_PLACE && access->place == ops->count - 1);
    if (ops->count == 1 && row->direction == BY_PLACE && s->name.start[0] == 'f')
        access->writes = false; /* x87 loads */
    if (mnemonic_is(s->name, "xchg") || mnemonic_is(s->name, "xadd"))
        access->writes = true;
    int bytes = access->bytes;
    bool wide = o->decoration.length || bytes == 64;
    return !wide && (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8 || bytes == 16 || bytes == 32);
}

static char *access_address(const struct operand *o)
{
    const char *colon = memchr(o->text.start, ':', o->text.length);
    struct slice rest = slice_trim(slice_skip(o->text, (size_t)(colon - o->text.start) + 1));
    return format_text(SLICE_FORMAT, SLICE_ARGS(rest));
}

static enum sequence_id access_sequence(const struct access *access, bool writes)
{
    static const enum sequence_id ids[6][2] = {
        {SEQUENCE_READ_1, SEQUENCE_WRITE_1}, {SEQUENCE_READ_2, SEQUENCE_WRITE_2},    {SEQUENCE_READ_4, SEQUENCE_WRITE_4},
        {SEQUENCE_READ_8, SEQUENCE_WRITE_8}, {SEQUENCE_READ_16, SEQUENCE_WRITE_16}, {SEQUENCE_READ_32, SEQUENCE_WRITE_32},
    };
    return ids[__builtin_ctz((unsigned)access->bytes)][writes];
}

/* Emits the sequence around the instruction `text`, in which %s is the operand. */
static void access_emit(struct rewriter *r, const struct access *access, bool writes, const char *text)
{
    char *trap = format_text(".Lporin_trap%d", r->trap_number);
    r->trap_wanted = true;
    sequence_emit(r, access_sequence(access, writes), (const char *const[]){access->address, trap, text});
    free(trap);
}

static char *access_operand(const struct access *access)
{
    return access->bytes > 1 ? format_text("%d(%%r10,%%r11)", 1 - access->bytes) : format_text("%s", "(%r10,%r11)");
}

static void access_directly(struct rewriter *r, const struct statement *s, const struct operands *ops, const struct access *access)
{
    struct buffer text = {0};
    char *memory = access_operand(access);
    for (int i = 0; i < s->prefix_count; i++)
        buffer_printf(&text, SLICE_FORMAT " ", SLICE_ARGS(s->prefixes[i]));
    buffer_add_slice(&text, s->name);
    for (int i = 0; i < ops->count; i++) {
        if (i == access->place)
            buffer_printf(&text, "%s%s", i ? ", " : "\t", memory);
        else
            buffer_printf(&text, "%s" SLICE_FORMAT, i ? ", " : "\t", SLICE_ARGS(ops->item[i].text));
    }
    bool wanted = row_of(s->name)->flags == KEEPS && flags_wanted(r);
    if (wanted)
        flags_keep(r);
    access_emit(r, access, access->writes, text.data);
    if (wanted)
        flags_return(r);
    buffer_free(&text);
    free(memory);
}

/* A register that the instruction does not name, to be lent to it. Not rax, which keeps the flags. */
static int lent_register(const struct operands *ops)
{
    static const int candidates[] = {RSI, RDI, R8, R9, RBX, RBP, REG_NONE};
    return operands_spare(ops, candidates);
}

/* Instructions that read the flags work on a copy in a lent register, between a load and a store. */
static void access_by_copy(struct rewriter *r, const struct statement *s, const struct operands *ops, const struct access *access)
{
    int lent = lent_register(ops);
    if (lent == REG_NONE || s->prefix_count || access->bytes > 8) {
        refuse(r, REFUSE_CAPABILITY);
        return;
    }
    bool sets = slice_starts(s->name, "set"), pushes = mnemonic_is(s->name, "push");
    const char *copy = register_name(lent, access->bytes), suffix = "bwlq"[__builtin_ctz((unsigned)access->bytes)];
    char *memory = access_operand(access), *load = format_text("mov%c\t%s, %%%s", suffix, memory, copy);
    char *store = format_text("mov%c\t%%%s, %s", suffix, copy, memory);
    emit(r, "movq\t%%%s, %d(%%r14,%%r15)", register_name(lent, 8), SPILL_REGISTER);
    flags_keep(r);
    if (!sets)
        access_emit(r, access, false, load);
    flags_return(r);
    struct buffer text = {0};
    buffer_add_slice(&text, s->name);
    for (int i = 0; i < ops->count; i++) {
        if (i == access->place)
            buffer_printf(&text, "%s%%%s", i ? ", " : "\t", copy);
        else
            buffer_printf(&text, "%s" SLICE_FORMAT, i ? ", " : "\t", SLICE_ARGS(ops->item[i].text));
    }
    if (pushes)
        emit(r, "movq\t%%%s, %ld(%%r14,%%r15)", register_name(lent, 8), -r->frame.d);
    else
        emit(r, "%s", text.data);
    if (access->writes) {
        flags_keep(r);
        access_emit(r, access, true, store);
        flags_return(r);
    }
    emit(r, "movq\t%d(%%r14,%%r15), %%%s", SPILL_REGISTER, register_name(lent, 8));
    buffer_free(&text);
    free(memory);
    free(load);
    free(store);
}

static bool high_register(const struct operands *ops)
{
    for (int i = 0; i < ops->count; i++)
        if (ops->item[i].kind == OPERAND_REGISTER && ops->item[i].high)
            return true;
    return false;
}

/* ah and its like cannot stand beside r10: such a byte goes through a lent register. */
static void access_high(struct rewriter *r, const struct statement *s, const struct operands *ops, const struct access *access)
{
    int lent = lent_register(ops), other = 1 - access->place;
    if (lent == REG_NONE || lent >= R8 || ops->count != 2 || !mnemonic_is(s->name, "mov")) {
        refuse(r, REFUSE_CAPABILITY);
        return;
    }
    struct slice high = ops->item[other].text;
    char *memory = access_operand(access), *load = format_text("movb\t%s, %%%s", memory, register_name(lent, 1));
    char *store = format_text("movb\t%%%s, %s", register_name(lent, 1), memory);
    bool wanted = flags_wanted(r);
    emit(r, "movq\t%%%s, %d(%%r14,%%r15)", register_name(lent, 8), SPILL_REGISTER);
    if (access->writes)
        emit(r, "movzbl\t" SLICE_FORMAT ", %%%s", SLICE_ARGS(high), register_name(lent, 4));
    if (wanted)
        flags_keep(r);
    access_emit(r, access, access->writes, access->writes ? store : load);
    if (wanted)
        flags_return(r);
    if (!access->writes) { /* only a store to memory takes a low byte without REX to a high one */
        emit(r, "movb\t%%%s, %d(%%r14,%%r15)", register_name(lent, 1), SPILL_FLAGS);
        char low[8] = {'%', high.start[1], 'l', 0};
        emit(r, "xchgb\t" SLICE_FORMAT ", %s", SLICE_ARGS(high), low);
        emit(r, "movb\t%d(%%r14,%%r15), %s", SPILL_FLAGS, low);
        emit(r, "xchgb\t" SLICE_FORMAT ", %s", SLICE_ARGS(high), low);
    }
    emit(r, "movq\t%d(%%r14,%%r15), %%%s", SPILL_REGISTER, register_name(lent, 8));
    free(memory);
    free(load);
    free(store);
}

/* A plain number is a word of the thread block. */
static int capability_operand(const struct operands *ops)
{
    for (int i = 0; i < ops->count; i++) {
        const struct operand *o = &ops->item[i];
        bool word = o->base == REG_NONE && o->index == REG_NONE && o->numeric;
        if (o->kind == OPERAND_MEMORY && slice_is(o->segment, "gs") && !word)
            return i;
    }
    return -1;
}

static bool reserved(int reg)
{
    return reg == RSP || reg == R10 || reg == R11 || reg == R14 || reg == R15 || reg == REG_RIP || reg == REG_VECTOR;
}

/* rep movsb with %gs on one side, which no assembler knows on the side of rdi. */
static bool access_bulk(struct rewriter *r, const struct statement *s, const struct operands *ops, int place)
{
    const struct operand *from = &ops->item[0], *to = &ops->item[1];
    if (!slice_is(s->name, "movsb") || s->prefix_count != 1 || !slice_is(s->prefixes[0], "rep") || ops->count != 2)
        return false;
    bool plain = from->kind == OPERAND_MEMORY && to->kind == OPERAND_MEMORY && from->base == RSI && to->base == RDI;
    if (!plain || from->index != REG_NONE || to->index != REG_NONE || from->displacement.length || to->displacement.length)
        return false;
    char *trap = format_text(".Lporin_trap%d", r->trap_number);
    r->trap_wanted = true;
    sequence_emit(r, place == 0 ? SEQUENCE_BULK_READ : SEQUENCE_BULK_WRITE, (const char *const[]){trap});
    free(trap);
    cache_clear(r);
    return true;
}

bool capability_instruction(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    struct access access = {.place = capability_operand(ops)};
    if (access.place < 0)
        return false;
    if (access_bulk(r, s, ops, access.place))
        return true;
    const struct operand *o = &ops->item[access.place];
    bool push = mnemonic_is(s->name, "push"), known = push || access_find(s, ops, &access);
    if (!known || reserved(o->base) || reserved(o->index) || mnemonic_branch(s->name) != BRANCH_NONE ||
        (o->numeric && literal_has_label(o->value))) {
        refuse(r, REFUSE_CAPABILITY);
        return true;
    }
    if (push) {
        access.bytes = 8;
        stack_step(r, -8);
    }
    access.address = access_address(o);
    if (push || row_of(s->name)->flags == READS)
        access_by_copy(r, s, ops, &access);
    else if (high_register(ops))
        access_high(r, s, ops, &access);
    else
        access_directly(r, s, ops, &access);
    free(access.address);
    cache_clear(r);
    return true;
}

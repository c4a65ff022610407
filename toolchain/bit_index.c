/* SPDX-License-Identifier: Apache-2.0 */
/* bt, bts, btr and btc on memory with an index in a register, as gcc makes them of atomic operations on one bit: the instruction would
 * reach beyond its operand. So the word is found first, and then changed as a word. */
#include "rewriter.h"
#include <stdlib.h>

enum { SPILL = -160 };         /* the first place below everything that may be live under r15 (literal.c says why) */

struct bits { int width, shift, index, other; const char *suffix; };

static const char *in(int reg, const struct bits *bits)
{
    return register_name(reg, bits->width);
}

/* Puts the address of the word into r11, and the index into a register of its own. */
static void find_word(struct rewriter *r, const struct operand *index, const struct bits *bits)
{
    const char *wide = bits->width == 8 ? "q" : "l";
    int width = bits->width == 8 ? 8 : 4;
    emit(r, bits->width == 2 ? "movswl\t%%%s, %%%s" : "mov\t%%%s, %%%s", in(index->reg, bits), register_name(bits->index, width));
    emit(r, "mov\t%%%s, %%%s", register_name(bits->index, width), register_name(bits->other, width));
    emit(r, "sar%s\t$%d, %%%s", wide, bits->shift, register_name(bits->other, width));
    emit(r, "leal\t(%%r11,%%%s,%d), %%r11d", register_name(bits->other, 8), bits->width);
}

static void change_word(struct rewriter *r, const struct statement *s, const struct bits *bits)
{
    emit(r, "mov\t(%%r14,%%r11), %%%s", in(RAX, bits));
    if (!mnemonic_is(s->name, "bt")) {
        emit_raw(r, ".Lporin_bit%zu:", r->at);
        emit(r, "mov\t%%%s, %%%s", in(RAX, bits), in(bits->other, bits));
        emit(r, "%.3s\t%%%s, %%%s", s->name.start, in(bits->index, bits), in(bits->other, bits));
        emit(r, "lock cmpxchg\t%%%s, (%%r14,%%r11)", in(bits->other, bits));
        emit(r, "jne\t.Lporin_bit%zu", r->at);
    }
    emit(r, "bt\t%%%s, %%%s", in(bits->index, bits), in(RAX, bits)); /* the bit as it was, in the carry flag */
}

bool bit_instruction(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    static const int candidates[] = {RCX, RSI, RDI, R8, R9, RDX, REG_NONE};
    const struct operand *index = &ops->item[0], *word = &ops->item[1];
    bool bit = mnemonic_is(s->name, "bt") || mnemonic_is(s->name, "bts") || mnemonic_is(s->name, "btr") || mnemonic_is(s->name, "btc");
    if (!bit || ops->count != 2 || index->kind != OPERAND_REGISTER || word->kind != OPERAND_MEMORY || word->segment.length)
        return false;
    struct bits bits = {.width = index->width, .shift = index->width == 8 ? 6 : index->width == 4 ? 5 : 4};
    bits.index = operands_spare(ops, candidates);
    const int *rest = candidates;
    while (*rest != bits.index)
        rest++;
    bits.other = operands_spare(ops, rest + 1);
    const int kept[] = {RAX, bits.index, bits.other};
    stack_settle(r);
    address_take(r, word);
    for (int i = 0; i < 3; i++)
        emit(r, "movq\t%%%s, %d(%%r14,%%r15)", register_name(kept[i], 8), SPILL - 8 * i);
    find_word(r, index, &bits);
    change_word(r, s, &bits);
    for (int i = 0; i < 3; i++)
        emit(r, "movq\t%d(%%r14,%%r15), %%%s", SPILL - 8 * i, register_name(kept[i], 8));
    cache_clear(r);
    return true;
}

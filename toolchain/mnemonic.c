/* SPDX-License-Identifier: Apache-2.0 */
/* Look-up of instructions by name. */
#include "mnemonic.h"
#include <string.h>

enum effect { NONE, LAST, ALL };

static const struct { const char *name, *suffixes; enum effect effect; unsigned implicit; } writes[] = {
#define WRITES(name, suffixes, effect, implicit) {name, suffixes, effect, implicit},
#define REFUSED(name, reason)
#include "mnemonics.def"
#undef WRITES
#undef REFUSED
};

static const struct { const char *name; enum refusal reason; } refused[] = {
#define WRITES(name, suffixes, effect, implicit)
#define REFUSED(name, reason) {name, REFUSE_##reason},
#include "mnemonics.def"
#undef WRITES
#undef REFUSED
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool matches_suffix(struct slice name, const char *base, const char *suffixes)
{
    size_t length = strlen(base);
    if (!slice_starts(name, base))
        return false;
    return name.length == length || (name.length == length + 1 && strchr(suffixes, name.start[length]));
}

bool mnemonic_is(struct slice name, const char *base)
{
    return matches_suffix(name, base, "bwlq");
}

enum refusal mnemonic_refusal(struct slice name)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        size_t length = strlen(refused[i].name);
        bool open = refused[i].name[length - 1] == '*';
        if (open ? name.length >= length - 1 && memcmp(name.start, refused[i].name, length - 1) == 0 : slice_is(name, refused[i].name))
            return refused[i].reason;
    }
    return REFUSE_NOTHING;
}

enum branch mnemonic_branch(struct slice name)
{
    if (slice_is(name, "jmp") || slice_is(name, "jmpq"))
        return BRANCH_JUMP;
    if (name.start[0] == 'j')
        return BRANCH_CONDITIONAL;
    if (slice_is(name, "call") || slice_is(name, "callq"))
        return BRANCH_CALL;
    if (slice_is(name, "ret") || slice_is(name, "retq"))
        return BRANCH_RETURN;
    if (slice_is(name, "ud2"))
        return BRANCH_TRAP;
    return BRANCH_NONE;
}

static unsigned explicit_writes(const struct operands *operands, int first)
{
    unsigned mask = 0;
    for (int i = first; i < operands->count; i++)
        if (operands->item[i].kind == OPERAND_REGISTER && is_general(operands->item[i].reg))
            mask |= 1u << operands->item[i].reg;
    return mask;
}

static bool has_vector_operand(const struct operands *operands)
{
    for (int i = 0; i < operands->count; i++) {
        int reg = operands->item[i].kind == OPERAND_REGISTER ? operands->item[i].reg : REG_NONE;
        if (reg == REG_VECTOR || reg == REG_MASK || reg == REG_X87)
            return true;
    }
    return false;
}

/* imul with more than one operand touches no others. */
static bool explicit_product(struct slice name, const struct operands *operands)
{
    return mnemonic_is(name, "imul") && operands->count > 1;
}

unsigned mnemonic_writes(struct slice name, const struct operands *operands)
{
    if (explicit_product(name, operands))
        return explicit_writes(operands, operands->count - 1);
    for (size_t i = 0; i < COUNT(writes); i++) {
        if (writes[i].name[0] != name.start[0] || !matches_suffix(name, writes[i].name, writes[i].suffixes))
            continue;
        int first = writes[i].effect == NONE ? operands->count : writes[i].effect == ALL ? 0 : operands->count - 1;
        return writes[i].implicit | explicit_writes(operands, first < 0 ? 0 : first);
    }
    if (slice_starts(name, "set") || slice_starts(name, "cmov"))
        return explicit_writes(operands, operands->count ? operands->count - 1 : 0);
    if (has_vector_operand(operands) || name.start[0] == 'f')
        return explicit_writes(operands, 0);
    return ALL_REGISTERS;
}

bool mnemonic_explicit(struct slice name, const struct operands *operands)
{
    if (slice_starts(name, "mulx") || slice_contains(name, "cmpestr") || slice_is(name, "sahf")) /* these read rdx, rax */
        return false;
    if (mnemonic_is(name, "push") || mnemonic_is(name, "pop") || explicit_product(name, operands))
        return true;
    for (size_t i = 0; i < COUNT(writes); i++)
        if (writes[i].name[0] == name.start[0] && matches_suffix(name, writes[i].name, writes[i].suffixes))
            return writes[i].implicit == 0;
    return slice_starts(name, "set") || slice_starts(name, "cmov") || has_vector_operand(operands);
}

static bool is_implicit_operand(const struct operand *o)
{
    if (o->kind == OPERAND_REGISTER)
        return o->reg == RAX;
    return o->kind == OPERAND_MEMORY && (o->base == RSI || o->base == RDI) && o->index == REG_NONE && !o->displacement.length;
}

bool mnemonic_string(struct slice name, const struct operands *operands, bool *uses_rdi, bool *uses_rsi)
{
    static const struct { const char *base; bool rdi, rsi; } names[] = {
        {"movs", true, true}, {"cmps", true, true}, {"stos", true, false}, {"scas", true, false}, {"lods", false, true},
    };
    for (int i = 0; i < operands->count; i++)
        if (!is_implicit_operand(&operands->item[i]))
            return false;
    for (size_t i = 0; i < COUNT(names); i++)
        if (name.length == 5 && slice_starts(name, names[i].base) && strchr("bwlqd", name.start[4])) {
            *uses_rdi = names[i].rdi;
            *uses_rsi = names[i].rsi;
            return true;
        }
    return false;
}

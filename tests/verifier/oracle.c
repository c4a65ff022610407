/* SPDX-License-Identifier: Apache-2.0 */
/* See oracle.h. Nothing here looks at the register sets in the verifier's tables; the rules stand here again, over Zydis's operands. */
#include "oracle.h"
#include <Zydis/Zydis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct form_detail form_details[] = {
    { 0 },
#define DETAIL(number, mnemonic, operands, space, opcode, modrm, features, flags, space_number, bits, w, length, rounding) \
    { mnemonic, operands, space, opcode, modrm, features, flags, space_number, bits, w, length, rounding },
#include "verifier/form_details.h"
#undef DETAIL
};
const unsigned form_count = sizeof form_details / sizeof *form_details;

bool next_operand(const char **text, struct operand_word *out)
{
    *text += strspn(*text, " ");
    size_t length = strcspn(*text, " ");
    char word[16];
    if (!length)
        return false;
    snprintf(word, sizeof word, "%.*s", (int)length, *text);
    *text += length;
    const char *p = word;
    out->role = *p == '=' || *p == '+' ? *p++ : 'r';
    size_t kind = *p == 'K' ? 2 : 1;
    snprintf(out->kind, sizeof out->kind, "%.*s", (int)kind, p);
    snprintf(out->size, sizeof out->size, "%s", p + kind);
    return true;
}

bool flag_word(const char *flags, const char *word)
{
    size_t length = strlen(word);
    for (const char *p = flags; (p = strstr(p, word)); p += length)
        if ((p == flags || p[-1] == ' ') && (!p[length] || p[length] == ' '))
            return true;
    return false;
}

/* --- what the row expects, in Zydis's terms --- */
static ZydisRegister general(unsigned number, unsigned bits, bool rex)
{
    static const ZydisRegister bytes[16] = {
        ZYDIS_REGISTER_AL, ZYDIS_REGISTER_CL, ZYDIS_REGISTER_DL, ZYDIS_REGISTER_BL, ZYDIS_REGISTER_SPL, ZYDIS_REGISTER_BPL,
        ZYDIS_REGISTER_SIL, ZYDIS_REGISTER_DIL, ZYDIS_REGISTER_R8B, ZYDIS_REGISTER_R9B, ZYDIS_REGISTER_R10B, ZYDIS_REGISTER_R11B,
        ZYDIS_REGISTER_R12B, ZYDIS_REGISTER_R13B, ZYDIS_REGISTER_R14B, ZYDIS_REGISTER_R15B,
    };
    static const ZydisRegister high[4] = { ZYDIS_REGISTER_AH, ZYDIS_REGISTER_CH, ZYDIS_REGISTER_DH, ZYDIS_REGISTER_BH };
    switch (bits) {
    case 8: return !rex && number >= 4 ? high[number - 4] : bytes[number];
    case 16: return (ZydisRegister)(ZYDIS_REGISTER_AX + number);
    case 32: return (ZydisRegister)(ZYDIS_REGISTER_EAX + number);
    default: return (ZydisRegister)(ZYDIS_REGISTER_RAX + number);
    }
}

static unsigned size_bits(const char *size, const struct form_detail *d)
{
    unsigned vector = 128u << d->length;
    switch (*size) {
    case 'b': return 8;
    case 'w': return 16;
    case 'd': return 32;
    case 'q': return 64;
    case 'v': case 'y': return d->bits;
    case 'x': return vector;
    case 'h': return vector / 2;
    case 'f': return vector / 4;
    case 'e': return vector / 8;
    default: return (unsigned)atoi(size);
    }
}

static ZydisRegister vector(unsigned number, unsigned bits)
{
    return (ZydisRegister)((bits <= 128 ? ZYDIS_REGISTER_XMM0 : bits == 256 ? ZYDIS_REGISTER_YMM0 : ZYDIS_REGISTER_ZMM0) + number);
}

static ZydisRegister implicit(const char *name, unsigned bits)
{
    static const struct { const char *name; ZydisRegister is; } names[] = {
        { "al", ZYDIS_REGISTER_AL }, { "ah", ZYDIS_REGISTER_AH }, { "cl", ZYDIS_REGISTER_CL }, { "ax", ZYDIS_REGISTER_AX },
        { "dx", ZYDIS_REGISTER_DX }, { "eax", ZYDIS_REGISTER_EAX }, { "ebx", ZYDIS_REGISTER_EBX }, { "ecx", ZYDIS_REGISTER_ECX },
        { "edx", ZYDIS_REGISTER_EDX }, { "rax", ZYDIS_REGISTER_RAX }, { "rbx", ZYDIS_REGISTER_RBX }, { "rcx", ZYDIS_REGISTER_RCX },
        { "rdx", ZYDIS_REGISTER_RDX }, { "rsi", ZYDIS_REGISTER_RSI }, { "rdi", ZYDIS_REGISTER_RDI }, { "st0", ZYDIS_REGISTER_ST0 },
        { "st1", ZYDIS_REGISTER_ST1 }, { "xmm0", ZYDIS_REGISTER_XMM0 },
    };
    if (*name == 'v' || *name == 'y')
        return general(name[1] == 'd' ? 2 : 0, bits, false);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i].name, name))
            return names[i].is;
    return ZYDIS_REGISTER_NONE;
}

/* The register that an operand word stands for in this instruction; NONE for memory and immediates. */
static ZydisRegister expected_register(const struct operand_word *o, const struct prefixes *e, const struct instruction *in,
                                       const uint8_t *bytes)
{
    const struct form_detail *d = &form_details[form_number(in->form)];
    unsigned bits = size_bits(o->size, d);
    bool rex = e->space < SPACES_LEGACY && e->space % REX_STATES != REX_NONE;
    if (strchr("EW", o->kind[0]) && in->memory)
        return ZYDIS_REGISTER_NONE;
    switch (o->kind[0]) {
    case 'G': return general(in->reg, bits, rex);
    case 'E': case 'R': case 'Z': return general(in->rm, bits, rex);
    case 'B': return general(e->vvvv, bits, true);
    case 'V': return vector(in->reg, bits);
    case 'W': case 'U': return vector(in->rm, bits);
    case 'H': return vector(e->vvvv, bits);
    case 'L': return vector(bytes[in->length - 1] >> 4, bits);
    case 'S': return (ZydisRegister)(ZYDIS_REGISTER_ST0 + (in->rm & 7));
    case '%': return implicit(o->size, d->bits);
    case 'K':
        if (o->kind[1] == 'G') return (ZydisRegister)(ZYDIS_REGISTER_K0 + in->reg);
        if (o->kind[1] == 'B') return (ZydisRegister)(ZYDIS_REGISTER_K0 + e->vvvv);
        return in->memory ? ZYDIS_REGISTER_NONE : (ZydisRegister)(ZYDIS_REGISTER_K0 + in->rm);
    default: return ZYDIS_REGISTER_NONE;
    }
}

static unsigned expected_memory_bits(const struct operand_word *o, const struct prefixes *e, const struct form_detail *d)
{
    const char *slash = strchr(o->size, '/');
    if ((e->flags & PREFIXES_EVEX) && (e->evex & EVEX_BROADCAST))
        return flag_word(d->flags, "b32") ? 32 : 64;
    return size_bits(slash ? slash + 1 : o->size, d);
}

static bool is_general(ZydisRegister reg)
{
    return ZydisRegisterGetClass(reg) >= ZYDIS_REGCLASS_GPR8 && ZydisRegisterGetClass(reg) <= ZYDIS_REGCLASS_GPR64;
}

uint32_t written_registers(const struct prefixes *e, const struct instruction *in)
{
    static const uint8_t none[16];
    const char *text = form_details[form_number(in->form)].operands;
    struct operand_word o;
    uint32_t set = 0;
    while (next_operand(&text, &o)) {
        ZydisRegister reg = o.role == 'r' ? ZYDIS_REGISTER_NONE : expected_register(&o, e, in, none + 15 - in->length);
        if (is_general(reg))
            set |= 1u << (ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg) - ZYDIS_REGISTER_RAX);
    }
    return set;
}

/* --- the table's row against Zydis --- */
#define READS(actions) ((actions) & ZYDIS_OPERAND_ACTION_MASK_READ)
#define WRITES(actions) ((actions) & ZYDIS_OPERAND_ACTION_MASK_WRITE)

/* State that no row lists: flags, instruction pointer, control stack of call and ret, status words. */
static bool unlisted(ZydisRegister reg)
{
    switch (ZydisRegisterGetClass(reg)) {
    case ZYDIS_REGCLASS_FLAGS: case ZYDIS_REGCLASS_IP: return true;
    default: break;
    }
    switch (reg) {
    case ZYDIS_REGISTER_MXCSR: case ZYDIS_REGISTER_X87CONTROL: case ZYDIS_REGISTER_X87STATUS: case ZYDIS_REGISTER_X87TAG:
    case ZYDIS_REGISTER_RSP:
        return true;
    default:
        return false;
    }
}

static const char *compare_roles(char role, ZydisOperandActions actions)
{
    if (role == 'r' && WRITES(actions))
        return "the row says read, Zydis says written";
    if (role != 'r' && !WRITES(actions))
        return "the row says written, Zydis says read";
    if (role == '=' && (READS(actions) || !(actions & ZYDIS_OPERAND_ACTION_WRITE)))
        return "the row says written, Zydis says also read or only sometimes written";
    return NULL;
}

/* Zydis's operand for an operand word: the one whose role fits, since a register can be named twice. */
static unsigned find_operand(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands, const bool *used, bool memory,
                             ZydisRegister reg, char role)
{
    unsigned found = z->operand_count;
    for (unsigned i = z->operand_count; i-- > 0; ) {
        bool same = memory ? operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY
                           : operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER && operands[i].reg.value == reg;
        if (same && !used[i] && (found == z->operand_count || !compare_roles(role, operands[i].actions)))
            found = i;
    }
    return found;
}

static const char *compare_operand(const struct operand_word *o, const ZydisDecodedOperand *z, const struct prefixes *e,
                                   const struct form_detail *d, bool memory)
{
    bool masked = (e->flags & PREFIXES_EVEX) && (e->evex & EVEX_MASK);
    if (memory && *o->size && z->size != expected_memory_bits(o, e, d))
        return "the memory operand has another size";
    if (memory && z->mem.type == ZYDIS_MEMOP_TYPE_AGEN)
        return NULL;
    if (memory && masked) /* a masked store writes some elements only */
        return (o->role == 'r') == !!WRITES(z->actions) ? "a masked memory operand has another role" : NULL;
    return memory || is_general(z->reg.value) ? compare_roles(o->role, z->actions) : NULL;
}

static bool left_over(const ZydisDecodedOperand *z)
{
    if (z->type == ZYDIS_OPERAND_TYPE_MEMORY)
        return z->mem.base != ZYDIS_REGISTER_RSP;
    return z->type == ZYDIS_OPERAND_TYPE_REGISTER && !unlisted(z->reg.value)
        && !(z->encoding == ZYDIS_OPERAND_ENCODING_MASK && z->reg.value == ZYDIS_REGISTER_K0);
}

static const char *compare_row(const uint8_t *bytes, const struct prefixes *e, const struct instruction *in,
                               const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands)
{
    const struct form_detail *d = &form_details[form_number(in->form)];
    bool used[ZYDIS_MAX_OPERAND_COUNT] = { false };
    const char *text = d->operands;
    struct operand_word o;
    for (unsigned i = 0; i < z->operand_count; i++) /* the write mask is a field of its own */
        used[i] = operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER && operands[i].encoding == ZYDIS_OPERAND_ENCODING_MASK
            && operands[i].reg.value == ZYDIS_REGISTER_K0 + (e->evex & EVEX_MASK);
    while (next_operand(&text, &o)) {
        ZydisRegister reg = expected_register(&o, e, in, bytes);
        bool memory = in->memory && (strchr("EWM", o.kind[0]) || !strcmp(o.kind, "KE"));
        if (strchr("IJv", o.kind[0]))
            continue;
        if (!memory && reg == ZYDIS_REGISTER_NONE)
            return "an operand of the row names nothing";
        unsigned i = find_operand(z, operands, used, memory, reg, o.role);
        if (i == z->operand_count)
            return memory ? "Zydis knows no memory operand" : "Zydis lacks a register that the row has";
        used[i] = true;
        const char *difference = compare_operand(&o, &operands[i], e, d, memory);
        if (difference)
            return difference;
    }
    for (unsigned i = 0; i < z->operand_count; i++)
        if (!used[i] && left_over(&operands[i]))
            return "Zydis has an operand that the row lacks";
    return NULL;
}

/* --- the rules again, over Zydis's operands --- */
static bool may_write_scratch(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_MOV: case ZYDIS_MNEMONIC_LEA: case ZYDIS_MNEMONIC_ADD: case ZYDIS_MNEMONIC_SUB:
    case ZYDIS_MNEMONIC_AND: case ZYDIS_MNEMONIC_OR: case ZYDIS_MNEMONIC_XOR: case ZYDIS_MNEMONIC_MOVZX:
        return true;
    default:
        return false;
    }
}

static const char *check_register_operand(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *o)
{
    ZydisRegister reg = o->reg.value, large = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
    bool calls = z->mnemonic == ZYDIS_MNEMONIC_CALL || z->mnemonic == ZYDIS_MNEMONIC_RET;
    switch (ZydisRegisterGetClass(reg)) {
    case ZYDIS_REGCLASS_SEGMENT: case ZYDIS_REGCLASS_CONTROL: case ZYDIS_REGCLASS_DEBUG: case ZYDIS_REGCLASS_TEST: case ZYDIS_REGCLASS_TMM:
    case ZYDIS_REGCLASS_BOUND: case ZYDIS_REGCLASS_MMX: case ZYDIS_REGCLASS_TABLE:
        return "rule: a register class that domains have not";
    default:
        break;
    }
    if ((reg == ZYDIS_REGISTER_X87CONTROL || reg == ZYDIS_REGISTER_MXCSR) && WRITES(o->actions)
        && o->visibility != ZYDIS_OPERAND_VISIBILITY_HIDDEN)
        return "rule: a control word is written";
    if (!is_general(reg))
        return NULL;
    if (large == ZYDIS_REGISTER_R10 || large == ZYDIS_REGISTER_R14 || (large == ZYDIS_REGISTER_RSP && !calls))
        return "rule: a reserved register is an operand";
    bool extends = ZydisRegisterGetClass(reg) == ZYDIS_REGCLASS_GPR32 && o->actions & ZYDIS_OPERAND_ACTION_WRITE;
    if ((large == ZYDIS_REGISTER_R11 || large == ZYDIS_REGISTER_R15) && WRITES(o->actions) && !(extends && may_write_scratch(z->mnemonic)))
        return "rule: a scratch register is written without zero-extension";
    return NULL;
}

static bool forbidden_in_lea(ZydisRegister reg)
{
    return reg == ZYDIS_REGISTER_RSP || reg == ZYDIS_REGISTER_R10 || reg == ZYDIS_REGISTER_R14;
}

static const char *check_memory_operand(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands, const ZydisDecodedOperand *o)
{
    if (o->mem.type == ZYDIS_MEMOP_TYPE_AGEN) {
        if (o->mem.base == ZYDIS_REGISTER_RIP)
            return operands[0].size == 32 ? NULL : "rule: lea shows rip";
        return forbidden_in_lea(o->mem.base) || forbidden_in_lea(o->mem.index) ? "rule: lea reads a reserved register" : NULL;
    }
    if (o->mem.base == ZYDIS_REGISTER_RSP && (z->mnemonic == ZYDIS_MNEMONIC_CALL || z->mnemonic == ZYDIS_MNEMONIC_RET))
        return o->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN ? NULL : "rule: memory through rsp";
    if (o->mem.type != ZYDIS_MEMOP_TYPE_MEM)
        return "rule: memory operand of a strange type";
    if (o->mem.segment == ZYDIS_REGISTER_GS) {
        bool narrow = operands[0].reg.value == ZYDIS_REGISTER_R11D;
        bool wide = ZydisRegisterGetClass(operands[0].reg.value) == ZYDIS_REGCLASS_GPR64;
        bool plain = o->mem.base == ZYDIS_REGISTER_NONE && o->mem.index == ZYDIS_REGISTER_NONE;
        bool readable = o->mem.disp.value == 0 || o->mem.disp.value == 8;
        return z->mnemonic == ZYDIS_MNEMONIC_MOV && (narrow || wide) && plain && readable ? NULL : "rule: gs";
    }
    if (o->mem.segment == ZYDIS_REGISTER_FS)
        return "rule: fs";
    if (o->mem.base == ZYDIS_REGISTER_RIP && o->mem.index == ZYDIS_REGISTER_NONE)
        return NULL;
    if (o->mem.base != ZYDIS_REGISTER_R14)
        return "rule: memory not through r14";
    if (o->mem.index == ZYDIS_REGISTER_NONE)
        return NULL;
    if ((o->mem.index != ZYDIS_REGISTER_R11 && o->mem.index != ZYDIS_REGISTER_R15) || o->mem.scale != 1)
        return "rule: index or scale";
    return NULL;
}

static const char *check_rules(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands)
{
    if (z->mnemonic == ZYDIS_MNEMONIC_INT3)
        return NULL; /* faults, and with that leaves the domain */
    if (z->attributes & ZYDIS_ATTRIB_IS_PRIVILEGED || z->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR)
        return "rule: privileged or far";
    if (z->address_width != 64)
        return "rule: address size";
    ZyanU32 changed = z->cpu_flags ? z->cpu_flags->modified | z->cpu_flags->set_0 | z->cpu_flags->set_1 | z->cpu_flags->undefined : 0;
    if (changed & (ZYDIS_CPUFLAG_TF | ZYDIS_CPUFLAG_IF | ZYDIS_CPUFLAG_IOPL | ZYDIS_CPUFLAG_NT | ZYDIS_CPUFLAG_RF | ZYDIS_CPUFLAG_AC))
        return "rule: a system flag changes";
    if (changed & ZYDIS_CPUFLAG_DF && z->mnemonic != ZYDIS_MNEMONIC_CLD)
        return "rule: the direction flag changes";
    for (unsigned i = 0; i < z->operand_count; i++) {
        const ZydisDecodedOperand *o = &operands[i];
        const char *problem = o->type == ZYDIS_OPERAND_TYPE_REGISTER ? check_register_operand(z, o)
            : o->type == ZYDIS_OPERAND_TYPE_MEMORY ? check_memory_operand(z, operands, o)
            : o->type == ZYDIS_OPERAND_TYPE_POINTER ? "rule: far pointer" : NULL;
        if (problem)
            return problem;
    }
    return NULL;
}

/* --- facts for gates and loader (rule V13) --- */
enum {
#define FEATURE(id, name, leaf, subleaf, reg, bit) FEATURE_##id,
#include "features.def"
#undef FEATURE
};
#define BIT(feature) (1ull << FEATURE_##feature)

/* Features by Zydis's name of the instruction set, without the length that AVX-512 sets end in. */
static uint64_t features_of(const char *set)
{
    static const struct { const char *set; uint64_t features; } sets[] = {
        { "SSE3", BIT(SSE3) }, { "SSE3X87", BIT(SSE3) }, { "SSSE3", BIT(SSSE3) }, { "SSE4", BIT(SSE41) }, { "SSE42", BIT(SSE42) },
        { "POPCNT", BIT(POPCNT) }, { "LZCNT", BIT(LZCNT) }, { "BMI1", BIT(BMI1) }, { "BMI2", BIT(BMI2) }, { "ADOX_ADCX", BIT(ADX) },
        { "MOVBE", BIT(MOVBE) }, { "CMPXCHG16B", BIT(CX16) }, { "LAHF", BIT(LAHF) }, { "AES", BIT(AES) }, { "PCLMULQDQ", BIT(PCLMUL) },
        { "SHA", BIT(SHA) }, { "GFNI", BIT(GFNI) }, { "AVX", BIT(AVX) }, { "AVX2", BIT(AVX2) }, { "AVXAES", BIT(AES) | BIT(AVX) },
        { "FMA", BIT(FMA) }, { "F16C", BIT(F16C) }, { "AVX_GFNI", BIT(GFNI) | BIT(AVX) }, { "VAES", BIT(VAES) | BIT(AVX) },
        { "VPCLMULQDQ", BIT(VPCLMUL) | BIT(AVX) }, { "PREFETCH_NOP", BIT(PREFETCHW) },
        { "AVX512F", BIT(AVX512F) }, { "AVX512BW", BIT(AVX512BW) }, { "AVX512DQ", BIT(AVX512DQ) }, { "AVX512CD", BIT(AVX512CD) },
        { "AVX512_IFMA", BIT(AVX512IFMA) }, { "AVX512_VBMI", BIT(AVX512VBMI) }, { "AVX512_VBMI2", BIT(AVX512VBMI2) },
        { "AVX512_VNNI", BIT(AVX512VNNI) }, { "AVX512_BITALG", BIT(AVX512BITALG) }, { "AVX512_VPOPCNTDQ", BIT(AVX512VPOPCNTDQ) },
        { "AVX512_BF16", BIT(AVX512BF16) }, { "AVX512_GFNI", BIT(GFNI) | BIT(AVX512F) }, { "AVX512_VAES", BIT(VAES) | BIT(AVX512F) },
        { "AVX512_VPCLMULQDQ", BIT(VPCLMUL) | BIT(AVX512F) },
    };
    const char *end = strrchr(set, '_');
    bool length = !strncmp(set, "AVX512", 6) && end && (strchr("125", end[1]) || !strcmp(end, "_SCALAR") || !strcmp(end, "_KOP"));
    size_t size = length ? (size_t)(end - set) : strlen(set);
    bool short_vectors = length && (!strcmp(end, "_128") || !strcmp(end, "_256"));
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if (strlen(sets[i].set) == size && !strncmp(sets[i].set, set, size))
            return sets[i].features | (short_vectors ? BIT(AVX512VL) : 0);
    return 0; /* what every x86-64 CPU has */
}

/* What a capability access of this form would do: the size that is checked is the size that is accessed, and a write is known to be one. */
static const char *check_access(const struct form *form, const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands)
{
    for (unsigned i = 0; i < z->operand_count; i++) {
        const ZydisDecodedOperand *o = &operands[i];
        if (o->type != ZYDIS_OPERAND_TYPE_MEMORY || o->visibility != ZYDIS_OPERAND_VISIBILITY_EXPLICIT)
            continue;
        bool evex = z->encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX, power = o->size <= 256 && !(o->size & (o->size - 1));
        bool accessed = o->actions && o->mem.type == ZYDIS_MEMOP_TYPE_MEM && z->mnemonic != ZYDIS_MNEMONIC_NOP
            && z->meta.category != ZYDIS_CATEGORY_PREFETCH;
        if (form->access ? evex || !accessed || 8u * form->access != o->size : !evex && accessed && power)
            return "access: another size";
        if (form->access && form->writes != !!(o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
            return "access: written or not";
    }
    return NULL;
}

static const char *check_facts(const struct form *form, const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands)
{
    uint32_t uses = 0;
    const char *set = ZydisISASetGetString(z->meta.isa_set);
    bool vector = strncmp(set, "BMI", 3); /* the only VEX instructions without vector or mask registers */
    for (unsigned i = 0; i < z->operand_count; i++)
        if (operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER && ZydisRegisterGetClass(operands[i].reg.value) == ZYDIS_REGCLASS_MASK)
            uses |= PORIN_USES_EVEX | PORIN_USES_AVX;
    if (z->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && (z->opcode & 0xF8) == 0xD8 && z->encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY)
        uses |= PORIN_USES_X87 | (z->mnemonic == ZYDIS_MNEMONIC_FNSTSW ? PORIN_USES_X87_STATUS : 0);
    uses |= z->encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX ? PORIN_USES_EVEX | PORIN_USES_AVX : 0;
    uses |= z->encoding == ZYDIS_INSTRUCTION_ENCODING_VEX && vector ? PORIN_USES_AVX : 0;
    bool ends = z->mnemonic == ZYDIS_MNEMONIC_JMP || z->mnemonic == ZYDIS_MNEMONIC_RET || z->mnemonic == ZYDIS_MNEMONIC_INT3
        || z->mnemonic == ZYDIS_MNEMONIC_UD2;
    bool relative = operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE && operands[0].imm.is_relative;
    bool memory = z->attributes & ZYDIS_ATTRIB_HAS_MODRM && z->raw.modrm.mod != 3;
    if (!!(form->flags & FORM_ENDS) != ends || !!(form->flags & FORM_BRANCH) != relative)
        return "the row says otherwise where control goes";
    if (!!(form->flags & FORM_POLICY) != (z->mnemonic == ZYDIS_MNEMONIC_RDTSC))
        return "the row says otherwise what policy decides";
    if (memory && !!(form->flags & FORM_LOCK) != !!(z->attributes & ZYDIS_ATTRIB_ACCEPTS_LOCK))
        return "the row says otherwise whether lock is accepted";
    if (form->flags & FORM_THREAD_BLOCK && (z->mnemonic != ZYDIS_MNEMONIC_MOV || WRITES(operands[1].actions) || z->opcode != 0x8B))
        return "the row lets another instruction than a load read the thread block";
    if (form->uses != uses)
        return "the row's register state (V13) is another";
    uint64_t more = z->mnemonic == ZYDIS_MNEMONIC_VPCLMULQDQ && !strcmp(set, "AVX") ? BIT(PCLMUL) : 0; /* Intel SDM: both */
    uint64_t features = z->mnemonic == ZYDIS_MNEMONIC_TZCNT ? 0 : features_of(set) | more; /* see the row's comment */
    if (form->features != features)
        return "the row's CPU features are others";
    return NULL;
}

static bool zydis_decode(const uint8_t *bytes, ZydisDecodedInstruction *z, ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT])
{
    static ZydisDecoder decoder;
    static bool ready;
    if (!ready)
        ready = ZYAN_SUCCESS(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64));
    return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, ZYDIS_MAX_INSTRUCTION_LENGTH, z, operands));
}

const char *oracle_facts(const uint8_t *bytes, const struct instruction *in)
{
    ZydisDecodedInstruction z;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    return zydis_decode(bytes, &z, operands) ? check_facts(in->form, &z, operands) : "Zydis knows no such instruction";
}

const char *oracle_check(const uint8_t *bytes, const struct prefixes *prefixes, const struct instruction *in)
{
    ZydisDecodedInstruction z;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    if (!zydis_decode(bytes, &z, operands))
        return "Zydis knows no such instruction";
    if (z.length != in->length)
        return "Zydis has another length";
    if (z.mnemonic == ZYDIS_MNEMONIC_NOP) /* a row of its own to Zydis; here an exchange of rax with itself, without operand bytes */
        return z.length == prefixes->size + 1 && in->rm == 0 ? NULL : "a nop with operands";
    const char *problem = check_rules(&z, operands);
    if (!problem)
        problem = compare_row(bytes, prefixes, in, &z, operands);
    if (!problem)
        problem = check_access(in->form, &z, operands);
    return problem ? problem : check_facts(in->form, &z, operands);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Turns trusted/tables/{forms,sequences}.def into the verifier's tables (form.h) and, for tests and the reference page, a detailed list.
 * Runs at build time: verifier_tables tables.c details.h. Rows it does not understand or that claim the same encoding stop the build. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "layout.h"
#include "porin/verify.h"
#include "verifier/form.h"

struct row {
    const char *mnemonic, *operands, *space;
    unsigned opcode;
    const char *modrm, *features, *flags;
};
static const struct row rows[] = {
#define SECTION(title, reason)
#define NOTE(reason)
#define FIXED(mnemonic, bytes)
#define FORM(mnemonic, operands, space, opcode, modrm, features, flags) { mnemonic, operands, space, opcode, modrm, features, flags },
#include "forms.def"
#undef FORM
#undef FIXED
};
static const char *const fixed_rows[] = {
#define FIXED(mnemonic, bytes) bytes,
#define FORM(mnemonic, operands, space, opcode, modrm, features, flags)
#include "forms.def"
#undef FORM
#undef FIXED
};
#undef SECTION
#undef NOTE
enum { ROWS = sizeof rows / sizeof *rows, FIXED_ROWS = sizeof fixed_rows / sizeof *fixed_rows };

struct step_row { const char *sequence, *form; unsigned bits, reg, rm; uint32_t immediate; };
static const struct step_row step_rows[] = {
#define SEQUENCE(id, reason) { #id, NULL, 0, 0, 0, 0 },
#define STEP(form, bits, reg, rm, immediate, text) { NULL, form, bits, reg, rm, (uint32_t)(immediate) },
#include "sequences.def"
#undef SEQUENCE
#undef STEP
};
enum { STEP_ROWS = sizeof step_rows / sizeof *step_rows };

enum feature {
#define FEATURE(id, name, leaf, subleaf, reg, bit) FEATURE_##id,
#include "features.def"
#undef FEATURE
    FEATURES
};
static const char *const feature_ids[] = {
#define FEATURE(id, name, leaf, subleaf, reg, bit) #id,
#include "features.def"
#undef FEATURE
};
static const char *const set_names[] = { "", "jne", "di", "si", "disi", "jae", "ja" };
enum { SETS = sizeof set_names / sizeof *set_names };

static const struct row *current; /* for messages */

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (current)
        fprintf(stderr, "forms.def: %s %s (opcode %02x): ", current->mnemonic, current->operands, current->opcode);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(1);
}

/* --- words: strings of words separated by one of the given characters --- */
static bool next_word(const char **text, const char *separators, char *word, size_t size)
{
    *text += strspn(*text, separators);
    size_t length = strcspn(*text, separators);
    if (length >= size)
        fail("word too long");
    memcpy(word, *text, length);
    word[length] = 0;
    *text += length;
    return length > 0;
}

static bool has_word(const char *text, const char *wanted)
{
    char word[32];
    while (next_word(&text, " ", word, sizeof word))
        if (!strcmp(word, wanted))
            return true;
    return false;
}

/* --- a row, parsed --- */
enum encoding { LEGACY, VEX, EVEX };
struct space {
    enum encoding encoding;
    unsigned map, prefix;
    bool has66, w[2], length[4], scalar;
};

static struct space parse_space(const char *text)
{
    struct space s = { .encoding = LEGACY, .w = { true, false } };
    char word[16];
    while (next_word(&text, ".", word, sizeof word)) {
        if (!strcmp(word, "VEX")) s.encoding = VEX;
        else if (!strcmp(word, "EVEX")) s.encoding = EVEX;
        else if (!strcmp(word, "128")) s.length[0] = true;
        else if (!strcmp(word, "256")) s.length[1] = true;
        else if (!strcmp(word, "512")) s.length[2] = true;
        else if (!strcmp(word, "x")) s.length[0] = s.length[1] = true, s.length[2] = s.encoding == EVEX;
        else if (!strcmp(word, "yz")) s.length[1] = s.length[2] = true;
        else if (!strcmp(word, "L0")) s.length[0] = s.scalar = true;
        else if (!strcmp(word, "NP")) s.prefix = PREFIX_NONE;
        else if (!strcmp(word, "66")) s.prefix = PREFIX_66, s.has66 = true;
        else if (!strcmp(word, "F3")) s.prefix = PREFIX_F3;
        else if (!strcmp(word, "F2")) s.prefix = PREFIX_F2;
        else if (!strcmp(word, "0F")) s.map = MAP_0F;
        else if (!strcmp(word, "0F38")) s.map = MAP_0F38;
        else if (!strcmp(word, "0F3A")) s.map = MAP_0F3A;
        else if (!strcmp(word, "W0")) s.w[0] = true, s.w[1] = false;
        else if (!strcmp(word, "W1")) s.w[0] = false, s.w[1] = true;
        else if (!strcmp(word, "WIG")) s.w[0] = s.w[1] = true;
        else fail("space word %s is unknown", word);
    }
    if (s.encoding != LEGACY && (!s.map || !(s.length[0] || s.length[1] || s.length[2])))
        fail("VEX and EVEX need map and length");
    if (s.encoding != EVEX && s.length[2])
        fail("512 bits need EVEX");
    return s;
}

struct operand { char role; char kind[4]; char size[8]; };
enum { MAX_OPERANDS = 6 };
struct operands { struct operand at[MAX_OPERANDS]; unsigned count; bool sized_v, sized_y; };

static struct operands parse_operands(const char *text)
{
    struct operands list = { .count = 0 };
    char word[16];
    while (next_word(&text, " ", word, sizeof word)) {
        const char *p = word;
        if (list.count == MAX_OPERANDS)
            fail("too many operands");
        struct operand *o = &list.at[list.count++];
        o->role = *p == '=' || *p == '+' ? *p++ : 'r';
        size_t kind = strchr("%Sv", *p) ? 1 : *p == 'K' ? 2 : 1;
        memcpy(o->kind, p, kind);
        snprintf(o->size, sizeof o->size, "%s", p + kind);
        if (!strchr("GERZBVWUHLKMIJ%Sv", *p))
            fail("operand %s is unknown", word);
        char size = o->kind[0] == '%' ? o->size[0] : o->kind[0] == 'v' ? 'v' : o->size[0];
        list.sized_v |= size == 'v';
        list.sized_y |= size == 'y';
    }
    return list;
}

static const struct operand *find(const struct operands *list, const char *kinds)
{
    for (unsigned i = 0; i < list->count; i++) {
        const char *text = kinds;
        char kind[4];
        while (next_word(&text, " ", kind, sizeof kind))
            if (!strcmp(list->at[i].kind, kind))
                return &list->at[i];
    }
    return NULL;
}

/* --- concrete forms: a row in one operand size, W and length --- */
enum { MAX_FORMS = 8000 };
struct concrete { const struct row *row; struct form form; unsigned bits, length, w, rex, space; bool rounding; };
static struct concrete concretes[MAX_FORMS];
static unsigned concrete_count = 1;
static uint16_t cells[SPACES][256][GROUP_SIZE];

/* The register numbers that a field may name. rex: one of REX_*; only 8-bit registers care. */
static uint32_t register_set(const struct operand *o, unsigned bits, unsigned rex, bool scratch)
{
    if (!o || strchr("VWUHLM", o->kind[0]))
        return REGISTERS_ANY;
    if (o->kind[0] == 'K')
        return REGISTERS_LOW;
    if (!o->size[0] || !strchr("bwdqvy", o->size[0]))
        fail("general register of size '%s'", o->size);
    if (o->size[0] == 'b' && rex == REX_NONE)
        return REGISTERS_LOW;
    if (o->role == 'r' || (scratch && bits == 32 && o->size[0] != 'b'))
        return REGISTERS_READ;
    return REGISTERS_WRITTEN;
}

static uint8_t memory_rule(const struct row *row, unsigned bits)
{
    if (!has_word(row->flags, "address"))
        return MEMORY_ACCESS;
    return bits == 32 ? MEMORY_ADDRESS_LOW : MEMORY_ADDRESS;
}

static uint8_t immediate_size(const struct operands *list, unsigned bits)
{
    unsigned size = 0;
    for (unsigned i = 0; i < list->count; i++) {
        const struct operand *o = &list->at[i];
        if (!strcmp(o->kind, "L"))
            size += 1;
        if (strcmp(o->kind, "I") && strcmp(o->kind, "J"))
            continue;
        switch (o->size[0]) {
        case 'b': size += 1; break;
        case 'd': size += 4; break;
        case 'z': size += bits == 16 ? 2 : 4; break;
        case 'v': size += bits / 8; break;
        default: fail("immediate of size '%s'", o->size);
        }
    }
    return (uint8_t)size;
}

static uint64_t feature_set(const char *text, bool vl)
{
    uint64_t set = vl ? 1ull << FEATURE_AVX512VL : 0;
    char word[32];
    while (next_word(&text, " ", word, sizeof word)) {
        unsigned i = 0;
        while (i < FEATURES && strcmp(word, feature_ids[i]))
            i++;
        if (i == FEATURES)
            fail("feature %s is unknown", word);
        set |= 1ull << i;
    }
    return set;
}

static uint8_t set_number(const char *flags)
{
    for (unsigned i = 1; i < SETS; i++)
        if (has_word(flags, set_names[i]))
            return (uint8_t)i;
    return 0;
}

static uint16_t form_flags(const struct row *row, const struct operands *list, bool rounding)
{
    static const struct { const char *word; uint16_t flag; } words[] = {
        { "bare", 0 }, { "lock", FORM_LOCK }, { "only", FORM_ONLY }, { "address", 0 },
        { "thread-block", FORM_THREAD_BLOCK }, { "ends", FORM_ENDS }, { "policy", FORM_POLICY },
        { "k", FORM_MASKED }, { "kz", FORM_MASKED | FORM_ZERO_REGISTER | FORM_ZERO_MEMORY },
        { "b32", FORM_BROADCAST }, { "b64", FORM_BROADCAST }, { "scratch", 0 }, { "er", 0 }, { "sae", 0 },
    };
    uint16_t flags = 0;
    const char *text = row->flags;
    char word[32];
    while (next_word(&text, " ", word, sizeof word)) {
        size_t i = 0;
        while (i < sizeof words / sizeof *words && strcmp(word, words[i].word))
            i++;
        if (i < sizeof words / sizeof *words)
            flags |= words[i].flag;
        else if (!set_number(word))
            fail("flag %s is unknown", word);
    }
    if (find(list, "J"))
        flags |= FORM_BRANCH;
    const struct operand *rm = find(list, "W E M");
    if (rm && rm->role != 'r')
        flags &= (uint16_t)~FORM_ZERO_MEMORY;
    if (rounding && has_word(row->flags, "sae"))
        flags |= FORM_LENGTH_ZERO;
    return flags;
}

static uint8_t form_uses(const struct row *row, const struct space *s, const struct operands *list)
{
    if (s->encoding == EVEX || find(list, "KG KB KR KE"))
        return PORIN_USES_EVEX | PORIN_USES_AVX;
    if (s->encoding == VEX && (find(list, "V H W U") || !list->count))
        return PORIN_USES_AVX;
    if (strcmp(row->mnemonic, "fnstsw") == 0)
        return PORIN_USES_X87 | PORIN_USES_X87_STATUS;
    return s->encoding == LEGACY && s->map == MAP_ONE && (row->opcode & 0xF8) == 0xD8 ? PORIN_USES_X87 : 0;
}

/* Which slots of a group the row claims. */
static void group_slots(const struct row *row, const struct operands *list, bool rounding, bool slots[GROUP_SIZE])
{
    bool memory = find(list, "E W M KE") && !rounding, reg = find(list, "E W KE R U KR");
    const char *m = row->modrm;
    memset(slots, 0, GROUP_SIZE * sizeof *slots);
    if (m[0] == '=') {
        unsigned first = (unsigned)strtoul(m + 1, NULL, 16), count = strstr(m, "+i") ? 8 : 1;
        if (first < 0xC0 || memory || reg)
            fail("fixed ModRM byte with an rm operand or below c0");
        for (unsigned i = 0; i < count; i++)
            slots[8 + first - 0xC0 + i] = true;
    } else if (m[0] == '/') {
        int digit = m[1] == 'r' ? -1 : m[1] - '0';
        if (m[2] || digit > 7 || !(memory || reg))
            fail("modrm %s without operand", m);
        for (unsigned slot = 0; slot < GROUP_SIZE; slot++) {
            int in_reg = slot < 8 ? (int)slot : (int)(slot - 8) / 8;
            slots[slot] = (slot < 8 ? memory : reg) && (digit < 0 || digit == in_reg);
        }
    } else {
        for (unsigned slot = 0; slot < GROUP_SIZE; slot++)
            slots[slot] = true;
    }
}

static void claim(const struct row *row, const struct operands *list, const struct concrete *c, unsigned number)
{
    bool slots[GROUP_SIZE];
    group_slots(row, list, c->rounding, slots);
    unsigned last = !strcmp(row->modrm, "+r") ? row->opcode | 7 : row->opcode;
    if (row->opcode > 255)
        fail("opcode too large");
    for (unsigned opcode = row->opcode; opcode <= last; opcode++)
        for (unsigned slot = 0; slot < GROUP_SIZE; slot++) {
            uint16_t *cell = &cells[c->space][opcode][slot];
            if (!slots[slot])
                continue;
            if (*cell)
                fail("same encoding as %s %s", concretes[*cell].row->mnemonic, concretes[*cell].row->operands);
            *cell = (uint16_t)number;
        }
}

/* The number of the same form in another space (with and without REX), or the next free one. */
static unsigned same_form(const struct concrete *c)
{
    unsigned number = concrete_count;
    while (number > 1 && concretes[number - 1].row == c->row)
        if (concretes[--number].bits == c->bits && concretes[number].length == c->length
            && !memcmp(&concretes[number].form, &c->form, sizeof c->form))
            return number;
    return concrete_count;
}

/* Bytes of the explicit memory operand; 0: none, or one that capability accesses leave out (EVEX, whose displacements are scaled). */
static uint8_t access_size(const struct row *row, const struct operands *list, const struct space *s, const struct concrete *c)
{
    const struct operand *o = find(list, "E W M KE");
    if (!o || s->encoding == EVEX || memory_rule(row, c->bits) != MEMORY_ACCESS || has_word(row->flags, "only"))
        return 0;
    const char *slash = strchr(o->size, '/'), *size = slash ? slash + 1 : o->size;
    unsigned vector = 16u << c->length, bits = (unsigned)strtoul(size, NULL, 10) / 8;
    switch (*size) {
    case 'b': return 1;
    case 'w': return 2;
    case 'd': return 4;
    case 'q': return 8;
    case 'v': return (uint8_t)(c->bits / 8);
    case 'y': return (uint8_t)(c->bits / 8);
    case 'x': return (uint8_t)vector;
    case 'h': return (uint8_t)(vector / 2);
    case 'f': return (uint8_t)(vector / 4);
    case 'e': return (uint8_t)(vector / 8);
    default: return (uint8_t)(bits == 0 || bits > 32 || bits & (bits - 1) ? 0 : bits);
    }
}

static void add(const struct row *row, const struct space *s, const struct operands *list, struct concrete c, unsigned rex)
{
    const struct operand *reg = find(list, "G V KG"), *rm = find(list, "E R Z W U KE KR M"), *vvvv = find(list, "B H KB");
    bool vector_space = s->encoding != LEGACY, scratch = has_word(row->flags, "scratch");
    if (concrete_count == MAX_FORMS)
        fail("too many forms");
    c.row = row;
    memset(&c.form, 0, sizeof c.form); /* padding too: forms are compared */
    c.form = (struct form){
        .features = feature_set(row->features, s->encoding == EVEX && !s->scalar && c.length < 2),
        .flags = form_flags(row, list, c.rounding),
        .reg = reg || !vector_space || row->modrm[0] != '/' ? register_set(reg, c.bits, rex, scratch) : REGISTERS_LOW,
        .rm = register_set(rm, c.bits, rex, scratch),
        .vvvv = vvvv || !vector_space ? register_set(vvvv, c.bits, rex, scratch) : REGISTERS_UNUSED,
        .memory = memory_rule(row, c.bits),
        .immediate_size = immediate_size(list, c.bits),
        .set = set_number(row->flags),
        .uses = form_uses(row, s, list),
        .access = access_size(row, list, s, &c),
        .writes = rm && rm->role != 'r',
    };
    unsigned number = same_form(&c);
    if (number == concrete_count)
        concretes[concrete_count++] = c;
    claim(row, list, &c, number);
}

/* The legacy encodings: 16, 32 and 64 bits, without and with REX. */
static void add_legacy(const struct row *row, const struct space *s, const struct operands *list)
{
    unsigned repeat = s->prefix == PREFIX_F3 ? 1 : s->prefix == PREFIX_F2 ? 2 : 0;
    for (unsigned rex = REX_NONE; rex < REX_STATES; rex++) {
        bool w = rex == REX_W1;
        struct concrete c = { .w = w, .rex = rex, .bits = w ? 64 : 32, .space = SPACE_LEGACY(s->map, s->has66, repeat, rex) };
        struct concrete word = { .rex = rex, .bits = 16, .space = SPACE_LEGACY(s->map, 1u, repeat, rex) };
        if (rex != REX_NONE && has_word(row->flags, "bare"))
            break;
        if (list->sized_v || s->w[w])
            add(row, s, list, c, rex);
        if (list->sized_v && !s->has66 && !w)
            add(row, s, list, word, rex);
    }
}

static void add_row(const struct row *row)
{
    current = row;
    struct space s = parse_space(row->space);
    struct operands list = parse_operands(row->operands);
    if (list.sized_v && list.sized_y)
        fail("both v and y operands");
    if (list.sized_y)
        s.w[0] = s.w[1] = true;
    if (s.encoding == LEGACY) {
        add_legacy(row, &s, &list);
        return;
    }
    bool round = has_word(row->flags, "er") || has_word(row->flags, "sae");
    for (unsigned w = 0; w < 2; w++)
        for (unsigned length = 0; length < 4; length++) {
            struct concrete c = { .w = w, .bits = w ? 64 : 32, .length = length };
            c.rounding = length == LENGTH_ROUNDING;
            if (!s.w[w] || !(c.rounding ? round && (s.length[2] || s.scalar) : s.length[length]))
                continue;
            if (c.rounding)
                c.length = s.scalar ? 0 : 2;
            c.space = s.encoding == VEX ? SPACE_VEX(s.map, s.prefix, w, length) : SPACE_EVEX(s.map, s.prefix, w, length);
            add(row, &s, &list, c, REX_W0);
        }
}

/* --- output --- */
enum { MAX_GROUPS = 65536 / GROUP_SIZE };
static uint32_t groups[MAX_GROUPS][GROUP_SIZE];
static unsigned group_count;

static uint32_t plain_cell(unsigned number)
{
    const struct concrete *c = &concretes[number];
    bool has_modrm = number && (c->row->modrm[0] == '/' || c->row->modrm[0] == '=');
    return number | (uint32_t)c->form.immediate_size << 16 | (has_modrm ? CELL_MODRM : 0);
}

static uint32_t cell_for(const uint16_t slots[GROUP_SIZE])
{
    uint32_t group[GROUP_SIZE];
    unsigned same = 1, g = 0;
    while (same < GROUP_SIZE && slots[same] == slots[0])
        same++;
    if (same == GROUP_SIZE)
        return plain_cell(slots[0]);
    for (unsigned i = 0; i < GROUP_SIZE; i++)
        group[i] = plain_cell(slots[i]);
    while (g < group_count && memcmp(groups[g], group, sizeof group))
        g++;
    if (g == MAX_GROUPS)
        fail("too many groups");
    if (g == group_count)
        memcpy(groups[group_count++], group, sizeof group);
    return CELL_GROUP | (g * GROUP_SIZE);
}

static void fill_page(uint32_t page[256], unsigned space)
{
    for (unsigned opcode = 0; opcode < 256; opcode++)
        page[opcode] = cell_for(cells[space][opcode]);
}

static void write_index(FILE *out)
{
    static uint32_t pages[SPACES + PAGES_PLAIN][256];
    unsigned page_count = PAGES_PLAIN, page_of_space[SPACES];
    for (unsigned map = MAP_ONE; map <= MAP_0F; map++)
        for (unsigned rex = 0; rex < REX_STATES; rex++)
            fill_page(pages[PAGE_PLAIN(map, rex)], SPACE_LEGACY(map, 0u, 0u, rex));
    for (unsigned space = 0; space < SPACES; space++) {
        unsigned p = 0;
        fill_page(pages[page_count], space);
        while (memcmp(pages[p], pages[page_count], sizeof pages[p]))
            p++;
        page_of_space[space] = p;
        if (p == page_count)
            page_count++;
    }
    fprintf(out, "const uint8_t verifier_page_of_space[SPACES] = {");
    for (unsigned i = 0; i < SPACES; i++)
        fprintf(out, "%s%u,", i % 32 ? "" : "\n", page_of_space[i]);
    fprintf(out, "\n};\nconst uint32_t verifier_pages[][256] = {");
    for (unsigned p = 0; p < page_count; p++)
        for (unsigned i = 0; i < 256; i++)
            fprintf(out, "%s0x%x,%s", i ? "" : "\n{", pages[p][i], i == 255 ? "}," : "");
    fprintf(out, "\n};\nconst uint32_t verifier_groups[] = {");
    for (unsigned i = 0; i < group_count * GROUP_SIZE; i++)
        fprintf(out, "%s0x%x,", i % GROUP_SIZE ? "" : "\n", groups[i / GROUP_SIZE][i % GROUP_SIZE]);
    fprintf(out, "\n};\n");
}

static void write_forms(FILE *out)
{
    fprintf(out, "const struct form verifier_forms[] = {\n{0},\n");
    for (unsigned i = 1; i < concrete_count; i++) {
        const struct form *f = &concretes[i].form;
        fprintf(out, "{0x%llxull,0x%xu,0x%xu,0x%xu,0x%x,%u,%u,%u,%u,%u,%u},\n", (unsigned long long)f->features, f->reg, f->rm, f->vvvv,
                f->flags,
                f->memory, f->immediate_size, f->set, f->uses, f->access, f->writes);
    }
    fprintf(out, "};\nconst struct fixed_form verifier_fixed[] = {\n");
    for (unsigned i = 0; i < FIXED_ROWS; i++) {
        const char *text = fixed_rows[i];
        char byte[4];
        fprintf(out, "{%zu,{", (strlen(text) + 1) / 3);
        while (next_word(&text, " ", byte, sizeof byte))
            fprintf(out, "0x%s,", byte);
        fprintf(out, "}},\n");
    }
    fprintf(out, "{0,{0}}};\n");
}

static unsigned find_form(const struct step_row *step)
{
    char name[64];
    unsigned found = 0;
    for (unsigned i = 1; i < concrete_count; i++) {
        snprintf(name, sizeof name, "%s %s", concretes[i].row->mnemonic, concretes[i].row->operands);
        if (strcmp(name, step->form) || (step->bits && step->bits != concretes[i].bits))
            continue;
        if (found)
            fail("sequences.def: step '%s' names more than one form", step->form);
        found = i;
    }
    if (!found)
        fail("sequences.def: step '%s' names no form", step->form);
    return found;
}

static void write_sequences(FILE *out)
{
    current = NULL;
    fprintf(out, "static const struct step steps[] = {\n");
    for (unsigned i = 0; i < STEP_ROWS; i++) {
        const struct step_row *s = &step_rows[i];
        if (!s->form)
            continue;
        bool set = s->form[0] == '@', access = s->form[0] == '#', writes = !strcmp(s->form, "#write");
        if (access && !writes && strcmp(s->form, "#read"))
            fail("sequences.def: access %s is unknown", s->form);
        if (set && !set_number(s->form + 1))
            fail("sequences.def: set %s is unknown", s->form);
        fprintf(out, "{%u,%u,%u,%u,%u,%u,0x%xu},\n", set || access ? 0 : find_form(s), set ? set_number(s->form + 1) : 0, s->reg, s->rm,
                access ? s->bits / 8 : 0, writes, s->immediate);
    }
    fprintf(out, "};\nconst struct sequence verifier_sequences[] = {\n");
    for (unsigned i = 0, first = 0; i < STEP_ROWS; ) {
        unsigned count = 0;
        while (++i < STEP_ROWS && step_rows[i].form)
            count++;
        fprintf(out, "{steps + %u,%u},\n", first, count);
        first += count;
    }
    fprintf(out, "{0,0}};\n");
}

static void write_details(FILE *out)
{
    for (unsigned i = 1; i < concrete_count; i++) {
        const struct concrete *c = &concretes[i];
        fprintf(out, "DETAIL(%u, \"%s\", \"%s\", \"%s\", 0x%02X, \"%s\", \"%s\", \"%s\", %u, %u, %u, %u, %d)\n", i,
                c->row->mnemonic, c->row->operands, c->row->space, c->row->opcode, c->row->modrm, c->row->features, c->row->flags,
                c->space, c->bits, c->w, c->length, c->rounding);
    }
}

static FILE *create(const char *path)
{
    FILE *out = fopen(path, "w");
    if (!out)
        fail("%s: %s", path, strerror(errno));
    fprintf(out, "/* Generated by verifier_tables from trusted/tables/. */\n");
    return out;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: verifier_tables tables.c details.h\n");
        return 2;
    }
    for (unsigned i = 0; i < ROWS; i++)
        add_row(&rows[i]);
    current = NULL;
    FILE *tables = create(argv[1]), *details = create(argv[2]);
    fprintf(tables, "#include \"verifier/form.h\"\n");
    write_index(tables);
    write_forms(tables);
    write_sequences(tables);
    write_details(details);
    if (fclose(tables) || fclose(details))
        fail("cannot write: %s", strerror(errno));
    return 0;
}

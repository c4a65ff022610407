/* SPDX-License-Identifier: Apache-2.0 */
/* Mutants of the verifier: each check switched off, each field of each row, step and memory rule loosened, one at a time. The tests must
 * notice every one. Prints the score and the survivors. Linked with a build of the verifier whose checks can be switched off and whose
 * tables can be written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "case_checks.h"
#include "encodings.h"
#include "oracle.h"

extern const uint8_t *const sequence_table[]; /* sequences.S */
extern const struct refuse_site __start_refuse_sites[], __stop_refuse_sites[];
const struct refuse_site *refuse_switched_off;

enum { EXAMPLES = 4, SHAPES = 512 }; /* so many are kept of each form, verdict and shape */

/* An encoding and the verdict of the unchanged verifier. */
struct example { uint8_t bytes[16]; uint8_t reason, length; };
static struct { struct example *at; unsigned count, room, *next, *first; } examples; /* chained by form; number 0 ends a chain */
static uint8_t (*kept)[PORIN_REASON_COUNT][SHAPES];

static const struct porin_verify_input policy = { .allow_rdtsc = true };
static struct { unsigned mutants, by_cases, by_set, by_facts, by_flips; } score;
static uint64_t flips;

static struct example judge_bytes(const uint8_t *bytes, unsigned *form, unsigned *shape)
{
    struct instruction in = { 0 };
    struct prefixes prefixes = read_prefixes(bytes);
    struct example example = { .reason = (uint8_t)decode(bytes, &prefixes, &in) };
    if (!example.reason)
        example.reason = (uint8_t)check_instruction(&policy, bytes, &prefixes, &in);
    memcpy(example.bytes, bytes, sizeof example.bytes);
    example.length = (uint8_t)in.length;
    *form = in.form ? form_number(in.form) : 0;
    unsigned evex = prefixes.flags & PREFIXES_EVEX ? prefixes.evex : 0;
    *shape = in.memory + (evex & EVEX_MASK ? 2 : 0) + (evex & EVEX_ZERO ? 4 : 0) + (evex & EVEX_BROADCAST ? 8 : 0);
    *shape += (evex & EVEX_LENGTH ? 16 : 0) + (prefixes.flags & (PREFIXES_GS | PREFIXES_LOCK) ? 32 : 0);
    if (in.form)
        *shape += (in_set(in.form->reg, in.reg) ? 0 : 64) + (in.memory || in_set(in.form->rm, in.rm) ? 0 : 128)
            + (in_set(in.form->vvvv, prefixes.vvvv) ? 0 : 256);
    return example;
}

static void keep(struct example example, unsigned form)
{
    if (examples.count == examples.room) {
        examples.room = examples.room ? examples.room * 2 : 4096;
        examples.at = realloc(examples.at, examples.room * sizeof *examples.at);
        examples.next = realloc(examples.next, examples.room * sizeof *examples.next);
        if (!examples.at || !examples.next)
            exit(2);
    }
    examples.next[examples.count] = examples.first[form];
    examples.first[form] = examples.count;
    examples.at[examples.count++] = example;
}

static void collect(const uint8_t *bytes)
{
    unsigned form, shape;
    struct example example = judge_bytes(bytes, &form, &shape);
    if (form && kept[form][example.reason][shape] < EXAMPLES) {
        kept[form][example.reason][shape]++;
        keep(example, form);
    }
}

/* Loads and lea with every base, index and scale, and loads from gs. */
static void collect_memory_operands(void)
{
    static const uint8_t opcodes[] = { 0x8B, 0x8D };
    for (unsigned i = 0; i < 3 * 16 * 256 * 256; i++) {
        uint8_t bytes[32] = { 0x65, (uint8_t)(0x40 | (i >> 16 & 15)), opcodes[i >> 20 & 1], (uint8_t)i, (uint8_t)(i >> 8) };
        unsigned form, shape, skip = i >> 20 < 2; /* first without gs */
        struct example example = judge_bytes(bytes + skip, &form, &shape);
        if ((i & 7) == 4 || !(i >> 8 & 255)) /* the SIB byte matters, or once */
            keep(example, form);
    }
}

/* --- what notices a mutant --- */
static bool cases_notice(void)
{
    return check_cases(false) || check_limits(false) || check_reported(false);
}

static bool example_changed(unsigned i)
{
    unsigned form, shape;
    struct example now = judge_bytes(examples.at[i].bytes, &form, &shape);
    return now.reason != examples.at[i].reason || now.length != examples.at[i].length;
}

/* The accepted set of one form, or of all. */
static bool set_notices(unsigned form)
{
    for (unsigned i = examples.first[form]; i; i = examples.next[i])
        if (example_changed(i))
            return true;
    return false;
}

static bool whole_set_notices(void)
{
    for (unsigned i = 1; i < examples.count; i++)
        if (example_changed(i))
            return true;
    return false;
}

static bool facts_notice(unsigned form)
{
    bool seen[2] = { false }; /* a register and a memory form */
    for (unsigned i = examples.first[form]; i; i = examples.next[i]) {
        struct instruction in = { 0 };
        struct prefixes prefixes = read_prefixes(examples.at[i].bytes);
        bool accepted = !examples.at[i].reason, in_sequences = examples.at[i].reason == PORIN_REASON_SEQUENCE_ONLY;
        if (!(accepted || in_sequences) || decode(examples.at[i].bytes, &prefixes, &in) || seen[in.memory])
            continue;
        seen[in.memory] = true;
        if (accepted ? oracle_check(examples.at[i].bytes, &prefixes, &in) : oracle_facts(examples.at[i].bytes, &in))
            return true;
    }
    return false;
}

/* Every sequence with each bit, and each adjacent pair of bits, flipped: what is accepted of that. */
static uint64_t flips_accepted(void)
{
    uint64_t hash = 0;
    uint8_t text[64];
    for (const uint8_t *const *sequence = sequence_table; sequence[1]; sequence++) {
        size_t size = (size_t)(sequence[1] - sequence[0]);
        memset(text, 0xCC, sizeof text);
        memcpy(text, sequence[0], size);
        for (unsigned i = 0; i < 16 * size; i++) {
            uint8_t mask = (uint8_t)(i & 1 ? 3 << i / 2 % 8 : 1 << i / 2 % 8);
            struct porin_verify_report report;
            text[i / 16] ^= mask;
            hash = mix(hash + case_verify(case_input(text, sizeof text), &report));
            text[i / 16] ^= mask;
        }
    }
    return hash;
}

enum notice { UNNOTICED, CASES, SET, FACTS, FLIPS };

static void count(enum notice notice, const char *what)
{
    score.mutants++;
    score.by_cases += notice == CASES;
    score.by_set += notice == SET;
    score.by_facts += notice == FACTS;
    score.by_flips += notice == FLIPS;
    if (notice == UNNOTICED)
        printf("survivor: %s\n", what);
}

/* In a process of its own, since a mutant may crash or hang. */
static enum notice try_apart(void)
{
    int status;
    pid_t child = fork();
    if (!child) {
        alarm(20);
        _exit(cases_notice() ? CASES : flips_accepted() != flips ? FLIPS : whole_set_notices() ? SET : UNNOTICED);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("mutants: fork");
        exit(2);
    }
    return WIFSIGNALED(status) ? CASES : (enum notice)WEXITSTATUS(status);
}

/* --- checks --- */
static bool listed_before(const struct refuse_site *site)
{
    for (const struct refuse_site *other = __start_refuse_sites; other < site; other++)
        if (other->line == site->line && !strcmp(other->file, site->file) && !strcmp(other->condition, site->condition))
            return true; /* an inline function's check, in another object */
    return false;
}

static void mutate_checks(void)
{
    char what[256];
    for (const struct refuse_site *site = __start_refuse_sites; site < __stop_refuse_sites; site++) {
        if (listed_before(site))
            continue;
        refuse_switched_off = site;
        snprintf(what, sizeof what, "%s:%d without the check %s", site->file, site->line, site->condition);
        count(try_apart(), what);
        refuse_switched_off = NULL;
    }
}

/* --- rows --- */
#define WRITABLE(type, object) ((type *)(uintptr_t)&(object))

static void try_row(unsigned number, const char *field)
{
    const struct form_detail *d = &form_details[number];
    char what[256];
    enum notice notice = set_notices(number) ? SET : facts_notice(number) ? FACTS : cases_notice() ? CASES : UNNOTICED;
    snprintf(what, sizeof what, "row %s %s (%s, %u bits, w %u, length %u%s) with %s", d->mnemonic, d->operands, d->space, d->bits, d->w,
             d->length, d->rounding ? ", rounding" : "", field);
    count(notice, what);
}

/* Sets one field for the time of one trial. */
#define TRY(number, row, field, value, name) do { \
        struct form saved = *(row); \
        (row)->field = (value); \
        if (memcmp(&saved, (row), sizeof saved)) \
            try_row(number, name); \
        *(row) = saved; \
    } while (0)

/* Can the flag make a difference to the row at all? */
static bool meaningful(unsigned i, uint16_t flag)
{
    const struct form_detail *d = &form_details[i];
    bool legacy = d->space_number < SPACES_LEGACY, evex = d->space_number >= SPACES_LEGACY + SPACES_VEX;
    bool memory = d->modrm[0] == '/' && !d->rounding && strpbrk(d->operands, "EWM");
    bool reg = d->modrm[0] == '/' && strpbrk(d->operands, "EWRUK");
    switch (flag) {
    case FORM_LOCK: return legacy && memory;
    case FORM_THREAD_BLOCK: return legacy && memory && d->bits != 16; /* 66 is refused before the flag matters */
    case FORM_MASKED: return evex;
    case FORM_ZERO_REGISTER: return evex && reg && flag_word(d->flags, "kz"); /* zeroing needs a mask */
    case FORM_ZERO_MEMORY: return evex && memory && flag_word(d->flags, "kz");
    case FORM_BROADCAST: return evex && memory;
    case FORM_LENGTH_ZERO: return d->rounding;
    default: return true;
    }
}

static void mutate_row(unsigned i)
{
    static const struct { uint16_t flag; const char *name; } flags[] = {
        { FORM_LOCK, "lock" }, { FORM_ONLY, "only" }, { FORM_THREAD_BLOCK, "thread-block" }, { FORM_ENDS, "ends" },
        { FORM_POLICY, "policy" }, { FORM_BRANCH, "branch" }, { FORM_MASKED, "mask" }, { FORM_ZERO_REGISTER, "zeroing" },
        { FORM_ZERO_MEMORY, "zeroing of memory" },
        { FORM_BROADCAST, "broadcast" }, { FORM_LENGTH_ZERO, "length zero" },
    };
    struct form *row = WRITABLE(struct form, verifier_forms[i]);
    bool vector = form_details[i].space_number >= SPACES_LEGACY;
    if (vector || row->reg != REGISTERS_LOW) /* without REX there is no number above 7 */
        TRY(i, row, reg, REGISTERS_ANY, "any register in reg");
    if (vector || row->rm != REGISTERS_LOW)
        TRY(i, row, rm, REGISTERS_ANY, "any register in rm");
    if (vector)
        TRY(i, row, vvvv, REGISTERS_ANY, "any register in vvvv");
    bool rex_less = !vector && (row->reg == REGISTERS_LOW || row->rm == REGISTERS_LOW); /* no number above 7 */
    if (row->reg == REGISTERS_WRITTEN && !rex_less)
        TRY(i, row, reg, REGISTERS_READ, "scratch registers writable in reg");
    if (row->rm == REGISTERS_WRITTEN && !rex_less)
        TRY(i, row, rm, REGISTERS_READ, "scratch registers writable in rm");
    TRY(i, row, uses, row->uses ^ PORIN_USES_X87, "other x87 use");
    TRY(i, row, uses, row->uses ^ PORIN_USES_X87_STATUS, "other x87 status use");
    TRY(i, row, uses, row->uses ^ PORIN_USES_AVX, "other AVX use");
    TRY(i, row, uses, row->uses ^ PORIN_USES_EVEX, "other EVEX use");
    if (row->access) {
        TRY(i, row, access, (uint8_t)(row->access / 2), "half the size of an access");
        TRY(i, row, access, (uint8_t)(row->access * 2), "twice the size of an access");
        TRY(i, row, access, 0, "no access");
        TRY(i, row, writes, !row->writes, "a write taken for a read or a read for a write");
    }
    TRY(i, row, features, 0, "no CPU features");
    TRY(i, row, features, row->features ^ 1, "other CPU features");
    for (size_t f = 0; f < sizeof flags / sizeof *flags; f++)
        if (meaningful(i, flags[f].flag))
            TRY(i, row, flags, row->flags ^ flags[f].flag, flags[f].name);
}

/* Named sets say which forms a sequence's step takes. */
static void mutate_set(unsigned i)
{
    struct form *row = WRITABLE(struct form, verifier_forms[i]);
    uint8_t saved = row->set;
    char what[128];
    for (row->set = 0; saved && row->set < 7; row->set++) {
        snprintf(what, sizeof what, "row %s %s in set %u", form_details[i].mnemonic, form_details[i].operands, row->set);
        if (row->set != saved)
            count(try_apart(), what);
    }
    row->set = saved;
}

static void mutate_rows(void)
{
    for (unsigned i = 1; i < form_count; i++) {
        mutate_row(i);
        mutate_set(i);
    }
}

/* --- steps of sequences --- */
static void try_step(struct step *step, struct step changed, unsigned sequence, unsigned number, const char *field)
{
    char what[128];
    struct step saved = *step;
    if (!memcmp(&saved, &changed, sizeof saved))
        return;
    *step = changed;
    snprintf(what, sizeof what, "sequence %u, step %u with %s", sequence, number, field);
    count(try_apart(), what);
    *step = saved;
}

static void mutate_steps(void)
{
    for (unsigned s = 0; verifier_sequences[s].count; s++) {
        struct sequence *sequence = WRITABLE(struct sequence, verifier_sequences[s]);
        for (unsigned n = 0; n < sequence->count; n++) {
            struct step *step = WRITABLE(struct step, sequence->steps[n]), changed = *step;
            changed.reg = changed.reg == NONE ? NONE : ANY;
            try_step(step, changed, s, n, "any ordinary register in reg");
            changed = *step, changed.reg = step->access < 16 ? NONE : step->reg; /* wider accesses have vector registers only */
            try_step(step, changed, s, n, "reg not looked at");
            changed = *step, changed.rm = NONE;
            try_step(step, changed, s, n, "rm not looked at");
            changed = *step, changed.immediate = 0;
            try_step(step, changed, s, n, "immediate not looked at");
            changed = *step, changed.immediate = step->rm == MASK ? ~0u : step->immediate + 1; /* no byte is just above its limit */
            try_step(step, changed, s, n, "another immediate");
            changed = *step, changed.access = (uint8_t)(changed.access * 2);
            try_step(step, changed, s, n, "an access twice as wide");
            changed = *step, changed.writes = step->access != 0;
            try_step(step, changed, s, n, "an access that may write");
        }
        sequence->count--;
        char what[128];
        snprintf(what, sizeof what, "sequence %u without its last step", s);
        count(try_apart(), what);
        sequence->count++;
    }
}

/* --- memory rules --- */
static void mutate_memory_rules(void)
{
    char what[128];
    for (unsigned rule = 0; rule < MEMORY_RULES; rule++) {
        struct memory_sets *sets = WRITABLE(struct memory_sets, verifier_memory_rules[rule]), saved = *sets;
        for (unsigned bit = 0; bit < 2 * (REGISTER_RIP + 1) + 4; bit++) {
            unsigned number = bit % (REGISTER_RIP + 1), part = bit / (REGISTER_RIP + 1);
            if (part == 0 && !(rule == MEMORY_THREAD_BLOCK && number >= 8 && number < 16)) /* REX.B is refused there before it matters */
                sets->bases |= REGISTER(number);
            else if (part == 1 && number != REGISTER_RIP && number != 4) /* no encoding has rip or rsp as index */
                sets->indexes |= REGISTER(number);
            else if (part == 2)
                sets->scales |= (uint8_t)REGISTER(number);
            snprintf(what, sizeof what, "memory rule %u with %s %u", rule, part == 0 ? "base" : part == 1 ? "index" : "scale", number);
            if (memcmp(&saved, sets, sizeof saved))
                count(try_apart(), what);
            *sets = saved;
        }
    }
}

int main(void)
{
    kept = calloc(form_count, sizeof *kept);
    examples.first = calloc(form_count, sizeof *examples.first);
    if (!kept || !examples.first)
        return 2;
    keep((struct example){ 0 }, 0); /* so that number 0 is none */
    examples.first[0] = 0;
    for_each_encoding(EXTENT_CHECK, collect);
    collect_memory_operands();
    flips = flips_accepted();
    if (cases_notice() || whole_set_notices()) {
        printf("mutants: the tests already fail without a mutant\n");
        return 1;
    }
    mutate_checks();
    mutate_steps();
    mutate_memory_rules();
    mutate_rows();
    unsigned caught = score.by_cases + score.by_set + score.by_facts + score.by_flips;
    printf("mutants: %u of %u caught (%u by cases, %u by the accepted set, %u by facts, %u by flips); %u examples\n", caught, score.mutants,
           score.by_cases, score.by_set, score.by_facts, score.by_flips, examples.count);
    return caught == score.mutants ? 0 : 1;
}

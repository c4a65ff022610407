/* SPDX-License-Identifier: Apache-2.0 */
/* Prints doc/accepted-forms.md from the verifier's tables. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "layout.h"

struct line { char kind; const char *text[6]; unsigned opcode; };
static const struct line lines[] = {
#define SECTION(title, reason) { 's', { title, reason }, 0 },
#define NOTE(reason) { 'n', { reason }, 0 },
#define FIXED(mnemonic, bytes) { 'b', { mnemonic, bytes }, 0 },
#define FORM(mnemonic, operands, space, opcode, modrm, features, flags) \
    { 'f', { mnemonic, operands, space, modrm, features, flags }, opcode },
#include "forms.def"
};
static const struct { const char *id, *text; } steps[] = {
#define SEQUENCE(id, reason) { #id, reason },
#define STEP(form, bits, reg, rm, immediate, text) { NULL, text },
#include "sequences.def"
};
static const struct { const char *name, *text; } reasons[] = {
#define REASON(id, name, text) { name, text },
#include "porin/reasons.def"
};

static void print_escaped(const char *text)
{
    for (; *text; text++)
        if (*text == '%' && text[1] == '%')
            putchar(*text++);
        else
            putchar(*text == '|' ? '/' : *text);
}

/* --- operand words (the head of forms.def) in plain ones --- */
struct word { char role; const char *place; size_t place_size; const char *size; size_t size_size; };

static bool next_word(const char **text, struct word *out)
{
    *text += strspn(*text, " ");
    size_t length = strcspn(*text, " ");
    const char *end = *text + length;
    if (!length)
        return false;
    out->role = **text == '=' || **text == '+' ? *(*text)++ : 'r';
    out->place = *text;
    out->place_size = **text == '%' ? (size_t)(end - *text) : **text == 'S' ? 3 : **text == 'K' ? 2 : 1;
    out->size = *text + out->place_size;
    out->size_size = (size_t)(end - out->size);
    *text = end;
    return true;
}

static const char *place_name(const struct word *w)
{
    static const struct { const char *word, *name; } places[] = {
        { "G", "reg" }, { "E", "rm/mem" }, { "R", "rm" }, { "Z", "opcode reg" }, { "B", "vvvv" }, { "V", "vector reg" },
        { "W", "vector rm/mem" }, { "U", "vector rm" }, { "H", "vector vvvv" }, { "L", "vector imm[7:4]" }, { "KG", "mask reg" },
        { "KB", "mask vvvv" }, { "KR", "mask rm" }, { "KE", "mask rm/mem" }, { "M", "mem" }, { "I", "imm" }, { "ST0", "st0" },
        { "STi", "sti" },
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (strlen(places[i].word) == w->place_size && !strncmp(places[i].word, w->place, w->place_size))
            return places[i].name;
    return NULL; /* branch distances, sizes of string instructions */
}

static void print_size(const char *size, size_t length)
{
    static const struct { char letter; const char *text; } sizes[] = {
        { 'b', "8" }, { 'w', "16" }, { 'd', "32" }, { 'q', "64" }, { 'v', "16/32/64" }, { 'y', "32/64" }, { 'z', "16/32" },
        { 'x', "whole" }, { 'h', "half" }, { 'f', "quarter" }, { 'e', "eighth" },
    };
    for (size_t i = 0; i < length; i++) {
        const char *text = NULL;
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
            text = sizes[k].letter == size[i] ? sizes[k].text : text;
        printf("%s", text && !(size[i] >= '0' && size[i] <= '9') ? text : size[i] == '/' ? " or mem " : (char[2]){ size[i] });
    }
}

/* The operands with one of these roles. address: the memory operand is computed only. */
static void print_operands(const char *operands, const char *roles, bool address)
{
    struct word w;
    const char *comma = "";
    while (next_word(&operands, &w)) {
        const char *name = place_name(&w);
        if (!strchr(roles, w.role) || (!name && *w.place != '%'))
            continue;
        printf("%s", comma);
        if (name) {
            printf("%s%s%s", name, address && *w.place == 'M' ? "'s registers" : "", w.size_size ? " " : "");
            print_size(w.size, w.size_size);
        } else { /* %vax: rax or its lower parts */
            bool sized = w.place[1] == 'v' || w.place[1] == 'y';
            printf("%s%.*s", sized ? "r" : "", (int)w.place_size - 1 - sized, w.place + 1 + sized);
            printf("%s", w.place[1] == 'v' ? " 16/32/64" : sized ? " 32/64" : "");
        }
        comma = ", ";
    }
}

/* Does a form write a general register with 32 bits, which the CPU extends to 64? */
static bool writes_low_half(const char *operands)
{
    struct word w;
    while (next_word(&operands, &w)) {
        bool implicit = *w.place == '%' && (w.place[1] == 'e' || w.place[1] == 'v' || w.place[1] == 'y');
        bool named = strchr("GERZB", *w.place) && w.size_size && strchr("vyd", *w.size);
        if (w.role != 'r' && (implicit || named))
            return true;
    }
    return false;
}

static void print_flags(const char *flags)
{
    struct word w;
    for (const char *blank = ""; next_word(&flags, &w); blank = " ")
        printf("%s%.*s", blank, (int)(w.place_size + w.size_size), w.place);
}

static void print_form(const struct line *line, const char *why)
{
    const char *operands = line->text[1], *flags = line->text[5];
    const char *extends = !writes_low_half(operands) ? "" : strstr(flags, "scratch") ? "yes" : "not relied on";
    printf("| ");
    print_escaped(line->text[0]);
    printf(" ");
    print_escaped(operands);
    printf(" | %s%s%02X%s%s | ", line->text[2], *line->text[2] ? " " : "", line->opcode, *line->text[3] ? " " : "", line->text[3]);
    print_operands(operands, "r+", strstr(flags, "address"));
    printf(" | ");
    print_operands(operands, "=+", false);
    printf(" | %s | %s | ", extends, line->text[4]);
    print_flags(flags);
    printf(" | %s |\n", why);
}

static void print_forms(void)
{
    char last = 0;
    const char *why = "";
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const struct line *line = &lines[i];
        if (line->kind == 'n') {
            why = line->text[0];
            continue;
        }
        if (line->kind == 's')
            printf("\n## %s\n%s%s%s", line->text[0], *line->text[1] ? "\n" : "", line->text[1], *line->text[1] ? "\n" : "");
        else if (line->kind == 'b')
            printf("%s* %s: `%s`\n", last == 'b' ? "" : "\n", line->text[0], line->text[1]);
        else {
            if (last != 'f')
                printf("\n| form | encoding | reads | writes | zero-extends | needs | flags | why |\n|---|---|---|---|---|---|---|---|\n");
            print_form(line, why);
        }
        why = "";
        last = line->kind;
    }
}

static void print_sequences(void)
{
    printf("\n## Sequences\n\nEntered at their first byte only. %%s is what the rewriter chooses.\n");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i].id) {
            printf("\n%s: %s\n\n", steps[i].id, steps[i].text);
        } else {
            printf("    ");
            print_escaped(steps[i].text);
            printf("\n");
        }
}

int main(void)
{
    printf("# Accepted forms\n\n"
           "Printed from trusted/tables/forms.def and sequences.def by `make accepted-forms`; a check fails when it is out of date.\n"
           "What is no row here the verifier refuses. The head of forms.def explains the words: `=` written, `+` read and written,\n"
           "then the place (G ModRM.reg, E ModRM.rm or memory, V and W the same for vectors, H VEX.vvvv, K mask registers, I immediate)\n"
           "and the size. Memory operands are `disp(%%r14)`, `disp(%%r14,%%r11)`, `disp(%%r14,%%r15)` and `disp(%%rip)`. rsp, r10 and r14\n"
           "are never register operands; r11 and r15 are written only where the flag says `scratch`, with 32 bits. Flags and\n"
           "instruction pointer are not listed; call and ret use the control stack. `zero-extends` is about 32-bit results in general\n"
           "registers; yes: the upper half is always cleared, and the rules rely on it; not relied on: r11 and r15 may not be written.\n"
           "Sizes are in bits; of vectors: whole, half, quarter, eighth of the vector length. `needs` names rows of features.def; EVEX\n"
           "forms below 512 bits need AVX512VL too.\n");
    print_forms();
    print_sequences();
    printf("\n## Why code is refused\n\n| name | meaning |\n|---|---|\n");
    for (size_t i = 1; i < sizeof reasons / sizeof *reasons; i++)
        printf("| %s | %s |\n", reasons[i].name, reasons[i].text);
    return 0;
}

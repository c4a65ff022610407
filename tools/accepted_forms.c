/* SPDX-License-Identifier: Apache-2.0 */
/* Prints doc/accepted-forms.md from the verifier's tables. */
#include <stdio.h>
#include <string.h>
#include "layout.h"

struct line { char kind; const char *text[5]; unsigned opcode; };
static const struct line lines[] = {
#define SECTION(title, reason) { 's', { title, reason }, 0 },
#define NOTE(reason) { 'n', { reason }, 0 },
#define FIXED(mnemonic, bytes) { 'b', { mnemonic, bytes }, 0 },
#define FORM(mnemonic, operands, space, opcode, modrm, features, flags) \
    { 'f', { mnemonic " " operands, space, modrm, features, flags }, opcode },
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

static void print_form(const struct line *line)
{
    printf("| ");
    print_escaped(line->text[0]);
    printf(" | %s%s%02X%s%s | %s | %s |\n", line->text[1], *line->text[1] ? " " : "", line->opcode, *line->text[2] ? " " : "",
           line->text[2], line->text[3], line->text[4]);
}

static void print_forms(void)
{
    char last = 0;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const struct line *line = &lines[i];
        if (line->kind == 's')
            printf("\n## %s\n%s%s%s", line->text[0], *line->text[1] ? "\n" : "", line->text[1], *line->text[1] ? "\n" : "");
        else if (line->kind == 'n')
            printf("\n%s\n", line->text[0]);
        else if (line->kind == 'b')
            printf("%s* %s: `%s`\n", last == 'b' ? "" : "\n", line->text[0], line->text[1]);
        else {
            if (last != 'f')
                printf("\n| form | encoding | needs | flags |\n|---|---|---|---|\n");
            print_form(line);
        }
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
           "are never register operands; r11 and r15 are written only where the flag says `scratch`, with 32 bits.\n");
    print_forms();
    print_sequences();
    printf("\n## Why code is refused\n\n| name | meaning |\n|---|---|\n");
    for (size_t i = 1; i < sizeof reasons / sizeof *reasons; i++)
        printf("| %s | %s |\n", reasons[i].name, reasons[i].text);
    return 0;
}

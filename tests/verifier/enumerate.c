/* SPDX-License-Identifier: Apache-2.0 */
/* Enumerates instructions. What the verifier accepts goes to the oracle (Zydis) and, on request, is executed with hostile register values.
 *
 * usage: enumerate [--long] [--execute] [--summary FILE] */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "encodings.h"
#include "execute.h"
#include "oracle.h"

static struct {
    bool full, execute;
    FILE *summary;
} options;
static struct { uint64_t tried, accepted, executed; unsigned problems; } totals;
static uint8_t *form_seen;

/* By form: how many encodings were accepted, and a hash of them. */
static struct form_summary { uint64_t accepted, hash; } *summary;

static const struct porin_verify_input policy = { .allow_rdtsc = true };

static void report(const uint8_t *bytes, unsigned length, const struct instruction *in, const char *problem)
{
    const struct form_detail *d = &form_details[form_number(in->form)];
    if (form_seen[form_number(in->form)] == 2 || totals.problems++ > 30) /* one line a form */
        return;
    form_seen[form_number(in->form)] = 2;
    printf("problem:");
    for (unsigned i = 0; i < length; i++)
        printf(" %02x", bytes[i]);
    printf(": %s (row %s %s)\n", problem, d->mnemonic, d->operands);
}

static void try(const uint8_t *bytes)
{
    struct instruction in = { 0 };
    struct prefixes prefixes = read_prefixes(bytes);
    totals.tried++;
    if (decode(bytes, &prefixes, &in) || check_instruction(&policy, bytes, &prefixes, &in))
        return;
    totals.accepted++;
    form_seen[form_number(in.form)] |= !form_seen[form_number(in.form)];
    struct form_summary *form = &summary[form_number(in.form)];
    uint64_t head;
    memcpy(&head, bytes, sizeof head);
    form->accepted++;
    form->hash += mix(in.length >= 8 ? head : head & ((1ull << in.length * 8) - 1));
    const char *problem = oracle_check(bytes, &prefixes, &in);
    if (!problem && options.execute) {
        totals.executed++;
        problem = execute_instruction(bytes, &prefixes, &in, (unsigned)mix(head));
    }
    if (problem)
        report(bytes, in.length, &in, problem);
}

/* One line a row of forms.def. Two versions of the verifier accept the same where their lines are the same. */
static void print_summary(void)
{
    for (unsigned i = 1, first; (first = i) < form_count; ) {
        const struct form_detail *d = &form_details[first];
        uint64_t accepted = 0, hash = 0;
        for (; i < form_count && form_details[i].opcode == d->opcode && !strcmp(form_details[i].mnemonic, d->mnemonic)
               && !strcmp(form_details[i].operands, d->operands) && !strcmp(form_details[i].space, d->space); i++) {
            accepted += summary[i].accepted;
            hash += summary[i].hash;
        }
        fprintf(options.summary, "%02X %s | %s %s | %llu %08llx\n", d->opcode, d->space, d->mnemonic, d->operands,
                (unsigned long long)accepted, (unsigned long long)(hash >> 32));
    }
}

static unsigned unseen_forms(void)
{
    unsigned missing = 0;
    for (unsigned i = 1; i < form_count; i++)
        if (!form_seen[i] && !flag_word(form_details[i].flags, "only")) {
            if (missing++ < 20)
                printf("never accepted: %s %s (%s, opcode %02x)\n", form_details[i].mnemonic, form_details[i].operands,
                       form_details[i].space, form_details[i].opcode);
        }
    return missing;
}

int main(int argc, char **argv)
{
    static const struct option long_options[] = {
        { "long", no_argument, NULL, 'l' }, { "execute", no_argument, NULL, 'x' }, { "summary", required_argument, NULL, 's' }, { 0 },
    };
    for (int option; (option = getopt_long(argc, argv, "", long_options, NULL)) != -1; )
        switch (option) {
        case 'l': options.full = true; break;
        case 'x': options.execute = true; break;
        case 's': options.summary = fopen(optarg, "w"); break;
        default: fprintf(stderr, "usage: enumerate [--long] [--execute] [--summary FILE]\n"); return 2;
        }
    form_seen = calloc(form_count, 1);
    summary = calloc(form_count, sizeof *summary);
    if (!form_seen || !summary || (options.execute && !execute_begin()))
        return 2;
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for_each_encoding(options.full ? EXTENT_LONG : EXTENT_CHECK, try);
    clock_gettime(CLOCK_MONOTONIC, &to);
    double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9;
    unsigned missing = unseen_forms();
    if (options.summary)
        print_summary();
    if (options.execute && !execute_end())
        totals.problems++;
    double million = 1e6;
    printf("enumerate: %.1f million forms in %.1f s (%.1f million/s), %.2f million accepted, %.2f million executed; ",
           (double)totals.tried / million, seconds, (double)totals.tried / seconds / million, (double)totals.accepted / million,
           (double)totals.executed / million);
    printf("%u problems, %u rows never met\n", totals.problems, missing);
    return totals.problems || missing ? 1 : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Enumerates instructions: every opcode of every map behind prefixes in every order, every ModRM shape, chosen SIB bytes, displacements and
 * immediates. What the verifier accepts goes to the oracle (Zydis) and, on request, is executed with hostile register values.
 *
 * usage: enumerate [--long] [--execute] [--summary FILE] */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
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

static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 31) * 0x9E3779B97F4A7C15;
    return value ^ value >> 29;
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

/* --- what stands behind the opcode --- */
static const uint8_t interesting_sib[] = {
    0x1E, 0x3E, 0x26, /* r14 with r11, r15, none (given the right extending bits) */
    0x00, 0x04, 0x24, 0x25, 0x05, 0x06, 0x16, 0x2E, 0x36, 0x5E, 0x7E, 0x9E, 0xFE, 0xE6, 0x1D, 0x3D, 0x1C, 0x3C, 0x33, 0x3F, 0x1F, 0x66,
};
static const int32_t interesting_displacements[] = { 0, 0x40, 8, -0x80, 0x7FFFFFC0, -0x7FFFFFC0 - 64, 0x10000, 0x0A1E0FF3 };

static void put32(uint8_t *at, int32_t value)
{
    memcpy(at, &value, sizeof value);
}

/* ModRM (and SIB) at p; the rest is displacement and immediate, chosen by the bytes before. */
static void try_rest(uint8_t *bytes, uint8_t *p)
{
    uint64_t choice = mix((uint64_t)totals.tried);
    int32_t displacement = interesting_displacements[choice % 8];
    if (bytes[0] == 0x65)
        displacement = (int32_t)(choice >> 8 & 3) * 4;
    put32(p, displacement);
    put32(p + 4, (int32_t)(choice >> 32));
    put32(p + 8, (int32_t)(choice >> 16));
    try(bytes);
}

enum density { BRIEF, NORMAL, ALL };

/* BRIEF: each ModRM.reg with two memory operands and one register; NORMAL: all ModRM bytes, chosen SIB bytes; ALL: all of both. */
static void try_modrm(uint8_t *bytes, uint8_t *p, enum density density)
{
    for (unsigned modrm = 0; modrm < 256; modrm++) {
        unsigned reg = modrm >> 3 & 7, shape = modrm & 0xC7;
        if (density == BRIEF && shape != 0x84 && shape != 0x05 && shape != (0xC0 | (reg ^ 5)))
            continue;
        *p = (uint8_t)modrm;
        if (modrm >= 0xC0 || (modrm & 7) != 4) {
            try_rest(bytes, p + 1);
            continue;
        }
        unsigned count = density == BRIEF ? 2 : density == ALL ? 256 : sizeof interesting_sib;
        for (unsigned i = 0; i < count; i++) {
            p[1] = density == ALL ? (uint8_t)i : interesting_sib[i];
            try_rest(bytes, p + 2);
        }
    }
}

static void try_opcodes(uint8_t *bytes, uint8_t *p, enum density density)
{
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        *p = (uint8_t)opcode;
        try_modrm(bytes, p + 1, density);
    }
}

/* Keeps one in `of` of the things it is asked about, always the same ones. */
static bool sampled(unsigned of)
{
    static uint64_t asked;
    return mix(++asked) % of == 0;
}

/* --- legacy encodings --- */
static const uint8_t legacy_prefixes[] = { 0x66, 0xF2, 0xF3, 0xF0, 0x65, 0x67, 0x2E, 0x36, 0x3E, 0x26, 0x64 };
enum { LEGACY_PREFIXES = sizeof legacy_prefixes };

static void try_maps(uint8_t *bytes, uint8_t *p, enum density density)
{
    static const uint8_t escapes[4][2] = { { 0 }, { 0x0F }, { 0x0F, 0x38 }, { 0x0F, 0x3A } };
    for (unsigned map = 0; map < 4; map++) {
        unsigned size = map == 0 ? 0 : map == 1 ? 1 : 2;
        memcpy(p, escapes[map], size);
        try_opcodes(bytes, p + size, density);
    }
}

static void try_rex(uint8_t *bytes, uint8_t *p, enum density density)
{
    try_maps(bytes, p, density);
    for (unsigned rex = 0x40; rex <= 0x4F; rex++) {
        *p = (uint8_t)rex;
        try_maps(bytes, p + 1, density);
    }
}

static void enumerate_legacy(void)
{
    uint8_t bytes[32] = { 0 };
    try_rex(bytes, bytes, options.full ? ALL : NORMAL);
    for (unsigned i = 0; i < LEGACY_PREFIXES; i++) {
        bytes[0] = legacy_prefixes[i];
        try_rex(bytes, bytes + 1, options.full || i < 3 ? NORMAL : BRIEF);
        for (unsigned j = 0; j < LEGACY_PREFIXES; j++) {
            bytes[1] = legacy_prefixes[j];
            try_rex(bytes, bytes + 2, options.full ? NORMAL : BRIEF);
            for (unsigned k = 0; k < (options.full ? LEGACY_PREFIXES : 0); k++) {
                bytes[2] = legacy_prefixes[k];
                try_rex(bytes, bytes + 3, BRIEF);
            }
        }
    }
}

/* --- VEX --- */
static const uint8_t inverted_vvvv[] = { 15, 0, 11, 5, 1, 4 }; /* unused (or rax), r15, rsp, r10, r14, r11 */
enum { VVVV = sizeof inverted_vvvv };

static void enumerate_vex(void)
{
    uint8_t bytes[32] = { 0xC5 };
    for (unsigned byte = 0; byte < 256; byte++) {
        bytes[1] = (uint8_t)byte;
        try_opcodes(bytes, bytes + 2, NORMAL);
    }
    bytes[0] = 0xC4;
    for (unsigned first = 0; first < 256; first++)
        for (unsigned rest = 0; rest < 16 * VVVV; rest++) {
            bool usual = (first & 31) >= MAP_0F && (first & 31) <= MAP_0F3A;
            bytes[1] = (uint8_t)first;
            bytes[2] = (uint8_t)((rest & 8) << 4 | inverted_vvvv[rest / 16] << 3 | (rest & 7));
            if (usual || options.full || sampled(40))
                try_opcodes(bytes, bytes + 3, usual && options.full ? NORMAL : BRIEF);
        }
}

/* --- EVEX: payloads near the plain encoding in every combination, the others sampled --- */
static void enumerate_evex(void)
{
    uint8_t bytes[32] = { 0x62 };
    for (unsigned first = 0; first < 256; first++)
        for (unsigned middle = 0; middle < 16 * VVVV; middle++)
            for (unsigned last = 0; last < 256; last++) {
                unsigned map = first & 15, x_b = first >> 5 & 3, r = (first >> 7) ^ (first >> 4 & 1), tail = last & 15;
                bool fixed_bit = !(middle & 8), usual_first = map >= MAP_0F && map <= MAP_0F3A && (x_b == 0 || x_b == 3) && r == 0;
                bool plain = usual_first && fixed_bit && middle / 16 < 2 && (last & 0x80 ? tail == 9 : tail == 8 || tail == 9);
                bytes[1] = (uint8_t)first;
                bytes[2] = (uint8_t)((middle & 4) << 5 | inverted_vvvv[middle / 16] << 3 | (fixed_bit ? 4 : 0) | (middle & 3));
                bytes[3] = (uint8_t)last;
                if (plain || sampled(options.full ? 100 : 10000))
                    try_opcodes(bytes, bytes + 4, plain && options.full && sampled(10) ? NORMAL : BRIEF);
            }
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
    enumerate_legacy();
    enumerate_vex();
    enumerate_evex();
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

/* SPDX-License-Identifier: Apache-2.0 */
/* See case_checks.h. */
#include "case_checks.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "layout.h"

struct porin_verify_input case_input(const uint8_t *text, size_t size)
{
    return (struct porin_verify_input){
        .text = text,
        .text_size = size,
        .text_offset = PORIN_IMAGE_BASE,
        .gates = { { PORIN_GATES_SERVICE, PORIN_SERVICE_GATE_SIZE, PORIN_SERVICE_GATES }, { PORIN_GATES_IMPORT, PORIN_GATE_SIZE, 2 } },
    };
}

bool case_verify(struct porin_verify_input input, struct porin_verify_report *report)
{
    enum { ROOM = 0x10000, PAGE = 0x1000 };
    static uint8_t *pages;
    static uint64_t *scratch_room;
    size_t scratch_size = porin_verify_scratch_words(input.text_size) * sizeof *input.scratch;
    if (!pages) {
        pages = mmap(NULL, ROOM + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        scratch_room = mmap(NULL, ROOM + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (pages == MAP_FAILED || scratch_room == MAP_FAILED || mprotect(pages + ROOM, PAGE, PROT_NONE)
            || mprotect((uint8_t *)scratch_room + ROOM, PAGE, PROT_NONE)) {
            perror("cases");
            exit(2);
        }
    }
    if (input.text_size > ROOM || scratch_size > ROOM) {
        fprintf(stderr, "cases: a text of %zu bytes is too large for this test\n", input.text_size);
        exit(2);
    }
    memcpy(pages + ROOM - input.text_size, input.text, input.text_size);
    input.text = pages + ROOM - input.text_size;
    input.scratch = (uint64_t *)((uint8_t *)scratch_room + ROOM - scratch_size);
    memset(input.scratch, 0xFF, scratch_size);
    memset(report, 0xFF, sizeof *report);
    return porin_verify_text(&input, report);
}

unsigned check_cases(bool loud)
{
    bool seen[PORIN_REASON_COUNT] = { [PORIN_REASON_TEXT_RANGE] = true }; /* check_limits */
    const uint8_t *const *mark = case_marks;
    unsigned failures = 0;
    for (const struct test_case *c = case_table; c->name; c++) {
        struct porin_verify_report report;
        bool accepted = case_verify(case_input(c->code, (size_t)(c[1].code - c->code)), &report);
        uint32_t offset = c->reason ? (uint32_t)(*mark++ - c->code) : 0;
        seen[c->reason] = true;
        if (report.reason == c->reason && accepted == !c->reason && (!c->reason || report.offset == offset))
            continue;
        failures++;
        if (loud)
            fprintf(stderr, "%s: expected %s at %u, got %s at %u\n", c->name, porin_reason_name((enum porin_reason)c->reason), offset,
                    porin_reason_name(report.reason), report.offset);
    }
    for (unsigned i = 0; i < PORIN_REASON_COUNT; i++)
        if (!seen[i]) {
            failures++;
            if (loud)
                fprintf(stderr, "no case expects %s\n", porin_reason_name((enum porin_reason)i));
        }
    return failures + (*mark != NULL);
}

static unsigned expect(bool loud, const char *what, struct porin_verify_input input, enum porin_reason reason)
{
    struct porin_verify_report report;
    bool accepted = case_verify(input, &report);
    if (report.reason == reason && accepted == !reason)
        return 0;
    if (loud)
        fprintf(stderr, "%s: expected %s, got %s\n", what, porin_reason_name(reason), porin_reason_name(report.reason));
    return 1;
}

unsigned check_limits(bool loud)
{
    static const uint8_t ret = 0xC3, call[] = { 0xE8, 0xFB, 0xFF, 0xFC, 0xFF, 0xC3 } /* call 0x100000 */, rdtsc[] = { 0x0F, 0x31, 0xC3 };
    struct porin_verify_report report;
    struct porin_verify_input input = case_input(&ret, 1);
    unsigned failures = 0;
    input.text_offset = PORIN_IMAGE_END - 1;
    failures += expect(loud, "last byte of the image area", input, PORIN_REASON_NONE);
    input.text_offset = PORIN_IMAGE_END; /* a rip-relative operand would reach behind the upper guard */
    failures += expect(loud, "behind the image area", input, PORIN_REASON_TEXT_RANGE);
    input.text_offset = UINT32_MAX;
    failures += expect(loud, "far behind the image area", input, PORIN_REASON_TEXT_RANGE);
    failures += expect(loud, "empty text", case_input(&ret, 0), PORIN_REASON_TEXT_RANGE);
    input = case_input(&ret, ((size_t)1 << 30) + 1); /* refused before anything is touched */
    input.text_offset = 0;
    failures += porin_verify_text(&input, &report) || report.reason != PORIN_REASON_TEXT_RANGE;
    failures += expect(loud, "call of a gate", case_input(call, sizeof call), PORIN_REASON_NONE);
    input = case_input(call, sizeof call);
    input.gates[0].stride = 0;
    failures += expect(loud, "gates without stride", input, PORIN_REASON_BRANCH_OUTSIDE);
    input = case_input(call, sizeof call);
    input.gates[0].count = 0;
    failures += expect(loud, "no gates", input, PORIN_REASON_BRANCH_OUTSIDE);
    input = case_input(rdtsc, sizeof rdtsc);
    failures += expect(loud, "rdtsc refused", input, PORIN_REASON_RDTSC);
    input.allow_rdtsc = true;
    failures += expect(loud, "rdtsc allowed", input, PORIN_REASON_NONE);
    return failures;
}

enum {
#define FEATURE(id, name, leaf, subleaf, reg, bit) FEATURE_##id,
#include "features.def"
#undef FEATURE
};
#define BIT(feature) (1ull << FEATURE_##feature)
#define VECTORS (PORIN_USES_AVX | PORIN_USES_EVEX)

unsigned check_reported(bool loud)
{
    static const struct { uint8_t code[12]; uint32_t uses; uint64_t features; } facts[] = {
        { { 0x90, 0xC3 }, 0, 0 },
        { { 0xD9, 0xE8, 0xC3 }, PORIN_USES_X87, 0 },                                        /* fld1 */
        { { 0xDF, 0xE0, 0xC3 }, PORIN_USES_X87 | PORIN_USES_X87_STATUS, 0 },                /* fnstsw */
        { { 0x0F, 0x58, 0xC0, 0xC3 }, 0, 0 },                                               /* addps */
        { { 0xC5, 0xF8, 0x58, 0xC0, 0xC3 }, PORIN_USES_AVX, BIT(AVX) },                     /* vaddps */
        { { 0xC5, 0xF8, 0x77, 0xC3 }, PORIN_USES_AVX, BIT(AVX) },                           /* vzeroupper */
        { { 0xC4, 0xE2, 0x78, 0xF2, 0xC0, 0xC3 }, 0, BIT(BMI1) },                           /* andn */
        { { 0xC5, 0xFC, 0x41, 0xC0, 0xC3 }, VECTORS, BIT(AVX512F) },                        /* kandw */
        { { 0x62, 0xF1, 0x7C, 0x48, 0x58, 0xC0, 0xC3 }, VECTORS, BIT(AVX512F) },            /* vaddps zmm */
        { { 0x62, 0xF1, 0x7C, 0x08, 0x58, 0xC0, 0xC3 }, VECTORS, BIT(AVX512F) | BIT(AVX512VL) },
        { { 0x65, 0x48, 0x8B, 0x04, 0x25, 0, 0, 0, 0, 0xC3 }, PORIN_USES_THREAD_POINTER, 0 },
        { { 0x65, 0x48, 0x8B, 0x04, 0x25, 8, 0, 0, 0, 0xC3 }, PORIN_USES_CALL_ERROR, 0 },
        { { 0x65, 0x44, 0x8B, 0x1C, 0x25, 8, 0, 0, 0, 0xC3 }, PORIN_USES_CALL_ERROR, 0 },   /* movl %gs:8, %r11d */
        { { 0xE8, 0xFB, 0x05, 0xFD, 0xFF, 0xC3 }, PORIN_USES_FENV, 0 },                     /* call of the fenv gate */
        { { 0xE9, 0xFB, 0x05, 0xFD, 0xFF, 0xC3 }, PORIN_USES_FENV, 0 },
        { { 0x0F, 0x84, 0xFA, 0x05, 0xFD, 0xFF, 0xC3 }, PORIN_USES_FENV, 0 },
        { { 0xE8, 0xFB, 0x03, 0xFD, 0xFF, 0xC3 }, 0, 0 },                                   /* call of the gate before it */
        { { 0xF3, 0x0F, 0xB8, 0xC0, 0xD9, 0xE8, 0xC3 }, PORIN_USES_X87, BIT(POPCNT) },      /* the union of all instructions */
    };
    unsigned failures = 0;
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct porin_verify_report report;
        size_t size = sizeof facts[i].code;
        while (facts[i].code[size - 1] != 0xC3)
            size--;
        bool accepted = case_verify(case_input(facts[i].code, size), &report);
        bool right = accepted && report.uses == facts[i].uses && report.cpu_features == facts[i].features;
        failures += !right;
        if (!right && loud)
            fprintf(stderr, "fact %zu: got uses %x, features %llx\n", i, report.uses, (unsigned long long)report.cpu_features);
    }
    return failures;
}

unsigned check_cuts(bool loud)
{
    unsigned failures = 0;
    for (const struct test_case *c = case_table; c->name; c++)
        for (size_t size = 1; size < (size_t)(c[1].code - c->code); size++) {
            struct porin_verify_report report;
            if (case_verify(case_input(c->code, size), &report) || (report.length >= 1 && report.offset + report.length <= size))
                continue;
            failures++;
            if (loud)
                fprintf(stderr, "%s cut to %zu bytes: the report points beyond the end\n", c->name, size);
        }
    return failures;
}

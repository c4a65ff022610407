/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier's verdicts on tests/verifier/cases.S: exact reason, exact offset, every reason at least once; and its limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "layout.h"
#include "porin/verify.h"

struct test_case { const char *name; const uint8_t *code; uint64_t reason; };
extern const struct test_case case_table[]; /* ends with a NULL name; its code is the end of the last case */
extern const uint8_t *const case_marks[];   /* ends with NULL */

static struct porin_verify_input input_of(const uint8_t *text, size_t size)
{
    return (struct porin_verify_input){
        .text = text,
        .text_size = size,
        .text_offset = PORIN_IMAGE_BASE,
        .gates = { { PORIN_GATES_SERVICE, PORIN_SERVICE_GATE_SIZE, PORIN_SERVICE_GATES }, { PORIN_GATES_IMPORT, PORIN_GATE_SIZE, 2 } },
    };
}

/* The text ends at an unmapped page and the scratch memory is exactly as large as asked for and dirty. */
static bool verify(struct porin_verify_input input, struct porin_verify_report *report)
{
    size_t words = porin_verify_scratch_words(input.text_size), room = (input.text_size + 0xFFF) & ~(size_t)0xFFF;
    uint8_t *pages = mmap(NULL, room + 0x1000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(pages != MAP_FAILED);
    assert_int_equal(mprotect(pages + room, 0x1000, PROT_NONE), 0);
    memcpy(pages + room - input.text_size, input.text, input.text_size);
    input.text = pages + room - input.text_size;
    input.scratch = malloc(words * sizeof *input.scratch);
    assert_non_null(input.scratch);
    memset(input.scratch, 0xFF, words * sizeof *input.scratch);
    memset(report, 0xFF, sizeof *report);
    bool accepted = porin_verify_text(&input, report);
    assert_int_equal(accepted, report->reason == PORIN_REASON_NONE);
    free(input.scratch);
    munmap(pages, room + 0x1000);
    return accepted;
}

static void test_cases(void **state)
{
    (void)state;
    bool seen[PORIN_REASON_COUNT] = { false };
    const uint8_t *const *mark = case_marks;
    unsigned failures = 0;
    for (const struct test_case *c = case_table; c->name; c++) {
        struct porin_verify_report report;
        size_t size = (size_t)(c[1].code - c->code);
        verify(input_of(c->code, size), &report);
        uint32_t offset = c->reason ? (uint32_t)(*mark++ - c->code) : 0;
        seen[c->reason] = true;
        if (report.reason == c->reason && (!c->reason || report.offset == offset))
            continue;
        failures++;
        print_error("%s: expected %s at %u, got %s at %u\n", c->name, porin_reason_name((enum porin_reason)c->reason), offset,
                    porin_reason_name(report.reason), report.offset);
    }
    assert_null(*mark);
    seen[PORIN_REASON_TEXT_RANGE] = true; /* test_ranges */
    for (unsigned i = 0; i < PORIN_REASON_COUNT; i++)
        if (!seen[i]) {
            failures++;
            print_error("no case expects %s\n", porin_reason_name((enum porin_reason)i));
        }
    assert_int_equal(failures, 0);
}

static void test_ranges(void **state)
{
    (void)state;
    static const uint8_t ret = 0xC3;
    struct porin_verify_report report;
    struct porin_verify_input input = input_of(&ret, 1);
    input.text_offset = PORIN_IMAGE_END - 1;
    assert_true(verify(input, &report));
    input.text_offset = PORIN_IMAGE_END; /* a rip-relative operand would reach behind the upper guard */
    assert_false(verify(input, &report));
    assert_int_equal(report.reason, PORIN_REASON_TEXT_RANGE);
    input.text_offset = UINT32_MAX;
    assert_false(verify(input, &report));
    assert_int_equal(report.reason, PORIN_REASON_TEXT_RANGE);
    input = input_of(&ret, 0);
    assert_false(verify(input, &report));
    assert_int_equal(report.reason, PORIN_REASON_TEXT_RANGE);
    input = input_of(&ret, ((size_t)1 << 30) + 1); /* refused before anything is touched */
    assert_false(porin_verify_text(&input, &report));
    assert_int_equal(report.reason, PORIN_REASON_TEXT_RANGE);
}

static void test_gates(void **state)
{
    (void)state;
    static const uint8_t call[] = { 0xE8, 0xFB, 0xFF, 0xFC, 0xFF, 0xC3 }; /* call 0x100000 */
    struct porin_verify_report report;
    struct porin_verify_input input = input_of(call, sizeof call);
    assert_true(verify(input, &report));
    input.gates[0].stride = 0;
    assert_false(verify(input, &report));
    assert_int_equal(report.reason, PORIN_REASON_BRANCH_OUTSIDE);
    input = input_of(call, sizeof call);
    input.gates[0].count = 0;
    assert_false(verify(input, &report));
    assert_int_equal(report.reason, PORIN_REASON_BRANCH_OUTSIDE);
}

static void test_policy(void **state)
{
    (void)state;
    static const uint8_t rdtsc[] = { 0x0F, 0x31, 0xC3 };
    struct porin_verify_report report;
    struct porin_verify_input input = input_of(rdtsc, sizeof rdtsc);
    assert_false(verify(input, &report));
    assert_int_equal(report.reason, PORIN_REASON_RDTSC);
    input.allow_rdtsc = true;
    assert_true(verify(input, &report));
}

enum {
#define FEATURE(id, name, leaf, subleaf, reg, bit) FEATURE_##id,
#include "features.def"
#undef FEATURE
};
#define BIT(feature) (1ull << FEATURE_##feature)

static void test_facts(void **state)
{
    (void)state;
    static const struct { uint8_t code[12]; uint32_t uses; uint64_t features; } facts[] = {
        { { 0x90, 0xC3 }, 0, 0 },
        { { 0xD9, 0xE8, 0xC3 }, PORIN_USES_X87, 0 },                                                   /* fld1 */
        { { 0x0F, 0x58, 0xC0, 0xC3 }, 0, 0 },                                                          /* addps */
        { { 0xC5, 0xF8, 0x58, 0xC0, 0xC3 }, PORIN_USES_AVX, BIT(AVX) },                                /* vaddps */
        { { 0xC5, 0xF8, 0x77, 0xC3 }, PORIN_USES_AVX, BIT(AVX) },                                      /* vzeroupper */
        { { 0xC4, 0xE2, 0x78, 0xF2, 0xC0, 0xC3 }, 0, BIT(BMI1) },                                      /* andn */
        { { 0xC5, 0xFC, 0x41, 0xC0, 0xC3 }, PORIN_USES_AVX | PORIN_USES_EVEX, BIT(AVX512F) },          /* kandw */
        { { 0x62, 0xF1, 0x7C, 0x48, 0x58, 0xC0, 0xC3 }, PORIN_USES_AVX | PORIN_USES_EVEX, BIT(AVX512F) }, /* vaddps zmm */
        { { 0x62, 0xF1, 0x7C, 0x08, 0x58, 0xC0, 0xC3 }, PORIN_USES_AVX | PORIN_USES_EVEX, BIT(AVX512F) | BIT(AVX512VL) },
        { { 0x65, 0x48, 0x8B, 0x04, 0x25, 0, 0, 0, 0, 0xC3 }, PORIN_USES_THREAD_POINTER, 0 },
        { { 0x65, 0x48, 0x8B, 0x04, 0x25, 8, 0, 0, 0, 0xC3 }, 0, 0 },
        { { 0xF3, 0x0F, 0xB8, 0xC0, 0xC3 }, 0, BIT(POPCNT) },
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct porin_verify_report report;
        size_t size = sizeof facts[i].code;
        while (facts[i].code[size - 1] != 0xC3)
            size--;
        assert_true(verify(input_of(facts[i].code, size), &report));
        assert_int_equal(report.uses, facts[i].uses);
        assert_int_equal(report.cpu_features, facts[i].features);
    }
}

/* Cutting an accepted text anywhere never makes the verifier read beyond it, and never goes unnoticed inside an instruction. */
static void test_cuts(void **state)
{
    (void)state;
    for (const struct test_case *c = case_table; c->name; c++)
        for (size_t size = 1; size < (size_t)(c[1].code - c->code); size++) {
            struct porin_verify_report report;
            if (!verify(input_of(c->code, size), &report)) {
                assert_true(report.offset < size);
                assert_true(report.length >= 1 && report.offset + report.length <= size);
            }
        }
}

static void test_names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PORIN_REASON_COUNT; i++)
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(porin_reason_name((enum porin_reason)i), porin_reason_name((enum porin_reason)j));
    assert_string_equal(porin_reason_name(PORIN_REASON_COUNT), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases), cmocka_unit_test(test_ranges), cmocka_unit_test(test_gates), cmocka_unit_test(test_policy),
        cmocka_unit_test(test_facts), cmocka_unit_test(test_cuts), cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier's verdicts on tests/verifier/case_texts.S: exact reason, exact offset, every reason at least once; and its limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "layout.h"
#include "../verifier/case_checks.h"

static void test_cases(void **state)
{
    (void)state;
    assert_int_equal(check_cases(true), 0);
}

static void test_limits(void **state)
{
    (void)state;
    assert_int_equal(check_limits(true), 0);
}

static void test_facts(void **state)
{
    (void)state;
    assert_int_equal(check_reported(true), 0);
}

static void test_cuts(void **state)
{
    (void)state;
    assert_int_equal(check_cuts(true), 0);
}

static void test_names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PORIN_REASON_COUNT; i++)
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(porin_reason_name((enum porin_reason)i), porin_reason_name((enum porin_reason)j));
    assert_string_equal(porin_reason_name(PORIN_REASON_COUNT), "unknown");
}

static double seconds_for(const uint8_t *text, size_t size, uint64_t *scratch)
{
    struct timespec from, to;
    struct porin_verify_report report;
    struct porin_verify_input input = case_input(text, size);
    input.scratch = scratch;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    porin_verify_text(&input, &report);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9;
}

/* Patterns that would make a careless verifier look at bytes again and again. Each must cost at most a constant per byte. */
static void test_linear_time(void **state)
{
    (void)state;
    static const struct { uint8_t bytes[21]; size_t size; } patterns[] = {
        { { 0x90 }, 1 },
        { { 0xEB, 0xFE }, 2 },                                          /* branches everywhere */
        { { 0xF3, 0x0F, 0x1E, 0xFA }, 4 },                              /* labels everywhere */
        { { 0xB8, 0xFA, 0xFA, 0xFA, 0xFA }, 5 },                        /* last bytes of labels everywhere */
        { { 0xB8, 0x0F, 0x1E, 0xFA, 0xF3 }, 5 },
        { { 0x66, 0x66, 0x2E, 0x0F, 0x1F, 0x84, 0, 0, 0, 0, 0 }, 11 },
        { { 0x41, 0x89, 0xFA, 0x4B, 0x8D, 0x3C, 0x16, 0xAA, 0x89, 0xFF }, 10 }, /* sequences everywhere */
        { { 0x41, 0x89, 0xC2, 0x41, 0x81, 0xE2, 255, 0, 0, 0, 0x4F, 0x8D, 0x94, 0xD6, 0, 0xF0, 0x52, 0, 0x41, 0xFF, 0xE2 },
          21 },                                                         /* switches of 256 places everywhere */
    };
    enum { SIZE = 1 << 22, END = 4096 };
    _Static_assert(PORIN_IMAGE_BASE + SIZE - END == 0x52F000, "where the switches go");
    uint8_t *text = malloc(SIZE);
    uint64_t *scratch = malloc(porin_verify_scratch_words(SIZE) * sizeof *scratch);
    assert_non_null(text);
    assert_non_null(scratch);
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        for (size_t at = 0; at < SIZE; at++)
            text[at] = patterns[i].bytes[at % patterns[i].size];
        memset(text + SIZE - END, 0xCC, END);
        double seconds = seconds_for(text, SIZE, scratch);
        assert_true(seconds < SIZE * 400e-9); /* 2.5 MB/s: far from quadratic, and true on the slowest machine */
    }
    free(scratch);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases), cmocka_unit_test(test_limits), cmocka_unit_test(test_facts),
        cmocka_unit_test(test_cuts), cmocka_unit_test(test_names), cmocka_unit_test(test_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

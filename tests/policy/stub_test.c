/* SPDX-License-Identifier: Apache-2.0 */
/* Own stubs (porin/protect.h) under a gate that does nothing: registers are captured as in tests/unit/policy_test.c. Arguments: images. */
#include "../unit/policy_capture.h"
#include "../unit/runtime_world.h"
#include <stdio.h>

#define SECRET 0x5ec7e75ec7e75ec7
#define PATTERN 0x4055555555555555

/* The hand-made side: everything code with AVX can see. */
extern const uint8_t policy_code_2[], policy_end_2[], policy_relay_2[], policy_leaf_2[], policy_dirty_2[];

struct capture {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r12, r13, r11, words[20];
    uint64_t zmm[32][8];
};
_Static_assert(offsetof(struct capture, zmm) == CAPTURE_ZMM, "as policy_code.S has it");

static porin_image *spy_image, *stub_image;
static int stub_count;
static char **stub_paths;

static porin_domain *spy_make(void)
{
    porin_domain *spy = domain_make(spy_image, "spy");
    const uint64_t pattern = PATTERN;
    assert_int_equal(porin_copy_out(spy, (porin_addr){ IMAGE_DATA + OWN_AT }, &pattern, 8), PORIN_OK);
    return spy;
}

static void bind(porin_domain *from, const char *import, porin_domain *to, const char *function)
{
    const struct porin_edge_options weakest = { .policy = 0 };
    assert_int_equal(porin_domain_bind(from, import, entry(to, function), &weakest, NULL), PORIN_OK);
}

static void captured(porin_domain *spy, struct capture *found)
{
    assert_int_equal(porin_copy_in(found, spy, (porin_addr){ IMAGE_DATA + CAPTURE_AT }, sizeof *found), PORIN_OK);
}

static porin_domain *stubs_make(int index)
{
    struct porin_error error;
    if (porin_image_load_file(stub_paths[index], &stub_image, &error) != PORIN_OK)
        fail_msg("%s", error.text);
    porin_domain *stubs = domain_make(stub_image, stub_paths[index]);
    porin_image_release(stub_image);
    return stubs;
}

/* Whatever the callee does to registers, what is live comes back. */
static void test_integrity(void **state)
{
    for (int i = 0; i < stub_count; i++) {
        porin_domain *stubs = stubs_make(i), *spy = spy_make();
        bind(stubs, "first", spy, "dirty");
        assert_int_equal(call(stubs, "protected_call", 1000, 0), 0);
        assert_int_equal(call(stubs, "hidden_call", 1000, 0), 0);
        porin_domain_destroy(stubs);
        porin_domain_destroy(spy);
    }
    (void)state;
}

/* A callback starts below the frames of the function that called out, on an aligned stack. */
static void test_callback(void **state)
{
    for (int i = 0; i < stub_count; i++) {
        porin_domain *stubs = stubs_make(i), *spy = spy_make();
        bind(stubs, "first", spy, "relay");
        bind(spy, "first", stubs, "callback");
        assert_int_equal(call(stubs, "leaf_call", 77, 0), 0);
        porin_domain_destroy(stubs);
        porin_domain_destroy(spy);
    }
    (void)state;
}

static void test_arguments_only(void **state)
{
    for (int i = 0; i < stub_count; i++) {
        porin_domain *stubs = stubs_make(i), *spy = spy_make();
        struct capture found;
        bind(stubs, "first", spy, "leaf");
        call(stubs, "hidden_arguments", 0x1111, 0x2222);
        captured(spy, &found);
        assert_int_equal(found.rdi, 0x1111);
        assert_int_equal(found.rsi, 0x2222);
        const uint64_t others[] = { found.rax, found.rbx, found.rcx, found.rdx, found.rbp, found.r8, found.r9, found.r12, found.r13 };
        for (size_t n = 0; n < sizeof others / sizeof *others; n++)
            assert_int_equal(others[n], 0);
        for (int n = 0; n < 16; n++)
            assert_true(found.zmm[n][0] == 0 && found.zmm[n][1] == 0);
        porin_domain_destroy(stubs);
        porin_domain_destroy(spy);
    }
    (void)state;
}

static void test_results_only(void **state)
{
    for (int i = 0; i < stub_count; i++) {
        porin_domain *stubs = stubs_make(i), *spy = spy_make();
        struct capture found;
        bind(spy, "first", stubs, "results");
        call(spy, "relay", 0, 0);
        captured(spy, &found);
        assert_int_equal(found.rax, PATTERN + 1);
        assert_true(found.rcx == 0 && found.rsi == 0 && found.rdi == 0 && found.r8 == 0 && found.r9 == 0);
        for (int n = 2; n < 16; n++)
            assert_true(found.zmm[n][0] == 0 && found.zmm[n][1] == 0);
        porin_domain_destroy(stubs);
        porin_domain_destroy(spy);
    }
    (void)state;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integrity), cmocka_unit_test(test_callback), cmocka_unit_test(test_arguments_only),
        cmocka_unit_test(test_results_only),
    };
    struct image_parts parts;
    stub_count = argc - 1;
    stub_paths = argv + 1;
    image_begin(&parts, 2);
    parts.code = policy_code_2;
    parts.code_size = (size_t)(policy_end_2 - policy_code_2);
    parts.program[0].p_filesz = parts.program[0].p_memsz = parts.code_size;
    parts.note.start_offset = parts.note.thread_offset = parts.note.exports_size = 0;
    image_add_export(&parts, "relay", IMAGE_TEXT + (uint32_t)(policy_relay_2 - policy_code_2));
    image_add_export(&parts, "leaf", IMAGE_TEXT + (uint32_t)(policy_leaf_2 - policy_code_2));
    image_add_export(&parts, "dirty", IMAGE_TEXT + (uint32_t)(policy_dirty_2 - policy_code_2));
    spy_image = image_load(&parts);
    return stub_count ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}

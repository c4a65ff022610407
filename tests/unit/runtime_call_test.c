/* SPDX-License-Identifier: Apache-2.0 */
/* Calls: host to domain, domain to domain, domain to host; what comes back, and how failures come back. */
#include "runtime_world.h"
#include <time.h>

static void test_arguments_and_result(void **state)
{
    porin_image *image = image_make_library(2);
    porin_domain *domain = domain_make(image, "callee");
    porin_image_release(image); /* the domain holds it */
    assert_int_equal(call(domain, "add", 40, 2), 42);
    struct porin_call values = { .vector = { 21.0 } };
    assert_int_equal(porin_call(entry(domain, "twice"), &values), PORIN_OK);
    assert_true(values.result_vector[0] == 42.0 && values.result_vector[1] == 42.0);
    const uint64_t stack[3] = { 7, 8, 9 };
    struct porin_call seven = { .stack = stack, .stack_count = 3 };
    assert_int_equal(porin_call(entry(domain, "seventh"), &seven), PORIN_OK);
    assert_int_equal(seven.result[0], 7);
    porin_domain_destroy(domain);
    (void)state;
}

static void test_domain_calls_domain(void **state)
{
    porin_image *image = image_make_library(2);
    porin_domain *a = domain_make(image, "a"), *b = domain_make(image, "b");
    assert_int_equal(porin_domain_bind(a, "first", entry(b, "add"), NULL, NULL), PORIN_OK);
    assert_int_equal(call(a, "first", 40, 2), 42);
    assert_int_equal(call(a, "tail", 40, 3), 43);
    assert_int_equal(call(a, "loop", 1000, 5), 1005);
    /* the second import is bound to nothing */
    assert_int_equal(call(a, "second", 1, 2), UINT64_MAX);
    assert_int_equal(call(a, "error", 0, 0), PORIN_ERR_NAME);
    porin_domain_destroy(b);
    assert_int_equal(call(a, "first", 40, 2), UINT64_MAX);
    assert_int_equal(call(a, "error", 0, 0), PORIN_ERR_GONE);
    porin_domain_destroy(a);
    porin_image_release(image);
    (void)state;
}

static double ns_per_call(porin_domain *domain, const char *function)
{
    enum { ROUNDS = 20, CALLS = 100000 };
    double best = 1e9;
    for (int i = 0; i < ROUNDS; i++) {
        struct timespec before, after;
        clock_gettime(CLOCK_MONOTONIC, &before);
        call(domain, function, CALLS, 1);
        clock_gettime(CLOCK_MONOTONIC, &after);
        double ns = ((after.tv_sec - before.tv_sec) * 1e9 + (after.tv_nsec - before.tv_nsec)) / CALLS;
        best = ns < best ? ns : best;
    }
    return best;
}

static void test_time_of_a_crossing(void **state)
{
    porin_image *image = image_make_library(2);
    porin_domain *a = domain_make(image, "a"), *b = domain_make(image, "b");
    const struct porin_edge_options weakest = { .fault_value = -1 };
    assert_int_equal(porin_domain_bind(a, "first", entry(b, "add"), &weakest, NULL), PORIN_OK);
    double gate = ns_per_call(a, "loop"), inner = ns_per_call(a, "inner");
    print_message("crossing %.2f ns, checked indirect call %.2f ns: %.2f\n", gate, inner, gate / inner);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    porin_image_release(image);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments_and_result),
        cmocka_unit_test(test_domain_calls_domain),
        cmocka_unit_test(test_time_of_a_crossing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Calls: host to domain, domain to domain, domain to host; what comes back, and how failures come back. */
#include "runtime_world.h"
#include <pthread.h>
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

/* Nor can a host's mistake lead to a place that is no function's beginning. */
static void test_functions_only(void **state)
{
    porin_image *image = image_make_library(2);
    porin_domain *a = domain_make(image, "a"), *b = domain_make(image, "b");
    const porin_entry add = entry(b, "add");
    const uint32_t offsets[] = { add.offset + 1, add.offset + 4, add.offset - 1, 0, PORIN_GATE_SERVICE_CALL, PORIN_GATES_IMPORT, IMAGE_DATA,
                                 UINT32_MAX };
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        const porin_entry wrong = { b, offsets[i], add.generation };
        struct porin_call values = { .integer = { 40, 2 } };
        uint64_t result;
        assert_int_equal(porin_call6(wrong, &result, 40, 2, 0, 0, 0, 0), PORIN_ERR_NAME);
        assert_int_equal(porin_call(wrong, &values), PORIN_ERR_NAME);
        assert_int_equal(porin_domain_bind(a, "first", wrong, NULL, NULL), PORIN_ERR_NAME);
    }
    assert_int_equal(call(b, "add", 40, 2), 42);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    porin_image_release(image);
    (void)state;
}

struct counted_caller { porin_domain *domain; unsigned rounds; };

static void *counted_run(void *data)
{
    const struct counted_caller *caller = data;
    for (unsigned i = 0; i < caller->rounds; i++)
        call(caller->domain, "loop", 1000, 0);
    return NULL;
}

static uint64_t calls_of(porin_domain *domain)
{
    struct porin_domain_usage usage;
    assert_int_equal(porin_domain_usage_get(domain, &usage), PORIN_OK);
    return usage.calls;
}

/* Calls are counted exactly: through gates, from the host, on several threads, also on threads that are gone, also those that fail; a
 * domain does not inherit from the one that was in its slot before. */
static void test_calls_are_counted(void **state)
{
    porin_image *image = image_make_library(2);
    struct porin_domain_options options;
    porin_domain_options_default(&options);
    options.accounting = true;
    for (unsigned round = 0; round < 20; round++) {
        porin_domain *a = domain_make(image, "a"), *b;
        assert_int_equal(porin_domain_create(image, &options, &b, NULL), PORIN_OK);
        assert_int_equal(calls_of(b), 0);
        assert_int_equal(porin_domain_bind(a, "first", entry(b, "add"), NULL, NULL), PORIN_OK);
        assert_int_equal(porin_domain_bind(a, "second", entry(b, "trap"), NULL, NULL), PORIN_OK);
        struct counted_caller caller = { a, 3 };
        pthread_t threads[3];
        for (int i = 0; i < 3; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, counted_run, &caller), 0);
        counted_run(&caller);
        for (int i = 0; i < 3; i++)
            pthread_join(threads[i], NULL);
        assert_int_equal(calls_of(b), 4 * 3 * 1000);
        assert_int_equal(call(b, "add", 1, 2), 3);
        assert_int_equal(call(a, "second", 1, 2), UINT64_MAX);
        assert_int_equal(calls_of(b), 12002);
        assert_int_equal(calls_of(a), 0); /* without accounting */
        assert_int_equal(call(a, "first", 1, 2), UINT64_MAX);
        assert_int_equal(calls_of(b), 12002); /* it is dead: that was none */
        assert_int_equal(porin_domain_reset(b, NULL), PORIN_OK);
        assert_int_equal(call(a, "first", 1, 2), 3);
        assert_int_equal(calls_of(b), 12003);
        porin_domain_destroy(a);
        porin_domain_destroy(b);
    }
    struct porin_domain_usage usage;
    assert_int_equal(porin_domain_usage_get(NULL, &usage), PORIN_ERR_ARGUMENT);
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
        cmocka_unit_test(test_functions_only),
        cmocka_unit_test(test_calls_are_counted),
        cmocka_unit_test(test_time_of_a_crossing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

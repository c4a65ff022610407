/* SPDX-License-Identifier: Apache-2.0 */
/* Host to domain to service to host to domain: the test is its own personality, so it can do in a service what it likes. */
#include "runtime_world.h"
#include "runtime/copy.h"
#include "runtime/domain.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { ECHO = 1000, NEST, EXIT, SET_POINTER, SLEEP, KILL_CALLER, KILL_OUTER, RESET_CALLER };

static porin_domain *a, *b, *other;      /* other: what NEST calls into */
static const char *nested_function;
static uint64_t nested_argument, nested_timeout_ns; /* 0: no deadline */
static porin_status nested_status;       /* what came of it */
static struct porin_error nested_error;

porin_status personality_create(struct porin_domain *domain, const struct porin_domain_options *options, struct porin_error *error)
{
    (void)options;
    (void)error;
    domain->personality = NULL;
    return PORIN_OK;
}

void personality_destroy(struct porin_domain *domain)
{
    (void)domain;
}

void personality_reset(struct porin_domain *domain)
{
    (void)domain;
}

void personality_usage(struct porin_domain *domain, struct porin_domain_usage *out)
{
    (void)domain;
    (void)out;
}

void personality_hand_over(struct porin_domain *domain, struct porin_domain *successor)
{
    (void)domain;
    (void)successor;
}

bool personality_signal_due(const struct porin_domain *domain, const struct thread *thread)
{
    (void)domain, (void)thread;
    return false;
}

bool personality_signal_handled(const struct porin_domain *domain, const struct thread *thread, int signal)
{
    (void)domain, (void)thread, (void)signal;
    return false;
}

void personality_interrupted(struct porin_domain *domain, const struct signal_fault *fault)
{
    (void)domain, (void)fault;
}

int personality_end_signal(const struct porin_domain *domain)
{
    (void)domain;
    return 0;
}

void personality_thread_end(struct porin_domain *domain, uint32_t tid_address)
{
    (void)domain;
    (void)tid_address;
}

void personality_window_changed(uint32_t window)
{
    (void)window;
}

int64_t personality_call(struct porin_domain *domain, uint64_t number, const uint64_t arguments[6])
{
    uint64_t result = 0;
    switch (number) {
    case ECHO:
        return (int64_t)(arguments[0] + 10 * arguments[1] + 100 * arguments[2] + 1000 * arguments[3] + 10000 * arguments[4]);
    case NEST:
        if (nested_timeout_ns) {
            struct porin_call values = { .integer = { nested_argument, 1 } };
            nested_status = porin_call_within(entry(other, nested_function), &values, nested_timeout_ns);
            return (int64_t)values.result[0];
        }
        nested_status = porin_call6(entry(other, nested_function), &result, nested_argument, 1, 0, 0, 0, 0);
        nested_error = *porin_last_error();
        return (int64_t)result;
    case EXIT:
        domain_exit(domain, (int)arguments[0]);
    case SET_POINTER:
        thread_set_pointer((uint32_t)arguments[0]);
        return thread_get_pointer();
    case SLEEP:
        usleep((useconds_t)arguments[0]);
        return 0;
    case KILL_CALLER:
        return porin_domain_kill(domain);
    case KILL_OUTER:
        return porin_domain_kill(b);
    case RESET_CALLER:
        return porin_domain_reset(domain, NULL);
    default:
        return -ENOSYS;
    }
}

static porin_image *library;

static int begin(void **state)
{
    library = image_make_library(2);
    a = domain_make(library, "a");
    b = other = domain_make(library, "b");
    (void)state;
    return 0;
}

static int end(void **state)
{
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    porin_image_release(library);
    (void)state;
    return 0;
}

static uint64_t service(porin_domain *domain, uint64_t number, uint64_t argument)
{
    return call(domain, "service", number, argument);
}

static void test_arguments(void **state)
{
    uint64_t result;
    porin_signals_install(NULL);
    assert_int_equal(porin_call6(entry(a, "service"), &result, ECHO, 1, 2, 3, 4, 5), PORIN_OK);
    assert_int_equal(result, 54321);
    assert_int_equal(service(a, 999, 0), -ENOSYS);
    (void)state;
}

static void nest(const char *function, uint64_t argument)
{
    nested_function = function;
    nested_argument = argument;
    porin_signals_install(NULL);
}

static void test_nested_calls(void **state)
{
    nest("add", 41);
    assert_int_equal(service(a, NEST, 0), 42);
    assert_int_equal(nested_status, PORIN_OK);
    nest("trap", 0);
    assert_int_equal(service(a, NEST, 0), 0);
    assert_int_equal(nested_status, PORIN_ERR_FAULT);
    assert_string_equal(nested_error.domain, "b");
    assert_int_equal(call(a, "add", 1, 2), 3);
    assert_int_equal(porin_domain_reset(b, NULL), PORIN_OK);
    (void)state;
}

/* a -> service -> a again: a stack below the outer one, and the same data. */
static void test_reentry(void **state)
{
    other = a;
    nest("stack", 0);
    uint64_t outer = call(a, "stack", 0, 0), inner = service(a, NEST, 0);
    assert_int_equal(nested_status, PORIN_OK);
    assert_true(inner <= outer && outer - inner < 4096);
    nest("service", ECHO);
    assert_int_equal(service(a, NEST, 0), 1);
    /* the inner activation dies: the service sees it, and the outer activation does not go on */
    uint64_t result;
    nest("trap", 0);
    assert_int_equal(porin_call6(entry(a, "service"), &result, NEST, 0, 0, 0, 0, 0), PORIN_ERR_FAULT);
    assert_int_equal(nested_status, PORIN_ERR_FAULT);
    assert_int_equal(porin_domain_reset(a, NULL), PORIN_OK);
    other = b;
    (void)state;
}

/* The thread pointer is the domain's own, whoever is called in between. */
static void test_thread_pointers(void **state)
{
    assert_int_equal(service(a, SET_POINTER, 0x1234560), 0x1234560);
    assert_int_equal(service(b, SET_POINTER, 0x7777770), 0x7777770);
    assert_int_equal(call(a, "pointer", 0, 0), 0x1234560);
    assert_int_equal(call(b, "pointer", 0, 0), 0x7777770);
    assert_int_equal(porin_domain_bind(a, "first", entry(b, "pointer"), NULL, NULL), PORIN_OK);
    assert_int_equal(porin_domain_bind(b, "first", entry(a, "pointer"), NULL, NULL), PORIN_OK);
    assert_int_equal(call(a, "first", 0, 0), 0x7777770);
    assert_int_equal(call(b, "first", 0, 0), 0x1234560);
    nest("first", 0);
    assert_int_equal(service(a, NEST, 0), 0x1234560); /* a, service, b, a */
    assert_int_equal(call(a, "pointer", 0, 0), 0x1234560);
    (void)state;
}

/* An exit drops the service's frames and ends exactly its own activation. */
static void test_exit(void **state)
{
    uint64_t result;
    porin_signals_install(NULL);
    assert_int_equal(porin_call6(entry(b, "service"), &result, EXIT, 9, 0, 0, 0, 0), PORIN_ERR_EXIT);
    assert_int_equal(porin_last_error()->exit_code, 9);
    assert_int_equal(porin_domain_reset(b, NULL), PORIN_OK);
    assert_int_equal(call(a, "add", 2, 2), 4);
    (void)state;
}

static void test_kills_from_services(void **state)
{
    uint64_t result;
    porin_signals_install(NULL);
    assert_int_equal(porin_call6(entry(b, "service"), &result, KILL_CALLER, 0, 0, 0, 0, 0), PORIN_ERR_KILLED);
    assert_int_equal(porin_domain_reset(b, NULL), PORIN_OK);
    /* host -> b -> service -> a -> service kills b: a goes on, b does not */
    other = a;
    nest("service", KILL_OUTER);
    assert_int_equal(porin_call6(entry(b, "service"), &result, NEST, 0, 0, 0, 0, 0), PORIN_ERR_KILLED);
    assert_int_equal(nested_status, PORIN_OK);
    assert_int_equal(call(a, "add", 2, 2), 4);
    assert_int_equal(porin_domain_reset(b, NULL), PORIN_OK);
    other = b;
    (void)state;
}

static void *kill_later(void *data)
{
    usleep(20000);
    porin_domain_kill(data);
    return NULL;
}

/* A domain that waits in a service is killed: its call ends when the service does, at once here because a signal interrupts it. */
static void test_kill_in_a_service(void **state)
{
    pthread_t thread;
    uint64_t result;
    porin_signals_install(NULL);
    pthread_create(&thread, NULL, kill_later, b);
    assert_int_equal(porin_call6(entry(b, "service"), &result, SLEEP, 900000, 0, 0, 0, 0), PORIN_ERR_KILLED);
    pthread_join(thread, NULL);
    assert_int_equal(porin_domain_reset(b, NULL), PORIN_OK);
    (void)state;
}

/* A deadline that passes in a service; one of an outer call that passes while the service waits for a call with a later one. */
static void test_deadline_in_a_service(void **state)
{
    struct porin_call sleep = { .integer = { SLEEP, 900000 } }, spin = { .integer = { NEST, 0 } };
    porin_signals_install(NULL);
    assert_int_equal(porin_call_within(entry(b, "service"), &sleep, 5000000), PORIN_ERR_DEADLINE);
    assert_int_equal(porin_domain_reset(b, NULL), PORIN_OK);
    nest("spin", 0);
    nested_timeout_ns = 50000000;
    assert_int_equal(porin_call_within(entry(a, "service"), &spin, 5000000), PORIN_ERR_DEADLINE);
    assert_int_equal(nested_status, PORIN_ERR_DEADLINE); /* b at its own, a when that came back */
    nested_timeout_ns = 0;
    assert_int_equal(porin_domain_reset(a, NULL), PORIN_OK);
    assert_int_equal(porin_domain_reset(b, NULL), PORIN_OK);
    assert_int_equal(call(a, "add", 1, 1), 2);
    (void)state;
}

/* a is late while b, which it has called, waits in a service: the service ends, b goes on elsewhere, the caller is free. */
static void test_deadline_in_a_callees_service(void **state)
{
    struct porin_call sleep = { .integer = { SLEEP, 900000 } };
    porin_signals_install(NULL);
    assert_int_equal(porin_domain_bind(a, "second", entry(b, "service"), NULL, NULL), PORIN_OK);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(porin_call_within(entry(a, "second"), &sleep, 5000000), PORIN_ERR_DEADLINE);
        assert_string_equal(porin_last_error()->domain, "a");
        assert_int_equal(porin_domain_reset(a, NULL), PORIN_OK);
        while (porin_domain_reset(b, NULL) == PORIN_ERR_BUSY)
            usleep(1000);
        assert_int_equal(call(a, "second", ECHO, 1), 1);
    }
    (void)state;
}

/* A thread inside a domain cannot reset it under its own feet. */
static void test_busy(void **state)
{
    porin_signals_install(NULL);
    assert_int_equal(service(a, RESET_CALLER, 0), PORIN_ERR_BUSY);
    assert_int_equal(call(a, "add", 1, 1), 2);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_nested_calls),
        cmocka_unit_test(test_reentry),
        cmocka_unit_test(test_thread_pointers),
        cmocka_unit_test(test_exit),
        cmocka_unit_test(test_kills_from_services),
        cmocka_unit_test(test_kill_in_a_service),
        cmocka_unit_test(test_deadline_in_a_service),
        cmocka_unit_test(test_deadline_in_a_callees_service),
        cmocka_unit_test(test_busy),
    };
    return cmocka_run_group_tests(tests, begin, end);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the host that a domain may call: only those granted, never after the revocation, never by an old number. */
#include "runtime_world.h"
#include "porin/function.h"
#include "personality/personality.h"
#include <pthread.h>
#include <stdatomic.h>

static porin_image *image;
static porin_domain *domain;
static _Atomic int calls, inside, hold;
static uint32_t own_number;

static int64_t count(void *context, porin_domain *caller, const uint64_t arguments[PORIN_FUNCTION_ARGUMENTS])
{
    atomic_fetch_add(&calls, 1);
    assert_ptr_equal(caller, domain);
    return *(int *)context + (int64_t)arguments[0] + (int64_t)arguments[4];
}

static int64_t wait(void *context, porin_domain *caller, const uint64_t arguments[PORIN_FUNCTION_ARGUMENTS])
{
    (void)context, (void)caller, (void)arguments;
    atomic_store(&inside, 1);
    while (atomic_load(&hold))
        sched_yield();
    atomic_store(&inside, 0);
    return 1;
}

static int64_t revoke_itself(void *context, porin_domain *caller, const uint64_t arguments[PORIN_FUNCTION_ARGUMENTS])
{
    (void)context, (void)arguments;
    return porin_function_revoke(caller, own_number);
}

/* The service as a domain's request reaches it. */
static int64_t ask(uint64_t number)
{
    const uint64_t arguments[6] = {number, 10, 0, 0, 0, 20};
    const struct request request = {.domain = domain, .own = domain->personality, .arguments = arguments};
    return service_function_call(&request);
}

static int begin(void **state)
{
    (void)state;
    image = image_make_library(2);
    domain = domain_make(image, "caller");
    atomic_store(&calls, 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    porin_domain_destroy(domain);
    porin_image_release(image);
    return 0;
}

static void nothing_without_a_grant(void **state)
{
    (void)state;
    for (uint64_t number = 0; number < 1000; number++)
        assert_int_equal(ask(number), -EPERM);
    assert_int_equal(ask(UINT64_MAX), -EPERM);
    assert_int_equal(porin_function_revoke(domain, 7), PORIN_ERR_NAME);
}

static void only_what_is_granted(void **state)
{
    int three = 3;
    uint32_t number, other;
    (void)state;
    assert_int_equal(porin_function_grant(domain, count, &three, &number), PORIN_OK);
    assert_int_equal(ask(number), 33);
    for (uint64_t wrong = 0; wrong < 1000; wrong++)
        if (wrong != number)
            assert_int_equal(ask(wrong), -EPERM);
    assert_int_equal(ask(number | 1ull << 32), -EPERM);
    assert_int_equal(atomic_load(&calls), 1);
    assert_int_equal(porin_function_revoke(domain, number), PORIN_OK);
    assert_int_equal(ask(number), -EPERM);
    assert_int_equal(porin_function_revoke(domain, number), PORIN_ERR_NAME);
    for (int i = 0; i < 1000; i++) { /* the place is used again, the number never */
        assert_int_equal(porin_function_grant(domain, count, &three, &other), PORIN_OK);
        assert_int_not_equal(other, number);
        assert_int_equal(ask(number), -EPERM);
        assert_int_equal(porin_function_revoke(domain, other), PORIN_OK);
    }
    assert_int_equal(atomic_load(&calls), 1);
}

static void there_is_a_limit(void **state)
{
    int zero = 0;
    uint32_t numbers[PORIN_FUNCTIONS_MAX], more;
    (void)state;
    for (int i = 0; i < PORIN_FUNCTIONS_MAX; i++)
        assert_int_equal(porin_function_grant(domain, count, &zero, &numbers[i]), PORIN_OK);
    assert_int_equal(porin_function_grant(domain, count, &zero, &more), PORIN_ERR_LIMIT);
    assert_int_equal(porin_function_revoke(domain, numbers[5]), PORIN_OK);
    assert_int_equal(porin_function_grant(domain, count, &zero, &more), PORIN_OK);
}

static void *ask_thread(void *number)
{
    return (void *)ask(*(uint32_t *)number);
}

static void *revoke_thread(void *number)
{
    assert_int_equal(porin_function_revoke(domain, *(uint32_t *)number), PORIN_OK);
    return (void *)(intptr_t)atomic_load(&inside);
}

/* A revocation does not come back while a call of another thread runs. */
static void revocation_waits(void **state)
{
    uint32_t number;
    pthread_t caller, revoker;
    void *result, *was_inside;
    (void)state;
    atomic_store(&hold, 1);
    assert_int_equal(porin_function_grant(domain, wait, NULL, &number), PORIN_OK);
    pthread_create(&caller, NULL, ask_thread, &number);
    while (!atomic_load(&inside))
        sched_yield();
    pthread_create(&revoker, NULL, revoke_thread, &number);
    for (int i = 0; i < 1000; i++)
        sched_yield();
    atomic_store(&hold, 0);
    pthread_join(caller, &result);
    pthread_join(revoker, &was_inside);
    assert_int_equal((intptr_t)result, 1);
    assert_int_equal((intptr_t)was_inside, 0);
}

/* What a function uses is there as long as it is granted, and may be gone when its revocation is back. */
enum { GRANTS = 3000 };
static struct used { _Atomic bool gone; } used[GRANTS];
static _Atomic uint32_t granted;
static _Atomic unsigned too_late, in_time;

static int64_t use(void *context, porin_domain *caller, const uint64_t *arguments)
{
    const struct used *mine = context;
    (void)caller, (void)arguments;
    bool there = !mine->gone;
    for (volatile int i = 0; i < 200; i++)
        ;
    (there && !mine->gone ? &in_time : &too_late)[0]++;
    return 0;
}

static void *use_thread(void *data)
{
    for (uint32_t number; (number = atomic_load(&granted)) != UINT32_MAX;)
        ask(number);
    return data;
}

static void calls_race_with_revocations(void **state)
{
    pthread_t threads[2];
    struct timespec began, now = { 0 };
    (void)state;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, use_thread, NULL);
    for (int i = 0; i < GRANTS && (now.tv_sec < began.tv_sec + 3 || !in_time); i++) {
        uint32_t number;
        assert_int_equal(porin_function_grant(domain, use, &used[i], &number), PORIN_OK);
        atomic_store(&granted, number);
        unsigned before = in_time;
        for (int wait = 0; wait < 10000 && in_time == before; wait++)
            ;
        assert_int_equal(porin_function_revoke(domain, number), PORIN_OK);
        used[i].gone = true;
        clock_gettime(CLOCK_MONOTONIC, &now);
    }
    atomic_store(&granted, UINT32_MAX);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(too_late, 0);
    assert_true(in_time > 0);
}

static void a_function_may_revoke_itself(void **state)
{
    (void)state;
    assert_int_equal(porin_function_grant(domain, revoke_itself, NULL, &own_number), PORIN_OK);
    assert_int_equal(ask(own_number), PORIN_OK);
    assert_int_equal(ask(own_number), -EPERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_without_a_grant, begin, end),
        cmocka_unit_test_setup_teardown(only_what_is_granted, begin, end),
        cmocka_unit_test_setup_teardown(there_is_a_limit, begin, end),
        cmocka_unit_test_setup_teardown(revocation_waits, begin, end),
        cmocka_unit_test_setup_teardown(calls_race_with_revocations, begin, end),
        cmocka_unit_test_setup_teardown(a_function_may_revoke_itself, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

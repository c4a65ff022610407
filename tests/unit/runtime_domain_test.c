/* SPDX-License-Identifier: Apache-2.0 */
/* Life of domains: creation and its cost, reset, pools, destruction, reuse of slots, ten thousand at once. */
#include "library_fixture.h"
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

/* The start routine ran once, on the first use, with a start block. */
static void test_start_routine(void **state)
{
    porin_domain *domain = domain_make(library, "d");
    uint64_t words[2], block[3];
    assert_int_equal(porin_copy_in(words, domain, (porin_addr){ IMAGE_DATA + 0x40 }, sizeof words), PORIN_OK);
    assert_int_equal(words[1], 0); /* not yet */
    call(domain, "add", 1, 2);
    call(domain, "add", 1, 2);
    assert_int_equal(porin_copy_in(words, domain, (porin_addr){ IMAGE_DATA + 0x40 }, sizeof words), PORIN_OK);
    assert_int_equal(words[1], 1);
    assert_int_equal(words[0] % 16, 0);
    assert_in_range(words[0], PORIN_STACK_END - PORIN_STACK_DEFAULT, PORIN_STACK_END - sizeof block);
    assert_int_equal(porin_copy_in(block, domain, (porin_addr){ (uint32_t)words[0] }, sizeof block), PORIN_OK);
    assert_true(block[0] == 0 && block[1] == 0 && block[2] == 0);
    assert_int_equal(call(domain, "stack", 0, 0), words[0]); /* frames begin below the block */
    porin_domain_destroy(domain);
    (void)state;
}

static void test_reset(void **state)
{
    porin_domain *domain = domain_make(library, "d");
    static const uint32_t places[] = { IMAGE_DATA, IMAGE_DATA + 0xff8, IMAGE_DATA + 0x2ff8, IMAGE_DATA + 0x3000,
            PORIN_STACK_END - 0x10000 };
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof places / sizeof *places; i++)
            call(domain, "poke", places[i], 0x1234567890abcdef);
        int64_t heap = (int64_t)call(domain, "service", 12, 0); /* brk */
        assert_int_equal(call(domain, "service", 12, (uint64_t)heap + 0x200000), heap + 0x200000);
        call(domain, "poke", (uint64_t)heap + 0x1ffff8, 1);
        uint64_t result;
        if (round == 1)
            assert_int_equal(porin_call6(entry(domain, "leave"), &result, 0, 0, 0, 0, 0, 0), PORIN_ERR_EXIT);
        assert_int_equal(porin_domain_reset(domain, NULL), PORIN_OK);
        for (size_t i = 0; i < sizeof places / sizeof *places; i++)
            assert_int_equal(call(domain, "peek", places[i], 0), i == 0 ? 0x5a5a5a5a5a5a5a5a : 0);
        assert_int_equal(call(domain, "service", 12, 0), heap);
        assert_int_equal(porin_call6(entry(domain, "peek"), &result, (uint64_t)heap + 0x1ffff8, 0, 0, 0, 0, 0), PORIN_ERR_FAULT);
        assert_int_equal(porin_domain_reset(domain, NULL), PORIN_OK);
    }
    porin_domain_destroy(domain);
    (void)state;
}

/* Attack 13: handles of a destroyed domain, also when its slot has a new one. */
static void test_stale_handles(void **state)
{
    porin_domain *a = domain_make(library, "a"), *b = domain_make(library, "b");
    porin_entry old = entry(b, "add");
    uint64_t result;
    assert_int_equal(porin_domain_bind(a, "first", old, NULL, NULL), PORIN_OK);
    assert_int_equal(call(a, "first", 1, 2), 3);
    porin_domain_destroy(b);
    assert_int_equal(porin_call6(old, &result, 1, 2, 0, 0, 0, 0), PORIN_ERR_GONE);
    bool reused = false;
    porin_domain *others[64] = { 0 };
    for (int i = 0; i < 64 && !reused; i++) {
        others[i] = domain_make(library, "other");
        call(others[i], "add", 1, 2);
        reused = others[i] == b;
    }
    assert_true(reused); /* or the test shows nothing */
    assert_int_equal(porin_call6(old, &result, 1, 2, 0, 0, 0, 0), PORIN_ERR_GONE);
    assert_int_equal(call(a, "first", 1, 2), UINT64_MAX);
    assert_int_equal(call(a, "error", 0, 0), PORIN_ERR_GONE);
    assert_int_equal(porin_domain_bind(a, "second", old, NULL, NULL), PORIN_ERR_GONE);
    for (int i = 0; i < 64; i++)
        porin_domain_destroy(others[i]);
    porin_domain_destroy(a);
    (void)state;
}

/* Attack 3: after a slot is given back, no mapping of the host may fall into it or into a guard. */
static void test_host_mappings_stay_away(void **state)
{
    porin_domain *domain = domain_make(library, "d");
    uintptr_t base = porin_domain_base(domain);
    porin_domain_destroy(domain);
    for (uint64_t size = 0x1000; size <= 1ull << 36; size <<= 4) {
        /* a hint into the freed slot, and no hint */
        void *hints[2] = { (void *)(base + 0x200000), NULL };
        for (int i = 0; i < 2; i++) {
            char *got = mmap(hints[i], size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            assert_true(got != MAP_FAILED);
            uint64_t low = base - (2ull << 30), high = base + (6ull << 30);
            assert_true((uint64_t)got + size <= low || (uint64_t)got >= high);
            munmap(got, size);
        }
    }
    (void)state;
}

static void test_cost_of_creation(void **state)
{
    enum { ROUNDS = 200 };
    double fresh = 1e9, pooled = 1e9, gone = 1e9;
    porin_pool *pool;
    porin_signals_install(NULL);
    assert_int_equal(porin_pool_create(library, NULL, 2, &pool, NULL), PORIN_OK);
    for (int i = 0; i < ROUNDS; i++) {
        porin_domain *domain;
        double start = now_us();
        assert_int_equal(porin_domain_create(library, NULL, &domain, NULL), PORIN_OK);
        call(domain, "add", 1, 2);
        double made = now_us();
        porin_domain_destroy(domain);
        double end = now_us();
        fresh = made - start < fresh ? made - start : fresh;
        gone = end - made < gone ? end - made : gone;
        start = now_us();
        assert_int_equal(porin_pool_take(pool, &domain, NULL), PORIN_OK);
        call(domain, "add", 1, 2);
        porin_pool_put(pool, domain);
        end = now_us();
        pooled = end - start < pooled ? end - start : pooled;
    }
    porin_pool_destroy(pool);
    print_message("create and first call %.1f us, pooled take, call and put %.1f us, destroy %.1f us\n", fresh, pooled, gone);
    assert_true(fresh < 2000 && pooled < 2000); /* the bars stand in make bench; this only finds disasters */
    (void)state;
}

static uint64_t status_kib(const char *key)
{
    char line[256];
    uint64_t kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, file))
        if (strncmp(line, key, strlen(key)) == 0)
            kib = strtoull(line + strlen(key), NULL, 10);
    fclose(file);
    return kib;
}

static unsigned count_mappings(void)
{
    unsigned count = 0;
    FILE *file = fopen("/proc/self/maps", "r");
    for (int c; (c = getc(file)) != EOF;)
        count += c == '\n';
    fclose(file);
    return count;
}

static void test_ten_thousand(void **state)
{
    enum { MANY = 10000 };
    static porin_domain *domains[MANY];
    struct porin_limits limits;
    porin_init(NULL);
    porin_limits_get(&limits);
    if (limits.slots < MANY + 100) {
        print_message("only %u slots here\n", limits.slots); /* beside a sanitizer */
        return;
    }
    uint64_t before = status_kib("RssAnon:") + status_kib("VmPTE:") + status_kib("RssShmem:");
    unsigned mappings = count_mappings();
    for (int i = 0; i < MANY; i++) {
        domains[i] = domain_make(library, "one of many");
        assert_int_equal(call(domains[i], "add", (uint64_t)i, 1), i + 1);
    }
    uint64_t each = (status_kib("RssAnon:") + status_kib("VmPTE:") + status_kib("RssShmem:") - before) * 1024 / MANY;
    print_message("10 000 domains: %llu bytes each, %.2f mappings each\n", (unsigned long long)each,
                  (count_mappings() - mappings) / (double)MANY);
    assert_true(each <= 64 * 1024);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(call(domains[i], "add", (uint64_t)i, 2), i + 2);
    for (int i = 0; i < MANY; i++)
        porin_domain_destroy(domains[i]);
    assert_in_range(count_mappings(), 1, mappings + 16);
    (void)state;
}

/* Running out of mappings is a named error and leaves everything working. */
static void test_out_of_mappings(void **state)
{
    enum { MANY = 16000 };
    static porin_domain *domains[MANY];
    struct porin_limits limits;
    porin_init(NULL);
    porin_limits_get(&limits);
    struct porin_error error = { 0 };
    int count = 0;
    porin_status status = PORIN_OK;
    while (count < MANY && (status = porin_domain_create(library, NULL, &domains[count], &error)) == PORIN_OK)
        count++;
    assert_true(count == MANY || status == PORIN_ERR_MAPPINGS || status == PORIN_ERR_SLOTS);
    print_message("stopped after %d domains: %s\n", count, error.text);
    for (int i = 0; i < count; i++)
        porin_domain_destroy(domains[i]);
    porin_domain *domain = domain_make(library, "after");
    assert_int_equal(call(domain, "add", 1, 2), 3);
    porin_domain_destroy(domain);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start_routine),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_stale_handles),
        cmocka_unit_test(test_host_mappings_stay_away),
        cmocka_unit_test(test_cost_of_creation),
        cmocka_unit_test(test_ten_thousand),
        cmocka_unit_test(test_out_of_mappings),
    };
    return cmocka_run_group_tests(tests, make_library, drop_library);
}

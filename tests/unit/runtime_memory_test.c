/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a slot: random requests against a model that knows one word per page, limits, and what the host's own memory map says. */
#include "library_fixture.h"
#include "runtime/copy.h"
#include "runtime/domain.h"
#include <errno.h>
#include <stdio.h>

enum { PAGE = 0x1000, PAGES = 64, STEPS = 20000 };

static porin_domain *limited(uint64_t limit)
{
    struct porin_domain_options options;
    porin_domain *domain = NULL;
    porin_signals_install(NULL);
    porin_domain_options_default(&options);
    options.memory_limit_bytes = limit;
    assert_int_equal(porin_domain_create(library, &options, &domain, NULL), PORIN_OK);
    return domain;
}

/* The model: 64 pages from `start` on. */
struct model { int protection[PAGES]; uint32_t word[PAGES]; }; /* protection -1: not mapped */

static int64_t model_check(const struct model *model, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++)
        if (model->protection[i] < 0)
            return -ENOMEM;
    return 0;
}

static void pages_compare(porin_domain *domain, uint32_t start, const struct model *model)
{
    for (uint32_t i = 0; i < PAGES; i++) {
        uint32_t word = 0xffffffff;
        porin_status status = porin_copy_in(&word, domain, (porin_addr){ start + i * PAGE }, sizeof word);
        assert_int_equal(status, model->protection[i] > 0 ? PORIN_OK : PORIN_ERR_RANGE);
        if (status == PORIN_OK)
            assert_int_equal(word, model->word[i]);
        word = i;
        if (model->protection[i] != (MEMORY_READ | MEMORY_WRITE))
            assert_int_equal(porin_copy_out(domain, (porin_addr){ start + i * PAGE }, &word, sizeof word), PORIN_ERR_RANGE);
    }
}

static void test_against_a_model(void **state)
{
    static const uint32_t protections[] = { 0, MEMORY_READ, MEMORY_READ | MEMORY_WRITE, MEMORY_READ | MEMORY_WRITE };
    porin_domain *domain = limited(0);
    struct model model;
    const uint32_t start = 0x40000000;
    unsigned seed = 7;
    memset(model.protection, 0xff, sizeof model.protection);
    porin_signals_install(NULL);
    for (int step = 0; step < STEPS; step++) {
        uint32_t first = rand_r(&seed) % PAGES, count = 1 + rand_r(&seed) % 8, at = start + first * PAGE;
        uint32_t protection = protections[rand_r(&seed) % 4];
        if (first + count > PAGES)
            count = PAGES - first;
        uint64_t size = (uint64_t)count * PAGE - rand_r(&seed) % PAGE; /* rounded up */
        switch (rand_r(&seed) % 5) {
        case 0:
            assert_int_equal(domain_map(domain, at, size, protection, true), at);
            for (uint32_t i = first; i < first + count; i++)
                model.protection[i] = (int)protection, model.word[i] = 0;
            break;
        case 1:
            assert_int_equal(domain_unmap(domain, at, size), 0);
            for (uint32_t i = first; i < first + count; i++)
                model.protection[i] = -1;
            break;
        case 2:
            assert_int_equal(domain_protect(domain, at, size, protection), model_check(&model, first, count));
            if (model_check(&model, first, count) == 0)
                for (uint32_t i = first; i < first + count; i++)
                    model.protection[i] = (int)protection;
            break;
        case 3:
            assert_int_equal(domain_discard(domain, at, size), model_check(&model, first, count));
            if (model_check(&model, first, count) == 0)
                for (uint32_t i = first; i < first + count; i++)
                    model.word[i] = 0;
            break;
        case 4:
            for (uint32_t i = first; i < first + count; i++)
                if (model.protection[i] == (MEMORY_READ | MEMORY_WRITE)) {
                    model.word[i] = (uint32_t)step + 1;
                    assert_int_equal(porin_copy_out(domain, (porin_addr){ start + i * PAGE }, &model.word[i], 4), PORIN_OK);
                }
        }
        if (step % 64 == 0)
            pages_compare(domain, start, &model);
    }
    pages_compare(domain, start, &model);
    uint64_t accessible = 0;
    for (int i = 0; i < PAGES; i++)
        accessible += model.protection[i] > 0 ? PAGE : 0;
    uint64_t used = domain->memory.used_bytes;
    assert_int_equal(domain_unmap(domain, start, PAGES * PAGE), 0);
    assert_int_equal(used - domain->memory.used_bytes, accessible);
    porin_domain_destroy(domain);
    (void)state;
}

static void test_remap(void **state)
{
    porin_domain *domain = limited(0);
    uint32_t mark = 0x12345678, seen;
    int64_t at = domain_map(domain, 0x50000000, 4 * PAGE, MEMORY_READ | MEMORY_WRITE, false);
    assert_int_equal(at, 0x50000000); /* a hint that is free is taken */
    assert_int_equal(porin_copy_out(domain, (porin_addr){ (uint32_t)at + 3 * PAGE }, &mark, 4), PORIN_OK);
    assert_int_equal(domain_remap(domain, (uint32_t)at, 4 * PAGE, 2 * PAGE, false), at); /* shrinks in place */
    assert_int_equal(porin_copy_in(&seen, domain, (porin_addr){ (uint32_t)at + 3 * PAGE }, 4), PORIN_ERR_RANGE);
    assert_int_equal(domain_remap(domain, (uint32_t)at, 2 * PAGE, 4 * PAGE, false), at); /* and grows again, with zeroes */
    assert_int_equal(porin_copy_in(&seen, domain, (porin_addr){ (uint32_t)at + 3 * PAGE }, 4), PORIN_OK);
    assert_int_equal(seen, 0);
    assert_int_equal(porin_copy_out(domain, (porin_addr){ (uint32_t)at + 8 }, &mark, 4), PORIN_OK);
    assert_int_equal(domain_map(domain, (uint32_t)at + 4 * PAGE, PAGE, MEMORY_READ, true), at + 4 * PAGE); /* in the way */
    assert_int_equal(domain_remap(domain, (uint32_t)at, 4 * PAGE, 64 * PAGE, false), -ENOMEM);
    int64_t moved = domain_remap(domain, (uint32_t)at, 4 * PAGE, 64 * PAGE, true);
    assert_true(moved > 0 && moved != at);
    assert_int_equal(porin_copy_in(&seen, domain, (porin_addr){ (uint32_t)moved + 8 }, 4), PORIN_OK);
    assert_int_equal(seen, mark);
    assert_int_equal(porin_copy_in(&seen, domain, (porin_addr){ (uint32_t)at + 8 }, 4), PORIN_ERR_RANGE); /* and is gone there */
    assert_int_equal(domain_remap(domain, (uint32_t)moved, 65 * PAGE, 66 * PAGE, true), -EPERM);
    assert_int_equal(domain_remap(domain, (uint32_t)moved, 64 * PAGE, 1ull << 40, true), -EINVAL);
    assert_int_equal(domain_remap(domain, (uint32_t)at, PAGE, 2 * PAGE, true), -EFAULT);
    porin_domain_destroy(domain);
    (void)state;
}

static void test_limits(void **state)
{
    porin_domain *domain = limited(1 << 20);
    uint64_t start = domain->memory.used_bytes;
    assert_int_equal(domain_map(domain, 0, 1 << 20, MEMORY_READ, false), -ENOMEM);
    assert_int_equal(domain_map(domain, 0, 1 << 20, MEMORY_READ | 4, false), -EACCES);
    int64_t reserved = domain_map(domain, 0, 1ull << 31, 0, false); /* address space alone is free */
    assert_true(reserved > 0);
    assert_int_equal(domain_protect(domain, (uint32_t)reserved, 1ull << 31, MEMORY_READ), -ENOMEM);
    assert_int_equal(domain_protect(domain, (uint32_t)reserved, PAGE, MEMORY_READ | MEMORY_WRITE), 0);
    assert_int_equal(domain->memory.used_bytes, start + PAGE);
    assert_int_equal(domain_brk(domain, domain->memory.heap_start + (1 << 20)), domain->memory.heap_start);
    assert_int_equal(domain_unmap(domain, (uint32_t)reserved, 1ull << 31), 0);
    assert_int_equal(domain->memory.used_bytes, start);
    /* no room is an answer, not the neighbour's memory */
    assert_int_equal(domain_map(domain, 0, 1ull << 32, 0, false), -EINVAL);
    assert_int_equal(domain_map(domain, 0, UINT64_MAX, 0, false), -EINVAL);
    assert_int_equal(domain_map(domain, 0xffff0000, PAGE, 0, true), -EPERM);
    assert_int_equal(domain_map(domain, 0xfffe0000, 0x20000, 0, true), -EPERM);
    porin_domain_destroy(domain);
    struct porin_domain_options options;
    struct porin_error error;
    porin_domain_options_default(&options);
    options.memory_limit_bytes = 4096;
    assert_int_equal(porin_domain_create(library, &options, &domain, &error), PORIN_ERR_MAPPINGS);
    (void)state;
}

/* Attack 16: one domain cannot eat the process's mappings. */
static void test_many_mappings(void **state)
{
    porin_domain *domain = limited(0);
    int64_t at = domain_map(domain, 0x40000000, 8192 * PAGE, MEMORY_READ | MEMORY_WRITE, true);
    assert_int_equal(at, 0x40000000);
    unsigned made = 0;
    for (uint32_t i = 1; i < 8192; i += 2)
        made += domain_protect(domain, (uint32_t)at + i * PAGE, PAGE, MEMORY_READ) == 0;
    assert_in_range(made, 100, MEMORY_MAX_AREAS);
    assert_int_equal(call(domain, "add", 1, 2), 3);
    porin_domain_destroy(domain);
    struct porin_domain_options options; /* and of fewer, if its host says so */
    struct porin_error error;
    porin_domain_options_default(&options);
    options.mapping_limit = 16;
    assert_int_equal(porin_domain_create(library, &options, &domain, &error), PORIN_OK);
    made = 0;
    for (uint32_t i = 0; i < 64; i++)
        made += domain_map(domain, 0x40000000 + 2 * i * PAGE, PAGE, MEMORY_READ, true) >= 0;
    assert_in_range(made, 8, 16);
    assert_int_equal(domain_map(domain, 0x50000000, PAGE, MEMORY_READ, true), -ENOMEM);
    porin_domain_destroy(domain);
    (void)state;
}

static void test_break(void **state)
{
    porin_domain *domain = limited(0);
    uint32_t start = (uint32_t)domain_brk(domain, 0), word = 5, seen = 1;
    assert_int_equal(start, domain->memory.heap_start);
    for (uint32_t size = 1; size < 64 << 20; size = size * 3 + 7) {
        assert_int_equal(domain_brk(domain, start + size), start + size);
        assert_int_equal(porin_copy_in(&seen, domain, (porin_addr){ start + (size - 1) / PAGE * PAGE }, 4), PORIN_OK);
        assert_int_equal(porin_copy_out(domain, (porin_addr){ start + (size - 1) / PAGE * PAGE }, &word, 4), PORIN_OK);
    }
    assert_int_equal(domain_brk(domain, start + 100), start + 100);
    assert_int_equal(domain_brk(domain, start + (32 << 20)), start + (32 << 20));
    for (uint32_t offset = PAGE; offset < 32 << 20; offset += PAGE) { /* what was given back is zero when it comes again */
        assert_int_equal(porin_copy_in(&seen, domain, (porin_addr){ start + offset }, 4), PORIN_OK);
        assert_int_equal(seen, 0);
    }
    assert_int_equal(domain_brk(domain, start - 1), start + (32 << 20));
    assert_int_equal(domain_brk(domain, 0xffffffff), start + (32 << 20));
    porin_domain_destroy(domain);
    (void)state;
}

/* However the two places lie in their pages: exactly what was asked for, and an error where it leads out of what is mapped. */
static void test_copies(void **state)
{
    static unsigned char from[3 * PAGE] __attribute__((aligned(PAGE))), back[3 * PAGE] __attribute__((aligned(PAGE)));
    static const uint32_t sizes[] = { 0, 1, 31, 32, 33, 95, 300, PAGE };
    porin_domain *domain = limited(0);
    const uint32_t start = 0x40000000;
    (void)state;
    assert_int_equal(domain_map(domain, start, 2 * PAGE, MEMORY_READ | MEMORY_WRITE, true), start);
    for (uint32_t i = 0; i < sizeof from; i++)
        from[i] = (unsigned char)(i * 7 + 1);
    for (uint32_t further = 0; further < 40; further++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            uint32_t size = sizes[i], place = 64 + further;
            memset(back, 0, sizeof back);
            assert_int_equal(porin_copy_out(domain, (porin_addr){ start + place }, from + 64, size), PORIN_OK);
            assert_int_equal(porin_copy_in(back + place + further, domain, (porin_addr){ start + place }, size), PORIN_OK);
            assert_memory_equal(back + place + further, from + 64, size);
            assert_int_equal(back[place + further + size] | back[place + further - 1], 0);
            uint32_t out = 2 * PAGE - size / 2; /* half of it, or the first byte, lies behind */
            if (size) {
                assert_int_equal(porin_copy_out(domain, (porin_addr){ start + out }, from + (out - further) % PAGE, size), PORIN_ERR_RANGE);
                assert_int_equal(porin_copy_in(back + (out + further) % PAGE, domain, (porin_addr){ start + out }, size), PORIN_ERR_RANGE);
            }
        }
    assert_int_equal(domain_unmap(domain, start, 2 * PAGE), 0);
    porin_domain_destroy(domain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_a_model),
        cmocka_unit_test(test_remap),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_many_mappings),
        cmocka_unit_test(test_break),
        cmocka_unit_test(test_copies),
    };
    return cmocka_run_group_tests(tests, make_library, drop_library);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities from end to end: what they allow works, everything else ends the domain that tried it with nothing read or written. */
#define _GNU_SOURCE
#include "capability/capability.h"
#include "capability/registers.h"
#include "loader/image.h"
#include "porin/capability.h"
#include "porin/dipc.h"
#include "porin/porin.h"
#include "runtime/grace.h"
#include "runtime/thread.h"
#include "../unit/domain_image.h"
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#define OBJECT 4096
#define FAULTS (-1000)                  /* no result of the functions called */

static porin_image *image;
static uint8_t *object;                 /* one page with nothing mapped beside it */

static porin_entry entry(porin_domain *domain, const char *name)
{
    porin_entry found;
    struct porin_error error;
    if (porin_entry_find(domain, name, &found, &error) != PORIN_OK)
        fail_msg("%s: %s", name, error.text);
    return found;
}

static porin_domain *domain_make(const char *name)
{
    struct porin_domain_options options;
    struct porin_error error;
    porin_domain *domain;
    porin_signals_install(NULL); /* cmocka sets its own handlers before each test */
    porin_domain_options_default(&options);
    options.name = name;
    if (porin_domain_create(image, &options, &domain, &error) != PORIN_OK)
        fail_msg("%s", error.text);
    return domain;
}

static void bind_inner(porin_domain *caller, porin_domain *callee, const char *name)
{
    struct porin_error error;
    if (porin_domain_bind(caller, "inner", entry(callee, name), NULL, &error) != PORIN_OK)
        fail_msg("%s", error.text);
}

/* The result, or FAULTS after a reset. */
static int64_t call(porin_domain *domain, const char *name, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    uint64_t result = 0;
    porin_status status = porin_call6(entry(domain, name), &result, a, b, c, d, 0, 0);
    if (status == PORIN_OK)
        return (int64_t)result;
    assert_int_equal(status, PORIN_ERR_FAULT);
    assert_int_equal(porin_domain_reset(domain, NULL), PORIN_OK);
    return FAULTS;
}

static uint64_t lend(unsigned argument, const void *start, size_t size, enum porin_right right)
{
    uint64_t pointer;
    assert_int_equal(porin_capability_lend(argument, start, size, right, &pointer), PORIN_OK);
    assert_true(pointer);
    return pointer;
}

static void fill(void)
{
    for (unsigned i = 0; i < OBJECT; i++)
        object[i] = (uint8_t)(i * 7 + 1);
}

static bool filled(void)
{
    for (unsigned i = 0; i < OBJECT; i++)
        if (object[i] != (uint8_t)(i * 7 + 1))
            return false;
    return true;
}

/* --- bounds --- */

static void test_bounds(void **state)
{
    porin_domain *user = domain_make("user");
    static const struct { const char *read, *write; unsigned width; } ways[] = {
        { "use_read1", "use_write1", 1 }, { "use_read2", "use_write2", 2 }, { "use_read4", "use_write4", 4 },
        { "use_read8", "use_write8", 8 }, { "use_read16", "use_write16", 16 },
    };
    static const uint64_t sizes[] = { 0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 100 };
    for (unsigned w = 0; w < 5; w++)
        for (unsigned s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (int64_t index = -2; index <= (int64_t)(sizes[s] / ways[w].width) + 1; index++) {
                uint8_t *start = object + OBJECT - sizes[s]; /* a step too far is a fault of the page table's too, a step before is not */
                bool inside = index >= 0 && (uint64_t)(index + 1) * ways[w].width <= sizes[s];
                fill();
                int64_t result = call(user, ways[w].read, lend(0, start, sizes[s], PORIN_RIGHT_READ), (uint64_t)index, 0, 0);
                if ((result == FAULTS) == inside)
                    fail_msg("%s at %lld of %llu bytes: %lld", ways[w].read, (long long)index, (unsigned long long)sizes[s],
                             (long long)result);
                assert_int_equal(call(user, ways[w].write, lend(0, start, sizes[s], PORIN_RIGHT_READ), (uint64_t)index, 5, 0),
                                 FAULTS);
                assert_true(filled());
                uint64_t value = inside ? start[index * ways[w].width] + 1u : 5; /* something else than what is there */
                result = call(user, ways[w].write, lend(0, start, sizes[s], PORIN_RIGHT_WRITE), (uint64_t)index, value, 0);
                assert_int_equal(result == FAULTS, !inside);
                assert_int_equal(filled(), !inside);
            }
    porin_domain_destroy(user);
    (void)state;
}

/* Offsets at the ends of 32 and 64 bits, and lengths. */
static void test_edges(void **state)
{
    porin_domain *user = domain_make("user");
    static const uint64_t offsets[] = { 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 1ull << 32, 0xFFFFFFFFull << 20, 1ull << 51,
                                        ~0ull, 1ull << 63, 4096 };
    fill();
    for (unsigned i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        bool same = (uint32_t)offsets[i] == 0 && !(offsets[i] >> 52); /* bits that mean nothing */
        assert_int_equal(call(user, "use_read1", lend(0, object, 100, PORIN_RIGHT_READ), offsets[i], 0, 0), same ? 1 : FAULTS);
        assert_int_equal(call(user, "use_bulk_read", lend(0, object, 100, PORIN_RIGHT_READ) + offsets[i], 1, 0, 0), same ? 1 : FAULTS);
    }
    static const uint64_t lengths[] = { 0, 1, 100, 101, 0xFFFFFFFF, 1ull << 32, (1ull << 32) + 1, ~0ull, 1ull << 63 };
    for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        uint64_t pointer = lend(0, object, 100, PORIN_RIGHT_READ);
        int64_t made = call(user, "use_make", pointer, lengths[i], 3, PORIN_RIGHT_READ);
        assert_int_equal(made != 0, lengths[i] <= 100);
        pointer = lend(0, object, 100, PORIN_RIGHT_READ);
        made = call(user, "use_bulk_read", pointer, lengths[i], 0, 0);
        assert_int_equal(made == FAULTS, lengths[i] > 100);
    }
    assert_int_not_equal(porin_capability_lend(0, object, 1ull << 32, PORIN_RIGHT_READ, (uint64_t[1]){ 0 }), PORIN_OK);
    assert_int_not_equal(porin_capability_lend(8, object, 1, PORIN_RIGHT_READ, (uint64_t[1]){ 0 }), PORIN_OK);
    assert_int_not_equal(porin_capability_lend(0, object, 1, PORIN_RIGHT_OWNER, (uint64_t[1]){ 0 }), PORIN_OK);
    assert_true(filled());
    porin_domain_destroy(user);
    (void)state;
}

/* The host learns what was done through which capability. */
static void test_reports(void **state)
{
    porin_domain *user = domain_make("user");
    static const struct { const char *name; uint64_t size, index; uint32_t address; const char *why; } cases[] = {
        { "use_read8", 20, 2, 23, "out of its bounds" }, { "use_write4", 20, 1, 7, "not allowed to write" },
        { "use_read1", 0, 5, 5, "none is there" }, { "use_bulk_read", 20, 21, 21, "out of its bounds" },
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        porin_entry called = entry(user, cases[i].name);
        uint64_t pointer = lend(3, object, cases[i].size, PORIN_RIGHT_READ);
        assert_int_equal(porin_call6(called, NULL, pointer, cases[i].index, 0, 0, 0, 0), PORIN_ERR_FAULT);
        const struct porin_error *error = porin_last_error();
        assert_int_equal(error->fault, PORIN_FAULT_CAPABILITY);
        assert_int_equal(error->capability, 11);
        assert_int_equal(error->limit, cases[i].size);
        assert_int_equal(error->address, cases[i].address);
        assert_string_equal(error->entry, cases[i].name);
        assert_non_null(strstr(error->text, cases[i].why));
        assert_int_equal(porin_domain_reset(user, NULL), PORIN_OK);
    }
    porin_domain_destroy(user);
    (void)state;
}

/* Never more than the source: in base, length, rights; own memory ends where the slot does. */
static void test_narrowing(void **state)
{
    porin_domain *user = domain_make("user");
    fill();
    for (unsigned from = 0; from < 12; from++)
        for (unsigned size = 0; size < 12; size++)
            for (int right = 0; right < 8; right++) {
                if (right == CAPABILITY_PUSH) /* not a right, and what it does is tested by itself */
                    continue;
                uint64_t pointer = lend(0, object, 10, right % 2 ? PORIN_RIGHT_WRITE : PORIN_RIGHT_READ) + from;
                bool allowed = from + size <= 10 && (right == PORIN_RIGHT_READ || (right == PORIN_RIGHT_WRITE && right % 2));
                assert_int_equal(call(user, "use_make", pointer, size, 1, (uint64_t)right) != 0, allowed);
                pointer = lend(0, object, 10, right % 2 ? PORIN_RIGHT_WRITE : PORIN_RIGHT_READ) + from;
                int64_t want = !allowed ? -1 : size > 1 ? object[from + 1] : FAULTS;
                struct porin_call words = { .integer = { pointer, size, 5, (uint64_t)right, 1 } };
                porin_status status = porin_call(entry(user, "use_make_read"), &words);
                assert_int_equal(status == PORIN_OK ? (int64_t)words.result[0] : FAULTS, want);
                if (status != PORIN_OK)
                    assert_int_equal(porin_domain_reset(user, NULL), PORIN_OK);
            }
    static const struct { uint64_t pointer, size; bool allowed; } own[] = {
        { 0, 0xFFFFFFFF, true }, { 0, 1ull << 32, true }, { 1, 1ull << 32, false }, { 0xFFFFFFFF, 1, true }, { 0xFFFFFFFF, 2, false },
        { 1ull << 32, 0, false }, { 1ull << 51, 0, false }, { 0, (1ull << 32) + 1, false }, { 0, ~0ull, false }, { 5, ~4ull, false },
    };
    for (unsigned i = 0; i < sizeof own / sizeof *own; i++)
        assert_int_equal(call(user, "use_make", own[i].pointer, own[i].size, 15, PORIN_RIGHT_WRITE) != 0, own[i].allowed);
    assert_int_equal(call(user, "use_make", 0, 1, 16, PORIN_RIGHT_READ), 0);
    assert_int_equal(call(user, "use_make", 0, 1, ~0u, PORIN_RIGHT_READ), 0);
    porin_domain_destroy(user);
    (void)state;
}

/* --- scopes --- */

/* A domain that is passed an address for a capability pointer does not take it for one, and lend its own memory. */
static void test_deputy(void **state)
{
    porin_domain *user = domain_make("user");
    uint64_t where = (uint64_t)call(user, "use_where", 0, 0, 0, 0);
    static const char *const ways[] = { "use_pass_given", "use_narrow_given" };
    assert_in_range(where, 1, 0xFFFFFFFF);
    assert_int_not_equal(call(user, "use_make", where, 8, 9, PORIN_RIGHT_WRITE), 0);
    for (unsigned i = 0; i < 2; i++) {
        for (uint64_t number = 0; number < 8; number++)
            assert_int_equal(call(user, ways[i], where | number << 52, 8, 0, 0), 0);
        assert_int_equal(call(user, ways[i], 0, 8, 0, 0), 0);
        assert_int_equal(call(user, ways[i], 0, 0, 0, 0), 0);
        assert_int_equal(call(user, ways[i], lend(0, object, 8, PORIN_RIGHT_WRITE), 8, 0, 0), 1);
        assert_int_equal(call(user, ways[i], lend(0, object, 8, PORIN_RIGHT_WRITE), 9, 0, 0), 0);
    }
    assert_int_equal(call(user, "use_keep_again", where, 8, PORIN_RIGHT_READ, 0), -1);
    porin_domain_destroy(user);
    (void)state;
}

/* What is lent to a domain that does not use capabilities is not there for whom it calls. */
static void test_lent_to_nobody(void **state)
{
    struct image_parts parts;
    struct porin_error error;
    porin_image *library;
    porin_domain *plain, *user = domain_make("user");
    image_begin(&parts, 2);
    uint8_t *file = image_write(&parts);
    assert_int_equal(porin_image_load_memory("plain", file, FILE_SIZE, &library, &error), PORIN_OK);
    free(file);
    assert_int_equal(porin_domain_create(library, NULL, &plain, &error), PORIN_OK);
    assert_int_equal(porin_domain_bind(plain, "first", entry(user, "use_forge"), NULL, NULL), PORIN_OK);
    fill();
    for (uint64_t number = 0; number < 64; number++) {
        lend(0, object, 64, PORIN_RIGHT_READ);
        assert_int_equal(call(plain, "first", (number << PORIN_CAPABILITY_SHIFT) + 5, 0, 0, 0), -1);
        assert_int_equal(porin_domain_reset(user, NULL), PORIN_OK);
    }
    porin_domain_destroy(plain);
    porin_image_release(library);
    porin_domain_destroy(user);
    (void)state;
}

static void test_scopes(void **state)
{
    porin_domain *a = domain_make("a"), *b = domain_make("b");
    fill();
    /* over the end of the call, with nothing, less and other things lent since */
    call(a, "use_keep", lend(0, object, 64, PORIN_RIGHT_WRITE), 0, 0, 0);
    assert_int_equal(call(a, "use_kept", 3, 0, 0, 0), FAULTS);
    call(a, "use_keep", lend(1, object, 64, PORIN_RIGHT_WRITE), 0, 0, 0);
    lend(0, object, 2, PORIN_RIGHT_READ);
    assert_int_equal(call(a, "use_kept", 3, 0, 0, 0), FAULTS);
    /* passed on, and the caller still has its own */
    bind_inner(a, b, "use_read1");
    assert_int_equal(call(a, "use_pass", lend(0, object + 10, 20, PORIN_RIGHT_READ), 5, 5, 2), object[17] + 1000 * object[10]);
    assert_int_equal(call(a, "use_pass", lend(0, object + 10, 20, PORIN_RIGHT_READ), 5, 5, 5), -1 + 1000 * object[10]);
    assert_int_equal(porin_domain_reset(b, NULL), PORIN_OK);
    /* own memory lent on */
    assert_int_equal(call(a, "use_lend", 2, 5, PORIN_RIGHT_READ, 1), 'd');
    /* the callee does not see what its caller has */
    bind_inner(a, b, "use_outer");
    assert_int_equal(call(a, "use_pass", lend(0, object, 20, PORIN_RIGHT_READ), 0, 5, 0), -1 + 1000 * object[0]);
    assert_int_equal(porin_domain_reset(b, NULL), PORIN_OK);
    /* nor does the caller see what its callee had */
    bind_inner(a, b, "use_leak");
    assert_int_equal(call(a, "use_leaked", 0, 0, 0, 0), FAULTS);
    /* laid ready, then returned, faulted, or called something that has no use for it */
    call(a, "use_lend_only", 0, 0, 0, 0);
    for (uint64_t number = 0; number < 64; number++)
        assert_int_equal(call(b, "use_forge", number << 52, 0, 0, 0), FAULTS);
    assert_int_equal(call(a, "use_fault", 0, 0, 0, 0), FAULTS);
    for (uint64_t number = 0; number < 64; number++)
        assert_int_equal(call(b, "use_forge", number << 52, 0, 0, 0), FAULTS);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

/* No register holds anything for a domain that was given nothing. */
static void test_forged(void **state)
{
    porin_domain *user = domain_make("user");
    for (uint64_t number = 0; number < 4096; number++) {
        assert_int_equal(call(user, "use_forge", number << 52, 0, 0, 0), FAULTS);
        lend(7, object, 16, PORIN_RIGHT_READ);
        assert_int_equal(call(user, "use_forge", number << 52, 0, 0, 0), number == 15 ? object[0] : FAULTS);
    }
    porin_domain_destroy(user);
    (void)state;
}

/* As deep as windows go: then the call fails, and all capabilities on the way are still there. */
static void test_depth(void **state)
{
    porin_domain *a = domain_make("a"), *b = domain_make("b");
    bind_inner(a, b, "use_recurse");
    bind_inner(b, a, "use_recurse");
    object[0] = 1;
    for (uint64_t depth = 1; depth < 500; depth += 83)
        assert_int_equal(call(a, "use_recurse", lend(0, object, 8, PORIN_RIGHT_READ), depth, 0, 0), (int64_t)depth + 1);
    assert_int_equal(call(a, "use_recurse", lend(0, object, 8, PORIN_RIGHT_READ), 100000, 0, 0), 507);
    assert_int_equal(call(a, "use_recurse", lend(0, object, 8, PORIN_RIGHT_READ), 3, 0, 0), 4);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

/* --- the stack --- */

static void test_stack(void **state)
{
    porin_domain *a = domain_make("a"), *b = domain_make("b");
    fill();
    bind_inner(a, b, "use_push_inner");
    for (uint64_t count = 0; count <= 20; count += 4) {
        int64_t sum = 0;
        for (uint64_t i = 1; i <= count; i++)
            sum += (int64_t)i * object[count - i];
        assert_int_equal(call(a, "use_spill", lend(0, object, 64, PORIN_RIGHT_READ), count, 0, 0), sum);
    }
    /* gone with the call, whether it returns, or ends the domain; nothing to push, nothing to pop */
    assert_int_equal(call(a, "use_push", lend(0, object, 64, PORIN_RIGHT_READ), 3, 0, 0), 3);
    assert_int_equal(call(a, "use_pop", 0, 0, 0, 0), -1);
    assert_int_equal(call(a, "use_push", lend(0, object, 0, PORIN_RIGHT_READ), 1, 0, 0), 0);
    for (uint64_t pointer = 0; pointer < 64; pointer++) {
        assert_int_equal(call(a, "use_push", pointer << PORIN_CAPABILITY_SHIFT, 1, 0, 0), 0);
        assert_int_equal(call(a, "use_push", (pointer << 20) + 5, 1, 0, 0), 0);
    }
    for (uint64_t number = 0; number < 20; number++) /* registers there are none of */
        assert_int_equal(call(a, "use_pop", number, 0, 0, 0), -1);
    assert_int_equal(call(a, "use_pass", lend(0, object, 64, PORIN_RIGHT_READ), 0, 8, 7), -1 + 1000 * object[0]); /* it dies */
    assert_int_equal(porin_domain_reset(b, NULL), PORIN_OK);
    assert_int_equal(call(a, "use_pass", lend(0, object, 64, PORIN_RIGHT_READ), 0, 8, 5), 5 + 1000 * object[0]);
    /* full: as if never pushed, and again after that */
    for (int i = 0; i < 3; i++)
        assert_int_equal(call(a, "use_push", lend(0, object, 64, PORIN_RIGHT_READ), 5000, 0, 0), 1024);
    assert_int_equal(call(a, "use_spill", lend(0, object, 64, PORIN_RIGHT_READ), 20, 0, 0) > 0, 1);
    /* revoked where it lies */
    int64_t revoker = call(a, "use_revoker", 0, 0, 0, 0), number = call(a, "use_keep_own", 0, 64, PORIN_RIGHT_READ, (uint64_t)revoker);
    assert_int_equal(call(a, "use_push_revoke_pop", (uint64_t)number, (uint64_t)revoker, 0, 0), FAULTS);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

/* --- bulk --- */

static void test_bulk(void **state)
{
    porin_domain *user = domain_make("user");
    for (unsigned size = 0; size <= 200; size += 7)
        for (int over = 0; over < 2; over++) {
            fill();
            uint8_t *start = object + OBJECT - size;
            int64_t result = call(user, "use_bulk_read", lend(0, start, size, PORIN_RIGHT_READ), size + (unsigned)over, 0, 0);
            assert_int_equal(result, over ? FAULTS : size ? start[size - 1] : 0);
            if (!over)
                assert_int_equal(call(user, "use_bulk_compare", lend(0, start, size, PORIN_RIGHT_READ), size, 0, 0), 0);
            assert_int_equal(call(user, "use_bulk_write", lend(0, start, size, PORIN_RIGHT_READ), size + 1, 9, 0), FAULTS);
            assert_true(filled());
            result = call(user, "use_bulk_write", lend(0, start, size, PORIN_RIGHT_WRITE), size + (unsigned)over, 9, 0);
            assert_int_equal(result == FAULTS, over);
            assert_int_equal(filled(), over || !size);
        }
    fill();
    uint64_t to = lend(0, object, 2000, PORIN_RIGHT_WRITE), from = lend(1, object + 2000, 2000, PORIN_RIGHT_READ);
    call(user, "use_bulk_copy", to, from, 2000, 0);
    assert_memory_equal(object, object + 2000, 2000);
    porin_domain_destroy(user);
    (void)state;
}

/* The compiler's code for arithmetic, flags that live across accesses, structures, bit fields, switches: the same as on own memory. */
static void test_compiled(void **state)
{
    porin_domain *user = domain_make("user");
    unsigned seed = 7;
    for (int i = 0; i < 2000; i++) {
        for (int k = 0; k < 128; k++)
            object[k] = (uint8_t)rand_r(&seed);
        memset(object + 16, 0, 12); /* no infinities and what is no number: they differ from themselves */
        assert_int_equal(call(user, "use_fields", lend(0, object, 128, PORIN_RIGHT_WRITE), (uint64_t)rand_r(&seed) % 100, 0, 0), 1);
    }
    porin_domain_destroy(user);
    (void)state;
}

/* --- asynchronous --- */

static void test_revocation(void **state)
{
    porin_domain *owner = domain_make("owner"), *user = domain_make("user");
    int64_t revoker = call(owner, "use_revoker", 0, 0, 0, 0), other = call(owner, "use_revoker", 0, 0, 0, 0);
    call(owner, "use_set", 5, 77, 0, 0);
    int64_t number = call(owner, "use_keep_own", 0, 64, PORIN_RIGHT_WRITE, (uint64_t)revoker);
    int64_t second = call(owner, "use_keep_own", 0, 64, PORIN_RIGHT_READ, (uint64_t)other);
    assert_true(number > 0 && second > 0);
    assert_int_equal(call(owner, "use_take_read", (uint64_t)number, 5, 0, 0), 77);
    assert_int_equal(call(owner, "use_take_read", (uint64_t)number, 8, 0, 0), FAULTS); /* and the reset ends it all */
    assert_int_equal(call(owner, "use_take_read", (uint64_t)number, 5, 0, 0), -1);
    assert_int_equal(call(owner, "use_take_read", (uint64_t)second, 5, 0, 0), -1);
    call(owner, "use_set", 5, 78, 0, 0);
    revoker = call(owner, "use_revoker", 0, 0, 0, 0), other = call(owner, "use_revoker", 0, 0, 0, 0);
    number = call(owner, "use_keep_own", 0, 64, PORIN_RIGHT_WRITE, (uint64_t)revoker);
    second = call(owner, "use_keep_own", 0, 64, PORIN_RIGHT_READ, (uint64_t)other);
    /* nobody else's numbers and revokers */
    assert_int_equal(call(user, "use_take_read", (uint64_t)number, 5, 0, 0), -1);
    assert_int_equal(call(user, "use_keep_own", 0, 64, PORIN_RIGHT_READ, (uint64_t)revoker), -1);
    assert_int_equal(call(user, "use_revoke", (uint64_t)revoker, 0, 0, 0), -1);
    /* kept by another domain, which got it in a call, and weaker */
    assert_int_equal(porin_domain_bind(owner, "give", entry(user, "use_keep_again"), NULL, NULL), PORIN_OK);
    int64_t given = call(owner, "use_give", (uint64_t)number, 48, PORIN_RIGHT_READ, 0);
    assert_true(given > 0);
    assert_int_equal(call(owner, "use_give", (uint64_t)second, 48, PORIN_RIGHT_WRITE, 0), -1); /* stronger */
    assert_int_equal(call(owner, "use_give", (uint64_t)number, 65, PORIN_RIGHT_READ, 0), -1);
    assert_int_equal(call(user, "use_take_read", (uint64_t)given, 5, 0, 0), 78);
    assert_int_equal(call(owner, "use_close", (uint64_t)second, 0, 0, 0), 0);
    assert_int_equal(call(owner, "use_take_read", (uint64_t)second, 5, 0, 0), -1);
    int64_t next = call(owner, "use_keep_own", 0, 64, PORIN_RIGHT_READ, (uint64_t)other); /* in its place */
    assert_int_equal(call(owner, "use_take_read", (uint64_t)second, 5, 0, 0), -1);
    assert_int_equal(call(owner, "use_take_read", (uint64_t)next, 5, 0, 0), 78);
    assert_int_equal(call(owner, "use_take_read", (uint64_t)number, 5, 0, 0), 78);
    /* what is bound to a scope is not kept */
    assert_int_equal(call(user, "use_keep_again", lend(0, object, 64, PORIN_RIGHT_READ), 64, PORIN_RIGHT_READ, 0), -1);
    assert_int_equal(call(owner, "use_revoke", (uint64_t)revoker, 0, 0, 0), 0);
    assert_int_equal(call(owner, "use_take_read", (uint64_t)number, 5, 0, 0), -1);
    assert_int_equal(call(user, "use_take_read", (uint64_t)given, 5, 0, 0), -1);
    number = call(owner, "use_keep_own", 0, 64, PORIN_RIGHT_READ, (uint64_t)revoker); /* anew */
    assert_int_equal(call(owner, "use_take_read", (uint64_t)number, 5, 0, 0), 78);
    /* the owner's end is one too, whoever comes into its place */
    given = call(owner, "use_give", (uint64_t)number, 48, PORIN_RIGHT_READ, 0);
    assert_int_equal(call(user, "use_take_read", (uint64_t)given, 5, 0, 0), 78);
    porin_domain_destroy(owner);
    assert_int_equal(call(user, "use_take_read", (uint64_t)given, 5, 0, 0), -1);
    porin_domain_destroy(user);
    (void)state;
}

/* What is revoked while its holder has called on is gone when that is back. */
static void test_revoked_below(void **state)
{
    porin_domain *owner = domain_make("owner"), *user = domain_make("user");
    int64_t revoker = call(owner, "use_revoker", 0, 0, 0, 0), other = call(owner, "use_revoker", 0, 0, 0, 0);
    int64_t number = call(owner, "use_keep_own", 0, 64, PORIN_RIGHT_READ, (uint64_t)revoker);
    call(owner, "use_set", 5, 91, 0, 0);
    assert_int_equal(porin_domain_bind(owner, "give", entry(user, "use_keep_again"), NULL, NULL), PORIN_OK);
    bind_inner(user, owner, "use_revoke");
    int64_t given = call(owner, "use_give", (uint64_t)number, 48, PORIN_RIGHT_READ, 0);
    assert_int_equal(call(user, "use_hold", (uint64_t)given, (uint64_t)other, 40, 0), 91);
    assert_int_equal(call(user, "use_hold", (uint64_t)given, (uint64_t)revoker, 40, 0), FAULTS);
    porin_domain_destroy(owner);
    porin_domain_destroy(user);
    (void)state;
}

static struct { porin_domain *user, *owner; const char *spin; int64_t number; } race;
static _Atomic int64_t race_result;

static void *race_run(void *data)
{
    (void)data;
    race_result = call(race.user, race.spin, (uint64_t)race.number, 0x5EC4E7, 0, 0);
    porin_thread_detach();
    return NULL;
}

/* One domain uses, on a thread of its own; the owner revokes and at once writes what the other must not see. */
static void race_once(const char *spin)
{
    pthread_t thread;
    int64_t revoker = call(race.owner, "use_revoker", 0, 0, 0, 0);
    int64_t number = call(race.owner, "use_keep_own", 0, 512, PORIN_RIGHT_READ, (uint64_t)revoker);
    race.spin = spin;
    race.number = call(race.owner, "use_give", (uint64_t)number, 512, PORIN_RIGHT_READ, 0);
    assert_true(revoker >= 0 && number > 0 && race.number > 0);
    assert_int_equal(pthread_create(&thread, NULL, race_run, NULL), 0);
    while (call(race.user, "use_rounds", 0, 0, 0, 0) < 50)
        sched_yield();
    assert_int_equal(call(race.owner, "use_revoke_and_write", (uint64_t)revoker, 0x5EC4E7, 0, 0), 0);
    pthread_join(thread, NULL);
    assert_int_equal(race_result, FAULTS);
}

/* Memory of another domain, by grants and by rights of handles. */
static void test_grants(void **state)
{
    porin_domain *owner = domain_make("owner"), *user = domain_make("user"), *third = domain_make("third");
    porin_handle to_call, to_read;
    uint64_t at = (uint64_t)call(owner, "use_words", 0, 0, 0, 0), grant, other;
    assert_int_equal(porin_handle_give(user, owner, PORIN_RIGHT_CALL, &to_call), PORIN_OK);
    call(owner, "use_set", 3, 33, 0, 0);
    assert_int_equal(call(user, "use_domain_read", (uint64_t)to_call, at, 64, 3), -1); /* a handle to call is none to read */
    assert_int_equal(porin_grant_create(third, owner, PORIN_RIGHT_WRITE, &other), PORIN_OK);
    assert_int_equal(call(user, "use_domain_read", (uint64_t)to_call, at, 64, 3), -1); /* nor is another's grant */
    assert_int_equal(porin_grant_create(user, owner, PORIN_RIGHT_READ, &grant), PORIN_OK);
    assert_int_equal(call(user, "use_domain_read", (uint64_t)to_call, at, 64, 3), 33);
    assert_int_equal(call(user, "use_domain_write", (uint64_t)to_call, at, 3, 5), -1);
    static const struct { uint64_t address, size; } wrong[] = { { 1ull << 32, 1 }, { 5, 1ull << 32 }, { ~0ull, 1 }, { 0, ~0ull },
                                                                { 0xFFFFFFFF, 2 } };
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(call(user, "use_of_domain", (uint64_t)to_call, wrong[i].address, wrong[i].size, PORIN_RIGHT_READ), 0);
    for (uint64_t right = 0; right < 6; right++)
        assert_int_equal(call(user, "use_of_domain", (uint64_t)to_call, at, 8, right) != 0, right == PORIN_RIGHT_READ);
    assert_int_equal(call(user, "use_domain_read", (uint64_t)to_call, at, 24, 3), FAULTS); /* not further than asked for */
    assert_int_equal(call(user, "use_domain_read", (uint64_t)to_call, 0, 64, 3), FAULTS); /* where that domain has nothing itself */
    /* revoked with the grant, wherever it went; other grants stay */
    int64_t number = call(user, "use_domain_keep", (uint64_t)to_call, at, 0, 0);
    assert_int_equal(call(user, "use_take_read", (uint64_t)number, 3, 0, 0), 33);
    assert_int_equal(porin_grant_create(user, owner, PORIN_RIGHT_WRITE, &other), PORIN_OK);
    assert_int_equal(call(user, "use_domain_write", (uint64_t)to_call, at, 4, 44), 0);
    int64_t second = call(user, "use_domain_keep", (uint64_t)to_call, at, 0, 0);
    assert_int_equal(porin_grant_revoke(other), PORIN_OK);
    assert_int_equal(call(user, "use_domain_write", (uint64_t)to_call, at, 4, 44), -1);
    assert_int_equal(call(user, "use_take_read", (uint64_t)second, 4, 0, 0), -1);
    assert_int_equal(call(user, "use_take_read", (uint64_t)number, 4, 0, 0), 44);
    assert_int_equal(porin_grant_revoke(grant), PORIN_OK);
    assert_int_equal(call(user, "use_take_read", (uint64_t)number, 3, 0, 0), -1);
    assert_int_equal(call(user, "use_domain_read", (uint64_t)to_call, at, 64, 3), -1);
    /* by the handle's own right: until the domain's life ends, and in the next one anew */
    assert_int_equal(porin_handle_give(user, owner, PORIN_RIGHT_READ, &to_read), PORIN_OK);
    number = call(user, "use_domain_keep", (uint64_t)to_read, at, 0, 0);
    assert_int_equal(call(user, "use_take_read", (uint64_t)number, 3, 0, 0), 33);
    assert_int_equal(porin_domain_reset(owner, NULL), PORIN_OK);
    assert_int_equal(call(user, "use_take_read", (uint64_t)number, 3, 0, 0), -1);
    call(owner, "use_set", 3, 34, 0, 0);
    number = call(user, "use_domain_keep", (uint64_t)to_read, at, 0, 0);
    assert_int_equal(call(user, "use_take_read", (uint64_t)number, 3, 0, 0), 34);
    porin_domain_destroy(owner);
    assert_int_equal(call(user, "use_take_read", (uint64_t)number, 3, 0, 0), -1);
    assert_int_equal(call(user, "use_domain_read", (uint64_t)to_read, at, 64, 3), -1);
    porin_domain_destroy(user);
    porin_domain_destroy(third);
    (void)state;
}

/* A grant is revoked while its holder reads; when that is back the owner writes what nobody may see any more. */
static void test_grant_race(void **state)
{
    for (int i = 0; i < 20; i++) {
        porin_handle handle;
        uint64_t grant;
        pthread_t thread;
        race.owner = domain_make("owner"), race.user = domain_make("user"), race.spin = "use_spin";
        assert_int_equal(porin_handle_give(race.user, race.owner, PORIN_RIGHT_CALL, &handle), PORIN_OK);
        assert_int_equal(porin_grant_create(race.user, race.owner, PORIN_RIGHT_READ, &grant), PORIN_OK);
        uint64_t at = (uint64_t)call(race.owner, "use_words", 0, 0, 0, 0);
        race.number = call(race.user, "use_domain_keep", (uint64_t)handle, at, 0, 0);
        assert_int_equal(pthread_create(&thread, NULL, race_run, NULL), 0);
        while (call(race.user, "use_rounds", 0, 0, 0, 0) < 50)
            sched_yield();
        assert_int_equal(porin_grant_revoke(grant), PORIN_OK);
        for (uint64_t word = 0; word < 64; word++)
            call(race.owner, "use_set", word, 0x5EC4E7, 0, 0);
        pthread_join(thread, NULL);
        assert_int_equal(race_result, FAULTS);
        porin_domain_destroy(race.owner);
        porin_domain_destroy(race.user);
    }
    (void)state;
}

static void race_many(const char *spin)
{
    race.owner = domain_make("owner");
    race.user = domain_make("user");
    assert_int_equal(porin_domain_bind(race.owner, "give", entry(race.user, "use_keep_again"), NULL, NULL), PORIN_OK);
    for (int i = 0; i < 300; i++)
        race_once(spin);
    porin_domain_destroy(race.owner);
    porin_domain_destroy(race.user);
}

static void test_race(void **state)
{
    race_many("use_spin");
    (void)state;
}

static void test_race_bulk(void **state)
{
    race_many("use_spin_bulk");
    (void)state;
}

/* Many threads that are seldom found where their registers can be swept do not keep a revocation from coming to its end: each is asked
 * until it has done so once. */
#define CROWD 12
static void test_crowd(void **state)
{
    pthread_t crowd[CROWD];
    race.owner = domain_make("owner");
    race.user = domain_make("user");
    assert_int_equal(porin_domain_bind(race.owner, "give", entry(race.user, "use_keep_again"), NULL, NULL), PORIN_OK);
    int64_t revoker = call(race.owner, "use_revoker", 0, 0, 0, 0), other = call(race.owner, "use_revoker", 0, 0, 0, 0);
    int64_t number = call(race.owner, "use_keep_own", 0, 512, PORIN_RIGHT_READ, (uint64_t)revoker);
    race.spin = "use_hide";
    race.number = call(race.owner, "use_give", (uint64_t)number, 512, PORIN_RIGHT_READ, 0);
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(pthread_create(&crowd[i], NULL, race_run, NULL), 0);
    while (call(race.user, "use_rounds", 0, 0, 0, 0) < 50)
        sched_yield();
    for (int i = 0; i < 5; i++)
        assert_int_equal(call(race.owner, "use_revoke", (uint64_t)other, 0, 0, 0), 0);
    call(race.user, "use_stop", 1, 0, 0, 0);
    for (int i = 0; i < CROWD; i++)
        pthread_join(crowd[i], NULL);
    porin_domain_destroy(race.owner);
    porin_domain_destroy(race.user);
    (void)state;
}

/* Revoking something else does not disturb who is in the middle of an access. */
static void test_other_revocations(void **state)
{
    for (int bulk = 0; bulk < 2; bulk++) {
        pthread_t thread;
        race.owner = domain_make("owner");
        race.user = domain_make("user");
        assert_int_equal(porin_domain_bind(race.owner, "give", entry(race.user, "use_keep_again"), NULL, NULL), PORIN_OK);
        int64_t revoker = call(race.owner, "use_revoker", 0, 0, 0, 0), other = call(race.owner, "use_revoker", 0, 0, 0, 0);
        int64_t number = call(race.owner, "use_keep_own", 0, 512, PORIN_RIGHT_READ, (uint64_t)revoker);
        race.spin = bulk ? "use_spin_bulk" : "use_spin";
        race.number = call(race.owner, "use_give", (uint64_t)number, 512, PORIN_RIGHT_READ, 0);
        assert_int_equal(pthread_create(&thread, NULL, race_run, NULL), 0);
        while (call(race.user, "use_rounds", 0, 0, 0, 0) < 50)
            sched_yield();
        for (int i = 0; i < 2000; i++)
            assert_int_equal(call(race.owner, "use_revoke", (uint64_t)other, 0, 0, 0), 0);
        call(race.user, "use_stop", 1, 0, 0, 0);
        pthread_join(thread, NULL);
        assert_true(race_result > 50);
        porin_domain_destroy(race.owner);
        porin_domain_destroy(race.user);
    }
    (void)state;
}

/* A host's call that is late comes back although a domain that was called in turn lives and runs on: what was lent for the call is gone. */
static void test_split(void **state)
{
    for (int i = 0; i < 20; i++) {
        porin_domain *a = domain_make("a"), *b = domain_make("b");
        bind_inner(a, b, "use_spin_passed");
        porin_entry called = entry(a, "use_pass_whole");
        entry(b, "use_spin_passed");
        memset(object, 0, OBJECT);
        struct porin_call words = { .integer = { lend(0, object, 1024, PORIN_RIGHT_READ), 0x5EC4E7 } };
        assert_int_equal(porin_call_within(called, &words, 2000000), PORIN_ERR_DEADLINE);
        for (unsigned k = 0; k < OBJECT / 8; k++)
            ((uint64_t *)object)[k] = 0x5EC4E7;
        porin_status status = PORIN_OK;
        for (int tries = 0; tries < 100000 && status == PORIN_OK; tries++) { /* it dies of the next access, when it gets a processor */
            struct porin_call look = { 0 };
            status = porin_call(entry(b, "use_rounds"), &look);
            usleep(100);
        }
        if (status != PORIN_ERR_FAULT && status != PORIN_ERR_GONE)
            fail_msg("%s: %s", porin_status_name(status), porin_last_error()->text);
        assert_string_equal(porin_last_error()->domain, "b");
        assert_int_equal(porin_last_error()->fault, PORIN_FAULT_CAPABILITY);
        porin_domain_destroy(a);
        porin_domain_destroy(b);
    }
    (void)state;
}

/* What a split leaves behind ends, and its thread with it, while another thread asks all for what it has just revoked. */
static _Atomic bool sweeping;
static void *sweep_run(void *owner)
{
    int64_t revoker = call(owner, "use_revoker", 0, 0, 0, 0);
    while (sweeping)
        call(owner, "use_revoke", (uint64_t)revoker, 0, 0, 0);
    porin_thread_detach();
    return NULL;
}

static void test_split_swept(void **state)
{
    porin_domain *a = domain_make("a"), *b = domain_make("b"), *owner = domain_make("owner");
    pthread_t sweeper;
    sweeping = true;
    bind_inner(a, b, "use_late");
    bind_inner(b, a, "use_fault");
    assert_int_equal(pthread_create(&sweeper, NULL, sweep_run, owner), 0);
    for (int i = 0; i < 300; i++) {
        int64_t number = call(a, "use_keep_own", 0, 64, PORIN_RIGHT_READ, (uint64_t)call(a, "use_revoker", 0, 0, 0, 0));
        assert_int_equal(call(a, "use_take_read", (uint64_t)number, 0, 0, 0), 0); /* so that this thread is asked too */
        entry(b, "use_late");
        entry(a, "use_fault");
        assert_int_equal(call(a, "use_inner", (uint64_t)(i * 37 % 4000), 0, 0, 0), FAULTS);
        porin_status status = PORIN_ERR_BUSY;
        for (int tries = 0; tries < 100000 && (status = porin_domain_reset(a, NULL)) == PORIN_ERR_BUSY; tries++)
            usleep(100);
        assert_int_equal(status, PORIN_OK);
        for (int tries = 0; tries < 100000 && (status = porin_domain_reset(b, NULL)) == PORIN_ERR_BUSY; tries++)
            usleep(100);
        assert_int_equal(status, PORIN_OK);
    }
    sweeping = false;
    pthread_join(sweeper, NULL);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    porin_domain_destroy(owner);
    (void)state;
}

/* A thread found at any place of the text when something is revoked: inside an access it goes back to its head, from a bulk copy under way
 * too if that capability is gone, and from everywhere else it goes on. The chance of meeting these places by racing is small. */
static void test_every_place(void **state)
{
    porin_domain *user = domain_make("user");
    struct thread *thread = thread_attach(&(struct porin_error){ 0 });
    struct frame frame = { .kind = FRAME_ENTRY };
    const uint64_t base = porin_domain_base(user) + image->layout.text.offset, number = 9;
    uint64_t *limit = (uint64_t *)((char *)thread + PORIN_TB_CAPABILITY_READ) + number;
    unsigned accesses = 0, bulks = 0;
    *(uint64_t *)((char *)thread + TB_ORIGIN + 8 * number) = ORIGIN_SCOPE; /* another test may have left a revoked one */
    thread->frame = &frame;
    for (uint64_t at = 0, head = 0; at < image->text_pages_size; at++) {
        if (image->starts[at / 64] >> at % 64 & 1)
            head = at;
        const uint8_t *code = image->memory + head;
        bool access = (code[0] & 0xFC) == 0x4C && code[1] == 0x8D && (code[2] & 0x38) == 0x10, bulk = code[0] == 0x49 && code[1] == 0x89;
        bulk = bulk && (code[2] == 0xF2 || code[2] == 0xFA);
        bool copying = bulk && at - head > 24 && (image->memory[at] == 0xF3 || image->memory[at] == 0x4C);
        for (int there = 0; there < 2; there++) {
            ucontext_t context = { 0 };
            greg_t *registers = context.uc_mcontext.gregs;
            registers[REG_RIP] = (greg_t)(base + at);
            registers[REG_R10] = (greg_t)number;
            registers[REG_RSI] = registers[REG_RDI] = 1;
            *limit = (uint64_t)there;
            assert_true(capability_sweep(thread, &context));
            bool back = at != head && (access || (bulk && !(copying && there)));
            if (bulk && at - head > 24 && !copying)
                continue; /* no instruction starts here, or it does not matter */
            assert_int_equal((uint64_t)registers[REG_RIP], base + (back ? head : at));
            assert_int_equal(registers[code[2] == 0xF2 ? REG_RSI : REG_RDI], copying && !there ? 0 : 1);
        }
        accesses += access && at == head;
        bulks += bulk && at == head;
    }
    thread->frame = NULL;
    *limit = 0;
    assert_true(accesses > 15 && bulks >= 2);
    assert_false(capability_sweep(thread, &(ucontext_t){ .uc_mcontext.gregs[REG_RIP] = (greg_t)window_leave }));
    for (uint32_t gate = PORIN_GATE_CAPABILITY; gate < PORIN_GATES_IMPORT; gate += 3) {
        assert_false(rip_is_known(porin_domain_base(user) + gate));
        assert_true(rip_is_known(porin_domain_base(user) + PORIN_GATES_IMPORT));
    }
    porin_domain_destroy(user);
    (void)state;
}

int main(int count, char **arguments)
{
    struct porin_error error;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds), cmocka_unit_test(test_edges), cmocka_unit_test(test_narrowing),
        cmocka_unit_test(test_lent_to_nobody), cmocka_unit_test(test_deputy), cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_forged), cmocka_unit_test(test_depth), cmocka_unit_test(test_stack), cmocka_unit_test(test_bulk),
        cmocka_unit_test(test_revocation), cmocka_unit_test(test_revoked_below),
        cmocka_unit_test(test_grants), cmocka_unit_test(test_grant_race),
        cmocka_unit_test(test_race), cmocka_unit_test(test_race_bulk), cmocka_unit_test(test_crowd),
        cmocka_unit_test(test_other_revocations),
        cmocka_unit_test(test_every_place), cmocka_unit_test(test_split), cmocka_unit_test(test_split_swept),
        cmocka_unit_test(test_reports), cmocka_unit_test(test_compiled),
    };
    uint8_t *pages = mmap(NULL, 3 * OBJECT, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    object = pages + OBJECT;
    if (count != 2 || pages == MAP_FAILED || mprotect(object, OBJECT, PROT_READ | PROT_WRITE) != 0)
        return 2;
    if (porin_image_load_file(arguments[1], &image, &error) != PORIN_OK) {
        fprintf(stderr, "%s\n", error.text);
        return 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

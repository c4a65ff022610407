/* SPDX-License-Identifier: Apache-2.0 */
/* Windows: what several domains and the host share works like memory; nobody gets more of it, or keeps it longer, than its owner says. */
#define _GNU_SOURCE
#include "porin/dipc.h"
#include "porin/window.h"
#include "runtime/domain.h"
#include "runtime/thread.h"
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { PAGE = 4096, FAULTS = -100000, HANDLE_COPY = 513, HANDLE_CLOSE = 514, HANDLE_SEND = 515, WINDOW_CREATE = 537, WINDOW_MAP = 538,
       WINDOW_REVOKE = 539, REVOKER_REVOKE = 533, CAPABILITY_KEEP = 534, CAPABILITY_TAKE = 535, DOMAIN_CAPABILITY = 541 };
#define R PORIN_RIGHT_READ
#define W PORIN_RIGHT_WRITE

static porin_image *image, *capable; /* the former's text has no use of capabilities */

static porin_domain *domain_of(porin_image *of, uint64_t memory_limit, uint32_t grants)
{
    struct porin_domain_options options;
    struct porin_error error;
    porin_domain *domain;
    porin_signals_install(NULL); /* cmocka sets its own handlers before each test */
    porin_domain_options_default(&options);
    options.grants = PORIN_GRANT_MEMORY | PORIN_GRANT_CONSOLE | grants;
    options.memory_limit_bytes = memory_limit;
    if (porin_domain_create(of, &options, &domain, &error) != PORIN_OK)
        fail_msg("%s", error.text);
    return domain;
}

static porin_domain *domain_with(uint64_t memory_limit, uint32_t grants)
{
    return domain_of(image, memory_limit, grants);
}

static porin_domain *domain_make(uint64_t memory_limit)
{
    return domain_with(memory_limit, 0);
}

/* The result, or FAULTS: the domain has ended then. */
static int64_t call(porin_domain *domain, const char *name, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    porin_entry entry;
    uint64_t result = 0;
    assert_int_equal(porin_entry_find(domain, name, &entry, NULL), PORIN_OK);
    porin_status status = porin_call6(entry, &result, a, b, c, d, e, f);
    assert_true(status == PORIN_OK || status == PORIN_ERR_FAULT);
    return status == PORIN_OK ? (int64_t)result : FAULTS;
}

static int64_t service(porin_domain *domain, uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return call(domain, "do_service", number, a, b, c, d, (uint64_t)-1);
}

static int64_t load(porin_domain *domain, uint64_t at)
{
    return call(domain, "do_load", at, 0, 0, 0, 0, 0);
}

static bool store(porin_domain *domain, uint64_t at, uint64_t value)
{
    return call(domain, "do_store", at, value, 0, 0, 0, 0) != FAULTS;
}

static void reset(porin_domain *domain)
{
    assert_int_equal(porin_domain_reset(domain, NULL), PORIN_OK);
}

static porin_window *window_make(size_t size)
{
    porin_window *window;
    struct porin_error error;
    if (porin_window_create(size, &window, &error) != PORIN_OK)
        fail_msg("%s", error.text);
    return window;
}

static uint64_t map(porin_window *window, porin_domain *domain, enum porin_right right)
{
    porin_addr at;
    assert_int_equal(porin_window_map(window, domain, right, &at), PORIN_OK);
    return at.offset;
}

/* --- what it is for --- */

static void test_shared(void **state)
{
    porin_domain *a = domain_make(0), *b = domain_make(0);
    porin_window *window = window_make(3 * PAGE - 5);
    uint64_t *memory = porin_window_memory(window);
    assert_int_equal(porin_window_size(window), 3 * PAGE);
    uint64_t at_a = map(window, a, R), at_b = map(window, b, W);
    assert_true(store(b, at_b + 2 * PAGE, 77));
    assert_int_equal(memory[2 * PAGE / 8], 77);
    assert_int_equal(load(a, at_a + 2 * PAGE), 77);
    memory[0] = 5;
    assert_int_equal(load(b, at_b), 5);
    assert_false(store(a, at_a, 6)); /* to be read only */
    assert_int_equal(memory[0], 5);
    reset(a);
    assert_int_equal(load(a, at_a), FAULTS); /* gone with its former life */
    assert_int_equal(load(b, at_b), 5);
    assert_int_equal(load(b, at_b + 3 * PAGE), FAULTS);
    porin_window_destroy(window);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

struct ring_work { porin_domain *domain; const char *entry; uint64_t at, a, b; int64_t result; };

static void *ring_run(void *data)
{
    struct ring_work *work = data;
    work->result = call(work->domain, work->entry, work->at, work->a, work->b, 0, 0, 0);
    porin_thread_detach();
    return NULL;
}

/* Two domains, a ring between them: one producer and one consumer in order, then two of each. */
static void test_rings(void **state)
{
    enum { ITEMS = 60000 };
    porin_domain *a = domain_make(0), *b = domain_make(0);
    porin_window *window = window_make(PAGE);
    uint64_t at_a = map(window, a, W), at_b = map(window, b, W);
    for (unsigned pairs = 1; pairs <= 2; pairs++) {
        struct ring_work work[4];
        pthread_t threads[4];
        call(a, "ring_clear", at_a, 0, 0, 0, 0, 0);
        for (unsigned i = 0; i < pairs; i++) {
            work[2 * i] = (struct ring_work){ a, "ring_put", at_a, 1 + i * ITEMS, ITEMS, 0 };
            work[2 * i + 1] = (struct ring_work){ b, "ring_get", at_b, ITEMS, pairs == 1, 0 };
        }
        for (unsigned i = 0; i < 2 * pairs; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, ring_run, &work[i]), 0);
        uint64_t sum = 0, items = (uint64_t)pairs * ITEMS;
        for (unsigned i = 0; i < 2 * pairs; i++) {
            pthread_join(threads[i], NULL);
            sum += i % 2 ? (uint64_t)work[i].result : 0;
        }
        assert_int_equal(sum, items * (items + 1) / 2);
    }
    porin_window_destroy(window);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

/* --- who holds it --- */

static void test_handles(void **state)
{
    porin_domain *a = domain_make(0), *b = domain_make(0);
    porin_handle to_b;
    assert_int_equal(porin_handle_give(a, b, PORIN_RIGHT_CALL, &to_b), PORIN_OK);
    int64_t own = service(a, WINDOW_CREATE, 2 * PAGE, 0, 0, 0);
    assert_true(own > 0);
    int64_t at_a = service(a, WINDOW_MAP, (uint64_t)own, 0, W, 0);
    assert_true(at_a > 0 && store(a, (uint64_t)at_a, 11));
    assert_int_equal(service(a, HANDLE_SEND, (uint64_t)to_b, (uint64_t)own, 0, 0), -EPERM); /* nobody else owns it */
    assert_int_equal(service(a, HANDLE_COPY, (uint64_t)own, PORIN_RIGHT_CALL, 0, 0), -EINVAL);
    int64_t weak = service(a, HANDLE_COPY, (uint64_t)own, R, 0, 0);
    assert_int_equal(service(a, HANDLE_COPY, (uint64_t)weak, W, 0, 0), -EPERM);
    assert_int_equal(service(a, WINDOW_MAP, (uint64_t)weak, 0, W, 0), -EPERM);
    assert_int_equal(service(a, WINDOW_REVOKE, (uint64_t)weak, 0, 0, 0), -EPERM);
    int64_t sent = service(a, HANDLE_SEND, (uint64_t)to_b, (uint64_t)weak, 0, 0);
    assert_true(sent > 0);
    for (uint64_t number = 0; number < 3000; number++) /* nothing but what was sent */
        if ((int64_t)number != sent)
            assert_true(service(b, WINDOW_MAP, number, 0, R, 0) < 0);
    assert_int_equal(service(b, WINDOW_MAP, (uint64_t)sent, 0, W, 0), -EPERM);
    for (unsigned right = 0; right < 6; right++)
        if (right != R && right != W)
            assert_int_equal(service(b, WINDOW_MAP, (uint64_t)sent, 0, right, 0), -EINVAL);
    int64_t at_b = service(b, WINDOW_MAP, (uint64_t)sent, 0, R, 0);
    assert_int_equal(load(b, (uint64_t)at_b), 11);
    assert_int_equal(service(b, WINDOW_REVOKE, (uint64_t)sent, 0, 0, 0), -EPERM);
    int64_t copy = service(b, HANDLE_COPY, (uint64_t)sent, R, 0, 0);
    assert_int_equal(service(a, WINDOW_REVOKE, (uint64_t)own, 0, 0, 0), 0);
    assert_int_equal(load(a, (uint64_t)at_a), 11); /* the owner's own stays */
    assert_int_equal(service(b, WINDOW_MAP, (uint64_t)sent, 0, R, 0), -ESTALE);
    assert_int_equal(service(b, WINDOW_MAP, (uint64_t)copy, 0, R, 0), -ESTALE);
    assert_int_equal(service(a, WINDOW_MAP, (uint64_t)weak, 0, R, 0), -ESTALE);
    weak = service(a, HANDLE_COPY, (uint64_t)own, W, 0, 0); /* given anew */
    sent = service(a, HANDLE_SEND, (uint64_t)to_b, (uint64_t)weak, 0, 0);
    int64_t again = service(b, WINDOW_MAP, (uint64_t)sent, 0, W, 0);
    assert_true(again > 0 && store(b, (uint64_t)again, 12));
    assert_int_equal(load(a, (uint64_t)at_a), 12);
    int64_t second = service(a, HANDLE_COPY, (uint64_t)own, PORIN_RIGHT_OWNER, 0, 0);
    assert_int_equal(service(a, HANDLE_CLOSE, (uint64_t)own, 0, 0, 0), 0); /* not the last */
    assert_int_equal(load(b, (uint64_t)again), 12);
    assert_int_equal(service(a, HANDLE_CLOSE, (uint64_t)second, 0, 0, 0), 0);
    assert_int_equal(service(b, WINDOW_MAP, (uint64_t)sent, 0, W, 0), -ESTALE);
    assert_int_equal(load(b, (uint64_t)again), FAULTS);
    assert_int_equal(load(a, (uint64_t)at_a), FAULTS);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

/* The end of its owner, by reset and by destruction, is the window's; so it is for a host's handle to a domain in its next life. */
static void test_ends(void **state)
{
    for (int destroy = 0; destroy < 2; destroy++) {
        porin_domain *a = domain_make(0), *b = domain_make(0);
        porin_handle to_b;
        assert_int_equal(porin_handle_give(a, b, PORIN_RIGHT_CALL, &to_b), PORIN_OK);
        uint64_t own = (uint64_t)service(a, WINDOW_CREATE, PAGE, 0, 0, 0), weak = (uint64_t)service(a, HANDLE_COPY, own, W, 0, 0);
        uint64_t sent = (uint64_t)service(a, HANDLE_SEND, (uint64_t)to_b, weak, 0, 0);
        uint64_t at = (uint64_t)service(b, WINDOW_MAP, sent, 0, W, 0);
        assert_true(store(b, at, 1));
        if (destroy)
            porin_domain_destroy(a);
        else
            reset(a);
        assert_int_equal(service(b, WINDOW_MAP, sent, 0, W, 0), -ESTALE);
        assert_int_equal(load(b, at), FAULTS);
        if (!destroy)
            porin_domain_destroy(a);
        porin_domain_destroy(b);
    }
    porin_window *window = window_make(PAGE);
    porin_domain *a = domain_make(0);
    porin_handle handle;
    assert_int_equal(porin_window_give(window, a, R, &handle), PORIN_OK);
    uint64_t at = (uint64_t)service(a, WINDOW_MAP, (uint64_t)handle, 0, R, 0);
    assert_int_equal(load(a, at), 0);
    reset(a);
    assert_int_equal(load(a, at), FAULTS);
    reset(a);
    at = (uint64_t)service(a, WINDOW_MAP, (uint64_t)handle, 0, R, 0); /* what the host gave stays */
    assert_int_equal(load(a, at), 0);
    assert_int_equal(porin_window_revoke(window), PORIN_OK);
    assert_int_equal(service(a, WINDOW_MAP, (uint64_t)handle, 0, R, 0), -ESTALE);
    assert_int_equal(load(a, at), FAULTS);
    porin_domain_destroy(a);
    assert_int_equal(porin_window_revoke(window), PORIN_OK); /* nobody is left to take it from */
    porin_window_destroy(window);
    (void)state;
}

static void test_limits(void **state)
{
    porin_domain *a = domain_make(8 << 20), *b = domain_make(4 << 20);
    porin_handle to_b;
    assert_int_equal(porin_handle_give(a, b, PORIN_RIGHT_CALL, &to_b), PORIN_OK);
    assert_int_equal(service(a, WINDOW_CREATE, 0, 0, 0, 0), -EINVAL);
    assert_int_equal(service(a, WINDOW_CREATE, PORIN_WINDOW_BYTES_MAX + 1, 0, 0, 0), -EINVAL);
    assert_int_equal(service(a, WINDOW_CREATE, ~0ull, 0, 0, 0), -EINVAL);
    assert_int_equal(service(a, WINDOW_CREATE, 9 << 20, 0, 0, 0), -ENOMEM);
    uint64_t own = (uint64_t)service(a, WINDOW_CREATE, 5 << 20, 0, 0, 0);
    assert_int_equal(service(a, WINDOW_CREATE, 5 << 20, 0, 0, 0), -ENOMEM); /* its owner pays */
    assert_true(call(a, "do_service", SYS_mmap, 0, 5 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1) < 0);
    uint64_t weak = (uint64_t)service(a, HANDLE_COPY, own, W, 0, 0), sent = (uint64_t)service(a, HANDLE_SEND, (uint64_t)to_b, weak, 0, 0);
    assert_true(service(b, WINDOW_MAP, sent, 0, W, 0) > 0); /* and not who maps it, as often as it has areas */
    assert_true(service(b, WINDOW_MAP, sent, 0, W, 0) > 0);
    int64_t last = 0;
    for (int i = 0; i < 1000 && last >= 0; i++)
        last = service(b, WINDOW_MAP, sent, 0, i % 2 ? W : R, 0);
    assert_int_equal(last, -ENOMEM);
    assert_int_equal(service(a, HANDLE_CLOSE, own, 0, 0, 0), 0);
    own = (uint64_t)service(a, WINDOW_CREATE, 5 << 20, 0, 0, 0);
    assert_true((int64_t)own > 0);
    reset(a);
    assert_true(service(a, WINDOW_CREATE, 5 << 20, 0, 0, 0) > 0);
    int made = 1;
    while ((last = service(a, WINDOW_CREATE, PAGE, 0, 0, 0)) > 0)
        made++;
    assert_int_equal(last, -ENOSPC);
    assert_int_equal(made, 32);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

/* --- what a domain does to its mapping --- */

static void test_mapping_services(void **state)
{
    porin_domain *a = domain_make(0);
    porin_window *window = window_make(4 * PAGE);
    uint64_t *memory = porin_window_memory(window), at = map(window, a, R), plain = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    static const uint64_t protections[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_WRITE };
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(service(a, SYS_mprotect, at, 4 * PAGE, protections[i], 0), -EPERM);
        assert_int_equal(service(a, SYS_mprotect, at + PAGE, PAGE, protections[i], 0), -EPERM);
    }
    assert_int_equal(service(a, SYS_mprotect, at, 4 * PAGE, PROT_READ | PROT_EXEC, 0), -EACCES);
    /* with memory of its own on both sides: a range that reaches over it, in any order */
    assert_true(call(a, "do_service", SYS_mmap, at - PAGE, PAGE, PROT_READ | PROT_WRITE, plain, (uint64_t)-1) > 0);
    assert_int_equal(service(a, SYS_mprotect, at - PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, 0), -EPERM);
    assert_int_equal(service(a, SYS_mremap, at, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE), -ENOMEM);
    assert_int_equal(service(a, SYS_madvise, at, 4 * PAGE, MADV_DONTNEED, 0), 0);
    memory[0] = 9, memory[3 * PAGE / 8] = 10;
    assert_int_equal(load(a, at), 9);
    /* parts of it replaced by own memory: that stays when the rest is revoked */
    assert_int_equal(service(a, SYS_munmap, at + PAGE, PAGE, 0, 0), 0);
    assert_true(call(a, "do_service", SYS_mmap, at + PAGE, PAGE, PROT_READ | PROT_WRITE, plain, (uint64_t)-1) > 0);
    assert_true(call(a, "do_service", SYS_mmap, at + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE, plain, (uint64_t)-1) > 0);
    assert_true(store(a, at + PAGE, 5) && store(a, at + 2 * PAGE, 6) && store(a, at - PAGE, 7));
    for (unsigned i = 0; i < porin_window_size(window) / 8; i++)
        assert_int_equal(memory[i], i == 0 ? 9 : i == 3 * PAGE / 8 ? 10 : 0);
    assert_int_equal(load(a, at + 3 * PAGE), 10);
    assert_int_equal(service(a, SYS_mremap, at + 3 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE), -ENOMEM);
    assert_int_equal(porin_window_revoke(window), PORIN_OK);
    assert_true(load(a, at + PAGE) == 5 && load(a, at + 2 * PAGE) == 6 && load(a, at - PAGE) == 7);
    assert_int_equal(load(a, at + 3 * PAGE), FAULTS);
    reset(a);
    at = map(window, a, W); /* to be written: still nothing else */
    assert_int_equal(service(a, SYS_mprotect, at, PAGE, PROT_NONE, 0), -EPERM);
    assert_int_equal(service(a, SYS_mremap, at, 4 * PAGE, PAGE, 0), (int64_t)at);
    assert_true(store(a, at, 3));
    assert_int_equal(load(a, at + PAGE), FAULTS);
    porin_window_destroy(window);
    porin_domain_destroy(a);
    (void)state;
}

/* A file read into a window that is for reading, a word of it to be waited on where it is not mapped. */
static void test_kernel_rights(void **state)
{
    porin_domain *a = domain_make(0);
    porin_window *window = window_make(PAGE);
    uint64_t at = map(window, a, R), pipe = (uint64_t)call(a, "do_pipes", 0, 0, 0, 0, 0, 0);
    uint64_t text = (uint64_t)call(a, "do_text", 0, 0, 0, 0, 0, 0);
    assert_int_equal(service(a, SYS_write, (uint32_t)pipe, text, 12, 0), 12);
    assert_int_equal(service(a, SYS_read, pipe >> 32, at, 12, 0), -EFAULT);
    assert_int_equal(service(a, SYS_getrandom, at, 12, 0, 0), -EFAULT);
    assert_int_equal(service(a, SYS_futex, at + PAGE, FUTEX_WAKE, 1, 0), -EFAULT);
    assert_int_equal(*(uint64_t *)porin_window_memory(window), 0);
    porin_window_destroy(window);
    porin_domain_destroy(a);
    (void)state;
}

/* --- revocation under way --- */

static struct { porin_domain *domain; const char *entry; uint64_t a, b, c; int64_t result; } run;

static void *run_once(void *data)
{
    (void)data;
    run.result = call(run.domain, run.entry, run.a, run.b, run.c, 0, 0, 0);
    porin_thread_detach();
    return NULL;
}

/* When it is back, what lies in the window stays as it is, whoever was just writing and by whatever means. */
static void revoke_while(const char *entry, int64_t want)
{
    for (int i = 0; i < 30; i++) {
        static uint8_t before[PAGE];
        porin_domain *a = domain_make(0);
        porin_window *window = window_make(PAGE);
        uint64_t pipe = (uint64_t)call(a, "do_pipes", 0, 0, 0, 0, 0, 0);
        pthread_t thread;
        run.domain = a, run.entry = entry, run.a = map(window, a, W), run.b = pipe >> 32, run.c = (uint32_t)pipe;
        assert_int_equal(pthread_create(&thread, NULL, run_once, NULL), 0);
        while (call(a, "do_rounds", 0, 0, 0, 0, 0, 0) < 20)
            sched_yield();
        assert_int_equal(porin_window_revoke(window), PORIN_OK);
        memcpy(before, porin_window_memory(window), PAGE);
        for (int turn = 0; turn < 50; turn++) {
            sched_yield();
            assert_memory_equal(before, porin_window_memory(window), PAGE);
        }
        pthread_join(thread, NULL);
        assert_int_equal(run.result, want);
        porin_window_destroy(window);
        porin_domain_destroy(a);
    }
}

static void test_revoke_race(void **state)
{
    revoke_while("do_spin", FAULTS);
    revoke_while("do_spin_services", -EFAULT);
    (void)state;
}

/* A thread waits in read() for what is to go into the window. */
static void test_revoke_while_reading(void **state)
{
    porin_domain *a = domain_make(0);
    porin_window *window = window_make(PAGE);
    uint64_t at = map(window, a, W), pipe = (uint64_t)call(a, "do_pipes", 0, 0, 0, 0, 0, 0);
    uint64_t text = (uint64_t)call(a, "do_text", 0, 0, 0, 0, 0, 0);
    pthread_t thread;
    run.domain = a, run.entry = "do_read", run.a = pipe >> 32, run.b = at, run.c = 12;
    assert_int_equal(pthread_create(&thread, NULL, run_once, NULL), 0);
    while (call(a, "do_rounds", 0, 0, 0, 0, 0, 0) == 0)
        sched_yield();
    usleep(2000);
    assert_int_equal(porin_window_revoke(window), PORIN_OK);
    assert_int_equal(service(a, SYS_write, (uint32_t)pipe, text, 12, 0), 12);
    pthread_join(thread, NULL);
    assert_int_equal(run.result, -EFAULT);
    for (unsigned i = 0; i < PAGE; i++)
        assert_int_equal(((uint8_t *)porin_window_memory(window))[i], 0);
    porin_window_destroy(window);
    porin_domain_destroy(a);
    (void)state;
}

/* --- waiting --- */

static void test_futex(void **state)
{
    porin_domain *a = domain_make(0), *b = domain_make(0);
    porin_window *window = window_make(2 * PAGE), *other = window_make(2 * PAGE);
    uint32_t *words = porin_window_memory(window);
    uint64_t at_a = map(window, a, R), at_b = map(window, b, W), elsewhere = map(other, b, W);
    pthread_t thread;
    for (uint32_t turn = 0; turn < 200; turn++) {
        run.domain = a, run.entry = "do_wait", run.a = at_a + PAGE + 8, run.b = turn, run.c = 0;
        assert_int_equal(pthread_create(&thread, NULL, run_once, NULL), 0);
        for (uint32_t i = 0; i < turn % 8; i++)
            sched_yield();
        call(b, "do_wake", elsewhere + PAGE + 8, turn, 0, 0, 0, 0); /* the same place of another window wakes nobody for good */
        call(b, "do_wake", at_b + PAGE + 8, turn + 1, 0, 0, 0, 0);
        pthread_join(thread, NULL);
        assert_int_equal(run.result, turn + 1);
    }
    /* who waits when it is revoked looks again, and faults */
    run.b = words[PAGE / 4 + 2];
    assert_int_equal(pthread_create(&thread, NULL, run_once, NULL), 0);
    for (int i = 0; i < 100; i++)
        sched_yield();
    assert_int_equal(porin_window_revoke(window), PORIN_OK);
    pthread_join(thread, NULL);
    assert_int_equal(run.result, FAULTS);
    /* and one that is killed while it waits comes back */
    reset(a);
    run.a = map(window, a, R) + PAGE + 8;
    assert_int_equal(service(a, SYS_futex, run.a, FUTEX_REQUEUE, 1, 1), -EINVAL); /* not to memory of its own */
    porin_window_destroy(window);
    porin_window_destroy(other);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

static void *waits(void *data)
{
    porin_entry entry;
    uint64_t result;
    assert_int_equal(porin_entry_find(run.domain, "do_wait", &entry, NULL), PORIN_OK);
    run.result = porin_call6(entry, &result, run.a, 0, 0, 0, 0, 0);
    porin_thread_detach();
    return data;
}

static void test_kill_while_waiting(void **state)
{
    for (int i = 0; i < 30; i++) {
        porin_domain *a = domain_make(0);
        porin_window *window = window_make(PAGE);
        pthread_t thread;
        run.domain = a, run.a = map(window, a, R);
        assert_int_equal(load(a, run.a), 0);
        assert_int_equal(pthread_create(&thread, NULL, waits, NULL), 0);
        for (int k = 0; k < 10 * i; k++)
            sched_yield();
        assert_int_equal(porin_domain_kill(a), PORIN_OK);
        pthread_join(thread, NULL);
        assert_true(run.result == PORIN_ERR_KILLED || run.result == PORIN_ERR_GONE); /* the latter: before it came in */
        porin_window_destroy(window);
        porin_domain_destroy(a);
    }
    (void)state;
}

/* --- processes --- */

static void test_fork(void **state)
{
    porin_domain *a = domain_with(0, PORIN_GRANT_PROCESSES);
    porin_window *window = window_make(PAGE);
    porin_handle handle;
    uint64_t at = map(window, a, W);
    assert_int_equal(porin_window_give(window, a, R, &handle), PORIN_OK);
    assert_true(store(a, at, 2));
    int64_t status = call(a, "do_fork", at, (uint64_t)handle, 0, 0, 0, 0);
    assert_true(status >= 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    assert_int_equal(load(a, at), 2);
    assert_true(service(a, WINDOW_MAP, (uint64_t)handle, 0, R, 0) > 0);
    porin_window_destroy(window);
    porin_domain_destroy(a);
    (void)state;
}

static _Atomic bool asking;

static void *asks(void *domain)
{
    while (asking)
        service(domain, REVOKER_REVOKE, UINT64_MAX, 0, 0, 0);
    porin_thread_detach();
    return NULL;
}

/* What other domains' threads hold when one forks does not keep its child from going on. */
static void test_fork_while_others_ask(void **state)
{
    porin_domain *a = domain_with(0, PORIN_GRANT_PROCESSES), *b = domain_make(0);
    pthread_t threads[2];
    asking = true;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, asks, b), 0);
    for (int i = 0; i < 60; i++)
        assert_int_equal(call(a, "do_fork_service", REVOKER_REVOKE, 0, 0, 0, 0, 0), 0);
    asking = false;
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

/* Nobody empties the registers that a domain without capabilities would leave: it gets none, so that none lies there for the next one. */
static void test_without_capabilities(void **state)
{
    porin_domain *owner = domain_make(0), *broker = domain_make(0), *thief = domain_of(capable, 0, 0);
    porin_handle handle;
    porin_addr secret;
    const uint64_t value = 0x5EC4E7, first = 1ull << 55; /* the register that a domain called by the host finds as its first */
    assert_int_equal(porin_alloc(owner, sizeof value, &secret), PORIN_OK);
    assert_int_equal(porin_copy_out(owner, secret, &value, sizeof value), PORIN_OK);
    assert_int_equal(porin_handle_give(broker, owner, W, &handle), PORIN_OK);
    for (uint64_t number = 0; number < 16; number++)
        assert_int_equal(call(broker, "do_service", DOMAIN_CAPABILITY, (uint64_t)handle, secret.offset, 8, R, number), -EPERM);
    for (uint64_t number = 0; number < 8; number++) {
        assert_int_equal(call(thief, "use_read8", first + (number << 52), 0, 0, 0, 0, 0), FAULTS);
        reset(thief);
    }
    assert_int_equal(service(broker, CAPABILITY_KEEP, first, 8, R, 0), -EPERM);
    assert_int_equal(service(broker, CAPABILITY_TAKE, 0, 0, 0, 0), -EPERM);
    porin_domain_destroy(thief);
    porin_domain_destroy(broker);
    porin_domain_destroy(owner);
    (void)state;
}

/* --- interruptions --- */

/* What a domain was in the middle of lay on the host's stack: when the call has come back nobody takes what is there then for it. */
static void test_left_handler(void **state)
{
    porin_domain *a = domain_with(0, PORIN_GRANT_PROCESSES | PORIN_GRANT_SIGNALS);
    porin_entry entry;
    uint64_t result;
    assert_int_equal(porin_entry_find(a, "do_compute_and_leave", &entry, NULL), PORIN_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(porin_call6(entry, &result, 0, 0, 0, 0, 0, 0), PORIN_ERR_EXIT);
        assert_int_equal(porin_last_error()->exit_code, 0);
        assert_null(thread_current->interrupted);
    }
    porin_domain_destroy(a);
    (void)state;
}

int main(int count, char **arguments)
{
    struct porin_error error;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared), cmocka_unit_test(test_rings), cmocka_unit_test(test_handles), cmocka_unit_test(test_ends),
        cmocka_unit_test(test_limits), cmocka_unit_test(test_mapping_services), cmocka_unit_test(test_kernel_rights),
        cmocka_unit_test(test_revoke_race), cmocka_unit_test(test_revoke_while_reading), cmocka_unit_test(test_futex),
        cmocka_unit_test(test_kill_while_waiting), cmocka_unit_test(test_fork), cmocka_unit_test(test_without_capabilities),
        cmocka_unit_test(test_left_handler), cmocka_unit_test(test_fork_while_others_ask),
    };
    if (count != 3)
        return 2;
    if (porin_image_load_file(arguments[1], &image, &error) != PORIN_OK ||
        porin_image_load_file(arguments[2], &capable, &error) != PORIN_OK) {
        fprintf(stderr, "%s\n", error.text);
        return 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that domains start themselves: who may, how they end, and that they end with their domain, wherever they are. */
#include "library_fixture.h"
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREAD_CREATE 528
#define WORD (IMAGE_DATA + 0x800)         /* what is cleared when a thread ends */
#define STACK_SIZE 0x4000
#define LIMIT 6

static porin_domain *domain_with(uint32_t grants)
{
    struct porin_error error;
    struct porin_domain_options options;
    porin_domain *domain = NULL;
    porin_signals_install(NULL);
    porin_domain_options_default(&options);
    options.name = "threaded";
    options.grants = grants;
    options.thread_limit = LIMIT;
    if (porin_domain_create(library, &options, &domain, &error) != PORIN_OK)
        fail_msg("%s", error.text);
    return domain;
}

static porin_domain *threaded(void)
{
    return domain_with(PORIN_GRANT_MEMORY | PORIN_GRANT_CONSOLE | PORIN_GRANT_THREADS);
}

/* A service called by code of the domain. */
static int64_t serve(porin_domain *domain, uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    uint64_t result;
    if (porin_call6(entry(domain, "service"), &result, number, a, b, c, d, e) != PORIN_OK)
        fail_msg("%s", porin_last_error()->text);
    return (int64_t)result;
}

static uint64_t stack_make(porin_domain *domain)
{
    int64_t start = serve(domain, SYS_mmap, 0, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, UINT64_MAX);
    assert_true(start > 0);
    return (uint64_t)start + STACK_SIZE;
}

static int64_t try_thread(porin_domain *domain, const char *routine, uint64_t argument, uint64_t word)
{
    return serve(domain, THREAD_CREATE, entry(domain, routine).offset, argument, stack_make(domain), 0x1234, word);
}

static int64_t thread(porin_domain *domain, const char *routine, uint64_t argument)
{
    uint32_t one = 1;
    assert_int_equal(porin_copy_out(domain, (porin_addr){ WORD }, &one, sizeof one), PORIN_OK);
    int64_t number = try_thread(domain, routine, argument, WORD);
    if (number <= 0)
        fail_msg("no thread: %lld", (long long)number);
    return number;
}

static uint32_t word_now(porin_domain *domain)
{
    uint32_t word;
    assert_int_equal(porin_copy_in(&word, domain, (porin_addr){ WORD }, sizeof word), PORIN_OK);
    return word;
}

/* What pthread_join does. */
static void join(porin_domain *domain)
{
    while (word_now(domain))
        serve(domain, SYS_futex, WORD, 0 /* FUTEX_WAIT */, 1, 0, 0);
}

static unsigned host_threads(void)
{
    unsigned count = 0;
    DIR *tasks = opendir("/proc/self/task");
    while (readdir(tasks))
        count++;
    closedir(tasks);
    return count - 2;
}

/* Waits for so many host threads; false after some seconds. */
static bool threads_become(unsigned count)
{
    for (int i = 0; i < 5000; i++) {
        if (host_threads() <= count)
            return true;
        usleep(1000);
    }
    return false;
}

static void test_run_and_end(void **state)
{
    porin_domain *domain = threaded();
    int64_t first = serve(domain, SYS_gettid, 0, 0, 0, 0, 0), last = first;
    assert_int_equal(first, serve(domain, SYS_getpid, 0, 0, 0, 0, 0));
    for (int i = 0; i < 4 * LIMIT; i++) {
        int64_t number = thread(domain, i % 2 ? "add" : "service", i % 2 ? 0 : SYS_exit);
        assert_true(number > last);
        last = number;
        join(domain);
    }
    thread(domain, "poke", IMAGE_DATA + 0x700);      /* it runs code: writes 0 there */
    join(domain);
    assert_int_equal(call(domain, "peek", IMAGE_DATA + 0x700, 0), 0);
    porin_domain_destroy(domain);
    (void)state;
}

static void test_refusals(void **state)
{
    porin_domain *without = domain_with(PORIN_GRANT_MEMORY), *domain = threaded();
    uint64_t routine = entry(domain, "spin").offset, stack = stack_make(domain);
    assert_int_equal(try_thread(without, "add", 0, 0), -EPERM);
    assert_int_equal(serve(domain, THREAD_CREATE, routine + 1, 0, stack, 0, 0), -EINVAL);
    assert_int_equal(serve(domain, THREAD_CREATE, IMAGE_DATA, 0, stack, 0, 0), -EINVAL);
    assert_int_equal(serve(domain, THREAD_CREATE, PORIN_GATES_SERVICE, 0, stack, 0, 0), -EINVAL);
    assert_int_equal(serve(domain, THREAD_CREATE, routine | 1ull << 32, 0, stack, 0, 0), -EINVAL);
    assert_int_equal(serve(domain, THREAD_CREATE, routine, 0, 0, 0, 0), -EINVAL);
    assert_int_equal(serve(domain, THREAD_CREATE, routine, 0, 1ull << 32, 0, 0), -EINVAL);
    assert_int_equal(serve(domain, THREAD_CREATE, routine, 0, stack, 1ull << 32, 0), -EINVAL);
    assert_int_equal(serve(domain, THREAD_CREATE, routine, 0, stack, 0, 1ull << 32), -EFAULT);
    for (int i = 0; i < LIMIT; i++)
        assert_true(try_thread(domain, "spin", 0, 0) > 0);
    assert_int_equal(try_thread(domain, "spin", 0, 0), -EAGAIN);
    porin_domain_destroy(domain);
    porin_domain_destroy(without);
    (void)state;
}

/* Some run, some wait in a service; the host calls in meanwhile. */
static void crowd(porin_domain *domain)
{
    for (int i = 0; i < 4; i++)
        assert_true(try_thread(domain, i % 2 ? "spin" : "service", SYS_ppoll, 0) > 0);
    for (uint64_t i = 0; i < 1000; i++)
        assert_int_equal(call(domain, "add", i, 1), i + 1);
}

static void test_destroy_ends_them(void **state)
{
    unsigned before = host_threads();
    for (int i = 0; i < 20; i++) {
        porin_domain *domain = threaded();
        crowd(domain);
        porin_domain_destroy(domain);
    }
    assert_true(threads_become(before));
    (void)state;
}

static void test_kill_and_reset(void **state)
{
    porin_domain *domain = threaded();
    struct porin_error error;
    for (int i = 0; i < 20; i++) {
        crowd(domain);
        assert_int_equal(porin_domain_reset(domain, &error), PORIN_ERR_BUSY);
        assert_int_equal(call(domain, "add", 1, 2), 3);
        assert_int_equal(porin_domain_kill(domain), PORIN_OK);
        assert_int_equal(porin_domain_reset(domain, &error), PORIN_OK);
        assert_int_equal(serve(domain, SYS_gettid, 0, 0, 0, 0, 0), serve(domain, SYS_getpid, 0, 0, 0, 0, 0));
    }
    porin_domain_destroy(domain);
    (void)state;
}

static void test_pool(void **state)
{
    porin_pool *pool;
    struct porin_domain_options options;
    porin_domain_options_default(&options);
    options.grants |= PORIN_GRANT_THREADS | PORIN_GRANT_CONSOLE;
    assert_int_equal(porin_pool_create(library, &options, 2, &pool, NULL), PORIN_OK);
    for (int i = 0; i < 10; i++) {
        porin_domain *domain;
        assert_int_equal(porin_pool_take(pool, &domain, NULL), PORIN_OK);
        crowd(domain);
        porin_pool_put(pool, domain);
    }
    porin_pool_destroy(pool);
    (void)state;
}

struct visit { porin_domain *domain; porin_status status; struct porin_error error; };

static void *visit_run(void *data)
{
    struct visit *visit = data;
    uint64_t result;
    visit->status = porin_call6(entry(visit->domain, "spin"), &result, 0, 0, 0, 0, 0, 0);
    visit->error = *porin_last_error();
    return NULL;
}

/* A thread of the domain faults or exits: a host thread that spins inside comes back with the report of that, other domains go on. */
static void test_one_ends_all(void **state)
{
    static const struct { const char *routine; uint64_t argument; porin_status status; int signal, code; } ends[] = {
        { "trap", 0, PORIN_ERR_FAULT, SIGILL, 0 },       { "divide", 0, PORIN_ERR_FAULT, SIGFPE, 0 },
        { "peek", 0x1000, PORIN_ERR_FAULT, SIGSEGV, 0 }, { "leave", 9, PORIN_ERR_EXIT, 0, 9 },
    };
    porin_domain *domain = threaded(), *other = threaded();
    unsigned inside = 0;
    crowd(other);
    for (size_t i = 0; i < 4 * sizeof ends / sizeof *ends; i++) {
        size_t which = i % (sizeof ends / sizeof *ends);
        struct visit visit = { .domain = domain };
        pthread_t host;
        crowd(domain);
        pthread_create(&host, NULL, visit_run, &visit);
        usleep(2000);
        int64_t number;
        porin_status status = porin_call6(entry(domain, "service"), (uint64_t *)&number, THREAD_CREATE,
                                          entry(domain, ends[which].routine).offset, ends[which].argument, 0x90000, 0, 0);
        assert_true(status == PORIN_OK ? number > 0 : status == ends[which].status); /* it may be faster than its creator */
        pthread_join(host, NULL);
        assert_true(visit.status == ends[which].status || visit.status == PORIN_ERR_GONE); /* GONE: it came too late */
        inside += visit.status == ends[which].status;
        assert_int_equal(visit.error.signal, ends[which].signal);
        assert_int_equal(visit.error.exit_code, ends[which].code);
        assert_string_equal(visit.error.domain, "threaded");
        assert_int_equal(porin_domain_reset(domain, NULL), PORIN_OK);
    }
    assert_true(inside > 0);
    assert_int_equal(call(other, "add", 1, 2), 3);
    porin_domain_destroy(other);
    porin_domain_destroy(domain);
    (void)state;
}

static void *number_in(void *domain)
{
    return (void *)serve(domain, SYS_gettid, 0, 0, 0, 0, 0);
}

/* The number that the next host thread which comes to the domain has there. */
static int64_t number_of_a_visitor(porin_domain *domain)
{
    pthread_t host;
    void *number;
    pthread_create(&host, NULL, number_in, domain);
    pthread_join(host, &number);
    return (int64_t)number;
}

/* b ends the thread that a called it on, which is the host's or one of a's own: a goes on with an error, and so does b. */
static void test_exit_inside_a_callee(void **state)
{
    porin_domain *a = threaded(), *b = threaded();
    assert_int_equal(porin_domain_bind(a, "first", entry(b, "service"), NULL, NULL), PORIN_OK);
    /* a's own thread is b's second one, and after its end there another one, whose stack is free when it is gone */
    int64_t first = serve(b, SYS_gettid, 0, 0, 0, 0, 0);
    usleep(100000); /* those of the test before are on their way out */
    unsigned before = host_threads();
    thread(a, "first", SYS_exit);
    join(a);
    assert_true(threads_become(before));
    assert_int_equal(number_of_a_visitor(b), first + 2);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(call(a, "first", SYS_exit, 5), UINT64_MAX);
        assert_int_equal(call(a, "error", 0, 0), PORIN_ERR_EXIT);
        thread(a, "first", SYS_exit);
        join(a);
        assert_int_equal(call(b, "add", 1, 2), 3);
    }
    /* also where a stands outside and inside of b: only the inner activation ends */
    assert_int_equal(porin_domain_bind(b, "first", entry(a, "service"), NULL, NULL), PORIN_OK);
    assert_int_equal(porin_domain_bind(a, "second", entry(b, "first"), NULL, NULL), PORIN_OK);
    assert_int_equal(call(a, "second", SYS_exit, 5), UINT64_MAX);
    assert_int_equal(call(a, "first", SYS_getpid, 0), (uint64_t)serve(b, SYS_getpid, 0, 0, 0, 0, 0));
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

/* A thread of a runs in b. */
static void test_threads_in_other_domains(void **state)
{
    for (int which = 0; which < 4; which++) {
        porin_domain *a = threaded(), *b = threaded();
        unsigned before = host_threads();
        assert_int_equal(porin_domain_bind(a, "first", entry(b, which == 3 ? "trap" : "spin"), NULL, NULL), PORIN_OK);
        thread(a, "first", 0);
        usleep(2000);
        switch (which) {
        case 0: /* b dies: a's thread goes on, and ends as it wants */
            assert_int_equal(porin_domain_kill(b), PORIN_OK);
            join(a);
            break;
        case 1: /* a dies: its thread is in b until b lets go of it */
            assert_int_equal(porin_domain_kill(a), PORIN_OK);
            assert_int_equal(porin_domain_reset(a, NULL), PORIN_ERR_BUSY);
            assert_int_equal(porin_domain_kill(b), PORIN_OK);
            assert_int_equal(porin_domain_reset(a, NULL), PORIN_OK);
            break;
        case 2:
            porin_domain_destroy(b);
            b = NULL;
            join(a);
            break;
        case 3:
            join(a);
            assert_int_equal(call(a, "add", 1, 2), 3);
            break;
        }
        assert_true(threads_become(before));
        porin_domain_destroy(a);
        porin_domain_destroy(b);
    }
    (void)state;
}

/* A forked child has the domain without its threads. */
static void test_fork(void **state)
{
    porin_domain *domain = threaded();
    crowd(domain);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        bool good = call(domain, "add", 1, 2) == 3 && host_threads() == 1;
        thread(domain, "add", 0);
        join(domain);
        porin_domain_destroy(domain);
        domain = threaded();
        crowd(domain);
        porin_domain_destroy(domain);
        _exit(good ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    porin_domain_destroy(domain);
    (void)state;
}

/* A host's thread that has left all domains: its own system calls are nobody's business. */
struct reader { porin_domain *domain; int pipe[2]; _Atomic int64_t number; ssize_t got; int error; };

static void *reader_run(void *data)
{
    struct reader *reader = data;
    char byte;
    reader->number = serve(reader->domain, SYS_gettid, 0, 0, 0, 0, 0);
    reader->got = poll(&(struct pollfd){ reader->pipe[0], POLLIN, 0 }, 1, -1); /* which is not begun again after a signal */
    if (reader->got == 1)
        reader->got = read(reader->pipe[0], &byte, 1);
    reader->error = errno;
    return NULL;
}

static void test_outside_nothing_is_interrupted(void **state)
{
    porin_domain *domain = threaded();
    call(domain, "add", 1, 2);
    for (int i = 0; i < 6; i++) {
        struct reader reader = { .domain = domain };
        pthread_t host;
        assert_int_equal(pipe(reader.pipe), 0);
        pthread_create(&host, NULL, reader_run, &reader);
        while (!reader.number)
            usleep(1000);
        if (i % 3 == 0) /* a thread that sits in a service for the domain has signals coming when it leaves */
            usleep(2000);
        for (int j = 0; j < 500; j++)
            if (i % 2) {
                serve(domain, SYS_tkill, (uint64_t)reader.number, 33, 0, 0, 0);
            } else {
                assert_int_equal(porin_domain_kill(domain), PORIN_OK);
                assert_int_equal(porin_domain_reset(domain, NULL), PORIN_OK);
            }
        assert_int_equal(write(reader.pipe[1], "x", 1), 1);
        pthread_join(host, NULL);
        if (reader.got != 1)
            fail_msg("poll or read: %s", strerror(reader.error));
        close(reader.pipe[0]);
        close(reader.pipe[1]);
        assert_int_equal(porin_domain_kill(domain), PORIN_OK);
        assert_int_equal(porin_domain_reset(domain, NULL), PORIN_OK);
    }
    porin_domain_destroy(domain);
    (void)state;
}

static unsigned mappings(void)
{
    unsigned lines = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    for (int c; (c = getc(maps)) != EOF;)
        lines += c == '\n';
    fclose(maps);
    return lines;
}

/* Random threads, ends, kills and resets. Nothing may be left. */
static void storm(double seconds, unsigned *threads, unsigned *ends)
{
    static const char *const routines[] = { "spin", "add", "trap", "leave", "service", "recurse", "first", "poke" };
    porin_domain *domains[3];
    unsigned seed = 4;
    struct timespec start, now;
    for (int i = 0; i < 3; i++)
        domains[i] = threaded();
    for (int i = 0; i < 3; i++)
        porin_domain_bind(domains[i], "first", entry(domains[(i + 1) % 3], i == 2 ? "trap" : "first"), NULL, NULL);
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        porin_domain *domain = domains[rand_r(&seed) % 3];
        int64_t number = 0;
        porin_status status = porin_call6(entry(domain, "service"), (uint64_t *)&number, THREAD_CREATE,
                                          entry(domain, routines[rand_r(&seed) % 8]).offset, rand_r(&seed) % 3 ? SYS_ppoll : SYS_exit,
                                          0xf0000 - rand_r(&seed) % 8 * 0x4000, 0, WORD);
        *threads += status == PORIN_OK && number > 0;
        if (rand_r(&seed) % 4 == 0)
            porin_domain_kill(domain);
        if (status != PORIN_OK || rand_r(&seed) % 4 == 0)
            *ends += porin_domain_reset(domain, NULL) == PORIN_OK;
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9 < seconds);
    for (int i = 0; i < 3; i++)
        porin_domain_kill(domains[i]);
    for (int i = 0; i < 3; i++)
        porin_domain_destroy(domains[i]);
}

static void test_storm(void **state)
{
    unsigned threads = 0, ends = 0, before = host_threads();
    storm(0.5, &threads, &ends); /* allocators and the libc's stacks come to rest */
    assert_true(threads_become(before));
    unsigned maps = mappings();
    storm(3, &threads, &ends);
    assert_true(threads_become(before));
    print_message("%u threads came and went, %u resets, %u mappings before and %u after\n", threads, ends, maps, mappings());
    assert_true(mappings() < maps + 40); /* stacks that the libc keeps for later */
    assert_true(threads > 100 && ends > 20);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_and_end),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_destroy_ends_them),
        cmocka_unit_test(test_kill_and_reset),
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_one_ends_all),
        cmocka_unit_test(test_exit_inside_a_callee),
        cmocka_unit_test(test_threads_in_other_domains),
        cmocka_unit_test(test_fork),
        cmocka_unit_test(test_outside_nothing_is_interrupted),
        cmocka_unit_test(test_storm),
    };
    return cmocka_run_group_tests(tests, make_library, drop_library);
}

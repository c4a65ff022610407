/* SPDX-License-Identifier: Apache-2.0 */
/* What domains have used: CPU time of a chain with known shares, faults, limits; and that nobody gets away from them. */
#define _GNU_SOURCE
#include "library_fixture.h"
#include "porin/observe.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static porin_domain *domain_with(const struct porin_domain_options *options)
{
    struct porin_error error;
    porin_domain *domain = NULL;
    porin_signals_install(NULL);
    if (porin_domain_create(library, options, &domain, &error) != PORIN_OK)
        fail_msg("%s", error.text);
    return domain;
}

static porin_domain *accounted(const char *name, uint64_t cpu_limit_ns)
{
    struct porin_domain_options options;
    porin_domain_options_default(&options);
    options.name = name;
    options.accounting = true;
    options.cpu_limit_ns = cpu_limit_ns;
    options.grants |= PORIN_GRANT_THREADS | PORIN_GRANT_TIME;
    return domain_with(&options);
}

static struct porin_domain_usage usage_of(porin_domain *domain)
{
    struct porin_domain_usage usage;
    assert_int_equal(porin_domain_usage_get(domain, &usage), PORIN_OK);
    return usage;
}

static double ms(uint64_t ns)
{
    return (double)ns / 1e6;
}

static double cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double spin(porin_domain *domain, const char *function, double for_ms)
{
    double start = cpu_ms();
    while (cpu_ms() - start < for_ms)
        call(domain, function, 200000, 1);
    return cpu_ms() - start;
}

/* host -> a -> b: what b uses is b's own and the chain's; what a uses in a loop of its own is a's alone. */
static void test_shares_of_a_chain(void **state)
{
    porin_domain *a = accounted("a", 0), *b = accounted("b", 0), *idle = accounted("idle", 0);
    assert_int_equal(porin_domain_bind(a, "first", entry(b, "inner"), NULL, NULL), PORIN_OK);
    assert_int_equal(porin_domain_bind(a, "second", entry(idle, "add"), NULL, NULL), PORIN_OK);
    call(a, "second", 1, 2);
    double own = spin(a, "inner", 150), below = spin(a, "first", 450);
    struct porin_domain_usage of_a = usage_of(a), of_b = usage_of(b);
    print_message("a ran %.0f ms and b %.0f ms; charged: a %.0f (chain %.0f), b %.0f (chain %.0f)\n", own, below, ms(of_a.cpu_ns),
                  ms(of_a.chain_cpu_ns), ms(of_b.cpu_ns), ms(of_b.chain_cpu_ns));
    assert_true(of_b.cpu_ns > of_a.cpu_ns);
    assert_true(ms(of_a.cpu_ns + of_b.cpu_ns) <= own + below + 10);
    assert_true(ms(of_a.cpu_ns + of_b.cpu_ns) >= 0.6 * (own + below)); /* the rest is the host's, between calls, and chance */
    assert_true(ms(of_a.cpu_ns) >= 0.4 * own && ms(of_b.cpu_ns) >= 0.6 * below);
    assert_true(of_a.chain_cpu_ns >= of_a.cpu_ns + of_b.cpu_ns - 10000000 && of_a.chain_cpu_ns >= of_b.chain_cpu_ns);
    assert_true(of_b.chain_cpu_ns == of_b.cpu_ns);
    assert_true(usage_of(idle).cpu_ns < 10000000);
    assert_int_equal(usage_of(idle).calls, 1);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    porin_domain_destroy(idle);
    (void)state;
}

static porin_status dies(porin_domain *domain, const char *function, uint64_t a)
{
    uint64_t result;
    return porin_call6(entry(domain, function), &result, a, 1, 0, 0, 0, 0);
}

static void test_faults_are_counted(void **state)
{
    porin_domain *domain = accounted("d", 0);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(dies(domain, i % 2 ? "trap" : "recurse", 0), PORIN_ERR_FAULT);
        assert_int_equal(porin_domain_reset(domain, NULL), PORIN_OK);
        assert_int_equal(dies(domain, "leave", 1), PORIN_ERR_EXIT);
        assert_int_equal(porin_domain_reset(domain, NULL), PORIN_OK);
    }
    assert_int_equal(usage_of(domain).faults, 100);
    assert_int_equal(usage_of(domain).calls, 200);
    porin_domain_destroy(domain);
    (void)state;
}

/* The limit ends the domain that runs, not the one that called it; the caller learns which one it was. */
static void test_cpu_limit(void **state)
{
    porin_domain *a = accounted("a", 0), *b = accounted("greedy", 50000000);
    assert_int_equal(porin_domain_bind(a, "first", entry(b, "spin"), NULL, NULL), PORIN_OK);
    double start = cpu_ms();
    assert_int_equal(call(a, "first", 0, 0), UINT64_MAX);
    double took = cpu_ms() - start;
    assert_int_equal(call(a, "error", 0, 0), PORIN_ERR_LIMIT);
    assert_in_range((int)took, 40, 400);
    assert_int_equal(dies(b, "add", 1), PORIN_ERR_GONE);
    assert_string_equal(porin_last_error()->domain, "greedy");
    assert_int_equal(call(a, "add", 1, 2), 3);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

/* Threads of its own, each spinning, do not multiply what a domain may use. */
static void test_threads_share_the_limit(void **state)
{
    porin_domain *domain = accounted("crowd", 100000000);
    uint64_t stack, result;
    porin_status status = PORIN_OK;
    for (int i = 0; i < 6 && status == PORIN_OK; i++) {
        status = porin_call6(entry(domain, "service"), &stack, SYS_mmap, 0, 0x4000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                             UINT64_MAX);
        if (status == PORIN_OK)
            status = porin_call6(entry(domain, "service"), &result, 528, entry(domain, "spin").offset, 0, stack + 0x4000, 0, 0);
    }
    for (int i = 0; i < 3000 && usage_of(domain).threads; i++)
        usleep(1000);
    assert_int_equal(usage_of(domain).threads, 0);
    assert_in_range(usage_of(domain).cpu_ns, 100000000, 250000000);
    assert_int_equal(dies(domain, "add", 1), PORIN_ERR_GONE);
    porin_domain_destroy(domain);
    (void)state;
}

/* Threads that live shorter than a sample's period, one after the other. */
static void test_short_threads_are_charged(void **state)
{
    porin_domain *domain = accounted("mayfly", 0);
    uint64_t stack, limit, result;
    stack = call(domain, "service", SYS_brk, 0);
    assert_int_equal(porin_call6(entry(domain, "service"), &limit, SYS_brk, stack + 0x8000, 0, 0, 0, 0), PORIN_OK);
    assert_int_equal(porin_domain_bind(domain, "first", entry(domain, "add"), NULL, NULL), PORIN_OK);
    uint64_t before = usage_of(domain).cpu_ns;
    for (int i = 0; i < 100; i++) { /* each calls itself 200 000 times, about a millisecond */
        assert_int_equal(porin_call6(entry(domain, "service"), &result, 528, entry(domain, "loop").offset, 200000, stack + 0x8000, 0, 0),
                         PORIN_OK);
        assert_true((int64_t)result > 0);
        while (usage_of(domain).threads)
            usleep(100);
    }
    double charged = ms(usage_of(domain).cpu_ns - before);
    double start = cpu_ms();
    call(domain, "loop", 20000000, 1);
    double worth = cpu_ms() - start;
    print_message("100 threads of %.1f ms each: %.0f ms charged\n", worth / 100, charged);
    assert_true(charged > 0.5 * worth);
    porin_domain_destroy(domain);
    (void)state;
}

/* A domain that sleeps after each bit of work, so as not to be there when the kernel's clock ticks. */
static void test_sleepers_are_charged(void **state)
{
    porin_domain *domain = accounted("sleeper", 0);
    const struct timespec nap = { .tv_nsec = 1000 };
    assert_int_equal(call(domain, "add", 1, 2), 3);
    assert_int_equal(porin_copy_out(domain, (porin_addr){ IMAGE_DATA + 0x800 }, &nap, sizeof nap), PORIN_OK);
    double start = cpu_ms();
    while (cpu_ms() - start < 200) {
        call(domain, "inner", 100000, 1);
        call(domain, "service", SYS_nanosleep, IMAGE_DATA + 0x800);
    }
    print_message("200 ms between naps: %.0f charged\n", ms(usage_of(domain).cpu_ns));
    assert_true(usage_of(domain).cpu_ns > 80000000);
    porin_domain_destroy(domain);
    (void)state;
}

static void test_small_limits(void **state)
{
    struct porin_domain_options options;
    porin_domain_options_default(&options);
    options.mapping_limit = 8;
    porin_domain *domain = domain_with(&options);
    unsigned made = 0;
    /* every second page of one mapping is taken away: a new area each time */
    uint64_t start = call(domain, "service", SYS_brk, 0);
    for (uint64_t at = start + 0x100000; made < 20; at += 0x2000, made++) {
        uint64_t result;
        assert_int_equal(porin_call6(entry(domain, "service"), &result, SYS_mmap, at, 0x1000, PROT_READ,
                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, UINT64_MAX), PORIN_OK);
        if ((int64_t)result < 0)
            break;
    }
    assert_in_range(made, 1, 8);
    assert_in_range(usage_of(domain).mappings, 1, 8);
    porin_domain_destroy(domain);
    (void)state;
}

/* Host calls a, which calls b: a sample in b names the place there, the import's return address in a and the start of neither; a domain
 * made later is known too; nothing is taken before and after. */
static void test_profile_names_the_chain(void **state)
{
    struct porin_error error;
    char text[1 << 16], line[64];
    porin_domain *a = accounted("a", 0);
    spin(a, "inner", 30);
    assert_int_equal(porin_profile_start(&error), PORIN_OK);
    assert_int_equal(porin_profile_start(&error), PORIN_ERR_BUSY);
    porin_domain *b = domain_with(NULL);
    assert_int_equal(porin_domain_bind(a, "first", entry(b, "inner"), NULL, NULL), PORIN_OK);
    spin(a, "first", 300);
    FILE *file = tmpfile();
    assert_int_equal(porin_profile_stop(fileno(file), &error), PORIN_OK);
    assert_int_equal(porin_profile_stop(fileno(file), &error), PORIN_ERR_ARGUMENT);
    spin(a, "first", 30);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_non_null(strstr(text, "domain 0 a -\n"));
    assert_non_null(strstr(text, "domain 1 "));
    unsigned chains = 0, samples = 0;
    uint32_t from = entry(b, "inner").offset, at, back;
    for (char *sample = text; (sample = strstr(sample, "\nsample ")); samples++) {
        sample++;
        if (sscanf(sample, "sample %*u 1:%x 0:%x%1[\n]", &at, &back, line) == 3) {
            assert_true(at >= from && at < from + 0x100);
            assert_true(back > entry(a, "first").offset && back < entry(a, "first").offset + 0x100);
            chains++;
        }
    }
    print_message("%u samples, %u in b on behalf of a\n", samples, chains);
    assert_true(chains > 10 && chains * 2 > samples);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

/* Host calls a, which calls b, whose service is refused; then b faults below a. Events nest, and what was thrown out of is closed too. */
static void test_trace_nests(void **state)
{
    struct porin_error error;
    char text[1 << 16];
    uint64_t result;
    assert_int_equal(porin_trace_stop(1, &error), PORIN_ERR_ARGUMENT);
    assert_int_equal(porin_trace_start(&error), PORIN_OK);
    assert_int_equal(porin_trace_start(&error), PORIN_ERR_BUSY);
    porin_domain *a = accounted("a", 0), *b = accounted("b", 0);
    assert_int_equal(porin_domain_bind(a, "first", entry(b, "add"), NULL, NULL), PORIN_OK);
    assert_int_equal(porin_domain_bind(a, "second", entry(b, "trap"), NULL, NULL), PORIN_OK);
    assert_int_equal(call(a, "first", 40, 2), 42);
    assert_int_equal(call(a, "service", SYS_getpid, 0) > 0, 1);
    porin_call6(entry(a, "second"), &result, 0, 0, 0, 0, 0, 0);
    FILE *file = tmpfile();
    assert_int_equal(porin_trace_stop(fileno(file), &error), PORIN_OK);
    assert_int_equal(call(a, "add", 40, 2), 42);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    char order[512] = "", name[64];
    int depth = 0;
    for (char *at = strstr(text, "{\"ph\""); at; at = strstr(at + 1, "{\"ph\"")) {
        depth += at[7] == 'B' ? 1 : at[7] == 'E' ? -1 : 0;
        assert_true(depth >= 0);
        if (at[7] == 'B' && sscanf(strstr(at, "\"name\""), "\"name\":\"%63[^\"]", name) == 1 && *name != '0')
            snprintf(order + strlen(order), sizeof order - strlen(order), "%d%s ", depth, name);
    }
    assert_int_equal(depth, 0);
    print_message("%s\n", order);
    assert_non_null(strstr(order, "1first 2start 2first "));
    assert_non_null(strstr(order, "1service 2getpid "));
    assert_non_null(strstr(order, "1second 2second "));
    assert_non_null(strstr(text, "{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{\"name\":\"a\"}}"));
    assert_non_null(strstr(text, "\"name\":\"getpid\",\"args\":{\"from\":\"a\",\"to\":\"host\"}"));
    assert_non_null(strstr(text, "\"cat\":\"gate\",\"name\":\"first\",\"args\":{\"from\":\"a\",\"to\":\"b\"}"));
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

static _Atomic bool enough;
static _Atomic uint64_t calls_made;

/* Bursts, so that traces stay small and others get a processor. */
static void breathe(void)
{
    if (++calls_made % 300 == 0)
        nanosleep(&(struct timespec){ .tv_nsec = 300000 }, NULL);
}

static void *call_on(void *domain)
{
    while (!enough && call(domain, "first", 40, 2) == 42)
        breathe();
    assert_true(enough);
    return NULL;
}

/* Tracing begins and ends while threads are in gates that were bound before, domains come and go, and a child is forked. */
static void test_trace_of_what_runs(void **state)
{
    static char text[1 << 20];
    struct porin_error error;
    pthread_t threads[3];
    porin_domain *a = accounted("a", 0), *b = accounted("b", 0);
    assert_int_equal(porin_domain_bind(a, "first", entry(b, "add"), NULL, NULL), PORIN_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_on, a), 0);
    for (int round = 0; round < 25; round++) {
        FILE *file = tmpfile();
        assert_int_equal(porin_trace_start(&error), PORIN_OK);
        porin_domain *other = accounted("other", 0);
        assert_int_equal(call(other, "add", 1, 2), 3);
        for (uint64_t before = calls_made; calls_made < before + 10;) /* at least one of them from its beginning */
            nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
        porin_domain_destroy(other);
        assert_int_equal(porin_trace_stop(fileno(file), &error), PORIN_OK);
        rewind(file);
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
        assert_non_null(strstr(text, "\"name\":\"first\",\"args\":{\"from\":\"a\",\"to\":\"b\"}"));
        assert_non_null(strstr(text, "\"name\":\"add\",\"args\":{\"from\":\"host\",\"to\":\"other\"}"));
    }
    enough = true;
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

static void *call_anyhow(void *domain)
{
    porin_entry first = entry(domain, "first");
    for (uint64_t result; !enough; breathe())
        porin_call6(first, &result, 40, 2, 0, 0, 0, 0);
    return NULL;
}

/* The callee is killed and reset again and again, while traces begin and end and threads are in its gates. */
static void test_trace_and_deaths(void **state)
{
    struct porin_error error;
    pthread_t threads[3];
    uint64_t result = 0;
    porin_domain *a = accounted("a", 0), *b = accounted("b", 0);
    assert_int_equal(porin_domain_bind(a, "first", entry(b, "add"), NULL, NULL), PORIN_OK);
    enough = false;
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_anyhow, a), 0);
    FILE *file = fopen("/dev/null", "w");
    for (int round = 0; round < 40; round++) {
        assert_int_equal(porin_trace_start(&error), PORIN_OK);
        for (uint64_t before = calls_made; calls_made < before + 3;)
            sched_yield();
        assert_int_equal(porin_domain_kill(b), PORIN_OK);
        if (round % 2)
            assert_int_equal(porin_trace_stop(fileno(file), &error), PORIN_OK);
        porin_status status;
        while ((status = porin_domain_reset(b, &error)) == PORIN_ERR_BUSY)
            sched_yield();
        assert_int_equal(status, PORIN_OK);
        if (!(round % 2))
            assert_int_equal(porin_trace_stop(fileno(file), &error), PORIN_OK);
    }
    fclose(file);
    enough = true;
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(porin_call6(entry(a, "first"), &result, 40, 2, 0, 0, 0, 0), PORIN_OK);
    assert_int_equal(result, 42);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

/* A report names who called whom, and what was asked for last. */
static void test_report_of_crossings(void **state)
{
    uint64_t result;
    struct porin_error death;
    porin_domain *a = accounted("a name that is longer than there is room for", 0), *b = accounted("b", 0);
    assert_int_equal(porin_domain_bind(a, "second", entry(b, "trap"), NULL, NULL), PORIN_OK);
    assert_int_equal(call(b, "service", SYS_getpid, 0) > 0, 1);
    assert_int_equal(call(b, "service", SYS_getppid, 0) > 0, 1);
    assert_int_equal(call(a, "service", SYS_gettid, 0) > 0, 1);
    porin_call6(entry(a, "second"), &result, 0, 0, 0, 0, 0, 0);
    assert_int_equal(porin_domain_alive(b, &death), PORIN_ERR_FAULT);
    assert_int_equal(death.crossing_count, 2);
    assert_string_equal(death.crossings[0].domain, "b");
    assert_string_equal(death.crossings[0].entry, "trap");
    assert_string_equal(death.crossings[1].domain, "a name that is longer t");
    assert_string_equal(death.crossings[1].entry, "second");
    assert_true(death.service_count >= 2);
    assert_int_equal(death.services[0], SYS_getppid);
    assert_int_equal(death.services[1], SYS_getpid);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

/* Each refusal counts, though audit tells it once. */
static void test_refusals_are_counted(void **state)
{
    porin_domain *a = accounted("a", 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal((int64_t)call(a, "service", SYS_socket, 2), -EPERM);
    assert_int_equal(usage_of(a).refusals, 3);
    porin_domain_destroy(a);
    (void)state;
}

/* Domains come and go while somebody begins and ends to look. */
static _Atomic bool looking;

static void *come_and_go(void *unused)
{
    while (looking) {
        porin_domain *domain = domain_make(library, "passing");
        sched_yield();
        porin_domain_destroy(domain);
    }
    return unused;
}

static void test_looking_at_who_comes_and_goes(void **state)
{
    pthread_t threads[2];
    FILE *file = tmpfile();
    looking = true;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, NULL), 0);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(porin_profile_start(NULL), PORIN_OK);
        assert_int_equal(porin_trace_start(NULL), PORIN_OK);
        assert_int_equal(porin_trace_start(NULL), PORIN_ERR_BUSY);
        assert_int_equal(porin_trace_stop(fileno(file), NULL), PORIN_OK);
        assert_int_equal(porin_profile_stop(fileno(file), NULL), PORIN_OK);
    }
    looking = false;
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    fclose(file);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares_of_a_chain),
        cmocka_unit_test(test_profile_names_the_chain),
        cmocka_unit_test(test_trace_nests),            cmocka_unit_test(test_trace_of_what_runs),
        cmocka_unit_test(test_trace_and_deaths),
        cmocka_unit_test(test_report_of_crossings),    cmocka_unit_test(test_refusals_are_counted),
        cmocka_unit_test(test_faults_are_counted),     cmocka_unit_test(test_looking_at_who_comes_and_goes),
        cmocka_unit_test(test_cpu_limit),              cmocka_unit_test(test_threads_share_the_limit),
        cmocka_unit_test(test_short_threads_are_charged),
        cmocka_unit_test(test_sleepers_are_charged),   cmocka_unit_test(test_small_limits),
    };
    return cmocka_run_group_tests(tests, make_library, drop_library);
}

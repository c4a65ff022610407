/* SPDX-License-Identifier: Apache-2.0 */
/* Memory by capability: what lending costs by the size of what is lent, single accesses and bulk copies against a domain's own memory, and
 * revocation by how much is revoked. */
#include "arguments.h"
#include "bench.h"
#include "porin/capability.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { ROUNDS = 10, BUFFER = 1 << 20, SUMMED = 16384, KEPT = 10000 };

static porin_domain *lender, *borrower, *caller, *callee;
static uint8_t buffer[BUFFER] __attribute__((aligned(64)));
static uint64_t own;                    /* the borrower's buffer */
static int64_t kept;                    /* the borrower's asynchronous capability on it */

static uint64_t call(porin_domain *domain, const char *name, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t result = 0;
    porin_check(porin_call6(bench_entry(domain, name), &result, a, b, c, 0, 0, 0), name, porin_last_error());
    return result;
}

static double timed4(porin_domain *domain, const char *name, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    porin_entry entry = bench_entry(domain, name);
    uint64_t result, start = now_ns();
    porin_check(porin_call6(entry, &result, a, b, c, d, 0, 0), name, porin_last_error());
    return (double)(now_ns() - start);
}

static double timed(porin_domain *domain, const char *name, uint64_t a, uint64_t b, uint64_t c)
{
    return timed4(domain, name, a, b, c, 0);
}


/* --- accesses --- */

/* The fastest of some batches. */
static double access_time(const char *space, const char *order, unsigned bytes)
{
    char name[32];
    struct samples batches = {0};
    snprintf(name, sizeof name, "%s_%s%u", space, order, bytes);
    for (int i = 0; i < 5; i++) {
        uint64_t pointer = own;
        double ns;
        if (strcmp(space, "cap") == 0) {
            bench_entry(borrower, name); /* what making it ready may call must not take what is lent */
            porin_check(porin_capability_lend(0, buffer, SUMMED, PORIN_RIGHT_READ, &pointer), name, porin_last_error());
        }
        if (strcmp(space, "kept") == 0)
            ns = timed4(borrower, "through_kept", (uint64_t)kept, bytes, *order != 0, ROUNDS);
        else
            ns = timed(borrower, name, pointer, ROUNDS, 0);
        samples_add(&batches, ns / (double)(ROUNDS * SUMMED / bytes));
    }
    return samples_quantile(&batches, 0);
}

/* Of one width in one order; names of bars are kept. */
static void accesses_measure(unsigned width, const char *order, const char *words, char names[2][96], unsigned repetitions)
{
    static const char *const spaces[] = {"raw", "cap", "kept"}, *const kinds[] = {"", "asynchronous "};
    static const double bars[] = {1.5, 2.5};
    struct samples times[3] = {{0}};
    call(borrower, "borrow_shuffle", SUMMED / width, 0, 0);
    for (unsigned i = 0; i < repetitions; i++)
        for (int space = 0; space < 3; space++)
            samples_add(&times[space], access_time(spaces[space], order, width));
    double raw = samples_quantile(&times[0], 0.25), ratios[] = {samples_quantile(&times[1], 0.25) / raw,
                                                                samples_quantile(&times[2], 0.25) / raw};
    report("  %6u  %-10s %8.3f %10.3f %8.2f %14.3f %8.2f\n", width, words, raw, ratios[0] * raw, ratios[0], ratios[1] * raw, ratios[1]);
    results_object(NULL);
    results_number("bytes", width);
    results_text("order", words);
    results_samples("own", &times[0]);
    results_samples("capability", &times[1]);
    results_samples("asynchronous", &times[2]);
    results_end();
    for (int kind = 0; kind < 2; kind++) {
        snprintf(names[kind], sizeof names[kind], "elements of %u bytes through a %scapability, %s", width, kinds[kind], words);
        bar_check(names[kind], ratios[kind], AT_MOST, bars[kind], "times own memory");
    }
}

static void accesses_run(unsigned repetitions)
{
    static const unsigned widths[] = {1, 8, 16};
    static const char *const orders[] = {"", "random_"}, *const words[] = {"in order", "at random"};
    static char names[3][2][2][96];
    report("\nElements read in a loop, ns each, lower quartiles: own memory, a capability bound to the call, an asynchronous one\n");
    report("  %6s  %-10s %8s %10s %8s %14s %8s\n", "bytes", "", "own", "capability", "ratio", "asynchronous", "ratio");
    results_list("capability_accesses");
    kept = (int64_t)call(borrower, "keep_own", 0, 0, 0);
    if (kept <= 0)
        fail("a capability could not be kept");
    for (int w = 0; w < 3; w++)
        for (int o = 0; o < 2; o++)
            accesses_measure(widths[w], orders[o], words[o], names[w][o], repetitions);
    results_end();
}

/* --- bulk copies --- */

static void bulk_run(unsigned repetitions)
{
    static const uint64_t sizes[] = {64, 4096, 65536, BUFFER};
    report("\nCopies into a domain, ns each: memcpy from its own memory, and porin_cap_read\n");
    report("  %8s %10s %10s %8s\n", "bytes", "memcpy", "capability", "ratio");
    results_list("capability_copies");
    for (int s = 0; s < 4; s++) {
        struct samples raw = {0}, cap = {0};
        uint64_t rounds = 40000000 / (sizes[s] + 2000), pointer;
        static char names[4][64];
        for (unsigned i = 0; i < repetitions; i++) {
            samples_add(&raw, timed(borrower, "bulk_raw", sizes[s], rounds, 0) / (double)rounds);
            bench_entry(borrower, "bulk_cap");
            porin_check(porin_capability_lend(0, buffer, sizes[s], PORIN_RIGHT_READ, &pointer), "lend", porin_last_error());
            samples_add(&cap, timed(borrower, "bulk_cap", pointer, sizes[s], rounds) / (double)rounds);
        }
        double ratio = samples_median(&cap) / samples_median(&raw);
        report("  %8llu %10.1f %10.1f %8.2f\n", (unsigned long long)sizes[s], samples_median(&raw), samples_median(&cap), ratio);
        results_object(NULL);
        results_number("bytes", (double)sizes[s]);
        results_samples("memcpy", &raw);
        results_samples("capability", &cap);
        results_end();
        snprintf(names[s], sizeof names[s], "copy of %llu bytes through a capability", (unsigned long long)sizes[s]);
        if (sizes[s] >= 4096)
            bar_check(names[s], ratio, AT_MOST, 1.05, "times memcpy");
    }
    results_end();
}

/* --- revocation --- */

static void revocation_run(unsigned repetitions)
{
    struct samples one = {0}, many = {0};
    for (unsigned i = 0; i < repetitions; i++) {
        if (call(lender, "keep", 1, 0, 0) != 1)
            fail("a capability could not be kept");
        samples_add(&one, timed(lender, "revoke", 0, 0, 0));
        if (call(lender, "keep", KEPT, 0, 0) != KEPT)
            fail("%d capabilities could not be kept", KEPT);
        samples_add(&many, timed(lender, "revoke", 0, 0, 0));
    }
    report("\nRevocation: 1 capability %.0f ns, %d at once %.0f ns\n", samples_median(&one), KEPT, samples_median(&many));
    results_object("capability_revocation");
    results_samples("one", &one);
    results_samples("many", &many);
    results_end();
    bar_check("revoking 10 000 capabilities against one", samples_median(&many) / samples_median(&one), AT_MOST, 2, "times");
}

/* --- fork-join: a buffer shared with threads that each sum a part, and taken back when they are through --- */

enum { JOINS = 40 };
static struct {
    const char *way;
    atomic_uint begun, ended;           /* rounds, by the first thread and by the second */
    uint64_t number;
} joint;

static void share_sum(uint64_t from, uint64_t size)
{
    if (strcmp(joint.way, "own_sum") == 0)
        call(borrower, "own_sum", own + from, size / 8, 0);
    else if (strcmp(joint.way, "sum_lent") == 0)
        call(lender, "sum_lent", from, size, 0);
    else
        call(lender, "sum_kept", joint.number, from, size);
}

static void *second_run(void *unused)
{
    pin_to_cpu(cpu_other());
    call(lender, "sum_lent", 0, 64, 0); /* its stacks */
    call(borrower, "own_sum", own, 8, 0);
    for (unsigned round = 0; round <= JOINS; round++) {
        atomic_store(&joint.ended, round);
        while (atomic_load(&joint.begun) == round)
            __builtin_ia32_pause();
        share_sum(BUFFER / 2, BUFFER / 2);
    }
    atomic_store(&joint.ended, JOINS + 1);
    porin_thread_detach();
    return unused;
}

/* The fastest of some rounds: what else the machine does makes rounds of two processors slower, never faster. NAN without a second CPU. */
static double join_time(const char *way, bool two)
{
    struct samples rounds = {0};
    pthread_t second;
    joint.way = way;
    joint.begun = 0;
    joint.ended = UINT32_MAX;
    if (two && pthread_create(&second, NULL, second_run, NULL) != 0)
        fail("no thread");
    for (unsigned round = 0; round <= JOINS; round++) {
        while (two && atomic_load(&joint.ended) != round)
            __builtin_ia32_pause();
        uint64_t start = now_ns();
        bool keeps = strcmp(way, "sum_kept") == 0;
        joint.number = keeps ? call(lender, "share", 0, 0, 0) : 0;
        atomic_store(&joint.begun, round + 1);
        share_sum(0, two ? BUFFER / 2 : BUFFER);
        while (two && atomic_load(&joint.ended) != round + 1)
            __builtin_ia32_pause();
        if (keeps)
            call(lender, "unshare", joint.number, 0, 0);
        samples_add(&rounds, (double)(now_ns() - start) / 1e3);
    }
    if (two)
        pthread_join(second, NULL);
    return samples_quantile(&rounds, 0);
}

static void joins_run(unsigned repetitions)
{
    static const struct { const char *way, *what; } ways[] = {
        {"own_sum", "own memory, nothing shared"},
        {"sum_lent", "lent for the call by each thread"},
        {"sum_kept", "asynchronous: kept, used by all threads, revoked"},
    };
    struct samples us[3][2] = {{{0}}};
    for (unsigned i = 0; i < repetitions; i++)
        for (int way = 0; way < 3; way++)
            for (int two = 0; two < 1 + (cpu_other() >= 0); two++)
                samples_add(&us[way][two], join_time(ways[way].way, two));
    report("\nFork-join: 1 MiB summed in words of 8 bytes and joined, us a round\n  %-52s %10s %10s\n", "", "1 thread", "2 threads");
    results_list("capability_fork_join");
    for (int way = 0; way < 3; way++) {
        report("  %-52s %10.1f", ways[way].what, samples_median(&us[way][0]));
        report(cpu_other() >= 0 ? " %10.1f\n" : " needs a second CPU\n", samples_median(&us[way][1]));
        results_object(NULL);
        results_text("way", ways[way].what);
        results_samples("one_us", &us[way][0]);
        results_samples("two_us", &us[way][1]);
        results_end();
    }
    results_end();
    if (cpu_other() >= 0)
        bar_check("fork-join through an asynchronous capability, 2 threads", samples_median(&us[2][1]) / samples_median(&us[0][1]), AT_MOST,
                  2.5, "times own memory");
}

void bench_capability(const struct bench_settings *settings)
{
    lender = bench_domain(settings->build, "lender", false);
    borrower = bench_domain(settings->build, "borrower", false);
    caller = bench_domain(settings->build, "caller", false);
    callee = bench_domain(settings->build, "callee", false);
    bench_bind(caller, "callee_weakest", bench_entry(callee, "callee_answer"), 0, 0);
    bench_bind(lender, "borrow_nothing", bench_entry(borrower, "borrow_nothing"), 0, 0);
    bench_bind(lender, "borrow_byte", bench_entry(borrower, "borrow_byte"), 0, 0);
    bench_bind(lender, "borrow_sum", bench_entry(borrower, "borrow_sum"), 0, 0);
    own = call(borrower, "own_buffer", 0, 0, 0);
    arguments_measure(&(struct arguments_domains){.lender = lender, .caller = caller}, settings->repetitions);
    accesses_run(settings->repetitions);
    bulk_run(settings->repetitions);
    revocation_run(settings->repetitions);
    joins_run(settings->repetitions);
    porin_domain_destroy(lender);
    porin_domain_destroy(borrower);
    porin_domain_destroy(caller);
    porin_domain_destroy(callee);
}

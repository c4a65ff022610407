/* SPDX-License-Identifier: Apache-2.0 */
/* Memory by capability: what lending costs by the size of what is lent, single accesses and bulk copies against a domain's own memory, and
 * revocation by how much is revoked. */
#include "bench.h"
#include "porin/capability.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CALLS = 20000, ROUNDS = 40, BUFFER = 1 << 20, SUMMED = 16384, KEPT = 10000 };

static porin_domain *lender, *borrower, *caller, *callee;
static uint8_t buffer[BUFFER] __attribute__((aligned(64)));
static uint64_t own;                    /* the borrower's buffer */

static uint64_t call(porin_domain *domain, const char *name, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t result = 0;
    porin_check(porin_call6(bench_entry(domain, name), &result, a, b, c, 0, 0, 0), name, porin_last_error());
    return result;
}

static double timed(porin_domain *domain, const char *name, uint64_t a, uint64_t b, uint64_t c)
{
    porin_entry entry = bench_entry(domain, name);
    uint64_t result, start = now_ns();
    porin_check(porin_call6(entry, &result, a, b, c, 0, 0, 0), name, porin_last_error());
    return (double)(now_ns() - start);
}

/* --- calls --- */

struct passing { const char *way; uint64_t size; };

static double pass(const void *subject)
{
    const struct passing *passing = subject;
    uint64_t calls = strcmp(passing->way, "loop_copy") == 0 && passing->size > 4096 ? CALLS / 100 : CALLS;
    if (strcmp(passing->way, "loop_weakest") == 0)
        return timed(caller, passing->way, calls, 0, 0) / (double)calls;
    return timed(lender, passing->way, calls, passing->size, 0) / (double)calls;
}

/* Written and read on one thread: no less than two processes would pay. */
static double pass_socket(const void *subject)
{
    const struct passing *passing = subject;
    static uint8_t read_to[65536];
    int ends[2], pipes = strcmp(passing->way, "pipe") == 0;
    if ((pipes ? pipe(ends) : socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) != 0)
        fail("no pipe or socket");
    uint64_t start = now_ns();
    for (int i = 0; i < 1000; i++)
        if (write(ends[1], buffer, passing->size) < 0 || read(ends[0], read_to, passing->size) < 0)
            fail("a transfer failed");
    double ns = (double)(now_ns() - start) / 1000;
    close(ends[0]);
    close(ends[1]);
    return ns;
}

static void calls_run(unsigned repetitions)
{
    static const struct passing empty = {"loop_weakest", 0}, nothing = {"loop_nothing", 0},
        lent[] = {{"loop_lend", 1}, {"loop_lend", 4096}, {"loop_lend", 1 << 20}},
        copied[] = {{"loop_copy", 1}, {"loop_copy", 4096}, {"loop_copy", 1 << 20}}, piped[] = {{"pipe", 1}, {"pipe", 65536}},
        sent[] = {{"socket", 1}, {"socket", 65536}};
    struct ladder ladder = {.title = "An argument in memory, by how it is passed", .name = "capability_calls", .short_name = "ns",
                            .unit_ns = 1};
    struct rung *plain = rung_add(&ladder, "call of a domain, nothing passed", pass, &empty, NULL);
    rung_add(&ladder, "the same where both use capabilities", pass, &nothing, NULL);
    struct rung *first = rung_add(&ladder, "1 byte by capability", pass, &lent[0], NULL);
    rung_add(&ladder, "4 KiB by capability", pass, &lent[1], NULL);
    struct rung *large = rung_add(&ladder, "1 MiB by capability", pass, &lent[2], NULL);
    rung_add(&ladder, "1 byte copied", pass, &copied[0], NULL);
    rung_add(&ladder, "4 KiB copied", pass, &copied[1], NULL);
    rung_add(&ladder, "1 MiB copied", pass, &copied[2], NULL);
    rung_add(&ladder, "1 byte through a pipe, without another process", pass_socket, &piped[0], NULL);
    rung_add(&ladder, "64 KiB through a pipe", pass_socket, &piped[1], NULL);
    rung_add(&ladder, "1 byte through a UNIX socket, likewise", pass_socket, &sent[0], NULL);
    rung_add(&ladder, "64 KiB through a UNIX socket", pass_socket, &sent[1], NULL);
    ladder_measure(&ladder, repetitions);
    ladder_report(&ladder);
    bar_check("lending 1 MiB for a call", rung_cost(large).median - rung_cost(plain).median, AT_MOST, 5, "ns more than an empty call");
    bar_check("1 MiB against 1 byte by capability", rung_cost(large).median / rung_cost(first).median, AT_MOST, 1.1, "times");
}

/* --- accesses --- */

static double access_time(const char *space, const char *order, unsigned bytes)
{
    char name[32];
    snprintf(name, sizeof name, "%s_%s%u", space, order, bytes);
    uint64_t pointer = own;
    if (strcmp(space, "cap") == 0) {
        bench_entry(borrower, name); /* what making it ready may call must not take what is lent */
        porin_check(porin_capability_lend(0, buffer, SUMMED, PORIN_RIGHT_READ, &pointer), name, porin_last_error());
    }
    return timed(borrower, name, pointer, ROUNDS, 0) / (double)(ROUNDS * SUMMED / bytes);
}

static void accesses_run(unsigned repetitions)
{
    static const unsigned widths[] = {1, 8, 16};
    static const char *const orders[] = {"", "random_"}, *const words[] = {"in order", "at random"};
    report("\nElements read in a loop, ns each: a domain's own memory, and through a capability (bound to the call or asynchronous)\n");
    report("  %6s  %-10s %8s %8s %8s\n", "bytes", "", "own", "capability", "ratio");
    results_list("capability_accesses");
    for (int w = 0; w < 3; w++)
        for (int o = 0; o < 2; o++) {
            struct samples raw = {0}, cap = {0};
            static char names[3][2][64]; /* bars keep them */
            char *what = names[w][o];
            call(borrower, "borrow_shuffle", SUMMED / widths[w], 0, 0);
            for (unsigned i = 0; i < repetitions; i++) {
                samples_add(&raw, access_time("raw", orders[o], widths[w]));
                samples_add(&cap, access_time("cap", orders[o], widths[w]));
            }
            double ratio = samples_median(&cap) / samples_median(&raw);
            report("  %6u  %-10s %8.3f %8.3f %8.2f\n", widths[w], words[o], samples_median(&raw), samples_median(&cap), ratio);
            results_object(NULL);
            results_number("bytes", widths[w]);
            results_text("order", words[o]);
            results_samples("own", &raw);
            results_samples("capability", &cap);
            results_end();
            snprintf(what, sizeof names[w][o], "elements of %u bytes through a capability, %s", widths[w], words[o]);
            bar_check(what, ratio, AT_MOST, 1.5, "times own memory");
        }
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

void bench_capability(const struct bench_settings *settings)
{
    lender = bench_domain(settings->build, "lender", false);
    borrower = bench_domain(settings->build, "borrower", false);
    caller = bench_domain(settings->build, "caller", false);
    callee = bench_domain(settings->build, "callee", false);
    bench_bind(caller, "callee_weakest", bench_entry(callee, "callee_answer"), 0, 0);
    bench_bind(lender, "borrow_nothing", bench_entry(borrower, "borrow_nothing"), 0, 0);
    bench_bind(lender, "borrow_byte", bench_entry(borrower, "borrow_byte"), 0, 0);
    own = call(borrower, "own_buffer", 0, 0, 0);
    calls_run(settings->repetitions);
    accesses_run(settings->repetitions);
    bulk_run(settings->repetitions);
    revocation_run(settings->repetitions);
    porin_domain_destroy(lender);
    porin_domain_destroy(borrower);
    porin_domain_destroy(caller);
    porin_domain_destroy(callee);
}

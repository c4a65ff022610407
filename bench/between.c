/* SPDX-License-Identifier: Apache-2.0 */
/* Part: what the stubs of porin bind cost between domains: per class of types against the same call by hand, and a buffer by its size,
 * copied into the call's message, lent to the receiver, lent to the library, and lent and copied by hand. */
#include "bench.h"
#include "classes_edges.h"
#include "bind/hand.h"
#include <stdio.h>
#include <string.h>

static porin_domain *caller, *callee;

struct loop { porin_entry entry; uint32_t size; uint64_t calls; };

static double loop_measure(const void *subject)
{
    const struct loop *loop = subject;
    uint64_t failed = 1, begin = now_ns();
    porin_check(porin_call6(loop->entry, &failed, loop->calls, loop->size, 0, 0, 0, 0), "a loop of calls", porin_last_error());
    double ns = (double)(now_ns() - begin) / (double)loop->calls;
    if ((uint32_t)failed)
        fail("a stub between domains does not work");
    return ns;
}

static struct rung *loop_add(struct ladder *ladder, const char *what, const char *way, const char *kind, uint32_t size)
{
    static struct loop loops[2 * RUNGS_MAX];
    static size_t used;
    char name[64];
    struct loop *loop = &loops[used++];
    snprintf(name, sizeof name, "loop_%s_%s", way, kind);
    *loop = (struct loop){bench_entry(caller, name), size, size > 4096 ? 1000 : 10000};
    return rung_add(ladder, what, loop_measure, loop, NULL);
}

static void connect(const struct bench_settings *settings)
{
    struct porin_error error = {0};
    caller = bench_domain(settings->build, "bind-caller", false);
    callee = bench_domain(settings->build, "bind-callee", false);
    porin_check(classes_connect(caller, callee, &error), "classes_connect", &error);
    struct porin_edge_options options = {.policy = PORIN_POLICY_ALL, .fault_value = -1};
#define BIND(name)                                                              \
    options.stack_words = strcmp(#name, "many") == 0 ? 2 : 0;                  \
    porin_check(porin_domain_bind(caller, "hand_" #name, bench_entry(callee, "hand_" #name), &options, &error), #name, &error);
    HAND_ALL(BIND)
}

/* The least: what else runs on the other half of the core takes as much again. */
static double least(const struct rung *rung)
{
    return samples_quantile(&rung->ns, 0);
}

static void classes_run(unsigned repetitions)
{
    static const struct { const char *what, *kind; uint32_t size; } rows[] = {
        {"two integers", "integers", 0},           {"eight integers", "many", 0},
        {"a double", "double", 0},                 {"an enum, in and out", "enum", 0},
        {"an opaque handle", "handle", 0},         {"a string, 20 bytes in", "string", 0},
        {"a buffer, 64 bytes in", "in", 64},       {"a buffer, 64 bytes out", "out", 64},
        {"a buffer, 4096 bytes in", "in", 4096},   {"64 bytes lent to a library that takes PORIN_CAP", "lent", 64},
        {"a struct of 16 bytes, in and out", "pair", 0}, {"a struct of 64 bytes, in and out", "block", 0},
        {"a borrowed string", "text", 0},
    };
    enum { ROWS = sizeof rows / sizeof *rows };
    struct ladder ladder = {.name = "bind_between"};
    struct rung *stub[ROWS], *hand[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        stub[i] = loop_add(&ladder, rows[i].what, "stub", rows[i].kind, rows[i].size);
        hand[i] = loop_add(&ladder, rows[i].what, "hand", rows[i].kind, rows[i].size);
    }
    ladder_measure(&ladder, repetitions);
    report("\nStubs of porin bind between domains: nanoseconds a call (least), and the same by hand\n");
    report("  %-50s %9s %9s %7s\n", "", "stub", "by hand", "ratio");
    results_list(ladder.name);
    for (size_t i = 0; i < ROWS; i++) {
        report("  %-50s %9.1f %9.1f %7.2f\n", rows[i].what, least(stub[i]), least(hand[i]), least(stub[i]) / least(hand[i]));
        results_object(NULL);
        results_text("class", rows[i].what);
        results_samples("stub_ns", &stub[i]->ns);
        results_samples("hand_ns", &hand[i]->ns);
        results_end();
    }
    results_end();
}

static void sizes_run(unsigned repetitions, const char *direction, const char *title)
{
    static const char *const ways[] = {"copy", "cap", "stub", "hand"};
    static const uint32_t sizes[] = {16, 64, 128, 192, 256, 512, 1024, 4096, 16384, 65536};
    enum { WAYS = sizeof ways / sizeof *ways, SIZES = sizeof sizes / sizeof *sizes };
    struct ladder ladder = {.name = direction};
    struct rung *rungs[SIZES][WAYS];
    for (size_t i = 0; i < SIZES; i++)
        for (size_t way = 0; way < WAYS; way++)
            rungs[i][way] = loop_add(&ladder, ways[way], ways[way], direction, sizes[i]);
    ladder_measure(&ladder, repetitions);
    report("\n%s, nanoseconds a call (least)\n", title);
    report("  %8s %10s %10s %10s %10s %14s\n", "bytes", "copied", "lent", "cheaper", "by hand", "cheaper/hand");
    char name[32];
    snprintf(name, sizeof name, "bind_between_%s", direction);
    results_list(name);
    for (size_t i = 0; i < SIZES; i++) {
        report("  %8u", sizes[i]);
        results_object(NULL);
        results_number("bytes", sizes[i]);
        for (size_t way = 0; way < WAYS; way++) {
            report(" %10.1f", least(rungs[i][way]));
            results_samples(ways[way], &rungs[i][way]->ns);
        }
        report(" %14.2f\n", least(rungs[i][2]) / least(rungs[i][3]));
        results_end();
    }
    results_end();
}

void bench_between(const struct bench_settings *settings)
{
    connect(settings);
    classes_run(settings->repetitions);
    sizes_run(settings->repetitions, "in", "A buffer that the library reads");
    sizes_run(settings->repetitions, "out", "A buffer that the library writes");
    porin_domain_destroy(caller);
    porin_domain_destroy(callee);
}

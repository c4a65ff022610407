/* SPDX-License-Identifier: Apache-2.0 */
/* Forking beside other domains: the child gets the slot of the domain that forks and no other, and how many others its parent holds must
 * not matter. Beside it the same program natively, and what the kernel takes for a fork of the process that holds them all. */
#include "bench.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OTHERS_MAX = 1000, MOST_BYTES = 64 };

static const size_t others[] = { 0, 100, OTHERS_MAX };
enum { POINTS = sizeof others / sizeof others[0] };

static porin_image *idle, *forker;
static porin_domain *holding[OTHERS_MAX];
static size_t held;

/* Runs the program in a domain of its own; what it prints are microseconds. */
static double domain_forks(const char *mib)
{
    struct porin_domain_options options;
    struct porin_error error = {0};
    porin_domain *domain;
    const char *const arguments[] = {"fork", mib};
    char text[MOST_BYTES] = "";
    int ends[2], code = -1;
    if (pipe(ends) < 0)
        fail("pipe: %s", strerror(errno));
    porin_domain_options_default(&options);
    options.grants |= PORIN_GRANT_PROCESSES | PORIN_GRANT_TIME | PORIN_GRANT_CONSOLE;
    options.stdio[1] = ends[1];
    options.arguments = arguments;
    options.argument_count = 2;
    porin_check(porin_domain_create(forker, &options, &domain, &error), "create", &error);
    porin_check(porin_domain_run(domain, &code, &error), "run", &error);
    porin_domain_destroy(domain);
    if (code != 0 || read(ends[0], text, sizeof text - 1) <= 0)
        fail("the program that forks ended with %d", code);
    close(ends[0]);
    close(ends[1]);
    return atof(text);
}

static double native_forks(const struct bench_settings *settings, const char *mib)
{
    char program[512], text[MOST_BYTES];
    snprintf(program, sizeof program, "%s/bench/services/fork", settings->build);
    if (!command_run((const char *const[]){program, mib, NULL}, text, sizeof text))
        fail("%s failed", program);
    return atof(text);
}

static double process_forks(void)
{
    struct samples took = {0};
    for (int i = 0; i < 15; i++) {
        uint64_t start = now_ns();
        pid_t child = fork();
        if (child == 0)
            _exit(0);
        if (child < 0 || waitpid(child, NULL, 0) != child)
            fail("fork: %s", strerror(errno));
        samples_add(&took, (double)(now_ns() - start) / 1e3);
    }
    return samples_median(&took);
}

/* Makes or destroys others until there are that many. */
static void others_hold(size_t count)
{
    struct porin_error error = {0};
    uint64_t result;
    for (; held > count; held--)
        porin_domain_destroy(holding[held - 1]);
    for (; held < count; held++) {
        porin_check(porin_domain_create(idle, NULL, &holding[held], &error), "create", &error);
        porin_check(porin_call6(bench_entry(holding[held], "callee_answer"), &result, 41, 0, 0, 0, 0, 0), "call", porin_last_error());
    }
}

static void line(const char *name, const struct samples *small, const struct samples *large)
{
    struct summary summary = samples_summary(small);
    report("  %-44s %8.0f  %.0f..%.0f", name, summary.median, summary.q1, summary.q3);
    if (large->count) {
        summary = samples_summary(large);
        report("  %12.0f  %.0f..%.0f", summary.median, summary.q1, summary.q3);
    }
    report("\n");
    results_object(NULL);
    results_text("what", name);
    results_samples("1_mib_us", small);
    if (large->count)
        results_samples("100_mib_us", large);
    results_end();
}

void bench_forks(const struct bench_settings *settings)
{
    static struct { struct samples small, large, process; } domain[POINTS];
    static struct samples native_small, native_large, none;
    char path[512];
    struct porin_error error = {0};
    snprintf(path, sizeof path, "%s/bench/services/fork.porin", settings->build);
    idle = bench_image(settings->build, "callee");
    porin_check(porin_image_load_file(path, &forker, &error), path, &error);
    for (unsigned repetition = 0; repetition < settings->repetitions; repetition++) {
        samples_add(&native_small, native_forks(settings, "1"));
        samples_add(&native_large, native_forks(settings, "100"));
        for (size_t i = 0; i < POINTS; i++) {
            others_hold(others[i]);
            samples_add(&domain[i].small, domain_forks("1"));
            samples_add(&domain[i].large, domain_forks("100"));
            samples_add(&domain[i].process, process_forks());
        }
        others_hold(0);
    }
    report("\nFork and wait: microseconds with 1 MiB in use, and with 100 MiB (median, quartiles)\n");
    results_list("forks");
    line("natively, the program alone", &native_small, &native_large);
    for (size_t i = 0; i < POINTS; i++) {
        char name[64];
        snprintf(name, sizeof name, "a domain beside %zu others", others[i]);
        line(name, &domain[i].small, &domain[i].large);
        snprintf(name, sizeof name, "the whole process with %zu domains", others[i]);
        line(name, &domain[i].process, &none);
    }
    results_end();
    bar_check("fork of a domain with 100 MiB beside 1000 others, to one beside none",
              samples_median(&domain[POINTS - 1].large) / samples_median(&domain[0].large), AT_MOST, 1.25, "x");
    porin_image_release(forker);
    porin_image_release(idle);
}

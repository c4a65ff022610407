/* SPDX-License-Identifier: Apache-2.0 */
/* String functions: the domain's, the same C code natively, and glibc's, which picks hand-written assembly for the CPU. */
#include "bench.h"
#include <stdio.h>
#include <string.h>

enum { ROWS_MAX = 64 };
static const char *const variants[] = {"domain", "native", "glibc"};
enum { VARIANTS = sizeof variants / sizeof variants[0] };

static struct row { char function[16]; unsigned long size; struct samples ns[VARIANTS]; } rows[ROWS_MAX];
static size_t row_count;

static struct row *row_find(const char *function, unsigned long size)
{
    for (size_t i = 0; i < row_count; i++)
        if (rows[i].size == size && strcmp(rows[i].function, function) == 0)
            return &rows[i];
    if (row_count == ROWS_MAX)
        fail("more than %d string functions and sizes", ROWS_MAX);
    struct row *row = &rows[row_count++];
    snprintf(row->function, sizeof row->function, "%s", function);
    row->size = size;
    return row;
}

static void variant_run(const struct bench_settings *settings, size_t variant)
{
    char porin[512], path[512], text[65536];
    snprintf(porin, sizeof porin, "%s/bin/porin", settings->build);
    snprintf(path, sizeof path, "%s/bench/%s/functions", settings->build, variants[variant]);
    const char *const domain[] = {porin, "run", path, NULL}, *const native[] = {path, NULL};
    if (!command_run(variant == 0 ? domain : native, text, sizeof text))
        fail("%s failed", path);
    for (char *state, *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
        char function[16];
        unsigned long size;
        double ns;
        if (sscanf(line, "function %15s %lu %lf", function, &size, &ns) != 3)
            fail("%s printed: %s", path, line);
        samples_add(&row_find(function, size)->ns[variant], ns);
    }
}

void bench_strings(const struct bench_settings *settings)
{
    size_t order[VARIANTS];
    for (unsigned repetition = 0; repetition < settings->repetitions; repetition++) {
        order_shuffle(order, VARIANTS);
        for (size_t i = 0; i < VARIANTS; i++)
            variant_run(settings, order[i]);
    }
    report("\nString functions: nanoseconds of one call\n");
    report("  %-8s %8s %10s %10s %10s   %s\n", "", "bytes", "domain", "native", "glibc", "domain/native");
    results_list("strings");
    for (size_t i = 0; i < row_count; i++) {
        const struct row *row = &rows[i];
        results_object(NULL);
        results_text("function", row->function);
        results_number("bytes", (double)row->size);
        report("  %-8s %8lu", row->function, row->size);
        for (size_t variant = 0; variant < VARIANTS; variant++) {
            report(" %10.2f", samples_median(&row->ns[variant]));
            results_samples(variants[variant], &row->ns[variant]);
        }
        report("   %6.2f\n", samples_median(&row->ns[0]) / samples_median(&row->ns[1]));
        results_end();
    }
    results_end();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Part (a): the same programs natively, in a domain and through wasm2c, interleaved; part (e): their code size. */
#include "bench.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum variant { NATIVE, DOMAIN, WASM, VARIANTS };
static const char *const variant_names[VARIANTS] = {"native", "domain", "wasm2c"};

/* Row name, program (bench/programs), argument after the scale. */
static const struct program { const char *row, *file, *argument; } programs[] = {
    {"fib", "fib", NULL},         {"list", "list", NULL},         {"hash", "hash", NULL},     {"text", "text", NULL},
    {"regex", "regex", NULL},     {"sort", "sort", NULL},         {"matrix", "matrix", NULL}, {"machine", "machine", NULL},
    {"json", "json", NULL},       {"zlib", "zlib", NULL},         {"png", "png", NULL},       {"bzip2", "bzip2", NULL},
    {"sqlite", "sqlite", NULL},   {"lua-trees", "lua", "trees"},  {"lua-queens", "lua", "queens"},
    {"lua-text", "lua", "text"},
};
enum { PROGRAMS = sizeof programs / sizeof programs[0] };

static struct row {
    bool present[VARIANTS];
    struct samples times_ns[VARIANTS], ratio[VARIANTS]; /* ratio: to the native run of the same repetition */
    uint64_t checksum;
} rows[PROGRAMS];

static void program_path(char *path, size_t size, const struct bench_settings *settings, size_t program, enum variant variant)
{
    snprintf(path, size, "%s/bench/%s/%s", settings->build, variant_names[variant], programs[program].file);
}

/* Runs one variant once and returns its own time; checks the checksum against the first one seen. */
static double program_run(const struct bench_settings *settings, size_t program, enum variant variant)
{
    char path[512], porin[512], scale[16], text[65536];
    const char *command[8];
    size_t count = 0;
    program_path(path, sizeof path, settings, program, variant);
    snprintf(porin, sizeof porin, "%s/bin/porin", settings->build);
    snprintf(scale, sizeof scale, "%u", settings->scale_percent);
    if (variant == DOMAIN) {
        command[count++] = porin;
        command[count++] = "run";
    }
    command[count++] = path;
    command[count++] = scale;
    command[count++] = programs[program].argument;
    command[count] = NULL;
    if (!command_run(command, text, sizeof text))
        fail("%s (%s) failed", programs[program].row, variant_names[variant]);
    uint64_t checksum, ns;
    const char *line = strstr(text, "bench checksum ");
    if (!line || sscanf(line, "bench checksum %" SCNx64 " ns %" SCNu64, &checksum, &ns) != 2)
        fail("%s (%s) printed no result", programs[program].row, variant_names[variant]);
    if (!rows[program].checksum)
        rows[program].checksum = checksum;
    if (checksum != rows[program].checksum)
        fail("%s (%s) computed %016" PRIx64 ", another variant %016" PRIx64, programs[program].row, variant_names[variant], checksum,
             rows[program].checksum);
    return (double)ns;
}

static void repetition_run(const struct bench_settings *settings)
{
    size_t program_order[PROGRAMS], variant_order[VARIANTS];
    order_shuffle(program_order, PROGRAMS);
    for (size_t i = 0; i < PROGRAMS; i++) {
        size_t program = program_order[i];
        double ns[VARIANTS];
        order_shuffle(variant_order, VARIANTS);
        for (size_t j = 0; j < VARIANTS; j++)
            if (rows[program].present[variant_order[j]])
                ns[variant_order[j]] = program_run(settings, program, (enum variant)variant_order[j]);
        for (size_t variant = 0; variant < VARIANTS; variant++)
            if (rows[program].present[variant]) {
                samples_add(&rows[program].times_ns[variant], ns[variant]);
                samples_add(&rows[program].ratio[variant], ns[variant] / ns[NATIVE]);
            }
    }
}

static void row_report(size_t program)
{
    struct row *row = &rows[program];
    struct summary domain = samples_summary(&row->ratio[DOMAIN]);
    report("  %-11s %9.1f %9.1f ", programs[program].row, samples_median(&row->times_ns[NATIVE]) / 1e6,
           samples_median(&row->times_ns[DOMAIN]) / 1e6);
    report("  %6.3f  %.3f..%.3f", domain.median, domain.q1, domain.q3);
    if (row->present[WASM])
        report("   %6.3f", samples_median(&row->ratio[WASM]));
    report("\n");
    results_object(NULL);
    results_text("program", programs[program].row);
    for (size_t variant = 0; variant < VARIANTS; variant++)
        if (row->present[variant]) {
            results_object(variant_names[variant]);
            results_samples("time_ns", &row->times_ns[variant]);
            results_samples("ratio_to_native", &row->ratio[variant]);
            results_end();
        }
    results_end();
}

/* Geometric mean of the median ratios over the programs that have the variant; *count says how many. */
static double geomean(enum variant variant, unsigned *count)
{
    double sum = 0;
    *count = 0;
    for (size_t program = 0; program < PROGRAMS; program++)
        if (rows[program].present[variant]) {
            sum += log(samples_median(&rows[program].ratio[variant]));
            ++*count;
        }
    return *count ? exp(sum / *count) : NAN;
}

static void times_report(void)
{
    double worst = 0;
    unsigned count;
    report("\nPrograms: processor time of their own work, milliseconds (median), and ratio to native gcc -O2 with the same libc\n");
    report("  %-11s %9s %9s   %6s  %-12s   %6s\n", "", "native", "domain", "ratio", "quartiles", "wasm2c");
    results_list("programs");
    for (size_t program = 0; program < PROGRAMS; program++) {
        row_report(program);
        worst = fmax(worst, samples_median(&rows[program].ratio[DOMAIN]));
    }
    results_end();
    double domain = geomean(DOMAIN, &count);
    unsigned wasm_count;
    double wasm = geomean(WASM, &wasm_count);
    report("  %-11s %9s %9s   %6.3f  %-12s   %6.3f  (of %u and %u programs)\n", "geomean", "", "", domain, "", wasm, count, wasm_count);
    results_number("programs_geomean_domain", domain);
    if (wasm_count)
        results_number("programs_geomean_wasm2c", wasm);
    bar_check("(a) in-domain time / native, geomean", domain, AT_MOST, 1.12, "");
    bar_check("(a) in-domain time / native, geomean, ambition", domain, AT_MOST, 1.05, "");
    bar_check("(a) in-domain time / native, worst row", worst, AT_MOST, 1.25, "");
}

static void sizes_report(const struct bench_settings *settings)
{
    double sum = 0;
    unsigned count = 0;
    report("\nCode size: executable sections with the libc linked in, KiB\n  %-11s %9s %9s   %6s\n", "", "native", "domain", "ratio");
    results_list("code_size");
    for (size_t program = 0; program < PROGRAMS; program++) {
        char native_path[512], domain_path[512];
        if (program && strcmp(programs[program].file, programs[program - 1].file) == 0)
            continue;
        program_path(native_path, sizeof native_path, settings, program, NATIVE);
        program_path(domain_path, sizeof domain_path, settings, program, DOMAIN);
        double native = (double)elf_text_size(native_path), domain = (double)elf_text_size(domain_path);
        report("  %-11s %9.1f %9.1f   %6.3f\n", programs[program].file, native / 1024, domain / 1024, domain / native);
        results_object(NULL);
        results_text("program", programs[program].file);
        results_number("native_bytes", native);
        results_number("domain_bytes", domain);
        results_end();
        sum += log(domain / native);
        count++;
    }
    results_end();
    report("  %-11s %9s %9s   %6.3f\n", "geomean", "", "", exp(sum / count));
    results_number("code_size_geomean", exp(sum / count));
}

void bench_programs(const struct bench_settings *settings)
{
    for (size_t program = 0; program < PROGRAMS; program++)
        for (size_t variant = 0; variant < VARIANTS; variant++) {
            char path[512];
            program_path(path, sizeof path, settings, program, (enum variant)variant);
            rows[program].present[variant] = access(path, R_OK) == 0;
            if (!rows[program].present[variant] && variant != WASM)
                fail("%s is missing: run make bench", path);
        }
    for (unsigned repetition = 0; repetition < settings->repetitions; repetition++) {
        fprintf(stderr, "\rbench: programs, repetition %u of %u ", repetition + 1, settings->repetitions);
        repetition_run(settings);
    }
    fprintf(stderr, "\r%50s\r", "");
    times_report();
    sizes_report(settings);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* porin-bench: runs the parts of the bench, prints their tables and the bars, writes report and results. */
#include "bench.h"
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

static const struct part { const char *name, *help; void (*run)(const struct bench_settings *settings); } parts[] = {
    {"programs", "in-domain time and code size against native and wasm2c", bench_programs},
    {"strings", "string functions of the libc", bench_strings},
    {"ladder", "what a call costs, from a direct call to a socket", bench_ladder},
    {"capability", "memory by capability: calls, accesses, copies, revocation", bench_capability},
    {"storage", "a storage stack of isolated modules against one program", bench_storage},
    {"cold", "first calls, and calls with everything displaced", bench_cold},
    {"ends", "faults, kills and restarts", bench_ends},
    {"deadlines", "how late a late call ends", bench_deadlines},
    {"threads", "calls of two threads at once", bench_threads},
    {"stubs", "stubs of porin bind, per class of types and end to end", bench_stubs},
    {"between", "stubs of porin bind between domains, and buffers by copy and by capability", bench_between},
    {"verifier", "verifier throughput", bench_verifier},
    {"create", "creating domains, and many live ones", bench_create},
    {"forks", "forking a domain beside others", bench_forks},
    {"talks", "services that talk over stream sockets", bench_talks},
};
enum { PARTS = sizeof parts / sizeof parts[0] };

void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("\nbench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(1);
}

void porin_check(porin_status status, const char *what, const struct porin_error *error)
{
    if (status != PORIN_OK)
        fail("%s: %s: %s", what, porin_status_name(status), error && error->text[0] ? error->text : porin_status_text(status));
}

static void usage(FILE *to)
{
    fprintf(to, "usage: porin-bench [-n REPETITIONS] [-s SCALE%%] [-b BUILD] [-o NAME] [-r SEED] [PART...]\n"
            "writes BUILD/bench/NAME.txt and NAME.json (report); parts (default: all):\n");
    for (size_t i = 0; i < PARTS; i++)
        fprintf(to, "  %-10s %s\n", parts[i].name, parts[i].help);
}

static unsigned number_argument(const char *text, unsigned least, unsigned most)
{
    char *end;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (errno || *end || end == text || number < least || number > most)
        fail("%s is no number from %u to %u", text, least, most);
    return (unsigned)number;
}

static void machine_describe(const struct bench_settings *settings, unsigned seed)
{
    char line[256], model[256] = "unknown";
    struct utsname system;
    FILE *info = fopen("/proc/cpuinfo", "r");
    while (info && fgets(line, sizeof line, info))
        if (sscanf(line, "model name : %255[^\n]", model) == 1)
            break;
    if (info)
        fclose(info);
    uname(&system);
    report("porin-bench on %s, Linux %s; %u repetitions in random order (seed %u), medians\n", model, system.release,
           settings->repetitions, seed);
    results_text("cpu", model);
    results_text("kernel", system.release);
    results_text("compiler", "gcc " __VERSION__);
    results_number("repetitions", settings->repetitions);
    results_number("scale_percent", settings->scale_percent);
    results_number("seed", seed);
}

static bool part_wanted(const char *name, char **wanted, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(wanted[i], name) == 0)
            return true;
    return count == 0;
}

static void parts_check(char **wanted, int count)
{
    for (int i = 0; i < count; i++) {
        bool known = false;
        for (size_t part = 0; part < PARTS; part++)
            known |= strcmp(parts[part].name, wanted[i]) == 0;
        if (!known)
            fail("no part is called %s", wanted[i]);
    }
}

int main(int argc, char **argv)
{
    struct bench_settings settings = {.repetitions = 9, .scale_percent = 100, .build = "build"};
    const char *name = NULL;
    unsigned seed = (unsigned)now_ns();
    for (int option; (option = getopt(argc, argv, "n:s:b:o:r:h")) != -1;) {
        switch (option) {
        case 'n': settings.repetitions = number_argument(optarg, 1, SAMPLES_MAX); break;
        case 's': settings.scale_percent = number_argument(optarg, 1, 10000); break;
        case 'b': settings.build = optarg; break;
        case 'o': name = optarg; break;
        case 'r': seed = number_argument(optarg, 0, 4294967295u); break;
        case 'h': usage(stdout); return 0;
        default: usage(stderr); return 2;
        }
    }
    char text[512], samples[512];
    snprintf(text, sizeof text, "%s/bench/%s.txt", settings.build, name ? name : "report");
    snprintf(samples, sizeof samples, "%s/bench/%s.json", settings.build, name ? name : "report");
    parts_check(argv + optind, argc - optind);
    srandom(seed);
    setvbuf(stdout, NULL, _IOLBF, 0);
    pin_to_cpu(cpu_main());
    report_open(text);
    results_open(samples);
    machine_describe(&settings, seed);
    for (size_t part = 0; part < PARTS; part++)
        if (part_wanted(parts[part].name, argv + optind, argc - optind))
            parts[part].run(&settings);
    unsigned missed = bars_report();
    results_close();
    report("\n%s. This report: %s; all samples: %s\n", missed ? "Some bars are missed" : "All bars are met", text, samples);
    report_close();
    return 0;
}

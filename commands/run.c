/* SPDX-License-Identifier: Apache-2.0 */
/* `porin run`: runs a program image as a domain that has its console, its arguments, the granted directories, and nothing else. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "commands.h"
#include "harden.h"
#include "layout.h"
#include "porin/observe.h"
#include "porin/porin.h"

/* As shells have it for programs that cannot be started. */
#define EXIT_CANNOT_RUN 126
#define EXIT_NOT_FOUND 127
#define EXIT_OWN_FAILURE 125
#define EXIT_SIGNAL 128
#define MOST_THREADS 10000

static const char usage[] =
    "usage: porin run [OPTIONS] FILE [ARGUMENTS]\n\n"
    "Runs the program image FILE (built with porin-cc) as a domain. It has the standard streams, clocks, memory,\n"
    "and what is granted here.\n\n"
    "  --dir HOST[:GUEST][:ro]  grants the directory HOST, seen as GUEST (default: its real path); ro: for reading only\n"
    "  --listen ADDRESS         lets it listen on ADDRESS:PORT, [ADDRESS]:PORT, ADDRESS/BITS:PORT or unix:PATH; * is any\n"
    "  --connect ADDRESS        lets it connect to such an address\n"
    "  --env NAME=VALUE         sets a variable of its environment, which is empty otherwise\n"
    "  --mem BYTES              limits its memory; K, M and G may follow the number\n"
    "  --cpu SECONDS            limits its CPU time, on all its threads, in each of its processes\n"
    "  --usage                  says at its end what it has used\n"
    "  --threads NUMBER         how many threads it may start that run at once (default: 64)\n"
    "  --name NAME              its name in messages (default: the file's)\n"
    "  --profile FILE           writes where it spent its CPU time, for porin flame\n"
    "  --trace FILE             writes when it called services and who called whom, for a browser's about:tracing or Perfetto\n"
    "  --audit                  says what was refused, and which option would allow it\n"
    "  --help                   this text\n\n"
    "--dir, --listen, --connect and --env may be repeated. The program starts in the first granted directory.\n"
    "Exit status: the program's; 128 + signal if it faulted; 126 not a runnable image; 127 no such file; 125 other\n"
    "failures; 2 bad usage.\n";

struct run {
    struct porin_domain_options options;
    struct porin_directory *directories;
    const char **environment, **listen, **connect;
    const char *file;
    bool usage;
    int profile, trace;                  /* descriptors to write them to; -1: none is taken */
};

static int usage_error(const char *problem, const char *what)
{
    fprintf(stderr, "porin run: %s%s; porin run --help lists the options\n", problem, what);
    return EXIT_USAGE;
}

/* HOST[:GUEST][:ro], taken apart in place. A host path with a colon in it cannot be given this way. */
static int parse_directory(struct run *run, char *text)
{
    struct porin_directory *directory = &run->directories[run->options.directory_count];
    char *colon = strrchr(text, ':');
    if (colon && strcmp(colon, ":ro") == 0) {
        directory->read_only = true;
        *colon = '\0';
        colon = strrchr(text, ':');
    }
    if (colon)
        *colon++ = '\0';
    if (colon && *colon != '/')
        return usage_error("--dir: the guest path must begin with / and not be: ", colon);
    directory->host_path = text;
    directory->guest_path = colon ? colon : realpath(text, NULL);
    if (!directory->guest_path) {
        fprintf(stderr, "porin run: --dir %s: %s\n", text, strerror(errno));
        return EXIT_OWN_FAILURE;
    }
    run->options.directory_count++;
    return 0;
}

static int parse_memory(struct run *run, const char *text)
{
    static const char units[] = "KMG";
    char *end;
    errno = 0;
    unsigned long long size = strtoull(text, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    if (errno || *text < '0' || *text > '9' || (*end && (!unit || end[1])) || size == 0 || size > UINT64_MAX >> shift)
        return usage_error("--mem: not a number of bytes: ", text);
    run->options.memory_limit_bytes = size << shift;
    return 0;
}

static int parse_cpu(struct run *run, const char *text)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end || !(seconds >= 1e-3 && seconds <= 1e9))
        return usage_error("--cpu: not a number of seconds (0.001 to 1000000000): ", text);
    run->options.cpu_limit_ns = (uint64_t)(seconds * 1e9);
    return 0;
}

static int parse_threads(struct run *run, const char *text)
{
    char *end;
    unsigned long count = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || count == 0 || count > MOST_THREADS)
        return usage_error("--threads: not a number up to 10000: ", text);
    run->options.thread_limit = (uint32_t)count;
    return 0;
}

static int parse_variable(struct run *run, const char *text)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return usage_error("--env wants NAME=VALUE and not: ", text);
    run->environment[run->options.environment_count++] = text;
    return 0;
}

static int open_output(int *file, const char *option, const char *path)
{
    *file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (*file >= 0)
        return 0;
    fprintf(stderr, "porin run: --%s %s: %s\n", option, path, strerror(errno));
    return EXIT_OWN_FAILURE;
}

static porin_status observe_begin(const struct run *run, struct porin_error *error)
{
    porin_status status = run->profile >= 0 ? porin_profile_start(error) : PORIN_OK;
    return status == PORIN_OK && run->trace >= 0 ? porin_trace_start(error) : status;
}

static void observe_end(const struct run *run)
{
    struct porin_error error;
    if (run->profile >= 0 && porin_profile_stop(run->profile, &error) != PORIN_OK)
        fprintf(stderr, "porin run: %s\n", error.text);
    if (run->trace >= 0 && porin_trace_stop(run->trace, &error) != PORIN_OK)
        fprintf(stderr, "porin run: %s\n", error.text);
}

static void print_refusal(void *closure, const char *line)
{
    (void)closure;
    fprintf(stderr, "porin audit: %s\n", line);
}

/* Fills *run; returns 0, or an exit status to leave with (*done: --help was answered). */
static int parse(struct run *run, int argc, char **argv, bool *done)
{
    static const struct option known[] = {
        { "dir", required_argument, NULL, 'd' }, { "env", required_argument, NULL, 'e' }, { "mem", required_argument, NULL, 'm' },
        { "cpu", required_argument, NULL, 't' }, { "usage", no_argument, NULL, 'u' },
        { "name", required_argument, NULL, 'n' }, { "help", no_argument, NULL, 'h' }, { "listen", required_argument, NULL, 'l' },
        { "connect", required_argument, NULL, 'c' }, { "audit", no_argument, NULL, 'a' },
        { "threads", required_argument, NULL, 'j' },
        { "profile", required_argument, NULL, 'p' }, { "trace", required_argument, NULL, 'r' }, { 0 },
    };
    int option, status = 0;
    opterr = 0;
    while (status == 0 && (option = getopt_long(argc, argv, "+:h", known, NULL)) != -1)
        switch (option) {
        case 'd': status = parse_directory(run, optarg); break;
        case 'e': status = parse_variable(run, optarg); break;
        case 'j': status = parse_threads(run, optarg); break;
        case 'p': status = open_output(&run->profile, "profile", optarg); break;
        case 'r': status = open_output(&run->trace, "trace", optarg); break;
        case 'm': status = parse_memory(run, optarg); break;
        case 't': status = parse_cpu(run, optarg); break;
        case 'u': run->usage = run->options.accounting = true; break;
        case 'n': run->options.name = optarg; break;
        case 'l': run->listen[run->options.listen_count++] = optarg; run->options.grants |= PORIN_GRANT_NETWORK; break;
        case 'c': run->connect[run->options.connect_count++] = optarg; run->options.grants |= PORIN_GRANT_NETWORK; break;
        case 'a': run->options.audit = print_refusal; break;
        case 'h': fputs(usage, stdout); *done = true; return 0;
        case ':': return usage_error("a value must follow ", argv[optind - 1]);
        default: return usage_error("unknown option ", optopt ? (char[]){ '-', (char)optopt, '\0' } : argv[optind - 1]);
        }
    if (status)
        return status;
    if (optind == argc)
        return usage_error("no file given", "");
    run->file = argv[optind];
    run->options.arguments = (const char *const *)argv + optind;
    run->options.argument_count = (size_t)(argc - optind);
    run->options.directories = run->directories;
    run->options.environment = run->environment;
    run->options.listen = run->listen;
    run->options.connect = run->connect;
    return 0;
}

/* Says why the image cannot be had. */
static int report_load(const char *file, porin_status status, const struct porin_error *error)
{
    if (status == PORIN_ERR_FILE) {
        fprintf(stderr, "porin run: %s\n", error->text);
        return EXIT_NOT_FOUND;
    }
    if (status == PORIN_ERR_BAD_IMAGE)
        fprintf(stderr, "porin run: %s: not a Porin image: build it with porin-cc (%s)\n", file, error->text);
    else
        fprintf(stderr, "porin run: %s: %s\n", file, error->text);
    return status == PORIN_ERR_REFUSED || status == PORIN_ERR_BAD_IMAGE || status == PORIN_ERR_VERSION ? EXIT_CANNOT_RUN : EXIT_OWN_FAILURE;
}

/* Says which domain died where and why. Offsets are the image's addresses. */
static void report_fault(const char *file, const struct porin_error *error)
{
    fprintf(stderr, "porin run: domain %s died at offset 0x%x: %s (%s)", error->domain, error->offset, sigabbrev_np(error->signal) ?: "?",
            sigdescr_np(error->signal) ?: "unknown signal");
    if (error->fault == PORIN_FAULT_ACCESS || error->fault == PORIN_FAULT_DATA_STACK)
        fprintf(stderr, ", accessing 0x%x", error->address);
    if (error->fault == PORIN_FAULT_CONTROL_STACK || error->fault == PORIN_FAULT_DATA_STACK)
        fprintf(stderr, ": its %s stack is full", error->fault == PORIN_FAULT_DATA_STACK ? "data" : "control");
    const struct porin_registers *r = &error->registers;
    fprintf(stderr, "\n  rax %#lx rbx %#lx rcx %#lx rdx %#lx rsi %#lx rdi %#lx rbp %#lx r8 %#lx r9 %#lx r12 %#lx r13 %#lx, "
            "data stack at %#lx\n",
            r->rax, r->rbx, r->rcx, r->rdx, r->rsi, r->rdi, r->rbp, r->r8, r->r9, r->r12, r->r13, r->r15);
    fprintf(stderr, "  for functions and lines: porin locate %s 0x%x", file, error->offset);
    for (uint32_t i = 0; i < error->trace_count; i++)
        fprintf(stderr, " 0x%x", error->trace[i] - 1); /* a return address is behind its call */
    fprintf(stderr, "\n");
}

static void report_usage(porin_domain *domain)
{
    struct porin_domain_usage usage;
    if (porin_domain_usage_get(domain, &usage) == PORIN_OK)
        fprintf(stderr, "porin run: domain %s used %.3f s of CPU time (sampled), %.1f MiB of memory in %u mappings and %u descriptors "
                "at the end, %llu faults\n", porin_domain_name(domain), (double)usage.cpu_ns / 1e9, (double)usage.memory_bytes / (1 << 20),
                usage.mappings, usage.descriptors, (unsigned long long)usage.faults);
}

/* Runs the loaded image; the exit status is the program's. */
static int run_image(const struct run *run, porin_image *image)
{
    struct porin_error error;
    porin_domain *domain;
    int exit_code = 0;
    porin_status status = observe_begin(run, &error);
    if (status == PORIN_OK)
        status = porin_domain_create(image, &run->options, &domain, &error);
    if (status != PORIN_OK) {
        fprintf(stderr, "porin run: %s: %s\n", run->file, error.text);
        return EXIT_OWN_FAILURE;
    }
    if (!harden_process()) {
        fprintf(stderr, "porin run: no seccomp filter here, which keeps this process from system calls that it does not need\n");
        return EXIT_OWN_FAILURE;
    }
    status = porin_domain_run(domain, &exit_code, &error);
    if (run->usage)
        report_usage(domain);
    observe_end(run);
    porin_domain_destroy(domain);
    if (status == PORIN_OK)
        return exit_code;
    if (status != PORIN_ERR_FAULT) {
        fprintf(stderr, "porin run: %s: %s\n", run->file, error.text);
        return EXIT_OWN_FAILURE;
    }
    report_fault(run->file, &error);
    return EXIT_SIGNAL + error.signal;
}

/* Gives the domain the standard streams there are. A closed one's number is occupied, so that no other file of this process gets it. */
static bool grant_streams(struct porin_domain_options *options)
{
    for (int i = 0; i < 3; i++)
        if (fcntl(i, F_GETFD) >= 0)
            options->stdio[i] = i;
        else if (open("/dev/null", O_RDWR) != i)
            return false;
    return true;
}

/* As many descriptors as the process may have: how many of them the domain may is another limit. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int command_run(int argc, char **argv)
{
    struct run run = { .profile = -1, .trace = -1 };
    struct porin_error error;
    porin_image *image;
    bool done = false;
    porin_domain_options_default(&run.options);
    run.options.grants = PORIN_GRANT_MEMORY | PORIN_GRANT_TIME | PORIN_GRANT_CONSOLE | PORIN_GRANT_FILES | PORIN_GRANT_THREADS |
                         PORIN_GRANT_PROCESSES;
    run.directories = calloc((size_t)argc, sizeof *run.directories);
    run.environment = calloc((size_t)argc, sizeof *run.environment);
    run.listen = calloc((size_t)argc, sizeof *run.listen);
    run.connect = calloc((size_t)argc, sizeof *run.connect);
    if (!run.directories || !run.environment || !run.listen || !run.connect || !grant_streams(&run.options)) {
        fprintf(stderr, "porin run: %s\n", strerror(errno));
        return EXIT_OWN_FAILURE;
    }
    raise_descriptor_limit();
    int result = parse(&run, argc, argv, &done);
    if (result || done)
        return result;
    porin_status status = porin_image_load_file(run.file, &image, &error);
    if (status != PORIN_OK)
        return report_load(run.file, status, &error);
    result = run_image(&run, image);
    porin_image_release(image);
    return result;
}

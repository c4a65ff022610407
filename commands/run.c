/* SPDX-License-Identifier: Apache-2.0 */
/* `porin run`: runs a program image as a domain that has its console, its arguments, the granted directories, and nothing else; or the
 * services of a stack file. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "commands.h"
#include "given.h"
#include "harden.h"
#include "observe.h"
#include "report.h"
#include "stack.h"

static const char head[] =
    "usage: porin run [OPTIONS] FILE [ARGUMENTS]\n"
    "       porin run -f STACK [--run-dir DIRECTORY] [--quiet] [--profile FILE] [--trace FILE]\n\n"
    "Runs the program image FILE (built with porin-cc) as a domain. It has the standard streams, clocks, memory,\n"
    "and what is granted here.\n\n";
static const char tail[] =
    "  --profile FILE           writes where CPU time was spent, for porin flame\n"
    "  --trace FILE             writes who called whom and which services when, for Perfetto or a browser's about:tracing\n"
    "  --argv0 NAME             what the program is told that it is called (default: FILE)\n"
    "  --help                   this text\n\n"
    "  -f STACK                 runs all services of a stack file in one process: porin-stack(5)\n"
    "  --run-dir DIRECTORY      where logs and the control socket are (default: $XDG_RUNTIME_DIR/porin, or /tmp/porin-UID)\n"
    "  --quiet                  does not show what services write, which porin logs does\n\n"
    "--dir, --listen, --connect and --env may be repeated. The program starts where it is called,\n"
    "if that lies beneath a granted directory, and otherwise in the first one.\n"
    "Exit status: the program's; 128 + signal if it faulted; 126 not a runnable image; 127 no such file; 125 other\n"
    "failures; 2 bad usage.\n";

struct run {
    struct given given;
    struct stack_run stack;
    const char *file, *single;           /* an option that is for one program only; NULL: none */
};

static void print_usage(void)
{
    fputs(head, stdout);
    for (const struct given_kind *kind = given_kinds; kind->option; kind++) {
        char option[64];
        snprintf(option, sizeof option, "--%s %s", kind->option, kind->value);
        printf("  %-24s %s\n", option, kind->help);
    }
    fputs(tail, stdout);
}

static int usage_error(const char *problem, const char *what)
{
    fprintf(stderr, "porin run: %s%s; porin run --help lists the options\n", problem, what);
    return EXIT_USAGE;
}

static int take(struct run *run, const struct given_kind *kind, const char *text)
{
    run->single = kind->option;
    if (kind->parse(&run->given, text))
        return 0;
    fprintf(stderr, "porin run: --%s: %s%s\n", kind->option, run->given.problem,
            run->given.own_failure ? "" : "; porin run --help lists the options");
    return run->given.own_failure ? EXIT_OWN_FAILURE : EXIT_USAGE;
}

static int open_output(int *file, const char *option, const char *path)
{
    *file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (*file >= 0)
        return 0;
    fprintf(stderr, "porin run: --%s %s: %s\n", option, path, strerror(errno));
    return EXIT_OWN_FAILURE;
}

#define GIVEN_MOST 32
#define OWN_OPTIONS 0x100 /* those that given.def has not */

static void options_list(struct option known[GIVEN_MOST])
{
    int count = 0;
    for (const struct given_kind *kind = given_kinds; kind->option; kind++, count++)
        known[count] = (struct option){ kind->option, kind->form == GIVEN_FLAG ? no_argument : required_argument, NULL,
                                        OWN_OPTIONS + count };
    known[count++] = (struct option){ "help", no_argument, NULL, 'h' };
    known[count++] = (struct option){ "argv0", required_argument, NULL, '0' };
    known[count++] = (struct option){ "profile", required_argument, NULL, 'p' };
    known[count++] = (struct option){ "trace", required_argument, NULL, 't' };
    known[count++] = (struct option){ "file", required_argument, NULL, 'f' };
    known[count++] = (struct option){ "run-dir", required_argument, NULL, 'r' };
    known[count++] = (struct option){ "quiet", no_argument, NULL, 'q' };
    known[count] = (struct option){ 0 };
}

/* Fills *run; returns 0, or an exit status to leave with (*done: --help was answered). */
static int parse(struct run *run, int argc, char **argv, bool *done)
{
    struct option known[GIVEN_MOST];
    int option, status = 0;
    char *called = NULL;
    options_list(known);
    opterr = 0;
    while (status == 0 && (option = getopt_long(argc, argv, "+:hf:", known, NULL)) != -1)
        switch (option) {
        case 'f': run->stack.file = optarg; break;
        case 'r': run->stack.run_directory = optarg; break;
        case '0': called = optarg; break;
        case 'p': status = open_output(&run->stack.observe.profile, "profile", optarg); break;
        case 't': status = open_output(&run->stack.observe.trace, "trace", optarg); break;
        case 'q': run->stack.quiet = true; break;
        case 'h': print_usage(); *done = true; return 0;
        case ':': return usage_error("a value must follow ", argv[optind - 1]);
        case '?': return usage_error("unknown option ", optopt ? (char[]){ '-', (char)optopt, '\0' } : argv[optind - 1]);
        default: status = take(run, &given_kinds[option - OWN_OPTIONS], optarg);
        }
    if (status)
        return status;
    if (run->stack.file && run->single)
        return usage_error("the stack file says what its services are given, not --", run->single);
    if (run->stack.file)
        return optind == argc ? 0 : usage_error("-f names all there is to run; what is ", argv[optind]);
    if (optind == argc)
        return usage_error("no file given", "");
    run->file = argv[optind];
    if (called)
        argv[optind] = called;
    run->given.options.arguments = (const char *const *)argv + optind;
    run->given.options.argument_count = (size_t)(argc - optind);
    return 0;
}

/* Runs the loaded image; the exit status is the program's. */
static int run_image(const struct run *run, porin_image *image)
{
    struct porin_error error;
    porin_domain *domain;
    int exit_code = 0;
    porin_status status = observe_begin(&run->stack.observe, &error);
    if (status == PORIN_OK)
        status = porin_domain_create(image, &run->given.options, &domain, &error);
    if (status != PORIN_OK) {
        fprintf(stderr, "porin run: %s: %s\n", run->file, error.text);
        return EXIT_OWN_FAILURE;
    }
    if (!harden_process()) {
        fprintf(stderr, "porin run: no seccomp filter here, which keeps this process from system calls that it does not need\n");
        return EXIT_OWN_FAILURE;
    }
    status = porin_domain_run(domain, &exit_code, &error);
    if (run->given.usage)
        print_used(domain);
    observe_end(&run->stack.observe);
    porin_domain_destroy(domain);
    if (status == PORIN_OK)
        return exit_code;
    if (status != PORIN_ERR_FAULT) {
        fprintf(stderr, "porin run: %s: %s\n", run->file, error.text);
        return EXIT_OWN_FAILURE;
    }
    print_fault(run->file, &error);
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

/* The program begins where it was called, if that lies beneath a directory it was given. */
static void grant_place(struct porin_domain_options *options)
{
    static char guest[2 * PATH_MAX];
    char here[PATH_MAX], host[PATH_MAX];
    size_t longest = 0;
    for (size_t i = 0; i < options->directory_count && getcwd(here, sizeof here); i++) {
        const struct porin_directory *given = &options->directories[i];
        if (!realpath(given->host_path, host))
            continue;
        size_t length = strcmp(host, "/") == 0 ? 0 : strlen(host);
        bool beneath = strncmp(here, host, length) == 0 && (here[length] == '/' || here[length] == '\0');
        if (!beneath || (options->directory && length <= longest))
            continue;
        snprintf(guest, sizeof guest, "%s%s", strcmp(given->guest_path, "/") == 0 ? "" : given->guest_path, here + length);
        options->directory = *guest ? guest : "/";
        longest = length;
    }
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
    struct run run = { .stack.observe = { -1, -1 } };
    struct porin_error error;
    porin_image *image;
    bool done = false;
    given_begin(&run.given);
    run.given.options.grants |= PORIN_GRANT_SIGNALS;
    if (!grant_streams(&run.given.options)) {
        fprintf(stderr, "porin run: %s\n", strerror(errno));
        return EXIT_OWN_FAILURE;
    }
    raise_descriptor_limit();
    int result = parse(&run, argc, argv, &done);
    if (result || done)
        return result;
    if (run.stack.file)
        return stack_run(&run.stack);
    grant_place(&run.given.options);
    porin_status status = porin_image_load_file(run.file, &image, &error);
    if (status != PORIN_OK)
        return print_load_error(run.file, status, &error);
    result = run_image(&run, image);
    porin_image_release(image);
    return result;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* `porin trace` and `porin profile`: what goes on in a stack that runs, for a while, taken by the stack itself. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "client.h"
#include "commands.h"

static const char trace_usage[] =
    "usage: porin trace [--name NAME | --file STACK] [--run-dir DIRECTORY] [--seconds N] [-o OUT.json] [SERVICE]\n\n"
    "Watches a stack for a while: every call between services and from the host, and every service that they ask for, on each\n"
    "thread. The result is for Perfetto (ui.perfetto.dev) or a browser's about:tracing. SERVICE: only the threads that run it.\n"
    "Ctrl-C ends it early. While it lasts each crossing takes a little longer; afterwards nothing remains.\n\n"
    "  --seconds N           how long (default: 1)\n"
    "  -o OUT.json           where to (default: standard output)\n"
    ADDRESS_USAGE
    "  --help                this text\n";

static const char profile_usage[] =
    "usage: porin profile [--name NAME | --file STACK] [--run-dir DIRECTORY] [--seconds N] [-o OUT]\n\n"
    "Watches a stack for a while: where its services spend their CPU time, sampled about 250 times a second of it. The result is\n"
    "drawn by porin flame OUT. Ctrl-C ends it early.\n\n"
    "  --seconds N           how long (default: 10)\n"
    "  -o OUT                where to (default: standard output)\n"
    ADDRESS_USAGE
    "  --help                this text\n";

static volatile sig_atomic_t asked = -1;

/* The stack sends what it has when it hears no more of us. */
static void on_interrupt(int number)
{
    (void)number;
    shutdown(asked, SHUT_WR);
}

/* Lines that begin a group's name tell its number; all others name theirs. */
static bool is_of(const char *line, const char *service, char *pids, size_t size)
{
    unsigned pid;
    char name[64], phase;
    if (sscanf(line, "{\"ph\":\"%c\",\"pid\":%u,", &phase, &pid) != 2)
        return true;                      /* what holds the events together */
    if (pid >= size)
        return false;
    if (phase == 'M' && sscanf(strstr(line, "\"args\"") ?: "", "\"args\":{\"name\":\"%63[^\"]\"", name) == 1)
        pids[pid] = strcmp(name, service) == 0;
    return pids[pid];
}

/* Commas part the events; the last one has none. */
static bool copy_trace(FILE *from, FILE *to, const char *service)
{
    static char pids[65536];
    char *line = NULL;
    size_t room = 0;
    bool event = false, whole = false;
    for (ssize_t size; (size = getline(&line, &room, from)) > 0;) {
        whole = strncmp(line, "]}", 2) == 0;
        if (service && !is_of(line, service, pids, sizeof pids))
            continue;
        line[strcspn(line, "\n")] = '\0';
        size_t length = strlen(line);
        bool is_event = strncmp(line, "{\"ph\"", 5) == 0;
        if (is_event && length && line[length - 1] == ',')
            line[length - 1] = '\0';
        fprintf(to, "%s%s%s", is_event && event ? "," : "", is_event || whole ? "\n" : "", line);
        event = event || is_event;
    }
    free(line);
    fputc('\n', to);
    return whole;
}

/* Its last line counts what was lost. */
static bool copy_profile(FILE *from, FILE *to, const char *service)
{
    char *line = NULL;
    size_t room = 0;
    bool whole = false;
    (void)service;
    for (ssize_t size; (size = getline(&line, &room, from)) > 0;) {
        whole = strncmp(line, "lost ", 5) == 0;
        fwrite(line, 1, (size_t)size, to);
    }
    free(line);
    return whole;
}

static const struct recording {
    const char *name, *usage, *seconds;  /* seconds: how long, if nobody says */
    bool by_service;
    bool (*copy)(FILE *from, FILE *to, const char *service); /* was it all? */
} trace = { "trace", trace_usage, "1", true, copy_trace }, profile = { "profile", profile_usage, "10", false, copy_profile };

static int record(const struct recording *what, const struct stack_address *address, double seconds, const char *out, const char *service)
{
    char request[100];
    snprintf(request, sizeof request, "%s %.9g", what->name, seconds);
    FILE *answer = stack_ask(address, request, false, &asked);
    FILE *to = answer && out ? fopen(out, "we") : stdout;
    if (!answer)
        return EXIT_FAILURE;
    bool whole = to && what->copy(answer, to, service);
    if (!to || fflush(to) != 0 || ferror(to)) {
        fprintf(stderr, "porin %s: %s: %s\n", what->name, out ? out : "standard output", strerror(errno));
        return EXIT_FAILURE;
    }
    if (!whole)
        fprintf(stderr, "porin %s: the stack has ended\n", what->name);
    return whole ? 0 : EXIT_FAILURE;
}

static int command(const struct recording *what, int argc, char **argv)
{
    static const struct option known[] = { ADDRESS_OPTIONS, { "seconds", required_argument, NULL, 'S' },
                                           { "help", no_argument, NULL, 'h' }, { 0 } };
    struct stack_address address = { .command = what->name };
    const char *out = NULL, *seconds = what->seconds;
    char *end;
    int option;
    while ((option = getopt_long(argc, argv, "ho:", known, NULL)) != -1)
        switch (option) {
        case 'o': out = optarg; break;
        case 'S': seconds = optarg; break;
        case 'h': fputs(what->usage, stdout); return 0;
        default:
            if (!address_option(&address, option, optarg))
                return EXIT_USAGE;
        }
    double length = strtod(seconds, &end);
    if (end == seconds || *end || !(length > 0 && length <= 3600)) {
        fprintf(stderr, "porin %s: --seconds: a number above 0 and up to 3600 is expected\n", what->name);
        return EXIT_USAGE;
    }
    if (optind + what->by_service < argc) {
        fputs(what->usage, stderr);
        return EXIT_USAGE;
    }
    signal(SIGINT, on_interrupt);
    signal(SIGTERM, on_interrupt);
    return record(what, &address, length, out, argv[optind]);
}

int command_trace(int argc, char **argv)
{
    return command(&trace, argc, argv);
}

int command_profile(int argc, char **argv)
{
    return command(&profile, argc, argv);
}

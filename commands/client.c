/* SPDX-License-Identifier: Apache-2.0 */
/* `porin ps`, `porin stop`, `porin restart`, `porin logs`: ask a stack that runs, over its control socket. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "commands.h"
#include "stack.h"

struct question {
    const char *command, *service, *name, *file, *run_directory;
    bool follow;
};

static void print_usage(FILE *to, const char *command)
{
    bool logs = strcmp(command, "logs") == 0, ps = strcmp(command, "ps") == 0, restart = strcmp(command, "restart") == 0;
    fprintf(to, "usage: porin %s [--name NAME | --file STACK] [--run-dir DIRECTORY]%s%s\n\n", command, logs ? " [-f]" : "",
            ps ? "" : restart ? " SERVICE" : " [SERVICE]");
    fputs(logs      ? "Shows what the services of a stack have written, each line with its service, or what one has.\n"
          : ps      ? "Lists the services of a stack.\n"
          : restart ? "Ends a service of a stack and lets it live again.\n"
                    : "Ends a service of a stack, or all of them and with them the stack; each before those that it depends on.\n", to);
    fputs("\n  --name NAME           the stack of that name (default: the only one that runs)\n"
          "  --file STACK          the stack of that file, if that gives it no name\n"
          "  --run-dir DIRECTORY   as given to porin run\n", to);
    if (logs)
        fputs("  -f, --follow          goes on as lines come\n", to);
    fputs("  --help                this text\n", to);
}

static int connect_to(const char *run_directory, const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char directory[90];
    int length = stack_directory(directory, sizeof directory, run_directory, name)
                     ? snprintf(address.sun_path, sizeof address.sun_path, "%s/control", directory)
                     : (int)sizeof address.sun_path;
    if (length >= (int)sizeof address.sun_path)
        return -1;
    int control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (control < 0 || connect(control, (struct sockaddr *)&address, sizeof address) == 0)
        return control;
    close(control);
    return -1;
}

/* The only stack that answers. */
static int connect_any(const struct question *question)
{
    char base[256];
    int found = -1;
    stack_directory(base, sizeof base, question->run_directory, "");
    DIR *folder = opendir(base);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        int control = *entry->d_name == '.' ? -1 : connect_to(question->run_directory, entry->d_name);
        if (control >= 0 && found >= 0) {
            fprintf(stderr, "porin %s: several stacks run: --name says which\n", question->command);
            exit(EXIT_USAGE);
        }
        found = control >= 0 ? control : found;
    }
    if (folder)
        closedir(folder);
    return found;
}

/* Prints what comes after the first line, which decides. */
static int answer_print(const struct question *question, int control)
{
    FILE *from = fdopen(control, "r");
    char line[8192];
    if (!from || !fgets(line, sizeof line, from)) {
        fprintf(stderr, "porin %s: the stack has ended\n", question->command);
        return 1;
    }
    if (strncmp(line, "error ", 6) == 0) {
        fprintf(stderr, "porin %s: %s", question->command, line + 6);
        return 1;
    }
    while (fgets(line, sizeof line, from)) {
        fputs(line, stdout);
        fflush(stdout);
    }
    return 0;
}

static int ask(const struct question *question)
{
    char request[300], *name = question->name ? strdup(question->name) : question->file ? stack_default_name(question->file) : NULL;
    int control = name ? connect_to(question->run_directory, name) : connect_any(question);
    if (control < 0) {
        fprintf(stderr, "porin %s: no stack%s%s runs here\n", question->command, name ? " called " : "", name ? name : "");
        return 1;
    }
    int size = snprintf(request, sizeof request, "%s%s%s%s\n", question->command, question->service ? " " : "",
                        question->service ? question->service : "", question->follow ? " -f" : "");
    if (size >= 190 || write(control, request, (size_t)size) != size) {
        fprintf(stderr, "porin %s: %s\n", question->command, size >= 190 ? "no service has such a long name" : strerror(errno));
        return 1;
    }
    return answer_print(question, control);
}

int command_ask(int argc, char **argv)
{
    static const struct option known[] = {
        { "name", required_argument, NULL, 'n' }, { "file", required_argument, NULL, 's' }, { "run-dir", required_argument, NULL, 'r' },
        { "follow", no_argument, NULL, 'f' }, { "help", no_argument, NULL, 'h' }, { 0 },
    };
    struct question question = { .command = argv[0] };
    bool logs = strcmp(argv[0], "logs") == 0;
    int option;
    while ((option = getopt_long(argc, argv, logs ? "hf" : "h", known, NULL)) != -1)
        switch (option) {
        case 'n': question.name = optarg; break;
        case 's': question.file = optarg; break;
        case 'r': question.run_directory = optarg; break;
        case 'f': question.follow = true; break;
        case 'h': print_usage(stdout, argv[0]); return 0;
        default: print_usage(stderr, argv[0]); return EXIT_USAGE;
        }
    question.service = optind < argc ? argv[optind++] : NULL;
    bool wrong = optind < argc || (question.follow && !logs) || (question.service && strcmp(argv[0], "ps") == 0) ||
                 (!question.service && strcmp(argv[0], "restart") == 0);
    if (wrong) {
        print_usage(stderr, argv[0]);
        return EXIT_USAGE;
    }
    return ask(&question);
}

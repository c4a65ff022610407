/* SPDX-License-Identifier: Apache-2.0 */
/* `porin ps`, `porin stop`, `porin restart`, `porin logs`: ask a stack that runs, over its control socket. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "client.h"
#include "commands.h"
#include "lifecycle/plain.h"
#include "stack.h"

struct question {
    struct stack_address address;
    const char *service;
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
    fputs("\n" ADDRESS_USAGE, to);
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
    struct ucred who;
    socklen_t size = sizeof who;
    if (control < 0)
        return -1;
    if (connect(control, (struct sockaddr *)&address, sizeof address) == 0 && /* the folder in /tmp may be somebody else's */
        getsockopt(control, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && (who.uid == geteuid() || geteuid() == 0))
        return control;
    close(control);
    return -1;
}

/* The only stack that answers. */
static int connect_any(const struct stack_address *address)
{
    char base[256];
    int found = -1;
    stack_directory(base, sizeof base, address->run_directory, "");
    DIR *folder = opendir(base);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        int control = *entry->d_name == '.' ? -1 : connect_to(address->run_directory, entry->d_name);
        if (control >= 0 && found >= 0) {
            fprintf(stderr, "porin %s: several stacks run: --name says which\n", address->command);
            exit(EXIT_USAGE);
        }
        found = control >= 0 ? control : found;
    }
    if (folder)
        closedir(folder);
    return found;
}

bool address_option(struct stack_address *address, int option, const char *value)
{
    switch (option) {
    case 'n': address->name = value; return true;
    case 's': address->file = value; return true;
    case 'r': address->run_directory = value; return true;
    default: return false;
    }
}

__attribute__((format(printf, 3, 4))) static FILE *refuse(const struct stack_address *address, bool quiet, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (!quiet) {
        fprintf(stderr, "porin %s: ", address->command);
        vfprintf(stderr, format, arguments);
        fputc('\n', stderr);
    }
    va_end(arguments);
    return NULL;
}

FILE *stack_ask(const struct stack_address *address, const char *request, bool quiet, volatile sig_atomic_t *connection)
{
    char line[300], *name = address->name ? strdup(address->name) : address->file ? stack_default_name(address->file) : NULL;
    int control = name ? connect_to(address->run_directory, name) : connect_any(address);
    if (control < 0)
        return refuse(address, quiet, "no stack%s%s runs here", name ? " called " : "", name ? name : "");
    free(name);
    if (connection)
        *connection = control;
    int size = snprintf(line, sizeof line, "%s\n", request);
    FILE *answer = fdopen(control, "r");
    if (!answer || size >= 190 || write(control, line, (size_t)size) != size || !fgets(line, sizeof line, answer)) {
        if (answer)
            fclose(answer);
        return refuse(address, quiet, size >= 190 ? "no service has such a long name" : "the stack has ended");
    }
    if (strncmp(line, "error ", 6) != 0)
        return answer;
    fclose(answer);
    line[strcspn(line, "\n")] = '\0';
    text_make_plain(line);
    return refuse(address, quiet, "%s", line + 6);
}

static int ask(const struct question *question)
{
    char request[300], line[8192];
    snprintf(request, sizeof request, "%s%s%s%s", question->address.command, question->service ? " " : "",
             question->service ? question->service : "", question->follow ? " -f" : "");
    FILE *answer = stack_ask(&question->address, request, false, NULL);
    while (answer && fgets(line, sizeof line, answer)) {
        size_t length = strcspn(line, "\n");
        bool whole = line[length];
        line[length] = '\0';
        text_make_plain(line);            /* the stack has done so already; who shows it does not rely on that */
        printf("%s%s", line, whole ? "\n" : "");
        fflush(stdout);
    }
    return answer ? 0 : 1;
}

int command_ask(int argc, char **argv)
{
    static const struct option known[] = {
        ADDRESS_OPTIONS, { "follow", no_argument, NULL, 'f' }, { "help", no_argument, NULL, 'h' }, { 0 },
    };
    struct question question = { .address = { .command = argv[0] } };
    bool logs = strcmp(argv[0], "logs") == 0;
    int option;
    while ((option = getopt_long(argc, argv, logs ? "hf" : "h", known, NULL)) != -1)
        switch (option) {
        case 'f': question.follow = true; break;
        case 'h': print_usage(stdout, argv[0]); return 0;
        default:
            if (address_option(&question.address, option, optarg))
                break;
            print_usage(stderr, argv[0]);
            return EXIT_USAGE;
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

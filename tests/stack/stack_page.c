/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the manual page of stack files from the tables of their keys. */
#include <stdio.h>
#include <string.h>

static const char head[] =
    ".\\\" SPDX-License-Identifier: Apache-2.0\n"
    ".\\\" Made by `make stack-page` from commands/stack.def, commands/given.def and commands/healthcheck.def.\n"
    ".TH PORIN-STACK 5 \"\" \"Porin\" \"Porin\"\n.SH NAME\nporin-stack \\- services that porin run -f runs in one process\n"
    ".SH SYNOPSIS\n.nf\nname: shop\nservices:\n  store:\n    image: redis-server.porin\n    command: --port 6379 --save ''\n"
    "    listen: [127.0.0.1:6379]\n    healthcheck: {test: tcp:127.0.0.1:6379}\n    restart: on-failure\n  web:\n    image: web.porin\n"
    "    volumes: [./site:/srv:ro]\n    connect: [127.0.0.1:6379]\n    listen: [127.0.0.1:8080]\n"
    "    depends_on: {store: {condition: service_healthy}}\n.fi\n"
    ".SH DESCRIPTION\nA stack file is YAML; its words are those of Docker Compose where these fit. Each service is a domain with "
    "a main program of its own, or "
    "a library whose functions others call, and has nothing but what is written there. All live in one process; each forks, ends and is "
    "signalled by itself. Relative paths start at the file's directory. What is wrong is told with file, line and column.\n.PP\n"
    "The file has the keys\n.B name\n(default: its directory's) and\n.BR services ,\na map of names to these keys:\n";
static const char tail[] =
    ".SH CONNECTIONS\nServices connect to each other as programs do, by addresses that their keys listen and connect allow. Where both are "
    "services of this process, TCP on loopback and stream sockets of files are connected in memory, without the kernel; programs "
    "outside connect as usual. What differs: buffers have 64 KiB each way whatever SO_SNDBUF says, there is no urgent data (MSG_OOB), "
    "SO_RCVLOWAT is not looked at, an epoll in an epoll is in no third, and a "
    "listener with SO_REUSEPORT is left to the kernel, as are connections of a process that a "
    "service has forked.\n"
    ".SH ENTRIES\nA function that a service exports is called by those that import it, directly, without a system call. What its "
    "name is in the caller is "
    "the import; properties are those of \\fIdoc/policies.md\\fP, and what either side asks for holds: register_integrity (the "
    "caller's default), "
    "register_confidentiality, stack_integrity, stack_confidentiality, dcs_integrity, dcs_confidentiality, all, none. A call into "
    "a service that "
    "is dead or dies returns \\-1. A service that exports is restarted in place, so that its callers need not be; it must not "
    "execute another program.\n"
    ".SH RESTARTS\nA service that ends by itself is restarted as its policy says, after 0.1 s, then twice as long each time, up "
    "to 10 s; a life longer than that "
    "begins anew. If it was a fault, its log tells entry, source line, registers, calls, who had called whom between services, and the "
    "last services (system calls) that it asked for. All its sockets and children end with it; those of others do not.\n"
    ".SH ENDING\nSIGTERM, SIGINT and SIGHUP to the process, and porin stop, end each service before those that it depends on: by "
    "its stop_signal, then by a "
    "kill. The process ends when all programs have ended; its status is 0, or that of the first service in the file that failed.\n"
    ".SH SEE ALSO\n.BR porin-run (1),\n.BR porin-ps (1),\n.BR porin-top (1),\n.BR porin-map (1),\n.BR porin-trace (1)\n";

static void row(const char *key, const char *value, const char *help)
{
    if (strcmp(key, "NONE") == 0)
        return;
    printf(".TP\n.B %s\n\\fI%s\\fP: ", key, *value ? value : "true or false");
    for (; *help; help++)
        if (*help == '-')
            fputs("\\-", stdout);
        else
            putchar(*help);
    puts(".");
}

int main(void)
{
    fputs(head, stdout);
#define KEY(name, forms, value, help) row(#name, value, help);
#include "commands/stack.def"
#define GIVEN(option, key, form, value, parse, help) row(#key, value, help);
#include "commands/given.def"
#undef GIVEN
    puts(".SH HEALTHCHECKS\nThe keys of a healthcheck:");
#include "commands/healthcheck.def"
#undef KEY
    fputs(tail, stdout);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the C library of a domain cannot do, and how it says so: an error of the kind programs handle, never a crash. The expected output
 * stands in limits.expected. With an argument the program ends itself in that way. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void report(const char *what, int error)
{
    printf("%-14s %s\n", what, error ? strerror(error) : "worked");
}

/* The error of a call that returns -1 for one. */
static int failure(long result)
{
    return result == -1 ? errno : 0;
}

static void end(const char *how)
{
    fflush(stdout);
    if (!strcmp(how, "abort")) abort();
    if (!strcmp(how, "exit")) exit(3);
    if (!strcmp(how, "_exit")) _exit(4);
    if (!strcmp(how, "raise")) raise(SIGTERM);
    if (!strcmp(how, "null")) *(volatile int *)0 = 1;
    if (!strcmp(how, "wild")) *(volatile int *)0x123456789abcUL = 1;
    if (!strcmp(how, "trap")) __builtin_trap();
    if (!strcmp(how, "divide")) _exit(7 / (int)(strlen(how) - 6));
}

int main(int argc, char **argv)
{
    pid_t child;
    void *memory;
    char *shell[] = {"sh", NULL};
    if (argc > 1) end(argv[1]);
    child = fork();
    if (child == 0)
        _exit(0);
    report("fork", failure(child));
    report("posix_spawn", posix_spawn(&child, "/bin/sh", NULL, NULL, shell, environ));
    report("execve", failure(execve("/bin/sh", shell, environ)));
    report("system", failure(system("true")));
    report("socket", failure(socket(AF_INET, SOCK_STREAM, 0)));
    report("open", failure(open("/etc/passwd", O_RDONLY)));
    report("mem", failure(open("/proc/self/mem", O_RDWR)));
    memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    report("mmap exec", memory == MAP_FAILED ? errno : 0);
    report("mprotect text", failure(mprotect((void *)((unsigned long)main & -4096UL), 4096, PROT_READ | PROT_WRITE)));
    report("kill", failure(kill(1, SIGKILL)));
    report("wait", failure(wait(NULL)));
    printf("%-14s ", dlopen("libm.so", RTLD_NOW) ? "dlopen worked" : "dlopen");
    puts(dlerror());
    printf("pid positive %d\n", getpid() > 0);
    return 0;
}

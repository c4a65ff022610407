/* SPDX-License-Identifier: Apache-2.0 */
/* Ends in the way its argument names. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile int zero;

static int deep(volatile char *before)
{
    volatile char frame[4000];
    frame[0] = *before;
    return deep(frame) + frame[0];
}

/* Keeps nothing on the data stack: return addresses alone. */
__attribute__((noinline, noclone)) static int returns(int depth)
{
    int result = returns(depth + 1);
    __asm__ volatile("" : "+r"(result));
    return result + 1;
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    printf("dying by %s\n", way);
    fflush(stdout);
    if (!strcmp(way, "read"))
        return *(volatile int *)16;
    if (!strcmp(way, "write"))
        *(volatile int *)0x70000000 = 1;
    if (!strcmp(way, "text"))
        *(volatile char *)(unsigned long)main = 0;
    if (!strcmp(way, "constant"))
        *(volatile char *)"constant" = 0;
    if (!strcmp(way, "call"))
        ((void (*)(void))16)();
    if (!strcmp(way, "middle"))
        ((void (*)(void))((unsigned long)main + 5))();
    if (!strcmp(way, "trap"))
        __builtin_trap();
    if (!strcmp(way, "divide"))
        return 7 / zero;
    if (!strcmp(way, "stack"))
        return deep(way);
    if (!strcmp(way, "recursion"))
        return returns(argc);
    if (!strcmp(way, "abort"))
        abort();
    if (!strcmp(way, "raise"))
        raise(SIGTERM);
    if (!strcmp(way, "input")) /* not at all, if there is none */
        return fcntl(0, F_GETFD) < 0 ? 9 : 0;
    if (!strcmp(way, "exit"))
        exit(300);
    if (!strcmp(way, "_exit"))
        _exit(77);
    return 0;
}

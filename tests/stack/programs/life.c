// SPDX-License-Identifier: Apache-2.0
// A service that does what its first argument says, and tells what it sees.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int got[65];

static void on(int number)
{
    got[number] = 1;
}

static void await(int number)
{
    while (!got[number])
        pause();
    got[number] = 0;
    printf("signal %s\n", strsignal(number));
}

/* A child of its own: told apart from those of other services, and able to signal its parent only. */
static int family(void)
{
    int status;
    signal(SIGUSR1, on);
    signal(SIGCHLD, on);
    int child = fork();
    if (child == 0) {
        int others = kill(getppid() + 1, 0) == 0 || kill(getppid() - 1, 0) == 0;
        kill(getppid(), SIGUSR1);
        _exit(others ? 1 : 7);
    }
    await(SIGUSR1);
    int found = wait(&status);
    printf("child %s, code %d, then %d\n", found == child ? "found" : "lost", WEXITSTATUS(status), wait(&status));
    signal(SIGALRM, on);
    alarm(1);
    await(SIGALRM);
    return 0;
}

static int crash(int depth)
{
    return depth ? crash(depth - 1) + 1 : *(volatile int *)0x40;
}

int add(int a, int b)
{
    return a + b;
}

int main(int count, char **arguments)
{
    const char *what = count > 1 ? arguments[1] : "";
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%s has %d arguments, X is %s\n", arguments[0], count - 1, getenv("X") ? getenv("X") : "not set");
    if (strcmp(what, "family") == 0)
        return family();
    if (strcmp(what, "crash") == 0)
        return crash(2);
    if (strcmp(what, "execute") == 0)
        execl("/proc/self/exe", "executed", "now", NULL);
    if (strcmp(what, "again") == 0 && atoi(arguments[2])) { /* and again, so many times in all */
        char left[16];
        snprintf(left, sizeof left, "%d", atoi(arguments[2]) - 1);
        execl("/proc/self/exe", "again", "again", left, NULL);
        return 1;
    }
    if (strcmp(what, "end") == 0)
        return atoi(arguments[2]);
    if (strcmp(what, "loop") == 0)
        for (;;)
            ;
    if (strcmp(what, "escape") == 0)
        printf("\033[31mred\007\nh\303\274bsch \302\23331mred\302\205 \340\202\233 \233 \346\227\245\t\360\237\230\200 \303\n");
    if (strcmp(what, "wait") == 0) {
        signal(SIGTERM, on);
        printf("ready\n");
        await(SIGTERM);
        return 3;
    }
    if (strcmp(what, "talk") == 0 && fork() == 0) /* it goes on when its parent has ended, faster than anybody can note */
        for (char lines[8192];;)
            write(1, memset(lines, '\n', sizeof lines), sizeof lines);
    if (strcmp(what, "children") == 0) {
        for (int i = 0; i < 3; i++)
            if (fork() == 0) {
                fork();
                pause();
            }
        pause();
    }
    return 0;
}

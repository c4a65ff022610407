/* SPDX-License-Identifier: Apache-2.0 */
/* Takes what it can get. argv[1]: processes (forks until it is refused), time (a child that never ends). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child with so many of its own, which live until nobody has the other end open. They count as its parent's do. */
static void family(int size, int ends[2])
{
    char byte;
    int told[2];
    pipe(told);
    if (fork() == 0) {
        close(ends[1]);
        for (int i = 0; i < size; i++)
            if (fork() == 0)
                _exit((int)read(ends[0], &byte, 1));
        write(told[1], "", 1);
        read(ends[0], &byte, 1);
        while (wait(NULL) > 0)
            ;
        _exit(0);
    }
    read(told[0], &byte, 1);
    close(told[0]);
    close(told[1]);
}

static void processes(void)
{
    int count = 101, ends[2], child;
    pipe(ends);
    family(count - 1, ends);
    while ((child = fork()) >= 0) {
        char byte;
        if (child == 0) {
            close(ends[1]);
            _exit((int)read(ends[0], &byte, 1)); /* until all of them are there */
        }
        count++;
    }
    printf("%d processes, then %s\n", count, errno == EAGAIN ? "EAGAIN" : "another error");
    fflush(stdout);
    close(ends[1]);
    while (wait(NULL) > 0)
        ;
    child = fork();
    if (child == 0)
        _exit(0);
    puts(child > 0 && wait(NULL) == child ? "and again" : "never again");
}

int main(int argc, char **argv)
{
    int status = 0;
    if (argc > 1 && strcmp(argv[1], "processes") == 0)
        processes();
    else if (fork() == 0)
        for (volatile long i = 0;; i++)
            ;
    else if (wait(&status) > 0)
        printf("ended by signal %d\n", WTERMSIG(status));
    return 0;
}

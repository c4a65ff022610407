/* SPDX-License-Identifier: Apache-2.0 */
/* Takes what it can get. argv[1]: processes (forks until it is refused), time (a child that never ends). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void processes(void)
{
    int count = 0, ends[2], child;
    pipe(ends);
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

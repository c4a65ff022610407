/* SPDX-License-Identifier: Apache-2.0 */
/* Standard streams, arguments, environment, pipes, clocks and memory. Prints the same natively and as a domain. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void pipes(void)
{
    int ends[2];
    char text[10] = { 0 };
    printf("pipe %d\n", pipe(ends));
    struct pollfd set[2] = { { ends[0], POLLIN, 0 }, { ends[1], POLLOUT, 0 } };
    printf("poll %d: %d %d\n", poll(set, 2, 0), set[0].revents, set[1].revents);
    printf("write %zd\n", write(ends[1], "through", 7));
    printf("poll %d: %d %d\n", poll(set, 2, -1), set[0].revents, set[1].revents);
    printf("read %zd %s\n", read(ends[0], text, sizeof text), text);
    printf("dup2 %d\n", dup2(ends[1], 9));
    close(ends[1]);
    printf("write %zd\n", write(9, "again", 5));
    close(9);
    printf("read %zd", read(ends[0], text, 5));
    printf(" then %zd\n", read(ends[0], text, 5));
    signal(SIGPIPE, SIG_IGN);
    pipe(ends);
    close(ends[0]);
    ssize_t written = write(ends[1], "x", 1);
    printf("closed pipe %zd %s\n", written, strerror(errno));
}

static void input(void)
{
    struct stat facts;
    printf("input: %d, when it was written is known: %d\n", fstat(0, &facts), facts.st_mtim.tv_sec > 0);
}

static void memory(void)
{
    unsigned long sum = 0;
    char *blocks[200] = { 0 };
    for (int round = 0; round < 20; round++)
        for (int i = 0; i < 200; i++) {
            size_t size = (size_t)(i * 7919 + round * 104729) % 300000 + 1;
            blocks[i] = realloc(blocks[i], size);
            memset(blocks[i], i, size);
            sum += (unsigned char)blocks[i][size - 1];
        }
    for (int i = 0; i < 200; i++)
        free(blocks[i]);
    printf("memory %lu\n", sum);
    char *map = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    map[1 << 19] = 1;
    map = mremap(map, 1 << 20, 1 << 22, MREMAP_MAYMOVE);
    printf("mremap %d %d\n", map[1 << 19], map[(1 << 22) - 1]);
    printf("mprotect %d\n", mprotect(map, 1 << 20, PROT_READ));
    printf("munmap %d\n", munmap(map, 1 << 22));
}

static void clocks(void)
{
    struct timespec before, after, pause = { 0, 20000000 };
    clock_gettime(CLOCK_MONOTONIC, &before);
    nanosleep(&pause, NULL);
    clock_gettime(CLOCK_MONOTONIC, &after);
    long ms = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
    printf("slept %d\n", ms >= 20 && ms < 5000);
    printf("year %d\n", gmtime(&(time_t){ time(NULL) })->tm_year >= 125);
    printf("clock %d\n", clock() != (clock_t)-1);
}

int main(int argc, char **argv)
{
    char line[100];
    for (int i = 1; i < argc; i++)
        printf("argument %d: %s\n", i, argv[i]);
    printf("environment: %s\n", getenv("WHO"));
    while (fgets(line, sizeof line, stdin))
        printf("input: %s", line);
    printf("terminal %d\n", isatty(0));
    fprintf(stderr, "to the error stream\n");
    input();
    pipes();
    memory();
    clocks();
    printf("rest unwritten until exit");
    return 42;
}

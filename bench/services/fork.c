/* SPDX-License-Identifier: Apache-2.0 */
/* Forks with argv[1] MiB in use and prints the microseconds that a fork and the wait for its child take, the median of many. 0: does
 * nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FORKS 101

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static int later(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
    size_t size = argc > 1 ? strtoul(argv[1], NULL, 10) << 20 : 0;
    double took[FORKS];
    if (!size)
        return 0;
    char *memory = malloc(size);
    if (!memory)
        return 1;
    memset(memory, 1, size);
    for (int i = 0; i < FORKS; i++) {
        double start = now_us();
        pid_t child = fork();
        if (child == 0)
            _exit(memory[size - 1] != 1); /* what is not looked at the compiler leaves out */
        if (child < 0 || waitpid(child, NULL, 0) != child)
            return 1;
        took[i] = now_us() - start;
    }
    qsort(took, FORKS, sizeof took[0], later);
    printf("%.1f\n", took[FORKS / 2]);
    return 0;
}

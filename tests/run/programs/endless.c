/* SPDX-License-Identifier: Apache-2.0 */
/* Writes until nobody reads; takes memory until there is none ("memory"), or nine tenths of a stack of that size ("stack"). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static __attribute__((noinline)) long deep(long left)
{
    volatile char room[4000];
    memset((char *)room, 1, sizeof room);
    return left < 4096 ? room[0] : deep(left - 4096) + room[left % 4000];
}

static int stack(long size, char unit)
{
    struct rlimit limit;
    size <<= unit == 'M' ? 20 : 10;
    return getrlimit(RLIMIT_STACK, &limit) != 0 || (long)limit.rlim_cur < size || deep(size / 10 * 9) <= 0;
}

int main(int argc, char **argv)
{
    unsigned long taken = 0;
    if (argc > 1 && !strcmp(argv[1], "memory")) {
        for (void *block; taken < 8192 && (block = malloc(1 << 20)); taken++)
            memset(block, 1, 1 << 20);
        printf("%lu\n", taken);
        return 0;
    }
    if (argc > 3 && !strcmp(argv[1], "stack"))
        return stack(atol(argv[2]), argv[3][0]);
    for (;;)
        puts("endless");
}

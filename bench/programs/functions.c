/* SPDX-License-Identifier: Apache-2.0 */
/* String functions of the libc, one line "function FUNCTION SIZE NS" each: the average of one call on warm memory.
 * Compiled with -fno-builtin, so that every call is one; buffers start off alignment, as most do. */
#include "program.h"

enum { LARGEST = 1 << 20 };
static const size_t sizes[] = {4, 16, 60, 250, 1000, 4000, 64000, 1000000};
static char *source, *target;
static volatile size_t sink;

#define CALL_LOOP(name, expression)                              \
    static void name(size_t size, uint64_t calls)                \
    {                                                            \
        while (calls--) {                                        \
            sink = (size_t)(expression);                         \
            __asm__ volatile("" : "+r"(size) : : "memory");      \
        }                                                        \
    }

CALL_LOOP(loop_memcpy, memcpy(target, source, size))
CALL_LOOP(loop_memmove, memmove(source + 8, source, size))
CALL_LOOP(loop_memset, memset(target, 'x', size))
CALL_LOOP(loop_strlen, strlen(source + LARGEST - size))
CALL_LOOP(loop_memcmp, memcmp(target, source, size))

static const struct { const char *name; void (*loop)(size_t size, uint64_t calls); } loops[] = {
    {"memcpy", loop_memcpy}, {"memmove", loop_memmove}, {"memset", loop_memset}, {"strlen", loop_strlen}, {"memcmp", loop_memcmp}};

/* Doubles the number of calls until they take long enough to be timed. */
static double call_ns(size_t which, size_t size)
{
    for (uint64_t calls = 16;; calls *= 2) {
        uint64_t start = program_now_ns();
        loops[which].loop(size, calls);
        uint64_t elapsed = program_now_ns() - start;
        if (elapsed > 500000)
            return (double)elapsed / (double)calls;
    }
}

int main(void)
{
    source = malloc(LARGEST + 4096);
    target = malloc(LARGEST + 4096);
    if (!source || !target)
        program_fail("out of memory");
    source += 3;
    target += 2053; /* not the same place in its page as the source, which would measure the processor's store forwarding */
    for (size_t which = 0; which < sizeof loops / sizeof loops[0]; which++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            memset(source, 'a', LARGEST);
            memset(target, 'a', LARGEST);
            source[LARGEST] = 0;
            printf("function %s %zu %.3f\n", loops[which].name, sizes[i], call_ns(which, sizes[i]));
        }
    return 0;
}

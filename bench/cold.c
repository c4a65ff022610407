/* SPDX-License-Identifier: Apache-2.0 */
/* Call ladder: calls whose code, data, translations and branch targets something else has displaced meanwhile. */
#include "bench.h"
#include "ladder.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <x86intrin.h>

enum { FUNCTIONS = 16384, FUNCTION_SIZE = 64, DATA_SIZE = 16 << 20, COLD_CALLS = 41 };

static unsigned char *functions;  /* FUNCTIONS pieces of code, each a conditional jump and a return */
static unsigned char *data;
static size_t order[FUNCTIONS];
static double ns_per_tick, clock_ticks;

static void nothing(void)
{
}

static uint64_t action_ticks(void (*action)(void))
{
    unsigned cpu;
    _mm_lfence();
    uint64_t start = __rdtsc();
    _mm_lfence();
    action();
    uint64_t end = __rdtscp(&cpu);
    _mm_lfence();
    return end - start;
}

void cold_prepare(void)
{
    if (functions)
        return;
    functions = mmap(NULL, FUNCTIONS * FUNCTION_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    data = mmap(NULL, DATA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (functions == MAP_FAILED || data == MAP_FAILED)
        fail("mmap: %s", strerror(errno));
    /* endbr64; test $1, %dil; je over; nop; over: ret */
    static const unsigned char code[] = {0xf3, 0x0f, 0x1e, 0xfa, 0x40, 0xf6, 0xc7, 0x01, 0x74, 0x01, 0x90, 0xc3};
    for (size_t i = 0; i < FUNCTIONS; i++)
        memcpy(functions + i * FUNCTION_SIZE, code, sizeof code);
    if (mprotect(functions, FUNCTIONS * FUNCTION_SIZE, PROT_READ | PROT_EXEC) != 0)
        fail("mprotect: %s", strerror(errno));
    order_shuffle(order, FUNCTIONS);
    uint64_t ns = now_ns(), ticks = __rdtsc();
    while (now_ns() - ns < 20000000)
        ;
    ns_per_tick = (double)(now_ns() - ns) / (double)(__rdtsc() - ticks);
    struct samples samples = {0};
    for (unsigned i = 0; i < COLD_CALLS; i++)
        samples_add(&samples, (double)action_ticks(nothing));
    clock_ticks = samples_median(&samples);
}

static void displace(void)
{
    for (size_t i = 0; i < DATA_SIZE; i += 64)
        data[i]++;
    for (size_t i = 0; i < FUNCTIONS; i++) {
        /* Sound: the page holds functions of this type, written above. */
        void (*function)(uint64_t) = (void (*)(uint64_t))(uintptr_t)(functions + order[i] * FUNCTION_SIZE);
        function(order[i] >> 3);
    }
}

double cold_measure(void (*action)(void), void (*baseline)(void))
{
    struct samples with = {0}, without = {0};
    for (unsigned i = 0; i < COLD_CALLS; i++) {
        displace();
        samples_add(&with, (double)action_ticks(action));
        if (baseline) {
            displace();
            samples_add(&without, (double)action_ticks(baseline));
        }
    }
    return (samples_median(&with) - (baseline ? samples_median(&without) : clock_ticks)) * ns_per_tick;
}

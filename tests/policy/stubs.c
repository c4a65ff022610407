/* SPDX-License-Identifier: Apache-2.0 */
/* Domain of stub_test.c, compiled at several levels: calls a callee that spoils every register, with values that are live over the call. */
#include "porin/protect.h"
#include <stdint.h>

uint64_t first(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);
PORIN_IMPORT(first);

/* Many values over a protected call, integers and doubles; how many did not come back. */
#define LIVE(name, call)                                                                        \
    __attribute__((noinline)) uint64_t name(uint64_t seed)                                      \
    {                                                                                           \
        volatile uint64_t source = seed;                                                        \
        uint64_t a = source + 1, b = source + 2, c = source + 3, d = source + 4, e = source + 5, f = source + 6, g = source + 7; \
        double x = (double)source + 0.5, y = (double)source * 3;                                \
        (void)call;                                                                             \
        return (a != source + 1) + (b != source + 2) + (c != source + 3) + (d != source + 4) + (e != source + 5) + (f != source + 6) + \
            (g != source + 7) + (x != (double)source + 0.5) + (y != (double)source * 3);        \
    }
LIVE(protected_values, PORIN_CALL_PROTECTED(first, a, b, c))
LIVE(hidden_values, PORIN_CALL_HIDDEN(first, a, b, c))

/* The same from a function that itself holds values while the one above uses the same registers. */
#define OUTER(name, inner)                                                                      \
    uint64_t name(uint64_t seed)                                                                \
    {                                                                                           \
        volatile uint64_t source = seed;                                                        \
        uint64_t a = source + 11, b = source + 12, c = source + 13, d = source + 14, e = source + 15; \
        uint64_t wrong = inner(seed);                                                           \
        return wrong + (a != source + 11) + (b != source + 12) + (c != source + 13) + (d != source + 14) + (e != source + 15); \
    }                                                                                           \
    PORIN_EXPORT(name)
OUTER(protected_call, protected_values);
OUTER(hidden_call, hidden_values);

/* What is on the stack of a function that calls nothing else is not in a callback's way, and callbacks find an aligned stack. */
static uint64_t misaligned;
uint64_t callback(uint64_t depth)
{
    volatile double pair[8] __attribute__((aligned(16))) = {(double)depth};
    for (int i = 0; i < 8; i++)
        pair[i] = 1e300;
    uintptr_t place = (uintptr_t)&pair[0];
    __asm__ volatile("" : "+r"(place)); /* gcc takes its alignment for granted */
    misaligned += place % 16 != 0;
    return depth;
}
PORIN_EXPORT(callback);

uint64_t leaf_call(uint64_t seed)
{
    volatile uint64_t frame[12];
    for (int i = 0; i < 12; i++)
        frame[i] = seed + (uint64_t)i;
    PORIN_CALL_PROTECTED(first, seed);
    for (int i = 0; i < 12; i++)
        if (frame[i] != seed + (uint64_t)i)
            return 1;
    return misaligned;
}
PORIN_EXPORT(leaf_call);

/* Registers full of secrets, then two arguments and nothing else. */
uint64_t hidden_arguments(uint64_t a, uint64_t b)
{
    uint64_t secret = 0x5ec7e75ec7e75ec7;
    __asm__ volatile("movq %0, %%rbx\n\tmovq %0, %%rbp\n\tmovq %0, %%r12\n\tmovq %0, %%r13\n\tmovq %0, %%r8\n\tmovq %0, %%r9\n\t"
                     "movq %0, %%rcx\n\tmovq %0, %%rdx\n\tmovq %0, %%xmm0\n\tmovq %0, %%xmm7\n\tmovq %0, %%xmm8\n\tmovq %0, %%xmm15"
                     : : "r"(secret) : "rbx", "rbp", "r12", "r13", "r8", "r9", "rcx", "rdx", "xmm0", "xmm7", "xmm8", "xmm15");
    return PORIN_CALL_HIDDEN(first, a, b);
}
PORIN_EXPORT(hidden_arguments);

/* Comes back with every register it can, full of secrets, but for its result. */
uint64_t results(uint64_t a)
{
    volatile double pair[2] __attribute__((aligned(16))) = {0};
    uintptr_t place = (uintptr_t)&pair[0];
    __asm__ volatile("" : "+r"(place)); /* gcc takes its alignment for granted */
    uint64_t secret = 0x5ec7e75ec7e75ec7;
    __asm__ volatile("movq %0, %%rcx\n\tmovq %0, %%rsi\n\tmovq %0, %%rdi\n\tmovq %0, %%r8\n\tmovq %0, %%r9\n\t"
                     "movq %0, %%xmm2\n\tmovq %0, %%xmm7\n\tmovq %0, %%xmm8\n\tmovq %0, %%xmm15"
                     : : "a"(secret) : "rcx", "rsi", "rdi", "r8", "r9", "xmm2", "xmm7", "xmm8", "xmm15");
    return a + 1 + place % 16;
}
PORIN_EXPORT_RESULTS(results);

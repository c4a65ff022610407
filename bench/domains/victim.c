/* SPDX-License-Identifier: Apache-2.0 */
/* Domain of the parts about ends: dies in the way it is asked to, or never comes back. */
#include "porin/domain.h"
#include <stdint.h>
#include <stdlib.h>

static volatile uint32_t zero, quotient;

/* Needs much data stack and little control stack. */
__attribute__((noinline)) static uint32_t deepen(uint32_t depth)
{
    volatile unsigned char frame[4096];
    frame[depth % sizeof frame] = 1;
    return depth == UINT32_MAX ? 0 : deepen(depth + 1) + frame[depth % sizeof frame];
}

/* Needs control stack only: return addresses. */
__attribute__((noinline)) static uint32_t descend(uint32_t depth)
{
    uint32_t below = depth == UINT32_MAX ? 0 : descend(depth + 1);
    __asm__ volatile("" : "+r"(below));
    return below;
}

#define DEATH(id, text, statement)    \
    uint64_t victim_##id(void)        \
    {                                 \
        statement;                    \
        return 0;                     \
    }                                 \
    PORIN_EXPORT(victim_##id);
#include "../deaths.def"
#undef DEATH

uint64_t victim_spin(void)
{
    for (;;)
        __asm__ volatile("");
}
PORIN_EXPORT(victim_spin);

uint64_t victim_answer(uint64_t number)
{
    return number + 1;
}
PORIN_EXPORT(victim_answer);

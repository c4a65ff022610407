/* SPDX-License-Identifier: Apache-2.0 */
/* The call ladder's native callees, alone in their translation unit. */
#include "ladder.h"

static uint64_t (*volatile near_pointer)(uint64_t number) = far_answer;

uint64_t far_answer(uint64_t number)
{
    return number + 1;
}

/* What a gate cannot do without: it is called, and it calls. */
uint64_t far_nested(uint64_t number)
{
    number = near_pointer(number);
    __asm__ volatile("" : "+r"(number)); /* not a jump */
    return number;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Plans of the storm: what a step does, and what comes back, the same for the domains that do it and for the model. */
#ifndef STORM_PLAN_H
#define STORM_PLAN_H
#include <stdint.h>

#define STORM_NEIGHBOURS 6

enum { /* 0 to 5: calls that neighbour with the rest of the plan */
    STEP_TWICE = 6,      /* calls two: the next two digits say whom, each gets the rest behind its digit */
    STEP_LEAF,
    STEP_ILLEGAL, STEP_DIVIDE, STEP_READ, STEP_EXIT, STEP_CONTROL_STACK, STEP_DATA_STACK,
    STEP_SPIN,           /* a while, then as a leaf */
    STEP_THREAD_EXIT,    /* the call ends with an error, the domain lives */
};

static inline uint64_t plan_step(uint64_t plan)
{
    return plan ? plan & 15 : STEP_LEAF;
}

static inline uint64_t plan_salt(uint64_t salt, uint64_t step)
{
    return salt * 6364136223846793005u + step;
}

static inline uint64_t plan_leaf(uint64_t salt)
{
    return (salt * 0x9e3779b97f4a7c15u) >> 1; /* never all ones, which is what a failed call returns */
}

static inline uint64_t plan_joined(uint64_t a, uint64_t b)
{
    return (a * 31 + b) >> 1;
}

static inline uint64_t plan_failed(uint64_t salt, uint64_t status)
{
    return (salt + status * 0x100000001b3u) >> 1;
}
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What every domain of the storm runs: a plan, four bits a step, lowest first. plan.h says what the steps mean. */
#include "plan.h"
#include "porin/domain.h"
#include <sys/syscall.h>
#include <unistd.h>

uint64_t storm_0(uint64_t, uint64_t), storm_1(uint64_t, uint64_t), storm_2(uint64_t, uint64_t);
uint64_t storm_3(uint64_t, uint64_t), storm_4(uint64_t, uint64_t), storm_5(uint64_t, uint64_t);
PORIN_IMPORT(storm_0);
PORIN_IMPORT(storm_1);
PORIN_IMPORT(storm_2);
PORIN_IMPORT(storm_3);
PORIN_IMPORT(storm_4);
PORIN_IMPORT(storm_5);

static uint64_t (*const neighbours[STORM_NEIGHBOURS])(uint64_t, uint64_t) = {storm_0, storm_1, storm_2, storm_3, storm_4, storm_5};

/* A call of a neighbour: its result, or what the error says. */
static uint64_t ask(uint64_t which, uint64_t plan, uint64_t salt)
{
    uint64_t result = neighbours[which % STORM_NEIGHBOURS](plan, salt);
    return result == UINT64_MAX ? plan_failed(salt, (uint64_t)porin_call_error()) : result;
}

static __attribute__((noinline)) uint64_t deepen_control(volatile uint64_t *sink)
{
    *sink += 1;
    uint64_t below = deepen_control(sink);
    return below + *sink;
}

static __attribute__((noinline)) uint64_t deepen_data(uint64_t depth)
{
    volatile char room[65536];
    room[depth % sizeof room] = 1;
    return deepen_data(depth + 1) + (uint64_t)room[0];
}

uint64_t storm_run(uint64_t plan, uint64_t salt)
{
    volatile uint64_t sink = 0;
    volatile uint64_t zero = 0;
    uint64_t step = plan_step(plan), first;
    switch (step) {
    case STEP_TWICE:
        first = ask(plan >> 4 & 15, plan >> 8, plan_salt(salt, 1));
        return plan_joined(first, ask(plan >> 8 & 15, plan >> 12, plan_salt(salt, 2)));
    case STEP_LEAF: return plan_leaf(salt);
    case STEP_ILLEGAL: __builtin_trap();
    case STEP_DIVIDE: return salt / zero;
    case STEP_READ: return *(volatile uint64_t *)(0xfff8 + zero);
    case STEP_EXIT: _exit(9);
    case STEP_CONTROL_STACK: return deepen_control(&sink);
    case STEP_DATA_STACK: return deepen_data(zero);
    case STEP_SPIN:
        for (uint32_t i = 0; i < (uint32_t)(salt & 0x3fff); i++)
            sink += i;
        return plan_leaf(salt);
    case STEP_THREAD_EXIT:
        syscall(SYS_exit, 3);
        return 0;
    default: return plan_joined(ask(step, plan >> 4, plan_salt(salt, 3)), salt);
    }
}
PORIN_EXPORT(storm_run);

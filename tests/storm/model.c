/* SPDX-License-Identifier: Apache-2.0 */
/* The model: the same plan without domains, signals or stacks. */
#include "storm.h"

/* Ends one activation: whoever called gets the error, unless this domain returns normally. */
static struct outcome died(struct model *model, unsigned domain, porin_status status)
{
    model->dead[domain] = status;
    model->faults[domain] += status == PORIN_ERR_FAULT;
    return (struct outcome){ true, status, 0 };
}

/* A call through a gate, and what its caller makes of it. */
static uint64_t asked(struct model *model, unsigned domain, unsigned step, uint64_t plan, uint64_t salt)
{
    struct outcome outcome = model_run(model, neighbour_of(domain, step % STORM_NEIGHBOURS, GROUP), plan, salt);
    return outcome.failed ? plan_failed(salt, outcome.status) : outcome.value;
}

static struct outcome steps(struct model *model, unsigned domain, uint64_t plan, uint64_t salt)
{
    uint64_t first, step = plan_step(plan);
    switch (step) {
    case STEP_TWICE:
        first = asked(model, domain, plan >> 4 & 15, plan >> 8, plan_salt(salt, 1));
        if (model->dead[domain]) /* it came back to a domain that has died meanwhile */
            return (struct outcome){ true, model->dead[domain], 0 };
        return (struct outcome){ .value = plan_joined(first, asked(model, domain, plan >> 8 & 15, plan >> 12, plan_salt(salt, 2))) };
    case STEP_LEAF:
    case STEP_SPIN: return (struct outcome){ .value = plan_leaf(salt) };
    case STEP_EXIT: return died(model, domain, settings.canary ? PORIN_ERR_FAULT : PORIN_ERR_EXIT);
    case STEP_THREAD_EXIT: return (struct outcome){ true, PORIN_ERR_EXIT, 0 };
    case STEP_ILLEGAL:
    case STEP_DIVIDE:
    case STEP_READ:
    case STEP_CONTROL_STACK:
    case STEP_DATA_STACK: return died(model, domain, PORIN_ERR_FAULT);
    default: return (struct outcome){ .value = plan_joined(asked(model, domain, (unsigned)step, plan >> 4, plan_salt(salt, 3)), salt) };
    }
}

struct outcome model_run(struct model *model, unsigned domain, uint64_t plan, uint64_t salt)
{
    if (model->dead[domain])
        return (struct outcome){ true, PORIN_ERR_GONE, 0 };
    model->calls[domain]++;
    struct outcome outcome = steps(model, domain, plan, salt);
    if (model->dead[domain] && !outcome.failed)
        return (struct outcome){ true, model->dead[domain], 0 };
    return outcome;
}

void model_mortals(bool mortal[GROUP], unsigned domain, uint64_t plan)
{
    uint64_t step = plan_step(plan);
    if (step >= STEP_ILLEGAL && step <= STEP_DATA_STACK)
        mortal[domain] = true;
    if (step < STORM_NEIGHBOURS)
        model_mortals(mortal, neighbour_of(domain, (unsigned)step, GROUP), plan >> 4);
    if (step == STEP_TWICE) {
        model_mortals(mortal, neighbour_of(domain, (unsigned)(plan >> 4 & 15) % STORM_NEIGHBOURS, GROUP), plan >> 8);
        model_mortals(mortal, neighbour_of(domain, (unsigned)(plan >> 8 & 15) % STORM_NEIGHBOURS, GROUP), plan >> 12);
    }
}

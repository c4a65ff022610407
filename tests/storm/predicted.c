/* SPDX-License-Identifier: Apache-2.0 */
/* Threads whose domains nobody else touches: results, errors, culprits, counters are compared with the model after every call, whatever
 * signals arrive meanwhile. Some calls have a deadline; what a late one did is not predictable, but who may have died is. */
#include "storm.h"
#include <stdio.h>
#include <string.h>

struct group {
    porin_domain *domains[GROUP];
    char names[GROUP][16];
    porin_entry entries[GROUP];
    struct model model;
    unsigned number;
    uint64_t state;
    struct { unsigned which; uint64_t plan; porin_status status; bool limited; } last; /* call, for messages */
};

static void entry_get(struct group *group, unsigned i)
{
    struct porin_error error;
    if (porin_entry_find(group->domains[i], "storm_run", &group->entries[i], &error) != PORIN_OK)
        fail("%s", error.text);
}

static void group_create(struct group *group)
{
    for (unsigned i = 0; i < GROUP; i++) {
        snprintf(group->names[i], sizeof group->names[i], "p%u.%u", group->number, i);
        group->domains[i] = storm_domain(group->names[i]);
    }
    for (unsigned i = 0; i < GROUP; i++) {
        storm_bind(group->domains, GROUP, i);
        entry_get(group, i);
    }
}

static void counters_check(const struct group *group, unsigned i)
{
    struct porin_domain_usage usage;
    porin_domain_usage_get(group->domains[i], &usage);
    if (usage.calls != group->model.calls[i] || usage.faults != group->model.faults[i])
        fail("%s has been called %llu times and faulted %llu times, not %lu and %lu", group->names[i], (unsigned long long)usage.calls,
             (unsigned long long)usage.faults, group->model.calls[i], group->model.faults[i]);
}

static void counters_adopt(struct group *group)
{
    for (unsigned i = 0; i < GROUP; i++) {
        struct porin_domain_usage usage;
        porin_domain_usage_get(group->domains[i], &usage);
        group->model.calls[i] = usage.calls;
        group->model.faults[i] = usage.faults;
    }
}

static void revive(struct group *group, unsigned i)
{
    struct porin_error error;
    porin_status status;
    unsigned tries = 0;
    while ((status = porin_domain_reset(group->domains[i], &error)) == PORIN_ERR_BUSY && tries++ < 100000)
        ; /* a thread that was split off is still on its way */
    if (status != PORIN_OK)
        fail("%s cannot be reset: %s", group->names[i], error.text);
    group->model.dead[i] = PORIN_OK;
}

/* The dead are dead and say why; all others live. */
static void survivors_check(struct group *group)
{
    for (unsigned i = 0; i < GROUP; i++) {
        struct porin_call call = { .integer = { STEP_LEAF, 1 } };
        porin_status status = porin_call(group->entries[i], &call), want = group->model.dead[i] ? PORIN_ERR_GONE : PORIN_OK;
        if (status != want)
            fail("%s answers %s, not %s, after %s of %s with plan %#llx came back with %s: %s", group->names[i], porin_status_name(status),
                 porin_status_name(want), group->last.limited ? "a limited call" : "a call", group->names[group->last.which],
                 (unsigned long long)group->last.plan, porin_status_name(group->last.status), porin_last_error()->text);
        if (status != PORIN_OK && strcmp(porin_last_error()->domain, group->names[i]) != 0)
            fail("the report of %s names %s", group->names[i], porin_last_error()->domain);
        group->model.calls[i] += status == PORIN_OK;
        counters_check(group, i);
        if (group->model.dead[i])
            revive(group, i);
    }
}

static void outcome_check(const struct group *group, unsigned which, uint64_t plan, const struct outcome *want, porin_status status,
                          uint64_t value)
{
    porin_status expected = want->failed ? want->status : PORIN_OK;
    if (status != expected)
        fail("%s: %s, not %s (%#llx): %s", group->names[which], porin_status_name(status), porin_status_name(expected),
             (unsigned long long)plan, porin_last_error()->text);
    if (status == PORIN_OK && value != want->value)
        fail("%s: the result is %#llx, not %#llx", group->names[which], (unsigned long long)value, (unsigned long long)want->value);
    if (status != PORIN_OK && strcmp(porin_last_error()->domain, group->names[which]) != 0)
        fail("%s ended, but the error names %s", group->names[which], porin_last_error()->domain);
}

/* The one that was called has died while domains that it had called may live and go on, on a thread of their own: of those only such may
 * have died, or still die, as the plan lets die. */
static void aftermath(struct group *group, unsigned which, uint64_t plan)
{
    if (strcmp(porin_last_error()->domain, group->names[which]) != 0)
        fail("%s ended, but the error names %s", group->names[which], porin_last_error()->domain);
    bool mortal[GROUP] = { false };
    mortal[which] = true;
    model_mortals(mortal, which, plan);
    for (unsigned i = 0; i < GROUP; i++) {
        struct porin_call leaf = { .integer = { STEP_LEAF, 1 } };
        bool made_ready_too_long = porin_call(group->entries[i], &leaf) != PORIN_OK && strstr(porin_last_error()->text, "longer");
        if (!mortal[i] && porin_call(group->entries[i], &leaf) != PORIN_OK && !made_ready_too_long)
            fail("%s has died of the end of %s (%#llx): %s", group->names[i], group->names[which], (unsigned long long)plan,
                 porin_last_error()->text);
    }
    /* whoever goes on on a thread of its own is inside one of them to its end: when each has been found empty once, nobody is left */
    for (unsigned i = 0; i < 2 * GROUP; i++)
        revive(group, i % GROUP);
    counters_adopt(group);
}

/* Did it die in an inner activation? Then the call comes back when whom that had returned to does, or at once if the thread is asked
 * something meanwhile. */
static bool died_inside(const struct model *model, unsigned which, uint64_t plan)
{
    return model->dead[which] && plan_step(plan) <= STEP_TWICE;
}

static void call_plain(struct group *group, unsigned which, uint64_t plan, uint64_t salt)
{
    struct porin_call call = { .integer = { plan, salt } };
    struct model after = group->model;
    struct outcome want = model_run(&after, which, plan, salt);
    porin_status status = porin_call(group->entries[which], &call);
    group->last = (__typeof__(group->last)){ which, plan, status, false };
    outcome_check(group, which, plan, &want, status, call.result[0]);
    for (unsigned i = 0; i < GROUP; i++)
        storm_calls += after.calls[i] - group->model.calls[i];
    if (died_inside(&after, which, plan))
        aftermath(group, which, plan);
    else
        group->model = after;
}

/* Either as predicted, or late. */
static void call_late(struct group *group, unsigned which, uint64_t plan, uint64_t salt)
{
    struct porin_call call = { .integer = { plan, salt } };
    struct model after = group->model;
    struct outcome want = model_run(&after, which, plan, salt);
    porin_status status = porin_call_within(group->entries[which], &call, random_next(&group->state) % 60000);
    group->last = (__typeof__(group->last)){ which, plan, status, true };
    storm_calls++;
    if (status != PORIN_ERR_DEADLINE)
        outcome_check(group, which, plan, &want, status, call.result[0]);
    if (status == PORIN_ERR_DEADLINE || after.dead[which])
        aftermath(group, which, plan);
    else
        group->model = after;
}

/* Destroyed and made anew, in another slot or the same one. */
static void replace(struct group *group, unsigned which)
{
    porin_domain_destroy(group->domains[which]);
    group->domains[which] = storm_domain(group->names[which]);
    group->model.calls[which] = group->model.faults[which] = 0;
    for (unsigned i = 0; i < GROUP; i++)
        storm_bind(group->domains, GROUP, i);
    entry_get(group, which);
}

void *predicted_run(void *number)
{
    struct group *group = calloc(1, sizeof *group);
    group->number = (unsigned)(uintptr_t)number;
    group->state = settings.seed * 77 + group->number + 1;
    group_create(group);
    while (storm_calls < settings.calls) {
        uint64_t plan = plan_random(&group->state), salt = random_next(&group->state);
        unsigned which = (unsigned)(random_next(&group->state) % GROUP), kind = (unsigned)(random_next(&group->state) % 64);
        if (kind < 8)
            call_late(group, which, plan, salt);
        else
            call_plain(group, which, plan, salt);
        survivors_check(group);
        if (kind >= 60)
            replace(group, which);
        if (kind % 2)
            shared_visit(&group->state);
    }
    for (unsigned i = 0; i < GROUP; i++)
        porin_domain_destroy(group->domains[i]);
    free(group);
    return NULL;
}

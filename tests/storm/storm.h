/* SPDX-License-Identifier: Apache-2.0 */
/* The storm's parts: the model of what a plan does, the threads whose calls it predicts, and those that do what nobody can predict. */
#ifndef STORM_H
#define STORM_H
#include "plan.h"
#include "porin/porin.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define GROUP 8                           /* domains of one thread that nobody else calls */
#define SHARED 6                          /* domains that all call while they are killed and exchanged */

struct settings { unsigned threads; unsigned long calls; uint64_t seed; bool canary; };

extern porin_image *storm_image;
extern struct settings settings;
extern _Atomic bool storm_over;
extern _Atomic unsigned long storm_calls; /* into domains, inner ones too */

#define fail(...) do { fprintf(stderr, "storm: seed %#llx: ", (unsigned long long)settings.seed); fprintf(stderr, __VA_ARGS__); \
    fputc('\n', stderr); abort(); } while (0)

static inline uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

uint64_t plan_random(uint64_t *state);
porin_domain *storm_domain(const char *name);
/* Binds all imports of domains[which] to others of these, in an order that the model knows. */
void storm_bind(porin_domain *const *domains, unsigned count, unsigned which);
static inline unsigned neighbour_of(unsigned which, unsigned step, unsigned count)
{
    return (which * 3 + step * 5 + 1) % count; /* itself too */
}

/* model.c: what becomes of a group of domains. */
struct model {
    porin_status dead[GROUP];             /* PORIN_OK: it lives */
    unsigned long calls[GROUP], faults[GROUP];
};
struct outcome { bool failed; porin_status status; uint64_t value; };
/* Marks whom the plan could let die, whatever becomes of the calls in it. */
void model_mortals(bool mortal[GROUP], unsigned domain, uint64_t plan);
struct outcome model_run(struct model *model, unsigned domain, uint64_t plan, uint64_t salt);

void *predicted_run(void *number);        /* predicted.c: a thread */
void shared_create(void);                 /* shared.c */
void shared_destroy(void);
void shared_visit(uint64_t *state);       /* a call into one of the shared domains */
void *chaos_run(void *unused);            /* a thread */
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A domain as trusted code sees it, and what the personality may ask of the runtime. Threads: see each function. */
#ifndef PORIN_RUNTIME_DOMAIN_H
#define PORIN_RUNTIME_DOMAIN_H
#include "porin/porin.h"
#include "memory.h"

struct image;
struct edge;

enum domain_state {
    DOMAIN_FRESH,     /* memory as in the image; the start routine has not run */
    DOMAIN_STARTING,  /* a thread runs the start routine */
    DOMAIN_READY,     /* may be entered */
    DOMAIN_DEAD,      /* faulted, exited or killed: no new entries until reset */
};

struct porin_domain {
    struct porin_image *image;      /* holds a reference */
    uintptr_t base;                 /* host address of slot offset 0 */
    uint32_t slot;                  /* base >> PORIN_SLOT_SHIFT */
    uint32_t generation;            /* distinguishes users of a slot; never 0 */
    _Atomic int state;              /* enum domain_state */
    int exit_code;                  /* why it is dead: exit code, or -1 */
    uint32_t grants;                /* PORIN_GRANT_*: personality refuses what is not here */
    struct domain_memory memory;    /* heap, mappings and stacks: memory.h */
    struct edge *edges;             /* one per import of the image */
    struct porin_domain_options options; /* as given, strings copied and owned by the domain */
    void *personality;              /* the personality's own state, made by personality_create */
    char name[48];
};

/* --- what the personality provides (trusted/personality) --- */
/* Called once, before any code of the domain runs. On failure nothing may be left behind. */
porin_status personality_create(struct porin_domain *domain, const struct porin_domain_options *options, struct porin_error *error);
/* Called once; no thread is inside the domain. Must accept domain->personality == NULL. */
void personality_destroy(struct porin_domain *domain);
/* Back to the state after personality_create; no thread is inside. */
void personality_reset(struct porin_domain *domain);
/* One service request of the running domain, on the host stack. Returns the result or a negative errno (-ENOSYS: no such service,
 * -EPERM: not granted). Several threads may be here for one domain. Must hold no lock when it calls domain_exit or calls into a domain. */
int64_t personality_call(struct porin_domain *domain, uint64_t number, const uint64_t arguments[6]);

/* --- what the runtime provides to it --- */
/* Ends the running domain: every call into it ends with PORIN_ERR_EXIT. Only from within personality_call; drops its frames. */
_Noreturn void domain_exit(struct porin_domain *domain, int code);
/* Sets the running domain's thread pointer (arch_prctl ARCH_SET_FS) on this thread, a slot offset. Only from within personality_call. */
void thread_set_pointer(uint32_t pointer);
uint32_t thread_get_pointer(void);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Escape tests: a hostile domain does one thing, the host sees that it ends as it must and that nothing else changed. */
#ifndef ESCAPE_WORLD_H
#define ESCAPE_WORLD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "porin/porin.h"

enum outcome {
    WORKS,      /* the call returns `value` */
    RETURNS,    /* the call returns, whatever */
    DIES,       /* PORIN_ERR_FAULT with signal `value` */
    FAILS,      /* the call returns -errno: `value`, or any error if that is 0 */
    SURVIVED,   /* anything but harm: the domain may return, die, or run on until it is killed */
    KILLED,     /* PORIN_ERR_KILLED */
};

struct attack {
    const char *name;       /* what is tried */
    const char *entry;      /* export of the attacking image */
    enum outcome expected;
    int64_t value;
    uint64_t arguments[6];
};

/* The result of one call, to be compared. */
struct result { porin_status status; int signal; uint64_t value; char text[300]; };

extern porin_image *attacker; /* tests/escape/domain/attacks.c and raw.S */
extern porin_domain *canary;  /* a bystander of the same image */
extern unsigned attacks_made, attacks_wrong;

void world_begin(const char *folder);
void world_end(void);

/* A fresh attacking domain with memory, time and console (both ways /dev/null or /dev/zero). */
porin_domain *domain_new(const char *name, uint64_t memory_limit_bytes);
porin_domain *domain_of(porin_image *image, const char *name);
struct result domain_call(porin_domain *domain, const char *entry, const uint64_t arguments[6]);
/* A call that must work. */
uint64_t domain_ask(porin_domain *domain, const char *entry, uint64_t a, uint64_t b);

/* One attack in a fresh domain; everything is checked afterwards. Says and counts what went wrong. */
void attack_run(const struct attack *attack);
void attack_run_all(const struct attack *attacks, size_t count);
#define ATTACKS(table) attack_run_all(table, sizeof table / sizeof *table)
/* The same for a domain that is there already. */
void attack_in(porin_domain *domain, const struct attack *attack);
/* For what is no single call: counts it, and says what is wrong unless `good`. */
void attack_note(const char *name, bool good, const char *wrong);
/* Are host and bystander as they were? NULL, or what is not. */
const char *world_harm(void);

/* Host memory with a secret, at an address whose lower half is an offset that no domain has mapped. */
extern volatile uint64_t *secret;
#define SECRET 0x5ec4e7c0ffee1234u
#define SECRET_OFFSET 0x8000u

/* The parts; `folder` holds the attacking images. */
void memory_attacks(const char *folder);
void control_attacks(const char *folder);
void state_attacks(const char *folder);
void service_attacks(const char *folder);
void image_attacks(const char *folder);
void thread_attacks(const char *folder);
#endif

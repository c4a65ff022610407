/* SPDX-License-Identifier: Apache-2.0 */
/* Who lived while somebody looked: names for the slots and generations in profiles and traces, when the domains are long gone. */
#ifndef PORIN_LIFECYCLE_CENSUS_H
#define PORIN_LIFECYCLE_CENSUS_H
#include "runtime/domain.h"

struct citizen {
    uint32_t slot, generation;
    uint64_t since;                     /* time stamp counter */
    char name[48];
    struct porin_image *image;          /* a reference */
};

/* A profile or a trace begins: all who live are noted, and from now on all who are made. */
void census_begin(void);
/* It ends; when the last one has, all are forgotten. */
void census_end(void);
/* A domain comes to be. */
void census_domain(const struct porin_domain *domain);
/* How many there are, and who: valid until the census ends. NULL behind the last. */
const struct citizen *census_at(uint32_t number);
/* By slot and generation; by slot at a time. Returns the number, or UINT32_MAX. */
uint32_t census_find(uint32_t slot, uint32_t generation);
uint32_t census_find_then(uint32_t slot, uint64_t time);
/* Was there no memory for somebody? */
bool census_incomplete(void);
#endif

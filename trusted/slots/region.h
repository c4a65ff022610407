/* SPDX-License-Identifier: Apache-2.0 */
/* Slots: address space reserved once and never given back, so that no mapping of the host can ever fall into a guard. */
#ifndef PORIN_RUNTIME_REGION_H
#define PORIN_RUNTIME_REGION_H
#include "porin/porin.h"
#include "layout.h"

#define SLOT_STRIDE (1ull << PORIN_SLOT_SHIFT)

/* Reserves the arenas: every hole of the address space that is large enough, at a random place in it, with room left for the host. */
porin_status region_create(struct porin_error *error);
/* A random free slot: its number, whose base is number << PORIN_SLOT_SHIFT. All of it is inaccessible. */
porin_status region_take(uint32_t *slot, struct porin_error *error);
/* Gives a slot back: everything in it is unmapped at once, its address space stays reserved. No thread may be inside. */
void region_give(uint32_t slot);
/* Is address in a slot's own 8 GiB window of the arenas ([base - 2 GiB, base + 6 GiB) of some slot)? Async-signal-safe. */
bool region_contains(uint64_t address);
/* Something was mapped in the slot. */
void region_changed(uint32_t slot);
/* Around fork: the child is given this slot and no other. In the child all the rest of the arenas is reserved anew, before anybody else
 * can map there. */
void region_before_fork(uint32_t slot);
void region_after_fork(uint32_t slot, bool child);
uint32_t region_slots(void);
uint32_t region_slots_used(void);
#endif

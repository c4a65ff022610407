/* SPDX-License-Identifier: Apache-2.0 */
/* The only way trusted code touches memory of a domain. Copies survive faults; what is copied in was read once. */
#ifndef PORIN_RUNTIME_COPY_H
#define PORIN_RUNTIME_COPY_H
#include "porin/porin.h"

#define SLOT_BYTES 0x100000000ull

/* The one predicate: do all of [address, address + size) lie in a slot? Takes full 64-bit words as domains pass them; cannot wrap. */
static inline bool range_in_slot(uint64_t address, uint64_t size)
{
    return address < SLOT_BYTES && size <= SLOT_BYTES - address;
}

/* PORIN_OK, or PORIN_ERR_RANGE if the range is not in the slot or not accessible (then a part may have been copied). */
porin_status copy_in(void *to, const porin_domain *domain, porin_addr from, size_t size);
porin_status copy_out(const porin_domain *domain, porin_addr to, const void *from, size_t size);
/* Copies a string with its NUL; at most size bytes. PORIN_ERR_LIMIT if longer. *length may be NULL. */
porin_status copy_string_in(char *to, size_t size, const porin_domain *domain, porin_addr from, size_t *length);

/* Host address of a range, to be given to a system call (which answers EFAULT by itself) and never dereferenced.
 * NULL if not in the slot. */
void *range_for_kernel(const porin_domain *domain, uint64_t address, uint64_t size);

/* For the fault handler: where to go on if the instruction at rip is one that copies; 0 if it is not. */
uint64_t copy_recovery(uint64_t rip);
#endif

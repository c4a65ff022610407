/* SPDX-License-Identifier: Apache-2.0 */
/* Debug information for the gates of a slot, which have none as they are made at run time: porin.py loads it at the base of each slot.
 * gdb takes a chain of frames for corrupt whose stack addresses go down, as they may where one domain has called another; it does not
 * compare across an inlined function. So a gate is one. */
#include "layout.h"

#define TEXT(number) #number
#define SKIP(bytes) ".skip " TEXT(bytes)

static inline __attribute__((always_inline)) void gate(void)
{
    __asm__ volatile(SKIP(PORIN_GATES_SERVICE_SIZE) "\n\t" SKIP(PORIN_GATES_IMPORT_SIZE));
}

void crossing(void)
{
    gate();
}

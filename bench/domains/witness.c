/* SPDX-License-Identifier: Apache-2.0 */
/* Domain of the parts about ends: calls the victim for the host and tells what came back. */
#include "porin/domain.h"
#include <stdint.h>

uint64_t victim_answer(uint64_t number);
PORIN_IMPORT(victim_answer);
uint64_t witness_answer(void)
{
    return victim_answer(41);
}
PORIN_EXPORT(witness_answer);

#define DEATH(id, text, statement) \
    uint64_t victim_##id(void);    \
    PORIN_IMPORT(victim_##id);     \
    uint64_t witness_##id(void)    \
    {                              \
        return victim_##id();      \
    }                              \
    PORIN_EXPORT(witness_##id);
#include "../deaths.def"
#undef DEATH

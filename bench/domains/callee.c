/* SPDX-License-Identifier: Apache-2.0 */
/* Domain of the call ladder: the function that everyone calls, so that a call's cost is all there is. */
#include "porin/protect.h"
#include <stdint.h>

uint64_t callee_answer(uint64_t number)
{
    return number + 1;
}
PORIN_EXPORT(callee_answer);

uint64_t callee_results(uint64_t number)
{
    return number + 1;
}
PORIN_EXPORT_RESULTS(callee_results);

/* SPDX-License-Identifier: Apache-2.0 */
/* The call ladder's native callee, alone in its translation unit. */
#include "ladder.h"

uint64_t far_answer(uint64_t number)
{
    return number + 1;
}

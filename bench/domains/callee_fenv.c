/* SPDX-License-Identifier: Apache-2.0 */
/* The ladder's callee in an image that may change the rounding: its gates must set it back. */
#include "callee.c"
#include <fenv.h>

int callee_wide(void)
{
    return fesetround(FE_TONEAREST);
}
PORIN_EXPORT(callee_wide);

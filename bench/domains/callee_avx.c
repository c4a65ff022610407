/* SPDX-License-Identifier: Apache-2.0 */
/* The ladder's callee in an image with AVX code: its gates must clean the upper halves of the vector registers. */
#include "callee.c"

void callee_wide(void)
{
    __asm__ volatile("vpxor %ymm8, %ymm8, %ymm8");
}
PORIN_EXPORT(callee_wide);

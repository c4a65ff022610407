/* SPDX-License-Identifier: Apache-2.0 */
/* The ladder's callee in an image with AVX-512 code: its gates must clean what that can leave behind. */
#include "callee.c"

void callee_wide(void)
{
    __asm__ volatile("vpxord %zmm16, %zmm16, %zmm16");
}
PORIN_EXPORT(callee_wide);

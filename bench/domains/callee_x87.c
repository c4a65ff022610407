/* SPDX-License-Identifier: Apache-2.0 */
/* The ladder's callee in an image with x87 code: its gates must leave an empty register stack. */
#include "callee.c"

void callee_wide(void)
{
    __asm__ volatile("fldz\n\tfstp %st(0)");
}
PORIN_EXPORT(callee_wide);

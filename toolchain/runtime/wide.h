/* SPDX-License-Identifier: Apache-2.0 */
/* Types of the functions that gcc calls for what the CPU has no instruction for (GCC Internals, chapter "The GCC low-level runtime
 * library"). The host's libgcc is native code, so domains have these instead. */
#ifndef RUNTIME_WIDE_H
#define RUNTIME_WIDE_H
#include <stdint.h>

typedef __int128 wide;
typedef unsigned __int128 uwide;

uwide __udivmodti4(uwide a, uwide b, uwide *remainder);
#endif

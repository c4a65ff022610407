/* SPDX-License-Identifier: Apache-2.0 */
/* For programs that bring a malloc of their own. The C library's own one moves the same break and finds its end wherever it has gone to.
 * As everywhere, threads that move it at once are the program's business. */
#define _BSD_SOURCE
#include <errno.h>
#include <stdint.h>
#include <unistd.h>
#include "syscall.h"

void *sbrk(intptr_t increment)
{
    uintptr_t now = (uintptr_t)__syscall(SYS_brk, 0), wanted = now + (uintptr_t)increment;
    if (increment && (uintptr_t)__syscall(SYS_brk, wanted) != wanted)
        return (void *)__syscall_ret(-ENOMEM);
    return (void *)now;
}

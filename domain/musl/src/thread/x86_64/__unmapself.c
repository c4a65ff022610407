/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a detached thread. musl's portable version switches to a shared stack to unmap its own; a domain cannot move its
 * control stack, so the range is left to the end of the domain. */
#include "pthread_impl.h"
#include "syscall.h"

void __unmapself(void *base, size_t size)
{
	for (;;) __syscall(SYS_exit, 0);
}

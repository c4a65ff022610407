/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a detached thread. musl's portable version switches to a shared stack to unmap its own; here one service does both, after
 * the thread has left its stack. */
#include "pthread_impl.h"
#include "syscall.h"

#define PORIN_EXIT_UNMAP 529 /* trusted/tables/services.def */

void __unmapself(void *base, size_t size)
{
	for (;;) __syscall(PORIN_EXIT_UNMAP, base, size);
}

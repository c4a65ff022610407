/* SPDX-License-Identifier: Apache-2.0 */
/* New threads are a service; processes there are none. The host's side calls func on the new data stack and clears *ctid, with a futex
 * wake, when the thread has ended. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include "pthread_impl.h"
#include "syscall.h"

#define PORIN_THREAD_CREATE 528 /* trusted/tables/services.def */
#define THREAD_FLAGS (CLONE_VM | CLONE_THREAD | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

int __clone(int (*func)(void *), void *stack, int flags, void *arg, ...)
{
	va_list ap;
	if ((flags & THREAD_FLAGS) != THREAD_FLAGS) return -ENOSYS;
	va_start(ap, arg);
	pid_t *ptid = va_arg(ap, pid_t *);
	void *tls = va_arg(ap, void *);
	pid_t *ctid = va_arg(ap, pid_t *);
	va_end(ap);
	return __syscall(PORIN_THREAD_CREATE, func, arg, stack, tls, ctid, ptid);
}

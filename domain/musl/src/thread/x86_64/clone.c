/* SPDX-License-Identifier: Apache-2.0 */
/* New threads are a service, and so are processes: posix_spawn's, which would share memory for a while, are forked. The host's side of
 * a thread calls func on the new data stack and clears *ctid, with a futex wake, when the thread has ended. */
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
	if ((flags & THREAD_FLAGS) != THREAD_FLAGS) {
		if (flags & CLONE_THREAD) return -ENOSYS;
		long pid = __syscall(SYS_fork);
		if (!pid) __syscall(SYS_exit_group, func(arg));
		return pid;
	}
	va_start(ap, arg);
	pid_t *ptid = va_arg(ap, pid_t *);
	void *tls = va_arg(ap, void *);
	pid_t *ctid = va_arg(ap, pid_t *);
	va_end(ap);
	return __syscall(PORIN_THREAD_CREATE, func, arg, stack, tls, ctid, ptid);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The thread pointer is the host's to write: a service with the number and meaning of Linux's arch_prctl. */
#include "pthread_impl.h"
#include "syscall.h"

#define ARCH_SET_FS 0x1002

int __set_thread_area(void *p)
{
	return __syscall(SYS_arch_prctl, ARCH_SET_FS, p);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A cancellable system call. musl's assembly lets a signal handler tell by its range of addresses whether the call has begun; no signal
 * handler of a domain sees real addresses, so cancellation is looked at before the call, and by the caller after an EINTR. */
#include "pthread_impl.h"
#include "syscall.h"

hidden long __cancel(void);

/* The range that pthread_cancel.c compares with: it holds no code. */
hidden const char __cp_begin[1], __cp_end[1], __cp_cancel[1];

hidden long __syscall_cp_asm(volatile void *cancel, syscall_arg_t nr, syscall_arg_t u, syscall_arg_t v, syscall_arg_t w,
	syscall_arg_t x, syscall_arg_t y, syscall_arg_t z)
{
	if (*(volatile int *)cancel) return __cancel();
	return __syscall(nr, u, v, w, x, y, z);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* siglongjmp: the mask first, see sigsetjmp_tail.c. */
#include <setjmp.h>
#include <signal.h>
#include "syscall.h"

_Noreturn void siglongjmp(sigjmp_buf jb, int value)
{
	if (jb->__fl) __syscall(SYS_rt_sigprocmask, SIG_SETMASK, jb->__ss, 0, _NSIG/8);
	longjmp(jb, value);
}

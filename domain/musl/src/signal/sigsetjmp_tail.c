/* SPDX-License-Identifier: Apache-2.0 */
/* The C half of sigsetjmp. musl restores the mask in a second return of sigsetjmp, for which its assembly edits the return address; here
 * siglongjmp restores it. */
#include <setjmp.h>
#include <signal.h>
#include "syscall.h"

hidden void __sigsetjmp_save(sigjmp_buf jb)
{
	jb->__fl = !__syscall(SYS_rt_sigprocmask, SIG_SETMASK, 0, jb->__ss, _NSIG/8);
}

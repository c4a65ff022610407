/* SPDX-License-Identifier: Apache-2.0 */
/* Makes threads that the host started known to musl, which otherwise knows only those of pthread_create. */
#include <limits.h>
#include "pthread_impl.h"
#include "stdio_impl.h"
#include "libc.h"
#include "porin_start.h"

/* Never runs and never ends: every real thread may call pthread_exit, and the last one in the list would end the program. */
static struct pthread anchor;
static void *anchor_tsd[PTHREAD_KEYS_MAX];

static void lock_from_now_on(FILE *f)
{
	if (f && f->lock < 0) f->lock = 0;
}

/* What pthread_create does before it makes its first thread. threads_minus_1 counts the thread that may come at any time, so that
 * nothing switches the locks off again. */
void __porin_share(void)
{
	struct pthread *self = __pthread_self();
	for (FILE *f = *__ofl_lock(); f; f = f->next) lock_from_now_on(f);
	__ofl_unlock();
	lock_from_now_on(__stdin_used);
	lock_from_now_on(__stdout_used);
	lock_from_now_on(__stderr_used);
	self->tsd = __pthread_tsd_main;
	libc.threaded = 1;
	libc.threads_minus_1 = 1;
	libc.need_locks = 1;
	anchor.self = &anchor;
	anchor.tsd = anchor_tsd;
	anchor.canary = self->canary;
	anchor.sysinfo = self->sysinfo;
	anchor.next = anchor.prev = self;
	self->next = self->prev = &anchor;
}

static void enlist(struct pthread *td)
{
	__tl_lock();
	libc.threads_minus_1++;
	td->next = anchor.next;
	td->prev = &anchor;
	td->next->prev = td;
	td->prev->next = td;
	__tl_unlock();
}

/* The memory comes straight from its service: malloc would want the thread pointer to report a failure. It stays for good unless the
 * thread calls pthread_exit, because nobody tells the domain that a host thread is gone. */
void *__porin_thread(void)
{
	size_t tls_size = libc.tls_size + 15 & -16UL;
	size_t size = tls_size + __pthread_tsd_size;
	unsigned long map = __syscall(SYS_mmap, 0, size, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANON, -1, 0);
	if (map > -4096UL) return 0;
	struct pthread *td = __copy_tls((void *)map);
	td->self = td;
	td->map_base = (void *)map;
	td->map_size = size;
	td->tsd = (void *)(map + tls_size);
	td->tid = __syscall(SYS_set_tid_address, &__thread_list_lock);
	td->detach_state = DT_DETACHED;
	td->locale = &libc.global_locale;
	td->robust_list.head = &td->robust_list.head;
	td->canary = anchor.canary;
	td->sysinfo = anchor.sysinfo;
	if (__set_thread_area(TP_ADJ(td)) < 0) {
		__syscall(SYS_munmap, map, size);
		return 0;
	}
	enlist(td);
	return td;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* malloc: Doug Lea's allocator under musl's names. build-libc lays its source beside this file as dlmalloc.h. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "atomic.h"
#include "dynlink.h"
#include "fork_impl.h"
#include "libc.h"
#include "lock.h"
#include "syscall.h"

/* musl's lock, which costs nothing while there is one thread. */
static inline int acquire(volatile int *lock)
{
	if (libc.need_locks) LOCK(lock);
	return 0;
}

static inline void release(volatile int *lock)
{
	if (*lock) UNLOCK(lock);
}

static volatile int malloc_global_mutex;
#define USE_LOCKS 2
#define MLOCK_T volatile int
#define INITIAL_LOCK(lock) (*(lock) = 0)
#define DESTROY_LOCK(lock) 0
#define ACQUIRE_LOCK(lock) acquire(lock)
#define RELEASE_LOCK(lock) release(lock)

/* The break comes first: it begins with pages that are mapped since the domain was made. */
static void *break_move(ptrdiff_t bytes)
{
	uintptr_t now = (uintptr_t)__syscall(SYS_brk, 0), wanted = now + (uintptr_t)bytes;
	return bytes == 0 || (uintptr_t)__syscall(SYS_brk, wanted) == wanted ? (void *)now : MAP_FAILED;
}
#define MORECORE break_move
#define DEFAULT_GRANULARITY (64u * 1024) /* a service call for every 16 pages */

/* free leaves errno alone, also where a domain has no more mappings to cut one in two. */
static int unmap_quietly(void *p, size_t size)
{
	int before = errno, status = __munmap(p, size);
	errno = before;
	return status;
}

static void *remap_quietly(void *p, size_t from, size_t to, int flags)
{
	int before = errno;
	void *at = __mremap(p, from, to, flags);
	errno = before;
	return at;
}
#define mmap __mmap
#define munmap unmap_quietly
#define mremap remap_quietly
#define MMAP_CLEARS 1
#define HAVE_MREMAP 1
#define malloc_getpagesize PAGE_SIZE

#define ABORT a_crash()
#define LACKS_TIME_H 1
#define NO_MALLINFO 1
#define NO_MALLOC_STATS 1
#define USE_DL_PREFIX 1
#define DLMALLOC_EXPORT static __attribute__((__unused__))
#define __wasilibc_unmodified_upstream 1 /* the package's changes are for WebAssembly */
static size_t dlmalloc_usable_size(void *p);
#include "dlmalloc.h"

/* Each thread keeps a few small blocks that it has freed: handing these out again takes no lock and finds no neighbour to merge with.
 * For the allocator behind they are in use. */
enum { KEPT_SIZE = 512, KEPT_COUNT = 16 }; /* largest chunk; how many of a size */
struct kept { struct kept *next; };
struct cache {
	struct { struct kept *first; size_t count; } bins[KEPT_SIZE / MALLOC_ALIGNMENT + 1];
};
static _Thread_local struct cache *cache; /* made when the thread first frees something small */

static struct cache *cache_create(void)
{
	cache = dlcalloc(1, sizeof *cache);
	return cache;
}

void __malloc_thread_exit(void)
{
	struct cache *own = cache;
	if (!own) return;
	cache = 0;
	for (size_t i = 0; i < sizeof own->bins / sizeof *own->bins; i++)
		for (struct kept *block = own->bins[i].first, *next; block; block = next) {
			next = block->next;
			dlfree(block);
		}
	dlfree(own);
}

void *__libc_malloc_impl(size_t size)
{
	struct cache *own = cache;
	if (own && size <= KEPT_SIZE - CHUNK_OVERHEAD) {
		size_t i = request2size(size) / MALLOC_ALIGNMENT;
		struct kept *block = own->bins[i].first;
		if (block) {
			own->bins[i].first = block->next;
			own->bins[i].count--;
			return block;
		}
	}
	void *p = dlmalloc(size);
	if (!p) errno = ENOMEM; /* which it leaves out where the size overflows */
	return p;
}

void __libc_free(void *p)
{
	if (!p) return;
	size_t size = chunksize(mem2chunk(p)), i = size / MALLOC_ALIGNMENT;
	struct cache *own = cache;
	if (size <= KEPT_SIZE && is_inuse(mem2chunk(p)) && (own || (own = cache_create()))) {
		struct kept *block = p;
		if (own->bins[i].first == block) a_crash(); /* freed twice */
		if (own->bins[i].count < KEPT_COUNT) {
			block->next = own->bins[i].first;
			own->bins[i].first = block;
			own->bins[i].count++;
			return;
		}
	}
	dlfree(p);
}

void *__libc_realloc(void *p, size_t size)
{
	if (p && size <= KEPT_SIZE - CHUNK_OVERHEAD && request2size(size) == chunksize(mem2chunk(p))) return p;
	return dlrealloc(p, size);
}

size_t malloc_usable_size(void *p)
{
	return dlmalloc_usable_size(p);
}

void *aligned_alloc(size_t align, size_t size)
{
	if (align & align - 1) {
		errno = EINVAL;
		return 0;
	}
	if (__malloc_replaced && !__aligned_alloc_replaced) { /* what frees this would not be ours */
		errno = ENOMEM;
		return 0;
	}
	return dlmemalign(align, size);
}

/* Fresh from mmap, so calloc need not clear it. */
int __malloc_allzerop(void *p)
{
	return is_mmapped(mem2chunk(p));
}

/* Before a fork (who < 0), after it in the parent (0) and in the child (> 0). */
void __malloc_atfork(int who)
{
	if (who < 0) {
		acquire(&gm->mutex);
		acquire(&malloc_global_mutex);
	} else if (who == 0) {
		release(&malloc_global_mutex);
		release(&gm->mutex);
	} else {
		malloc_global_mutex = gm->mutex = 0;
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Windows: pages that several domains, and the host, have in their memory at once, for buffers and rings that live longer than a call.
 * Ordinary memory: plain pointers, C11 atomics, futexes. For hosts and, in the second part, for code that runs in a domain.
 *
 * A window has an owner, who has made it and may revoke it. It ends with its owner's last handle on it, or when its owner is destroyed or
 * reset: then it is mapped nowhere any more, and who uses a pointer into it faults. What is read twice from a window may have changed in
 * between: copy first, then check. */
#ifndef PORIN_WINDOW_H
#define PORIN_WINDOW_H
#include "porin/rights.h"
#include <stddef.h>
#include <stdint.h>

#define PORIN_WINDOW_BYTES_MAX (1ull << 30)

#ifndef __PORIN__
#include "porin/dipc.h"

typedef struct porin_window porin_window;

/* A window of zeros that the host owns; size is rounded up to whole pages. ERR_LIMIT: there are too many windows in the process. */
porin_status porin_window_create(size_t size, porin_window **out, struct porin_error *error);
/* Where the host has it mapped, for reading and writing, until it is destroyed. */
void *porin_window_memory(const porin_window *window);
size_t porin_window_size(const porin_window *window);
/* Maps it into a domain (PORIN_RIGHT_READ, or PORIN_RIGHT_WRITE, which includes reading). The domain may unmap it and not make more of
 * it. The domain's memory limit does not count it. */
porin_status porin_window_map(porin_window *window, porin_domain *domain, enum porin_right right, porin_addr *out);
/* Gives the domain a handle, with which it maps the window itself and which it can pass on. */
porin_status porin_window_give(porin_window *window, porin_domain *domain, enum porin_right right, porin_handle *out);
/* When it is back no domain reaches the pages any more, by no mapping; handles given so far are of no use. The window can be mapped and
 * given again. */
porin_status porin_window_revoke(porin_window *window);
/* Revokes it and unmaps the host's own mapping too. NULL is nothing. */
void porin_window_destroy(porin_window *window);
#else

extern long syscall(long number, ...);
/* A handle on a new window of zeros with the right to own it; -1 and errno. Owning includes writing and is not passed to others:
 * hand out weaker copies (handle_copy and handle_send, doc/services.md). */
static inline long porin_window_create(size_t size) { return syscall(537, size); }
/* Maps all of a window: its address, at the hint if there is room; NULL and errno. munmap takes it away again, also parts of it;
 * mprotect does not change it. A forked child does not have it. */
static inline void *porin_window_map(long window, void *hint, enum porin_right right)
{
    long at = syscall(538, window, hint, (long)right);
    return at < 0 ? NULL : (void *)at;
}
/* Takes an owned window from all other domains: when it is back they do not reach it. One's own mappings stay. */
static inline long porin_window_revoke(long window) { return syscall(539, window); }
#endif
#endif

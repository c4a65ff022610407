/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of one slot: what lies where, and the only functions that change it. Ranges handed out lie in the heap area, between the end
 * of the image's data and the slot's upper edge: never stack of the first thread, gates, text or read-only data; never executable. */
#ifndef PORIN_RUNTIME_MEMORY_H
#define PORIN_RUNTIME_MEMORY_H
#include "porin/porin.h"
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct porin_domain;

#define MEMORY_READ 1u               /* same bits as PROT_READ and PROT_WRITE */
#define MEMORY_WRITE 2u
#define MEMORY_SHARED 4u              /* of an area: its pages are a file's, or shared with forked children; never grown or moved */
#define MEMORY_MAX_AREAS PORIN_MAPPINGS_DEFAULT /* one domain must not eat the process's mappings (vm.max_map_count) */

struct area {
    uint32_t start, end;             /* [start, end), whole pages */
    uint32_t protection;             /* 0: reserved but inaccessible */
    uint32_t window, origin;         /* the window that they are pages of, and the slot offset of its first byte; 0, 0: of none */
};

struct domain_memory {
    pthread_mutex_t lock;            /* guards everything here */
    uint32_t stack_size;             /* of every thread's data stack */
    uint32_t heap_start;             /* first byte after data and bss, page-aligned: initial break */
    uint32_t heap_ready;             /* end of what is mapped from heap_start on as part of the image's data mapping */
    uint32_t break_end;              /* current program break */
    uint64_t used_bytes, limit_bytes; /* what is accessible: heap, mappings, stacks, data and bss */
    uint64_t window_bytes;           /* of the windows that it owns, mapped or not; counts towards the limit */
    struct area *areas;              /* sorted, disjoint, adjacent equal ones merged: everything from heap_start on */
    uint32_t area_count, area_capacity, area_limit;
};

/* All take whole pages (size is rounded up), all return a negative errno on failure and change nothing then: -EINVAL bad argument,
 * -ENOMEM no room, limit or mappings reached, -EPERM range is not the domain's to change, -EACCES executable memory asked for. */

/* Maps zeroed memory, returns its slot offset. hint 0: anywhere. fixed: at hint exactly, replacing what is mapped there. */
int64_t domain_map(struct porin_domain *domain, uint32_t hint, uint64_t size, uint32_t protection, bool fixed);
/* The same with memory that is shared: a file's from `position` on (read and written, never executed; where the file ends, access is SIGBUS
 * and a copy fails), or without one (file -1) with children that are forked from now on. */
int64_t domain_map_shared(struct porin_domain *domain, uint32_t hint, uint64_t size, uint32_t protection, bool fixed, int file,
                          uint64_t position);
/* The same with a window (authority/window.c), the whole of it, at a free place. */
int64_t domain_map_window(struct porin_domain *domain, uint32_t hint, uint64_t size, uint32_t protection, int file, uint32_t window);
int64_t domain_unmap(struct porin_domain *domain, uint32_t start, uint64_t size);
/* Takes away what is mapped of a window (0: of any): when it is back nothing reaches those pages through this slot. Cannot fail. */
void domain_unmap_window(struct porin_domain *domain, uint32_t window);
/* The window that a slot offset lies in, and where in it. False: in none. */
bool domain_window_at(struct porin_domain *domain, uint64_t address, uint32_t *window, uint32_t *offset);
/* Until its reset it may use so many bytes; what it uses already stays. */
void domain_limit(struct porin_domain *domain, uint64_t bytes);
/* Counts a window that it owns towards its limit; false: it is reached. */
bool domain_charge_window(struct porin_domain *domain, uint64_t size);
void domain_discharge_window(struct porin_domain *domain, uint64_t size);
int64_t domain_protect(struct porin_domain *domain, uint32_t start, uint64_t size, uint32_t protection);
/* Grows, shrinks or moves a mapping; returns its (new) slot offset. */
int64_t domain_remap(struct porin_domain *domain, uint32_t start, uint64_t old_size, uint64_t new_size, bool may_move);
/* Contents become zero (MADV_DONTNEED). */
int64_t domain_discard(struct porin_domain *domain, uint32_t start, uint64_t size);
/* Linux brk: returns the break in force afterwards; wanted 0 asks. Never fails. */
int64_t domain_brk(struct porin_domain *domain, uint32_t wanted);

/* --- within the runtime --- */
/* Sets up heap and accounts of a new domain whose image is mapped. False: no mappings or memory left, or beyond the limit (errno). */
bool memory_create(struct porin_domain *domain);
void memory_destroy(struct porin_domain *domain);
/* In a forked child, where the parent held the lock: windows are not its. */
void memory_forked(struct porin_domain *domain);
/* Back to the state after memory_create, contents included. No thread is inside. */
bool memory_reset(struct porin_domain *domain);
/* A data stack: the first one, mapped with the domain (size 0), or a new one with a guard below it. */
bool memory_stack(struct porin_domain *domain, uint64_t size, uint32_t *start, uint32_t *end);
#endif

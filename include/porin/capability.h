/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities: a right to read, or to read and write, a range of bytes that belongs to somebody else, for one call or until it is
 * revoked. For hosts and, in the second part, for code that runs in a domain. */
#ifndef PORIN_CAPABILITY_H
#define PORIN_CAPABILITY_H
#include "porin/rights.h"
#include <stddef.h>
#include <stdint.h>

#define PORIN_CAPABILITY_ARGUMENTS 8

#ifndef __PORIN__
#include "porin/porin.h"

/* Lends host memory to the domain that this thread calls next, for that call only (PORIN_RIGHT_READ, or PORIN_RIGHT_WRITE, which
 * includes reading). *pointer is what to pass as an integer argument: a capability pointer to the first byte. `argument` (0-7) tells
 * several apart. The memory must stay until the call is back; size is below 4 GiB. Domains that do not use capabilities get nothing. */
porin_status porin_capability_lend(unsigned argument, const void *start, size_t size, enum porin_right right, uint64_t *pointer);
#else

/* PORIN_CAP (rights.h): `const uint8_t PORIN_CAP *p` is used like any other pointer, p[i], p->member,
 * *p++, with a check of bounds and right at each access; an access that the capability does not allow ends the domain with a fault. It
 * can be stored anywhere, but means something only to the activation that it was passed to. Not converted to or from ordinary pointers.
 * What the compiler cannot do through it (atomic operations, calls, long double) is refused: copy with the functions below. */

/* Makes a capability of `size` bytes in register `number` of this activation: 0-7 its own, or PORIN_CAP_ARGUMENT(n) the nth that the
 * next callee gets. `pointer`: memory of this domain, or a capability pointer of this activation, whose right must cover it. 0 if it does
 * not, or if the arguments make no sense. Size 0 empties the register. */
#define PORIN_CAP_ARGUMENT(n) (PORIN_CAPABILITY_ARGUMENTS + (n))
static inline uint64_t porin_cap_make(uint64_t pointer, size_t size, unsigned number, enum porin_right right)
{
    uint64_t made;
    __asm__ volatile("call porin_gate_capability"
                     : "=a"(made), "+D"(pointer), "+S"(size), "+d"(number), "+c"(right) : : "r8", "r9", "memory", "cc");
    return made;
}
/* Memory of this domain for this activation itself: what to give to functions that take PORIN_CAP pointers. */
static inline void PORIN_CAP *porin_cap_own(unsigned number, const void *start, size_t size, enum porin_right right)
{
    return (void PORIN_CAP *)porin_cap_make((uint64_t)start, size, number, right);
}
/* Memory of this domain for the next call only: the pointer to pass as an argument. */
static inline void PORIN_CAP *porin_cap_lend(unsigned argument, const void *start, size_t size, enum porin_right right)
{
    return (void PORIN_CAP *)porin_cap_make((uint64_t)start, size, PORIN_CAP_ARGUMENT(argument), right);
}
/* What somebody else has passed as a capability pointer: an address is none, or one's own memory would be passed on for it. */
static inline uint64_t porin_cap_given(const void PORIN_CAP *pointer)
{
    return (uint64_t)pointer >> 32 ? (uint64_t)pointer : 1ull << 32; /* of no memory and no register */
}
/* A part of what this activation has a capability on, passed on to the next callee for the time of its call. 0 if it has none on all of
 * it, so whoever passes on what it was given need not ask before. */
static inline void PORIN_CAP *porin_cap_pass(unsigned argument, const void PORIN_CAP *start, size_t size, enum porin_right right)
{
    return (void PORIN_CAP *)porin_cap_make(porin_cap_given(start), size, PORIN_CAP_ARGUMENT(argument), right);
}
/* The same for this activation itself. Who does not want to end by what strangers pass asks with it what they have passed. */
static inline void PORIN_CAP *porin_cap_narrow(unsigned number, const void PORIN_CAP *start, size_t size, enum porin_right right)
{
    return (void PORIN_CAP *)porin_cap_make(porin_cap_given(start), size, number, right);
}

/* Where an activation has more capabilities than its 8 registers hold: the domain capability stack. Pushing keeps the whole of what a
 * pointer's register holds, as it is, scope and revocation included, and leaves the register free for another; popping puts the last one
 * pushed by this activation into a register. What an activation has pushed goes when it returns. False, NULL: the stack is full (1024 of
 * all activations of the thread), holds nothing of this activation's, or there is nothing to push. What was revoked meanwhile traps. */
static inline int porin_cap_push(const void PORIN_CAP *pointer)
{
    return (int)porin_cap_make((uint64_t)pointer, 0, 0, (enum porin_right)4);
}
static inline void PORIN_CAP *porin_cap_pop(unsigned number)
{
    return (void PORIN_CAP *)porin_cap_make(0, 0, number, (enum porin_right)5);
}

/* Bulk work after one check of the whole range; out of bounds it ends the domain with a fault, and nothing is copied. */
static inline void porin_cap_read(void *to, const void PORIN_CAP *from, size_t size)
{
    if (size >> 32)
        __builtin_trap();
    __asm__ volatile("rep movsb %%gs:(%%rsi), (%%rdi)" : "+S"(from), "+D"(to), "+c"(size) : : "memory", "cc");
}
static inline void porin_cap_write(void PORIN_CAP *to, const void *from, size_t size)
{
    if (size >> 32)
        __builtin_trap();
    __asm__ volatile("rep movsb (%%rsi), %%gs:(%%rdi)" : "+S"(from), "+D"(to), "+c"(size) : : "memory", "cc");
}
/* From one capability to another, or to another place of the same: through memory of the domain, in pieces from the front. */
static inline void porin_cap_copy(void PORIN_CAP *to, const void PORIN_CAP *from, size_t size)
{
    unsigned char piece[4096];
    for (size_t now; size; size -= now) {
        now = size < sizeof piece ? size : sizeof piece;
        porin_cap_read(piece, from, now);
        porin_cap_write(to, piece, now);
        from = (const unsigned char PORIN_CAP *)from + now;
        to = (unsigned char PORIN_CAP *)to + now;
    }
}
/* As memcmp. */
static inline int porin_cap_compare(const void PORIN_CAP *a, const void *b, size_t size)
{
    unsigned char piece[4096];
    for (size_t now; size; size -= now) {
        now = size < sizeof piece ? size : sizeof piece;
        porin_cap_read(piece, a, now);
        int order = __builtin_memcmp(piece, b, now);
        if (order)
            return order;
        a = (const unsigned char PORIN_CAP *)a + now;
        b = (const unsigned char *)b + now;
    }
    return 0;
}

/* --- asynchronous capabilities: they can be kept as numbers, used by any thread of this domain, and revoked at any time --- */
extern long syscall(long number, ...);
/* A revoker, or -1 and errno. porin_cap_revoke takes back all that was kept under it, by whomever: when it is back no access through
 * any copy happens any more. The revoker can be used again. */
static inline long porin_cap_revoker(void) { return syscall(532); }
static inline long porin_cap_revoke(long revoker) { return syscall(533, revoker); }
/* Memory of this domain, under a revoker of its own: a number, or -1 and errno. */
static inline long porin_cap_keep(const void *start, size_t size, enum porin_right right, long revoker)
{
    return syscall(534, start, size, (long)right, revoker);
}
/* What this activation has and what is asynchronous. */
static inline long porin_cap_keep_again(const void PORIN_CAP *start, size_t size, enum porin_right right)
{
    return syscall(534, porin_cap_given(start), size, (long)right, 0l);
}
/* Puts it into a register, PORIN_CAP_ARGUMENT(n) too. NULL: it has been revoked. */
static inline void PORIN_CAP *porin_cap_take(long number, unsigned to)
{
    return (void PORIN_CAP *)syscall(535, number, (long)to);
}
/* Memory of another domain, by a handle on it that has the right, or with a grant to use it (porin/dipc.h): gone from all registers when
 * the grant is revoked, or its domain is destroyed or starts anew. NULL and errno: not allowed. */
static inline void PORIN_CAP *porin_cap_of_domain(long domain, uint64_t address, size_t size, enum porin_right right, unsigned to)
{
    long made = syscall(541, domain, address, size, (long)right, (long)to);
    return (void PORIN_CAP *)(made == -1 ? 0 : made);
}
static inline long porin_cap_close(long number) { return syscall(536, number); }
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A domain that uses capabilities it is given, honestly or not. Each entry does one thing, as the test tells it. */
#include "porin/capability.h"
#include "porin/domain.h"
#include "../program.h"
#include <stdint.h>

typedef uint8_t PORIN_CAP *bytes;

long use_read1(const uint8_t PORIN_CAP *p, long i) { return p[i]; }
long use_read2(const uint16_t PORIN_CAP *p, long i) { return p[i]; }
long use_read4(const uint32_t PORIN_CAP *p, long i) { return p[i]; }
long use_read8(const uint64_t PORIN_CAP *p, long i) { return (long)p[i]; }
void use_write1(uint8_t PORIN_CAP *p, long i, long v) { p[i] = (uint8_t)v; }
void use_write2(uint16_t PORIN_CAP *p, long i, long v) { p[i] = (uint16_t)v; }
void use_write4(uint32_t PORIN_CAP *p, long i, long v) { p[i] = (uint32_t)v; }
void use_write8(uint64_t PORIN_CAP *p, long i, long v) { p[i] = (uint64_t)v; }
void use_add8(uint64_t PORIN_CAP *p, long i, long v) { p[i] += (uint64_t)v; }

typedef long long vector __attribute__((vector_size(16), aligned(1)));
long use_read16(const vector PORIN_CAP *p, long i)
{
    vector v = p[i];
    return v[0] + v[1];
}
void use_write16(vector PORIN_CAP *p, long i, long v) { p[i] = (vector){v, v}; }

long use_sum(const uint8_t PORIN_CAP *p, long n)
{
    long sum = 0;
    for (long i = 0; i < n; i++)
        sum += p[i];
    return sum;
}

/* Keeps a pointer over the end of its scope. */
static bytes kept;
void use_keep(bytes p) { kept = p; }
long use_kept(long i) { return kept[i]; }

/* What porin_cap_make says. */
uint64_t use_make(uint64_t pointer, uint64_t size, unsigned number, int right) { return porin_cap_make(pointer, size, number, right); }

/* Makes a capability and reads through it. */
long use_make_read(uint64_t pointer, uint64_t size, unsigned number, int right, long i)
{
    const uint8_t PORIN_CAP *p = (const uint8_t PORIN_CAP *)porin_cap_make(pointer, size, number, right);
    return p ? p[i] : -1;
}

/* Calls on: what it was given, narrowed, and afterwards its own. */
long inner(bytes p, long i);
PORIN_IMPORT(inner);
long use_pass(bytes p, long from, long size, long i)
{
    long result = inner(porin_cap_pass(0, p + from, (size_t)size, PORIN_RIGHT_READ), i);
    return result + 1000 * p[0];
}

/* Lends own memory. */
static uint8_t own[64] = "abcdefghijklmnopqrstuvwxyz";
long use_lend(long from, long size, int right, long i)
{
    bytes p = porin_cap_lend(0, own + from, (size_t)size, right);
    return inner(p, i);
}
long use_own(long i) { return own[i]; }
long use_where(void) { return (long)own; }
/* Serves a stranger: passes on what it was given, or asks whether it was given that. */
long use_pass_given(bytes p, long size) { return porin_cap_pass(0, p, (size_t)size, PORIN_RIGHT_WRITE) != 0; }
long use_narrow_given(bytes p, long size) { return porin_cap_narrow(3, p, (size_t)size, PORIN_RIGHT_WRITE) != 0; }
/* Lends and does not call. */
void use_lend_only(void) { porin_cap_lend(3, own, sizeof own, PORIN_RIGHT_WRITE); }
/* Any register, as a number. */
long use_forge(uint64_t pointer) { return *(const uint8_t PORIN_CAP *)pointer; }
void use_forge_write(uint64_t pointer) { *(uint8_t PORIN_CAP *)pointer = 1; }

PORIN_EXPORT(use_read1); PORIN_EXPORT(use_read2); PORIN_EXPORT(use_read4); PORIN_EXPORT(use_read8); PORIN_EXPORT(use_read16);
PORIN_EXPORT(use_write1); PORIN_EXPORT(use_write2); PORIN_EXPORT(use_write4); PORIN_EXPORT(use_write8); PORIN_EXPORT(use_write16);
PORIN_EXPORT(use_add8); PORIN_EXPORT(use_sum); PORIN_EXPORT(use_keep); PORIN_EXPORT(use_kept); PORIN_EXPORT(use_make);
PORIN_EXPORT(use_make_read); PORIN_EXPORT(use_pass); PORIN_EXPORT(use_lend); PORIN_EXPORT(use_own); PORIN_EXPORT(use_lend_only);
PORIN_EXPORT(use_forge); PORIN_EXPORT(use_forge_write); PORIN_EXPORT(use_where); PORIN_EXPORT(use_pass_given);
PORIN_EXPORT(use_narrow_given);

/* --- the stack --- */
long use_push(bytes p, long times)
{
    long pushed = 0;
    while (pushed < times && porin_cap_push(p))
        pushed++;
    return pushed;
}
/* What one call has pushed and another pops; a register that is popped into. */
long use_pop(unsigned number, long i)
{
    const uint8_t PORIN_CAP *p = porin_cap_pop(number);
    return p ? p[i] : -1;
}
/* 20 pieces of one byte each, through one register: pushed in turn, then popped and summed as 1 * last + 2 * the one before and so on. */
long use_spill(bytes p, long count)
{
    long sum = 0;
    for (long i = 0; i < count; i++)
        if (!porin_cap_push(porin_cap_narrow(1, p + i, 1, PORIN_RIGHT_READ)))
            return -1;
    inner(porin_cap_pass(0, p, 8, PORIN_RIGHT_READ), 3); /* a callee that pushes and pops changes nothing of it */
    for (long i = 1; i <= count; i++) {
        const uint8_t PORIN_CAP *one = porin_cap_pop(1);
        sum += i * *one;
    }
    return porin_cap_pop(1) ? -2 : sum;
}
/* A callee that finds the stack empty, pushes what it was given and returns or dies with it. */
long use_push_inner(bytes p, long times)
{
    if (porin_cap_pop(2))
        return -1;
    long pushed = use_push(p, times);
    const uint8_t PORIN_CAP *q = porin_cap_pop(3);
    if (times == 7)
        __builtin_trap();
    return q ? pushed : -2;
}
/* What is revoked while it lies on the stack. */
long use_push_revoke_pop(long number, long revoker, long i)
{
    if (!porin_cap_push(porin_cap_take(number, 0)))
        return -1;
    porin_cap_revoke(revoker);
    const uint8_t PORIN_CAP *p = porin_cap_pop(1);
    return p ? p[i] : -2;
}
PORIN_EXPORT(use_push); PORIN_EXPORT(use_pop); PORIN_EXPORT(use_spill); PORIN_EXPORT(use_push_inner); PORIN_EXPORT(use_push_revoke_pop);

/* --- bulk --- */
static uint8_t buffer[65536];
long use_bulk_read(const uint8_t PORIN_CAP *p, long size)
{
    porin_cap_read(buffer, p, (size_t)size);
    return buffer[size ? size - 1 : 0];
}
void use_bulk_write(uint8_t PORIN_CAP *p, long size, long v)
{
    for (long i = 0; i < size; i++)
        buffer[i] = (uint8_t)v;
    porin_cap_write(p, buffer, (size_t)size);
}
void use_bulk_copy(uint8_t PORIN_CAP *to, const uint8_t PORIN_CAP *from, long size) { porin_cap_copy(to, from, (size_t)size); }
long use_bulk_compare(const uint8_t PORIN_CAP *p, long size) { return porin_cap_compare(p, buffer, (size_t)size); }

/* --- asynchronous --- */
static uint64_t words[64];
long use_revoker(void) { return porin_cap_revoker(); }
long use_revoke(long revoker) { return porin_cap_revoke(revoker); }
long use_keep_own(long from, long size, int right, long revoker)
{
    return porin_cap_keep((char *)words + from, (size_t)size, right, revoker);
}
long use_keep_again(bytes p, long size, int right) { return porin_cap_keep_again(p, (size_t)size, right); }
long use_take(long number, long to) { return (long)porin_cap_take(number, (unsigned)to); }
long use_close(long number) { return porin_cap_close(number); }
long use_take_read(long number, long i)
{
    const uint64_t PORIN_CAP *p = porin_cap_take(number, 0);
    return p ? (long)p[i] : -1;
}
void use_set(long i, long v) { words[i] = (uint64_t)v; }
long use_of_domain(long domain, uint64_t address, uint64_t size, int right, long to)
{
    return (long)porin_cap_of_domain(domain, address, size, right, (unsigned)to);
}
long use_domain_read(long domain, uint64_t address, uint64_t size, long i)
{
    const uint64_t PORIN_CAP *p = porin_cap_of_domain(domain, address, size, PORIN_RIGHT_READ, 0);
    return p ? (long)p[i] : -1;
}
long use_domain_write(long domain, uint64_t address, long i, long v)
{
    uint64_t PORIN_CAP *p = porin_cap_of_domain(domain, address, 64, PORIN_RIGHT_WRITE, 1);
    if (!p)
        return -1;
    p[i] = (uint64_t)v;
    return 0;
}
/* Keeps what a grant allows, as a number; another domain's is given on. */
long use_domain_keep(long domain, uint64_t address)
{
    return porin_cap_keep_again(porin_cap_of_domain(domain, address, 512, PORIN_RIGHT_READ, 0), 512, PORIN_RIGHT_READ);
}
long use_words(void) { return (long)words; }
PORIN_EXPORT(use_of_domain); PORIN_EXPORT(use_domain_read); PORIN_EXPORT(use_domain_write); PORIN_EXPORT(use_domain_keep);
PORIN_EXPORT(use_words);
/* Passes a kept one on. */
long use_take_pass(long number, long i)
{
    bytes p = porin_cap_take(number, PORIN_CAP_ARGUMENT(0));
    return p ? inner(p, i) : -1;
}
/* Reads until the value that stands for "no longer yours" or until told to stop: how often. */
static volatile long stop, rounds;
long use_spin(long number, long forbidden)
{
    const volatile uint64_t PORIN_CAP *p = porin_cap_take(number, 0);
    rounds = 0;
    while (p && !stop)
        for (int i = 0; i < 64; i++, rounds++)
            if (p[i] == (uint64_t)forbidden)
                return -2;
    return rounds;
}
long use_spin_bulk(long number, long forbidden)
{
    const uint8_t PORIN_CAP *p = porin_cap_take(number, 0);
    rounds = 0;
    for (uint64_t copy[64]; p && !stop; rounds++) {
        porin_cap_read(copy, p, sizeof copy);
        for (int i = 0; i < 64; i++)
            if (copy[i] == (uint64_t)forbidden)
                return -2;
    }
    return rounds;
}
/* Holds one and is nearly always in trusted code, where nothing can be taken out of its registers. */
long use_hide(long number)
{
    uint64_t made = (uint64_t)porin_cap_take(number, 0);
    for (rounds = 0; made && !stop; rounds++)
        for (int i = 0; i < 1000; i++)
            made = porin_cap_make((uint64_t)words, 8, 1, PORIN_RIGHT_READ);
    return rounds;
}
long use_rounds(void) { return rounds; }
void use_stop(long v) { stop = v; }
/* The same through what was passed. */
long use_spin_passed(const volatile uint64_t PORIN_CAP *p, long forbidden)
{
    for (rounds = 0; !stop; rounds++)
        if (p[rounds % 64] == (uint64_t)forbidden)
            return -2;
    return rounds;
}
PORIN_EXPORT(use_spin_passed);
/* Goes on for a while when what it calls has died. */
long use_late(bytes p, long turns)
{
    long result = inner(p, 0);
    for (volatile long i = 0; i < turns; i++)
        ;
    return result;
}
PORIN_EXPORT(use_late);
long use_pass_whole(bytes p, long i) { return inner(porin_cap_pass(0, p, 512, PORIN_RIGHT_READ), i); }
PORIN_EXPORT(use_pass_whole);
/* Calls the owner, who takes it back meanwhile. */
long use_hold(long number, long revoker, long i)
{
    bytes p = porin_cap_take(number, 0);
    return p && inner((bytes)(uint64_t)revoker, 0) == 0 ? p[i] : -1;
}
PORIN_EXPORT(use_hold);
/* The owner: revokes, then at once writes what nobody may see any more. */
long use_revoke_and_write(long revoker, long forbidden)
{
    long result = porin_cap_revoke(revoker);
    for (int i = 0; i < 64; i++)
        words[i] = (uint64_t)forbidden;
    __sync_synchronize();
    for (volatile int i = 0; i < 20000; i++)
        ;
    for (int i = 0; i < 64; i++)
        words[i] = 0;
    return result;
}

PORIN_EXPORT(use_bulk_read); PORIN_EXPORT(use_bulk_write); PORIN_EXPORT(use_bulk_copy); PORIN_EXPORT(use_bulk_compare);
PORIN_EXPORT(use_revoker); PORIN_EXPORT(use_revoke); PORIN_EXPORT(use_keep_own); PORIN_EXPORT(use_keep_again); PORIN_EXPORT(use_take);
PORIN_EXPORT(use_close); PORIN_EXPORT(use_take_read); PORIN_EXPORT(use_set); PORIN_EXPORT(use_take_pass); PORIN_EXPORT(use_spin);
PORIN_EXPORT(use_spin_bulk); PORIN_EXPORT(use_hide); PORIN_EXPORT(use_rounds); PORIN_EXPORT(use_stop); PORIN_EXPORT(use_revoke_and_write);

/* --- what compilers make of such pointers: every function twice, through a capability and on own memory --- */
struct fields { signed char c; unsigned short h; int i; long l; double d; float f; int a[5]; unsigned b1 : 3, b2 : 7, b3 : 22;
                __int128 w; };
#define BODIES(name, space)                                                                                                       \
    static long name(struct fields space *p, long k)                                                                              \
    {                                                                                                                             \
        long sum = 0;                                                                                                             \
        if (p->i > k)                                                                                                             \
            p->c++;                                                                                                               \
        p->h = (unsigned short)(p->h + 3);                                                                                        \
        p->l = (long)((unsigned long)p->l << 2) - p->i;                                                                           \
        p->d *= 2, p->f += (float)p->i, p->b2 += (unsigned)k, p->b3 ^= p->b2, p->b1--;                                            \
        p->w += (__int128)p->l << 61, p->w -= k;                                                                                  \
        sum += p->w > k ? p->a[k % 5] : p->h, sum += p->d < (double)p->f;                                                         \
        p->c = (signed char)(p->l < k), sum += k < 3 ? p->a[1] : (int)k;                                                          \
        for (int i = 0; i < 5; i++)                                                                                               \
            p->a[i] = p->a[(i + (int)k) % 5] * 3 - (p->a[i] == p->a[0]), sum += p->a[i] / (1 + (p->h & 7));                       \
        switch (p->h & 3) {                                                                                                       \
        case 0: sum += 5; break;                                                                                                  \
        case 1: sum -= p->i; break;                                                                                               \
        case 2: p->i = -p->i; break;                                                                                              \
        default: p->i = ~p->i >> (k & 7);                                                                                         \
        }                                                                                                                         \
        struct fields copied = *p;                                                                                                \
        copied.i++;                                                                                                               \
        *p = copied;                                                                                                              \
        return sum + __builtin_popcountl((unsigned long)p->l) + (p->i < 0) + (p->f != p->f) + (p->w < 0);                         \
    }
BODIES(through, PORIN_CAP)
BODIES(plainly, )
long use_fields(struct fields PORIN_CAP *p, long k)
{
    struct fields own_copy;
    porin_cap_read(&own_copy, p, sizeof own_copy);
    long one = plainly(&own_copy, k), other = through(p, k);
    return one == other && !porin_cap_compare(p, &own_copy, sizeof own_copy);
}
PORIN_EXPORT(use_fields);

/* What the caller of the caller has: its registers lie one window below. */
long use_outer(bytes p, long i) { return *(const uint8_t PORIN_CAP *)(((uint64_t)p - (8ull << 52)) + (uint64_t)i); }
/* Leaves nothing but returns a capability pointer of its own, which dies with it. */
uint64_t use_leak(void)
{
    return (uint64_t)porin_cap_narrow(2, porin_cap_lend(1, own, sizeof own, PORIN_RIGHT_WRITE), 8, PORIN_RIGHT_READ);
}
/* Calls use_leak's like elsewhere and then uses what it returned. */
long use_leaked(long i) { return ((const uint8_t PORIN_CAP *)inner(0, 0))[i]; }
long use_inner(long i) { return inner(0, i); }
PORIN_EXPORT(use_inner);
long use_fault(void) { porin_cap_lend(0, own, sizeof own, PORIN_RIGHT_WRITE); __builtin_trap(); }
/* All registers one after the other: the first that can be read, or -1. The test asks for one at a time where a fault is expected. */
long use_recurse(bytes p, long depth) { return depth ? inner(porin_cap_pass(0, p, 8, PORIN_RIGHT_READ), depth - 1) + p[0] : p[0]; }
PORIN_EXPORT(use_outer); PORIN_EXPORT(use_leak); PORIN_EXPORT(use_leaked); PORIN_EXPORT(use_fault); PORIN_EXPORT(use_recurse);

/* Gives a kept one to another domain, for as long as it is not revoked. */
long give(bytes p, long size, int right);
PORIN_IMPORT(give);
long use_give(long number, long size, int right)
{
    bytes p = porin_cap_take(number, PORIN_CAP_ARGUMENT(0));
    return p ? give(p, size, right) : -1;
}
PORIN_EXPORT(use_give);

/* --- random programs --- */
typedef int nothing;
#define STATE nothing
#define POINTER bytes
#define THERE(pointer) ((pointer) != 0)
#define MOVED(pointer, distance) ((bytes)((uint64_t)(pointer) + (uint64_t)(int64_t)(int32_t)(distance)))
#define READ_BYTE(state, pointer) (*(pointer))
#define WRITE_BYTE(state, pointer, value) (*(pointer) = (value))
#define READ_WORD(state, pointer) (*(const int PORIN_CAP *)(pointer))
static inline bytes narrowed(unsigned number, bytes pointer, size_t size, int right)
{
    if ((uint64_t)pointer < 1ull << 32) /* NULL would be memory of our own */
        return 0;
    return porin_cap_narrow(number, pointer, size, (enum porin_right)right);
}
#define NARROWED(state, number, pointer, size, right) narrowed((unsigned)(number), pointer, size, (int)(right))
#define CALLED(state, pointer, size, right, seed, depth) \
    program_step(porin_cap_pass(0, pointer, size, (enum porin_right)(right)), seed, depth)
long program_step(bytes p, uint64_t seed, long depth);
PORIN_IMPORT(program_step);

static uint8_t object[PROGRAM_OBJECT];
static volatile uint8_t *window;
static uint64_t next_object;
static long next_domain, own_revoker, kept_numbers[PROGRAM_KEPT];
#define OWN(state, number, at, size, right) porin_cap_own(number, object + (at), size, (enum porin_right)(right))
#define WINDOWED(state, number, at, size, right) porin_cap_own(number, (const void *)(window + (at)), size, (enum porin_right)(right))
#define GRANTED(state, number, at, size, right) \
    porin_cap_of_domain(next_domain, next_object + (at), size, (enum porin_right)(right), number)
#define PUSHED(state, pointer) porin_cap_push(pointer)
#define POPPED(state, number) porin_cap_pop(number)
static long keep(unsigned place, long number)
{
    if (number <= 0)
        return 0;
    if (kept_numbers[place])
        porin_cap_close(kept_numbers[place]);
    kept_numbers[place] = number;
    return 1;
}
#define KEPT(state, place, at, size, right) keep(place, porin_cap_keep(object + (at), size, (enum porin_right)(right), own_revoker))
#define KEPT_AGAIN(state, place, pointer, size, right) keep(place, porin_cap_keep_again(pointer, size, (enum porin_right)(right)))
#define TAKEN(state, number, place) (kept_numbers[place] ? porin_cap_take(kept_numbers[place], number) : 0)
#define REVOKED(state) (porin_cap_revoke(own_revoker) == 0)
#define WINDOW_READ(state, at) (window[at])
#define WINDOW_WRITE(state, at, value) (window[at] = (value))
#include "../program.h"
long use_program(bytes p, uint64_t seed, long depth) { return program_run(0, p, seed, depth); }

/* Before each program: what it finds in the domain's object, and what it has of others. */
long use_program_begin(long first, void *shared, long handle, uint64_t at)
{
    for (int i = 0; i < PROGRAM_KEPT; i++) {
        if (kept_numbers[i])
            porin_cap_close(kept_numbers[i]);
        kept_numbers[i] = 0;
    }
    for (int i = 0; i < PROGRAM_OBJECT; i++)
        object[i] = (uint8_t)(first + i);
    if (!own_revoker)
        own_revoker = porin_cap_revoker();
    window = shared, next_domain = handle, next_object = at;
    return own_revoker;
}
long use_object(void) { return (long)object; }
long use_object_byte(long i) { return object[i]; }
PORIN_EXPORT(use_program); PORIN_EXPORT(use_program_begin); PORIN_EXPORT(use_object); PORIN_EXPORT(use_object_byte);

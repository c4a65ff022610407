/* SPDX-License-Identifier: Apache-2.0 */
/* Atomic operations that gcc does not inline: 16 bytes with cmpxchg16b, other sizes under a lock. */
#include "wide.h"

typedef unsigned char byte;

static int compare_exchange(volatile uwide *object, uwide *expected, uwide desired)
{
    uint64_t low = (uint64_t)*expected, high = (uint64_t)(*expected >> 64);
    byte equal;
    __asm__ volatile("lock cmpxchg16b %1\n\tsete %0"
                     : "=q"(equal), "+m"(*object), "+a"(low), "+d"(high)
                     : "b"((uint64_t)desired), "c"((uint64_t)(desired >> 64))
                     : "cc", "memory");
    *expected = (uwide)high << 64 | low;
    return equal;
}

uwide __atomic_load_16(const volatile void *object, int order);
void __atomic_store_16(volatile void *object, uwide value, int order);
uwide __atomic_exchange_16(volatile void *object, uwide value, int order);
/* The compiler's own function of this name has one argument more, which calls of the library leave out. */
_Bool porin_atomic_compare_exchange_16(volatile void *object, void *expected, uwide desired, int success, int failure)
    __asm__("__atomic_compare_exchange_16");

uwide __atomic_load_16(const volatile void *object, int order)
{
    uwide value = 0;
    (void)order;
    compare_exchange((volatile uwide *)object, &value, 0);
    return value;
}

uwide __atomic_exchange_16(volatile void *object, uwide value, int order)
{
    uwide old = 0;
    (void)order;
    while (!compare_exchange(object, &old, value))
        ;
    return old;
}

void __atomic_store_16(volatile void *object, uwide value, int order)
{
    __atomic_exchange_16(object, value, order);
}

_Bool porin_atomic_compare_exchange_16(volatile void *object, void *expected, uwide desired, int success, int failure)
{
    (void)success, (void)failure;
    return compare_exchange(object, expected, desired);
}

#define FETCH(name, expression) \
    uwide __atomic_fetch_##name##_16(volatile void *object, uwide value, int order); \
    uwide __atomic_##name##_fetch_16(volatile void *object, uwide value, int order); \
    uwide __atomic_fetch_##name##_16(volatile void *object, uwide value, int order) \
    { \
        uwide old = __atomic_load_16(object, order); \
        while (!compare_exchange(object, &old, expression)) \
            ; \
        return old; \
    } \
    uwide __atomic_##name##_fetch_16(volatile void *object, uwide value, int order) \
    { \
        uwide old = __atomic_fetch_##name##_16(object, value, order); \
        return expression; \
    }
FETCH(add, old + value)
FETCH(sub, old - value)
FETCH(and, old & value)
FETCH(or, old | value)
FETCH(xor, old ^ value)
FETCH(nand, ~(old & value))

/* --- any size --- */

static byte locks[64];

static byte *lock(const volatile void *object)
{
    byte *taken = &locks[((uintptr_t)object >> 4) % sizeof locks];
    while (__atomic_test_and_set(taken, __ATOMIC_ACQUIRE))
        __builtin_ia32_pause();
    return taken;
}

static void unlock(byte *taken)
{
    __atomic_clear(taken, __ATOMIC_RELEASE);
}

static void copy(volatile byte *to, const volatile byte *from, unsigned long size)
{
    for (unsigned long i = 0; i < size; i++)
        to[i] = from[i];
}

void porin_atomic_load(unsigned long size, const volatile void *object, void *value, int order) __asm__("__atomic_load");
void porin_atomic_store(unsigned long size, volatile void *object, const void *value, int order) __asm__("__atomic_store");
void porin_atomic_exchange(unsigned long size, volatile void *object, void *value, void *old, int order) __asm__("__atomic_exchange");
_Bool porin_atomic_compare_exchange(unsigned long size, volatile void *object, void *expected, const void *desired, int success,
                                    int failure)
    __asm__("__atomic_compare_exchange");
_Bool porin_atomic_is_lock_free(unsigned long size, const volatile void *object) __asm__("__atomic_is_lock_free");

void porin_atomic_load(unsigned long size, const volatile void *object, void *value, int order)
{
    (void)order;
    byte *taken = lock(object);
    copy(value, object, size);
    unlock(taken);
}

void porin_atomic_store(unsigned long size, volatile void *object, const void *value, int order)
{
    (void)order;
    byte *taken = lock(object);
    copy(object, value, size);
    unlock(taken);
}

void porin_atomic_exchange(unsigned long size, volatile void *object, void *value, void *old, int order)
{
    (void)order;
    byte *taken = lock(object);
    copy(old, object, size);
    copy(object, value, size);
    unlock(taken);
}

_Bool porin_atomic_compare_exchange(unsigned long size, volatile void *object, void *expected, const void *desired, int success,
                                    int failure)
{
    (void)success, (void)failure;
    byte *taken = lock(object);
    volatile byte *current = object;
    unsigned long i = 0;
    while (i < size && current[i] == ((byte *)expected)[i])
        i++;
    if (i == size)
        copy(object, desired, size);
    else
        copy(expected, object, size);
    unlock(taken);
    return i == size;
}

_Bool porin_atomic_is_lock_free(unsigned long size, const volatile void *object)
{
    (void)object;
    return size == 1 || size == 2 || size == 4 || size == 8 || size == 16;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Domain of the capability bench: uses memory that it is lent, and memory of its own in the same loops. */
#include "porin/capability.h"
#include "porin/domain.h"
#include <stdint.h>
#include <string.h>

enum { BYTES = 16384, BULK = 1 << 20 };
static uint8_t own[BULK], copy[BULK];
static uint32_t order[BYTES];

uint64_t borrow_nothing(uint64_t number)
{
    return number + 1;
}
uint64_t borrow_byte(const uint8_t PORIN_CAP *p)
{
    return p[0];
}
PORIN_EXPORT(borrow_nothing);
PORIN_EXPORT(borrow_byte);

/* A random order of the elements of a buffer. */
void borrow_shuffle(uint64_t elements)
{
    uint64_t seed = 12345;
    for (uint32_t i = 0; i < elements; i++)
        order[i] = i;
    for (uint64_t i = elements - 1; i > 0; i--) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        uint64_t k = (seed >> 33) % (i + 1);
        uint32_t kept = order[i];
        order[i] = order[k];
        order[k] = kept;
    }
}
PORIN_EXPORT(borrow_shuffle);

typedef long long pair __attribute__((vector_size(16)));
static inline uint64_t number_of(pair value) { return (uint64_t)(value[0] + value[1]); }
static inline uint64_t number_of_word(uint64_t value) { return value; }

/* The barrier keeps the compiler from making one wide access of several. */
#define SUM(name, type, space, number, index)                                       \
    uint64_t name(const type space *p, uint64_t rounds)                             \
    {                                                                               \
        uint64_t sum = 0;                                                           \
        for (; rounds; rounds--)                                                    \
            for (uint64_t i = 0; i < BYTES / sizeof(type); i++) {                   \
                sum += number(p[index]);                                            \
                __asm__ volatile("" : "+r"(sum));                                   \
            }                                                                       \
        return sum;                                                                 \
    }                                                                               \
    PORIN_EXPORT(name)
#define SUMS(bytes, type, number)                                                    \
    SUM(raw_##bytes, type, , number, i);                                             \
    SUM(cap_##bytes, type, PORIN_CAP, number, i);                                    \
    SUM(raw_random_##bytes, type, , number, order[i]);                               \
    SUM(cap_random_##bytes, type, PORIN_CAP, number, order[i]);
SUMS(1, uint8_t, number_of_word)
SUMS(8, uint64_t, number_of_word)
SUMS(16, pair, number_of)

/* The same through an asynchronous capability, on memory of its own: a number for through_kept(). */
long keep_own(void)
{
    return porin_cap_keep(own, BYTES, PORIN_RIGHT_READ, porin_cap_revoker());
}
uint64_t through_kept(long number, unsigned bytes, unsigned at_random, uint64_t rounds)
{
    const void PORIN_CAP *p = porin_cap_take(number, 0);
    switch (bytes + !!at_random) {
    case 1: return cap_1(p, rounds);
    case 2: return cap_random_1(p, rounds);
    case 8: return cap_8(p, rounds);
    case 9: return cap_random_8(p, rounds);
    case 16: return cap_16(p, rounds);
    default: return cap_random_16(p, rounds);
    }
}
PORIN_EXPORT(keep_own);
PORIN_EXPORT(through_kept);

/* A share of a fork-join sum. */
uint64_t borrow_sum(const uint64_t PORIN_CAP *p, uint64_t elements)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < elements; i++)
        sum += p[i];
    return sum;
}
uint64_t own_sum(const uint64_t *p, uint64_t elements)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < elements; i++)
        sum += p[i];
    return sum;
}
PORIN_EXPORT(borrow_sum);
PORIN_EXPORT(own_sum);

void bulk_raw(uint64_t size, uint64_t rounds)
{
    for (; rounds; rounds--) {
        memcpy(copy, own, size);
        __asm__ volatile("" : : "r"(copy) : "memory");
    }
}
void bulk_cap(const void PORIN_CAP *p, uint64_t size, uint64_t rounds)
{
    for (; rounds; rounds--)
        porin_cap_read(copy, p, size);
}
uint64_t own_buffer(void)
{
    return (uint64_t)own;
}
PORIN_EXPORT(bulk_raw);
PORIN_EXPORT(bulk_cap);
PORIN_EXPORT(own_buffer);

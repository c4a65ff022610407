/* SPDX-License-Identifier: Apache-2.0 */
/* Unaligned scalars and vectors as lvalues, and the byte compares that the string functions share. AVX2 is Porin's baseline. */
#ifndef STRING_VECTOR_H
#define STRING_VECTOR_H
#include <stdint.h>
#include <stddef.h>

#pragma GCC target("avx2,bmi")

typedef uint16_t any16 __attribute__((aligned(1), may_alias));
typedef uint32_t any32 __attribute__((aligned(1), may_alias));
typedef uint64_t any64 __attribute__((aligned(1), may_alias));
typedef char any128 __attribute__((vector_size(16), aligned(1), may_alias));
typedef char any256 __attribute__((vector_size(32), aligned(1), may_alias));
typedef char block __attribute__((vector_size(32), aligned(32), may_alias));

#define LOAD(type, p) (*(const type *)(p))
#define STORE(type, p, value) (*(type *)(p) = (value))
#define BLOCK 32
#define STRIDE (4 * BLOCK) /* what the loops over long ranges take at once */

static inline block block_of(int c)
{
    return (block){0} + (char)c;
}

/* Bit i is set where byte i of the comparison result is all ones. */
static inline uint32_t mask_of(block comparison)
{
    return (uint32_t)__builtin_ia32_pmovmskb256(comparison);
}

static inline uint32_t mask_of_half(any128 comparison)
{
    return (uint32_t)__builtin_ia32_pmovmskb128(comparison);
}

/* Compares with four blocks in a row, which are at p, are taken together this way: zero where any of them is. */
static inline block smallest(block a, block b, block c, block d)
{
    typedef char bytes __attribute__((vector_size(32)));
    return (block)__builtin_ia32_pminub256(__builtin_ia32_pminub256((bytes)a, (bytes)b), __builtin_ia32_pminub256((bytes)c, (bytes)d));
}

/* The aligned block that holds *p: it lies in p's own page, so reading all of it is safe wherever *p is readable. */
static inline const unsigned char *block_start(const void *p)
{
    return (const unsigned char *)((uintptr_t)p & -(uintptr_t)BLOCK);
}

static inline unsigned block_skip(const void *p)
{
    return (uintptr_t)p % BLOCK;
}
#endif

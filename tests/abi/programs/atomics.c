/* SPDX-License-Identifier: Apache-2.0 */
/* __atomic, __sync and C11 stdatomic on each width, in arrays and structs, compare-exchange loops, flags, pointers. */
/* flags: -mcx16 */
#include "report.h"
#include <stdatomic.h>

static _Atomic uint8_t a8;
static _Atomic uint16_t a16;
static _Atomic uint32_t a32;
static _Atomic uint64_t a64;
static atomic_flag flag = ATOMIC_FLAG_INIT;
static _Atomic(long *) pointer;
static struct { char pad; _Atomic int n; _Atomic long m[5]; } holder;

#define EACH(variable) \
    h = h * 31 + atomic_fetch_add(&variable, (__typeof__(variable))k); \
    h = h * 31 + atomic_fetch_sub_explicit(&variable, (__typeof__(variable))(k / 3), memory_order_relaxed); \
    h = h * 31 + atomic_fetch_or(&variable, 0x41); \
    h = h * 31 + atomic_fetch_and_explicit(&variable, (__typeof__(variable))~2ull, memory_order_acquire); \
    h = h * 31 + atomic_fetch_xor_explicit(&variable, (__typeof__(variable))(k * 7), memory_order_release); \
    h = h * 31 + atomic_exchange(&variable, (__typeof__(variable))(variable * 5)); \
    h = h * 31 + variable++; \
    variable *= 3

NOIPA uint64_t each(uint64_t k)
{
    uint64_t h = k;
    EACH(a8);
    EACH(a16);
    EACH(a32);
    EACH(a64);
    return h;
}
NOIPA long add_loop(_Atomic long *p, long k)
{
    long old = atomic_load(p);
    while (!atomic_compare_exchange_weak(p, &old, old * 3 + k))
        ;
    return old;
}
NOIPA int strong(_Atomic int *p, int expected, int wanted)
{
    int ok = atomic_compare_exchange_strong(p, &expected, wanted);
    return ok * 1000 + expected;
}
NOIPA long old_style(long *p, int *q)
{
    long r = __sync_fetch_and_add(p, 5) + __sync_add_and_fetch(p, 7) + __sync_val_compare_and_swap(p, 12, 99);
    r += __sync_bool_compare_and_swap(q, 3, 4) + __sync_lock_test_and_set(q, 77);
    r += __sync_fetch_and_nand(p, 3);
    __sync_lock_release(q);
    __sync_synchronize();
    return r + *p + *q;
}
NOIPA unsigned __int128 sixteen(unsigned __int128 *p, unsigned __int128 expected, unsigned __int128 wanted)
{
    return __sync_val_compare_and_swap(p, expected, wanted);
}
NOIPA int bits(unsigned *p, int n)
{
    int before = (__atomic_fetch_or(p, 1u << n, __ATOMIC_SEQ_CST) >> n) & 1;
    int after = (__atomic_fetch_and(p, ~(1u << (n + 1)), __ATOMIC_SEQ_CST) >> (n + 1)) & 1;
    return before + 2 * after + 4 * (__atomic_sub_fetch(p, 1, __ATOMIC_SEQ_CST) == 0) + 8 * (__atomic_add_fetch((int *)p, 1,
        __ATOMIC_SEQ_CST) < 0);
}

int main(void)
{
    for (uint64_t k = 1; k < 10; k++)
        put("each", each(HIDE(k) * 0x123456789));
    for (long k = 0; k < 5; k++)
        put("loop", (uint64_t)add_loop(&holder.m[HIDE(k) & 3], k + 1));
    put("strong", (uint64_t)(strong(&holder.n, 0, 5) + strong(&holder.n, 0, 6) + holder.n));
    put("flag", (uint64_t)(atomic_flag_test_and_set(&flag) + 2 * atomic_flag_test_and_set(&flag)));
    atomic_flag_clear(&flag);
    put("flag", atomic_flag_test_and_set_explicit(&flag, memory_order_acquire));
    long l = 0, array[4] = {1, 2, 3, 4};
    int i = 3;
    put("old", (uint64_t)old_style(&l, &i));
    atomic_store(&pointer, array);
    atomic_fetch_add(&pointer, 2);
    put("pointer", (uint64_t)*atomic_load(&pointer));
    static unsigned __int128 wide = 7;
    put_int128("sixteen", sixteen(&wide, 7, (unsigned __int128)5 << 80) + sixteen(&wide, 1, 2));
    unsigned u = 6;
    put("bits", (uint64_t)(bits(&u, HIDE(3)) * 16 + bits(&u, HIDE(31 - 3))) + u);
    atomic_thread_fence(memory_order_seq_cst);
    atomic_signal_fence(memory_order_acq_rel);
    return 0;
}

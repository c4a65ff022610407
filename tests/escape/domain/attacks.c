/* SPDX-License-Identifier: Apache-2.0 */
/* What a hostile domain does, in C: each export is one attack, or the control case beside it. Compiled by porin-cc like any program. */
#include "porin/domain.h"
#include <alloca.h>
#include <errno.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEEP __attribute__((noipa, noinline))
#define LABEL 0xfa1e0ff3u

/* --- the entries in raw.S --- */

PORIN_EXPORT(space); PORIN_EXPORT(service); PORIN_EXPORT(go); PORIN_EXPORT(go_call); PORIN_EXPORT(far_low); PORIN_EXPORT(far_high);
PORIN_EXPORT(far_low_write); PORIN_EXPORT(far_high_write); PORIN_EXPORT(far_stack_low); PORIN_EXPORT(far_stack_high);
PORIN_EXPORT(far_instruction_low); PORIN_EXPORT(far_instruction_high); PORIN_EXPORT(wrap_address); PORIN_EXPORT(wrap_stack);
PORIN_EXPORT(return_stack); PORIN_EXPORT(service_stack); PORIN_EXPORT(fault_stack); PORIN_EXPORT(recurse_control);
PORIN_EXPORT(extra_returns); PORIN_EXPORT(jump_depth); PORIN_EXPORT(call_depth); PORIN_EXPORT(jump_far); PORIN_EXPORT(store_far);
PORIN_EXPORT(move_far); PORIN_EXPORT(scan_far); PORIN_EXPORT(full_return); PORIN_EXPORT(full_fault); PORIN_EXPORT(full_call);
PORIN_EXPORT(full_jump); PORIN_EXPORT(full_unknown); PORIN_EXPORT(full_import); PORIN_EXPORT(rounding); PORIN_EXPORT(dump);
PORIN_EXPORT(dump_service);

/* --- memory --- */

PORIN_EXPORT(add);
KEEP uint64_t add(uint64_t a, uint64_t b) { return a + b; }

PORIN_EXPORT(peek);
KEEP uint64_t peek(uint64_t address) { return *(volatile uint64_t *)address; }

PORIN_EXPORT(peek_byte);
KEEP uint64_t peek_byte(uint64_t address) { return *(volatile uint8_t *)address; }

PORIN_EXPORT(poke);
KEEP uint64_t poke(uint64_t address, uint64_t value) { *(volatile uint64_t *)address = value; return 1; }

PORIN_EXPORT(poke_byte);
KEEP uint64_t poke_byte(uint64_t address, uint64_t value) { *(volatile uint8_t *)address = (uint8_t)value; return 1; }

PORIN_EXPORT(peek_biased);
KEEP uint64_t peek_biased(uint64_t base, int64_t index) { return ((volatile uint8_t *)base)[index]; }

PORIN_EXPORT(poke_locked);
KEEP uint64_t poke_locked(uint64_t address, uint64_t value) { return __atomic_fetch_add((uint64_t *)address, value, __ATOMIC_SEQ_CST); }

PORIN_EXPORT(poke_vector);
KEEP uint64_t poke_vector(uint64_t address)
{
    typedef long vector __attribute__((vector_size(16), aligned(1)));
    *(volatile vector *)address = (vector){-1, -1};
    return 1;
}

static volatile int landed;
static unsigned char scratch[65536];
static const uint64_t constant[4] = {0x1122334455667788u, 2, 3, 4};

PORIN_EXPORT(copy_from);
KEEP uint64_t copy_from(uint64_t address, uint64_t size) { memcpy(scratch, (void *)address, size); return scratch[0]; }

PORIN_EXPORT(copy_to);
KEEP uint64_t copy_to(uint64_t address, uint64_t size) { memcpy((void *)address, scratch, size); return 1; }

PORIN_EXPORT(fill);
KEEP uint64_t fill(uint64_t address, uint64_t size) { memset((void *)address, 0x55, size); return 1; }

PORIN_EXPORT(length);
KEEP uint64_t length(uint64_t address) { return strlen((char *)address); }

/* Where things are in this slot: 0 text, 1 constants, 2 data, 3 stack, 4 heap, 5 the scratch area. */
PORIN_EXPORT(where);
KEEP uint64_t where(uint64_t what)
{
    int local;
    void *places[] = {(void *)add, (void *)constant, (void *)&landed, &local, malloc(64), scratch};
    return (uint64_t)places[what % 6];
}

/* --- control --- */

PORIN_EXPORT(call);
KEEP uint64_t call(uint64_t address, uint64_t a, uint64_t b)
{
    uint64_t result = ((uint64_t(*)(uint64_t, uint64_t))address)(a, b);
    return result + 1; /* so that it is no tail call */
}

PORIN_EXPORT(jump);
KEEP uint64_t jump(uint64_t address, uint64_t a, uint64_t b) { return ((uint64_t(*)(uint64_t, uint64_t))address)(a, b); }

/* Plants a label and a return in writable memory (0 static, 1 stack, 2 heap, 3 mapped) and goes there. */
PORIN_EXPORT(plant);
KEEP uint64_t plant(uint64_t where_)
{
    static const unsigned char code[] = {0xf3, 0x0f, 0x1e, 0xfa, 0xb8, 42, 0, 0, 0, 0xc3};
    unsigned char local[64];
    void *places[] = {scratch, local, malloc(64), mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)};
    memcpy(places[where_ & 3], code, sizeof code);
    return ((uint64_t(*)(void))places[where_ & 3])();
}

/* Overwrites everything above a local array, as an overflow does. With return addresses elsewhere the function still returns. */
KEEP static void overflow(unsigned char *array, uint64_t size, int value)
{
    for (volatile uint64_t i = 0; i < size; i++)
        array[i] = (unsigned char)value;
}
KEEP static uint64_t victim(uint64_t size, int value)
{
    unsigned char array[32];
    overflow(array, size, value);
    return 7;
}
PORIN_EXPORT(smash);
KEEP uint64_t smash(uint64_t size, uint64_t value) { return victim(size, (int)value) + 1; }

PORIN_EXPORT(recurse);
KEEP uint64_t recurse(uint64_t n)
{
    volatile unsigned char frame[256];
    frame[n & 255] = 1;
    return n ? recurse(n - 1) + frame[n & 255] : 0;
}

PORIN_EXPORT(huge_alloca);
KEEP uint64_t huge_alloca(uint64_t size)
{
    volatile unsigned char *p = alloca(size);
    p[0] = 1;
    return p[0];
}

/* --- setjmp --- */

static jmp_buf buffer;

/* Sets word `word` of a live buffer to `value` (adds it if add is set) and jumps. */
PORIN_EXPORT(forge);
KEEP uint64_t forge(uint64_t word, uint64_t value, uint64_t add_)
{
    landed = 0;
    int result = setjmp(buffer);
    if (result || landed++)
        return 100 + (uint64_t)result;
    uint64_t *words = (uint64_t *)buffer;
    if (word < sizeof buffer / 8)
        words[word] = add_ ? words[word] + value : value;
    longjmp(buffer, 5);
}

PORIN_EXPORT(remember);
KEEP uint64_t remember(void) { return setjmp(buffer) ? 77 : 1; }

KEEP static uint64_t remember_below(int n) { return n ? remember_below(n - 1) + 1 : remember(); }
PORIN_EXPORT(remember_deep);
KEEP uint64_t remember_deep(void) { return remember_below(20); }

PORIN_EXPORT(jump_back);
KEEP uint64_t jump_back(void) { longjmp(buffer, 9); }

KEEP static uint64_t jump_below(int n) { return n ? jump_below(n - 1) + 1 : jump_back(); }
PORIN_EXPORT(jump_back_deep);
KEEP uint64_t jump_back_deep(void) { return jump_below(20); }

/* Calls the import in between: host or the other domain comes back here with jump_back. */
PORIN_IMPORT(other);
uint64_t other(uint64_t a, uint64_t b);

PORIN_EXPORT(remember_and_call);
KEEP uint64_t remember_and_call(uint64_t a, uint64_t b)
{
    if (setjmp(buffer))
        return 99;
    return other(a, b);
}

PORIN_EXPORT(call_other);
KEEP uint64_t call_other(uint64_t a, uint64_t b) { return other(a, b) + 1; }

/* --- services --- */

KEEP uint64_t service(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);

/* Counts how many of what can be had: 0 mappings of 16 MiB, 1 areas of alternating protection, 2 descriptors, 3 heap by brk. */
PORIN_EXPORT(eat);
KEEP uint64_t eat(uint64_t what)
{
    uint64_t count = 0;
    char *area = mmap(NULL, 1 << 28, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    switch (what) {
    case 0:
        while (mmap(NULL, 1 << 24, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
            count++;
        return count;
    case 1:
        while (count < 30000 && mprotect(area + count * 8192, 4096, PROT_READ) == 0)
            count++;
        return count;
    case 2:
        while (count < 100000 && dup(1) >= 0)
            count++;
        return count;
    default:
        for (uint64_t end = (uint64_t)sbrk(0); count < 4096 && service(SYS_brk, end + (1 << 20), 0, 0, 0, 0) == end + (1 << 20);
            end += 1 << 20)
            count++;
        return count;
    }
}

/* Touches `megabytes` of fresh memory. */
PORIN_EXPORT(touch);
KEEP uint64_t touch(uint64_t megabytes)
{
    for (uint64_t i = 0; i < megabytes; i++) {
        char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
            return i;
        memset(p, 1, 1 << 20);
    }
    return megabytes;
}

PORIN_EXPORT(errno_now);
KEEP uint64_t errno_now(void) { errno = 0; close(9999); return (uint64_t)errno; }

/* --- several threads --- */

static uint64_t (*volatile pointer)(uint64_t, uint64_t) = add;
static volatile uint64_t target_stack, turns;

PORIN_EXPORT(spin);
KEEP uint64_t spin(void)
{
    for (;;)
        turns++;
}

PORIN_EXPORT(follow);
KEEP uint64_t follow(void)
{
    for (;;)
        turns = pointer(turns, 1);
}

PORIN_EXPORT(flip);
KEEP uint64_t flip(uint64_t wrong)
{
    for (;;) {
        pointer = add;
        for (int i = 0; i < 1000; i++)
            __asm__ volatile("pause");
        pointer = (uint64_t(*)(uint64_t, uint64_t))wrong;
        for (int i = 0; i < 1000; i++)
            __asm__ volatile("pause");
    }
}

KEEP static uint64_t climb(int n)
{
    volatile uint64_t local[8] = {(uint64_t)n};
    target_stack = (uint64_t)&local;
    return n ? climb(n - 1) + local[n & 7] : turns++;
}
PORIN_EXPORT(climb_forever);
KEEP uint64_t climb_forever(void)
{
    for (;;)
        climb(50);
}

PORIN_EXPORT(scribble);
KEEP uint64_t scribble(uint64_t value)
{
    for (uint64_t i = 0;; i++)
        if (target_stack)
            ((volatile uint64_t *)(target_stack & ~7ul))[i % 600] = value + (value & 1 ? i : 0);
}

PORIN_EXPORT(unmap_stack);
KEEP uint64_t unmap_stack(void)
{
    while (!target_stack)
        ;
    for (;;)
        munmap((void *)(target_stack & ~4095ul), 4096);
}

PORIN_EXPORT(jump_forever);
KEEP uint64_t jump_forever(void)
{
    static jmp_buf mine;
    target_stack = (uint64_t)&mine;
    for (;;)
        if (setjmp(mine) == 0)
            longjmp(mine, 1);
}

PORIN_EXPORT(scribble_buffer);
KEEP uint64_t scribble_buffer(uint64_t value)
{
    for (uint64_t i = 0;; i++)
        if (target_stack)
            ((volatile uint64_t *)target_stack)[i % 8] = value * (i >> 3);
}

static char *volatile shared;

PORIN_EXPORT(remap_forever);
KEEP uint64_t remap_forever(void)
{
    char *p = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (;;) {
        shared = p;
        munmap(p, 1 << 16);
        mmap(p, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        mprotect(p + 4096, 4096, PROT_NONE);
    }
}

/* Lets services read and write memory that comes and goes. */
PORIN_EXPORT(serve_forever);
KEEP uint64_t serve_forever(void)
{
    while (!shared)
        ;
    for (;;) {
        write(1, shared, 1 << 16);
        read(0, shared, 1 << 16);
        service(SYS_clock_gettime, 1, (uint64_t)shared, 0, 0, 0);
        service(SYS_uname, (uint64_t)shared, 0, 0, 0, 0);
        service(SYS_getrandom, (uint64_t)shared, 5000, 0, 0, 0);
        service(SYS_writev, 1, (uint64_t)shared, 8, 0, 0);
        turns++;
    }
}

/* Iovec lists whose lengths and pointers change while the service reads them. */
PORIN_EXPORT(change_vectors);
KEEP uint64_t change_vectors(uint64_t address)
{
    shared = (char *)scratch;
    for (uint64_t i = 0;; i++) {
        volatile uint64_t *vector = (uint64_t *)scratch;
        vector[i % 16] = i & 1 ? i % 4096 : i & 2 ? address : (uint64_t)scratch;
    }
}

PORIN_EXPORT(turns_made);
KEEP uint64_t turns_made(void) { return turns; }

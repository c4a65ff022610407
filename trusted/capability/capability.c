/* SPDX-License-Identifier: Apache-2.0 */
/* Capability registers as C sees them, revocation counters, and what a thread does when something was revoked. */
#define _GNU_SOURCE
#include "capability.h"
#include "registers.h"
#include "loader/image.h"
#include "porin/capability.h"
#include "runtime/copy.h"
#include "runtime/domain.h"
#include "runtime/error.h"
#include "runtime/grace.h"
#include "runtime/must.h"
#include "slots/region.h"
#include "runtime/thread.h"
#include <stdatomic.h>
#include <string.h>

/* Arrays in the thread block, each behind the one before. */
#define ENDS_BEFORE(array, bytes, next) _Static_assert((array) + (bytes) <= (next) && (next) % 64 == 0, "arrays overlap")
ENDS_BEFORE(PORIN_TB_CAPABILITY_BASE, 8 * PORIN_CAPABILITY_REGISTERS, PORIN_TB_CAPABILITY_READ);
ENDS_BEFORE(PORIN_TB_CAPABILITY_READ, 8 * PORIN_CAPABILITY_REGISTERS, PORIN_TB_CAPABILITY_WRITE);
ENDS_BEFORE(PORIN_TB_CAPABILITY_WRITE, 8 * PORIN_CAPABILITY_REGISTERS, TB_ORIGIN);
ENDS_BEFORE(TB_ORIGIN, 8 * PORIN_CAPABILITY_REGISTERS, TB_HIDDEN_READ);
ENDS_BEFORE(TB_HIDDEN_READ, 8 * PORIN_CAPABILITY_REGISTERS, TB_HIDDEN_WRITE);
ENDS_BEFORE(TB_HIDDEN_WRITE, 8 * PORIN_CAPABILITY_REGISTERS, TB_WINDOW_USED);
ENDS_BEFORE(TB_WINDOW_USED, PORIN_CAPABILITY_REGISTERS, TB_STACK_FIRST);
ENDS_BEFORE(TB_STACK_FIRST, PORIN_CAPABILITY_REGISTERS, TB_STACK);
ENDS_BEFORE(TB_STACK, 32 * CAPABILITY_STACK, TB_END);

#define COUNTER_END (UINT32_MAX - 1)
static _Atomic uint32_t counters[COUNTERS_MAX];

static uint64_t *word(const struct thread *thread, uint32_t array, uint64_t number)
{
    must(number < PORIN_CAPABILITY_REGISTERS);
    return (uint64_t *)((char *)thread + array) + number;
}

/* An origin is a counter and one more than the value it has. */
uint64_t counter_origin(uint32_t counter)
{
    must(counter < COUNTERS_MAX);
    return ((uint64_t)counters[counter] + 1) << 32 | counter;
}

bool origin_is_valid(uint64_t origin)
{
    return origin == ORIGIN_SCOPE || counter_origin((uint32_t)origin) == origin;
}

bool counter_advance(uint32_t counter)
{
    must(counter < COUNTERS_MAX);
    if (counters[counter] >= COUNTER_END - 1)
        return false;
    counters[counter]++;
    return true;
}

/* The last value is for being nobody's: then not even counter_origin() gives an origin that is valid later. */
void counter_retire(uint32_t counter)
{
    must(counter < COUNTERS_MAX && counters[counter] < COUNTER_END);
    counters[counter]++;
}

void capability_revoke(void)
{
    grace_sweep();
}

bool register_get(const struct thread *thread, uint64_t pointer, uint64_t size, struct capability *out)
{
    uint64_t number = pointer >> PORIN_CAPABILITY_SHIFT, offset = (uint32_t)pointer;
    uint64_t read = *word(thread, PORIN_TB_CAPABILITY_READ, number), write = *word(thread, PORIN_TB_CAPABILITY_WRITE, number);
    if (number < PORIN_CAPABILITY_WINDOW || offset > read || size > read - offset)
        return false;
    *out = (struct capability){ *word(thread, PORIN_TB_CAPABILITY_BASE, number) + offset, size,
                                offset <= write && size <= write - offset ? size : 0, *word(thread, TB_ORIGIN, number) };
    return true;
}

/* First the register, then the question whether it may be there: whoever revokes does it the other way round. */
uint64_t register_set(struct thread *thread, uint32_t number, const struct capability *capability)
{
    must(number < 3 * PORIN_CAPABILITY_WINDOW);
    uint64_t at = thread->window + number;
    if (capability->origin != ORIGIN_SCOPE)
        atomic_store(&thread->revocable, true);
    *word(thread, TB_WINDOW_USED, at / PORIN_CAPABILITY_WINDOW) = 1;
    *word(thread, TB_ORIGIN, at) = capability->origin;
    *word(thread, PORIN_TB_CAPABILITY_BASE, at) = capability->base;
    *word(thread, PORIN_TB_CAPABILITY_READ, at) = capability->read;
    *word(thread, PORIN_TB_CAPABILITY_WRITE, at) = capability->write;
    atomic_thread_fence(memory_order_seq_cst);
    if (origin_is_valid(capability->origin))
        return at << PORIN_CAPABILITY_SHIFT;
    *word(thread, PORIN_TB_CAPABILITY_READ, at) = *word(thread, PORIN_TB_CAPABILITY_WRITE, at) = 0;
    return 0;
}

bool windows_room(const struct thread *thread)
{
    return thread->window < WINDOW_LIMIT;
}

static void window_call(void (*function)(void), uint64_t window)
{
    register uint64_t r11 __asm__("r11") = window;
    /* below the red zone */
    __asm__ volatile("leaq -128(%%rsp), %%rsp\n\tcall *%1\n\tleaq 128(%%rsp), %%rsp" : "+r"(r11) : "r"(function) : "memory", "cc", "xmm15");
}

static void window_enter(struct thread *thread)
{
    if (*word(thread, TB_WINDOW_USED, thread->window / PORIN_CAPABILITY_WINDOW))
        window_call(window_hide, thread->window);
    thread->window += PORIN_CAPABILITY_WINDOW;
}

uint64_t windows_enter(struct thread *thread, bool deep)
{
    uint64_t before = thread->window;
    if (deep)
        window_enter(thread);
    window_enter(thread);
    return before;
}

void windows_leave(struct thread *thread, uint64_t window, bool deep)
{
    if (deep)
        window_call(window_leave, window + PORIN_CAPABILITY_WINDOW);
    window_call(deep ? window_show : window_leave, window);
    thread->window = window;
}

/* The number of the first register that a domain called by host code now would find its arguments in. */
static uint64_t window_of_next(const struct thread *thread)
{
    return thread->window + (thread->frame ? 2 : 1) * PORIN_CAPABILITY_WINDOW;
}

void windows_forget_lent(struct thread *thread)
{
    uint64_t window = window_of_next(thread);
    for (uint64_t at = window; at < window + PORIN_CAPABILITY_WINDOW; at++)
        *word(thread, PORIN_TB_CAPABILITY_READ, at) = *word(thread, PORIN_TB_CAPABILITY_WRITE, at) = 0;
    *word(thread, TB_WINDOW_USED, window / PORIN_CAPABILITY_WINDOW) = 0;
    thread->lent = false;
}

porin_status porin_capability_lend(unsigned argument, const void *start, size_t size, enum porin_right right, uint64_t *pointer)
{
    struct porin_error error;
    struct thread *thread = thread_attach(&error);
    if (!thread)
        return error.status;
    bool rights = right == PORIN_RIGHT_READ || right == PORIN_RIGHT_WRITE;
    if (argument >= PORIN_CAPABILITY_WINDOW || !start || !pointer || size >= SLOT_BYTES || !rights)
        return error_set(&thread->last_error, PORIN_ERR_ARGUMENT, "porin_capability_lend: no argument %u of %zu bytes", argument, size);
    if (!windows_room(thread))
        return error_set(&thread->last_error, PORIN_ERR_LIMIT, "calls are nested too deep for another one");
    struct capability capability = { (uint64_t)start, size, right == PORIN_RIGHT_WRITE ? size : 0, ORIGIN_SCOPE };
    thread->lent = true;
    *pointer = register_set(thread, (uint32_t)(window_of_next(thread) - thread->window) + argument, &capability);
    return PORIN_OK;
}

/* --- in the signal handler --- */

/* Empties the registers that may be in use and what lies on the stack, where gone() says so of base and origin; those of activations that
 * are not running too. */
static void registers_empty(struct thread *thread, bool (*gone)(uint64_t base, uint64_t origin))
{
    static const uint32_t limits[] = { PORIN_TB_CAPABILITY_READ, PORIN_TB_CAPABILITY_WRITE, TB_HIDDEN_READ, TB_HIDDEN_WRITE };
    for (uint64_t at = 0; at < thread->window + 3 * PORIN_CAPABILITY_WINDOW; at++)
        for (int i = 0; i < 4 && gone(*word(thread, PORIN_TB_CAPABILITY_BASE, at), *word(thread, TB_ORIGIN, at)); i++)
            *word(thread, limits[i], at) = 0;
    for (uint64_t at = 0; at < thread->stack_top; at += 4)
        if (gone(*word(thread, TB_STACK + ON_STACK_BASE, at), *word(thread, TB_STACK + ON_STACK_ORIGIN, at)))
            *word(thread, TB_STACK + ON_STACK_READ, at) = *word(thread, TB_STACK + ON_STACK_WRITE, at) = 0;
}

static bool is_revoked(uint64_t base, uint64_t origin)
{
    (void)base;
    return !origin_is_valid(origin);
}

static bool is_of_no_living(uint64_t base, uint64_t origin)
{
    return origin == ORIGIN_SCOPE && (!region_contains(base) || domain_is_dead(domain_at((uint32_t)(base >> PORIN_SLOT_SHIFT))));
}

/* The code of the sequence that rip in a slot is inside of, and how far; NULL: not in one. Every other instruction of a verified text
 * that a thread can be at is a start. */
static const uint8_t *sequence_at(uint64_t rip, uint64_t *distance)
{
    const struct porin_domain *domain = domain_at((uint32_t)(rip >> PORIN_SLOT_SHIFT));
    const struct porin_image *image = domain->image;
    uint64_t text = domain->base + image->layout.text.offset, at = rip - text;
    if (!image->starts || rip < text || at >= image->text_pages_size)
        return NULL;
    while (!(image->starts[at / 64] >> at % 64 & 1))
        at--;
    *distance = rip - text - at;
    return *distance ? image->memory + at : NULL;
}

#define BULK_CHECKED 24 /* bytes of a bulk sequence up to its branch */
#define BULK_BASED 9    /* of the instruction behind the branch, which replaces the pointer */

/* An access sequence, which a 64-bit lea to r10 begins and no other does, or a bulk sequence (movq %rsi or %rdi to r10). */
struct sequence {
    uint64_t distance;  /* how far it has come */
    bool based;         /* the pointer of a bulk sequence has been replaced by an address: it cannot begin again */
    int pointer;        /* which register had it */
};

static bool sequence_find(const greg_t *registers, struct sequence *sequence)
{
    const uint8_t *code = sequence_at((uint64_t)registers[REG_RIP], &sequence->distance);
    if (!code)
        return false;
    bool access = (code[0] & 0xFC) == 0x4C && code[1] == 0x8D && (code[2] & 0x38) == 0x10;
    bool bulk = code[0] == 0x49 && code[1] == 0x89 && (code[2] & 0xF7) == 0xF2;
    sequence->based = bulk && sequence->distance >= BULK_CHECKED + (code[BULK_CHECKED] == 0x0F ? 6 : 2) + BULK_BASED;
    sequence->pointer = code[2] == 0xF2 ? REG_RSI : REG_RDI;
    return access || bulk;
}

/* A thread inside a sequence goes back to its head. If it has replaced the pointer it goes on if the capability is still there, and
 * otherwise goes back with a pointer that traps. */
static void sequence_restart(const struct thread *thread, greg_t *registers)
{
    struct sequence sequence;
    if (!sequence_find(registers, &sequence))
        return;
    if (sequence.based) {
        if (*word(thread, PORIN_TB_CAPABILITY_READ, (uint64_t)registers[REG_R10]))
            return;
        registers[sequence.pointer] = 0;
    }
    registers[REG_RIP] -= (greg_t)sequence.distance;
}

bool capability_interruptible(greg_t *registers)
{
    struct sequence sequence;
    if (!sequence_find(registers, &sequence))
        return true;
    if (!sequence.based)
        registers[REG_RIP] -= (greg_t)sequence.distance;
    return !sequence.based;
}

bool capability_sweep(struct thread *thread, ucontext_t *context)
{
    uint64_t rip = context ? (uint64_t)context->uc_mcontext.gregs[REG_RIP] : 0;
    if (rip >= (uint64_t)capability_text && rip < (uint64_t)capability_text_end)
        return false;
    bool inside = context && thread->frame && thread->frame->kind == FRAME_ENTRY;
    if (inside && !rip_is_known(rip))
        return false; /* on its way in or out, or in a handler of the host that interrupted a domain */
    registers_empty(thread, is_revoked);
    if (inside)
        sequence_restart(thread, context->uc_mcontext.gregs);
    return true;
}

void capability_split(struct thread *thread, greg_t *registers)
{
    registers_empty(thread, is_of_no_living);
    if (region_contains((uint64_t)registers[REG_RIP]))
        sequence_restart(thread, registers);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities: rights on a range of bytes, held in registers of a thread that only its running activation can use (registers.S), loaded by
 * checked access sequences (sequences.def). Bound to a scope: gone when the gate they were passed through is left. Asynchronous: they
 * name a revocation counter and die, wherever they are, when it moves. CODOMs (ISCA'14), sections 3.2 and 3.3. */
#ifndef PORIN_CAPABILITY_CAPABILITY_H
#define PORIN_CAPABILITY_CAPABILITY_H
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

struct thread;

/* registers.S: code for the page of service gates; up to capability_enter, the capability gate, it is for gates only. */
void window_hide(void), window_leave(void), window_show(void), capability_enter(void);
extern const char capability_text[], capability_enter_end[], capability_text_end[];

/* A capability outside registers. */
struct capability {
    uint64_t base;                /* host address */
    uint64_t read, write;         /* bytes from there */
    uint64_t origin;              /* ORIGIN_SCOPE, or what revokes it */
};
#define ORIGIN_SCOPE 0ull

/* --- revocation counters: numbers below COUNTERS_MAX; who owns which is the caller's business --- */
#define COUNTERS_MAX 65536u
/* What a capability made now under this counter has as its origin. */
uint64_t counter_origin(uint32_t counter);
bool origin_is_valid(uint64_t origin);
/* Makes all origins of the counter so far invalid; false: it has come to its end, all of them are valid as before. Registers still hold
 * what they name until capability_revoke() is back. */
bool counter_advance(uint32_t counter);
/* The same for good: a counter at its end can have no origin. */
void counter_retire(uint32_t counter);
/* Takes every capability with an invalid origin out of every thread's registers; when it is back none can be in use any more. */
void capability_revoke(void);

/* --- registers of the calling thread --- */
/* What the running domain's capability pointer names, offset included. False: a register without capability, or out of bounds. */
bool register_get(const struct thread *thread, uint64_t pointer, uint64_t size, struct capability *out);
/* Puts a capability into a register (0-7 own, 8-15 the next callee's, 16-23 of what host code calls) of the running activation: the
 * pointer to it, or 0 if it has been revoked meanwhile. */
uint64_t register_set(struct thread *thread, uint32_t number, const struct capability *capability);

/* --- host code around a call into a domain that uses capabilities --- */
bool windows_room(const struct thread *thread);
/* deep: what lies ready in the next window is not for the domain that is entered, because another domain has put it there, or because
 * the domain is only being made ready. Returns what to give to windows_leave. */
uint64_t windows_enter(struct thread *thread, bool deep);
void windows_leave(struct thread *thread, uint64_t window, bool deep);
/* Takes back what porin_capability_lend() has laid ready for a call that did not come about. */
void windows_forget_lent(struct thread *thread);

/* --- where domain code is interrupted --- */
/* In the signal handler of grace.c, or without context: takes what was revoked out of the calling thread's registers, and moves it back to
 * the head of an access sequence. False: not now, ask again. */
bool capability_sweep(struct thread *thread, ucontext_t *context);
/* May a domain that stands there be interrupted, for as long as it takes? In an access sequence it will begin again at the head; inside a
 * bulk copy it may not be: what has been checked would be old. */
bool capability_interruptible(greg_t *registers);
/* The thread is split and will go on with these registers: takes away what was bound to the scope of the host's call, which comes back, or
 * of a call by a domain that has died: whatever is not the memory of a living one. */
void capability_split(struct thread *thread, greg_t *registers);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A domain that works on windows, honestly or not; each entry does one thing, as the test tells it. */
#include "porin/domain.h"
#include "porin/window.h"
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FUTEX_WAIT, FUTEX_WAKE };

/* Any service, with Linux's way to say errors. */
long do_service(long number, long a, long b, long c, long d, long e)
{
    long result = syscall(number, a, b, c, d, e, 0l);
    return result < 0 ? -errno : result;
}
long do_load(const volatile uint64_t *at) { return (long)*at; }
void do_store(volatile uint64_t *at, uint64_t value) { *at = value; }
PORIN_EXPORT(do_service);
PORIN_EXPORT(do_load);
PORIN_EXPORT(do_store);

/* Writes until something ends it. */
static volatile long rounds;
void do_spin(volatile uint64_t *at)
{
    for (rounds = 0;; rounds++)
        at[rounds % 512] = (uint64_t)rounds;
}
/* The same through services: what trusted code and the kernel write for the domain. */
long do_spin_services(char *at, int from, int to)
{
    char piece[64] = "abc";
    for (rounds = 0;; rounds++)
        if (syscall(SYS_getrandom, at, 512l, 0l) < 0 || write(to, piece, sizeof piece) < 0 || read(from, at + 1024, sizeof piece) < 0)
            return -errno;
}
long do_read(int from, char *at, size_t size)
{
    rounds = 1;
    long result = read(from, at, size);
    return result < 0 ? -errno : result;
}
PORIN_EXPORT(do_read);
long do_rounds(void) { return rounds; }

static int ends[2];
long do_pipes(void) { return pipe(ends) ? -errno : (long)ends[0] << 32 | ends[1]; }
PORIN_EXPORT(do_spin);
PORIN_EXPORT(do_spin_services);
PORIN_EXPORT(do_rounds);
PORIN_EXPORT(do_pipes);

/* Memory of its own to write from. */
static char text[64] = "what is read";
long do_text(void) { return (long)text; }
PORIN_EXPORT(do_text);

/* Waits until the word is no longer `value`. */
long do_wait(volatile uint32_t *word, uint32_t value)
{
    while (*word == value)
        if (syscall(SYS_futex, word, FUTEX_WAIT, (long)value, 0l, 0l, 0l) < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
    return *word;
}
long do_wake(volatile uint32_t *word, uint32_t value)
{
    *word = value;
    return syscall(SYS_futex, word, FUTEX_WAKE, 100l, 0l, 0l, 0l);
}
PORIN_EXPORT(do_wait);
PORIN_EXPORT(do_wake);

/* In a child: 1 if the handle still maps something; otherwise it touches the window and ends of that. Returns how it ended. */
long do_fork(volatile uint64_t *at, long handle)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        if (porin_window_map(handle, NULL, PORIN_RIGHT_READ))
            _exit(1);
        _exit((int)*at & 2);
    }
    return child > 0 && waitpid(child, &status, 0) == child ? status : -errno;
}
PORIN_EXPORT(do_fork);
/* A child that asks for a service: how it ended, and by its own alarm if it hung. */
long do_fork_service(long number)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        alarm(5);
        syscall(number, 0l, 0l, 0l, 0l);
        _exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) == child ? status : -errno;
}
PORIN_EXPORT(do_fork_service);

/* --- a ring for any number of producers and consumers: each place has the turn at which it may be written or read --- */
enum { PLACES = 64 };
struct ring {
    _Atomic uint64_t in, out __attribute__((aligned(64)));
    struct { _Atomic uint64_t turn; uint64_t value; } places[PLACES] __attribute__((aligned(64)));
};

void ring_clear(struct ring *ring)
{
    ring->in = ring->out = 0;
    for (uint64_t i = 0; i < PLACES; i++)
        ring->places[i].turn = i;
}

static bool ring_step(struct ring *ring, _Atomic uint64_t *end, uint64_t *value, uint64_t ahead, uint64_t next)
{
    uint64_t at = atomic_load_explicit(end, memory_order_relaxed);
    for (;;) {
        uint64_t turn = atomic_load_explicit(&ring->places[at % PLACES].turn, memory_order_acquire);
        if (turn != at + ahead) {
            if ((int64_t)(turn - at - ahead) < 0)
                return false;
            at = atomic_load_explicit(end, memory_order_relaxed);
        } else if (atomic_compare_exchange_weak_explicit(end, &at, at + 1, memory_order_relaxed, memory_order_relaxed)) {
            break;
        }
    }
    if (ahead)
        *value = ring->places[at % PLACES].value;
    else
        ring->places[at % PLACES].value = *value;
    atomic_store_explicit(&ring->places[at % PLACES].turn, at + next, memory_order_release);
    return true;
}

/* Puts numbers first, first + 1 and so on. */
void ring_put(struct ring *ring, uint64_t first, uint64_t count)
{
    for (uint64_t value = first; value < first + count;)
        if (ring_step(ring, &ring->in, &value, 0, 1))
            value++;
        else
            syscall(SYS_sched_yield);
}

/* Takes so many: their sum. ordered: 0 unless they come in order, as from one producer to one consumer. */
uint64_t ring_get(struct ring *ring, uint64_t count, bool ordered)
{
    uint64_t sum = 0, value, last = 0;
    for (uint64_t i = 0; i < count;)
        if (ring_step(ring, &ring->out, &value, 1, PLACES)) {
            if (ordered && i && value != last + 1)
                return 0;
            last = value;
            sum += value;
            i++;
        } else {
            syscall(SYS_sched_yield);
        }
    return sum;
}
PORIN_EXPORT(ring_clear);
PORIN_EXPORT(ring_put);
PORIN_EXPORT(ring_get);

/* Is interrupted in the middle of computing, by a handler that ends the thread. */
static void leave(int number)
{
    (void)number;
    syscall(SYS_exit, 5l);
}
void do_compute_and_leave(void)
{
    const struct itimerval soon = { .it_value = { 0, 2000 } };
    signal(SIGALRM, leave);
    setitimer(ITIMER_REAL, &soon, NULL);
    for (rounds = 0;; rounds++)
        ;
}
PORIN_EXPORT(do_compute_and_leave);

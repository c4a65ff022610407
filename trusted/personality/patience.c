/* SPDX-License-Identifier: Apache-2.0 */
/* To look for a short while before sleeping: where the other side runs on another processor it is faster than to wake one that sleeps. The
 * time is charged to the domain that waits, like any that it runs. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>
#include "local.h"

#define LOOK_NS 40000                  /* what waking a processor takes here: so at most twice the time that is best */
#define FAILURES_MOST 7                /* after that many one look in 128 is tried */
#define LOOKS_BETWEEN 16               /* at the clock */

#define FREE_NS 5000000                /* how long it is believed that processors are free, */
#define BUSY_NS 50000000               /* or that they are not */

static _Atomic int looking;            /* threads that do */
static _Atomic int64_t asked_again_ns; /* when the kernel is asked next how many want to run, */
static _Atomic bool busy = true;       /* which are more than there are processors */

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* How many of this process may look at once: some processor is always left for others. */
static int looking_most(void)
{
    static __thread int most = -1;
    cpu_set_t set;
    if (most < 0)
        most = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) - 1 : 0;
    return most;
}

/* Do more want to run than there are processors? Then who looks keeps somebody from running, perhaps whom it waits for. */
static bool processors_are_busy(void)
{
    char text[100];
    int64_t now = now_ns(), due = asked_again_ns;
    if (now < due || !atomic_compare_exchange_strong(&asked_again_ns, &due, now + BUSY_NS))
        return busy;
    int file = open("/proc/loadavg", O_RDONLY | O_CLOEXEC), running = 0;
    ssize_t size = file >= 0 ? read(file, text, sizeof text - 1) : -1;
    if (file >= 0)
        close(file);
    text[size > 0 ? size : 0] = '\0';
    busy = sscanf(text, "%*s %*s %*s %d/", &running) != 1 || running > get_nprocs();
    if (!busy)
        asked_again_ns = now + FREE_NS;
    return busy;
}

void patience_note(struct patience *patience)
{
    uint32_t cpu = (uint32_t)sched_getcpu();
    if (patience->cpu != cpu)
        patience->cpu = cpu;
}

static bool look(const struct request *request, bool (*there)(void *), void *what)
{
    for (int64_t end = now_ns() + LOOK_NS;;) {
        for (int i = 0; i < LOOKS_BETWEEN; i++) {
            if (there(what))
                return true;
            __builtin_ia32_pause();
        }
        if (domain_is_dead(request->domain) || now_ns() > end)
            return false;
    }
}

bool patience_look(const struct request *request, struct patience *patience, bool (*there)(void *), void *what)
{
    uint32_t skips = patience->skips, failures = patience->failures;
    if (patience->cpu == (uint32_t)sched_getcpu()) /* it waits for us to sleep */
        return false;
    if (skips) {
        patience->skips = skips - 1;
        return false;
    }
    if (processors_are_busy())
        return false;
    bool good = ++looking <= looking_most() && look(request, there, what);
    looking--;
    patience->failures = good ? 0 : failures < FAILURES_MOST ? failures + 1 : failures;
    patience->skips = good ? 0 : (1u << patience->failures) - 1;
    return good;
}

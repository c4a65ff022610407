/* SPDX-License-Identifier: Apache-2.0 */
/* Call ladder: the cost of asking another process and waiting for its answer. */
#include "bench.h"
#include "ladder.h"
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXCHANGES = 2000, SPIN_EXCHANGES = 20000 };

static pid_t fork_server(void)
{
    pid_t child = fork();
    if (child < 0)
        fail("fork: %s", strerror(errno));
    if (child == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return child;
}

static void transfer(ssize_t moved)
{
    if (moved != (ssize_t)sizeof(uint64_t))
        fail("a transfer of one word moved %zd bytes: %s", moved, strerror(errno));
}

/* Answers each word read from `in` with its successor on `out` until the other side closes. */
__attribute__((noreturn)) static void server_run(int in, int out)
{
    uint64_t word;
    while (read(in, &word, sizeof word) == (ssize_t)sizeof word) {
        word++;
        if (write(out, &word, sizeof word) != (ssize_t)sizeof word)
            break;
    }
    _exit(0);
}

static double client_run(int in, int out)
{
    uint64_t word = 0, start = 0;
    for (unsigned i = 0; i < EXCHANGES + 100; i++) {
        if (i == 100) /* the first ones warm up */
            start = now_ns();
        transfer(write(out, &word, sizeof word));
        transfer(read(in, &word, sizeof word));
    }
    double ns = (double)(now_ns() - start) / EXCHANGES;
    if (word != EXCHANGES + 100)
        fail("the other process answered wrongly");
    return ns;
}

double pipe_round_trip(void)
{
    int there[2], back[2];
    if (pipe(there) != 0 || pipe(back) != 0)
        fail("pipe: %s", strerror(errno));
    pid_t child = fork_server();
    if (child == 0) {
        close(there[1]);
        close(back[0]);
        server_run(there[0], back[1]);
    }
    close(there[0]);
    close(back[1]);
    double ns = client_run(back[0], there[1]);
    close(there[1]);
    close(back[0]);
    waitpid(child, NULL, 0);
    return ns;
}

double socket_round_trip(void)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        fail("socketpair: %s", strerror(errno));
    pid_t child = fork_server();
    if (child == 0) {
        close(ends[0]);
        server_run(ends[1], ends[1]);
    }
    close(ends[1]);
    double ns = client_run(ends[0], ends[0]);
    close(ends[0]);
    waitpid(child, NULL, 0);
    return ns;
}

double spin_round_trip(void)
{
    struct shared { _Alignas(128) _Atomic uint64_t question; _Alignas(128) _Atomic uint64_t answer; };
    if (cpu_other() < 0)
        return NAN;
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        fail("mmap: %s", strerror(errno));
    pid_t child = fork_server();
    if (child == 0) {
        pin_to_cpu(cpu_other());
        for (uint64_t i = 1; i <= SPIN_EXCHANGES; i++) {
            while (atomic_load_explicit(&shared->question, memory_order_acquire) != i)
                __builtin_ia32_pause();
            atomic_store_explicit(&shared->answer, i, memory_order_release);
        }
        _exit(0);
    }
    uint64_t start = 0;
    for (uint64_t i = 1; i <= SPIN_EXCHANGES; i++) {
        if (i == 1001)
            start = now_ns();
        atomic_store_explicit(&shared->question, i, memory_order_release);
        while (atomic_load_explicit(&shared->answer, memory_order_acquire) != i)
            __builtin_ia32_pause();
    }
    double ns = (double)(now_ns() - start) / (SPIN_EXCHANGES - 1000);
    waitpid(child, NULL, 0);
    munmap(shared, sizeof *shared);
    return ns;
}

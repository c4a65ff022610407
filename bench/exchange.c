/* SPDX-License-Identifier: Apache-2.0 */
/* Call ladder: the cost of asking another thread or process and waiting for its answer. */
#include "bench.h"
#include "ladder.h"
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXCHANGES = 2000, SPIN_EXCHANGES = 20000, WARM_EXCHANGES = 100 };

const int same_cpu = 0, other_cpu = 1;

static int cpu_number(const void *cpu)
{
    return cpu == &same_cpu ? cpu_main() : cpu_other();
}

bool cpu_known(const void *cpu)
{
    return cpu_number(cpu) >= 0;
}

pid_t fork_server(const void *cpu)
{
    pid_t child = fork();
    if (child < 0)
        fail("fork: %s", strerror(errno));
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pin_to_cpu(cpu_number(cpu));
    }
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
    for (unsigned i = 0; i < EXCHANGES + WARM_EXCHANGES; i++) {
        if (i == WARM_EXCHANGES) /* the first ones warm up */
            start = now_ns();
        transfer(write(out, &word, sizeof word));
        transfer(read(in, &word, sizeof word));
    }
    double ns = (double)(now_ns() - start) / EXCHANGES;
    if (word != EXCHANGES + WARM_EXCHANGES)
        fail("the other process answered wrongly");
    return ns;
}

double pipe_round_trip(const void *cpu)
{
    int there[2], back[2];
    if (!cpu_known(cpu))
        return NAN;
    if (pipe(there) != 0 || pipe(back) != 0)
        fail("pipe: %s", strerror(errno));
    pid_t child = fork_server(cpu);
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

double over_socket(const void *cpu, void (*server)(int), double (*client)(int))
{
    int ends[2];
    if (!cpu_known(cpu))
        return NAN;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        fail("socketpair: %s", strerror(errno));
    pid_t child = fork_server(cpu);
    if (child == 0) {
        close(ends[0]);
        server(ends[1]);
    }
    close(ends[1]);
    double ns = client(ends[0]);
    close(ends[0]);
    kill(child, SIGKILL); /* if the end of the connection has not ended it */
    waitpid(child, NULL, 0);
    return ns;
}

static void socket_server(int socket)
{
    server_run(socket, socket);
}

static double socket_client(int socket)
{
    return client_run(socket, socket);
}

double socket_round_trip(const void *cpu)
{
    return over_socket(cpu, socket_server, socket_client);
}

/* --- two threads --- */

static struct shared {
    const void *cpu;
    _Alignas(128) _Atomic uint64_t question;
    _Alignas(128) _Atomic uint64_t answer;
    _Alignas(128) sem_t asked;
    _Alignas(128) sem_t answered;
} shared;

static pthread_t thread_start(void *(*run)(void *), const void *cpu)
{
    pthread_t thread;
    shared.cpu = cpu;
    int error = pthread_create(&thread, NULL, run, NULL);
    if (error)
        fail("pthread_create: %s", strerror(error));
    return thread;
}

static void *semaphore_server(void *unused)
{
    pin_to_cpu(cpu_number(shared.cpu));
    for (unsigned i = 0; i < EXCHANGES + WARM_EXCHANGES; i++) {
        sem_wait(&shared.asked);
        sem_post(&shared.answered);
    }
    return unused;
}

double semaphore_round_trip(const void *cpu)
{
    uint64_t start = 0;
    if (!cpu_known(cpu))
        return NAN;
    if (sem_init(&shared.asked, 0, 0) != 0 || sem_init(&shared.answered, 0, 0) != 0)
        fail("sem_init: %s", strerror(errno));
    pthread_t thread = thread_start(semaphore_server, cpu);
    for (unsigned i = 0; i < EXCHANGES + WARM_EXCHANGES; i++) {
        if (i == WARM_EXCHANGES)
            start = now_ns();
        sem_post(&shared.asked);
        sem_wait(&shared.answered);
    }
    double ns = (double)(now_ns() - start) / EXCHANGES;
    pthread_join(thread, NULL);
    return ns;
}

static void *spin_server(void *unused)
{
    pin_to_cpu(cpu_number(shared.cpu));
    for (uint64_t i = 1; i <= SPIN_EXCHANGES; i++) {
        while (atomic_load_explicit(&shared.question, memory_order_acquire) != i)
            __builtin_ia32_pause();
        atomic_store_explicit(&shared.answer, i, memory_order_release);
    }
    return unused;
}

double spin_round_trip(const void *cpu)
{
    uint64_t start = 0;
    if (!cpu_known(cpu))
        return NAN;
    atomic_store(&shared.question, 0);
    atomic_store(&shared.answer, 0);
    pthread_t thread = thread_start(spin_server, cpu);
    for (uint64_t i = 1; i <= SPIN_EXCHANGES; i++) {
        if (i == 1001)
            start = now_ns();
        atomic_store_explicit(&shared.question, i, memory_order_release);
        while (atomic_load_explicit(&shared.answer, memory_order_acquire) != i)
            __builtin_ia32_pause();
    }
    double ns = (double)(now_ns() - start) / (SPIN_EXCHANGES - 1000);
    pthread_join(thread, NULL);
    return ns;
}

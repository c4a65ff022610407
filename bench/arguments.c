/* SPDX-License-Identifier: Apache-2.0 */
/* An argument in memory by its size and by how it is passed: to a domain by capability and by copy, to another process through shared
 * memory, a pipe and a UNIX socket. Whoever is asked looks at the first byte. */
#include "arguments.h"
#include "bench.h"
#include "ladder.h"
#include <errno.h>
#include <math.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A sample is the fastest of some batches. A batch moves at most so many bytes. */
enum { BATCHES = 9, CALLS = 4000, BATCH_BYTES = 1 << 22, LARGEST = 1 << 20 };

static const uint64_t sizes[] = {1, 16, 256, 4096, 65536, LARGEST};
enum { SIZES = sizeof sizes / sizeof *sizes };
static uint8_t argument[LARGEST];
static struct arguments_domains of;
static uint64_t size_now;               /* of over_socket's server and client */

static uint64_t calls_of(uint64_t size, uint64_t most)
{
    uint64_t calls = BATCH_BYTES / size + 1;
    return calls < most ? calls : most;
}

static double loop(porin_domain *domain, const char *name, uint64_t calls, uint64_t size)
{
    porin_entry entry = bench_entry(domain, name);
    struct samples batches = {0};
    uint64_t result;
    for (int i = 0; i < BATCHES; i++) {
        uint64_t start = now_ns();
        porin_check(porin_call6(entry, &result, calls, size, 0, 0, 0, 0), name, porin_last_error());
        samples_add(&batches, (double)(now_ns() - start) / (double)calls);
    }
    return samples_quantile(&batches, 0);
}

static double by_nothing(uint64_t size)
{
    (void)size;
    return loop(of.caller, "loop_weakest", CALLS, 0);
}
static double by_nothing_ready(uint64_t size)
{
    (void)size;
    return loop(of.lender, "loop_nothing", CALLS, 0);
}
static double by_capability(uint64_t size)
{
    return loop(of.lender, "loop_lend", CALLS, size);
}
static double by_copy(uint64_t size)
{
    return loop(of.lender, "loop_copy", calls_of(size, CALLS), size);
}

/* --- to another process on the same processor, which answers with a byte --- */

static bool moved_all(ssize_t (*move)(int, void *, size_t), int file, uint8_t *bytes, uint64_t size)
{
    for (ssize_t now; size; size -= (uint64_t)now, bytes += now)
        if ((now = move(file, bytes, size)) <= 0)
            return false;
    return true;
}
static ssize_t write_some(int file, void *bytes, size_t size)
{
    return write(file, bytes, size);
}

__attribute__((noreturn)) static void stream_server(int in, int out)
{
    while (moved_all(read, in, argument, size_now) && write(out, argument, 1) == 1)
        ;
    _exit(0);
}
static double stream_client(int in, int out)
{
    struct samples batches = {0};
    uint64_t calls = calls_of(size_now, 200);
    uint8_t answer;
    for (int i = 0; i < BATCHES; i++) {
        uint64_t start = now_ns();
        for (uint64_t k = 0; k < calls; k++)
            if (!moved_all(write_some, out, argument, size_now) || read(in, &answer, 1) != 1)
                fail("the other process has ended");
        samples_add(&batches, (double)(now_ns() - start) / (double)calls);
    }
    return samples_quantile(&batches, 0);
}
static void socket_server(int socket)
{
    stream_server(socket, socket);
}
static double socket_client(int socket)
{
    return stream_client(socket, socket);
}
static double by_socket(uint64_t size)
{
    size_now = size;
    return over_socket(&same_cpu, socket_server, socket_client);
}

static double by_pipe(uint64_t size)
{
    int there[2], back[2];
    size_now = size;
    if (pipe(there) != 0 || pipe(back) != 0)
        fail("pipe: %s", strerror(errno));
    pid_t child = fork_server(&same_cpu);
    if (child == 0) {
        close(there[1]);
        close(back[0]);
        stream_server(there[0], back[1]);
    }
    close(there[0]);
    close(back[1]);
    double ns = stream_client(back[0], there[1]);
    close(there[1]);
    close(back[0]);
    waitpid(child, NULL, 0);
    return ns;
}

struct shared {
    sem_t asked, answered;
    uint8_t answer, argument[LARGEST];
};
static double by_shared_memory(uint64_t size)
{
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || sem_init(&shared->asked, 1, 0) != 0 || sem_init(&shared->answered, 1, 0) != 0)
        fail("no shared memory: %s", strerror(errno));
    pid_t child = fork_server(&same_cpu);
    while (child == 0) {
        sem_wait(&shared->asked);
        shared->answer = shared->argument[0];
        sem_post(&shared->answered);
    }
    struct samples batches = {0};
    uint64_t calls = calls_of(size, 200);
    for (int i = 0; i < BATCHES; i++) {
        uint64_t start = now_ns();
        for (uint64_t k = 0; k < calls; k++) {
            memcpy(shared->argument, argument, size);
            sem_post(&shared->asked);
            sem_wait(&shared->answered);
        }
        samples_add(&batches, (double)(now_ns() - start) / (double)calls);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    munmap(shared, sizeof *shared);
    return samples_quantile(&batches, 0);
}

/* --- all of them --- */

static struct way { const char *what; double (*measure)(uint64_t size); struct samples ns[SIZES]; } ways[] = {
    {"nothing", by_nothing, {{0}}}, {"nothing (*)", by_nothing_ready, {{0}}},
    {"capability", by_capability, {{0}}}, {"copy", by_copy, {{0}}},
    {"shared memory", by_shared_memory, {{0}}}, {"pipe", by_pipe, {{0}}}, {"UNIX socket", by_socket, {{0}}},
};
enum { WAYS = sizeof ways / sizeof *ways, NOTHING = 0, CAPABILITY = 2 };

static void results_write(void)
{
    results_list("arguments");
    for (int s = 0; s < SIZES; s++) {
        results_object(NULL);
        results_number("bytes", (double)sizes[s]);
        for (int w = 0; w < WAYS; w++)
            results_samples(ways[w].what, &ways[w].ns[s]);
        results_end();
    }
    results_end();
}

void arguments_measure(const struct arguments_domains *domains, unsigned repetitions)
{
    double least = INFINITY, most = 0, above = 0;
    of = *domains;
    for (unsigned i = 0; i < repetitions; i++) {
        size_t order[WAYS * SIZES];
        order_shuffle(order, WAYS * SIZES);
        for (int k = 0; k < WAYS * SIZES; k++)
            samples_add(&ways[order[k] / SIZES].ns[order[k] % SIZES], ways[order[k] / SIZES].measure(sizes[order[k] % SIZES]));
    }
    report("\nAn argument in memory, by how it is passed, ns a call: to a domain, and to a process on the same processor\n"
           "  (*) where both domains use capabilities\n  %8s", "bytes");
    for (int w = 0; w < WAYS; w++)
        report(" %13s", ways[w].what);
    report("\n");
    for (int s = 0; s < SIZES; s++) {
        report("  %8llu", (unsigned long long)sizes[s]);
        for (int w = 0; w < WAYS; w++)
            report(" %13.1f", samples_median(&ways[w].ns[s]));
        report("\n");
        double lent = samples_median(&ways[CAPABILITY].ns[s]), more = lent - samples_median(&ways[NOTHING].ns[s]);
        least = lent < least ? lent : least;
        most = lent > most ? lent : most;
        above = more > above ? more : above;
    }
    results_write();
    bar_check("an argument by capability, of any size", above, AT_MOST, 5, "ns more than an empty call");
    bar_check("an argument by capability: the slowest size against the fastest", most / least, AT_MOST, 1.1, "times");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of two threads at once, each on a CPU of its own, into one domain and into two, beside one thread alone. */
#include "bench.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { HOST_CALLS = 200000, LOOP_CALLS = 2000000 };

/* What one thread does: many calls from the host, or one call of a loop in a domain that crosses into another. */
struct work { porin_entry entry; uint64_t calls; bool loop; };

struct runner { const struct work *work; int cpu; pthread_barrier_t *start; uint64_t begin, end; };

static void work_do(const struct work *work)
{
    uint64_t result;
    for (uint64_t i = 0; i < (work->loop ? 1 : work->calls); i++)
        porin_check(porin_call6(work->entry, &result, work->calls, 0, 0, 0, 0, 0), "call", porin_last_error());
}

static void *runner_run(void *argument)
{
    struct runner *runner = argument;
    pin_to_cpu(runner->cpu);
    struct work warm = *runner->work;
    warm.calls /= 100;
    work_do(&warm);
    pthread_barrier_wait(runner->start);
    runner->begin = now_ns();
    work_do(runner->work);
    runner->end = now_ns();
    porin_thread_detach();
    return NULL;
}

/* Millions of calls per second of `count` threads together. */
static double rate(const struct work *const work[2], unsigned count)
{
    pthread_t threads[2];
    pthread_barrier_t start;
    struct runner runners[2];
    double sum = 0;
    pthread_barrier_init(&start, NULL, count);
    for (unsigned i = 0; i < count; i++) {
        runners[i] = (struct runner){.work = work[i], .cpu = i ? cpu_other() : cpu_main(), .start = &start};
        if (pthread_create(&threads[i], NULL, runner_run, &runners[i]) != 0)
            fail("pthread_create: %s", strerror(errno));
    }
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&start);
    for (unsigned i = 0; i < count; i++)
        sum += (double)runners[i].work->calls / (double)(runners[i].end - runners[i].begin) * 1e3;
    return sum;
}

enum { WAYS = 4, COUNTS = 2 };
static struct way { const char *what; struct work first, second; struct samples rates[COUNTS]; } ways[WAYS];

static porin_entry crossing(porin_domain *caller, porin_domain *callee)
{
    bench_bind(caller, "callee_strongest", bench_entry(callee, "callee_answer"), PORIN_POLICY_ALL, PORIN_POLICY_ALL);
    return bench_entry(caller, "loop_strongest");
}

static void ways_prepare(const char *build)
{
    porin_domain *callee[3], *caller[3];
    porin_entry loops[3];
    for (unsigned i = 0; i < 3; i++) {
        callee[i] = bench_domain(build, "callee", false);
        caller[i] = bench_domain(build, "caller", false);
        loops[i] = crossing(caller[i], callee[i]);
    }
    struct work one = {bench_entry(callee[0], "callee_answer"), HOST_CALLS, false}, other = one;
    other.entry = bench_entry(callee[1], "callee_answer");
    struct work loop = {loops[0], LOOP_CALLS, true}, other_loop = loop;
    other_loop.entry = loops[1];
    ways[0] = (struct way){.what = "host to domain, both into the same one", .first = one, .second = one};
    ways[1] = (struct way){.what = "host to domain, each into its own", .first = one, .second = other};
    ways[2] = (struct way){.what = "domain to domain, both over the same edge", .first = loop, .second = loop};
    ways[3] = (struct way){.what = "domain to domain, each in its own pair", .first = loop, .second = other_loop};
}

void bench_threads(const struct bench_settings *settings)
{
    size_t order[WAYS * COUNTS];
    if (cpu_other() < 0) {
        report("\nCalls of two threads at once: needs a second CPU\n");
        return;
    }
    ways_prepare(settings->build);
    for (unsigned repetition = 0; repetition < settings->repetitions; repetition++) {
        order_shuffle(order, WAYS * COUNTS);
        for (size_t i = 0; i < WAYS * COUNTS; i++) {
            struct way *way = &ways[order[i] / COUNTS];
            unsigned count = (unsigned)(order[i] % COUNTS);
            samples_add(&way->rates[count], rate((const struct work *const[]){&way->first, &way->second}, count + 1));
        }
    }
    report("\nCalls of two threads at once: millions of calls in a second (median, quartiles)\n");
    report("  %-45s %8s %-17s %8s %-17s  %s\n", "", "1 thread", "", "2 threads", "", "ratio");
    results_list("threads");
    for (unsigned i = 0; i < WAYS; i++) {
        struct summary one = samples_summary(&ways[i].rates[0]), two = samples_summary(&ways[i].rates[1]);
        report("  %-45s %8.1f %8.1f..%-8.1f %8.1f %8.1f..%-8.1f  %.2f\n", ways[i].what, one.median, one.q1, one.q3, two.median, two.q1,
               two.q3, two.median / one.median);
        results_object(NULL);
        results_text("what", ways[i].what);
        results_samples("one_thread_mcalls_per_s", &ways[i].rates[0]);
        results_samples("two_threads_mcalls_per_s", &ways[i].rates[1]);
        results_end();
    }
    results_end();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a call costs that is no loop: after something else has displaced its code, data, translations and branch targets; and the first
 * call of a thread, into a domain, over an edge. */
#include "bench.h"
#include "ladder.h"
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <x86intrin.h>

enum { FUNCTIONS = 16384, FUNCTION_SIZE = 64, DATA_SIZE = 16 << 20, COLD_CALLS = 15, FIRST_CALLS = 8 };

static unsigned char *functions;  /* FUNCTIONS pieces of code, each a conditional jump and a return */
static unsigned char *data;
static size_t order[FUNCTIONS];
static double ns_per_tick, clock_ticks;

static porin_domain *caller, *callee;
static porin_entry answer, direct, weakest, strongest;
static porin_image *callee_image, *caller_image;
static struct ladder ladder = {.title = "Cold and first calls", .name = "cold", .short_name = "ns", .unit_ns = 1};

static void nothing(void)
{
}

static uint64_t action_ticks(void (*action)(void))
{
    unsigned cpu;
    _mm_lfence();
    uint64_t start = __rdtsc();
    _mm_lfence();
    action();
    uint64_t end = __rdtscp(&cpu);
    _mm_lfence();
    return end - start;
}

static void displacement_prepare(void)
{
    functions = mmap(NULL, FUNCTIONS * FUNCTION_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    data = mmap(NULL, DATA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (functions == MAP_FAILED || data == MAP_FAILED)
        fail("mmap: %s", strerror(errno));
    /* endbr64; test $1, %dil; je over; nop; over: ret */
    static const unsigned char code[] = {0xf3, 0x0f, 0x1e, 0xfa, 0x40, 0xf6, 0xc7, 0x01, 0x74, 0x01, 0x90, 0xc3};
    for (size_t i = 0; i < FUNCTIONS; i++)
        memcpy(functions + i * FUNCTION_SIZE, code, sizeof code);
    if (mprotect(functions, FUNCTIONS * FUNCTION_SIZE, PROT_READ | PROT_EXEC) != 0)
        fail("mprotect: %s", strerror(errno));
    order_shuffle(order, FUNCTIONS);
    uint64_t ns = now_ns(), ticks = __rdtsc();
    while (now_ns() - ns < 20000000)
        ;
    ns_per_tick = (double)(now_ns() - ns) / (double)(__rdtsc() - ticks);
    struct samples samples = {0};
    for (unsigned i = 0; i < COLD_CALLS; i++)
        samples_add(&samples, (double)action_ticks(nothing));
    clock_ticks = samples_median(&samples);
}

static void displace(void)
{
    for (size_t i = 0; i < DATA_SIZE; i += 64)
        data[i]++;
    for (size_t i = 0; i < FUNCTIONS; i++) {
        /* Sound: the page holds functions of this type, written above. */
        void (*function)(uint64_t) = (void (*)(uint64_t))(uintptr_t)(functions + order[i] * FUNCTION_SIZE);
        function(order[i] >> 3);
    }
}

/* Median of action() right after a displacement. */
static double displaced(void (*action)(void))
{
    struct samples ticks = {0};
    for (unsigned i = 0; i < COLD_CALLS; i++) {
        displace();
        samples_add(&ticks, (double)action_ticks(action));
    }
    return (samples_median(&ticks) - clock_ticks) * ns_per_tick;
}

static void once(porin_entry entry)
{
    uint64_t result;
    porin_check(porin_call6(entry, &result, 1, 0, 0, 0, 0, 0), "call", porin_last_error());
}

static uint64_t (*volatile far_pointer)(uint64_t number) = far_answer;
static void once_far(void) { far_pointer(1); }
static void once_getppid(void) { syscall(SYS_getppid); }
static void once_answer(void) { once(answer); }
static void once_direct(void) { once(direct); }
static void once_weakest(void) { once(weakest); }
static void once_strongest(void) { once(strongest); }

/* subject: what to do once. */
struct action { void (*act)(void); };
static const struct action far = {once_far}, getppid_call = {once_getppid}, host = {once_answer}, inside = {once_direct},
                           gate_weakest = {once_weakest}, gate_strongest = {once_strongest};
static double displaced_rung(const void *subject)
{
    return displaced(((const struct action *)subject)->act);
}

/* --- first calls --- */

static porin_domain *domain_new(porin_image *image)
{
    struct porin_error error = {0};
    porin_domain *domain;
    porin_check(porin_domain_create(image, NULL, &domain, &error), "create", &error);
    return domain;
}

/* The first call of the host into a domain, and the second one. */
static double first_call(const void *second)
{
    struct samples ns = {0};
    for (unsigned i = 0; i < FIRST_CALLS; i++) {
        porin_domain *domain = domain_new(callee_image);
        porin_entry entry = bench_entry(domain, "callee_answer");
        if (second)
            once(entry);
        uint64_t start = now_ns();
        once(entry);
        samples_add(&ns, (double)(now_ns() - start));
        porin_domain_destroy(domain);
    }
    return samples_median(&ns);
}

/* A domain's first call over an edge into a domain that has not run yet: the gate's slow way makes a stack there. */
static double first_crossing(const void *second)
{
    struct samples ns = {0};
    for (unsigned i = 0; i < FIRST_CALLS; i++) {
        porin_domain *from = domain_new(caller_image), *to = domain_new(callee_image);
        bench_bind(from, "callee_strongest", bench_entry(to, "callee_answer"), PORIN_POLICY_ALL, PORIN_POLICY_ALL);
        porin_entry loop = bench_entry(from, "loop_strongest");
        once(bench_entry(from, "loop_direct")); /* the caller itself is no news */
        if (second)
            once(loop);
        uint64_t start = now_ns();
        once(loop);
        samples_add(&ns, (double)(now_ns() - start));
        porin_domain_destroy(from);
        porin_domain_destroy(to);
    }
    return samples_median(&ns);
}

static void *thread_run(void *result)
{
    uint64_t start = now_ns();
    once(answer);
    *(double *)result = (double)(now_ns() - start);
    porin_thread_detach();
    return NULL;
}

/* A thread's first call: it gets a control stack, a signal stack and a thread block. */
static double first_of_thread(const void *unused)
{
    struct samples ns = {0};
    (void)unused;
    for (unsigned i = 0; i < FIRST_CALLS; i++) {
        pthread_t thread;
        double result;
        int error = pthread_create(&thread, NULL, thread_run, &result);
        if (error)
            fail("pthread_create: %s", strerror(error));
        pthread_join(thread, NULL);
        samples_add(&ns, result);
    }
    return samples_median(&ns);
}

void bench_cold(const struct bench_settings *settings)
{
    static const char yes;
    callee_image = bench_image(settings->build, "callee");
    caller_image = bench_image(settings->build, "caller");
    callee = domain_new(callee_image);
    caller = domain_new(caller_image);
    answer = bench_entry(callee, "callee_answer");
    bench_bind(caller, "callee_weakest", answer, 0, 0);
    bench_bind(caller, "callee_strongest", answer, PORIN_POLICY_ALL, PORIN_POLICY_ALL);
    direct = bench_entry(caller, "loop_direct");
    weakest = bench_entry(caller, "loop_weakest");
    strongest = bench_entry(caller, "loop_strongest");
    displacement_prepare();
    rung_add(&ladder, "indirect call, all caches cold", displaced_rung, &far, NULL);
    rung_add(&ladder, "system call (getppid), all caches cold", displaced_rung, &getppid_call, NULL);
    rung_add(&ladder, "host to domain, all caches cold", displaced_rung, &host, NULL);
    const struct rung *in = rung_add(&ladder, NULL, displaced_rung, &inside, NULL);
    rung_add(&ladder, "domain to domain, no property, all caches cold", displaced_rung, &gate_weakest, in);
    rung_add(&ladder, "domain to domain, all properties, all caches cold", displaced_rung, &gate_strongest, in);
    rung_add(&ladder, "a thread's first call: attach, and a call", first_of_thread, NULL, NULL);
    const struct rung *second = rung_add(&ladder, NULL, first_call, &yes, NULL);
    rung_add(&ladder, "the first call into a new domain: its start, and a call", first_call, NULL, second);
    second = rung_add(&ladder, NULL, first_crossing, &yes, NULL);
    rung_add(&ladder, "the first call over an edge into a new domain", first_crossing, NULL, second);
    ladder_measure(&ladder, settings->repetitions);
    ladder_report(&ladder);
    porin_domain_destroy(caller);
    porin_domain_destroy(callee);
    porin_image_release(caller_image);
    porin_image_release(callee_image);
}

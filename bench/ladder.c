/* SPDX-License-Identifier: Apache-2.0 */
/* Part (b): what a call costs, from a direct call to a socket, all rungs interleaved in one run.
 * Loops inside the domain are timed from the host around one long call; the same loop without the call is subtracted. */
#include "bench.h"
#include "callee_wasm.h"
#include "ladder.h"
#include <math.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One measurement is the median of short batches, so that a preemption spoils a batch and not the measurement. */
enum { CALLS = 20000, SLOW_CALLS = 4000, BATCHES = 15 };

static porin_entry empty, direct, indirect, unprotected, integrity, confidential, service, answer;
static Z_callee_instance_t wasm_callee;

/* Keeps the compiler from seeing through a loop: the number may be anything. */
static inline uint64_t opaque(uint64_t number)
{
    __asm__ volatile("" : "+r"(number));
    return number;
}

#define NATIVE_LOOP(name, count, expression)                                   \
    static double name(void)                                                   \
    {                                                                          \
        struct samples batches = {0};                                          \
        for (unsigned batch = 0; batch < BATCHES; batch++) {                   \
            uint64_t number = 0, start = now_ns();                             \
            for (uint64_t i = 0; i < (count); i++)                             \
                number = opaque(expression);                                   \
            samples_add(&batches, (double)(now_ns() - start) / (double)(count)); \
        }                                                                      \
        return samples_median(&batches);                                       \
    }

static uint64_t (*volatile far_pointer)(uint64_t number) = far_answer;

static uint64_t domain_answer(uint64_t number)
{
    uint64_t result = 0;
    porin_check(porin_call6(answer, &result, number, 0, 0, 0, 0, 0), "call", porin_last_error());
    return result;
}

NATIVE_LOOP(native_empty, CALLS, number + 1)
NATIVE_LOOP(native_direct, CALLS, far_answer(number))
NATIVE_LOOP(native_indirect, CALLS, far_pointer(number))
NATIVE_LOOP(native_wasm, CALLS, Z_calleeZ_callee_answer(&wasm_callee, number))
NATIVE_LOOP(native_domain, CALLS, domain_answer(number))
NATIVE_LOOP(native_getppid, SLOW_CALLS, number + (uint64_t)syscall(SYS_getppid))

static double domain_loop(porin_entry entry, uint64_t count)
{
    struct samples batches = {0};
    for (unsigned batch = 0; batch < BATCHES; batch++) {
        uint64_t result = 0, start = now_ns();
        porin_check(porin_call6(entry, &result, count, 0, 0, 0, 0, 0), "loop in a domain", porin_last_error());
        samples_add(&batches, (double)(now_ns() - start) / (double)count);
        if (result != count)
            fail("a loop of %llu calls in a domain counted %llu", (unsigned long long)count, (unsigned long long)result);
    }
    return samples_median(&batches);
}

static double domain_empty(void) { return domain_loop(empty, CALLS); }
static double domain_direct(void) { return domain_loop(direct, CALLS); }
static double domain_indirect(void) { return domain_loop(indirect, CALLS); }
static double domain_unprotected(void) { return domain_loop(unprotected, CALLS); }
static double domain_integrity(void) { return domain_loop(integrity, CALLS); }
static double domain_confidential(void) { return domain_loop(confidential, CALLS); }
static double domain_service(void) { return domain_loop(service, SLOW_CALLS); }

static void once(porin_entry entry)
{
    uint64_t result;
    porin_check(porin_call6(entry, &result, 1, 0, 0, 0, 0, 0), "call", porin_last_error());
}
static void once_far(void) { far_pointer(1); }
static void once_answer(void) { once(answer); }
static void once_direct(void) { once(direct); }
static void once_integrity(void) { once(integrity); }
static double cold_far(void) { return cold_measure(once_far, NULL); }
static double cold_host(void) { return cold_measure(once_answer, NULL); }
/* What a call through a cold gate adds to a call into a domain that is cold itself. */
static double cold_gate(void) { return cold_measure(once_integrity, once_direct); }

enum rung {
    NATIVE_EMPTY, DOMAIN_EMPTY, DIRECT, INDIRECT, WASM, IN_DIRECT, IN_INDIRECT, GATE_WEAKEST, GATE_INTEGRITY,
    GATE_CONFIDENTIAL, HOST, SERVICE, SYSCALL, SPIN, PIPE, SOCKET, COLD_INDIRECT, COLD_HOST, COLD_GATE, RUNGS, NO_BASELINE = RUNGS,
};

static const struct { const char *what; double (*measure)(void); enum rung baseline; } rungs[RUNGS] = {
    [NATIVE_EMPTY] = {NULL, native_empty, NO_BASELINE},
    [DOMAIN_EMPTY] = {NULL, domain_empty, NO_BASELINE},
    [DIRECT] = {"direct call", native_direct, NATIVE_EMPTY},
    [INDIRECT] = {"indirect call", native_indirect, NATIVE_EMPTY},
    [WASM] = {"wasm2c call into a module", native_wasm, NATIVE_EMPTY},
    [IN_DIRECT] = {"direct call inside a domain", domain_direct, DOMAIN_EMPTY},
    [IN_INDIRECT] = {"indirect call inside a domain, checked", domain_indirect, DOMAIN_EMPTY},
    [GATE_WEAKEST] = {"domain to domain, no property", domain_unprotected, DOMAIN_EMPTY},
    [GATE_INTEGRITY] = {"domain to domain, register integrity", domain_integrity, DOMAIN_EMPTY},
    [GATE_CONFIDENTIAL] = {"domain to domain, integrity and confidentiality", domain_confidential, DOMAIN_EMPTY},
    [HOST] = {"host to domain (porin_call6)", native_domain, NATIVE_EMPTY},
    [SERVICE] = {"domain to service (getppid)", domain_service, DOMAIN_EMPTY},
    [SYSCALL] = {"system call (getppid)", native_getppid, NATIVE_EMPTY},
    [SPIN] = {"shared-memory spin, two CPUs, round trip", spin_round_trip, NO_BASELINE},
    [PIPE] = {"pipe round trip, same CPU", pipe_round_trip, NO_BASELINE},
    [SOCKET] = {"UNIX socket round trip, same CPU", socket_round_trip, NO_BASELINE},
    [COLD_INDIRECT] = {"indirect call, cold", cold_far, NO_BASELINE},
    [COLD_HOST] = {"host to domain, cold", cold_host, NO_BASELINE},
    [COLD_GATE] = {"domain to domain, register integrity, cold", cold_gate, NO_BASELINE},
};
static struct samples measured[RUNGS];

static porin_domain *domain_make(const struct bench_settings *settings, const char *name)
{
    char path[512];
    struct porin_error error = {0};
    porin_image *image;
    porin_domain *domain;
    snprintf(path, sizeof path, "%s/bench/domains/%s.porin", settings->build, name);
    porin_check(porin_image_load_file(path, &image, &error), path, &error);
    porin_check(porin_domain_create(image, NULL, &domain, &error), path, &error);
    porin_image_release(image);
    return domain;
}

static porin_entry entry_of(porin_domain *domain, const char *name)
{
    struct porin_error error = {0};
    porin_entry entry;
    porin_check(porin_entry_find(domain, name, &entry, &error), name, &error);
    return entry;
}

static void bind(porin_domain *caller, const char *import, uint32_t policy)
{
    struct porin_error error = {0};
    struct porin_edge_options options = {.policy = policy, .fault_value = -1};
    porin_check(porin_domain_bind(caller, import, answer, &options, &error), import, &error);
}

static void ladder_prepare(porin_domain *caller, porin_domain *callee)
{
    answer = entry_of(callee, "callee_answer");
    bind(caller, "callee_unprotected", 0);
    bind(caller, "callee_integrity", PORIN_POLICY_REGISTER_INTEGRITY);
    bind(caller, "callee_confidential", PORIN_POLICY_REGISTER_INTEGRITY | PORIN_POLICY_REGISTER_CONFIDENTIALITY);
    empty = entry_of(caller, "loop_empty");
    direct = entry_of(caller, "loop_direct");
    indirect = entry_of(caller, "loop_indirect");
    unprotected = entry_of(caller, "loop_unprotected");
    integrity = entry_of(caller, "loop_integrity");
    confidential = entry_of(caller, "loop_confidential");
    service = entry_of(caller, "loop_service");
    wasm_rt_init();
    Z_callee_init_module();
    Z_callee_instantiate(&wasm_callee);
    cold_prepare();
}

/* Prints a rung as its own cost: its samples less the baseline's median. Returns the median. */
static double rung_report(enum rung rung, double indirect_ns)
{
    struct samples cost = {0};
    if (isnan(measured[rung].values[0])) {
        printf("  %-50s needs a second CPU\n", rungs[rung].what);
        return NAN;
    }
    double baseline = rungs[rung].baseline == NO_BASELINE ? 0 : samples_median(&measured[rungs[rung].baseline]);
    for (size_t i = 0; i < measured[rung].count; i++)
        samples_add(&cost, measured[rung].values[i] - baseline);
    struct summary summary = samples_summary(&cost);
    printf("  %-50s %10.2f  %9.2f..%-9.2f %9.1f\n", rungs[rung].what, summary.median, summary.q1, summary.q3,
           summary.median / (indirect_ns > 0 ? indirect_ns : summary.median));
    results_object(NULL);
    results_text("rung", rungs[rung].what);
    results_samples("ns", &cost);
    results_end();
    return summary.median;
}

void bench_ladder(const struct bench_settings *settings)
{
    size_t order[RUNGS];
    porin_domain *callee = domain_make(settings, "callee"), *caller = domain_make(settings, "caller");
    ladder_prepare(caller, callee);
    for (unsigned repetition = 0; repetition < settings->repetitions + 1; repetition++) {
        order_shuffle(order, RUNGS);
        for (size_t i = 0; i < RUNGS; i++) {
            double ns = rungs[order[i]].measure();
            if (repetition > 0) /* the first one warms up */
                samples_add(&measured[order[i]], ns);
        }
    }
    printf("\nCall ladder: nanoseconds (median, quartiles), and in indirect calls\n");
    results_list("ladder");
    double indirect_ns = samples_median(&measured[INDIRECT]) - samples_median(&measured[NATIVE_EMPTY]);
    double cost[RUNGS];
    for (enum rung rung = DIRECT; rung < RUNGS; rung++)
        cost[rung] = rung_report(rung, indirect_ns);
    results_end();
    bar_check("(b) domain to domain with integrity, hot / indirect call", cost[GATE_INTEGRITY] / cost[INDIRECT], AT_MOST, 2.5, "");
    bar_check("(b) UNIX socket round trip / domain to domain", cost[SOCKET] / cost[GATE_INTEGRITY], AT_LEAST, 1000, "");
    porin_domain_destroy(caller);
    porin_domain_destroy(callee);
}

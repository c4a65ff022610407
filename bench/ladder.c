/* SPDX-License-Identifier: Apache-2.0 */
/* Part (b): dIPC's ladder, from a function call to a remote procedure call, all rungs interleaved in one run.
 * Loops inside the domain are timed from the host around one long call; the same loop without the call is subtracted. */
#include "bench.h"
#include "callee_wasm.h"
#include "ladder.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A sample is the fastest of some short batches: what else the machine does then spoils batches and not the sample. */
enum { CALLS = 20000, SLOW_CALLS = 4000, BATCHES = 15 };
#define WEAKEST_BAR 2
#define ACCOUNTING_BAR 2.5
#define STRONGEST_BAR 4
#define RPC_BAR 1000

enum policy {
#define POLICY(id, text, caller, callee) POLICY_##id,
#include "policies.def"
#undef POLICY
    POLICIES
};
static const struct { const char *id, *text; uint32_t caller, callee; } policies[POLICIES] = {
#define POLICY(id, text, caller, callee) {#id, text, caller, callee},
#include "policies.def"
#undef POLICY
};
/* Callees whose images use state that a gate must clean, under the strongest policy. */
static const struct { const char *domain, *text; bool avx512; } uses[] = {
    {"callee_x87", "callee uses x87", false},
    {"callee_avx", "callee uses AVX", false},
    {"callee_fenv", "callee changes the rounding", false},
    {"callee_evex", "callee uses AVX-512", true},
};
enum { USES = sizeof uses / sizeof uses[0] };

static struct ladder ladder = {.title = "Call ladder", .name = "ladder", .short_name = "ns", .unit_ns = 1};
static porin_entry answer, counted_answer;
static porin_entry empty, direct, indirect, service, own_protected, own_hidden;
static porin_entry across[POLICIES], counted[POLICIES], within[POLICIES], using[USES];
static char texts[RUNGS_MAX][96];
static Z_callee_instance_t wasm_callee;

/* Keeps the compiler from seeing through a loop: the number may be anything. */
static inline uint64_t opaque(uint64_t number)
{
    __asm__ volatile("" : "+r"(number));
    return number;
}

#define NATIVE_LOOP(name, count, expression)                                   \
    static double name(const void *subject)                                    \
    {                                                                          \
        struct samples batches = {0};                                          \
        (void)subject;                                                         \
        for (unsigned batch = 0; batch < BATCHES; batch++) {                   \
            uint64_t number = 0, start = now_ns();                             \
            for (uint64_t i = 0; i < (count); i++)                             \
                number = opaque(expression);                                   \
            samples_add(&batches, (double)(now_ns() - start) / (double)(count)); \
        }                                                                      \
        return samples_quantile(&batches, 0);                                      \
    }

static uint64_t domain_answer(porin_entry entry, uint64_t number)
{
    uint64_t result = 0;
    porin_check(porin_call6(entry, &result, number, 0, 0, 0, 0, 0), "call", porin_last_error());
    return result;
}

NATIVE_LOOP(native_empty, CALLS, number + 1)
NATIVE_LOOP(native_direct, CALLS, far_answer(number))
NATIVE_LOOP(native_nested, CALLS, far_nested(number))
NATIVE_LOOP(native_wasm, CALLS, Z_calleeZ_callee_answer(&wasm_callee, number))
NATIVE_LOOP(native_domain, CALLS, domain_answer(answer, number))
NATIVE_LOOP(native_counted, CALLS, domain_answer(counted_answer, number))
NATIVE_LOOP(native_getppid, SLOW_CALLS, number + (uint64_t)syscall(SYS_getppid))

/* The pointer stays in a register, as in the loop of a domain. */
static double native_indirect(const void *subject)
{
    struct samples batches = {0};
    uint64_t (*pointer)(uint64_t number) = far_answer;
    (void)subject;
    for (unsigned batch = 0; batch < BATCHES; batch++) {
        uint64_t number = 0, start = now_ns();
        for (uint64_t i = 0; i < CALLS; i++) {
            __asm__ volatile("" : "+r"(pointer));
            number = opaque(pointer(number));
        }
        samples_add(&batches, (double)(now_ns() - start) / CALLS);
    }
    return samples_quantile(&batches, 0);
}

/* subject: the entry of a loop. */
static double domain_loop(const void *subject)
{
    const porin_entry *entry = subject;
    struct samples batches = {0};
    if (!entry->domain)
        return NAN;
    for (unsigned batch = 0; batch < BATCHES; batch++) {
        uint64_t result = 0, start = now_ns();
        porin_check(porin_call6(*entry, &result, CALLS, 0, 0, 0, 0, 0), "loop in a domain", porin_last_error());
        samples_add(&batches, (double)(now_ns() - start) / CALLS);
        if (result != CALLS)
            fail("a loop of %d calls in a domain counted %llu", CALLS, (unsigned long long)result);
    }
    return samples_quantile(&batches, 0);
}

static const char *text(const char *first, const char *second)
{
    snprintf(texts[ladder.count], sizeof texts[0], "%s, %s", first, second);
    return texts[ladder.count];
}

/* The loops of a new domain over edges of every policy to `import`_POLICY. */
static void loops_prepare(porin_domain *caller, const char *import, porin_entry callee, porin_entry loops[POLICIES])
{
    const char *own = strcmp(import, "own") == 0 ? "own_" : "";
    for (unsigned i = 0; i < POLICIES; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s_%s", import, policies[i].id);
        bench_bind(caller, name, callee, policies[i].caller, policies[i].callee);
        snprintf(name, sizeof name, "loop_%s%s", own, policies[i].id);
        loops[i] = bench_entry(caller, name);
    }
}

static void prepare(const char *build)
{
    struct porin_limits limits;
    porin_domain *callee = bench_domain(build, "callee", false), *caller = bench_domain(build, "caller", false);
    answer = bench_entry(callee, "callee_answer");
    empty = bench_entry(caller, "loop_empty");
    direct = bench_entry(caller, "loop_direct");
    indirect = bench_entry(caller, "loop_indirect");
    service = bench_entry(caller, "loop_service");
    counted_answer = bench_entry(bench_domain(build, "callee", true), "callee_answer");
    loops_prepare(caller, "callee", answer, across);
    bench_bind(caller, "callee_results", bench_entry(callee, "callee_results"), 0, 0);
    own_protected = bench_entry(caller, "loop_protected");
    own_hidden = bench_entry(caller, "loop_hidden");
    loops_prepare(caller, "own", bench_entry(caller, "caller_answer"), within);
    loops_prepare(bench_domain(build, "caller", true), "callee", counted_answer, counted);
    porin_limits_get(&limits);
    for (unsigned i = 0; i < USES; i++) {
        if (uses[i].avx512 && !limits.avx512)
            continue;
        porin_domain *user = bench_domain(build, "caller", false);
        porin_entry used = bench_entry(bench_domain(build, uses[i].domain, false), "callee_answer");
        bench_bind(user, "callee_strongest", used, PORIN_POLICY_ALL, PORIN_POLICY_ALL);
        using[i] = bench_entry(user, "loop_strongest");
    }
    wasm_rt_init();
    Z_callee_init_module();
    Z_callee_instantiate(&wasm_callee);
}

static struct rung *across_rungs[POLICIES], *counted_rungs[POLICIES], *use_rungs[USES], *rpc_rung;

static void rungs_inside(void)
{
    struct rung *loop = rung_add(&ladder, NULL, native_empty, NULL, NULL), *domain = rung_add(&ladder, NULL, domain_loop, &empty, NULL);
    rung_add(&ladder, "function call", native_direct, NULL, loop);
    ladder.unit = rung_add(&ladder, "indirect call", native_indirect, NULL, loop);
    rung_add(&ladder, "two nested calls, the floor of a gate", native_nested, NULL, loop);
    rung_add(&ladder, "wasm2c call into a module", native_wasm, NULL, loop);
    rung_add(&ladder, "function call inside a domain", domain_loop, &direct, domain);
    rung_add(&ladder, "indirect call inside a domain, checked", domain_loop, &indirect, domain);
    for (unsigned i = 0; i < POLICIES; i++)
        across_rungs[i] = rung_add(&ladder, text("domain to domain", policies[i].text), domain_loop, &across[i], domain);
    across_rungs[POLICY_weakest]->bar = WEAKEST_BAR;
    across_rungs[POLICY_strongest]->bar = STRONGEST_BAR;
    rung_add(&ladder, "  register integrity by the caller's own stub", domain_loop, &own_protected, domain);
    rung_add(&ladder, "  and confidentiality by both sides' own stubs", domain_loop, &own_hidden, domain);
    for (unsigned i = 0; i < USES; i++) {
        use_rungs[i] = rung_add(&ladder, text("  all six properties", uses[i].text), domain_loop, &using[i], domain);
        use_rungs[i]->needs = "needs a CPU with AVX-512";
    }
    for (unsigned i = 0; i < POLICIES; i += POLICIES - 1)
        counted_rungs[i] = rung_add(&ladder, text("domain to domain, accounting on", policies[i].text), domain_loop, &counted[i], domain);
    counted_rungs[POLICY_weakest]->bar = ACCOUNTING_BAR;
    rung_add(&ladder, text("domain to itself", policies[POLICY_weakest].text), domain_loop, &within[POLICY_weakest], domain);
    rung_add(&ladder, text("domain to itself", policies[POLICY_strongest].text), domain_loop, &within[POLICY_strongest], domain);
    rung_add(&ladder, "host to domain (porin_call6)", native_domain, NULL, loop);
    rung_add(&ladder, "host to domain, accounting on", native_counted, NULL, loop);
    rung_add(&ladder, "domain to service (getuid)", domain_loop, &service, domain);
    rung_add(&ladder, "system call (getppid)", native_getppid, NULL, loop);
}

/* Round trips to another thread or process. */
static void rungs_outside(void)
{
    rung_add(&ladder, "shared-memory spin, threads on two CPUs", spin_round_trip, &other_cpu, NULL);
    rung_add(&ladder, "POSIX semaphores, threads on the same CPU", semaphore_round_trip, &same_cpu, NULL);
    rung_add(&ladder, "POSIX semaphores, threads on two CPUs", semaphore_round_trip, &other_cpu, NULL);
    rung_add(&ladder, "pipe, processes on the same CPU", pipe_round_trip, &same_cpu, NULL);
    rung_add(&ladder, "pipe, processes on two CPUs", pipe_round_trip, &other_cpu, NULL);
    rung_add(&ladder, "UNIX socket, processes on the same CPU", socket_round_trip, &same_cpu, NULL);
    rpc_rung = rung_add(&ladder, "UNIX-socket RPC (libtirpc), processes on the same CPU", rpc_round_trip, &same_cpu, NULL);
    rung_add(&ladder, "UNIX-socket RPC (libtirpc), processes on two CPUs", rpc_round_trip, &other_cpu, NULL);
}

/* What each property adds to the weakest gate. */
static void breakdown_report(void)
{
    double weakest = rung_cost(across_rungs[POLICY_weakest]).q1, strongest = rung_cost(across_rungs[POLICY_strongest]).q1;
    double unit = rung_cost(ladder.unit).q1;
    report("\nWhat a property adds to the weakest gate\n  %-58s %9s %9s\n", "", "ns", "ratio");
    results_list("breakdown");
    for (unsigned i = 0; i < POLICIES - 1 + USES; i++) {
        bool use = i >= POLICIES - 1;
        unsigned k = use ? i - (POLICIES - 1) : i + 1;
        double added = use ? rung_cost(use_rungs[k]).q1 - strongest : rung_cost(across_rungs[k]).q1 - weakest;
        if (isnan(added))
            continue;
        report("  %s%-*s %9.2f %9.2f\n", use ? "  and if the " : "", use ? 47 : 58, use ? uses[k].text : policies[k].text, added,
               added / unit);
        results_object(NULL);
        results_text("what", use ? uses[k].text : policies[k].text);
        results_number("added_ns", added);
        results_end();
    }
    results_end();
}

/* That the counters were on is part of what was measured. */
static void accounting_check(void)
{
    struct porin_domain_usage usage;
    porin_check(porin_domain_usage_get(counted_answer.domain, &usage), "usage", NULL);
    if (usage.calls < 3 * (uint64_t)CALLS * BATCHES)
        fail("a domain with accounting counted %llu calls", (unsigned long long)usage.calls);
}

void bench_ladder(const struct bench_settings *settings)
{
    prepare(settings->build);
    rungs_inside();
    rungs_outside();
    ladder_measure(&ladder, settings->repetitions);
    ladder_report(&ladder);
    breakdown_report();
    accounting_check();
    bar_check("UNIX-socket RPC / domain to domain, no property", rung_ratio(rpc_rung, across_rungs[POLICY_weakest]), AT_LEAST,
              RPC_BAR, "x");
    bar_check("UNIX-socket RPC / domain to domain, all properties", rung_ratio(rpc_rung, across_rungs[POLICY_strongest]), AT_LEAST,
              RPC_BAR, "x");
}

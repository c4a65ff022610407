/* SPDX-License-Identifier: Apache-2.0 */
/* How late a call ends that has a deadline and does not come back: distribution of what was got beyond what was asked. */
#include "bench.h"
#include <string.h>

enum { CALLS_EACH = 12 };
static const struct { uint64_t ns; const char *text; } asked[] = {
    {50000, "50 us"}, {200000, "200 us"}, {1000000, "1 ms"}, {10000000, "10 ms"}};
enum { ASKED = sizeof asked / sizeof asked[0] };
static struct samples late_us[ASKED];

static void deadline_run(porin_domain *victim, unsigned which)
{
    struct porin_error error = {0};
    struct porin_call call = {0};
    porin_check(porin_domain_reset(victim, &error), "reset", &error);
    porin_entry spin = bench_entry(victim, "victim_spin"), answer = bench_entry(victim, "victim_answer");
    porin_check(porin_call(answer, &call), "call", porin_last_error());
    uint64_t start = now_ns();
    porin_status status = porin_call_within(spin, &call, asked[which].ns);
    uint64_t elapsed = now_ns() - start;
    if (status != PORIN_ERR_DEADLINE)
        fail("a late call came back with: %s", porin_status_name(status));
    samples_add(&late_us[which], ((double)elapsed - (double)asked[which].ns) / 1e3);
}

/* What a deadline costs a call that keeps it. */
static double within_ns(porin_entry answer)
{
    enum { CALLS = 2000 };
    struct porin_call call = {0};
    uint64_t start = now_ns();
    for (unsigned i = 0; i < CALLS; i++)
        porin_check(porin_call_within(answer, &call, 1000000000), "call", porin_last_error());
    return (double)(now_ns() - start) / CALLS;
}

void bench_deadlines(const struct bench_settings *settings)
{
    size_t order[ASKED];
    struct samples within = {0};
    porin_domain *victim = bench_domain(settings->build, "victim", false);
    for (unsigned repetition = 0; repetition < settings->repetitions; repetition++)
        for (unsigned i = 0; i < CALLS_EACH; i++) {
            if ((repetition + 1) * CALLS_EACH > SAMPLES_MAX)
                break;
            order_shuffle(order, ASKED);
            for (unsigned k = 0; k < ASKED; k++)
                deadline_run(victim, (unsigned)order[k]);
        }
    struct porin_error error = {0};
    porin_check(porin_domain_reset(victim, &error), "reset", &error);
    for (unsigned repetition = 0; repetition < settings->repetitions; repetition++)
        samples_add(&within, within_ns(bench_entry(victim, "victim_answer")));
    report("\nDeadlines: microseconds that a call which never comes back ends after its deadline\n");
    report("  %-12s %9s %9s %9s %9s %9s %9s\n", "asked", "least", "10 %", "median", "90 %", "99 %", "most");
    results_list("deadlines");
    for (unsigned i = 0; i < ASKED; i++) {
        static const double parts[] = {0, 0.1, 0.5, 0.9, 0.99, 1};
        report("  %-12s", asked[i].text);
        for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++)
            report(" %9.1f", samples_quantile(&late_us[i], parts[k]));
        report("\n");
        results_object(NULL);
        results_number("asked_ns", (double)asked[i].ns);
        results_samples("late_us", &late_us[i]);
        results_end();
    }
    results_end();
    report("  a call that keeps its deadline: %.0f ns\n", samples_median(&within));
    results_samples("call_within_ns", &within);
    porin_domain_destroy(victim);
}

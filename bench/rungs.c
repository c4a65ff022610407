/* SPDX-License-Identifier: Apache-2.0 */
/* Ladders: rungs that are measured interleaved and printed as one table, each with its spread, its ratio to one of them, its bar. */
#include "bench.h"
#include <math.h>
#include <stdio.h>

struct rung *rung_add(struct ladder *ladder, const char *what, double (*measure)(const void *subject), const void *subject,
                      const struct rung *baseline)
{
    if (ladder->count == RUNGS_MAX)
        fail("more than %d rungs", RUNGS_MAX);
    struct rung *rung = &ladder->rungs[ladder->count++];
    *rung = (struct rung){.what = what, .measure = measure, .subject = subject, .baseline = baseline};
    return rung;
}

void ladder_measure(struct ladder *ladder, unsigned repetitions)
{
    size_t order[RUNGS_MAX];
    for (unsigned repetition = 0; repetition < repetitions + 1; repetition++) {
        order_shuffle(order, ladder->count);
        for (size_t i = 0; i < ladder->count; i++) {
            struct rung *rung = &ladder->rungs[order[i]];
            if (repetition == 0) { /* the first one warms up and says whether this machine can do it */
                rung->absent = isnan(rung->measure(rung->subject));
            } else if (!rung->absent) {
                samples_add(&rung->ns, rung->measure(rung->subject));
            }
        }
    }
}

struct summary rung_cost(const struct rung *rung)
{
    if (rung->absent)
        return (struct summary){NAN, NAN, NAN};
    struct summary summary = samples_summary(&rung->ns);
    double baseline = rung->baseline ? samples_median(&rung->baseline->ns) : 0;
    return (struct summary){summary.median - baseline, summary.q1 - baseline, summary.q3 - baseline};
}

double rung_ratio(const struct rung *rung, const struct rung *unit)
{
    return rung_cost(rung).q1 / rung_cost(unit).q1;
}

/* The bar stands beside the figure it is about: the ratio if the table has one, else the median. */
static void rung_report(const struct ladder *ladder, const struct rung *rung)
{
    struct summary cost = rung_cost(rung);
    if (rung->absent) {
        report("  %-58s %s\n", rung->what, rung->needs ? rung->needs : "needs a second CPU");
        return;
    }
    double ratio = ladder->unit ? rung_ratio(rung, ladder->unit) : NAN, per = ladder->unit_ns;
    report("  %-58s %9.2f  %9.2f..%-9.2f", rung->what, cost.median / per, cost.q1 / per, cost.q3 / per);
    if (ladder->unit)
        report(" %9.2f", ratio);
    if (rung->bar > 0) {
        double value = ladder->unit ? ratio : cost.median / per;
        report("   at most %-4g %s", rung->bar, value <= rung->bar ? "met" : "MISSED");
        bar_check(rung->what, value, AT_MOST, rung->bar, ladder->unit ? "x" : ladder->short_name);
    }
    report("\n");
    results_object(NULL);
    results_text("rung", rung->what);
    results_number("cost_ns", cost.median);
    if (rung->bar > 0)
        results_number("bar", rung->bar);
    results_samples("measured_ns", &rung->ns);
    results_end();
}

void ladder_report(const struct ladder *ladder)
{
    char ratio[64] = "";
    if (ladder->unit)
        snprintf(ratio, sizeof ratio, "; ratio: to the %s of the same run, lower quartiles", ladder->unit->what);
    report("\n%s%s\n  %-58s %9s  %-20s%s   bar\n", ladder->title, ratio, "", ladder->short_name, "     quartiles",
           ladder->unit ? "     ratio" : "");
    results_list(ladder->name);
    for (size_t i = 0; i < ladder->count; i++)
        if (ladder->rungs[i].what)
            rung_report(ladder, &ladder->rungs[i]);
    results_end();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of one measurement, their median and quartiles; random order. */
#include "bench.h"
#include <stdlib.h>
#include <string.h>

void samples_add(struct samples *samples, double value)
{
    if (samples->count == SAMPLES_MAX)
        fail("more than %d samples", SAMPLES_MAX);
    samples->values[samples->count++] = value;
}

static int value_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Linear interpolation between the two nearest ranks. */
static double quantile(const double *sorted, size_t count, double part)
{
    double at = part * (double)(count - 1);
    size_t below = (size_t)at, above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (at - (double)below) * (sorted[above] - sorted[below]);
}

double samples_quantile(const struct samples *samples, double part)
{
    double sorted[SAMPLES_MAX];
    if (samples->count == 0)
        fail("a summary of no samples");
    memcpy(sorted, samples->values, samples->count * sizeof *sorted);
    qsort(sorted, samples->count, sizeof *sorted, value_compare);
    return quantile(sorted, samples->count, part);
}

struct summary samples_summary(const struct samples *samples)
{
    return (struct summary){samples_quantile(samples, 0.5), samples_quantile(samples, 0.25), samples_quantile(samples, 0.75)};
}

double samples_median(const struct samples *samples)
{
    return samples_summary(samples).median;
}

void order_shuffle(size_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = count; i-- > 1;) {
        size_t j = (size_t)random() % (i + 1), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}

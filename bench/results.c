/* SPDX-License-Identifier: Apache-2.0 */
/* The report for people, the machine-readable results file, and the bars with their figures. */
#include "bench.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 16, BARS_MAX = 64 };

static FILE *file, *report_file;
static struct { bool list, used; } levels[DEPTH_MAX];
static int depth;

static struct bar { const char *what, *unit; double value, limit; enum bar_kind kind; bool met; } bars[BARS_MAX];
static size_t bar_count;

static FILE *file_create(const char *path)
{
    FILE *created = fopen(path, "w");
    if (!created)
        fail("cannot write %s: %s", path, strerror(errno));
    return created;
}

void report_open(const char *path)
{
    report_file = file_create(path);
}

void report_close(void)
{
    if (fclose(report_file) != 0)
        fail("cannot write the report: %s", strerror(errno));
}

void report(const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    vprintf(format, arguments);
    vfprintf(report_file, format, again);
    va_end(arguments);
    va_end(again);
}

static void quote(const char *text)
{
    fputc('"', file);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', file);
        if ((unsigned char)*text >= ' ')
            fputc(*text, file);
    }
    fputc('"', file);
}

/* Comma, line break and name before a value. */
static void begin_value(const char *name)
{
    if (levels[depth].used)
        fputc(',', file);
    levels[depth].used = true;
    fprintf(file, "\n%*s", 2 * depth + 2, "");
    if (!levels[depth].list) {
        quote(name);
        fputs(": ", file);
    }
}

static void open_level(const char *name, bool list)
{
    begin_value(name);
    fputc(list ? '[' : '{', file);
    if (++depth == DEPTH_MAX)
        fail("results nested too deep");
    levels[depth].list = list;
    levels[depth].used = false;
}

void results_open(const char *path)
{
    file = file_create(path);
    fputc('{', file);
}

void results_close(void)
{
    fputs("\n}\n", file);
    if (fclose(file) != 0)
        fail("cannot write the results: %s", strerror(errno));
}

void results_object(const char *name)
{
    open_level(name, false);
}

void results_list(const char *name)
{
    open_level(name, true);
}

void results_end(void)
{
    bool list = levels[depth--].list;
    fprintf(file, "\n%*s%c", 2 * depth + 2, "", list ? ']' : '}');
}

void results_number(const char *name, double value)
{
    begin_value(name);
    fprintf(file, "%.6g", value);
}

void results_text(const char *name, const char *text)
{
    begin_value(name);
    quote(text);
}

void results_samples(const char *name, const struct samples *samples)
{
    struct summary summary = samples_summary(samples);
    begin_value(name);
    fprintf(file, "{\"median\": %.6g, \"q1\": %.6g, \"q3\": %.6g, \"samples\": [", summary.median, summary.q1, summary.q3);
    for (size_t i = 0; i < samples->count; i++)
        fprintf(file, "%s%.6g", i ? ", " : "", samples->values[i]);
    fputs("]}", file);
}

void bar_check(const char *what, double value, enum bar_kind kind, double limit, const char *unit)
{
    if (bar_count == BARS_MAX)
        fail("more than %d bars", BARS_MAX);
    /* A value that is not a number misses every bar. */
    bool met = kind == AT_MOST ? value <= limit : value >= limit;
    bars[bar_count++] = (struct bar){what, unit, value, limit, kind, met};
}

unsigned bars_report(void)
{
    unsigned missed = 0;
    report("\nBars\n");
    results_list("bars");
    for (size_t i = 0; i < bar_count; i++) {
        const struct bar *bar = &bars[i];
        const char *relation = bar->kind == AT_MOST ? "at most" : "at least";
        report("  %-62s %9.3f %-6s %s %-8g %s\n", bar->what, bar->value, bar->unit, relation, bar->limit, bar->met ? "met" : "MISSED");
        missed += !bar->met;
        results_object(NULL);
        results_text("what", bar->what);
        results_number("value", bar->value);
        results_text("unit", bar->unit);
        results_text("relation", relation);
        results_number("bar", bar->limit);
        results_text("verdict", bar->met ? "met" : "MISSED");
        results_end();
    }
    results_end();
    return missed;
}

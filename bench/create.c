/* SPDX-License-Identifier: Apache-2.0 */
/* Part (d): creating a domain and calling into it, fresh and pooled, beside what the kernel asks for the like of it; and the memory
 * that many idle domains take. */
#include "bench.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { BATCH = 32, LIVE = 10000, MAPPINGS = 5, TOUCHES = 10, PAGE = 4096 };

static porin_image *image;
static porin_pool *pool;
static struct { struct samples fresh, destroy, take, put, mappings, touches; } times;

static double us_since(uint64_t start)
{
    return (double)(now_ns() - start) / 1e3;
}

static void first_call(porin_domain *domain)
{
    struct porin_error error = {0};
    porin_entry entry;
    uint64_t result;
    porin_check(porin_entry_find(domain, "callee_answer", &entry, &error), "callee_answer", &error);
    porin_check(porin_call6(entry, &result, 41, 0, 0, 0, 0, 0), "first call", porin_last_error());
    if (result != 42)
        fail("the first call answered %llu", (unsigned long long)result);
}

static porin_domain *domain_new(void)
{
    struct porin_error error = {0};
    porin_domain *domain;
    porin_check(porin_domain_create(image, NULL, &domain, &error), "create", &error);
    first_call(domain);
    return domain;
}

static void fresh_measure(void)
{
    struct samples create = {0}, destroy = {0};
    for (unsigned i = 0; i < BATCH; i++) {
        uint64_t start = now_ns();
        porin_domain *domain = domain_new();
        samples_add(&create, us_since(start));
        start = now_ns();
        porin_domain_destroy(domain);
        samples_add(&destroy, us_since(start));
    }
    samples_add(&times.fresh, samples_median(&create));
    samples_add(&times.destroy, samples_median(&destroy));
}

static void pooled_measure(void)
{
    struct samples take = {0}, put = {0};
    struct porin_error error = {0};
    for (unsigned i = 0; i < BATCH; i++) {
        porin_domain *domain;
        uint64_t start = now_ns();
        porin_check(porin_pool_take(pool, &domain, &error), "take", &error);
        first_call(domain);
        samples_add(&take, us_since(start));
        start = now_ns();
        porin_pool_put(pool, domain);
        samples_add(&put, us_since(start));
    }
    samples_add(&times.take, samples_median(&take));
    samples_add(&times.put, samples_median(&put));
}

/* What the kernel asks: as many mappings as a domain may have, and first touches of pages. */
static void kernel_measure(void)
{
    struct samples mappings = {0}, touches = {0};
    for (unsigned i = 0; i < BATCH; i++) {
        unsigned char *piece[MAPPINGS];
        uint64_t start = now_ns();
        for (unsigned m = 0; m < MAPPINGS; m++) {
            /* Alternating protections, or the kernel would merge them into one. */
            piece[m] = mmap(NULL, 4 * PAGE, m % 2 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (piece[m] == MAP_FAILED)
                fail("mmap: %s", strerror(errno));
        }
        samples_add(&mappings, us_since(start));
        start = now_ns();
        for (unsigned touch = 0; touch < TOUCHES; touch++)
            *(volatile unsigned char *)(piece[touch / 4 * 2] + touch % 4 * PAGE) = 1;
        samples_add(&touches, us_since(start));
        for (unsigned m = 0; m < MAPPINGS; m++)
            munmap(piece[m], 4 * PAGE);
    }
    samples_add(&times.mappings, samples_median(&mappings));
    samples_add(&times.touches, samples_median(&touches));
}

/* The sum of the fields named in a file of lines "Name: number kB", in KiB. */
static double field_kib(const char *path, const char *name)
{
    char line[256], field[64];
    unsigned long kib;
    double sum = 0;
    FILE *file = fopen(path, "r");
    if (!file)
        fail("cannot read %s: %s", path, strerror(errno));
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "%63[^:]: %lu kB", field, &kib) == 2 && strcmp(field, name) == 0)
            sum += (double)kib;
    fclose(file);
    return sum;
}

struct memory { double anonymous, tables, objects, private_pages; };

/* Anonymous memory holds the domains' changed pages and the trusted tables; memory objects (memfd) hold images and gates and are
 * counted for the whole machine, because a page of one costs memory whether it is mapped or not. */
static struct memory memory_now(void)
{
    return (struct memory){
        field_kib("/proc/self/smaps_rollup", "Anonymous"), field_kib("/proc/self/status", "VmPTE"), field_kib("/proc/meminfo", "Shmem"),
        field_kib("/proc/self/smaps_rollup", "Private_Clean") + field_kib("/proc/self/smaps_rollup", "Private_Dirty")};
}

static void live_measure(void)
{
    porin_domain **domains = calloc(LIVE, sizeof *domains);
    if (!domains)
        fail("out of memory");
    struct memory before = memory_now();
    uint64_t start = now_ns();
    for (size_t i = 0; i < LIVE; i++)
        domains[i] = domain_new();
    double each_us = us_since(start) / LIVE;
    struct memory after = memory_now();
    for (size_t i = 0; i < LIVE; i += 97) /* all of them still answer */
        first_call(domains[i]);
    double anonymous = (after.anonymous - before.anonymous) / LIVE, tables = (after.tables - before.tables) / LIVE;
    double objects = (after.objects - before.objects) / LIVE, private_pages = (after.private_pages - before.private_pages) / LIVE;
    double all = anonymous + tables + (objects > 0 ? objects : 0);
    report("\n%d live domains, each called once: KiB for each\n", LIVE);
    report("  changed pages and trusted tables %.1f, page tables %.1f, memory objects %.1f: %.1f together\n",
           anonymous, tables, objects, all);
    report("  (smaps counts %.1f of private pages; creation and first call %.1f us each)\n", private_pages, each_us);
    results_object("live_domains");
    results_number("count", LIVE);
    results_number("anonymous_kib", anonymous);
    results_number("page_tables_kib", tables);
    results_number("memory_objects_kib", objects);
    results_number("private_pages_kib", private_pages);
    results_number("all_kib", all);
    results_number("create_and_call_us", each_us);
    results_end();
    bar_check("(d) live domains in one process", LIVE, AT_LEAST, 10000, "");
    bar_check("(d) memory of an idle domain among them", all, AT_MOST, 64, "KiB");
    for (size_t i = 0; i < LIVE; i++)
        porin_domain_destroy(domains[i]);
    free(domains);
}

static double time_report(const char *what, const char *name, const struct samples *samples)
{
    struct summary summary = samples_summary(samples);
    report("  %-50s %8.2f  %.2f..%.2f\n", what, summary.median, summary.q1, summary.q3);
    results_samples(name, samples);
    return summary.median;
}

void bench_create(const struct bench_settings *settings)
{
    static void (*const measures[])(void) = {fresh_measure, pooled_measure, kernel_measure};
    enum { MEASURES = sizeof measures / sizeof measures[0] };
    struct porin_error error = {0};
    size_t order[MEASURES];
    image = bench_image(settings->build, "callee");
    porin_check(porin_pool_create(image, NULL, 4, &pool, &error), "pool", &error);
    for (unsigned repetition = 0; repetition < settings->repetitions; repetition++) {
        order_shuffle(order, MEASURES);
        for (size_t i = 0; i < MEASURES; i++)
            measures[order[i]]();
    }
    report("\nCreating a domain from a verified image: microseconds (median, quartiles)\n");
    results_object("create_us");
    double fresh = time_report("create, look up, first call: fresh", "fresh", &times.fresh);
    double pooled = time_report("take, look up, first call: pooled", "pooled", &times.take);
    time_report("destroy", "destroy", &times.destroy);
    time_report("put back into the pool (reset)", "put", &times.put);
    time_report("the kernel's price: 5 mmap", "five_mmaps", &times.mappings);
    time_report("the kernel's price: first touch of 10 pages", "ten_touches", &times.touches);
    results_end();
    bar_check("(d) create and first call, fresh", fresh, AT_MOST, 60, "us");
    bar_check("(d) take and first call, pooled", pooled, AT_MOST, 10, "us");
    porin_pool_destroy(pool);
    live_measure();
    porin_image_release(image);
}

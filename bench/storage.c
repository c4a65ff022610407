/* SPDX-License-Identifier: Apache-2.0 */
/* CODOMs' experiment: the modules of a storage stack isolated from each other, against one program of the same source: compiled by gcc,
 * and as one domain, so that what the rewriter costs and what the isolation of modules costs stand apart. doc/storage.md. */
#include "bench.h"
#include "bench/storage/stack.h"
#include "bench/storage/storage.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DISK_BLOCKS = 12288, FILES_SMALL = 4, BYTES_SMALL = 512 << 10, FILES_LARGE = 24, BYTES_LARGE = 1 << 20 };
enum variant { NATIVE, ONE, LIGHT, FULL, COUNTED, VARIANTS };
static const char *const names[VARIANTS] = {"gcc", "one domain", "light policy", "full policy", "counted"};
enum device { MEMORY, DISK };
static const char *const devices[] = {
    "the kernel's page cache, nothing flushed", "the disk: the page cache is emptied before, each change flushed",
};

static const struct workload {
    const char *what;
    enum device device;
    bool sql, small;
    uint64_t kind, count, size, sequential, synced;
} workloads[] = {
    {"reads, 4 KiB, cache module", MEMORY, .small = true, .kind = LOAD_READ, .count = 20000, .size = 4096},
    {"random reads, 4 KiB", MEMORY, .kind = LOAD_READ, .count = 6000, .size = 4096},
    {"random mixed, 4 KiB", MEMORY, .kind = LOAD_MIXED, .count = 4000, .size = 4096},
    {"random writes, 4 KiB", MEMORY, .kind = LOAD_WRITE, .count = 4000, .size = 4096},
    {"reads in order, 64 KiB", MEMORY, .kind = LOAD_READ, .count = 768, .size = 65536, .sequential = 1},
    {"create, write, delete", MEMORY, .kind = LOAD_NAMES, .count = 3000, .size = 4096},
    {"SQLite, per statement", MEMORY, .sql = true, .count = 1000},
    {"random reads, 4 KiB", DISK, .kind = LOAD_READ, .count = 400, .size = 4096},
    {"random mixed, 4 KiB", DISK, .kind = LOAD_MIXED, .count = 200, .size = 4096, .synced = 1},
    {"random writes, 4 KiB", DISK, .kind = LOAD_WRITE, .count = 100, .size = 4096, .synced = 1},
    {"random writes, 64 KiB", DISK, .kind = LOAD_WRITE, .count = 50, .size = 65536, .synced = 1},
    {"reads in order, 64 KiB", DISK, .kind = LOAD_READ, .count = 200, .size = 65536, .sequential = 1},
    {"create, write, delete", DISK, .kind = LOAD_NAMES, .count = 50, .size = 4096, .synced = 1},
    {"SQLite, per statement", DISK, .sql = true, .count = 300},
};
enum { WORKLOADS = sizeof workloads / sizeof *workloads, SQL_KINDS = 7 };

static struct stack stacks[VARIANTS];
static char folders[VARIANTS][512];
static struct measured { struct samples ns, cpu_ns; double own_ns, crossings, lent; } measured[WORKLOADS][VARIANTS];

static const char *disk_path(enum variant variant)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/disk", folders[variant]);
    return path;
}

/* --- the same call of each variant --- */

enum call { ATTACH, MOUNT, PREPARE, RUN, SQL_OPEN, SQL_RUN };
static const struct { enum stack_module module; const char *name; } calls[] = {
    [ATTACH] = {STACK_BLOCK, "block_attach"}, [MOUNT] = {STACK_FILES, "files_mount"}, [PREPARE] = {STACK_LOAD, "load_prepare"},
    [RUN] = {STACK_LOAD, "load_run"}, [SQL_OPEN] = {STACK_SQL, "sql_open"}, [SQL_RUN] = {STACK_SQL, "sql_run"},
};
static long native_call(enum call call, const uint64_t *a)
{
    switch (call) {
    case ATTACH: return block_attach((const char *)a[0], a[1]);
    case MOUNT: return files_mount();
    case PREPARE: return load_prepare(a[0], a[1]);
    case RUN: return load_run(a[0], a[1], a[2], a[3], a[4], a[5]);
    case SQL_OPEN: return sql_open(a[0]);
    case SQL_RUN: return sql_run(a[0], a[1]);
    }
    return STORAGE_WRONG;
}
static long ask(enum variant variant, enum call call, const uint64_t arguments[6])
{
    long result = variant == NATIVE ? native_call(call, arguments)
                                    : stack_call(&stacks[variant], calls[call].module, calls[call].name, arguments);
    if (result < 0)
        fail("storage: %s, %s: %ld", names[variant], calls[call].name, result);
    return result;
}
#define ASK(variant, call, ...) ask(variant, call, (const uint64_t[6]){__VA_ARGS__})

/* --- work --- */

static void prepare(enum variant variant, const struct workload *workload)
{
    ASK(variant, ATTACH, (uint64_t)disk_path(variant), workload->device == MEMORY);
    ASK(variant, MOUNT, 0);
    if (workload->sql)
        ASK(variant, SQL_OPEN, 1);
    else if (workload->small)
        ASK(variant, PREPARE, FILES_SMALL, BYTES_SMALL);
    else
        ASK(variant, PREPARE, FILES_LARGE, BYTES_LARGE);
}
/* Reads come from the disk again. */
static void cache_drop(enum variant variant)
{
    int file = open(disk_path(variant), O_RDWR);
    if (file < 0 || fdatasync(file) != 0 || posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) != 0 || close(file) != 0)
        fail("no disk %s", disk_path(variant));
}
static uint64_t operations(const struct workload *workload)
{
    return workload->count * (workload->sql ? SQL_KINDS : 1);
}
static long work(enum variant variant, const struct workload *workload, uint64_t seed)
{
    if (workload->sql)
        return ASK(variant, SQL_RUN, workload->count, seed);
    return ASK(variant, RUN, workload->kind, workload->count, workload->size, workload->sequential, workload->synced, seed);
}
/* All variants in turn, in random order; the first round warms. Fills ns and cpu_ns of each. */
static void rounds_measure(const struct workload *workload, struct measured *out, unsigned repetitions)
{
    double number = (double)operations(workload);
    for (enum variant v = 0; v < VARIANTS; v++) {
        prepare(v, workload);
        work(v, workload, 1000);
    }
    for (unsigned i = 0; i < repetitions; i++) {
        size_t order[FULL + 1];
        long results[FULL + 1];
        order_shuffle(order, FULL + 1);
        for (int k = 0; k <= FULL; k++) {
            size_t v = order[k];
            if (workload->device == DISK)
                cache_drop((enum variant)v);
            uint64_t start = now_ns(), cpu = processor_ns();
            results[v] = work((enum variant)v, workload, i);
            samples_add(&out[v].cpu_ns, (double)(processor_ns() - cpu) / number);
            samples_add(&out[v].ns, (double)(now_ns() - start) / number);
        }
        for (int v = 1; v <= FULL; v++)
            if (results[v] != results[NATIVE])
                fail("storage: %s: %s has read something else than %s", workload->what, names[v], names[NATIVE]);
    }
}
/* What isolation takes itself, to be seen beside the noise of a disk: the same operations once more in the page cache, more of them, the
 * processor time of domains less that of one domain. Of the lower quartiles. */
static void own_measure(const struct workload *workload, struct measured *out, unsigned repetitions)
{
    static struct measured cached[VARIANTS];
    struct workload more = *workload;
    memset(cached, 0, sizeof cached);
    more.device = MEMORY;
    more.count *= workload->device == DISK ? 4 : 1;
    rounds_measure(&more, cached, 2 * repetitions);
    for (int v = LIGHT; v <= FULL; v++)
        out[v].own_ns = samples_quantile(&cached[v].cpu_ns, 0.25) - samples_quantile(&cached[ONE].cpu_ns, 0.25);
}
static void workload_measure(const struct workload *workload, struct measured *out, unsigned repetitions)
{
    double number = (double)operations(workload);
    own_measure(workload, out, repetitions);
    rounds_measure(workload, out, repetitions);
    uint64_t crossings = stack_calls(&stacks[COUNTED]), lent = stack_lent(&stacks[COUNTED]);
    uint64_t asked = stack_calls(&stacks[COUNTED]) - crossings; /* by stack_lent itself */
    crossings += asked;
    work(COUNTED, workload, 0);
    out[COUNTED].crossings = (double)(stack_calls(&stacks[COUNTED]) - crossings) / number;
    out[COUNTED].lent = (double)(stack_lent(&stacks[COUNTED]) - lent) / number;
}

/* --- the report --- */

/* Of the same repetition: a machine that is slow for a while is so for both. */
static struct summary ratios(const struct samples *of, const struct samples *to)
{
    struct samples all = {0};
    for (size_t i = 0; i < of->count; i++)
        samples_add(&all, of->values[i] / to->values[i]);
    return samples_summary(&all);
}
static void percent(struct summary ratio)
{
    report(" %+7.2f%% (%+6.1f %+6.1f)", 100 * (ratio.median - 1), 100 * (ratio.q1 - 1), 100 * (ratio.q3 - 1));
}
static void workload_write(const struct workload *workload, const struct measured *m)
{
    results_object(NULL);
    results_text("workload", workload->what);
    results_text("device", devices[workload->device]);
    results_number("crossings_per_operation", m[COUNTED].crossings);
    results_number("lent_per_operation", m[COUNTED].lent);
    for (int v = 0; v <= FULL; v++) {
        results_object(names[v]);
        results_samples("ns", &m[v].ns);
        results_samples("cpu_ns", &m[v].cpu_ns);
        results_number("own_ns", m[v].own_ns);
        results_end();
    }
    results_end();
}
static void table_write(enum device device)
{
    report("\nStorage stack on %s; time of an operation, and how much more (quartiles)\n", devices[device]);
    report("  %-28s %10s %9s %26s %26s %26s\n", "", "gcc, us", "op/s", "one domain to gcc", "light to one domain", "full to one domain");
    for (int w = 0; w < WORKLOADS; w++) {
        const struct measured *m = measured[w];
        if (workloads[w].device != device)
            continue;
        double ns = samples_median(&m[NATIVE].ns);
        report("  %-28s %10.2f %9.0f ", workloads[w].what, ns / 1000, 1e9 / ns);
        percent(ratios(&m[ONE].ns, &m[NATIVE].ns));
        percent(ratios(&m[LIGHT].ns, &m[ONE].ns));
        percent(ratios(&m[FULL].ns, &m[ONE].ns));
        report("\n");
    }
    report("  %-28s %10s %9s %26s %26s %26s\n", "processor time of the same", "gcc, us", "", "one domain to gcc",
           "light to one domain", "full to one domain");
    for (int w = 0; w < WORKLOADS; w++) {
        const struct measured *m = measured[w];
        if (workloads[w].device != device)
            continue;
        report("  %-28s %10.2f %9s ", workloads[w].what, samples_median(&m[NATIVE].cpu_ns) / 1000, "");
        percent(ratios(&m[ONE].cpu_ns, &m[NATIVE].cpu_ns));
        percent(ratios(&m[LIGHT].cpu_ns, &m[ONE].cpu_ns));
        percent(ratios(&m[FULL].cpu_ns, &m[ONE].cpu_ns));
        report("\n");
    }
}
static double part(const struct measured *m, enum variant variant)
{
    return m[variant].own_ns / samples_median(&m[NATIVE].ns);
}
static void own_write(enum device device)
{
    report("  %-28s %12s %20s %10s %20s %9s %6s\n", "isolation's own time, ns", "light policy", "of gcc's time", "full",
           "of gcc's time", "crossings", "lent");
    for (int w = 0; w < WORKLOADS; w++) {
        const struct measured *m = measured[w];
        if (workloads[w].device == device)
            report("  %-28s %12.0f %19.3f%% %10.0f %19.3f%% %9.1f %6.1f\n", workloads[w].what, m[LIGHT].own_ns, 100 * part(m, LIGHT),
                   m[FULL].own_ns, 100 * part(m, FULL), m[COUNTED].crossings, m[COUNTED].lent);
    }
}
/* The middle workload of each device. */
static void bars_write(enum device device, const char *light_name, const char *full_name)
{
    struct samples light = {0}, full = {0};
    for (int w = 0; w < WORKLOADS; w++)
        if (workloads[w].device == device) {
            samples_add(&light, 100 * part(measured[w], LIGHT));
            samples_add(&full, 100 * part(measured[w], FULL));
        }
    bar_check(light_name, samples_median(&light), AT_MOST, 0.05, "% of an operation");
    bar_check(full_name, samples_median(&full), AT_MOST, 0.15, "% of an operation");
}

static void disk_create(enum variant variant)
{
    static char block[1 << 20];
    const char *path = disk_path(variant);
    if (mkdir(folders[variant], 0700) != 0 && access(folders[variant], W_OK) != 0)
        fail("no folder %s for a disk", folders[variant]);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (size_t i = 0; i < DISK_BLOCKS * (size_t)STORAGE_BLOCK / sizeof block; i++) /* real blocks, no holes */
        if (file < 0 || write(file, block, sizeof block) != sizeof block)
            fail("no disk %s", path);
    if (fsync(file) != 0 || close(file) != 0)
        fail("no disk %s", path);
}
void bench_storage(const struct bench_settings *settings)
{
    char images[512];
    snprintf(images, sizeof images, "%s/bench/domains", settings->build);
    for (enum variant v = 0; v < VARIANTS; v++) {
        snprintf(folders[v], sizeof folders[v], "%s/bench/storage-%d", settings->build, (int)v);
        disk_create(v);
        stacks[v] = (struct stack){ .images = images, .folder = folders[v], .policy = v >= FULL ? PORIN_POLICY_ALL : 0, .one = v == ONE,
                                    .accounting = v == COUNTED };
        if (v != NATIVE)
            stack_create(&stacks[v]);
    }
    results_list("storage");
    for (int w = 0; w < WORKLOADS; w++) {
        workload_measure(&workloads[w], measured[w], settings->repetitions);
        workload_write(&workloads[w], measured[w]);
    }
    results_end();
    for (enum device device = MEMORY; device <= DISK; device++) {
        table_write(device);
        own_write(device);
    }
    report("  own time: processor time of the same operations in the page cache, domains less one domain (lower quartiles)\n"
           "  crossings: calls between domains per operation. lent: capabilities made for a call; all are bound to its scope, none had\n"
           "  to be asynchronous: 100%% of grants (the paper: more than 98%%)\n");
    bars_write(MEMORY, "storage in the page cache, light policy", "storage in the page cache, full policy");
    bars_write(DISK, "storage on the disk, light policy", "storage on the disk, full policy");
    for (enum variant v = 0; v < VARIANTS; v++) {
        unlink(disk_path(v));
        rmdir(folders[v]);
        if (v != NATIVE)
            stack_destroy(&stacks[v]);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Part: what the stubs of porin bind cost, per class of types and end to end, against the native library in the same process. */
#include "bench.h"
#include "bind/work.h"
#include "classes_bind.h"
#include "png_bind.h"
#include "sqlite_bind.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS = 2000, PICTURES = 3, ROWS = 4000 };

static porin_domain *classes;
static porin_entry entry_integers, entry_double, entry_handle, entry_in, entry_out;
static porin_addr room;
static thing *handle;
static volatile uint64_t sink;

static porin_domain *domain_start(const struct bench_settings *settings, const char *name)
{
    char path[512];
    struct porin_error error = {0};
    porin_image *image;
    porin_domain *domain;
    snprintf(path, sizeof path, "%s/%s.porin", settings->build, name);
    porin_check(porin_image_load_file(path, &image, &error), path, &error);
    porin_check(porin_domain_create(image, NULL, &domain, &error), path, &error);
    porin_image_release(image);
    return domain;
}

/* --- per class: through the stub, by hand --- */
static void stub_integers(int i) { sink += (uint64_t)class_integers(i, 2); }
static void hand_integers(int i)
{
    uint64_t result;
    porin_call6(entry_integers, &result, (uint64_t)i, 2, 0, 0, 0, 0);
    sink += (uint64_t)(int)result;
}
static void stub_many(int i) { sink += (uint64_t)class_many(i, 2, 3, 4, 5, 6, 7, 8); }
static void stub_double(int i) { sink += (uint64_t)class_double(i); }
static void hand_double(int i)
{
    struct porin_call call = {.vector = {i}};
    porin_call(entry_double, &call);
    sink += (uint64_t)call.result_vector[0];
}
static void stub_handle(int i) { (void)i, sink += (uint64_t)class_handle(handle); }
static void hand_handle(int i)
{
    uint64_t result;
    (void)i;
    porin_call6(entry_handle, &result, (uint32_t)(uint64_t)handle, 0, 0, 0, 0, 0);
    sink += result;
}
static char bytes[4096];
static void stub_string(int i) { (void)i, sink += (uint64_t)class_string("twenty bytes of text"); }
static void buffer_by_hand(int size)
{
    uint64_t result;
    porin_copy_out(classes, room, bytes, (size_t)size);
    porin_call6(entry_in, &result, room.offset, (uint64_t)size, 0, 0, 0, 0);
    sink += result;
}
static void stub_in(int i) { (void)i, sink += (uint64_t)class_in(bytes, 64); }
static void hand_in(int i) { (void)i, buffer_by_hand(64); }
static void stub_in_large(int i) { (void)i, sink += (uint64_t)class_in(bytes, 4096); }
static void hand_in_large(int i) { (void)i, buffer_by_hand(4096); }
static void stub_out(int i) { (void)i, sink += (uint64_t)class_out(bytes, 64); }
static void hand_out(int i)
{
    uint64_t result;
    (void)i;
    porin_call6(entry_out, &result, room.offset, 64, 0, 0, 0, 0);
    porin_copy_in(bytes, classes, room, 64);
    sink += result;
}
static void stub_pair(int i) { sink += (uint64_t)class_pair((struct pair){i, 2}).a; }
static void stub_block(int i) { sink += (uint64_t)class_block((struct block){{i}}).words[0]; }
static int callback(int value) { return value; }
static void stub_callback(int i) { (void)i, sink += (uint64_t)class_callback(callback); }
static void stub_text(int i) { (void)i, sink += strlen(class_text()); }

static const struct class { const char *what; void (*stub)(int i), (*hand)(int i); } rows[] = {
    {"two integers", stub_integers, hand_integers},
    {"eight integers", stub_many, NULL},
    {"a double", stub_double, hand_double},
    {"an opaque handle", stub_handle, hand_handle},
    {"a string, 20 bytes in", stub_string, NULL},
    {"a buffer, 64 bytes in", stub_in, hand_in},
    {"a buffer, 4096 bytes in", stub_in_large, hand_in_large},
    {"a buffer, 64 bytes out", stub_out, hand_out},
    {"a struct of 16 bytes, in and out", stub_pair, NULL},
    {"a struct of 64 bytes, in and out", stub_block, NULL},
    {"a callback, registered and called", stub_callback, NULL},
    {"a borrowed string", stub_text, NULL},
};
enum { CLASSES = sizeof rows / sizeof rows[0] };

static double time_of(void (*function)(int i))
{
    uint64_t begin = now_ns();
    for (int i = 0; i < CALLS; i++)
        function(i);
    return (double)(now_ns() - begin) / CALLS;
}

static void classes_prepare(const struct bench_settings *settings)
{
    struct porin_error error = {0};
    classes = domain_start(settings, "bench/bind/classes");
    porin_check(classes_bind(classes, &error), "classes", &error);
    porin_check(porin_entry_find(classes, "class_integers", &entry_integers, &error), "class_integers", &error);
    porin_check(porin_entry_find(classes, "class_double", &entry_double, &error), "class_double", &error);
    porin_check(porin_entry_find(classes, "class_handle", &entry_handle, &error), "class_handle", &error);
    porin_check(porin_entry_find(classes, "class_in", &entry_in, &error), "class_in", &error);
    porin_check(porin_entry_find(classes, "class_out", &entry_out, &error), "class_out", &error);
    porin_check(porin_alloc(classes, sizeof bytes, &room), "room", NULL);
    handle = class_make();
    if (!handle)
        fail("the stubs do not work: %s", porin_binding_error()->text);
}

static void classes_measure(const struct bench_settings *settings)
{
    static struct samples stub[CLASSES], hand[CLASSES];
    size_t order[CLASSES];
    classes_prepare(settings);
    for (unsigned repetition = 0; repetition <= settings->repetitions; repetition++) {
        order_shuffle(order, CLASSES);
        for (size_t i = 0; i < CLASSES; i++) {
            const struct class *row = &rows[order[i]];
            double stub_ns = time_of(row->stub), hand_ns = row->hand ? time_of(row->hand) : 0;
            if (repetition == 0)
                continue; /* warms up */
            samples_add(&stub[order[i]], stub_ns);
            samples_add(&hand[order[i]], hand_ns);
        }
    }
    report("\nStubs of porin bind: nanoseconds a call (median), and the same by hand where there is a way\n");
    report("  %-36s %9s %9s %7s\n", "", "stub", "by hand", "ratio");
    results_list("bind_classes");
    for (size_t i = 0; i < CLASSES; i++) {
        double stub_ns = samples_median(&stub[i]), hand_ns = samples_median(&hand[i]);
        report(rows[i].hand ? "  %-36s %9.1f %9.1f %7.2f\n" : "  %-36s %9.1f\n", rows[i].what, stub_ns, hand_ns, stub_ns / hand_ns);
        results_object(NULL);
        results_text("class", rows[i].what);
        results_samples("stub_ns", &stub[i]);
        if (rows[i].hand)
            results_samples("hand_ns", &hand[i]);
        results_end();
    }
    results_end();
    classes_unbind();
    porin_domain_destroy(classes);
}

/* --- end to end --- */
static void *native_function(const struct bench_settings *settings, const char *library, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/bench/bind/%s-native.so", settings->build, library);
    void *loaded = dlopen(path, RTLD_NOW | RTLD_LOCAL), *function = loaded ? dlsym(loaded, name) : NULL;
    if (!function)
        fail("%s: %s", path, dlerror());
    return function;
}

static unsigned char *picture;
static size_t picture_size;
static uint64_t (*native_png)(const unsigned char *file, size_t size), (*native_sqlite)(unsigned count);

static uint64_t png_bound(void) { return work_png(picture, picture_size); }
static uint64_t png_native(void) { return native_png(picture, picture_size); }
static uint64_t sqlite_bound(void) { return work_sqlite(ROWS); }
static uint64_t sqlite_native(void) { return native_sqlite(ROWS); }

struct work { const char *what, *bar, *ambition; uint64_t (*bound)(void), (*native)(void); int times; };

static void work_measure(const struct bench_settings *settings, const struct work *work)
{
    struct samples ratio = {0}, bound_ms = {0}, native_ms = {0};
    for (unsigned repetition = 0; repetition <= settings->repetitions; repetition++) {
        double ns[2] = {0};
        for (int round = 0; round < 2 * work->times; round++) { /* in turns */
            bool is_bound = (round + repetition) % 2;
            uint64_t begin = now_ns(), got = is_bound ? work->bound() : work->native();
            ns[is_bound] += (double)(now_ns() - begin);
            static uint64_t expected;
            if (round == 0)
                expected = got;
            if (!got || got != expected)
                fail("%s: native and bound disagree: %s", work->what, porin_binding_error()->text);
        }
        if (repetition == 0)
            continue;
        samples_add(&ratio, ns[1] / ns[0]);
        samples_add(&bound_ms, ns[1] / work->times / 1e6);
        samples_add(&native_ms, ns[0] / work->times / 1e6);
    }
    struct summary summary = samples_summary(&ratio);
    report("  %-24s %9.2f %9.2f   %6.3f  %.3f..%.3f\n", work->what, samples_median(&native_ms), samples_median(&bound_ms), summary.median,
           summary.q1, summary.q3);
    results_object(NULL);
    results_text("work", work->what);
    results_samples("ratio", &ratio);
    results_end();
    bar_check(work->bar, summary.median, AT_MOST, 1.15, "");
    bar_check(work->ambition, summary.median, AT_MOST, 1.05, "");
}

void bench_stubs(const struct bench_settings *settings)
{
    struct porin_error error = {0};
    classes_measure(settings);
    porin_domain *png = domain_start(settings, "bindings/png"), *sqlite = domain_start(settings, "bindings/sqlite");
    porin_check(png_bind(png, &error), "png", &error);
    porin_check(sqlite_bind(sqlite, &error), "sqlite", &error);
    picture = file_read("demo/picture.png", &picture_size);
    native_png = (uint64_t (*)(const unsigned char *, size_t))native_function(settings, "png", "work_png");
    native_sqlite = (uint64_t (*)(unsigned))native_function(settings, "sqlite", "work_sqlite");
    report("\nThe same work against the native library and through stubs, in one process: milliseconds, ratio\n");
    report("  %-24s %9s %9s   %6s  %s\n", "", "native", "bound", "ratio", "quartiles");
    results_list("bind_work");
    const struct work png_work = {"decode a PNG", "stubs / native library in the same process, PNG", "stubs / native, PNG, ambition",
                                  png_bound, png_native, PICTURES};
    const struct work sqlite_work = {"SQLite, a small database", "stubs / native library in the same process, SQLite",
                                     "stubs / native, SQLite, ambition", sqlite_bound, sqlite_native, 1};
    work_measure(settings, &png_work);
    work_measure(settings, &sqlite_work);
    results_end();
    free(picture);
    png_unbind();
    sqlite_unbind();
    porin_domain_destroy(png);
    porin_domain_destroy(sqlite);
}

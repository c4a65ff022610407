/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the bench share: samples and their summary, ladders, the report and the results file, the bars. */
#ifndef BENCH_H
#define BENCH_H
#include "porin/porin.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- samples: repeated measurements of one thing --- */
enum { SAMPLES_MAX = 256 };
struct samples { size_t count; double values[SAMPLES_MAX]; };
struct summary { double median, q1, q3; };
void samples_add(struct samples *samples, double value);
struct summary samples_summary(const struct samples *samples);
double samples_quantile(const struct samples *samples, double part); /* 0 the least, 1 the most */
double samples_median(const struct samples *samples);
/* Fills order with 0 .. count-1 in random order. */
void order_shuffle(size_t *order, size_t count);

/* --- time --- */
uint64_t now_ns(void);       /* wall time */
uint64_t processor_ns(void); /* processor time of this process: for work that is long and alone */
void pin_to_cpu(int cpu);    /* the calling thread */
void unpin(void);
int cpu_main(void);  /* the CPU that everything runs on */
int cpu_other(void); /* another one for the other side of a communication; -1 if there is none */

/* --- results file: JSON; names are literals, texts are escaped --- */
void results_open(const char *path);
void results_close(void);
void results_object(const char *name); /* NULL inside a list */
void results_list(const char *name);
void results_end(void);
void results_number(const char *name, double value);
void results_text(const char *name, const char *text);
void results_samples(const char *name, const struct samples *samples); /* median, quartiles and all values */

/* --- report: what is printed, on standard output and in a text file --- */
void report_open(const char *path);
void report_close(void);
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* --- bars --- */
enum bar_kind { AT_MOST, AT_LEAST };
void bar_check(const char *what, double value, enum bar_kind kind, double limit, const char *unit);
/* Prints all bars, writes them to the results, returns how many were missed. */
unsigned bars_report(void);

/* --- ladders: what is measured interleaved and printed as one table --- */
enum { RUNGS_MAX = 64 };
struct rung {
    const char *what;                       /* NULL: a baseline only, not printed */
    double (*measure)(const void *subject); /* nanoseconds of one; NAN where the machine lacks what it takes */
    const void *subject;
    const struct rung *baseline;            /* what is measured beside the thing itself: subtracted; or NULL */
    double bar;                             /* at most this, as a multiple of the ladder's unit if it has one, else in unit_ns; 0: none */
    const char *needs;                      /* printed where it cannot be measured; NULL: a second CPU */
    bool absent;
    struct samples ns;
};
struct ladder {
    const char *title, *name;               /* name: in the results file */
    const char *short_name; double unit_ns; /* of the column: "ns", 1 */
    const struct rung *unit;                /* what the others are a multiple of; or NULL */
    size_t count;
    struct rung rungs[RUNGS_MAX];
};
struct rung *rung_add(struct ladder *ladder, const char *what, double (*measure)(const void *subject), const void *subject,
                      const struct rung *baseline);
void ladder_measure(struct ladder *ladder, unsigned repetitions);
/* A rung's own cost: its samples' summary less its baseline's median. NAN where it is absent. */
struct summary rung_cost(const struct rung *rung);
/* Of the lower quartiles: what else the machine does makes loops of nothing but calls slower, never faster. */
double rung_ratio(const struct rung *rung, const struct rung *unit);
void ladder_report(const struct ladder *ladder);

/* --- domains of the bench: bench/domains --- */
porin_image *bench_image(const char *build, const char *name);
porin_domain *bench_domain(const char *build, const char *name, bool accounting);
porin_entry bench_entry(porin_domain *domain, const char *name);
void bench_bind(porin_domain *caller, const char *import, porin_entry entry, uint32_t policy, uint32_t callee_policy);

/* --- parts: one file each, registered in main.c --- */
struct bench_settings {
    unsigned repetitions;
    unsigned scale_percent;      /* of each program's work */
    const char *build;           /* the build directory */
};
void bench_programs(const struct bench_settings *settings); /* (a) in-domain time, (e) code size */
void bench_ladder(const struct bench_settings *settings);   /* (b) what a call costs */
void bench_cold(const struct bench_settings *settings);     /* the first calls, and calls that find everything displaced */
void bench_ends(const struct bench_settings *settings);     /* faults, kills, restarts */
void bench_deadlines(const struct bench_settings *settings);/* how late a late call ends */
void bench_threads(const struct bench_settings *settings);  /* calls of two threads at once */
void bench_verifier(const struct bench_settings *settings); /* (c) verifier throughput */
void bench_create(const struct bench_settings *settings);   /* (d) creation, and many live domains */
void bench_forks(const struct bench_settings *settings);    /* forking beside other domains */
void bench_talks(const struct bench_settings *settings);    /* services that talk over sockets */
void bench_storage(const struct bench_settings *settings);    /* modules of a storage stack */
void bench_capability(const struct bench_settings *settings); /* memory by capability */
void bench_stubs(const struct bench_settings *settings);     /* stubs of porin bind */
void bench_between(const struct bench_settings *settings);   /* the same between domains */
void bench_strings(const struct bench_settings *settings);  /* string functions of the libc */

/* --- one run of a program --- */
/* Runs the command, pinned, and collects its standard output in text (NUL-terminated). False: it failed, and said so on stderr. */
bool command_run(const char *const *command, char *text, size_t size);
/* Reads a whole file; exits with a message if it cannot. The caller frees. */
unsigned char *file_read(const char *path, size_t *size);
/* The executable sections of an ELF file: their sum in bytes without padding at their ends; 0 if there is no such file. */
size_t elf_text_size(const char *path);

__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...);
void porin_check(porin_status status, const char *what, const struct porin_error *error);
#endif

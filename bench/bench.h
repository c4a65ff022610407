/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the bench share: samples and their summary, the results file, the bars. */
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
double samples_median(const struct samples *samples);
/* Fills order with 0 .. count-1 in random order. */
void order_shuffle(size_t *order, size_t count);

/* --- time --- */
uint64_t now_ns(void);       /* wall time */
uint64_t processor_ns(void); /* processor time of this process: for work that is long and alone */
void pin_to_cpu(int cpu);
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

/* --- bars --- */
enum bar_kind { AT_MOST, AT_LEAST };
void bar_check(const char *what, double value, enum bar_kind kind, double limit, const char *unit);
/* Prints all bars, writes them to the results, returns how many were missed. */
unsigned bars_report(void);

/* --- parts --- */
struct bench_settings {
    unsigned repetitions;
    unsigned scale_percent;      /* of each program's work */
    const char *build;           /* the build directory */
};
void bench_programs(const struct bench_settings *settings); /* (a) in-domain time, (e) code size */
void bench_ladder(const struct bench_settings *settings);   /* (b) what a call costs */
void bench_verifier(const struct bench_settings *settings); /* (c) verifier throughput */
void bench_create(const struct bench_settings *settings);   /* (d) creation, and many live domains */
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

/* SPDX-License-Identifier: Apache-2.0 */
/* What every bench program shares: its scale, its clock, its pseudo-random numbers, its one line of output.
 * A program times its own work, so start-up and set-up count for no variant, and folds what it computed into a checksum that the
 * harness compares between variants: a fast wrong answer is no result. Time is processor time of the process, system calls included:
 * on a machine that does nothing else it is wall time, and on others it is disturbed less. */
#ifndef BENCH_PROGRAM_H
#define BENCH_PROGRAM_H
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t program_start_ns;

static inline uint64_t program_now_ns(void)
{
    struct timespec now;
#ifdef __wasm__ /* WASI has no such clock; bench/wasm/wasi.c answers this one with processor time */
    clock_gettime(CLOCK_MONOTONIC, &now);
#else
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
#endif
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The number of rounds to do: `rounds` at the default scale of 100 (per cent), which the first argument replaces; at least 1. */
static inline uint64_t program_rounds(int argc, char **argv, uint64_t rounds)
{
    uint64_t scale = argc > 1 ? strtoull(argv[1], NULL, 10) : 100;
    rounds = rounds * scale / 100;
    return rounds ? rounds : 1;
}

static inline void program_begin(void)
{
    program_start_ns = program_now_ns();
}

static inline int program_end(uint64_t checksum)
{
    uint64_t elapsed_ns = program_now_ns() - program_start_ns;
    printf("bench checksum %016" PRIx64 " ns %" PRIu64 "\n", checksum, elapsed_ns);
    return fflush(stdout) == 0 ? 0 : 1;
}

__attribute__((noreturn)) static inline void program_fail(const char *what)
{
    fprintf(stderr, "bench program: %s\n", what);
    exit(1);
}

/* xorshift64*: the same numbers everywhere. */
static inline uint64_t program_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 2685821657736338717u;
}

/* FNV-1a, continued from `sum`. */
static inline uint64_t program_hash(uint64_t sum, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ byte[i]) * 1099511628211u;
    return sum;
}
#define PROGRAM_HASH_START 14695981039346656037u

/* Text of made-up words with punctuation and line breaks, compressible about as well as prose. Ends with a NUL. */
static inline void program_fill_text(char *text, size_t size, uint64_t seed)
{
    static const char syllables[32][4] = {
        "ba", "con", "de", "er", "fin", "ga", "ho", "in", "ja", "ka", "lo", "men", "no", "or", "pa", "qui",
        "ra", "sta", "te", "un", "ve", "wi", "xe", "yo", "zu", "ti", "the", "of", "and", "al", "is", "ly"};
    size_t at = 0;
    while (at + 1 < size) {
        uint64_t random = program_random(&seed);
        /* The product of two draws makes small numbers likelier, as in prose. */
        unsigned pick = (unsigned)(random & 31) * (unsigned)(random >> 5 & 31) / 32;
        for (const char *c = syllables[pick]; *c && at + 1 < size; c++)
            text[at++] = *c;
        if ((random >> 10 & 3) == 0 && at + 1 < size)
            text[at++] = (random >> 12 & 15) ? ' ' : (random >> 16 & 1) ? '.' : '\n';
    }
    text[at] = 0;
}
#endif

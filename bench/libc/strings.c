/* SPDX-License-Identifier: Apache-2.0 */
/* How long the C library's string functions take. One source for every C library: prints "FUNCTION SIZE nanoseconds" lines, the best of
 * several rounds. Sources and destinations move around within 64 bytes, as in real programs. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AREA (1 << 21)
#define ROUNDS 9

static char *a, *b;
static volatile uintptr_t sink;

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uintptr_t do_memcpy(char *x, char *y, size_t n) { return (uintptr_t)memcpy(x, y, n); }
static uintptr_t do_memmove(char *x, char *y, size_t n) { (void)y; return (uintptr_t)memmove(x + 8, x, n); }
static uintptr_t do_memset(char *x, char *y, size_t n) { (void)y; return (uintptr_t)memset(x, 7, n); }
static uintptr_t do_memcmp(char *x, char *y, size_t n) { return (uintptr_t)memcmp(x, y, n); }
static uintptr_t do_memchr(char *x, char *y, size_t n) { (void)y; return (uintptr_t)memchr(x, 99, n); }
static uintptr_t do_strlen(char *x, char *y, size_t n) { (void)y; (void)n; return strlen(x); }
static uintptr_t do_strchr(char *x, char *y, size_t n) { (void)y; (void)n; return (uintptr_t)strchr(x, 99); }
static uintptr_t do_strcmp(char *x, char *y, size_t n) { (void)n; return (uintptr_t)strcmp(x, y); }

static const struct {
    const char *name;
    uintptr_t (*run)(char *, char *, size_t);
    int terminated; /* runs to the end of a string */
} functions[] = {
    {"memcpy", do_memcpy, 0}, {"memmove", do_memmove, 0}, {"memset", do_memset, 0}, {"memcmp", do_memcmp, 0},
    {"memchr", do_memchr, 0}, {"strlen", do_strlen, 1}, {"strchr", do_strchr, 1}, {"strcmp", do_strcmp, 1},
};

/* Fills both areas with equal bytes. A string of n bytes begins at 64. */
static void fill(size_t n, int terminated)
{
    memset(a, 1, n + 128);
    memset(b, 1, n + 128);
    if (terminated) a[n + 64] = b[n + 64] = 0;
}

static double measure(size_t f, size_t n)
{
    size_t count = n < 256 ? 40000 : n < 65536 ? 4000 : 40;
    double best = 1e18;
    fill(n, functions[f].terminated);
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_ns();
        for (size_t i = 0; i < count; i++) {
            size_t x = i * 13 % 64, y = i * 29 % 64;
            if (functions[f].terminated) x = y = 64 - i % 4; /* strcmp wants equal strings */
            sink += functions[f].run(a + x, b + y, n);
        }
        double each = (now_ns() - start) / (double)count;
        if (each < best) best = each;
    }
    return best;
}

int main(void)
{
    static const size_t sizes[] = {1, 8, 16, 31, 64, 100, 256, 1024, 4096, 16384, 262144, 1048576};
    a = malloc(AREA);
    b = malloc(AREA);
    if (!a || !b) return 1;
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            printf("%s %zu %.2f\n", functions[f].name, sizes[s], measure(f, sizes[s]));
    return 0;
}

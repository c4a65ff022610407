/* SPDX-License-Identifier: Apache-2.0 */
/* The C library's string functions against plain loops: every size up to a few vectors, every alignment, all overlaps, both sides of
 * each threshold, strings that end at the last byte before an unmapped page. Prints one line; the exit status counts failures. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define AREA 16384
#define PAGE 4096

static unsigned char area[AREA], expected[AREA];
static unsigned char *edge; /* the end of a page whose successor is not mapped */
static int failures;
static long checks;

static void expect(int good, const char *what, size_t size, size_t a, size_t b)
{
    checks++;
    if (good) return;
    if (failures++ < 20) printf("FAILED %s size %zu at %zu, %zu\n", what, size, a, b);
}

static unsigned char pattern(size_t i)
{
    return (unsigned char)(i * 167 + (i >> 8) * 13 + 1);
}

static void area_fill(void)
{
    for (size_t i = 0; i < AREA; i++) {
        volatile unsigned char *p = area + i;
        *p = expected[i] = pattern(i);
    }
}

static int area_as_expected(size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (area[i] != expected[i]) return 0;
    return 1;
}

static void check_copy(size_t size, size_t to, size_t from, int may_overlap)
{
    area_fill();
    for (size_t i = 0; i < size; i++) expected[to + i] = pattern(from + i);
    void *result = may_overlap ? memmove(area + to, area + from, size) : memcpy(area + to, area + from, size);
    size_t end = (to > from ? to : from) + size + 64;
    expect(result == area + to && area_as_expected(0, end < AREA ? end : AREA), may_overlap ? "memmove" : "memcpy", size, to, from);
}

static void check_set(size_t size, size_t to)
{
    area_fill();
    for (size_t i = 0; i < size; i++) expected[to + i] = 0xa5;
    void *result = memset(area + to, 0x7a5, size);
    expect(result == area + to && area_as_expected(0, to + size + 64), "memset", size, to, 0);
}

static int sign(int x)
{
    return (x > 0) - (x < 0);
}

static void check_compare(size_t size, size_t a, size_t b)
{
    for (size_t i = 0; i < size; i++) area[a + i] = area[AREA / 2 + b + i] = pattern(i);
    unsigned char *x = area + a, *y = area + AREA / 2 + b;
    expect(memcmp(x, y, size) == 0, "memcmp equal", size, a, b);
    for (size_t at = 0; at < size; at += at < 70 ? 1 : 37) {
        unsigned char kept = y[at];
        y[at] = (unsigned char)(kept ^ 0x80);
        expect(sign(memcmp(x, y, size)) == (x[at] > y[at] ? 1 : -1), "memcmp", size, at, b);
        y[at] = kept;
    }
}

/* A string of `length` ending right before the unmapped page, and searches in it. */
static void check_string(size_t length)
{
    char *s = (char *)edge - length - 1;
    for (size_t i = 0; i < length; i++) s[i] = (char)(1 + i % 100);
    s[length] = 0;
    expect(strlen(s) == length, "strlen", length, 0, 0);
    expect(strchr(s, 0) == s + length, "strchr 0", length, 0, 0);
    expect(strchr(s, 127) == NULL && strchrnul(s, 127) == s + length, "strchr none", length, 0, 0);
    expect(memchr(s, 127, length + 1) == NULL, "memchr none", length, 0, 0);
    expect(memchr(s, 0, (size_t)-1 / 2) == s + length, "memchr huge", length, 0, 0);
    for (size_t at = 0; at < length; at += 1 + at / 16) {
        s[at] = 126;
        expect(strchr(s, 126) == s + at, "strchr", length, at, 0);
        expect(memchr(s, 126, length) == s + at, "memchr", length, at, 0);
        expect(memchr(s, 126, at) == NULL, "memchr short", length, at, 0);
        s[at] = (char)(1 + at % 100);
    }
    for (size_t shift = 0; shift < 40; shift += 3) {
        char *copy = (char *)area + shift;
        for (size_t i = 0; i <= length; i++) copy[i] = s[i];
        expect(strcmp(s, copy) == 0, "strcmp equal", length, shift, 0);
        for (size_t at = 0; at < length; at += 1 + at / 8) {
            copy[at] = (char)-2;
            expect(strcmp(s, copy) < 0 && strcmp(copy, s) > 0, "strcmp", length, at, shift);
            copy[at] = 0;
            expect(strcmp(s, copy) > 0 && strcmp(copy, s) < 0, "strcmp prefix", length, at, shift);
            copy[at] = s[at];
        }
    }
}

static int edge_make(void)
{
    unsigned char *map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || munmap(map + 3 * PAGE, PAGE)) return 0;
    edge = map + 3 * PAGE;
    return 1;
}

int main(void)
{
    static const size_t long_sizes[] = {383, 511, 512, 1023, 1500, 2047, 2048, 2049, 3000, 4095, 4096, 5000};
    if (!edge_make()) {
        perror("strings: mmap");
        return 1;
    }
    for (size_t size = 0; size <= 300; size++) {
        for (size_t shift = 0; shift < 34; shift += 1 + shift / 4) {
            check_copy(size, 1000, 64 + shift, 0);
            check_copy(size, 1000 + shift, 64, 0);
            check_copy(size, 500 + shift, 500, 1);
            check_copy(size, 500, 500 + shift, 1);
            check_set(size, 32 + shift);
        }
        check_compare(size, size % 32, size % 7);
        check_string(size);
    }
    for (size_t i = 0; i < sizeof long_sizes / sizeof *long_sizes; i++) {
        size_t size = long_sizes[i];
        for (size_t shift = 0; shift < 200; shift += 13) {
            check_copy(size, 8000 + shift, 64, 0);
            check_copy(size, 200 + shift, 200, 1);
            check_copy(size, 200, 200 + shift, 1);
            check_set(size, 32 + shift);
        }
        check_compare(size, 5, 9);
        check_string(size);
    }
    printf("strings: %ld checks, %d failures\n", checks, failures);
    return failures > 0;
}

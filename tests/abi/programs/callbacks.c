/* SPDX-License-Identifier: Apache-2.0 */
/* libc calls back: qsort, bsearch, lfind, tsearch, atexit; comparators that call libc themselves and keep state. */
#include "report.h"
#include <search.h>

static unsigned long compared;
static int by_value(const void *a, const void *b)
{
    compared++;
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}
struct record { char name[13]; double weight; short id; };
static int by_name(const void *a, const void *b) { return strcmp(((const struct record *)a)->name, ((const struct record *)b)->name); }
static int by_weight(const void *a, const void *b)
{
    double x = ((const struct record *)a)->weight, y = ((const struct record *)b)->weight;
    return x < y ? 1 : x > y ? -1 : ((const struct record *)a)->id - ((const struct record *)b)->id;
}
static int by_pointer(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* A comparator that itself sorts: libc's frames lie under the domain's frames under libc's. */
static int by_sorted_digits(const void *a, const void *b)
{
    char x[16], y[16];
    int n = snprintf(x, sizeof x, "%d", *(const int *)a), m = snprintf(y, sizeof y, "%d", *(const int *)b);
    int left[16], right[16];
    for (int i = 0; i < n; i++)
        left[i] = x[i];
    for (int i = 0; i < m; i++)
        right[i] = y[i];
    qsort(left, (size_t)n, sizeof *left, by_value);
    qsort(right, (size_t)m, sizeof *right, by_value);
    for (int i = 0; i < n && i < m; i++)
        if (left[i] != right[i])
            return left[i] - right[i];
    return n != m ? n - m : by_value(a, b);
}

static uint64_t walked;
static void walk(const void *node, VISIT visit, int level)
{
    if (visit == postorder || visit == leaf)
        walked = walked * 31 + (uint64_t)**(int *const *)node;
    (void)level;
}
static void bye_first(void) { put_text("exit", "first registered, last called"); }
static void bye_last(void) { put_text("exit", "last registered, first called"); fflush(stdout); }

int main(void)
{
    uint64_t seed = 9;
    int v[500];
    for (int i = 0; i < 500; i++)
        v[i] = (int)(next_random(&seed) % 10000);
    qsort(v, 500, sizeof *v, by_value);
    put_bytes("qsort", v, sizeof v);
    put("compared", compared > 500);
    int key = v[123];
    int *found = bsearch(&key, v, 500, sizeof *v, by_value);
    put("bsearch", found != NULL && *found == key);
    key = -5;
    put("missing", bsearch(&key, v, 500, sizeof *v, by_value) == NULL);
    struct record r[60];
    for (int i = 0; i < 60; i++) {
        memset(&r[i], 0, sizeof r[i]);
        snprintf(r[i].name, sizeof r[i].name, "n%d", (int)(next_random(&seed) % 1000000) * 100 + i);
        r[i].weight = (double)(next_random(&seed) % 16) / 4;
        r[i].id = (short)i;
    }
    qsort(r, 60, sizeof *r, by_name);
    put_bytes("by_name", r, sizeof r);
    qsort(r, 60, sizeof *r, by_weight);
    put_bytes("by_weight", r, sizeof r);
    const char *words[] = {"pear", "apple", "fig", "date", "cherry", "elder", "banana"};
    qsort(words, 7, sizeof *words, by_pointer);
    for (int i = 0; i < 7; i++)
        put_text("word", words[i]);
    qsort(v, 100, sizeof *v, by_sorted_digits);
    put_bytes("nested", v, sizeof v);
    void *root = NULL;
    for (int i = 0; i < 100; i++)
        tsearch(&v[(i * 37) % 100], &root, by_value);
    twalk(root, walk);
    put("walked", walked);
    atexit(bye_first);
    atexit(bye_last);
    return 0;
}

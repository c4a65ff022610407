/* SPDX-License-Identifier: Apache-2.0 */
/* Bench: qsort with a comparison callback and an own heap sort over records: indirect calls and data-dependent branches. */
#include "program.h"

struct record { uint32_t key; uint32_t serial; double weight; };
enum { COUNT = 100000 };

static int record_compare(const void *a, const void *b)
{
    const struct record *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key ? 1 : x->serial < y->serial ? -1 : x->serial > y->serial;
}

static void sift_down(struct record *records, size_t root, size_t end)
{
    struct record moving = records[root];
    for (size_t child; (child = 2 * root + 1) < end; root = child) {
        if (child + 1 < end && record_compare(&records[child], &records[child + 1]) < 0)
            child++;
        if (record_compare(&moving, &records[child]) >= 0)
            break;
        records[root] = records[child];
    }
    records[root] = moving;
}

static void heap_sort(struct record *records, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sift_down(records, i, count);
    for (size_t end = count; end-- > 1;) {
        struct record swap = records[0];
        records[0] = records[end];
        records[end] = swap;
        sift_down(records, 0, end);
    }
}

static void records_fill(struct record *records, uint64_t seed)
{
    for (size_t i = 0; i < COUNT; i++) {
        uint64_t random = program_random(&seed);
        records[i] = (struct record){(uint32_t)(random % 50000), (uint32_t)i, (double)(random >> 40)};
    }
}

int main(int argc, char **argv)
{
    uint64_t rounds = program_rounds(argc, argv, 9), sum = 0;
    struct record *records = malloc(COUNT * sizeof *records);
    if (!records)
        program_fail("out of memory");
    program_begin();
    for (uint64_t i = 0; i < rounds; i++) {
        records_fill(records, i + 1);
        qsort(records, COUNT, sizeof *records, record_compare);
        sum = program_hash(sum, records, COUNT * sizeof *records / 16);
        records_fill(records, i + 100);
        heap_sort(records, COUNT);
        sum = program_hash(sum, records, COUNT * sizeof *records / 16);
    }
    return program_end(sum);
}

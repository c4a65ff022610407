/* SPDX-License-Identifier: Apache-2.0 */
/* Bench: a chained hash table keyed by strings: malloc, hashing, pointer chasing, strcmp; and one keyed by numbers, open addressing. */
#include "program.h"

struct item { struct item *next; uint64_t count; char key[]; };
struct table { struct item **buckets; size_t bucket_count, item_count; };

static uint64_t key_hash(const char *key)
{
    uint64_t sum = PROGRAM_HASH_START;
    while (*key)
        sum = (sum ^ (unsigned char)*key++) * 1099511628211u;
    return sum ^ sum >> 29;
}

static void table_grow(struct table *table)
{
    size_t count = table->bucket_count * 2;
    struct item **buckets = calloc(count, sizeof *buckets);
    if (!buckets)
        program_fail("out of memory");
    for (size_t i = 0; i < table->bucket_count; i++) {
        for (struct item *item = table->buckets[i], *next; item; item = next) {
            struct item **bucket = &buckets[key_hash(item->key) % count];
            next = item->next;
            item->next = *bucket;
            *bucket = item;
        }
    }
    free(table->buckets);
    table->buckets = buckets;
    table->bucket_count = count;
}

static uint64_t table_count(struct table *table, const char *key)
{
    struct item **bucket = &table->buckets[key_hash(key) % table->bucket_count];
    for (struct item *item = *bucket; item; item = item->next)
        if (strcmp(item->key, key) == 0)
            return ++item->count;
    struct item *item = malloc(sizeof *item + strlen(key) + 1);
    if (!item)
        program_fail("out of memory");
    strcpy(item->key, key);
    item->count = 1;
    item->next = *bucket;
    *bucket = item;
    if (++table->item_count > table->bucket_count)
        table_grow(table);
    return 1;
}

static void table_free(struct table *table)
{
    for (size_t i = 0; i < table->bucket_count; i++)
        for (struct item *item = table->buckets[i], *next; item; item = next) {
            next = item->next;
            free(item);
        }
    free(table->buckets);
}

static uint64_t count_strings(uint64_t seed)
{
    struct table table = {calloc(16, sizeof *table.buckets), 16, 0};
    uint64_t sum = 0;
    char key[32];
    for (int i = 0; i < 60000; i++) {
        uint64_t random = program_random(&seed) % 20000;
        size_t length = 0;
        memcpy(key, "key-", 4);
        for (length = 4; random; random /= 10)
            key[length++] = (char)('0' + random % 10);
        key[length] = 0;
        sum += table_count(&table, key);
    }
    sum += table.item_count;
    table_free(&table);
    return sum;
}

/* Open addressing with linear probing; 0 marks a free place. */
static uint64_t count_numbers(uint64_t *places, size_t place_count, uint64_t seed)
{
    uint64_t found = 0;
    memset(places, 0, place_count * sizeof *places);
    for (size_t i = 0; i < place_count / 2; i++) {
        uint64_t key = program_random(&seed) % place_count + 1, at = key * 0x9e3779b97f4a7c15u % place_count;
        while (places[at] && places[at] != key)
            at = at + 1 == place_count ? 0 : at + 1;
        found += places[at] == key;
        places[at] = key;
    }
    return found;
}

int main(int argc, char **argv)
{
    enum { PLACES = 65521 };
    uint64_t rounds = program_rounds(argc, argv, 60), sum = 0;
    uint64_t *places = malloc(PLACES * sizeof *places);
    if (!places)
        program_fail("out of memory");
    program_begin();
    for (uint64_t i = 0; i < rounds; i++)
        sum += count_strings(i + 1) + count_numbers(places, PLACES, i + 3);
    return program_end(sum);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Bench: chasing shuffled linked lists, one that fits the first-level cache and one that does not: one dependent load per step. */
#include "program.h"

struct node { struct node *next; uint64_t value; };

/* One cycle through all nodes in random order (Sattolo's shuffle). */
static struct node *list_make(size_t count, uint64_t seed)
{
    struct node *nodes = malloc(count * sizeof *nodes);
    uint32_t *order = malloc(count * sizeof *order);
    if (!nodes || !order)
        program_fail("out of memory");
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    for (size_t i = count - 1; i > 0; i--) {
        size_t j = program_random(&seed) % i;
        uint32_t swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    for (size_t i = 0; i < count; i++)
        nodes[order[i]] = (struct node){&nodes[order[(i + 1) % count]], (uint64_t)i * 2654435761u};
    free(order);
    return nodes;
}

static uint64_t list_walk(const struct node *node, uint64_t steps)
{
    uint64_t sum = 0;
    while (steps--) {
        sum += node->value;
        node = node->next;
    }
    return sum;
}

/* Reverses the list in place `times` times: loads and stores through pointers. */
static struct node *list_reverse(struct node *first, uint64_t times)
{
    while (times--) {
        struct node *previous = first, *node = first->next;
        while (node != first) {
            struct node *next = node->next;
            node->next = previous;
            previous = node;
            node = next;
        }
        first->next = previous;
    }
    return first;
}

int main(int argc, char **argv)
{
    uint64_t rounds = program_rounds(argc, argv, 100);
    struct node *small = list_make(1024, 7), *large = list_make(1 << 16, 11);
    uint64_t sum = 0;
    program_begin();
    for (uint64_t i = 0; i < rounds; i++) {
        sum += list_walk(small, 1000000) + list_walk(large, 200000);
        small = list_reverse(small, 301);
    }
    return program_end(sum);
}

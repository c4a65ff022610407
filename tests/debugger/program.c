/* SPDX-License-Identifier: Apache-2.0 */
/* Dies in the innermost of frames of every kind: plain, with a variable array, over-aligned with stack arguments and alloca. */
#include <string.h>

struct node { int value; struct node *next; };

__attribute__((noinline)) int innermost(struct node *node, int depth)
{
    int local = depth * 3;
    return node->next->value + local; /* line 10: node->next is 0 */
}

__attribute__((noinline)) int variable(struct node *node, int count)
{
    char room[count];
    memset(room, count, (unsigned)count);
    int found = innermost(node, room[count / 2]); /* line 17 */
    return found + room[0];
}

__attribute__((noinline)) int aligned(struct node *node, int a, int b, int c, int d, int e, int f, int on_stack)
{
    char block[64] __attribute__((aligned(64)));
    char *more = __builtin_alloca((unsigned)on_stack);
    memset(block, a, sizeof block);
    memset(more, b, (unsigned)on_stack);
    int result = variable(node, on_stack); /* line 27 */
    return result + block[5] + more[3] + c + d + e + f;
}

int main(void)
{
    struct node node = {42, 0};
    int result = aligned(&node, 1, 2, 3, 4, 5, 6, 7); /* line 34 */
    return result + node.value;
}

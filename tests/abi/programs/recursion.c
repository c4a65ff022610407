/* SPDX-License-Identifier: Apache-2.0 */
/* Recursion: deep, mutual, with big frames, Ackermann, trees, backtracking, and thousands of return addresses. */
#include "report.h"

NOIPA long depth(long n) { return n ? 1 + depth(n - 1) : 0; }
NOIPA unsigned ackermann(unsigned m, unsigned n)
{
    return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}
NOIPA int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
NOIPA int male(int n);
NOIPA int female(int n) { return n ? n - male(female(n - 1)) : 1; }
NOIPA int male(int n) { return n ? n - female(male(n - 1)) : 0; }
NOIPA int tak(int x, int y, int z) { return y < x ? tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y)) : z; }

struct node { struct node *left, *right; int key; };
static struct node pool[2000];
static int pool_used;
NOIPA struct node *insert(struct node *n, int key)
{
    if (!n) {
        n = &pool[pool_used++];
        n->key = key;
        return n;
    }
    if (key < n->key)
        n->left = insert(n->left, key);
    else
        n->right = insert(n->right, key);
    return n;
}
NOIPA uint64_t walk(const struct node *n, uint64_t h, int level)
{
    if (!n)
        return h;
    h = walk(n->left, h, level + 1);
    h = (h ^ (uint64_t)n->key) * 31 + (uint64_t)level;
    return walk(n->right, h, level + 1);
}

static int queens_found;
NOIPA void queens(int n, int row, unsigned columns, unsigned left, unsigned right)
{
    if (row == n) {
        queens_found++;
        return;
    }
    for (unsigned free_ = ~(columns | left | right) & ((1u << n) - 1); free_; free_ &= free_ - 1) {
        unsigned bit = free_ & -free_;
        queens(n, row + 1, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
}

NOIPA uint64_t framed(int n, const unsigned char *above)
{
    unsigned char local[200];
    for (int i = 0; i < 200; i++)
        local[i] = (unsigned char)(above[i] + n);
    uint64_t h = n ? framed(n - 1, local) : 17;
    return hash_bytes(h, local, sizeof local);
}

NOIPA double series(int n, double x) { return n > 60 ? 1 : 1 + x / n * series(n + 1, x); }

int main(void)
{
    put("depth", (uint64_t)depth(HIDE(3000)));
    put("ackermann", ackermann(2, 200) * 10000 + ackermann(3, 6));
    put("fibonacci", (uint64_t)fibonacci(HIDE(24)));
    put("hofstadter", (uint64_t)(female(HIDE(40)) * 1000 + male(40)));
    put("tak", (uint64_t)tak(14, 9, HIDE(4)));
    struct node *root = NULL;
    uint64_t seed = 5;
    for (int i = 0; i < 2000; i++)
        root = insert(root, (int)(next_random(&seed) % 100000));
    put("tree", walk(root, 1, 0));
    queens(HIDE(8), 0, 0, 0, 0);
    put("queens", (uint64_t)queens_found);
    unsigned char zero[200] = {0};
    put("framed", framed(HIDE(300), zero));
    put("series", (uint64_t)(series(1, HIDE(2.0)) * 1000000));
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* alloca and variable arrays: in loops, with calls that have stack arguments, several at once, across gotos, returned sizes. */
#include "report.h"
#include <alloca.h>

NOIPA void fill(unsigned char *p, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (unsigned char)(seed + i * 7);
}

NOIPA uint64_t many(long a, long b, long c, long d, long e, long f, const unsigned char *p, size_t n, double g, long h)
{
    return hash_bytes((uint64_t)(a + b + c + d + e + f + h) + (uint64_t)g, p, n);
}

NOIPA uint64_t in_loop(int n)
{
    uint64_t hash = 0;
    unsigned char *last = NULL;
    for (int i = 1; i < n; i++) {
        unsigned char *p = alloca((size_t)(i * 13));
        fill(p, (size_t)(i * 13), (unsigned)i);
        if (last)
            hash ^= last[0] + 256u * p[i * 13 - 1];
        last = p;
        hash = hash * 31 + many(1, 2, 3, 4, 5, 6, p, (size_t)(i * 13), 7.5, 8);
    }
    return hash;
}

NOIPA uint64_t several(int n, int m)
{
    int a[n];
    double b[n][m];
    long double c[m];
    char d[n * m + 1];
    for (int i = 0; i < n; i++) {
        a[i] = i * i;
        for (int j = 0; j < m; j++) {
            b[i][j] = i * 0.5 + j;
            c[j] = i + j * 0.25L;
            d[i * m + j] = (char)(i ^ j);
        }
    }
    d[n * m] = 0;
    long double sum = 0;
    for (int j = 0; j < m; j++)
        sum += c[j] * b[n - 1][j];
    return hash_bytes((uint64_t)(sum * 16), a, sizeof a) ^ hash_bytes(1, b, sizeof b) ^ hash_bytes(2, d, sizeof d);
}

/* The array is freed at each turn: its memory must come again and the stack must not grow without end. */
NOIPA uint64_t scoped(int turns, size_t n)
{
    uint64_t hash = 0;
    for (int i = 0; i < turns; i++) {
        unsigned char a[n + (size_t)(i & 7)];
        fill(a, sizeof a, (unsigned)i);
        if (a[n / 2] == 255)
            continue;
        hash = hash_bytes(hash, a, sizeof a);
        if (i > 3000)
            break;
    }
    return hash;
}

NOIPA uint64_t jump_out(int n)
{
    uint64_t hash = 1;
    int turn = 0;
again:;
    unsigned char a[n + turn];
    fill(a, sizeof a, (unsigned)turn);
    hash = hash_bytes(hash, a, sizeof a);
    if (++turn < 5)
        goto again;
    return hash;
}

NOIPA uint64_t recursive(int depth)
{
    if (depth == 0)
        return 1;
    unsigned char a[depth * 5];
    fill(a, sizeof a, (unsigned)depth);
    uint64_t inner = recursive(depth - 1);
    return hash_bytes(inner, a, sizeof a);
}

/* Structures with variable members in the size of a type used as a parameter. */
NOIPA long matrix(int rows, int columns, long m[rows][columns])
{
    long trace = 0;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            trace += m[i][j] * (i - j);
    return trace;
}

NOIPA uint64_t aligned_alloca(size_t n)
{
    uint64_t bad = 0;
    for (int i = 0; i < 6; i++) {
        unsigned char *p = __builtin_alloca_with_align(n + (size_t)i, 64 * 8);
        bad += (uintptr_t)p % 64 != 0;
        fill(p, n, (unsigned)i);
        bad += p[n - 1] != (unsigned char)((unsigned)i + (n - 1) * 7);
    }
    return bad;
}

int main(void)
{
    put("in_loop", in_loop(HIDE(60)));
    put("several", several(HIDE(7), HIDE(9)));
    put("scoped", scoped(HIDE(2000), (size_t)HIDE(5000)));
    put("jump_out", jump_out(HIDE(33)));
    put("recursive", recursive(HIDE(100)));
    long m[3][4] = {{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10, 11, 12}};
    put("matrix", (uint64_t)matrix(HIDE(3), HIDE(4), m));
    put("aligned", aligned_alloca((size_t)HIDE(100)));
    put("zero", several(1, 1));
    return 0;
}

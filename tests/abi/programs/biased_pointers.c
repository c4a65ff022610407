/* SPDX-License-Identifier: Apache-2.0 */
/* Negative indices and pointers biased out of their object, as gcc's strength reduction makes them: a 32-bit truncated address must
 * wrap as the 64-bit one does. */
#include "report.h"

static int table[64];
static double reals[64];
static struct { char pad[40]; int key; char more[100]; } items[20];

NOIPA long one_based(const int *v, int n)
{
    const int *p = v - 1; /* Numerical Recipes style */
    long sum = 0;
    for (int i = 1; i <= n; i++)
        sum = sum * 3 + p[i];
    return sum;
}
NOIPA long negative(const int *end, long n)
{
    long sum = 0;
    for (long i = -n; i < 0; i++)
        sum = (long)((unsigned long)sum * 5 + (unsigned long)end[i]);
    return sum;
}
NOIPA long static_negative(long i) { return table[i + 70] + table[i + 68] * 3 + (long)reals[i + 66]; }
NOIPA long reverse(const int *v, unsigned n)
{
    long sum = 0;
    while (n--)
        sum = sum * 7 + v[n];
    return sum;
}
NOIPA long far_bias(const char *p, long k)
{
    const char *biased = p - k;
    long sum = 0;
    for (long i = k; i < k + 50; i += 7)
        sum = sum * 31 + biased[i];
    return sum;
}
NOIPA void strided(double *v, int n, int stride)
{
    for (int i = n - 1; i >= 0; i -= stride)
        v[i] = v[n - 1 - i] * 2 + i;
}
NOIPA long fields(int from, int to)
{
    long sum = 0;
    for (int i = from; i < to; i++)
        sum += items[i - 100].key * i;
    return sum;
}
NOIPA long two_ends(const unsigned char *p, long low, long high)
{
    long h = 1;
    while (low < high)
        h = (h & 0xffffffffffff) * 33 + p[low++] * 3 - p[--high];
    return h;
}
NOIPA int matrix(int m[][8], int row, int column) { return m[row - 3][column] + m[row][column - 5] + m[row - 1][column - 4]; }
NOIPA long unsigned_wrap(const int *p, unsigned i, unsigned back) { return p[i - back] + p[(int)(i - back)]; }
NOIPA long index_from_pointer(const int *base, const int *p) { return (p - base) * 1000 + base[p - base] + p[-(p - base)]; }

int main(void)
{
    for (int i = 0; i < 64; i++) {
        table[i] = i * i - 7 * i;
        reals[i] = i * 0.5;
    }
    for (int i = 0; i < 20; i++)
        items[i].key = i * 11;
    put("one_based", (uint64_t)one_based(table, HIDE(30)));
    put("negative", (uint64_t)negative(table + 50, HIDE(40L)));
    put("static", (uint64_t)static_negative(HIDE(-60L)));
    put("reverse", (uint64_t)reverse(table, HIDE(20u)));
    put("far", (uint64_t)(far_bias((char *)table, HIDE(0x7fffff00L)) + far_bias((char *)table, HIDE(-0x70000000L)) +
        far_bias((char *)table, HIDE(5L))));
    strided(reals, HIDE(60), HIDE(3));
    put_bytes("strided", reals, sizeof reals);
    put("fields", (uint64_t)fields(HIDE(103), HIDE(117)));
    put("ends", (uint64_t)two_ends((unsigned char *)table, 3, HIDE(90L)));
    put("matrix", (uint64_t)matrix((int(*)[8])table, HIDE(4), HIDE(5)));
    put("wrap", (uint64_t)unsigned_wrap(table, HIDE(10u), HIDE(7u)));
    put("pointer", (uint64_t)index_from_pointer(table, &table[HIDE(33)]));
    return 0;
}

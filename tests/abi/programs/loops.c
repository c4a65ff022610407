/* SPDX-License-Identifier: Apache-2.0 */
/* Loops that gcc vectorises, unrolls, interchanges and peels at -O3: reductions, strides, gathers by index, conditions, mixed widths. */
#include "report.h"
#define N 203

static int a[N], b[N], c[N];
static unsigned char u8[N];
static short s16[N];
static float f[N], g[N];
static double d[N], matrix[24][24], other[24][24], product[24][24];

NOIPA int sum(const int *v, int n) { int s = 0; for (int i = 0; i < n; i++) s += v[i]; return s; }
NOIPA long dot(const short *x, const unsigned char *y, int n) { long s = 0; for (int i = 0; i < n; i++) s += x[i] * y[i]; return s; }
NOIPA void saxpy(float *restrict x, const float *restrict y, float k, int n) { for (int i = 0; i < n; i++) x[i] = x[i] * 0.5f + k * y[i]; }
NOIPA void aliased(int *x, const int *y, int n) { for (int i = 0; i < n; i++) x[i] = (y[i] & 0xffffff) * 3 + i; }
NOIPA void conditional(int *x, const int *y, const int *z, int n)
{
    for (int i = 0; i < n; i++) x[i] = y[i] > z[i] ? y[i] - z[i] : z[i] ^ i;
}
NOIPA void narrow(unsigned char *x, const int *y, int n)
{
    for (int i = 0; i < n; i++) x[i] = (unsigned char)(y[i] < 0 ? 0 : y[i] > 255 ? 255 : y[i]);
}
NOIPA void widen(double *x, const short *y, int n) { for (int i = 0; i < n; i++) x[i] = y[i] * 0.25; }
NOIPA void gather(int *x, const int *y, const unsigned char *index, int n)
{
    for (int i = 0; i < n; i++) x[i] = (x[i] & 0xfffffff) + (y[index[i] % N] & 0xfffffff);
}
NOIPA void scatter(int *x, const int *y, const unsigned char *index, int n) { for (int i = 0; i < n; i++) x[index[i] % N] ^= y[i]; }
NOIPA void strided(int *x, int n) { for (int i = 0; i + 3 < n; i += 3) { int t = x[i]; x[i] = x[i + 2]; x[i + 1] += t; x[i + 2] = t; } }
NOIPA void backwards(int *x, int n) { for (int i = 0, j = n - 1; i < j; i++, j--) { int t = x[i]; x[i] = x[j] + 1; x[j] = t - 1; } }
NOIPA int first(const int *x, int n, int wanted) { for (int i = 0; i < n; i++) if (x[i] == wanted) return i; return -1; }
NOIPA int largest(const int *x, int n) { int m = x[0]; for (int i = 1; i < n; i++) if (x[i] > m) m = x[i]; return m; }
NOIPA void prefix(int *x, int n) { for (int i = 1; i < n; i++) x[i] += x[i - 1]; }
NOIPA void multiply(void)
{
    for (int i = 0; i < 24; i++)
        for (int j = 0; j < 24; j++) {
            double s = 0;
            for (int k = 0; k < 24; k++)
                s += matrix[i][k] * other[k][j];
            product[i][j] = s;
        }
}
NOIPA void transpose(void)
{
    for (int i = 0; i < 24; i++)
        for (int j = 0; j < i; j++) {
            double t = matrix[i][j];
            matrix[i][j] = matrix[j][i];
            matrix[j][i] = t;
        }
}
NOIPA uint64_t sieve(int n)
{
    unsigned char composite[n];
    memset(composite, 0, sizeof composite);
    uint64_t h = 0;
    for (int i = 2; i < n; i++) {
        if (composite[i])
            continue;
        h = h * 31 + (uint64_t)i;
        for (int j = i * 2; j < n; j += i)
            composite[j] = 1;
    }
    return h;
}
NOIPA void smooth(double *x, int n, int turns)
{
    while (turns--)
        for (int i = 1; i < n - 1; i++)
            x[i] = (x[i - 1] + 2 * x[i] + x[i + 1]) / 4;
}
NOIPA uint32_t crc(const unsigned char *p, int n)
{
    uint32_t r = ~0u;
    for (int i = 0; i < n; i++) {
        r ^= p[i];
        for (int k = 0; k < 8; k++)
            r = r >> 1 ^ (0xedb88320 & -(r & 1));
    }
    return ~r;
}
NOIPA void life(unsigned char *to, const unsigned char *from, int w, int h)
{
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            int n = 0;
            for (int dy = -1; dy <= 1; dy++)
                for (int dx = -1; dx <= 1; dx++)
                    if ((dx || dy) && y + dy >= 0 && y + dy < h && x + dx >= 0 && x + dx < w)
                        n += from[(y + dy) * w + x + dx];
            to[y * w + x] = n == 3 || (n == 2 && from[y * w + x]);
        }
}

int main(void)
{
    for (int i = 0; i < N; i++) {
        a[i] = (i * 7919) % 401 - 100;
        b[i] = (i * 104729) % 307 - 50;
        u8[i] = (unsigned char)(i * 31);
        s16[i] = (short)(i * 997);
        f[i] = (float)i * 0.25f;
        g[i] = (float)(N - i);
    }
    int n = HIDE(N);
    put("sum", (uint64_t)sum(a, n));
    put("dot", (uint64_t)dot(s16, u8, n));
    saxpy(f, g, HIDE(1.5f), n);
    put_bytes("saxpy", f, sizeof f);
    aliased(c, a, n);
    aliased(a + 3, a, n - 3);
    put_bytes("aliased", a, sizeof a);
    conditional(c, a, b, n);
    put_bytes("conditional", c, sizeof c);
    narrow(u8, c, n);
    put_bytes("narrow", u8, sizeof u8);
    widen(d, s16, n);
    put_bytes("widen", d, sizeof d);
    gather(b, c, u8, n);
    scatter(c, b, u8, n);
    strided(c, n);
    backwards(b, n);
    put_bytes("b", b, sizeof b);
    put_bytes("c", c, sizeof c);
    put("first", (uint64_t)(first(b, n, b[HIDE(150)]) + largest(c, n)));
    for (int i = 0; i < N; i++)
        b[i] &= 0xffff;
    prefix(b, n);
    put_bytes("prefix", b, sizeof b);
    for (int i = 0; i < 24 * 24; i++) {
        matrix[i / 24][i % 24] = i * 0.5;
        other[i / 24][i % 24] = (i * 7) % 24;
    }
    multiply();
    transpose();
    put_bytes("product", product, sizeof product);
    put_bytes("matrix", matrix, sizeof matrix);
    put("sieve", sieve(HIDE(2000)));
    smooth(d, n, HIDE(5));
    put_bytes("smooth", d, sizeof d);
    put("crc", crc(u8, n));
    unsigned char x[30 * 20], y[30 * 20];
    for (int i = 0; i < 600; i++)
        x[i] = (i * i % 7) < 3;
    for (int i = 0; i < 6; i++) {
        life(y, x, HIDE(30), HIDE(20));
        life(x, y, HIDE(30), HIDE(20));
    }
    put_bytes("life", x, sizeof x);
    return 0;
}

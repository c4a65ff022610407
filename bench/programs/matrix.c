/* SPDX-License-Identifier: Apache-2.0 */
/* Bench: dense matrix products in double and in int, and a Gaussian elimination: strided loads, floating point, short loops. */
#include "program.h"

enum { N = 160 };
static double a[N][N], b[N][N], c[N][N];
static int32_t p[N][N], q[N][N], r[N][N];

static void multiply_doubles(void)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double sum = 0;
            for (int k = 0; k < N; k++)
                sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
}

static void multiply_integers(void)
{
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++) {
            int32_t factor = p[i][k];
            for (int j = 0; j < N; j++)
                r[i][j] += factor * q[k][j];
        }
}

/* Eliminates below the diagonal of c, which the filling keeps dominant; returns the trace. */
static double eliminate(void)
{
    double trace = 0;
    for (int i = 0; i < N; i++)
        c[i][i] += 1000.0 * N;
    for (int i = 0; i < N; i++) {
        for (int row = i + 1; row < N; row++) {
            double factor = c[row][i] / c[i][i];
            for (int k = i; k < N; k++)
                c[row][k] -= factor * c[i][k];
        }
        trace += c[i][i];
    }
    return trace;
}

int main(int argc, char **argv)
{
    uint64_t rounds = program_rounds(argc, argv, 110), seed = 5, sum = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i][j] = (double)(program_random(&seed) % 1000) / 250;
            b[i][j] = (double)(program_random(&seed) % 1000) / 250;
            p[i][j] = (int32_t)(program_random(&seed) % 100);
            q[i][j] = (int32_t)(program_random(&seed) % 100);
        }
    program_begin();
    for (uint64_t i = 0; i < rounds; i++) {
        memset(r, 0, sizeof r);
        multiply_doubles();
        multiply_integers();
        sum += (uint64_t)eliminate() + (uint64_t)r[i % N][(i * 7) % N];
        a[i % N][i % N] += 1;
    }
    return program_end(sum);
}

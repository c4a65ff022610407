/* SPDX-License-Identifier: Apache-2.0 */
/* 64-bit index arithmetic and every shape of address: scaled, displaced, absolute arrays, and each instruction with a memory operand
 * that gcc folds, flags live across them. */
/* flags: -mpopcnt -msse3 */
#include "report.h"

static uint8_t v8[128];
static uint16_t v16[128];
static uint32_t v32[128];
static uint64_t v64[128];
static float f32[128];
static double f64[128];
static _Bool flags_[128];

NOIPA uint64_t loads(long i, int j, unsigned k, short s, unsigned char c)
{
    return v8[i] + v16[i + 1] * 3ull + v32[j] * 5ull + v64[j + 3] * 7 + v8[k] * 9ull + v64[k] * 11 + v16[s] * 13ull + v32[c] * 15ull +
        v64[c - 2] +
           (uint64_t)(int8_t)v8[i + 20] + (uint64_t)(int16_t)v16[j + 20] + (uint64_t)(int32_t)v32[k + 20] + v8[i * 3] + v64[i * 5 -
               4] + v16[(i << 1) + j];
}
NOIPA void stores(long i, int j, unsigned k)
{
    v8[i] = 5;
    v16[i + 1] = (uint16_t)j;
    v32[j] += k;
    v64[j * 2] -= (uint64_t)i;
    v8[k + 3] ^= 0x55;
    v16[k + 5] |= 0x1000;
    v32[i + 7] &= 0xf0f0f0f0;
    v64[i + 9] <<= 3;
    v64[i + 10] >>= j & 63;
    v32[i + 11] = (uint32_t)((int32_t)v32[i + 11] >> (k & 31));
    v64[k + 13]++;
    v8[j + 14]--;
    v16[j + 15] = (uint16_t)-v16[j + 15];
    v64[j + 16] = ~v64[j + 16];
    v32[j + 17] = v32[j + 17] << 7 | v32[j + 17] >> 25;
    v64[j + 18] *= 77;
    flags_[j] = v32[i] > v32[j];
    flags_[i + 1] = f64[i] < f64[j];
}
NOIPA uint64_t divides(long i, uint64_t a, int64_t b)
{
    return a / (v64[i] | 1) + a % (v32[i] | 1) + (uint64_t)(b / (int64_t)(v32[i + 1] | 1)) + (uint64_t)((int32_t)b % (int32_t)(v16[i] |
        1)) +
           (uint64_t)((unsigned __int128)a * v64[i + 2] >> 64);
}
NOIPA uint64_t compares(long i, uint64_t a, uint32_t b)
{
    uint64_t h = 0;
    if (a < v64[i])
        h |= 1;
    if (v32[i + 1] >= b)
        h |= 2;
    h += v8[i] == (uint8_t)b ? v64[i + 3] : v32[i + 4];
    h = v16[i] & 4 ? h + 1 : h - 1;
    h += (uint64_t)(v64[i + 5] > a) + (uint64_t)((int64_t)v64[i + 6] < 0) * 2;
    return h > v64[i + 7] ? h : v64[i + 7];
}
NOIPA double floats(long i, int j, double x)
{
    f32[i] += (float)x;
    f64[j] = f64[j] * x - f32[i + 1];
    double r = x > f64[i + 2] ? f64[i + 3] : (double)f32[j + 4];
    r += (double)v32[i] + (double)(int64_t)v64[j] / 1e10 + (double)(int)f32[i + 5] + (double)(long)f64[i + 6];
    return r + __builtin_sqrt(f64[j + 7] * f64[j + 7]);
}
NOIPA uint64_t carries(const uint64_t *a, const uint64_t *b, uint64_t *r, long n)
{
    unsigned char carry = 0;
    for (long i = 0; i < n; i++) {
        unsigned long long s;
        carry = (unsigned char)(__builtin_add_overflow(a[i], b[i], &s) | __builtin_add_overflow(s, carry, &s));
        r[i] = s;
    }
    return carry;
}
NOIPA uint64_t bits(long i, unsigned n)
{
    return (uint64_t)__builtin_popcountll(v64[i]) + (uint64_t)__builtin_ctz(v32[i] | 16) * 100 + (uint64_t)__builtin_clzll(v64[i + 1] |
        1) * 10000 +
           (v64[i + 2] >> (n & 63) & 1) * 1000000 + (uint64_t)__builtin_ffs((int)v32[i + 3]) * 3000000 + __builtin_bswap32(v32[i + 4]) +
           (uint64_t)__builtin_parity(v32[i + 5]);
}
NOIPA uint64_t far_index(const char *p, uint64_t i, int64_t j) { return (uint64_t)(p[i - j] + p[(int64_t)i - j + 3]); }
NOIPA void swap(uint64_t *p, long i, long j) { uint64_t t = p[i]; p[i] = p[j]; p[j] = t; }
struct cell { int a, b; struct { short s[5]; double d; } in[3]; };
NOIPA double deep(struct cell *c, long i, int j, int k) { c[i].in[j].s[k]++; return c[i - 1].in[j].d + c[i].in[j + 1].s[k - 1] + c[i].b; }

int main(void)
{
    uint64_t seed = 3;
    for (int i = 0; i < 128; i++) {
        v64[i] = next_random(&seed);
        v32[i] = (uint32_t)next_random(&seed);
        v16[i] = (uint16_t)next_random(&seed);
        v8[i] = (uint8_t)next_random(&seed);
        f32[i] = (float)(i * 3 - 50) / 4;
        f64[i] = i * 1.25 - 30;
    }
    for (int i = 4; i < 25; i++) {
        put("loads", loads(HIDE(i), HIDE(i * 2), HIDE((unsigned)i), HIDE((short)(i + 1)), HIDE((unsigned char)(i + 2))));
        stores(HIDE(i), HIDE(i * 2), HIDE((unsigned)i));
        put("divides", divides(HIDE(i), next_random(&seed), (int64_t)next_random(&seed)));
        put("compares", compares(HIDE(i), next_random(&seed), (uint32_t)next_random(&seed)));
        put_double("floats", floats(HIDE(i), HIDE(i * 3), i * 0.75));
        put("carries", carries(v64 + i, v64 + 2 * i, v64 + 3 * i, HIDE(5L)));
        put("bits", bits(HIDE(i), (unsigned)i));
        swap(v64, HIDE(i), HIDE(2L * i));
    }
    put_bytes("v8", v8, sizeof v8);
    put_bytes("v16", v16, sizeof v16);
    put_bytes("v32", v32, sizeof v32);
    put_bytes("v64", v64, sizeof v64);
    put_bytes("flags", flags_, sizeof flags_);
    put("far", far_index((char *)v64, HIDE(0x123456789abcu), HIDE(0x123456789a00)));
    struct cell c[4];
    memset(c, 3, sizeof c);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 3; j++)
            c[i].in[j].d = i * j + 0.5;
    put_double("deep", deep(c, HIDE(2L), HIDE(1), HIDE(3)));
    return 0;
}

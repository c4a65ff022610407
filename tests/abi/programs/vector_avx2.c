/* SPDX-License-Identifier: Apache-2.0 */
/* AVX, AVX2, FMA, F16C, BMI: ymm arguments and results on registers and stack, masks, permutes, broadcasts, spills of 32 bytes. */
/* flags: -mavx2 -mfma -mf16c -mbmi -mbmi2 -mlzcnt -mmovbe -madx */
#include "report.h"
#include <immintrin.h>

typedef int v8si __attribute__((vector_size(32)));
typedef double v4df __attribute__((vector_size(32)));

NOIPA v8si ten(v8si a, v8si b, v8si c, v8si d, v8si e, v8si f, v8si g, v8si h, v8si i, v8si j)
{
    return a + 2 * b - 3 * c + (d ^ e) + (f & g) - (h | i) + (j << 2);
}
NOIPA v4df calls(v4df a, v4df (*fn)(v4df, double), int n)
{
    v4df keep = a * 3;
    for (int i = 0; i < n; i++)
        a = fn(a, i) + keep;
    return a;
}
NOIPA v4df scale(v4df a, double k) { return a * 0.5 + k; }
struct holder { __m256i a; int b; };
NOIPA struct holder hold(struct holder h, int k) { return (struct holder){_mm256_add_epi32(h.a, _mm256_set1_epi32(k)), h.b * k}; }

NOIPA __m256i integers(const unsigned char *p)
{
    __m256i a = _mm256_loadu_si256((const __m256i *)p), b = _mm256_loadu_si256((const __m256i *)(p + 33));
    __m256i r = _mm256_shuffle_epi8(a, b);
    r = _mm256_add_epi16(r, _mm256_maddubs_epi16(a, b));
    r = _mm256_permutevar8x32_epi32(r, _mm256_and_si256(b, _mm256_set1_epi32(7)));
    r = _mm256_xor_si256(r, _mm256_permute4x64_epi64(a, 0x1b));
    r = _mm256_sub_epi32(r, _mm256_broadcastd_epi32(_mm_loadu_si32(p + 5)));
    r = _mm256_add_epi64(r, _mm256_cvtepu8_epi64(_mm_loadu_si32(p + 9)));
    r = _mm256_xor_si256(r, _mm256_sllv_epi32(a, _mm256_and_si256(b, _mm256_set1_epi32(31))));
    r = _mm256_blendv_epi8(r, a, b);
    r = _mm256_inserti128_si256(r, _mm_loadu_si128((const __m128i *)(p + 17)), 1);
    r = _mm256_alignr_epi8(r, _mm256_packus_epi16(a, b), 3);
    return _mm256_add_epi32(r, _mm256_set1_epi32(_mm256_movemask_epi8(r)));
}
NOIPA double floats(const double *p, const float *q)
{
    __m256d s = _mm256_setzero_pd();
    for (int i = 0; i < 32; i += 4) {
        __m256d v = _mm256_loadu_pd(p + i);
        s = _mm256_fmadd_pd(v, _mm256_broadcast_sd(p + i), s);
        s = _mm256_add_pd(s, _mm256_cvtps_pd(_mm_loadu_ps(q + i)));
        s = _mm256_max_pd(s, _mm256_permute_pd(v, 5));
        s = _mm256_sub_pd(s, _mm256_mul_pd(v, _mm256_cmp_pd(v, s, _CMP_GT_OQ)));
    }
    __m128d h = _mm_add_pd(_mm256_extractf128_pd(s, 1), _mm256_castpd256_pd128(s));
    __m256 half = _mm256_cvtph_ps(_mm256_cvtps_ph(_mm256_loadu_ps(q), 0));
    _mm256_zeroupper();
    return _mm_cvtsd_f64(_mm_hadd_pd(h, h)) + (double)_mm256_cvtss_f32(half);
}
NOIPA void masked(int *p, int n)
{
    __m256i m = _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    _mm256_maskstore_epi32(p, m, _mm256_add_epi32(_mm256_maskload_epi32(p, m), _mm256_set1_epi32(100)));
}
NOIPA uint64_t bits(uint64_t a, uint64_t b, const uint64_t *m)
{
    unsigned long long high = 0, low = _mulx_u64(a, b, &high), sum = 0;
    unsigned char carry = _addcarryx_u64(0, a, *m, &sum);
    return _pdep_u64(a, b) + _pext_u64(*m, b) * 3 + _blsr_u64(a) + _blsi_u64(*m) + _blsmsk_u64(b) + _andn_u64(a, *m) + _bextr_u64(*m,
        5, 20) +
           _bzhi_u64(*m, (unsigned)b & 63) + _lzcnt_u64(*m) + _tzcnt_u64(a) * 5 + (a >> (b & 63)) + (a << (*m & 63)) + high + low +
               sum + carry +
           (uint64_t)__builtin_bswap64(*m) + __builtin_bswap32((uint32_t)m[1]);
}
NOIPA __m256i pressure(const unsigned char *p)
{
    __m256i v[24];
    for (int i = 0; i < 24; i++)
        v[i] = _mm256_add_epi8(_mm256_loadu_si256((const __m256i *)(p + i * 7)), _mm256_set1_epi8((char)i));
    for (int r = 0; r < 5; r++)
        for (int i = 0; i < 24; i++)
            v[i] = _mm256_xor_si256(_mm256_add_epi16(v[i], v[(i + 7) % 24]), _mm256_slli_epi32(v[(i + 11) % 24], 3));
    __m256i s = v[0];
    for (int i = 1; i < 24; i++)
        s = _mm256_add_epi64(_mm256_shuffle_epi32(s, 0x39), v[i]);
    return s;
}
NOIPA long sum_variable(int n, ...)
{
    va_list list;
    va_start(list, n);
    long sum = 0;
    for (int i = 0; i < n; i++) {
        v8si v = va_arg(list, v8si);
        for (int j = 0; j < 8; j++)
            sum = sum * 3 + v[j];
    }
    va_end(list);
    return sum;
}
static unsigned char global[300];

int main(void)
{
    v8si a[10];
    for (int i = 0; i < 10; i++)
        a[i] = (v8si){i, i * i, -i, i ^ 5, 7 - i, i << 3, 1, 2};
    v8si r = ten(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9]);
    put_bytes("ten", &r, sizeof r);
    v4df c = calls((v4df){1, 2, 3, 4}, HIDE(&scale), 5);
    put_bytes("calls", &c, sizeof c);
    struct holder h = hold((struct holder){(__m256i)a[3], 5}, HIDE(7));
    put_bytes("hold", &h.a, sizeof h.a);
    put("hold", (uint64_t)h.b);
    for (int i = 0; i < 300; i++)
        global[i] = (unsigned char)(i * 31 + i / 13);
    __m256i b = integers(global + 1);
    put_bytes("integers", &b, sizeof b);
    double d[40];
    float f[40];
    for (int i = 0; i < 40; i++) {
        d[i] = i * 0.5 - 3;
        f[i] = (float)(i * i);
    }
    put_double("floats", floats(d, f));
    int m[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    masked(m, HIDE(5));
    put_bytes("masked", m, sizeof m);
    uint64_t memory[2] = {0x123456789abcdef0u, 0xfedcba9876543210u};
    put("bits", bits(HIDE(0xdeadbeefcafebabeu), HIDE(0x0f0f3355aa77ee11u), memory));
    __m256i p = pressure(global);
    put_bytes("pressure", &p, sizeof p);
    put("variable", (uint64_t)sum_variable(4, a[1], a[2], a[3], a[4]));
    return 0;
}

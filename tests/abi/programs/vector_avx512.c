/* SPDX-License-Identifier: Apache-2.0 */
/* AVX-512: zmm arguments and results, masks, broadcasts from memory, compressed displacements, registers 16 to 31, 64-byte spills. */
/* flags: -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vbmi -mavx512cd -mavx512vpopcntdq */
/* needs: avx512_vpopcntdq */
#include "report.h"
#include <immintrin.h>

typedef int v16si __attribute__((vector_size(64)));
static _Alignas(64) unsigned char global[1024];

NOIPA v16si ten(v16si a, v16si b, v16si c, v16si d, v16si e, v16si f, v16si g, v16si h, v16si i, v16si j)
{
    return a + 2 * b - 3 * c + (d ^ e) + (f & g) - (h | i) + (j << 2);
}
NOIPA __m512i masks(const int *p, int k)
{
    __m512i a = _mm512_loadu_si512(p), b = _mm512_loadu_si512(p + 16);
    __mmask16 m = _mm512_cmpgt_epi32_mask(a, b), n = _mm512_test_epi32_mask(a, _mm512_set1_epi32(k));
    __m512i r = _mm512_mask_add_epi32(a, m, a, b);
    r = _mm512_maskz_sub_epi32(_kor_mask16(m, n), r, _mm512_set1_epi32(p[3]));
    r = _mm512_mask_blend_epi32(_kand_mask16(m, _knot_mask16(n)), r, b);
    r = _mm512_mask_compress_epi32(r, (__mmask16)0x5a5a, a);
    r = _mm512_maskz_expand_epi32((__mmask16)(m ^ 0xff), r);
    return _mm512_add_epi32(r, _mm512_set1_epi32((int)_cvtmask16_u32(m) + __builtin_popcount(n)));
}
NOIPA double displacements(const double *p)
{
    __m512d s = _mm512_loadu_pd(p + 8);
    s = _mm512_fmadd_pd(s, _mm512_set1_pd(p[-1]), _mm512_loadu_pd(p + 16));
    s = _mm512_add_pd(s, _mm512_loadu_pd(p - 8));
    s = _mm512_mul_pd(s, _mm512_broadcast_f64x4(_mm256_loadu_pd(p + 5)));
    s = _mm512_mask_sub_pd(s, 0x3c, s, _mm512_set1_pd(p[9]));
    s = _mm512_roundscale_pd(s, 0x10);
    s = _mm512_add_round_pd(s, _mm512_set1_pd(p[2]), _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
    return _mm512_reduce_add_pd(s) + (double)_mm_cvtsd_i64(_mm512_castpd512_pd128(s));
}
NOIPA __m512i bytes(const unsigned char *p)
{
    __m512i a = _mm512_loadu_si512(p), b = _mm512_loadu_si512(p + 65);
    __m512i r = _mm512_permutexvar_epi8(a, b);
    r = _mm512_ternarylogic_epi64(r, a, b, 0x96);
    r = _mm512_add_epi64(r, _mm512_popcnt_epi64(a));
    r = _mm512_xor_si512(r, _mm512_lzcnt_epi32(b));
    r = _mm512_add_epi8(r, _mm512_movm_epi8(_mm512_cmplt_epu8_mask(a, b)));
    r = _mm512_add_epi32(r, _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(p + 3))));
    _mm_storeu_si128((__m128i *)(global + 900), _mm512_cvtepi32_epi8(r));
    _mm512_mask_storeu_epi8(global + 700, 0x0f0ff0f033cc55aau, r);
    return _mm512_mullo_epi64(r, _mm512_rolv_epi64(a, b));
}
NOIPA __m512i pressure(const unsigned char *p, int calls, __m512i (*fn)(__m512i))
{
    __m512i v[40];
    for (int i = 0; i < 40; i++)
        v[i] = _mm512_add_epi8(_mm512_loadu_si512(p + i * 7), _mm512_set1_epi8((char)i));
    for (int r = 0; r < 4; r++)
        for (int i = 0; i < 40; i++)
            v[i] = _mm512_xor_si512(_mm512_add_epi16(v[i], v[(i + 7) % 40]), _mm512_slli_epi32(v[(i + 11) % 40], 3));
    __m512i s = v[0];
    for (int i = 1; i < 40; i++)
        s = _mm512_add_epi64(_mm512_shuffle_epi32(s, 0x39), v[i]);
    for (int i = 0; i < calls; i++)
        s = _mm512_add_epi32(fn(s), v[i & 31]);
    return s;
}
NOIPA __m512i rotate(__m512i v) { return _mm512_alignr_epi32(v, v, 3); }
NOIPA uint64_t narrow(__m256i a, __m128i b, __mmask8 k)
{
    a = _mm256_mask_add_epi64(a, k, a, _mm256_broadcastq_epi64(b));
    b = _mm_ternarylogic_epi32(b, _mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1), 0x6c);
    return (uint64_t)_mm_cvtsi128_si64(b) + (uint64_t)_mm256_cmpneq_epi64_mask(a, _mm256_setzero_si256());
}

int main(void)
{
    v16si a[10];
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < 16; j++)
            a[i][j] = i * j - 3 * i + j;
    v16si r = ten(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9]);
    put_bytes("ten", &r, sizeof r);
    int p[32];
    double d[40];
    for (int i = 0; i < 40; i++) {
        p[i & 31] = (i * 7919) % 100 - 50;
        d[i] = i * 0.75 - 3;
    }
    __m512i m = masks(p, HIDE(12));
    put_bytes("masks", &m, sizeof m);
    put_double("displacements", displacements(d + 9));
    for (int i = 0; i < 1024; i++)
        global[i] = (unsigned char)(i * 31 + i / 13);
    __m512i b = bytes(global + 1);
    put_bytes("bytes", &b, sizeof b);
    __m512i q = pressure(global, HIDE(5), HIDE(&rotate));
    put_bytes("pressure", &q, sizeof q);
    put("narrow", narrow(_mm512_castsi512_si256(q), _mm_set_epi64x(5, 6), (__mmask8)HIDE(0xa5)));
    put_bytes("global", global, sizeof global);
    return 0;
}

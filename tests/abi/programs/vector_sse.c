/* SPDX-License-Identifier: Apache-2.0 */
/* SSE2 to SSE4.2 intrinsics, vector types as arguments and results (more than eight), spills, memory operands of every width. */
/* flags: -msse4.2 -mpopcnt -Wno-psabi */
#include "report.h"
#include <immintrin.h>

typedef int v4si __attribute__((vector_size(16)));
typedef float v4sf __attribute__((vector_size(16)));
typedef double v2df __attribute__((vector_size(16)));
typedef unsigned char v16qi __attribute__((vector_size(16)));
typedef short v4hi __attribute__((vector_size(8)));
typedef long v8di __attribute__((vector_size(64)));

NOIPA v4si ten(v4si a, v4si b, v4si c, v4si d, v4si e, v4si f, v4si g, v4si h, v4si i, v4si j)
{
    return a + 2 * b - 3 * c + (d ^ e) + (f & g) - (h | i) + (j << 2);
}
NOIPA v2df mixed(int k, v2df a, double b, v4sf c, v2df d) { return a * k + b * d + (v2df){c[0], c[3]}; }
NOIPA v8di wide(v8di a, v8di b) { return a * 3 + (b >> 1) - (a > b); }
NOIPA __m128i bytes(__m128i a, __m128i b)
{
    __m128i r = _mm_adds_epu8(a, b);
    r = _mm_xor_si128(r, _mm_shuffle_epi8(a, _mm_and_si128(b, _mm_set1_epi8(15))));
    r = _mm_sub_epi16(r, _mm_maddubs_epi16(a, b));
    r = _mm_add_epi32(r, _mm_madd_epi16(a, b));
    r = _mm_packs_epi32(r, _mm_unpacklo_epi16(a, b));
    r = _mm_blendv_epi8(r, a, b);
    return _mm_alignr_epi8(r, _mm_mullo_epi32(a, b), 5);
}
NOIPA int strings(const char *text, const char *set)
{
    __m128i a = _mm_loadu_si128((const __m128i *)text), b = _mm_loadu_si128((const __m128i *)set);
    return _mm_cmpistri(b, a, _SIDD_CMP_EQUAL_ANY) * 100 + _mm_cmpistrc(b, a, _SIDD_CMP_RANGES) * 10 + _mm_cmpestri(a, 5, b, 7,
        _SIDD_CMP_EQUAL_ORDERED);
}
NOIPA double floats(const float *p, const double *q, int n)
{
    __m128 s = _mm_setzero_ps();
    __m128d t = _mm_setzero_pd();
    for (int i = 0; i < n; i += 4) {
        __m128 v = _mm_loadu_ps(p + i);
        s = _mm_add_ps(s, _mm_mul_ps(v, _mm_sqrt_ps(v)));
        s = _mm_max_ps(s, _mm_cvtepi32_ps(_mm_cvttps_epi32(v)));
        t = _mm_add_pd(t, _mm_div_pd(_mm_loadu_pd(q + i), _mm_loadh_pd(_mm_load_sd(q + i + 1), q + i + 2)));
        t = _mm_sub_sd(t, _mm_cvtss_sd(t, v));
    }
    float f[4];
    _mm_storeu_ps(f, s);
    double d[2];
    _mm_storel_pd(&d[0], t);
    _mm_storeh_pd(&d[1], t);
    return (double)(f[0] + f[1] + f[2] + f[3]) + d[0] + d[1];
}
NOIPA uint64_t scalars(__m128i v, uint64_t x, uint32_t y, const uint64_t *m)
{
    uint64_t h = (uint64_t)_mm_cvtsi128_si64(v) + (uint64_t)_mm_extract_epi64(v, 1) + (uint64_t)_mm_extract_epi8(v, 7) +
        (uint64_t)_mm_movemask_epi8(v);
    v = _mm_insert_epi64(v, (long long)*m, 0);
    v = _mm_insert_epi16(v, (int)y, 5);
    h = _mm_crc32_u64(h, x) + _mm_crc32_u8((unsigned)h, (unsigned char)y) + _mm_crc32_u64(h, *m);
    return h + (uint64_t)_mm_popcnt_u64(*m) + (uint64_t)_mm_popcnt_u32(y) + (uint64_t)_mm_cvtsi128_si64(v) +
        (uint64_t)_mm_testz_si128(v, v);
}
/* More values live than registers: spills of 16 bytes. */
NOIPA __m128i pressure(const __m128i *p)
{
    __m128i v[24];
    for (int i = 0; i < 24; i++)
        v[i] = _mm_add_epi8(_mm_loadu_si128(p + i), _mm_set1_epi8((char)i));
    for (int r = 0; r < 5; r++)
        for (int i = 0; i < 24; i++)
            v[i] = _mm_xor_si128(_mm_add_epi16(v[i], v[(i + 7) % 24]), _mm_slli_epi32(v[(i + 11) % 24], 3));
    __m128i s = v[0];
    for (int i = 1; i < 24; i++)
        s = _mm_add_epi64(_mm_shuffle_epi32(s, 0x39), v[i]);
    return s;
}
static _Alignas(16) unsigned char global[400];

int main(void)
{
    v4si a[10];
    for (int i = 0; i < 10; i++)
        a[i] = (v4si){i, i * i, -i, i ^ 5};
    v4si r = ten(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9]);
    put_bytes("ten", &r, sizeof r);
    v2df m = mixed(3, (v2df){1.5, 2.5}, 4.5, (v4sf){5, 6, 7, 8}, (v2df){9, 10});
    put_bytes("mixed", &m, sizeof m);
    v8di w = wide((v8di){1, -2, 3, -4, 5, -6, 7, -8}, (v8di){8, 7, -6, 5, -4, 3, 2, 1});
    put_bytes("wide", &w, sizeof w);
    for (int i = 0; i < 400; i++)
        global[i] = (unsigned char)(i * 31 + i / 13);
    __m128i b = bytes(_mm_load_si128((__m128i *)global), _mm_loadu_si128((__m128i *)(global + 33)));
    put_bytes("bytes", &b, sizeof b);
    put("strings", (uint64_t)strings("the quick brown fox", "aeiou0123456789xyz"));
    float f[16];
    double d[20];
    for (int i = 0; i < 20; i++) {
        f[i & 15] = (float)(i * i + 1);
        d[i] = i + 0.5;
    }
    put_double("floats", floats(f, d, 16));
    put("scalars", scalars(b, 77, 88, (uint64_t *)(global + 48)));
    __m128i p = pressure((__m128i *)global);
    put_bytes("pressure", &p, sizeof p);
    v4hi small = (v4hi){1, 2, 3, 4} * (v4hi){5, 6, 7, (short)HIDE(8)};
    put_bytes("small", &small, sizeof small);
    v16qi shuffled = __builtin_shuffle(*(v16qi *)global, *(v16qi *)(global + 16), (v16qi){31, 0, 30, 1, 29, 2, 28, 3, 27, 4, 26, 5, 25,
        6, 24, 7});
    put_bytes("shuffled", &shuffled, sizeof shuffled);
    _mm_stream_si128((__m128i *)(global + 64), p);
    _mm_sfence();
    _mm_prefetch((const char *)global, _MM_HINT_T0);
    _mm_lfence();
    _mm_mfence();
    _mm_pause();
    put_bytes("global", global, sizeof global);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* AES, PCLMUL, SHA and GFNI instructions with register and memory operands; checked against plain C where that is short. */
/* flags: -maes -mpclmul -msha -mssse3 -msse4.1 -mgfni */
#include "report.h"
#include <immintrin.h>

NOIPA __m128i aes(__m128i block, const __m128i *keys)
{
    block = _mm_xor_si128(block, keys[0]);
    for (int i = 1; i < 10; i++)
        block = _mm_aesenc_si128(block, keys[i]);
    block = _mm_aesenclast_si128(block, keys[10]);
    return _mm_add_epi32(block, _mm_aeskeygenassist_si128(block, 7));
}
NOIPA __m128i back(__m128i block, const __m128i *keys)
{
    for (int i = 1; i < 10; i++)
        block = _mm_aesdec_si128(block, _mm_aesimc_si128(keys[i]));
    return _mm_aesdeclast_si128(block, keys[0]);
}
NOIPA uint64_t multiply(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (int i = 0; i < 64; i++)
        if (b >> i & 1)
            r ^= a << i;
    __m128i p = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)a), _mm_cvtsi64_si128((long long)b), 0);
    return (uint64_t)_mm_cvtsi128_si64(p) == r ? r : 0;
}
NOIPA __m128i sha(__m128i a, __m128i b, const __m128i *m)
{
    a = _mm_sha256rnds2_epu32(a, b, _mm_sha256msg1_epu32(*m, b));
    b = _mm_sha1rnds4_epu32(b, _mm_sha1nexte_epu32(a, m[1]), 2);
    return _mm_add_epi32(_mm_sha256msg2_epu32(a, m[2]), _mm_sha1msg2_epu32(b, _mm_sha1msg1_epu32(a, *m)));
}

int main(void)
{
    __m128i keys[11];
    unsigned char *bytes = (unsigned char *)keys;
    for (size_t i = 0; i < sizeof keys; i++)
        bytes[i] = (unsigned char)(i * i + 3);
    __m128i block = keys[5];
    for (int i = 0; i < 10; i++)
        block = aes(block, keys);
    put_bytes("aes", &block, sizeof block);
    block = back(block, keys);
    put_bytes("back", &block, sizeof block);
    put("multiply", multiply(HIDE(0x123456789abcdefu), HIDE(0xfedcba987654321u)));
    block = sha(block, keys[3], keys + 4);
    put_bytes("sha", &block, sizeof block);
    block = _mm_gf2p8affine_epi64_epi8(_mm_gf2p8mul_epi8(block, keys[2]), keys[1], 0x63);
    put_bytes("gfni", &block, sizeof block);
    return 0;
}

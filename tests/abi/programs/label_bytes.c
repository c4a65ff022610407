/* SPDX-License-Identifier: Apache-2.0 */
/* The branch label's bytes (f3 0f 1e fa) where the program wants them as data: in immediates of every form, at every shift, in
 * displacements, in initialisers, in strings, in switch constants, across two adjacent fields of an instruction. */
#include "report.h"

#define L 0xfa1e0ff3u
#define L64 0xfa1e0ff3fa1e0ff3u

static uint32_t words[16] = {L, 0x1e0ff3fa, 0x0ff3fa1e, 0xf3fa1e0f, L};
static const uint64_t quads[4] = {L64, L, (uint64_t)L << 32, (uint64_t)L << 16};
static const char text[] = "a\xf3\x0f\x1e\xfa" "b\xf3\x0f\x1e\xfa\xf3\x0f\x1e\xfa";

NOIPA uint64_t moves(void)
{
    volatile uint32_t a = L;
    volatile uint64_t b = L, c = L64, d = (uint64_t)L << 8, e = (uint64_t)L << 16, f = (uint64_t)L << 24, g = (uint64_t)L << 32,
        h = (int64_t)(int32_t)L;
    volatile uint64_t i = 0x00fa1e0ff3000000u, j = 0xf3fa1e0ff3fa1e0fu, k = 0x1e0ff3fa1e0ff3fau;
    volatile uint16_t l = 0x0ff3, m = 0xfa1e;
    return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j ^ k ^ l ^ m;
}
NOIPA uint32_t arithmetic(uint32_t x)
{
    x += L;
    x ^= L;
    x -= 0x1e0ff3fa;
    x |= L & HIDE(0xffu);
    x &= 0xfa1e0ff3u | (x << 1);
    x *= 0xfa1e0ff3u;
    return x + (x > L) + (x == L) * 2 + (x < 0xf3fa1e0fu) * 4;
}
NOIPA uint64_t arithmetic_wide(uint64_t x)
{
    x += (uint64_t)(int64_t)(int32_t)L;
    x ^= L64;
    x *= L;
    x -= (uint64_t)(int64_t)(int32_t)0xf3fa1e0f;
    return x + (x > L64) + (x == L) * 2 + (x < (uint64_t)L << 8) * 4;
}
NOIPA int compare_memory(uint32_t *p, uint64_t *q)
{
    return (*p == L) + 2 * (*q == L64) + 4 * (p[1] == 0x1e0ff3fa) + 8 * (*p > 0xfa1e0ff2u) + 16 * (*q == (uint64_t)(int64_t)(int32_t)L);
}
NOIPA void store_memory(uint32_t *p, uint64_t *q, unsigned char *r)
{
    p[3] = L;
    q[2] = L;
    q[3] = (uint64_t)(int64_t)(int32_t)L;
    r[0] = 0xf3, r[1] = 0x0f, r[2] = 0x1e, r[3] = 0xfa;
    p[4] += L;
    p[5] ^= L;
    p[6] |= L;
    p[7] &= L;
    p[8] -= L;
    q[1] += (uint64_t)(int64_t)(int32_t)L;
    p[9] = p[9] == 5 ? L : 0x0ff31efa;
}
/* Displacements of the label's value: -98693133 as a signed 32-bit distance. */
NOIPA uint64_t displacement(const char *biased, long i)
{
    return (uint64_t)(unsigned char)biased[-98693133] + (uint64_t)(unsigned char)biased[-98693133 + i] * 256 +
        (uint64_t)(unsigned char)biased[i * 4 - 98693133];
}
NOIPA const char *bias(const char *p) { return (const char *)((uintptr_t)p + 98693133); }
NOIPA long add_displacement(long a, long b) { return a + b * 2 - 98693133; }
NOIPA int many_cases(uint32_t x)
{
    switch (x) {
    case 0xfa1e0ff1: return 3; case 0xfa1e0ff2: return 8; case 0xfa1e0ff3: return 1; case 0xfa1e0ff4: return 9; case 0xfa1e0ff5: return 2;
    case 0xfa1e0ff6: return 7; default: return 0;
    }
}
NOIPA uint64_t call7(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h)
{
    return a ^ b * 2 ^ c * 3 ^ d * 4 ^ e * 5 ^ f * 6 ^ g * 7 ^ h * 8;
}
NOIPA float real(float x)
{
    uint32_t bits = L;
    float label;
    memcpy(&label, &bits, 4);
    return x * label;
}
NOIPA uint64_t flags_live(uint64_t a, uint64_t b, uint32_t *p)
{
    /* an immediate between the comparison and its use */
    int less = a < b;
    *p = L;
    uint64_t r = less ? L64 : 5;
    unsigned char carry = __builtin_add_overflow(a, b, &a);
    p[1] = carry ? L : 7;
    return r + a + carry;
}
NOIPA uint64_t in_asm(uint64_t x)
{
    uint64_t r;
    __asm__("movl $0xfa1e0ff3, %k0\n\taddq %1, %0\n\tcmpl $0xfa1e0ff3, %k1\n\tadcq $0, %0" : "=&r"(r) : "r"(x) : "cc");
    __asm__("movabsq $0xfa1e0ff3fa1e0ff3, %%rax\n\txorq %%rax, %0" : "+r"(r) : : "rax", "cc");
    return r;
}

int main(void)
{
    put("moves", moves());
    put("arithmetic", arithmetic(HIDE(5u)) + (uint64_t)arithmetic(HIDE(L)) * 3);
    put("wide", arithmetic_wide(HIDE(5u)) ^ arithmetic_wide(HIDE(L64)) * 3);
    uint64_t q[5] = {L64, 7, 8, 9, 10};
    unsigned char r[5];
    put("compare", (uint64_t)compare_memory(words, q));
    store_memory(words, q, r);
    put_bytes("words", words, sizeof words);
    put_bytes("q", q, sizeof q);
    put_bytes("r", r, 4);
    put_bytes("quads", quads, sizeof quads);
    put_bytes("text", text, sizeof text);
    put("displacement", displacement(bias(text), HIDE(2L)));
    put("add", (uint64_t)add_displacement(HIDE(5L), HIDE(6L)));
    for (uint32_t i = 0; i < 8; i++)
        put("case", (uint64_t)many_cases(0xfa1e0ff0u + HIDE(i)));
    put("call", call7(L, L64, (uint64_t)L << 8, (uint64_t)L << 24, 0x1e0ff3fa, 0xf3fa1e0f, L, L64));
    put("pushed", call7(1, 2, 3, 4, 5, 6, (uint64_t)(int32_t)L, (uint64_t)(int32_t)0xf3fa1e0f));
    put("real", (uint64_t)(real(HIDE(1e-30f)) * 1000));
    put("flags", flags_live(HIDE(1u), HIDE(2u), words) + flags_live(HIDE(~0ull), HIDE(2u), words + 2));
    put("asm", in_asm(HIDE(77u)));
    put_bytes("words", words, sizeof words);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* High-byte registers: bytes 1 of words extracted, inserted, compared and stored through memory operands, where %ah cannot stand
 * beside a register that needs REX. */
#include "report.h"

NOIPA unsigned extract(unsigned x) { return (x >> 8 & 0xff) + (x & 0xff) * 3; }
NOIPA unsigned insert(unsigned x, unsigned char b) { return (x & 0xffff00ffu) | (unsigned)b << 8; }
NOIPA void store(unsigned char *p, unsigned x) { *p = (unsigned char)(x >> 8); }
NOIPA void store_indexed(unsigned char *p, long i, unsigned x) { p[i * 2 + 5] = (unsigned char)(x >> 8); }
NOIPA int compare(const unsigned char *p, unsigned x) { return *p == (unsigned char)(x >> 8) ? 1 : *p > (unsigned char)(x >> 8) ? 2 : 3; }
NOIPA int compare_both(unsigned a, unsigned b) { return (unsigned char)(a >> 8) < (unsigned char)(b >> 8); }
NOIPA unsigned load(unsigned x, const unsigned char *p) { return (x & 0xffff00ffu) | (unsigned)p[3] << 8; }
NOIPA void add(unsigned char *p, unsigned x) { *p = (unsigned char)(*p + (x >> 8)); }
NOIPA void xor_(unsigned char *p, long i, unsigned x) { p[i] ^= (unsigned char)(x >> 8); }
NOIPA unsigned or_(unsigned x, const unsigned char *p) { return x | (unsigned)*p << 8; }
NOIPA int test(unsigned x) { return (x & 0x4000) != 0 ? 5 : (x & 0x0100) != 0 ? 6 : 7; }
NOIPA int test_memory(const unsigned short *p, long i) { return (p[i] & 0x8000) != 0; }
struct pixel { unsigned char r, g, b, a; };
NOIPA struct pixel blend(struct pixel x, struct pixel y)
{
    return (struct pixel){(unsigned char)(x.r + y.r), (unsigned char)(x.g - y.g), (unsigned char)(x.b ^ y.b), (unsigned char)(x.a | y.a)};
}
struct three { char a, b, c; };
NOIPA struct three turn(struct three t) { return (struct three){t.b, t.c, t.a}; }
NOIPA unsigned checksum(const unsigned short *p, int n)
{
    unsigned sum = 0;
    for (int i = 0; i < n; i++)
        sum += (unsigned)(p[i] >> 8) + (unsigned)(unsigned char)p[i] * 256;
    return sum;
}
NOIPA void swap_bytes(unsigned short *p, int n)
{
    for (int i = 0; i < n; i++)
        p[i] = (unsigned short)(p[i] >> 8 | p[i] << 8);
}
static const unsigned crc_table[4] = {0x1234, 0xfedc, 0x55aa, 0x0ff0};
NOIPA unsigned table_driven(unsigned crc, const unsigned char *p, int n)
{
    while (n--)
        crc = crc_table[(crc >> 8 ^ *p++) & 3] ^ (unsigned char)(crc >> 8) ^ crc << 3;
    return crc;
}
NOIPA unsigned by_hand(unsigned x, unsigned char *p)
{
    __asm__ volatile("movb %h0, %1" : "+Q"(x), "=m"(p[0]));
    __asm__ volatile("addb %1, %h0" : "+Q"(x) : "m"(p[1]));
    __asm__ volatile("xchgb %h0, %b0" : "+Q"(x));
    __asm__ volatile("cmpb %h0, %1\n\tsete %h0" : "+Q"(x) : "m"(p[2]) : "cc");
    __asm__ volatile("movzbl %h0, %k0\n\tmovb %b0, %h0" : "+Q"(x));
    __asm__ volatile("xaddb %h0, %1" : "+Q"(x), "+m"(p[3]) : : "cc");
    return x;
}

int main(void)
{
    unsigned char p[32];
    unsigned short w[16];
    for (int i = 0; i < 32; i++)
        p[i] = (unsigned char)(i * 29 + 3);
    memcpy(w, p, sizeof w);
    put("extract", extract(HIDE(0x12345678u)) + insert(HIDE(0x12345678u), HIDE(0xab)) * 3ull);
    store(p, HIDE(0xabcdu));
    for (long i = 0; i < 5; i++)
        store_indexed(p, HIDE(i), 0x1111u * (unsigned)i + 0xab00u);
    put_bytes("store", p, sizeof p);
    put("compare", (uint64_t)(compare(p, HIDE(0xab00u)) + compare(p, HIDE(0x100u)) * 10 + compare(p, HIDE(0xff00u)) * 100 +
        compare_both(0x1200, HIDE(0x3400u))));
    put("load", load(HIDE(0x1234u), p) + or_(HIDE(5u), p + 1) * 3ull);
    add(p + 2, HIDE(0x1234u));
    xor_(p, HIDE(7L), HIDE(0x1234u));
    put_bytes("changed", p, sizeof p);
    put("test", (uint64_t)(test(HIDE(0x4000u)) + test(HIDE(0x100u)) * 10 + test(HIDE(1u)) * 100 + test_memory(w, HIDE(3L))));
    struct pixel x = blend((struct pixel){1, 2, 3, 4}, (struct pixel){250, 251, 252, (unsigned char)HIDE(253)});
    put_bytes("blend", &x, sizeof x);
    struct three t = turn((struct three){(char)HIDE(1), 2, 3});
    put_bytes("turn", &t, sizeof t);
    swap_bytes(w, 15);
    put("checksum", checksum(w, 16));
    put("crc", table_driven(HIDE(0xffffu), p, 32));
    put("by_hand", by_hand(HIDE(0x12345678u), p + 10));
    put_bytes("p", p, sizeof p);
    return 0;
}

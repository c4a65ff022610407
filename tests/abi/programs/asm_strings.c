/* SPDX-License-Identifier: Apache-2.0 */
/* String instructions by hand: movs, stos, lods, scas, cmps of each width, with rep, repe, repne, without; flags live across them. */
#include "report.h"

static unsigned char source[600], target[600];

NOIPA void rep_movs(void *to, const void *from, size_t n)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
}
NOIPA void rep_movs_wide(void *to, const void *from, size_t n)
{
    __asm__ volatile("rep movsq\n\tmovl %k3, %%ecx\n\trep movsb" : "+D"(to), "+S"(from), "=&c"((size_t){0}) : "r"(n & 7), "2"(n >> 3) :
        "memory");
}
NOIPA void rep_stos(void *to, uint64_t value, size_t n, int width)
{
    switch (width) {
    case 1: __asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(value) : "memory"); break;
    case 2: __asm__ volatile("rep stosw" : "+D"(to), "+c"(n) : "a"(value) : "memory"); break;
    case 4: __asm__ volatile("rep stosl" : "+D"(to), "+c"(n) : "a"(value) : "memory"); break;
    default: __asm__ volatile("rep stosq" : "+D"(to), "+c"(n) : "a"(value) : "memory"); break;
    }
}
NOIPA size_t length(const char *s)
{
    size_t n = (size_t)-1;
    __asm__ volatile("repne scasb" : "+D"(s), "+c"(n) : "a"(0) : "memory", "cc");
    return ~n - 1;
}
NOIPA int compare(const void *a, const void *b, size_t n)
{
    unsigned char above, below;
    __asm__ volatile("cmpq %%rcx, %%rcx\n\trepe cmpsb\n\tseta %0\n\tsetb %1" : "=&q"(above), "=&q"(below), "+D"(b), "+S"(a), "+c"(n) :
        : "memory", "cc");
    return above - below;
}
NOIPA uint64_t single(unsigned char *to, const unsigned char *from)
{
    uint64_t value = 0, sum = 0;
    unsigned char *first = to;
    __asm__ volatile("movsb\n\tmovsw\n\tmovsl\n\tmovsq" : "+D"(to), "+S"(from) : : "memory");
    __asm__ volatile("lodsb" : "+a"(value), "+S"(from) : : "memory");
    sum += value;
    __asm__ volatile("lodsq" : "=a"(value), "+S"(from) : : "memory");
    sum += value;
    __asm__ volatile("stosl" : "+D"(to) : "a"(value) : "memory");
    return sum * 1000 + (uint64_t)(to - first);
}
/* The carry made before the copy is used after it. */
NOIPA uint64_t flags_live(uint64_t a, uint64_t b, void *to, const void *from, size_t n)
{
    uint64_t carry = 0;
    __asm__ volatile("addq %[b], %[a]\n\trep movsb\n\tadcq $0, %[carry]" : [a] "+r"(a), [carry] "+r"(carry), "+D"(to), "+S"(from),
        "+c"(n) : [b] "r"(b) : "memory", "cc");
    return a + (carry << 32);
}
NOIPA long scan_words(const uint32_t *p, uint32_t value, size_t n)
{
    const uint32_t *start = p;
    size_t left = n;
    unsigned char found;
    __asm__ volatile("repne scasl\n\tsetz %0" : "=&q"(found), "+D"(p), "+c"(left) : "a"(value) : "memory", "cc");
    return found ? p - start - 1 : -1;
}

int main(void)
{
    for (int i = 0; i < 600; i++)
        source[i] = (unsigned char)(i * 7 + 1);
    rep_movs(target + 3, source + 5, (size_t)HIDE(111));
    put_bytes("movsb", target, sizeof target);
    rep_movs_wide(target + 200, source + 100, (size_t)HIDE(203));
    put_bytes("movsq", target, sizeof target);
    rep_movs(target, target + 1, 0);
    for (int w = 1; w <= 8; w *= 2)
        rep_stos(target + 20 * w, 0x1122334455667788u, 10, w);
    put_bytes("stos", target, sizeof target);
    rep_movs(target + 1, target, 50); /* overlapping: repeats the first byte */
    put_bytes("overlap", target, sizeof target);
    put("length", length("the quick brown fox") + length("") * 1000);
    put("compare", (uint64_t)(compare("same", "same", 5) + 10 * compare("sane", "same", 5) + 100 * compare("a", "b", 1) + 1000 *
        compare("a", "b", 0)));
    put("single", single(target + 300, source + 40));
    put_bytes("single", target, sizeof target);
    put("flags", flags_live(HIDE(~0ull), 2, target + 400, source, 60) + flags_live(HIDE(5), 2, target + 500, source, 60));
    uint32_t words[] = {5, 6, 7, 8, 9, 10};
    put("scan", (uint64_t)(scan_words(words, 8, 6) * 10 + scan_words(words, 11, 6)));
    put_bytes("all", target, sizeof target);
    return 0;
}

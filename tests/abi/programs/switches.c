/* SPDX-License-Identifier: Apache-2.0 */
/* Switches: large and dense, sparse, ranges, 64-bit, negative, char, inside loops, with fall-through,
    and case values that hold label bytes. */
#include "report.h"

#define C1(n) case n: h = h * 31 + (n) * 17; break;
#define C4(n) C1(n) C1((n) + 1) C1((n) + 2) C1((n) + 3)
#define C16(n) C4(n) C4((n) + 4) C4((n) + 8) C4((n) + 12)
#define C64(n) C16(n) C16((n) + 16) C16((n) + 32) C16((n) + 48)
#define CALL(n) case n: h = mix(h, n); break;

NOIPA uint64_t mix(uint64_t h, long n) { return (h ^ (uint64_t)n) * 0x100000001b3u; }

NOIPA uint64_t dense(uint64_t h, int n)
{
    switch (n) {
    C64(0) C64(64) C64(128) C64(192)
    CALL(256) CALL(257) CALL(258) CALL(259) CALL(261) CALL(262) CALL(263) CALL(264)
    default: h += 99;
    }
    return h;
}

NOIPA uint64_t sparse(uint64_t h, long n)
{
    switch (n) {
    CALL(-5000000000) CALL(-70000) CALL(-1) CALL(0) CALL(3) CALL(1000) CALL(1001) CALL(1003) CALL(99999) CALL(0x7fffffff)
    CALL(0x80000000) CALL(0xffffffff) CALL(0x100000000) CALL(0x123456789abcdef)
    CALL(0xfa1e0ff3) CALL(0x1e0ff3fa) CALL(0xfa1e0ff300) CALL(0xfa1e0ff3fa1e0ff3)
    case 5000 ... 5999: h = mix(h, n / 10); break;
    case 'a' ... 'z': h = mix(h, n * 3); break;
    default: h ^= 0xabc;
    }
    return h;
}

NOIPA uint64_t falling(const char *text)
{
    uint64_t h = 5;
    for (; *text; text++)
        switch (*text) {
        case 'a': h++; /* fall through */
        case 'b': h *= 3; /* fall through */
        case 'c': h ^= 0x10; break;
        case 'd': if (h & 1) break; /* fall through */
        case 'e': h = mix(h, 1); continue;
        case 'f': case 'g': case 'h': case 'i': case 'j': case 'k': h += (unsigned char)*text; break;
        case (char)-3: h -= 77; break;
        default: h = mix(h, 2);
        }
    return h;
}

/* One switch inside another, both with tables; the state machine of a tokenizer. */
NOIPA uint64_t machine(const unsigned char *bytes, size_t n)
{
    unsigned state = 0;
    uint64_t h = 1;
    for (size_t i = 0; i < n; i++)
        switch (state) {
        case 0: switch (bytes[i] & 15) {
            case 0: state = 1; break; case 1: state = 2; break; case 2: state = 3; break; case 3: state = 4; break;
            case 4: h += 4; break; case 5: h *= 5; break; case 6: h ^= 6; break; case 7: h = mix(h, 7); break; default: state = 5; } break;
        case 1: h = mix(h, bytes[i]); state = 0; break;
        case 2: h += bytes[i]; state = bytes[i] & 1 ? 0 : 3; break;
        case 3: h ^= bytes[i] * 256u; state = 4; break;
        case 4: h -= bytes[i]; state = 5; break;
        case 5: h *= bytes[i] | 1u; state = 6; break;
        case 6: h = ~h; state = bytes[i] % 6; break;
        }
    return h;
}

/* Values only: gcc makes a table of results, no branch. */
NOIPA int values(unsigned n)
{
    switch (n) {
    case 0: return 5; case 1: return -7; case 2: return 1234; case 3: return 0x0ff3; case 4: return 9; case 5: return (int)0xfa1e0ff3;
    case 6: return 8; case 7: return 77; case 8: return -1; default: return 0;
    }
}

NOIPA const char *names(int n)
{
    switch (n) {
    case 10: return "ten"; case 11: return "eleven"; case 12: return "twelve"; case 13: return "thirteen"; case 14: return "fourteen";
    case 15: return "fifteen"; case 16: return "sixteen"; default: return "?";
    }
}

int main(void)
{
    uint64_t h = 1;
    for (int i = -3; i < 270; i++)
        h = dense(h, i);
    put("dense", h);
    static const long probes[] = {-5000000001, -5000000000, -70000, -1, 0, 1, 3, 999, 1000, 1002, 1003, 4999, 5000, 5999, 6000, 'a',
        'm', 'z', 99999,
                                  0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x123456789abcdef, 0xfa1e0ff3, 0x1e0ff3fa, 0xfa1e0ff300,
                                  (long)0xfa1e0ff3fa1e0ff3, -0x80000000L, 0xfa1e0ff4};
    for (size_t i = 0; i < sizeof probes / sizeof *probes; i++)
        put("sparse", h = sparse(h, probes[i]));
    put("falling", falling("abcdefghijklmn\375\374aaddee"));
    unsigned char bytes[500];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * i + i / 7);
    put("machine", machine(bytes, sizeof bytes));
    for (unsigned i = 0; i < 10; i++)
        put("values", (uint64_t)values(i));
    for (int i = 9; i < 18; i++)
        put_text("names", names(i));
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of more than 4 KiB, 64 KiB and a displacement of more than 127 for each local; big arguments and results by value. */
#include "report.h"

struct chunk { unsigned char b[20000]; };

NOIPA void fill(unsigned char *p, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (unsigned char)(seed + i * i);
}
NOIPA uint64_t middle(unsigned k)
{
    unsigned char x[5000];
    long after[40];
    fill(x, sizeof x, k);
    for (int i = 0; i < 40; i++)
        after[i] = i * (long)k;
    return hash_bytes(hash_bytes(1, x, sizeof x), after, sizeof after);
}
NOIPA uint64_t large(unsigned k)
{
    unsigned char x[70000], y[9000];
    fill(y, sizeof y, k + 1);
    fill(x, sizeof x, k);
    uint64_t h = middle(k);
    x[69999] ^= y[8999];
    return hash_bytes(hash_bytes(h, x, sizeof x), y, sizeof y);
}
NOIPA struct chunk by_value(struct chunk a, int k, struct chunk b)
{
    struct chunk r;
    for (int i = 0; i < 20000; i++)
        r.b[i] = (unsigned char)(a.b[i] * k + b.b[19999 - i]);
    return r;
}
NOIPA uint64_t recursive(int n)
{
    unsigned char x[9000];
    fill(x, sizeof x, (unsigned)n);
    uint64_t h = n ? recursive(n - 1) : 1;
    return hash_bytes(h, x, sizeof x);
}
NOIPA uint64_t many_locals(uint64_t s)
{
#define V(n) uint64_t v##n = next_random(&s); TOUCH(v##n);
    V(0) V(1) V(2) V(3) V(4) V(5) V(6) V(7) V(8) V(9) V(10) V(11) V(12) V(13) V(14) V(15) V(16) V(17) V(18) V(19) V(20) V(21) V(22) V(23)
    unsigned char pad[4000];
    fill(pad, sizeof pad, (unsigned)s);
    return (v0 + v1 * 3) ^ (v2 - v3) ^ (v4 * v5) ^ (v6 & v7) ^ (v8 | v9) ^ (v10 + v11) ^ (v12 << 3) ^ (v13 >> 5) ^ (v14 * v15) ^ (v16 +
        v17) ^ (v18 - v19) ^
           (v20 ^ v21) ^ (v22 + v23) ^ hash_bytes(1, pad, sizeof pad);
}

int main(void)
{
    put("middle", middle(HIDE(5u)));
    put("large", large(HIDE(6u)));
    static struct chunk a, b;
    fill(a.b, sizeof a.b, 3);
    fill(b.b, sizeof b.b, 4);
    static struct chunk r;
    r = by_value(a, HIDE(7), b);
    put_bytes("by_value", &r, sizeof r);
    put("recursive", recursive(HIDE(12)));
    put("many", many_locals(HIDE(8u)));
    return 0;
}

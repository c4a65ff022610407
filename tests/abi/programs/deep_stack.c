/* SPDX-License-Identifier: Apache-2.0 */
/* More than a megabyte of stack: one frame of 1.5 MiB, 200 000 levels of recursion. */
/* stack: 0x1000000 */
#include "report.h"

NOIPA uint64_t huge(unsigned k)
{
    unsigned char x[1500000];
    for (size_t i = 0; i < sizeof x; i++)
        x[i] = (unsigned char)(i * k);
    TOUCH(x);
    return hash_bytes(1, x, sizeof x);
}
NOIPA long depth(long n) { return n ? 1 + depth(n - 1) : 0; }
NOIPA long sum_down(long n, long a, long b)
{
    volatile long keep = a * b;
    return n ? sum_down(n - 1, b, a + 1) + keep % 7 : keep;
}

int main(void)
{
    put("huge", huge(HIDE(5u)));
    put("depth", (uint64_t)depth(HIDE(60000)));
    put("sum", (uint64_t)sum_down(HIDE(50000), 3, 4));
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Nearly all of the largest data stack a first thread can have: one frame of 800 000 bytes, 10 000 levels of recursion. */
/* domain flags: -z stack-size=0xe0000 */
#include "report.h"

NOIPA uint64_t huge(unsigned k)
{
    unsigned char x[800000];
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
    put("depth", (uint64_t)depth(HIDE(10000)));
    put("sum", (uint64_t)sum_down(HIDE(10000), 3, 4));
    return 0;
}

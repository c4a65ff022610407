/* SPDX-License-Identifier: Apache-2.0 */
/* memmove: see copy.h; backwards where the destination lies inside the source. */
#include <string.h>
#include "copy.h"

/* n > 128. The mirror image of copy_forward, for d inside [s, s + n). */
static void copy_backward(unsigned char *d, const unsigned char *s, size_t n)
{
    any256 h0 = LOAD(any256, s), h1 = LOAD(any256, s + 32), h2 = LOAD(any256, s + 64), h3 = LOAD(any256, s + 96);
    unsigned char *start = d;
    d += n;
    s += n;
    while (n > 128) {
        any256 a = LOAD(any256, s - 32), b = LOAD(any256, s - 64), c = LOAD(any256, s - 96), e = LOAD(any256, s - 128);
        STORE(any256, d - 32, a);
        STORE(any256, d - 64, b);
        STORE(any256, d - 96, c);
        STORE(any256, d - 128, e);
        d -= 128;
        s -= 128;
        n -= 128;
    }
    STORE(any256, start, h0);
    STORE(any256, start + 32, h1);
    STORE(any256, start + 64, h2);
    STORE(any256, start + 96, h3);
}

void *memmove(void *to, const void *from, size_t n)
{
    if (n <= 128)
        copy_small(to, from, n);
    else if ((uintptr_t)to - (uintptr_t)from < n)
        copy_backward(to, from, n);
    else
        copy_forward(to, from, n);
    return to;
}

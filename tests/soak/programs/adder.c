// SPDX-License-Identifier: Apache-2.0
// A library behind an entry; some numbers kill it, in the middle of a call.
#include "lines.h"

int add(int a, int b)
{
    if (a == -1)
        die(b == 0 ? "fault" : b == 1 ? "stack" : "abort");
    return a + b;
}

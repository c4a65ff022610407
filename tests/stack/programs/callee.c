// SPDX-License-Identifier: Apache-2.0
// A library that others call, and that can be made to die.
static int calls;

int add(int a, int b)
{
    calls++;
    if (a == -1)
        *(volatile int *)8 = calls;
    return a + b + 100 * calls;
}

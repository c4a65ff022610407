// SPDX-License-Identifier: Apache-2.0
// A library that is called often, and that dies where it is told to.
static unsigned long sum;

unsigned long work(unsigned long a)
{
    for (int i = 0; i < 100; i++)
        sum += a ^ sum;
    return sum;
}

unsigned long more(unsigned long a)
{
    return a == 13 ? *(volatile unsigned long *)0x40 : work(a);
}

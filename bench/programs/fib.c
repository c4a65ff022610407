/* SPDX-License-Identifier: Apache-2.0 */
/* Bench: recursive Fibonacci numbers: calls, returns and little else. */
#include "program.h"

__attribute__((noinline)) static uint64_t fib(unsigned n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

int main(int argc, char **argv)
{
    uint64_t rounds = program_rounds(argc, argv, 100), sum = 0;
    program_begin();
    for (uint64_t i = 0; i < rounds; i++)
        sum += fib(30 + (unsigned)(i & 1));
    return program_end(sum);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Runs case_run, natively or in a domain, and prints what it returns and what it did to memory. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

long case_run(uint64_t *memory, long number);

int main(void)
{
    for (long number = 0; number < 3; number++) {
        uint64_t memory[32], hash = 0;
        for (size_t i = 0; i < 32; i++)
            memory[i] = 0x0102030405060708u * i + 3;
        long result = case_run(memory, number);
        for (size_t i = 0; i < 32; i++)
            hash = hash * 31 + memory[i];
        printf("%ld: %lx, memory %lx\n", number, (unsigned long)result, (unsigned long)hash);
    }
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Bench: a byte-code interpreter with computed goto running a prime sieve: one indirect branch per emulated instruction. */
#include "program.h"

enum operation { SET, ADD, MUL, LOAD, STORE, JUMP_LESS, JUMP_ZERO, JUMP, HALT };
struct instruction { uint8_t operation, a, b, c; int32_t value; };

enum { LIMIT = 20000 };

/* Sieve of Eratosthenes over memory[0..LIMIT); r0 = 0, r1 = 1, r2 = LIMIT, r3 = candidate, r4 = multiple, r5 = flag, r6 = primes. */
static const struct instruction sieve[] = {
    {SET, 0, 0, 0, 0}, {SET, 1, 0, 0, 1}, {SET, 2, 0, 0, LIMIT}, {SET, 3, 0, 0, 2}, {SET, 6, 0, 0, 0},
    {LOAD, 5, 3, 0, 0},            /*  5: flag = memory[candidate] */
    {JUMP_ZERO, 5, 0, 0, 8},       /*     not crossed out: a prime */
    {JUMP, 0, 0, 0, 14},
    {ADD, 6, 6, 1, 0},             /*  8 */
    {ADD, 4, 3, 3, 0},
    {JUMP_LESS, 2, 4, 0, 14},      /* 10: LIMIT < multiple: done */
    {STORE, 1, 4, 0, 0},
    {ADD, 4, 4, 3, 0},
    {JUMP, 0, 0, 0, 10},
    {ADD, 3, 3, 1, 0},             /* 14 */
    {JUMP_LESS, 3, 2, 0, 5},
    {HALT, 6, 0, 0, 0},
};

static int64_t machine_run(const struct instruction *program, int64_t *memory)
{
    static const void *const labels[] = {&&set, &&add, &&mul, &&load, &&store, &&jump_less, &&jump_zero, &&jump, &&halt};
    const struct instruction *at = program;
    int64_t r[16] = {0};
#define DISPATCH goto *labels[at->operation]
    DISPATCH;
set:
    r[at->a] = at->value, at++;
    DISPATCH;
add:
    r[at->a] = r[at->b] + r[at->c], at++;
    DISPATCH;
mul:
    r[at->a] = r[at->b] * r[at->c], at++;
    DISPATCH;
load:
    r[at->a] = memory[r[at->b]], at++;
    DISPATCH;
store:
    memory[r[at->b]] = r[at->a], at++;
    DISPATCH;
jump_less:
    at = r[at->a] < r[at->b] ? program + at->value : at + 1;
    DISPATCH;
jump_zero:
    at = r[at->a] == 0 ? program + at->value : at + 1;
    DISPATCH;
jump:
    at = program + at->value;
    DISPATCH;
halt:
    return r[at->a];
#undef DISPATCH
}

int main(int argc, char **argv)
{
    uint64_t rounds = program_rounds(argc, argv, 1000), sum = 0;
    int64_t *memory = malloc((LIMIT + 1) * sizeof *memory);
    if (!memory)
        program_fail("out of memory");
    program_begin();
    for (uint64_t i = 0; i < rounds; i++) {
        memset(memory, 0, (LIMIT + 1) * sizeof *memory);
        sum += (uint64_t)machine_run(sieve, memory);
    }
    return program_end(sum);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A random program over capabilities, written once: model_test.c runs it on a model of rights, the test's domain for real. Both define
 * POINTER, MOVED(pointer, bytes), READ_BYTE, WRITE_BYTE, READ_WORD (which end the activation where it is not allowed), NARROWED(state,
 * register, pointer, size, right) and CALLED(state, pointer, size, right, seed, depth). */
#include <stdint.h>

enum { PROGRAM_STEPS = 12, PROGRAM_POINTERS = 4 };

static inline uint64_t program_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 20;
}

static inline long program_run(STATE state, POINTER given, uint64_t seed, long depth)
{
    POINTER pointers[PROGRAM_POINTERS] = { given, given, given, given };
    long sum = 0;
    (void)state; /* of the model only */
    for (int i = 0; i < PROGRAM_STEPS; i++) {
        uint64_t choice = program_random(&seed), more = program_random(&seed);
        POINTER *from = &pointers[choice % PROGRAM_POINTERS], *to = &pointers[choice / 4 % PROGRAM_POINTERS];
        uint32_t at = (uint32_t)(more % 9), size = 4 + (uint32_t)(more / 32 % 24), right = 2 + more / 1024 % 2;
        at -= more / 4096 % 64 == 0 ? 30 : 0; /* before the first byte */
        switch (choice / 16 % 8) {
        case 0: sum = sum * 3 + READ_BYTE(state, MOVED(*from, at)); break;
        case 1: WRITE_BYTE(state, MOVED(*from, at), (uint8_t)(more / 8192)); break;
        case 2: sum = sum * 5 + READ_WORD(state, MOVED(*from, at)); break;
        case 3: case 4: *to = NARROWED(state, 1 + choice / 4 % PROGRAM_POINTERS, MOVED(*from, at), size, right); break;
        case 5: *to = MOVED(*from, at % 4); break;
        default:
            if (depth > 0)
                sum = sum * 7 + CALLED(state, MOVED(*from, at), size, right, program_random(&seed), depth - 1);
        }
    }
    return sum;
}

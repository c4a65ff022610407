/* SPDX-License-Identifier: Apache-2.0 */
/* A random program over capabilities, written once: model_test.c runs it on a model of rights, the test's domain for real. Both define
 * STATE and POINTER, and of pointers THERE(pointer), MOVED(pointer, bytes), READ_BYTE, WRITE_BYTE, READ_WORD (which end the activation
 * where it is not allowed), NARROWED(state, register, pointer, size, right), CALLED(state, pointer, size, right, seed, depth);
 * where capabilities come from: OWN(state, register, at, size, right) on the domain's object, WINDOWED on the window, GRANTED on the next
 * domain's object; the stack: PUSHED(state, pointer), POPPED(state, register); asynchronous ones, with places for their numbers:
 * KEPT(state, place, at, size, right) of the domain's object, KEPT_AGAIN(state, place, pointer, size, right), TAKEN(state, register,
 * place), REVOKED(state); memory that is mapped: WINDOW_READ(state, at), WINDOW_WRITE(state, at, value).
 * Without STATE it has the constants only. */
#include <stdint.h>

#ifndef PROGRAM_H
#define PROGRAM_H
enum { PROGRAM_STEPS = 16, PROGRAM_POINTERS = 4, PROGRAM_KEPT = 3, PROGRAM_OBJECT = 64 };
#endif

#ifdef STATE
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
        POINTER got = *to;
        unsigned number = 1 + choice / 4 % PROGRAM_POINTERS, place = (unsigned)(more / 256 % PROGRAM_KEPT);
        switch (choice / 16 % 26) {
        case 0: case 1: case 20: sum = sum * 3 + READ_BYTE(state, MOVED(*from, at)); break;
        case 2: case 3: case 21: WRITE_BYTE(state, MOVED(*from, at), (uint8_t)(more / 8192)); break;
        case 4: sum = sum * 5 + READ_WORD(state, MOVED(*from, at)); break;
        case 5: case 6: case 7: got = NARROWED(state, number, MOVED(*from, at), size, right); break;
        case 8: got = MOVED(*from, at % 4); break;
        case 9: got = OWN(state, number, more / 64 % 32, size, right); break;
        case 10: got = WINDOWED(state, number, more / 64 % 32, size, right); break;
        case 11: got = GRANTED(state, number, more / 64 % 32, size, right); break;
        case 12: case 13: sum = sum * 2 + PUSHED(state, *from); break;
        case 14: got = POPPED(state, number); break;
        case 15: sum = sum * 2 + KEPT(state, place, more / 64 % 32, size, right); break;
        case 16: sum = sum * 2 + KEPT_AGAIN(state, place, MOVED(*from, at % 4), size, right); break;
        case 17: got = TAKEN(state, number, place); break;
        case 24:
            sum = sum * 2 + KEPT(state, place, more / 64 % 32, size, right);
            got = TAKEN(state, number, place);
            break;
        case 25:
            if (more / 65536 % 3 == 0)
                sum = sum * 2 + REVOKED(state);
            break;
        case 18:
            if (more / 65536 % 64 == 1)
                WINDOW_WRITE(state, at % 32, (uint8_t)more);
            else
                sum = sum * 11 + WINDOW_READ(state, at % 32);
            break;
        default:
            if (depth > 0)
                sum = sum * 7 + CALLED(state, MOVED(*from, at), size, right, program_random(&seed), depth - 1);
        }
        if (THERE(got) || more / 2097152 % 16 == 0) /* nothing is seldom of use */
            *to = got;
    }
    return sum;
}
#endif

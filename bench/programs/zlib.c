/* SPDX-License-Identifier: Apache-2.0 */
/* Bench: zlib packs generated text and noise at two levels and unpacks it again. */
#include "program.h"
#include <zlib.h>

enum { SIZE = 1 << 20 };

int main(int argc, char **argv)
{
    uint64_t rounds = program_rounds(argc, argv, 4), sum = 0, seed = 17;
    uLong bound = compressBound(SIZE);
    unsigned char *plain = malloc(SIZE), *packed = malloc(bound), *again = malloc(SIZE);
    if (!plain || !packed || !again)
        program_fail("out of memory");
    program_fill_text((char *)plain, SIZE, 3);
    for (size_t i = SIZE - SIZE / 8; i < SIZE; i++)
        plain[i] = (unsigned char)(program_random(&seed) >> 56);
    program_begin();
    for (uint64_t i = 0; i < rounds; i++) {
        uLongf packed_size = bound;
        if (compress2(packed, &packed_size, plain, SIZE, (i & 1) ? 1 : 6) != Z_OK)
            program_fail("compress2 failed");
        sum = sum * 31 + packed_size + crc32(0, packed, (uInt)packed_size);
        for (int times = 0; times < 6; times++) {
            uLongf again_size = SIZE;
            if (uncompress(again, &again_size, packed, packed_size) != Z_OK || again_size != SIZE)
                program_fail("uncompress failed");
            sum += adler32(1, again, SIZE);
        }
        if (memcmp(plain, again, SIZE) != 0)
            program_fail("unpacked data differs");
        plain[i] ^= 1;
    }
    return program_end(sum);
}

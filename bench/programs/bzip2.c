/* SPDX-License-Identifier: Apache-2.0 */
/* Bench: libbz2 packs generated text and unpacks it again. */
#include "program.h"
#include <bzlib.h>

enum { SIZE = 1 << 20, BOUND = SIZE + SIZE / 100 + 600 };

/* libbz2 built with BZ_NO_STDIO reports its internal errors here. */
void bz_internal_error(int code)
{
    fprintf(stderr, "libbz2 internal error %d\n", code);
    exit(1);
}

int main(int argc, char **argv)
{
    uint64_t rounds = program_rounds(argc, argv, 4), sum = 0;
    char *plain = malloc(SIZE), *packed = malloc(BOUND), *again = malloc(SIZE);
    if (!plain || !packed || !again)
        program_fail("out of memory");
    program_fill_text(plain, SIZE, 23);
    program_begin();
    for (uint64_t i = 0; i < rounds; i++) {
        unsigned packed_size = BOUND, again_size = SIZE;
        if (BZ2_bzBuffToBuffCompress(packed, &packed_size, plain, SIZE, 5, 0, 0) != BZ_OK)
            program_fail("compression failed");
        sum = program_hash(sum, packed, packed_size);
        if (BZ2_bzBuffToBuffDecompress(again, &again_size, packed, packed_size, 0, 0) != BZ_OK)
            program_fail("decompression failed");
        if (again_size != SIZE || memcmp(plain, again, SIZE) != 0)
            program_fail("unpacked data differs");
        plain[i * 1000]++;
    }
    return program_end(sum);
}

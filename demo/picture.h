/* SPDX-License-Identifier: Apache-2.0 */
/* What the libpng domain answers to the host. `porin bind` makes the calls. */
#ifndef DEMO_PICTURE_H
#define DEMO_PICTURE_H
#include <stddef.h>
#include <stdint.h>
#include "porin/bind.h"

enum { PICTURE_SIDE_MAX = 16384, PICTURE_PIXELS_MAX = 1 << 26 };

struct picture {
    uint32_t width, height;
    uint32_t bit_depth, color_type, interlaced; /* of the file; the pixels are always 8-bit RGBA */
    uint32_t decoded;                           /* 1: there are pixels */
    uint32_t file_size;                         /* of what picture_encode made, 0: nothing */
    char message[128];                          /* libpng's own words when something failed */
};

#define PICTURE_SIZE(width, height) ((int64_t)(width) * (height) * 4)

/* What the host calls. */
PORIN_ENTRY struct picture picture_decode(const unsigned char *data PORIN_IN(size), size_t size);
PORIN_ENTRY struct picture picture_encode(const unsigned char *pixels PORIN_IN(PICTURE_SIZE(width, height)), uint32_t width,
                                          uint32_t height);
/* Copy what the last call made; 0, or -1 if it made less. */
PORIN_ENTRY PORIN_FAILS(-1) int picture_pixels(unsigned char *to PORIN_OUT(size), size_t size);
PORIN_ENTRY PORIN_FAILS(-1) int picture_file(unsigned char *to PORIN_OUT(size), size_t size);
/* How often this domain has called the zlib domain so far. */
PORIN_ENTRY PORIN_FAILS(0) uint64_t picture_calls(void);
/* Calls the zlib domain `count` times for the checksum of the first `size` bytes of the words and returns the last: for timing. */
PORIN_ENTRY PORIN_FAILS(0) uint64_t picture_checksums(uint64_t count, uint64_t size, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
#endif

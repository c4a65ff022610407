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

/* What the host calls. It lends files and pixels; nothing of them is copied on the way here. */
PORIN_ENTRY struct picture picture_decode(const unsigned char PORIN_CAP *data PORIN_IN(size), size_t size);
PORIN_ENTRY struct picture picture_encode(const unsigned char PORIN_CAP *pixels PORIN_IN(PICTURE_SIZE(width, height)), uint32_t width,
                                          uint32_t height);
/* Copy what the last call made; 0, or -1 if it made less. */
PORIN_ENTRY PORIN_FAILS(-1) int picture_pixels(unsigned char PORIN_CAP *to PORIN_OUT(size), size_t size);
PORIN_ENTRY PORIN_FAILS(-1) int picture_file(unsigned char PORIN_CAP *to PORIN_OUT(size), size_t size);
/* How often this domain has called the zlib domain so far. */
PORIN_ENTRY PORIN_FAILS(0) uint64_t picture_calls(void);
/* Where the compressed image data of the files went, in bytes: what zlib inflated, what was passed on to it as it was lent, and what was
 * copied into this domain, which is the one byte of each file that libpng itself looks at. */
struct picture_bytes { uint64_t inflated, passed_on, copied; };
PORIN_ENTRY struct picture_bytes picture_bytes(void);
/* Calls the zlib domain `count` times for the checksum of the bytes and returns the last: for timing. */
PORIN_ENTRY PORIN_FAILS(0) uint64_t picture_checksums(uint64_t count, const uint8_t PORIN_CAP *bytes PORIN_IN(size), uint64_t size);
#endif

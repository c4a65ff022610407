/* SPDX-License-Identifier: Apache-2.0 */
/* What the libpng domain answers to the host. Fixed-width fields, pointers as slot offsets: both sides read the same bytes. */
#ifndef DEMO_PICTURE_H
#define DEMO_PICTURE_H
#include <stdint.h>

enum { PICTURE_SIDE_MAX = 16384, PICTURE_PIXELS_MAX = 1 << 26 };

struct picture {
    uint32_t width, height;
    uint32_t bit_depth, color_type, interlaced; /* of the file; the pixels are always 8-bit RGBA */
    uint32_t pixels;                            /* width * height * 4 bytes, 0: none */
    uint32_t file, file_size;                   /* what picture_encode made */
    char message[128];                          /* libpng's own words when something failed */
};
#endif

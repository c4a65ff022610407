/* SPDX-License-Identifier: Apache-2.0 */
/* Decodes a picture row by row to RGBA, its data handed over by a callback. */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#ifdef BOUND
#include "png_bind.h"
#else
#include <png.h>
#endif
#include "work.h"

struct bytes { const unsigned char *data; size_t size, at; };

static void read_bytes(png_structp png, png_bytep to, png_size_t size)
{
    struct bytes *file = png_get_io_ptr(png);
    if (size > file->size - file->at)
        png_error(png, "the file ends too early");
    memcpy(to, file->data + file->at, size);
    file->at += size;
}

uint64_t work_png(const unsigned char *data, size_t size)
{
    struct bytes file = {data, size, 0};
    unsigned char *volatile pixels = NULL;
    volatile uint64_t sum = 0;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    if (setjmp(png_jmpbuf(png)) == 0) {
        png_set_read_fn(png, &file, read_bytes);
        png_read_info(png, info);
        png_set_expand(png);
        png_set_scale_16(png);
        png_set_gray_to_rgb(png);
        png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER);
        int passes = png_set_interlace_handling(png);
        png_read_update_info(png, info);
        size_t row = png_get_rowbytes(png, info), height = png_get_image_height(png, info);
        pixels = malloc(row * height);
        while (passes--)
            for (size_t y = 0; y < height; y++)
                png_read_row(png, pixels + y * row, NULL);
        png_read_end(png, info);
        uint64_t words = 1, word;
        for (size_t at = 0; at + 8 <= row * height; at += 8) {
            memcpy(&word, pixels + at, 8);
            words = words * 31 + word;
        }
        sum = words;
    }
    png_destroy_read_struct(&png, &info, NULL);
    free(pixels);
    return sum;
}

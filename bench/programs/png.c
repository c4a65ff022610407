/* SPDX-License-Identifier: Apache-2.0 */
/* Bench: libpng (with zlib) decodes a true-colour picture that it encoded itself with all row filters before the clock starts. */
#include "program.h"
#include <png.h>

enum { WIDTH = 512, HEIGHT = 384, ROW = WIDTH * 3, FILE_MAX = 1 << 21 };

struct stream { unsigned char *bytes; size_t size, at; };

static void stream_write(png_structp png, png_bytep bytes, png_size_t size)
{
    struct stream *stream = png_get_io_ptr(png);
    if (size > FILE_MAX - stream->size)
        program_fail("the picture is too large");
    memcpy(stream->bytes + stream->size, bytes, size);
    stream->size += size;
}

static void stream_flush(png_structp png)
{
    (void)png;
}

static void stream_read(png_structp png, png_bytep bytes, png_size_t size)
{
    struct stream *stream = png_get_io_ptr(png);
    if (size > stream->size - stream->at)
        program_fail("the picture is too short");
    memcpy(bytes, stream->bytes + stream->at, size);
    stream->at += size;
}

static void picture_fill(unsigned char *pixels)
{
    uint64_t seed = 77;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            unsigned char *pixel = pixels + y * ROW + x * 3;
            unsigned noise = (unsigned)(program_random(&seed) >> 61);
            pixel[0] = (unsigned char)(x / 2 + noise);
            pixel[1] = (unsigned char)(y / 2 + x * y / 700 + noise);
            pixel[2] = (unsigned char)((x ^ y) + noise);
        }
}

static void picture_encode(struct stream *stream, unsigned char *pixels)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info)
        program_fail("out of memory");
    png_set_write_fn(png, stream, stream_write, stream_flush);
    png_set_IHDR(png, info, WIDTH, HEIGHT, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
    png_set_filter(png, 0, PNG_ALL_FILTERS);
    png_write_info(png, info);
    for (int y = 0; y < HEIGHT; y++)
        png_write_row(png, pixels + y * ROW);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
}

static void picture_decode(struct stream *stream, unsigned char *pixels)
{
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info)
        program_fail("out of memory");
    stream->at = 0;
    png_set_read_fn(png, stream, stream_read);
    png_read_info(png, info);
    if (png_get_image_width(png, info) != WIDTH || png_get_image_height(png, info) != HEIGHT)
        program_fail("the picture changed its size");
    png_set_expand(png);
    for (int y = 0; y < HEIGHT; y++)
        png_read_row(png, pixels + y * ROW, NULL);
    png_read_end(png, NULL);
    png_destroy_read_struct(&png, &info, NULL);
}

int main(int argc, char **argv)
{
    uint64_t rounds = program_rounds(argc, argv, 110), sum = PROGRAM_HASH_START;
    unsigned char *original = malloc(HEIGHT * ROW), *pixels = malloc(HEIGHT * ROW);
    struct stream stream = {malloc(FILE_MAX), 0, 0};
    if (!original || !pixels || !stream.bytes)
        program_fail("out of memory");
    picture_fill(original);
    picture_encode(&stream, original);
    program_begin();
    for (uint64_t i = 0; i < rounds; i++) {
        picture_decode(&stream, pixels);
        sum = program_hash(sum, pixels + (i % HEIGHT) * ROW, ROW);
    }
    if (memcmp(original, pixels, HEIGHT * ROW) != 0)
        program_fail("the decoded picture differs");
    return program_end(sum);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* libpng domain: decodes and encodes one picture at a time for the host. Its compression is the zlib domain's (zlib_stub.c). */
#include "picture.h"
#include "porin/capability.h"
#include "stream.h"
#include "zlib_stub.h"
#include <png.h>
#include <stdlib.h>
#include <string.h>

static struct picture picture;
static unsigned char *pixels_made, *file_made;

/* A file that is read or made; of one that is read, how much of the chunk comes yet, its CRC included, and whether that is image data. */
struct bytes {
    const unsigned char PORIN_CAP *data;
    unsigned char *made;
    size_t size, at, chunk_left;
    int is_image, image_begun;
};
enum { SIGNATURE_BYTES = 8, HEADER_BYTES = 8, CRC_BYTES = 4 };
static struct picture_bytes bytes_counted;

static void report_error(png_structp png, png_const_charp message)
{
    strncpy(picture.message, message, sizeof picture.message - 1);
    png_longjmp(png, 1);
}

static void report_warning(png_structp png, png_const_charp message)
{
    (void)png;
    if (!picture.message[0])
        strncpy(picture.message, message, sizeof picture.message - 1);
}

/* libpng hands compressed image data to zlib and does not look at it, but for the first byte: so its buffer stands for what was lent. */
static void read_image(struct bytes *file, png_bytep to, size_t size)
{
    const unsigned char PORIN_CAP *from = file->data + file->at;
    if (!file->image_begun && size) {
        to[0] = from[0];
        bytes_counted.copied++;
        file->image_begun = 1;
    }
    zlib_stub_stand_in(to, size, from);
    bytes_counted.passed_on += size;
}

static void read_bytes(png_structp png, png_bytep to, png_size_t size)
{
    struct bytes *file = png_get_io_ptr(png);
    if (size > file->size - file->at)
        png_error(png, "the file ends too early");
    if (file->is_image && file->chunk_left >= CRC_BYTES + size) {
        read_image(file, to, size);
    } else {
        zlib_stub_stand_in(NULL, 0, NULL);
        porin_cap_read(to, file->data + file->at, size);
        if (file->at >= SIGNATURE_BYTES && !file->chunk_left && size == HEADER_BYTES) {
            file->is_image = memcmp(to + 4, "IDAT", 4) == 0;
            file->chunk_left = png_get_uint_32(to) + (size_t)CRC_BYTES + size;
        }
    }
    file->chunk_left -= size < file->chunk_left ? size : file->chunk_left;
    file->at += size;
}

static void write_bytes(png_structp png, png_bytep from, png_size_t size)
{
    struct bytes *file = png_get_io_ptr(png);
    if (file->at + size > file->size) {
        size_t larger = (file->at + size) * 2;
        unsigned char *data = realloc(file->made, larger);
        if (!data)
            png_error(png, "out of memory");
        file->made = data;
        file->size = larger;
    }
    memcpy(file->made + file->at, from, size);
    file->at += size;
}

static void flush_bytes(png_structp png)
{
    (void)png;
}

static void pixels_free(void)
{
    free(pixels_made);
    free(file_made);
    pixels_made = file_made = NULL;
    memset(&picture, 0, sizeof picture);
}

/* Asks libpng to turn whatever the file holds into 8-bit RGBA. */
static void transform_to_rgba(png_structp png, png_infop info)
{
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_gray_to_rgb(png);
    png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
}

/* The part of decoding that libpng may leave by longjmp. */
static void decode(png_structp png, png_infop info, struct bytes *file, png_bytep **rows)
{
    png_set_read_fn(png, file, read_bytes);
    png_set_user_limits(png, PICTURE_SIDE_MAX, PICTURE_SIDE_MAX);
    png_read_info(png, info);
    picture.width = png_get_image_width(png, info);
    picture.height = png_get_image_height(png, info);
    picture.bit_depth = png_get_bit_depth(png, info);
    picture.color_type = png_get_color_type(png, info);
    picture.interlaced = png_get_interlace_type(png, info) != PNG_INTERLACE_NONE;
    if ((uint64_t)picture.width * picture.height > PICTURE_PIXELS_MAX)
        png_error(png, "the picture is larger than this demo takes");
    transform_to_rgba(png, info);
    if (png_get_rowbytes(png, info) != (size_t)picture.width * 4)
        png_error(png, "the picture did not become RGBA");
    unsigned char *pixels = malloc((size_t)picture.width * picture.height * 4);
    pixels_made = pixels;
    *rows = malloc(picture.height * sizeof **rows);
    if (!pixels || !*rows)
        png_error(png, "out of memory");
    for (uint32_t y = 0; y < picture.height; y++)
        (*rows)[y] = pixels + (size_t)y * picture.width * 4;
    png_read_image(png, *rows);
    png_read_end(png, NULL);
}

struct picture picture_decode(const unsigned char PORIN_CAP *data, size_t size)
{
    struct bytes file = {.data = data, .size = size};
    png_bytep *volatile rows = NULL;
    png_infop info = NULL;
    volatile int done = 0;
    pixels_free();
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, report_error, report_warning);
    if (png && (info = png_create_info_struct(png)) && setjmp(png_jmpbuf(png)) == 0) {
        decode(png, info, &file, (png_bytep **)&rows);
        done = 1;
    }
    if (!png || !info)
        strcpy(picture.message, "out of memory");
    png_destroy_read_struct(&png, &info, NULL);
    zlib_stub_stand_in(NULL, 0, NULL);
    free(rows);
    if (!done) {
        free(pixels_made);
        pixels_made = NULL;
    }
    picture.decoded = pixels_made != NULL;
    return picture;
}

static void encode(png_structp png, png_infop info, struct bytes *file, const unsigned char PORIN_CAP *pixels, uint32_t width,
                   uint32_t height)
{
    static unsigned char row[4 * PICTURE_SIDE_MAX];
    png_set_write_fn(png, file, write_bytes, flush_bytes);
    png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGBA, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
    png_write_info(png, info);
    for (uint32_t y = 0; y < height; y++) {
        porin_cap_read(row, pixels + (size_t)y * width * 4, (size_t)width * 4);
        png_write_row(png, row);
    }
    png_write_end(png, info);
}

struct picture picture_encode(const unsigned char PORIN_CAP *pixels, uint32_t width, uint32_t height)
{
    static struct bytes file; /* static: realloc changes it between setjmp and longjmp */
    png_infop info = NULL;
    file = (struct bytes){0};
    pixels_free();
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, report_error, report_warning);
    if (png && (info = png_create_info_struct(png)) && setjmp(png_jmpbuf(png)) == 0) {
        encode(png, info, &file, pixels, width, height);
        file_made = file.made;
        picture.file_size = (uint32_t)file.at;
    } else {
        free(file.made);
    }
    if (!png || !info)
        strcpy(picture.message, "out of memory");
    png_destroy_write_struct(&png, &info);
    return picture;
}

static int give(unsigned char PORIN_CAP *to, const unsigned char *from, uint64_t have, size_t size)
{
    if (!from || size > have)
        return -1;
    porin_cap_write(to, from, size);
    return 0;
}

int picture_pixels(unsigned char PORIN_CAP *to, size_t size)
{
    return give(to, pixels_made, (uint64_t)picture.width * picture.height * 4, size);
}

int picture_file(unsigned char PORIN_CAP *to, size_t size)
{
    return give(to, file_made, picture.file_size, size);
}

uint64_t picture_calls(void)
{
    return zlib_stub_calls;
}

struct picture_bytes picture_bytes(void)
{
    bytes_counted.inflated = stream_inflated();
    return bytes_counted;
}

uint64_t picture_checksums(uint64_t count, const uint8_t PORIN_CAP *bytes, uint64_t size)
{
    uint64_t sum = 0;
    while (count--)
        sum = stream_crc32(0, bytes, size);
    return sum;
}

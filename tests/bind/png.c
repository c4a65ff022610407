/* SPDX-License-Identifier: Apache-2.0 */
/* A program that reads and writes PNG as libpng's manual has it: setjmp for errors, callbacks for data. Prints sums of the pixels. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef BOUND
#include "png_bind.h"
#include "start.h"
#else
#include <png.h>
#endif

struct bytes { unsigned char *data; size_t size, at; };

static void report(png_structp png, png_const_charp message)
{
    printf("%s: %s\n", (const char *)png_get_error_ptr(png), message);
    longjmp(png_jmpbuf(png), 1);
}

static void warn(png_structp png, png_const_charp message)
{
    printf("%s warns: %s\n", (const char *)png_get_error_ptr(png), message);
}

static void read_bytes(png_structp png, png_bytep to, png_size_t size)
{
    struct bytes *file = png_get_io_ptr(png);
    if (size > file->size - file->at)
        png_error(png, "the file ends too early");
    memcpy(to, file->data + file->at, size);
    file->at += size;
}

static void write_bytes(png_structp png, png_bytep from, png_size_t size)
{
    struct bytes *file = png_get_io_ptr(png);
    if (size > file->size - file->at)
        png_error(png, "no room");
    memcpy(file->data + file->at, from, size);
    file->at += size;
}

static unsigned long sum(const unsigned char *bytes, size_t size, unsigned long sum)
{
    for (size_t i = 0; i < size; i++)
        sum = sum * 31 + bytes[i];
    return sum;
}

/* Decodes to RGBA. NULL after a message. */
static unsigned char *decode(struct bytes *file, unsigned *width, unsigned *height)
{
    static char name[] = "reader";
    static int turn; /* in one piece, in rows, row by row */
    static unsigned char *rows[10000];
    unsigned char *volatile pixels = NULL;
    png_infop info = NULL;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, name, report, warn);
    if (!png || !(info = png_create_info_struct(png)))
        return NULL;
    if (setjmp(png_jmpbuf(png))) {
        free(pixels);
        pixels = NULL;
    } else {
        png_set_read_fn(png, file, read_bytes);
        png_set_user_limits(png, 10000, 10000);
        png_read_info(png, info);
        *width = png_get_image_width(png, info), *height = png_get_image_height(png, info);
        png_set_expand(png);
        png_set_scale_16(png);
        png_set_gray_to_rgb(png);
        png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER);
        int passes = png_set_interlace_handling(png);
        png_read_update_info(png, info);
        size_t row = png_get_rowbytes(png, info);
        pixels = calloc(*height, row);
        for (unsigned y = 0; y < *height; y++)
            rows[y] = pixels + y * row;
        if (turn++ % 2)
            png_read_image(png, rows);
        else if (turn % 4 == 1)
            while (passes--)
                png_read_rows(png, rows, NULL, *height);
        else
            while (passes--)
                for (unsigned y = 0; y < *height; y++)
                    png_read_row(png, rows[y], NULL);
        png_read_end(png, info);
    }
    png_destroy_read_struct(&png, &info, NULL);
    return pixels;
}

static size_t encode(struct bytes *file, unsigned char *pixels, unsigned width, unsigned height)
{
    static char name[] = "writer";
    png_infop info = NULL;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, name, report, NULL);
    if (!png || !(info = png_create_info_struct(png)))
        return 0;
    if (setjmp(png_jmpbuf(png))) {
        file->at = 0;
    } else {
        png_set_write_fn(png, file, write_bytes, NULL);
        png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGBA, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
        png_write_info(png, info);
        size_t row = png_get_rowbytes(png, info);
        unsigned char *rows[2000];
        for (unsigned y = 0; y < height && y < 2000; y++)
            rows[y] = pixels + y * row;
        if (png_get_image_height(png, info) < 100)
            png_write_image(png, rows);
        else
            for (unsigned y = 0; y < height; y++)
                png_write_row(png, rows[y]);
        png_write_end(png, info);
    }
    png_destroy_write_struct(&png, &info);
    return file->at;
}

static void one(const char *path)
{
    struct bytes file = {malloc(8 << 20), 0, 0}, out = {malloc(8 << 20), 8 << 20, 0}, small = {out.data, 500, 0};
    unsigned width = 0, height = 0;
    FILE *stream = fopen(path, "rb");
    file.size = stream ? fread(file.data, 1, 8 << 20, stream) : 0;
    if (stream)
        fclose(stream);
    unsigned char *pixels = decode(&file, &width, &height);
    printf("%s %u %u %lx\n", path, width, height, pixels ? sum(pixels, (size_t)width * height * 4, 1) : 0);
    if (pixels) {
        size_t size = encode(&out, pixels, width, height);
        printf("written %zu %lx\n", size, sum(out.data, size, 1));
        printf("small %zu\n", encode(&small, pixels, width, height));
    }
    free(pixels);
    for (size_t damage = 40; damage < file.size; damage += file.size / 5) { /* a byte wrong here and there */
        file.data[damage] ^= 0x21;
        file.at = 0;
        pixels = decode(&file, &width, &height);
        printf("damaged at %zu: %lx\n", damage, pixels ? sum(pixels, (size_t)width * height * 4, 1) : 0);
        free(pixels);
    }
    free(file.data);
    free(out.data);
}

int main(int argc, char **argv)
{
    int first = 1;
#ifdef BOUND
    struct porin_error error = {0};
    porin_domain *domain = start(argv[first++], NULL);
    must_start(png_bind(domain, &error), &error);
#endif
    for (int i = first; i < argc; i++)
        one(argv[i]);
    return 0;
}

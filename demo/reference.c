/* SPDX-License-Identifier: Apache-2.0 */
/* For check-demo: decodes PNG files with libpng and zlib outside of any domain, the way the demo's libpng domain does, and prints for
 * each "FILE: WIDTH x HEIGHT, pixels CRC" or "FILE: refused: MESSAGE". */
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static char message[128];

static void report_error(png_structp png, png_const_charp text)
{
    strncpy(message, text, sizeof message - 1);
    png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp text)
{
    (void)png, (void)text;
}

static void read_bytes(png_structp png, png_bytep to, png_size_t size)
{
    if (fread(to, 1, size, png_get_io_ptr(png)) != size)
        png_error(png, "the file ends too early");
}

static void decode(const char *path, png_structp png, png_infop info)
{
    png_set_user_limits(png, 16384, 16384);
    png_read_info(png, info);
    png_uint_32 width = png_get_image_width(png, info), height = png_get_image_height(png, info);
    if ((unsigned long)width * height > 1 << 26)
        png_error(png, "the picture is larger than this demo takes");
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_gray_to_rgb(png);
    png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    unsigned char *pixels = malloc((size_t)width * height * 4);
    png_bytep *rows = malloc(height * sizeof *rows);
    if (!pixels || !rows)
        png_error(png, "out of memory");
    for (png_uint_32 y = 0; y < height; y++)
        rows[y] = pixels + (size_t)y * width * 4;
    png_read_image(png, rows);
    png_read_end(png, NULL);
    printf("%s: %u x %u, pixels %08lx\n", path, (unsigned)width, (unsigned)height, crc32(0, pixels, width * height * 4));
    free(pixels);
    free(rows);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, report_error, ignore_warning);
        png_infop info = png ? png_create_info_struct(png) : NULL;
        if (!file || !info)
            return 1;
        png_set_read_fn(png, file, read_bytes);
        if (setjmp(png_jmpbuf(png)) == 0)
            decode(argv[i], png, info);
        else
            printf("%s: refused: %s\n", argv[i], message);
        png_destroy_read_struct(&png, &info, NULL);
        fclose(file);
    }
    return 0;
}

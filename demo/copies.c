/* SPDX-License-Identifier: Apache-2.0 */
/* Where the image data of a file goes when domains decode it: fails if the libpng domain has copied more of it than the byte that libpng
 * looks at, by its own count and by a look through its memory. Usage: copies IMAGES FILE.png... */
#define _GNU_SOURCE /* memmem */
#include "demo.h"
#include "picture_bind.h"
#include "stream_edges.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE_BYTES = 32, CHUNK_BYTES = 1 << 16, FILE_MAX = 64 << 20 };

static struct part libpng, zlib;

void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("copies: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(1);
}

/* Is the sample anywhere in the domain's slot? */
static bool memory_holds(porin_domain *domain, const uint8_t *sample)
{
    static uint8_t chunk[CHUNK_BYTES + SAMPLE_BYTES];
    size_t before = 0; /* bytes of the page before, which a sample may begin in */
    for (uint64_t at = 0; at < 1ull << 32; at += 4096) {
        if (porin_copy_in(chunk + before, domain, (porin_addr){(uint32_t)at}, 4096) != PORIN_OK) {
            uint8_t byte; /* skips what is not mapped faster where a whole chunk is not */
            uint64_t end = at / CHUNK_BYTES * CHUNK_BYTES + CHUNK_BYTES - 1;
            if (at % CHUNK_BYTES == 0 && porin_copy_in(&byte, domain, (porin_addr){(uint32_t)end}, 1) != PORIN_OK)
                at += CHUNK_BYTES - 4096;
            before = 0;
            continue;
        }
        if (memmem(chunk, before + 4096, sample, SAMPLE_BYTES))
            return true;
        memmove(chunk, chunk + before + 4096 - SAMPLE_BYTES, SAMPLE_BYTES);
        before = SAMPLE_BYTES;
    }
    return false;
}

static uint32_t number_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

/* Bytes of image data in the file; *middle is amid the largest piece. */
static uint64_t image_bytes(const uint8_t *file, size_t size, const uint8_t **middle)
{
    uint64_t sum = 0, largest = 0;
    for (size_t at = 8, length; at + 12 <= size; at += length + 12) {
        length = number_at(file + at);
        if (length > size - at - 12 || memcmp(file + at + 4, "IDAT", 4) != 0)
            continue;
        sum += length;
        if (length > largest) {
            largest = length;
            *middle = file + at + 8 + length / 2 - (length > SAMPLE_BYTES ? SAMPLE_BYTES / 2 : 0);
        }
    }
    return largest >= 2 * SAMPLE_BYTES ? sum : 0;
}

static void file_follow(const char *path)
{
    static uint8_t bytes[FILE_MAX];
    static uint64_t inflated, passed_on, copied;
    const uint8_t *middle = NULL;
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    uint64_t expected = image_bytes(bytes, size, &middle);
    if (!expected)
        die("%s has not enough image data to look for", path);
    struct picture picture = picture_decode(bytes, size);
    struct picture_bytes went = picture_bytes();
    if (!picture.decoded)
        die("%s: %s %s", path, picture.message, porin_binding_error()->text);
    uint8_t *pixels = malloc((size_t)picture.width * picture.height * 4);
    if (!pixels || picture_pixels(pixels, (size_t)picture.width * picture.height * 4) != 0)
        die("%s: no pixels: %s", path, porin_binding_error()->text);
    uint64_t now_copied = went.copied - copied, now_passed = went.passed_on - passed_on, now_inflated = went.inflated - inflated;
    printf("%s: %llu bytes of image data: %llu lent on, %llu inflated, %llu copied by libpng\n", path, (unsigned long long)expected,
           (unsigned long long)now_passed, (unsigned long long)now_inflated, (unsigned long long)now_copied);
    if (now_copied != 1 || now_passed != expected || now_inflated < expected) /* text and profiles may be deflated too */
        die("%s: image data was copied on the way, or not all of it came", path);
    if (memory_holds(libpng.domain, middle))
        die("%s: the libpng domain has a copy of image data", path);
    if (!memory_holds(libpng.domain, pixels + (size_t)picture.width * (picture.height / 2) * 4))
        die("%s: the look through memory does not find what is there", path);
    free(pixels);
    inflated = went.inflated, passed_on = went.passed_on, copied = went.copied;
}

int main(int argc, char **argv)
{
    struct porin_error error = {0};
    if (argc < 3)
        return 2;
    part_create(&zlib, argv[1], "zlib");
    part_create(&libpng, argv[1], "libpng");
    if (stream_connect(libpng.domain, zlib.domain, &error) != PORIN_OK || picture_bind(libpng.domain, &error) != PORIN_OK)
        die("%s", error.text);
    for (int i = 2; i < argc; i++)
        file_follow(argv[i]);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Growing text buffers and slices. */
#define _GNU_SOURCE
#include "buffer.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct slice slice_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

bool slice_is(struct slice s, const char *text)
{
    return strlen(text) == s.length && (s.length == 0 || memcmp(s.start, text, s.length) == 0);
}

bool slice_equal(struct slice a, struct slice b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.start, b.start, a.length) == 0);
}

bool slice_starts(struct slice s, const char *prefix)
{
    size_t length = strlen(prefix);
    return s.length >= length && memcmp(s.start, prefix, length) == 0;
}

bool slice_contains(struct slice s, const char *part)
{
    return s.length && memmem(s.start, s.length, part, strlen(part)) != NULL;
}

struct slice slice_skip(struct slice s, size_t count)
{
    return (struct slice){s.start + count, s.length - count};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

struct slice slice_trim(struct slice s)
{
    while (s.length && is_blank(s.start[0]))
        s = slice_skip(s, 1);
    while (s.length && is_blank(s.start[s.length - 1]))
        s.length--;
    return s;
}

void *grow(void *memory, size_t size)
{
    void *bigger = realloc(memory, size ? size : 1);
    if (!bigger) {
        fprintf(stderr, "porin-cc: out of memory\n");
        exit(1);
    }
    return bigger;
}

static void buffer_reserve(struct buffer *buffer, size_t extra)
{
    size_t need = buffer->length + extra + 1;
    if (need <= buffer->capacity)
        return;
    buffer->capacity = need < 4096 ? 4096 : need * 2;
    buffer->data = grow(buffer->data, buffer->capacity);
}

void buffer_add(struct buffer *buffer, const char *text, size_t length)
{
    buffer_reserve(buffer, length);
    if (length)
        memcpy(buffer->data + buffer->length, text, length);
    buffer->length += length;
    buffer->data[buffer->length] = 0;
}

void buffer_add_slice(struct buffer *buffer, struct slice s)
{
    buffer_add(buffer, s.start, s.length);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    buffer_reserve(buffer, 256);
    size_t room = buffer->capacity - buffer->length;
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(buffer->data + buffer->length, room, format, arguments);
    if (length >= 0 && (size_t)length >= room) {
        buffer_reserve(buffer, (size_t)length);
        length = vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, again);
    }
    if (length > 0)
        buffer->length += (size_t)length;
    va_end(again);
    va_end(arguments);
}

bool buffer_read_file(struct buffer *buffer, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    char piece[65536];
    size_t count;
    buffer_add(buffer, "", 0);
    while ((count = fread(piece, 1, sizeof piece, file)) > 0)
        buffer_add(buffer, piece, count);
    bool good = !ferror(file);
    fclose(file);
    return good;
}

bool buffer_write_file(const struct buffer *buffer, const char *path)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        return false;
    bool good = fwrite(buffer->data, 1, buffer->length, file) == buffer->length;
    return fclose(file) == 0 && good;
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

char *format_text(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0) {
        fprintf(stderr, "porin-cc: out of memory\n");
        exit(1);
    }
    return text;
}

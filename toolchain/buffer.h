/* SPDX-License-Identifier: Apache-2.0 */
/* Growing text buffers, and slices: pieces of text that somebody else owns. Running out of memory ends porin-cc with a message. */
#ifndef PORIN_BUFFER_H
#define PORIN_BUFFER_H
#include <stdbool.h>
#include <stddef.h>

struct slice { const char *start; size_t length; };
#define SLICE_FORMAT "%.*s"
#define SLICE_ARGS(s) (int)(s).length, (s).start

struct slice slice_of(const char *text);
bool slice_is(struct slice s, const char *text);
bool slice_equal(struct slice a, struct slice b);
bool slice_starts(struct slice s, const char *prefix);
bool slice_contains(struct slice s, const char *part);
struct slice slice_skip(struct slice s, size_t count); /* without its first count characters */
struct slice slice_trim(struct slice s);               /* without blanks at both ends */

struct buffer { char *data; size_t length, capacity; };

void buffer_add(struct buffer *buffer, const char *text, size_t length);
void buffer_add_slice(struct buffer *buffer, struct slice s);
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Reads the whole file and ends it with a NUL that length does not count; false with errno set. */
bool buffer_read_file(struct buffer *buffer, const char *path);
bool buffer_write_file(const struct buffer *buffer, const char *path);
void buffer_free(struct buffer *buffer);

/* realloc that does not fail; size must not overflow. */
void *grow(void *memory, size_t size);
char *format_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The demo's host side: what its files offer each other. */
#ifndef DEMO_H
#define DEMO_H
#include "picture.h"
#include "porin/porin.h"
#include <stddef.h>
#include <stdint.h>

__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);
uint64_t now_ns(void);

/* --- a domain and its image --- */
struct part { const char *name; char image_path[512]; porin_domain *domain; };
void part_create(struct part *part, const char *images, const char *name);
/* Makes text fit for a terminal, which obeys control characters: what is neither printable nor a line break becomes '?'. */
void text_clean(char *text);
/* "capitalise (demo/caption.c:20)" for a text offset of the image, as far as binutils' addr2line can tell; else "". */
void part_where(const struct part *part, uint32_t offset, char *text, size_t size);

/* --- facts: the SQLite domain --- */
/* Runs SQL in it and returns the rows as lines; the caller frees. Dies with SQLite's message if it is refused. */
char *facts_ask(const char *sql);

/* --- pictures in host memory: 8-bit RGBA --- */
struct canvas { uint32_t width, height; uint8_t *pixels; };
/* The picture with its histogram and most frequent colours below it, both from the database. */
struct canvas chart_draw(const struct canvas *picture);

/* --- the same call to a separate process --- */
/* CRC-32 as PNG and zlib define it, computed by the host itself. */
uint32_t checksum(const uint8_t *bytes, size_t size);
struct separate { int socket; };
/* Starts a process that answers checksums of up to 32 bytes over a UNIX socket; to be called before any domain exists. */
enum { QUESTION_BYTES = 32 };
struct separate separate_start(void);
uint32_t separate_checksum(struct separate *separate, const uint8_t *bytes, size_t size);
void separate_stop(struct separate *separate);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Names for places in images. */
#ifndef PORIN_COMMANDS_SYMBOLS_H
#define PORIN_COMMANDS_SYMBOLS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol { char *function, *place; }; /* "inflate", "inflate.c:640"; NULL: not known. Printable characters only */

/* Fills symbols[0..count) for slot offsets in an image's code. The debugging information of an image is as hostile as its code, and what
 * reads it is no domain: addr2line of binutils does, in a process of its own that has little memory and time. False: it could not be
 * run; nothing is known then. symbols_free in any case. */
bool symbols_find(const char *image, const uint32_t *offsets, size_t count, struct symbol *symbols);
void symbols_free(struct symbol *symbols, size_t count);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What porin-cc must know about an image it has linked. The file is porin-cc's own, but read with the same care as a stranger's. */
#ifndef PORIN_TOOLCHAIN_IMAGE_H
#define PORIN_TOOLCHAIN_IMAGE_H
#include <stdint.h>
#include "buffer.h"

struct image { struct buffer file; const uint8_t *text; size_t text_size; uint32_t text_offset; };

bool image_read(struct image *image, const char *path);
/* Is there a symbol of that name with a value? Its value is optional. */
bool image_symbol(const struct image *image, const char *name, uint64_t *value);
/* Name of the function at or before that slot offset and the distance to it; NULL if there is none. */
const char *image_place(const struct image *image, uint64_t offset, uint64_t *distance);
void image_free(struct image *image);
#endif

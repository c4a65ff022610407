/* SPDX-License-Identifier: Apache-2.0 */
/* A domain image: what the loader reads from the file, and the sealed memory it makes of it. */
#ifndef PORIN_LOADER_IMAGE_H
#define PORIN_LOADER_IMAGE_H
#include "porin/porin.h"
#include "image_format.h"
#include "layout.h"

#define IMAGE_PAGE 0x1000u
#define IMAGE_MAX_TEXT (1u << 30)
#define IMAGE_MAX_EXPORTS 65536u
#define IMAGE_MAX_BYTES (1ull << 31)     /* of the file */

/* One segment: bytes of the file that come to lie at slot offsets [offset, offset + file_size), zeroes behind them up to memory_size. */
struct image_segment {
    uint64_t file_offset;
    uint32_t offset, file_size, memory_size;
};

/* What a well-formed file says. Everything is checked; offsets of tables and of the note lie in the read-only segment. */
struct image_layout {
    struct image_segment text, constants, data; /* data.memory_size may be 0 */
    struct porin_note note;
    uint32_t imports_count, exports_count;
};

/* Checks and reads an ELF file. Pure: touches nothing but its arguments, allocates nothing. Named errors in *error. */
porin_status image_parse(const uint8_t *bytes, size_t size, struct image_layout *out, struct porin_error *error);

static inline uint32_t page_floor(uint32_t offset)
{
    return offset & ~(IMAGE_PAGE - 1);
}

static inline uint64_t page_ceil(uint64_t offset)
{
    return (offset + IMAGE_PAGE - 1) & ~(uint64_t)(IMAGE_PAGE - 1);
}

struct porin_image {
    _Atomic uint32_t references;         /* the host's one and one per domain */
    int file;                            /* sealed: text pages, constant pages, data pages, then a hole for bss and first heap */
    struct image_layout layout;
    const uint8_t *memory;               /* the file's text, constants and data, mapped read-only: what was verified */
    uint64_t memory_size;
    uint32_t text_pages_size, constants_pages_size, data_pages_size; /* as they lie in the file, whole pages */
    uint32_t data_start;                 /* slot offset of the data pages, or where they would be */
    uint32_t data_file_size;             /* data pages and hole: what every domain maps privately */
    uint32_t data_end;                   /* end of data and bss, whole pages: where the heap starts */
    uint32_t uses;                       /* PORIN_USES_*: verifier's facts */
    uint64_t *starts;                    /* bit per byte of the text pages: a branch may go here; only of images that use capabilities */
    const struct porin_symbol *imports, *exports; /* in memory */
    char name[48];
    char *path;                          /* of the file it was read from, for debuggers; NULL if there is none */
};

/* Reads the host's image memory at a slot offset; NULL if [offset, offset + size) is not inside one segment's file bytes. */
const void *image_bytes(const struct porin_image *image, uint32_t offset, uint32_t size);
/* Is there a label of the text at this slot offset? */
bool image_has_label(const struct porin_image *image, uint32_t offset);
void image_retain(struct porin_image *image);
/* PORIN_OK if this machine has the CPU features needed: bits as in trusted/tables/features.def. */
porin_status features_check(uint64_t needed, struct porin_error *error);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What a domain image is: an ELF64 x86-64 ET_EXEC, linked statically at slot offsets, plus one note. */
#ifndef PORIN_IMAGE_FORMAT_H
#define PORIN_IMAGE_FORMAT_H
#include <stdint.h>

/* At most one PT_LOAD each of: read+execute (starts at PORIN_IMAGE_BASE, code only, unused bytes cc), read-only, read+write.
 * The note (PT_NOTE, name "Porin", type 1) holds this; all offsets are slot offsets inside the read-only segment. */
struct porin_note {
    uint32_t format_version;   /* PORIN_FORMAT_VERSION */
    uint32_t flags;            /* PORIN_IMAGE_* */
    uint32_t start_offset;     /* label of the start routine; 0: nothing to run at creation */
    uint32_t thread_offset;    /* label of the routine that makes a foreign thread known to the libc; 0: none */
    uint32_t stack_size;       /* bytes of data stack wanted for the first thread; 0: PORIN_STACK_DEFAULT */
    uint32_t imports_offset;   /* struct porin_symbol[imports_count] */
    uint32_t imports_size;     /* bytes */
    uint32_t exports_offset;   /* struct porin_symbol[] */
    uint32_t exports_size;     /* bytes */
    uint32_t reserved[7];      /* 0 */
};
#define PORIN_IMAGE_PROGRAM 1u /* start runs main and exits; otherwise start initialises a library and returns */

struct porin_symbol {
    uint32_t offset;           /* export: label in text; import: its gate, PORIN_GATES_IMPORT + k * PORIN_GATE_SIZE */
    uint32_t flags;            /* 0 */
    char name[56];             /* NUL-terminated */
};
_Static_assert(sizeof(struct porin_symbol) == 64, "records are 64 bytes");
_Static_assert(sizeof(struct porin_note) == 64, "the note is 64 bytes");
#endif

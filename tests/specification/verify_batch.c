/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier as a filter for comparisons: length-prefixed snippets (32 bits, little endian) on standard input, one verdict a line.
 * Usage: verify_batch [IMPORTS]   (number of import gates that exist; default 0). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "porin/verify.h"
#include "layout.h"

static void *allocate(size_t size)
{
    void *memory = malloc(size);
    if (!memory) {
        fprintf(stderr, "verify_batch: no memory for %zu bytes\n", size);
        exit(2);
    }
    return memory;
}

/* Reads exactly size bytes; returns 0 at a clean end of the stream, exits on a torn one. */
static int read_exactly(void *buffer, size_t size)
{
    size_t got = fread(buffer, 1, size, stdin);
    if (got == 0 && size != 0 && feof(stdin))
        return 0;
    if (got != size) {
        fprintf(stderr, "verify_batch: input ends inside a snippet\n");
        exit(2);
    }
    return 1;
}

static void verify_snippet(uint32_t size, uint32_t imports)
{
    /* Exactly sized copies, so that a sanitizer sees any read past the text or the scratch memory. */
    uint8_t *text = allocate(size ? size : 1);
    uint64_t *scratch = allocate(porin_verify_scratch_words(size) * sizeof *scratch + 1);
    if (size && !read_exactly(text, size)) {
        fprintf(stderr, "verify_batch: input ends inside a snippet\n");
        exit(2);
    }
    struct porin_verify_input input = {
        .text = text,
        .text_size = size,
        .text_offset = PORIN_IMAGE_BASE,
        .gates = {
            { PORIN_GATES_SERVICE, PORIN_SERVICE_GATE_SIZE, PORIN_SERVICE_GATES },
            { PORIN_GATES_IMPORT, PORIN_GATE_SIZE, imports },
        },
        .scratch = scratch,
    };
    struct porin_verify_report report;
    if (porin_verify_text(&input, &report))
        printf("accept %u\n", report.uses);
    else
        printf("refuse %#x %s\n", report.offset, porin_reason_name(report.reason));
    free(scratch);
    free(text);
}

int main(int argc, char **argv)
{
    uint32_t imports = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : 0;
    uint8_t header[4];
    while (read_exactly(header, sizeof header))
        verify_snippet(header[0] | header[1] << 8 | header[2] << 16 | (uint32_t)header[3] << 24, imports);
    return 0;
}

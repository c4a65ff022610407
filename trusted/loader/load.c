/* SPDX-License-Identifier: Apache-2.0 */
/* From bytes of a file to sealed, verified memory. Order matters: private copy, parse, write, seal, map, verify what is mapped. */
#include "image.h"
#include "porin/verify.h"
#include "runtime/error.h"
#include "runtime/must.h"
#include "slots/sealed.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_HEAP 0x10000u              /* heap that is part of the data mapping, so that an idle domain needs no mapping more */
#define HOLE_MAX (1u << 20)              /* bss beyond this is mapped separately: it would cost page cache besides */
#define GAP_MAX 0x10000u                 /* between segments, that is filled to keep them adjacent */
#define FILL 0xcc                        /* int3: what an unused byte of an executable page does */

static bool file_write_segment(int file, const uint8_t *bytes, const struct image_segment *segment, uint64_t pages_offset)
{
    uint64_t at = pages_offset + (segment->offset - page_floor(segment->offset));
    return sealed_write(file, bytes + segment->file_offset, segment->file_size, at);
}

/* Fills what text has left of its pages. */
static bool file_fill_text(int file, const struct porin_image *image)
{
    uint8_t fill[IMAGE_PAGE];
    memset(fill, FILL, sizeof fill);
    uint32_t at = image->layout.text.file_size;
    while (at < image->text_pages_size) {
        uint32_t piece = image->text_pages_size - at < sizeof fill ? image->text_pages_size - at : (uint32_t)sizeof fill;
        if (!sealed_write(file, fill, piece, at))
            return false;
        at += piece;
    }
    return true;
}

static uint32_t segment_pages_size(const struct image_segment *segment, uint32_t size)
{
    return size ? (uint32_t)(page_ceil((uint64_t)segment->offset + size) - page_floor(segment->offset)) : 0;
}

/* Where a segment's pages end in the file: at the next segment's, if little lies between, so that mappings are adjacent. */
static uint32_t pages_extend(const struct image_segment *segment, uint32_t pages_size, const struct image_segment *next)
{
    uint64_t end = (uint64_t)page_floor(segment->offset) + pages_size, start = page_floor(next->offset);
    return next->memory_size && start > end && start - end <= GAP_MAX ? pages_size + (uint32_t)(start - end) : pages_size;
}

/* Lays the image out in a memory file: text pages, constant pages, data pages, hole. */
static porin_status image_write(struct porin_image *image, const uint8_t *bytes, struct porin_error *error)
{
    const struct image_layout *layout = &image->layout;
    image->text_pages_size = segment_pages_size(&layout->text, layout->text.file_size);
    image->constants_pages_size = segment_pages_size(&layout->constants, layout->constants.file_size);
    image->data_pages_size = segment_pages_size(&layout->data, layout->data.file_size);
    image->text_pages_size = pages_extend(&layout->text, image->text_pages_size, &layout->constants);
    image->constants_pages_size = pages_extend(&layout->constants, image->constants_pages_size, &layout->data);
    image->data_start = layout->data.memory_size ? page_floor(layout->data.offset)
                                                 : (uint32_t)page_ceil((uint64_t)layout->constants.offset + layout->constants.memory_size);
    uint32_t memory = segment_pages_size(&layout->data, layout->data.memory_size);
    uint32_t hole = memory - image->data_pages_size;
    image->data_file_size = image->data_pages_size + (hole <= HOLE_MAX ? hole + FIRST_HEAP : 0);
    image->data_end = image->data_start + memory;
    image->memory_size = (uint64_t)image->text_pages_size + image->constants_pages_size + image->data_pages_size;
    uint64_t file_size = image->memory_size - image->data_pages_size + image->data_file_size;
    int file = sealed_begin(image->name, file_size);
    if (file < 0)
        return error_set(error, PORIN_ERR_MEMORY, "memory file for the image: %s", strerror(errno));
    if (!file_write_segment(file, bytes, &layout->text, 0) || !file_fill_text(file, image) ||
        !file_write_segment(file, bytes, &layout->constants, image->text_pages_size) ||
        !file_write_segment(file, bytes, &layout->data, image->text_pages_size + image->constants_pages_size)) {
        int saved = errno;
        close(file);
        return error_set(error, PORIN_ERR_MEMORY, "memory file for the image: %s", strerror(saved));
    }
    image->file = sealed_finish(file);
    if (image->file < 0)
        return error_set(error, PORIN_ERR_MEMORY, "sealing the image: %s", strerror(errno));
    struct stat status; /* only now can nobody change it any more */
    if (fstat(image->file, &status) != 0 || (uint64_t)status.st_size != file_size)
        return error_set(error, PORIN_ERR_MEMORY, "the image's memory file has changed its size");
    void *memory_map = mmap(NULL, image->memory_size, PROT_READ, MAP_SHARED, image->file, 0);
    if (memory_map == MAP_FAILED)
        return error_set(error, PORIN_ERR_MEMORY, "mapping the image: %s", strerror(errno));
    image->memory = memory_map;
    return PORIN_OK;
}

static porin_status image_verify(struct porin_image *image, struct porin_error *error)
{
    struct porin_verify_input input = {
        .text = image->memory,
        .text_size = image->text_pages_size, /* all that is mapped executable, not only what the file calls text */
        .text_offset = image->layout.text.offset,
        .gates = { { PORIN_GATES_SERVICE, PORIN_SERVICE_GATE_SIZE, PORIN_SERVICE_GATES },
                   { PORIN_GATES_IMPORT, PORIN_GATE_SIZE, image->layout.imports_count } },
    };
    input.scratch = malloc(porin_verify_scratch_words(input.text_size) * sizeof *input.scratch);
    if (!input.scratch)
        return error_set(error, PORIN_ERR_MEMORY, "no memory to verify %zu bytes of text", input.text_size);
    struct porin_verify_report report;
    bool accepted = porin_verify_text(&input, &report);
    image->starts = accepted && report.uses & PORIN_USES_CAPABILITIES ? input.scratch : NULL;
    if (!image->starts)
        free(input.scratch);
    if (!accepted) {
        error_set(error, PORIN_ERR_REFUSED, "code at %#x refused: %s: %s", input.text_offset + report.offset,
                  porin_reason_name(report.reason),
                  porin_reason_text(report.reason));
        if (error)
            error->offset = report.offset;
        return PORIN_ERR_REFUSED;
    }
    image->uses = report.uses;
    return features_check(report.cpu_features, error);
}

const void *image_bytes(const struct porin_image *image, uint32_t offset, uint32_t size)
{
    const struct image_segment *segments[] = { &image->layout.text, &image->layout.constants, &image->layout.data };
    uint64_t pages = 0;
    const uint32_t pages_sizes[] = { image->text_pages_size, image->constants_pages_size, image->data_pages_size };
    for (int i = 0; i < 3; pages += pages_sizes[i++]) {
        uint32_t start = segments[i]->offset, length = segments[i]->file_size;
        if (offset >= start && offset - start <= length && size <= length - (offset - start))
            return image->memory + pages + (offset - page_floor(start));
    }
    return NULL;
}

bool image_has_label(const struct porin_image *image, uint32_t offset)
{
    uint32_t start = image->layout.text.offset, label;
    if (offset < start || offset - start > image->text_pages_size - sizeof label)
        return false;
    memcpy(&label, image->memory + (offset - start), sizeof label);
    return label == PORIN_LABEL_BYTES;
}

static porin_status image_make(struct porin_image *image, const uint8_t *bytes, size_t size, struct porin_error *error)
{
    porin_status status = image_parse(bytes, size, &image->layout, error);
    if (status == PORIN_OK)
        status = image_write(image, bytes, error);
    if (status == PORIN_OK)
        status = image_verify(image, error);
    if (status != PORIN_OK)
        return status;
    const struct porin_note *note = &image->layout.note;
    image->imports = note->imports_size ? image_bytes(image, note->imports_offset, note->imports_size) : NULL;
    image->exports = note->exports_size ? image_bytes(image, note->exports_offset, note->exports_size) : NULL;
    must(!note->imports_size || image->imports);
    must(!note->exports_size || image->exports);
    return PORIN_OK;
}

void image_retain(struct porin_image *image)
{
    must(image->references++ > 0);
}

void porin_image_release(porin_image *image)
{
    if (!image || --image->references)
        return;
    if (image->memory)
        munmap((void *)image->memory, image->memory_size);
    if (image->file >= 0)
        close(image->file);
    free(image->starts);
    free(image->path);
    free(image);
}

/* `bytes` is private to the loader: nobody else changes it meanwhile. */
static porin_status image_load(const char *name, const uint8_t *bytes, size_t size, porin_image **out, struct porin_error *error)
{
    struct porin_image *image = calloc(1, sizeof *image);
    if (!image)
        return error_set(error, PORIN_ERR_MEMORY, "no memory for the image");
    image->references = 1;
    image->file = -1;
    const char *slash = strrchr(name, '/');
    snprintf(image->name, sizeof image->name, "%s", slash ? slash + 1 : name);
    struct porin_error local = { 0 };
    porin_status status = image_make(image, bytes, size, &local);
    if (status != PORIN_OK) {
        if (error) {
            *error = local;
            memcpy(error->domain, image->name, sizeof error->domain);
        }
        porin_image_release(image);
        return status;
    }
    *out = image;
    return PORIN_OK;
}

porin_status porin_image_load_memory(const char *name, const void *bytes, size_t size, porin_image **out, struct porin_error *error)
{
    if (!name || !bytes || !out)
        return error_set(error, PORIN_ERR_ARGUMENT, "porin_image_load_memory: NULL argument");
    if (size > IMAGE_MAX_BYTES)
        return error_set(error, PORIN_ERR_BAD_IMAGE, "%zu bytes: an image has at most %llu", size, IMAGE_MAX_BYTES);
    uint8_t *copy = malloc(size + 1);
    if (!copy)
        return error_set(error, PORIN_ERR_MEMORY, "no memory for a copy of %zu bytes", size);
    memcpy(copy, bytes, size);
    porin_status status = image_load(name, copy, size, out, error);
    free(copy);
    return status;
}

/* Reads a whole file, which may change or shrink meanwhile: what was read is what counts. */
static porin_status file_read(int file, const char *path, uint8_t **out, size_t *size, struct porin_error *error)
{
    struct stat status;
    if (fstat(file, &status) != 0)
        return error_set(error, PORIN_ERR_FILE, "%s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return error_set(error, PORIN_ERR_FILE, "%s is no regular file", path);
    if ((uint64_t)status.st_size > IMAGE_MAX_BYTES)
        return error_set(error, PORIN_ERR_BAD_IMAGE, "%s has %lld bytes: an image has at most %llu", path, (long long)status.st_size,
                         IMAGE_MAX_BYTES);
    uint8_t *bytes = malloc((size_t)status.st_size + 1);
    if (!bytes)
        return error_set(error, PORIN_ERR_MEMORY, "no memory for %lld bytes of %s", (long long)status.st_size, path);
    size_t have = 0;
    while (have < (size_t)status.st_size) {
        ssize_t got = read(file, bytes + have, (size_t)status.st_size - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int saved = errno;
            free(bytes);
            return error_set(error, PORIN_ERR_FILE, "%s: %s", path, strerror(saved));
        }
        if (got == 0)
            break;
        have += (size_t)got;
    }
    *out = bytes;
    *size = have;
    return PORIN_OK;
}

porin_status porin_image_load_file(const char *path, porin_image **out, struct porin_error *error)
{
    if (!path || !out)
        return error_set(error, PORIN_ERR_ARGUMENT, "porin_image_load_file: NULL argument");
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return error_set(error, PORIN_ERR_FILE, "%s: %s", path, strerror(errno));
    uint8_t *bytes = NULL;
    size_t size = 0;
    porin_status status = file_read(file, path, &bytes, &size, error);
    close(file);
    if (status != PORIN_OK)
        return status;
    status = image_load(path, bytes, size, out, error);
    free(bytes);
    if (status == PORIN_OK)
        (*out)->path = realpath(path, NULL);
    return status;
}

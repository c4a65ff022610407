/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: any bytes as an image file. Whatever the loader says, it says so without touching memory it was not given, and leaves
 * nothing open behind; what it accepts is looked at again here, from the file's bytes. A mutator that knows where the numbers of an image
 * stand makes most of the inputs. */
#define _GNU_SOURCE
#include "loader/image.h"
#include "porin/verify.h"
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

static void check(bool right, const char *problem)
{
    if (right)
        return;
    fprintf(stderr, "fuzz_image: accepted, but %s\n", problem);
    abort();
}

/* --- what an accepted layout promises --- */
static void check_segment(const struct image_segment *s, size_t size, uint64_t *page_end)
{
    if (!s->memory_size)
        return;
    uint64_t end = (uint64_t)s->offset + s->memory_size;
    check(s->file_offset <= size && s->file_size <= size - s->file_offset, "a segment is not in the file");
    check(s->file_size <= s->memory_size, "a segment has more in the file than in memory");
    check(s->offset >= PORIN_IMAGE_BASE && end <= PORIN_IMAGE_END, "a segment lies outside the image's range");
    check(s->offset / IMAGE_PAGE >= *page_end, "segments share a page or are out of order");
    *page_end = (end + IMAGE_PAGE - 1) / IMAGE_PAGE;
}

static void check_label(const uint8_t *bytes, const struct image_layout *layout, uint32_t offset)
{
    const uint32_t label = PORIN_LABEL_BYTES;
    check(offset >= layout->text.offset && (uint64_t)offset + 4 <= (uint64_t)layout->text.offset + layout->text.file_size,
          "an entry lies outside the text");
    check(!memcmp(bytes + layout->text.file_offset + (offset - layout->text.offset), &label, 4), "an entry is no label");
}

/* The symbols of a table, which must lie in the constants of the file. */
static const struct porin_symbol *check_table(const uint8_t *bytes, const struct image_layout *layout, uint32_t offset, uint32_t size,
                                              uint32_t count)
{
    const struct image_segment *constants = &layout->constants;
    check(size == (uint64_t)count * sizeof(struct porin_symbol), "a table has another size than its count says");
    if (!count)
        return NULL;
    check(offset >= constants->offset && (uint64_t)offset + size <= (uint64_t)constants->offset + constants->file_size,
          "a table lies outside the constants");
    const uint8_t *table = bytes + constants->file_offset + (offset - constants->offset);
    for (uint32_t i = 0; i < count; i++) {
        const struct porin_symbol *symbol = (const void *)(table + i * sizeof *symbol);
        check(symbol->name[0] && memchr(symbol->name, 0, sizeof symbol->name), "a name does not end");
    }
    return (const void *)table;
}

static void check_layout(const uint8_t *bytes, size_t size, const struct image_layout *layout)
{
    uint64_t page_end = 0, gates[PORIN_MAX_IMPORTS / 64 + 1] = { 0 };
    const struct porin_note *note = &layout->note;
    check(layout->text.memory_size && layout->text.offset == PORIN_IMAGE_BASE, "text does not start where it must");
    check(layout->constants.memory_size, "there are no constants");
    check(layout->text.file_size == layout->text.memory_size && layout->constants.file_size == layout->constants.memory_size,
          "read-only memory is not wholly in the file");
    check_segment(&layout->text, size, &page_end);
    check_segment(&layout->constants, size, &page_end);
    check_segment(&layout->data, size, &page_end);
    check(layout->imports_count <= PORIN_MAX_IMPORTS && layout->exports_count <= IMAGE_MAX_EXPORTS, "a table is too large");
    check(note->stack_size <= PORIN_STACK_END - PORIN_SLOT_EDGE && note->stack_size % IMAGE_PAGE == 0, "the stack has a wrong size");
    const struct porin_symbol *imports = check_table(bytes, layout, note->imports_offset, note->imports_size, layout->imports_count);
    const struct porin_symbol *exports = check_table(bytes, layout, note->exports_offset, note->exports_size, layout->exports_count);
    for (uint32_t i = 0; i < layout->imports_count; i++) {
        uint64_t gate = ((uint64_t)imports[i].offset - PORIN_GATES_IMPORT) / PORIN_GATE_SIZE;
        check(imports[i].offset >= PORIN_GATES_IMPORT && imports[i].offset % PORIN_GATE_SIZE == 0 && gate < layout->imports_count,
              "an import has no gate");
        check(!(gates[gate / 64] >> gate % 64 & 1), "two imports have one gate");
        gates[gate / 64] |= 1ull << gate % 64;
    }
    for (uint32_t i = 0; i < layout->exports_count; i++)
        check_label(bytes, layout, exports[i].offset);
    if (note->start_offset)
        check_label(bytes, layout, note->start_offset);
    if (note->thread_offset)
        check_label(bytes, layout, note->thread_offset);
}

/* --- what a loaded image promises --- */
static void check_image(const uint8_t *bytes, const porin_image *image)
{
    const struct image_segment *text = &image->layout.text;
    struct porin_verify_report report;
    struct porin_verify_input input = {
        .text = image->memory, .text_size = image->text_pages_size, .text_offset = text->offset,
        .gates = { { PORIN_GATES_SERVICE, PORIN_SERVICE_GATE_SIZE, PORIN_SERVICE_GATES },
                   { PORIN_GATES_IMPORT, PORIN_GATE_SIZE, image->layout.imports_count } },
        .scratch = malloc(porin_verify_scratch_words(image->text_pages_size) * sizeof(uint64_t)),
    };
    check(!memcmp(image->memory, bytes + text->file_offset, text->file_size), "the text in memory is not the file's");
    check(porin_verify_text(&input, &report), "the text in memory is refused");
    check(image->text_pages_size % IMAGE_PAGE == 0 && image->text_pages_size >= text->memory_size, "text pages are missing");
    check(fcntl(image->file, F_GET_SEALS) == (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL), "the memory is not sealed");
    check(!image_bytes(image, text->offset + text->file_size - 1, 2), "bytes beyond the text are handed out");
    for (uint32_t i = 0; i < image->layout.exports_count; i++)
        check(image_has_label(image, image->exports[i].offset), "an export of the image in memory is no label");
    free(input.scratch);
}

static int next_descriptor(void)
{
    int next = dup(2);
    close(next);
    return next;
}

/* Small images that were accepted: most that is derived from refused ones is refused as well, for the same reason. */
static struct { uint8_t *bytes; size_t size; } accepted[16];
static size_t accepted_count;

static void remember(const uint8_t *bytes, size_t size)
{
    size_t at = accepted_count % 16;
    if (size > 0x8000 || (accepted_count >= 16 && rand() % 8))
        return;
    free(accepted[at].bytes);
    accepted[at].bytes = memcpy(malloc(size), bytes, size);
    accepted[at].size = size;
    accepted_count++;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct image_layout layout;
    struct porin_error error, again;
    porin_image *image = NULL;
    memset(&error, 0xA5, sizeof error);
    memset(&again, 0xA5, sizeof again);
    porin_status parsed = image_parse(bytes, size, &layout, &error);
    if (parsed == PORIN_OK)
        check_layout(bytes, size, &layout);
    else
        check(error.status == parsed && memchr(error.text, 0, sizeof error.text) && error.text[0], "not: a refusal without words");
    if (getenv("PARSE_ONLY")) { /* forty times as fast */
        if (parsed == PORIN_OK)
            remember(bytes, size);
        return 0;
    }
    int descriptor = next_descriptor();
    porin_status loaded = porin_image_load_memory("fuzz", bytes, size, &image, &again);
    check(parsed == PORIN_OK || loaded == parsed, "the parser had refused it, or for another reason");
    check((loaded == PORIN_OK) == (image != NULL), "not: an image without success, or the other way round");
    if (image) {
        check_image(bytes, image);
        remember(bytes, size);
    }
    porin_image_release(image);
    check(next_descriptor() == descriptor, "or refused, but a descriptor stays open");
    return 0;
}

/* --- the mutator: places of numbers in an image, as far as it is one --- */
struct field { size_t at, size; };
struct fields { struct field of[512]; size_t count, headers; }; /* headers: the first ones, of which symbols must not distract */

static void add(struct fields *list, size_t at, size_t size, size_t total)
{
    if (list->count < sizeof list->of / sizeof *list->of && at <= total && size <= total - at)
        list->of[list->count++] = (struct field){ at, size };
}

static void add_symbols(struct fields *list, size_t at, size_t count, size_t total)
{
    for (size_t i = 0; i < count && i < 40; i++, at += sizeof(struct porin_symbol)) {
        add(list, at + offsetof(struct porin_symbol, offset), 4, total);
        add(list, at + offsetof(struct porin_symbol, flags), 4, total);
        add(list, at + offsetof(struct porin_symbol, name) + sizeof ((struct porin_symbol *)0)->name - 4, 4, total);
    }
}

static void add_note(struct fields *list, const uint8_t *bytes, size_t note, size_t constants_delta, size_t total)
{
    struct porin_note fields;
    size_t description = note + sizeof(Elf64_Nhdr) + 8;
    if (note > total || total - note < sizeof(Elf64_Nhdr) + 8 + sizeof fields)
        return;
    for (size_t at = note; at < description + sizeof fields; at += 4)
        add(list, at, 4, total);
    memcpy(&fields, bytes + description, sizeof fields);
    add_symbols(list, fields.imports_offset - constants_delta, fields.imports_size / sizeof(struct porin_symbol), total);
    add_symbols(list, fields.exports_offset - constants_delta, fields.exports_size / sizeof(struct porin_symbol), total);
}

static void find_fields(struct fields *list, const uint8_t *bytes, size_t size)
{
    Elf64_Ehdr header;
    size_t delta = 0, note = SIZE_MAX;
    list->count = list->headers = 0;
    if (size < sizeof header)
        return;
    memcpy(&header, bytes, sizeof header);
    for (size_t at = 0; at < EI_NIDENT; at++)
        add(list, at, 1, size);
    for (size_t at = EI_NIDENT; at < sizeof header; at += at == 16 || at == 18 || at >= 52 ? 2 : at == 20 || at == 48 ? 4 : 8)
        add(list, at, at == 16 || at == 18 || at >= 52 ? 2 : at == 20 || at == 48 ? 4 : 8, size);
    for (size_t i = 0; i < header.e_phnum && i < 8; i++) {
        Elf64_Phdr program;
        size_t at = header.e_phoff + i * sizeof program;
        if (at > size || size - at < sizeof program)
            break;
        memcpy(&program, bytes + at, sizeof program);
        add(list, at, 4, size);
        add(list, at + 4, 4, size);
        for (size_t word = 8; word < sizeof program; word += 8)
            add(list, at + word, 8, size);
        if (program.p_type == PT_LOAD && program.p_flags == PF_R)
            delta = program.p_vaddr - program.p_offset;
        if (program.p_type == PT_NOTE)
            note = program.p_offset;
    }
    list->headers = list->count;
    add_note(list, bytes, note, delta, size);
}

static uint64_t new_value(uint64_t old, const struct fields *list, const uint8_t *bytes, size_t size)
{
    static const uint64_t numbers[] = {
        0, 1, 2, 3, 4, 0x1000, 0xfff, 0x1001, PORIN_IMAGE_BASE, PORIN_IMAGE_END, PORIN_GATES_IMPORT, PORIN_GATES_SERVICE, 0x7fffffff,
        0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000, ~0ull, ~0ull - 0xfff, sizeof(struct porin_symbol),
    };
    static const int64_t steps[] = { 1, -1, 4, -4, 0x1000, -0x1000, PORIN_GATE_SIZE, -PORIN_GATE_SIZE, 0x40, -0x40 };
    uint64_t other = 0;
    switch (rand() % 6) {
    case 0: return numbers[(size_t)rand() % (sizeof numbers / sizeof *numbers)];
    case 1: return old + (uint64_t)steps[(size_t)rand() % (sizeof steps / sizeof *steps)];
    case 2: return old ^ 1ull << rand() % 64;
    case 3: return size + (uint64_t)(rand() % 3) - 1;
    case 4: return ~old;
    default: {
        const struct field *from = &list->of[(size_t)rand() % list->count];
        memcpy(&other, bytes + from->at, from->size);
        return other + (uint64_t)(rand() % 3 ? 0 : rand() % 3 - 1);
    }
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed)
{
    struct fields list;
    srand(seed);
    if (rand() % 8 == 0)
        return LLVMFuzzerMutate(bytes, size, room);
    size_t kept = accepted_count ? (size_t)rand() % (accepted_count < 16 ? accepted_count : 16) : 0;
    if (accepted_count && rand() % 2 && accepted[kept].size <= room) {
        size = accepted[kept].size;
        memcpy(bytes, accepted[kept].bytes, size);
    }
    for (int changes = rand() % 2 ? 1 : 1 + rand() % 3; changes; changes--) {
        find_fields(&list, bytes, size);
        if (!list.count)
            return LLVMFuzzerMutate(bytes, size, room);
        const struct field *field = &list.of[(size_t)rand() % (rand() % 2 && list.headers ? list.headers : list.count)];
        uint64_t value = 0;
        memcpy(&value, bytes + field->at, field->size);
        value = new_value(value, &list, bytes, size);
        memcpy(bytes + field->at, &value, field->size);
        if (field->size == 8 && rand() % 4 == 0 && size - field->at >= 16) /* sizes in file and memory have to agree */
            memcpy(bytes + field->at + 8, &value, 8);
    }
    return rand() % 16 ? size : size - (size_t)rand() % (size / 4 + 1);
}

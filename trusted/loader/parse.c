/* SPDX-License-Identifier: Apache-2.0 */
/* Reads an image file: an ELF64 executable with a Porin note. Every number in it is hostile until checked. */
#include "image.h"
#include "runtime/error.h"
#include <elf.h>
#include <string.h>

#define MAX_PROGRAM_HEADERS 32
#define BAD(...) error_set(error, PORIN_ERR_BAD_IMAGE, __VA_ARGS__)

struct reader {
    const uint8_t *bytes;
    uint64_t size;
};

static bool reader_has(const struct reader *file, uint64_t offset, uint64_t size)
{
    return offset <= file->size && size <= file->size - offset;
}

static porin_status header_parse(const struct reader *file, Elf64_Ehdr *header, struct porin_error *error)
{
    if (!reader_has(file, 0, sizeof *header))
        return BAD("truncated: %llu bytes are no ELF header", (unsigned long long)file->size);
    memcpy(header, file->bytes, sizeof *header);
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return BAD("not an ELF file");
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB || header->e_machine != EM_X86_64)
        return BAD("not an ELF file for x86-64");
    if (header->e_type != ET_EXEC)
        return BAD("ELF type %u: a domain image is linked statically at fixed offsets (ET_EXEC)", header->e_type);
    if (header->e_phentsize != sizeof(Elf64_Phdr))
        return BAD("program headers of %u bytes", header->e_phentsize);
    if (header->e_phnum == 0 || header->e_phnum > MAX_PROGRAM_HEADERS)
        return BAD("%u program headers: 1 to %u are accepted", header->e_phnum, MAX_PROGRAM_HEADERS);
    if (!reader_has(file, header->e_phoff, (uint64_t)header->e_phnum * sizeof(Elf64_Phdr)))
        return BAD("truncated: the program headers lie beyond the end of the file");
    return PORIN_OK;
}

static Elf64_Phdr header_at(const struct reader *file, const Elf64_Ehdr *header, unsigned index)
{
    Elf64_Phdr out;
    memcpy(&out, file->bytes + header->e_phoff + index * sizeof out, sizeof out);
    return out;
}

static porin_status segment_parse(const struct reader *file, const Elf64_Phdr *header, struct image_layout *out, struct porin_error *error)
{
    struct image_segment *segment;
    switch (header->p_flags) {
    case PF_R | PF_X: segment = &out->text; break;
    case PF_R: segment = &out->constants; break;
    case PF_R | PF_W: segment = &out->data; break;
    default:
        return header->p_flags & PF_X && header->p_flags & PF_W ? BAD("a segment is writable and executable")
                                                               : BAD("a segment has flags %#x", header->p_flags);
    }
    if (segment->memory_size)
        return BAD("two segments with flags %#x: one each of text, constants and data is accepted", header->p_flags);
    if (header->p_memsz == 0)
        return PORIN_OK;
    if (header->p_vaddr < PORIN_IMAGE_BASE || header->p_vaddr >= PORIN_IMAGE_END || header->p_memsz > PORIN_IMAGE_END - header->p_vaddr)
        return BAD("a segment of %#llx bytes at %#llx lies outside [%#x, %#x)", (unsigned long long)header->p_memsz,
                   (unsigned long long)header->p_vaddr, PORIN_IMAGE_BASE, PORIN_IMAGE_END);
    if (header->p_filesz > header->p_memsz)
        return BAD("the segment at %#llx has more bytes in the file than in memory", (unsigned long long)header->p_vaddr);
    if (!reader_has(file, header->p_offset, header->p_filesz))
        return BAD("truncated: the segment at %#llx lies beyond the end of the file", (unsigned long long)header->p_vaddr);
    if (segment != &out->data && header->p_filesz != header->p_memsz)
        return BAD("the segment at %#llx is read-only and not wholly in the file", (unsigned long long)header->p_vaddr);
    *segment = (struct image_segment){ header->p_offset, (uint32_t)header->p_vaddr, (uint32_t)header->p_filesz, (uint32_t)header->p_memsz };
    return PORIN_OK;
}

/* Do two segments share a page? Pages have one protection, so they must not. */
static bool segments_overlap(const struct image_segment *a, const struct image_segment *b)
{
    return a->memory_size && b->memory_size && page_floor(a->offset) < page_ceil((uint64_t)b->offset + b->memory_size) &&
           page_floor(b->offset) < page_ceil((uint64_t)a->offset + a->memory_size);
}

static porin_status layout_check(const struct image_layout *out, struct porin_error *error)
{
    if (!out->text.memory_size)
        return BAD("no text segment (read and execute)");
    if (out->text.offset != PORIN_IMAGE_BASE)
        return BAD("text starts at %#x and not at %#x", out->text.offset, PORIN_IMAGE_BASE);
    if (out->text.memory_size > IMAGE_MAX_TEXT)
        return BAD("text of %u bytes: at most %u are accepted", out->text.memory_size, IMAGE_MAX_TEXT);
    if (!out->constants.memory_size)
        return BAD("no read-only segment: the Porin note has to be in one");
    if (segments_overlap(&out->text, &out->constants) || segments_overlap(&out->text, &out->data) ||
        segments_overlap(&out->constants, &out->data))
        return BAD("overlapping segments, or two segments on one page");
    if (out->constants.offset < out->text.offset || (out->data.memory_size && out->data.offset < out->constants.offset))
        return BAD("segments out of order: text, constants, data is expected");
    return PORIN_OK;
}

/* Finds Porin's note among the notes of one PT_NOTE segment. */
static porin_status notes_parse(const struct reader *file, const Elf64_Phdr *header, struct image_layout *out, bool *found,
                                struct porin_error *error)
{
    if (!reader_has(file, header->p_offset, header->p_filesz))
        return BAD("truncated: the notes lie beyond the end of the file");
    uint64_t at = header->p_offset, end = header->p_offset + header->p_filesz, align = header->p_align == 8 ? 8 : 4;
    while (end - at >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr note;
        memcpy(&note, file->bytes + at, sizeof note);
        uint64_t name = at + sizeof note, description = name + ((note.n_namesz + 3ull) & ~3ull);
        uint64_t next = description + ((note.n_descsz + align - 1) & ~(align - 1));
        if (description > end || note.n_descsz > end - description)
            return BAD("truncated: a note of %u bytes lies beyond its segment", note.n_descsz);
        if (note.n_type == PORIN_NOTE_TYPE && note.n_namesz == sizeof PORIN_NOTE_NAME &&
            memcmp(file->bytes + name, PORIN_NOTE_NAME, sizeof PORIN_NOTE_NAME) == 0) {
            if (*found)
                return BAD("two Porin notes");
            if (note.n_descsz != sizeof out->note)
                return error_set(error, PORIN_ERR_VERSION, "the Porin note has %u bytes instead of %zu", note.n_descsz, sizeof out->note);
            memcpy(&out->note, file->bytes + description, sizeof out->note);
            *found = true;
        }
        if (next >= end)
            break;
        at = next;
    }
    return PORIN_OK;
}

/* Does [offset, offset + size) lie in the read-only segment? Then *at is its place in the file. */
static bool constants_have(const struct image_layout *layout, uint64_t offset, uint64_t size, uint64_t *at)
{
    const struct image_segment *constants = &layout->constants;
    if (offset < constants->offset || offset - constants->offset > constants->file_size ||
        size > constants->file_size - (offset - constants->offset))
        return false;
    *at = constants->file_offset + (offset - constants->offset);
    return true;
}

/* Is offset inside the text, with a whole label there? */
static bool text_has_label(const struct reader *file, const struct image_layout *layout, uint32_t offset)
{
    uint32_t label;
    if (offset < layout->text.offset || offset - layout->text.offset > layout->text.file_size ||
        layout->text.file_size - (offset - layout->text.offset) < sizeof label)
        return false;
    memcpy(&label, file->bytes + layout->text.file_offset + (offset - layout->text.offset), sizeof label);
    return label == PORIN_LABEL_BYTES;
}

static porin_status table_check(const struct image_layout *layout, const char *what, uint32_t offset, uint32_t size, uint32_t maximum,
                                uint64_t *at, struct porin_error *error)
{
    if (size % sizeof(struct porin_symbol))
        return BAD("%s of %u bytes: records have %zu", what, size, sizeof(struct porin_symbol));
    if (size / sizeof(struct porin_symbol) > maximum)
        return BAD("%zu %s: at most %u are accepted", size / sizeof(struct porin_symbol), what, maximum);
    if (size && !constants_have(layout, offset, size, at))
        return BAD("%s at %#x lie outside the read-only segment", what, offset);
    if (size && offset % 4)
        return BAD("%s at %#x are misaligned", what, offset);
    return PORIN_OK;
}

static porin_status symbol_parse(const struct reader *file, uint64_t at, const char *what, struct porin_symbol *out,
                                 struct porin_error *error)
{
    memcpy(out, file->bytes + at, sizeof *out);
    if (!memchr(out->name, 0, sizeof out->name) || !out->name[0])
        return BAD("one of the %s has a name that is empty or does not end", what);
    if (out->flags)
        return BAD("%s: flags %#x are unknown", out->name, out->flags);
    return PORIN_OK;
}

static porin_status imports_parse(const struct reader *file, struct image_layout *out, struct porin_error *error)
{
    uint64_t at = 0, taken[PORIN_MAX_IMPORTS / 64] = { 0 };
    porin_status status = table_check(out, "imports", out->note.imports_offset, out->note.imports_size, PORIN_MAX_IMPORTS, &at, error);
    if (status != PORIN_OK)
        return status;
    out->imports_count = out->note.imports_size / sizeof(struct porin_symbol);
    for (uint32_t i = 0; i < out->imports_count; i++) {
        struct porin_symbol symbol;
        if ((status = symbol_parse(file, at + i * sizeof symbol, "imports", &symbol, error)) != PORIN_OK)
            return status;
        uint32_t gate = (symbol.offset - PORIN_GATES_IMPORT) / PORIN_GATE_SIZE;
        if (symbol.offset < PORIN_GATES_IMPORT || symbol.offset % PORIN_GATE_SIZE || gate >= out->imports_count)
            return BAD("import %s at %#x: the gates of %u imports stand at %#x + k * %#x", symbol.name, symbol.offset, out->imports_count,
                       PORIN_GATES_IMPORT, PORIN_GATE_SIZE);
        if (taken[gate / 64] >> gate % 64 & 1)
            return BAD("import %s at %#x shares its gate with another one", symbol.name, symbol.offset);
        taken[gate / 64] |= 1ull << gate % 64;
    }
    return PORIN_OK;
}

static porin_status exports_parse(const struct reader *file, struct image_layout *out, struct porin_error *error)
{
    uint64_t at = 0;
    porin_status status = table_check(out, "exports", out->note.exports_offset, out->note.exports_size, IMAGE_MAX_EXPORTS, &at, error);
    if (status != PORIN_OK)
        return status;
    out->exports_count = out->note.exports_size / sizeof(struct porin_symbol);
    for (uint32_t i = 0; i < out->exports_count; i++) {
        struct porin_symbol symbol;
        if ((status = symbol_parse(file, at + i * sizeof symbol, "exports", &symbol, error)) != PORIN_OK)
            return status;
        if (!text_has_label(file, out, symbol.offset))
            return BAD("export %s at %#x is no label in the text", symbol.name, symbol.offset);
    }
    return PORIN_OK;
}

static porin_status note_check(const struct reader *file, const struct image_layout *out, struct porin_error *error)
{
    const struct porin_note *note = &out->note;
    if (note->format_version != PORIN_FORMAT_VERSION)
        return error_set(error, PORIN_ERR_VERSION, "format version %u; this runtime loads version %u", note->format_version,
                         PORIN_FORMAT_VERSION);
    if (note->flags & ~PORIN_IMAGE_PROGRAM)
        return BAD("flags %#x are unknown", note->flags);
    for (size_t i = 0; i < sizeof note->reserved / sizeof *note->reserved; i++)
        if (note->reserved[i])
            return BAD("a reserved word of the Porin note is not 0");
    if (note->start_offset && !text_has_label(file, out, note->start_offset))
        return BAD("wild entry: the start routine at %#x is no label in the text", note->start_offset);
    if (note->thread_offset && !text_has_label(file, out, note->thread_offset))
        return BAD("wild entry: the thread routine at %#x is no label in the text", note->thread_offset);
    if (note->flags & PORIN_IMAGE_PROGRAM && !note->start_offset)
        return BAD("a program without a start routine");
    if (note->stack_size > PORIN_STACK_END - PORIN_SLOT_EDGE || note->stack_size % IMAGE_PAGE)
        return BAD("data stack of %#x bytes: whole pages up to %#x are accepted", note->stack_size, PORIN_STACK_END - PORIN_SLOT_EDGE);
    return PORIN_OK;
}

porin_status image_parse(const uint8_t *bytes, size_t size, struct image_layout *out, struct porin_error *error)
{
    struct reader file = { bytes, size };
    Elf64_Ehdr header;
    bool noted = false;
    memset(out, 0, sizeof *out);
    porin_status status = header_parse(&file, &header, error);
    for (unsigned i = 0; status == PORIN_OK && i < header.e_phnum; i++) {
        Elf64_Phdr program = header_at(&file, &header, i);
        if (program.p_type == PT_LOAD)
            status = segment_parse(&file, &program, out, error);
        else if (program.p_type == PT_NOTE)
            status = notes_parse(&file, &program, out, &noted, error);
        else if (program.p_type == PT_DYNAMIC) /* PT_INTERP is for whoever executes the file, and nothing to the loader */
            status = BAD("dynamically linked: a domain image is linked statically");
    }
    if (status == PORIN_OK && !noted)
        status = BAD("no Porin note: this is no domain image");
    if (status == PORIN_OK)
        status = layout_check(out, error);
    if (status == PORIN_OK)
        status = note_check(&file, out, error);
    if (status == PORIN_OK)
        status = imports_parse(&file, out, error);
    if (status == PORIN_OK)
        status = exports_parse(&file, out, error);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Text and symbols of a linked image. */
#include "image.h"
#include <elf.h>
#include <string.h>

static const void *at(const struct image *image, uint64_t offset, uint64_t size)
{
    if (offset > image->file.length || size > image->file.length - offset)
        return NULL;
    return image->file.data + offset;
}

static bool header(const struct image *image, Elf64_Ehdr *out)
{
    const void *bytes = at(image, 0, sizeof *out);
    if (!bytes || memcmp(bytes, ELFMAG, SELFMAG) != 0)
        return false;
    memcpy(out, bytes, sizeof *out);
    return out->e_ident[EI_CLASS] == ELFCLASS64 && out->e_phentsize == sizeof(Elf64_Phdr) && out->e_shentsize == sizeof(Elf64_Shdr);
}

bool image_read(struct image *image, const char *path)
{
    Elf64_Ehdr h;
    *image = (struct image){0};
    if (!buffer_read_file(&image->file, path) || !header(image, &h))
        return false;
    for (int i = 0; i < h.e_phnum; i++) {
        Elf64_Phdr segment;
        const void *bytes = at(image, h.e_phoff + (uint64_t)i * sizeof segment, sizeof segment);
        if (!bytes)
            return false;
        memcpy(&segment, bytes, sizeof segment);
        if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_X))
            continue;
        image->text = at(image, segment.p_offset, segment.p_filesz);
        image->text_size = segment.p_filesz;
        image->text_offset = (uint32_t)segment.p_vaddr;
    }
    return image->text != NULL;
}

static bool section(const struct image *image, const Elf64_Ehdr *h, uint64_t index, Elf64_Shdr *out)
{
    const void *bytes = index < h->e_shnum ? at(image, h->e_shoff + index * sizeof *out, sizeof *out) : NULL;
    if (bytes)
        memcpy(out, bytes, sizeof *out);
    return bytes != NULL;
}

struct symbols { const Elf64_Sym *first; size_t count; const char *names; size_t names_size; };

static bool find_symbols(const struct image *image, struct symbols *out)
{
    Elf64_Ehdr h;
    Elf64_Shdr table, names;
    if (!header(image, &h))
        return false;
    for (uint64_t i = 0; section(image, &h, i, &table); i++) {
        if (table.sh_type != SHT_SYMTAB || !section(image, &h, table.sh_link, &names))
            continue;
        out->first = at(image, table.sh_offset, table.sh_size);
        out->count = table.sh_size / sizeof(Elf64_Sym);
        out->names = at(image, names.sh_offset, names.sh_size);
        out->names_size = names.sh_size;
        return out->first && out->names && out->names_size && out->names[out->names_size - 1] == 0;
    }
    return false;
}

static const char *symbol_name(const struct symbols *s, const Elf64_Sym *symbol)
{
    return symbol->st_name < s->names_size ? s->names + symbol->st_name : "";
}

bool image_symbol(const struct image *image, const char *name, uint64_t *value)
{
    struct symbols s;
    if (!find_symbols(image, &s))
        return false;
    for (size_t i = 0; i < s.count; i++) {
        Elf64_Sym symbol;
        memcpy(&symbol, s.first + i, sizeof symbol);
        if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol.st_info) == STB_LOCAL || strcmp(symbol_name(&s, &symbol), name) != 0)
            continue;
        if (value)
            *value = symbol.st_value;
        return true;
    }
    return false;
}

const char *image_place(const struct image *image, uint64_t offset, uint64_t *distance)
{
    struct symbols s;
    const char *best = NULL;
    bool best_function = false;
    if (!find_symbols(image, &s))
        return NULL;
    for (size_t i = 0; i < s.count; i++) {
        Elf64_Sym symbol;
        memcpy(&symbol, s.first + i, sizeof symbol);
        bool code = ELF64_ST_TYPE(symbol.st_info) == STT_FUNC || ELF64_ST_TYPE(symbol.st_info) == STT_NOTYPE;
        bool function = ELF64_ST_TYPE(symbol.st_info) == STT_FUNC;
        if (!code || symbol.st_shndx == SHN_UNDEF || symbol.st_shndx >= SHN_LORESERVE || symbol.st_value > offset)
            continue;
        if (!best || function > best_function || (function == best_function && offset - symbol.st_value < *distance)) {
            best_function = function;
            best = symbol_name(&s, &symbol);
            *distance = offset - symbol.st_value;
        }
    }
    return best;
}

void image_free(struct image *image)
{
    buffer_free(&image->file);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Bad images: each is refused with its status and its text, and nothing else happens. Every byte of the headers and tables is changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "domain_image.h"
#include "loader/image.h"

static porin_status parse(const struct image_parts *parts, size_t size, struct porin_error *error)
{
    struct image_layout layout;
    uint8_t *file = image_write(parts);
    memset(error, 0, sizeof *error);
    porin_status status = image_parse(file, size, &layout, error);
    free(file);
    return status;
}

static void expect(const struct image_parts *parts, porin_status status, const char *text)
{
    struct porin_error error;
    assert_int_equal(parse(parts, FILE_SIZE, &error), status);
    if (!strstr(error.text, text))
        fail_msg("expected \"%s\", got \"%s\"", text, error.text);
}

static void test_good(void **state)
{
    struct image_parts parts;
    struct image_layout layout;
    image_begin(&parts, 2);
    uint8_t *file = image_write(&parts);
    assert_int_equal(image_parse(file, FILE_SIZE, &layout, NULL), PORIN_OK);
    assert_int_equal(layout.text.offset, PORIN_IMAGE_BASE);
    assert_int_equal(layout.imports_count, 2);
    assert_true(layout.exports_count > 20);
    assert_int_equal(layout.data.memory_size, IMAGE_DATA_MEMORY_SIZE);
    free(file);
    (void)state;
}

/* CASE(what is changed, status, text) */
#define CASES \
    CASE(p.header.e_ident[0] = 'x', BAD_IMAGE, "not an ELF file") \
    CASE(p.header.e_ident[EI_CLASS] = ELFCLASS32, BAD_IMAGE, "not an ELF file for x86-64") \
    CASE(p.header.e_machine = EM_AARCH64, BAD_IMAGE, "not an ELF file for x86-64") \
    CASE(p.header.e_type = ET_DYN, BAD_IMAGE, "ELF type 3") \
    CASE(p.header.e_phentsize = 57, BAD_IMAGE, "program headers of 57 bytes") \
    CASE(p.header.e_phnum = 0, BAD_IMAGE, "0 program headers") \
    CASE(p.header.e_phnum = 0xffff, BAD_IMAGE, "65535 program headers") \
    CASE(p.header.e_phoff = FILE_SIZE - 8, BAD_IMAGE, "truncated: the program headers") \
    CASE(p.header.e_phoff = UINT64_MAX - 8, BAD_IMAGE, "truncated: the program headers") \
    CASE(p.program[0].p_flags = PF_R | PF_W | PF_X, BAD_IMAGE, "writable and executable") \
    CASE(p.program[0].p_flags = PF_W | PF_X, BAD_IMAGE, "writable and executable") \
    CASE(p.program[0].p_flags = PF_X, BAD_IMAGE, "a segment has flags 0x1") \
    CASE(p.program[0].p_flags = 0, BAD_IMAGE, "a segment has flags 0") \
    CASE(p.program[1].p_flags = PF_R | PF_X, BAD_IMAGE, "two segments with flags 0x5") \
    CASE(p.program[2].p_vaddr = PORIN_IMAGE_BASE - 0x1000, BAD_IMAGE, "lies outside") \
    CASE(p.program[2].p_vaddr = PORIN_IMAGE_END - 0x1000, BAD_IMAGE, "lies outside") \
    CASE(p.program[2].p_vaddr = UINT64_MAX - 0xfff, BAD_IMAGE, "lies outside") \
    CASE(p.program[2].p_memsz = UINT64_MAX, BAD_IMAGE, "lies outside") \
    CASE(p.program[2].p_memsz = 0x10, BAD_IMAGE, "more bytes in the file than in memory") \
    CASE(p.program[0].p_offset = FILE_SIZE, BAD_IMAGE, "truncated: the segment") \
    CASE(p.program[0].p_offset = UINT64_MAX, BAD_IMAGE, "truncated: the segment") \
    CASE(p.program[1].p_memsz += 1, BAD_IMAGE, "read-only and not wholly in the file") \
    CASE(p.program[0].p_memsz += 1, BAD_IMAGE, "read-only and not wholly in the file") \
    CASE(p.program[0].p_type = PT_NULL, BAD_IMAGE, "no text segment") \
    CASE(p.program[1].p_type = PT_NULL, BAD_IMAGE, "no read-only segment") \
    CASE(p.program[3].p_type = PT_NULL, BAD_IMAGE, "no Porin note") \
    CASE(p.program[0].p_vaddr += 0x1000, BAD_IMAGE, "text starts at 0x131000") \
    CASE(p.program[1].p_vaddr = IMAGE_TEXT, BAD_IMAGE, "overlapping segments") \
    CASE(p.program[2].p_vaddr = IMAGE_CONSTANTS + 0x1f00, BAD_IMAGE, "overlapping segments") \
    CASE((p.program[1].p_vaddr = IMAGE_TEXT + 0x100000), BAD_IMAGE, "out of order") \
    CASE(p.program[3].p_type = PT_DYNAMIC, BAD_IMAGE, "dynamically linked") \
    CASE(p.program[3].p_offset = UINT64_MAX, BAD_IMAGE, "truncated: the notes") \
    CASE(p.program[3].p_filesz = 40, BAD_IMAGE, "truncated: a note") \
    CASE(p.note.format_version = 2, VERSION, "format version 2") \
    CASE(p.note.flags = 2, BAD_IMAGE, "flags 0x2") \
    CASE(p.note.reserved[6] = 1, BAD_IMAGE, "reserved word") \
    CASE(p.note.start_offset += 1, BAD_IMAGE, "wild entry: the start routine") \
    CASE(p.note.start_offset = IMAGE_DATA, BAD_IMAGE, "wild entry: the start routine") \
    CASE(p.note.thread_offset = 0xffffffff, BAD_IMAGE, "wild entry: the thread routine") \
    CASE((p.note.flags = PORIN_IMAGE_PROGRAM, p.note.start_offset = 0), BAD_IMAGE, "a program without a start routine") \
    CASE(p.note.stack_size = 0x1001, BAD_IMAGE, "data stack of") \
    CASE(p.note.stack_size = PORIN_STACK_END, BAD_IMAGE, "data stack of") \
    CASE(p.note.imports_size = 63, BAD_IMAGE, "imports of 63 bytes") \
    CASE(p.note.imports_size = 64 * 257, BAD_IMAGE, "257 imports") \
    CASE(p.note.imports_size = 0xffffffc0, BAD_IMAGE, "imports: at most") \
    CASE(p.note.imports_offset = IMAGE_DATA, BAD_IMAGE, "imports at 0x134000 lie outside") \
    CASE(p.note.imports_offset = 0xffffffc0, BAD_IMAGE, "lie outside the read-only segment") \
    CASE(p.note.imports_offset += 1, BAD_IMAGE, "misaligned") \
    CASE(p.imports[0].offset += 4, BAD_IMAGE, "import first at") \
    CASE(p.imports[0].offset += 2 * PORIN_GATE_SIZE, BAD_IMAGE, "import first at") \
    CASE(p.imports[0].offset = PORIN_GATES_SERVICE, BAD_IMAGE, "import first at") \
    CASE(p.imports[1].offset = p.imports[0].offset, BAD_IMAGE, "shares its gate") \
    CASE(p.imports[1].flags = 1, BAD_IMAGE, "flags 0x1 are unknown") \
    CASE(memset(p.imports[1].name, 'x', sizeof p.imports[1].name), BAD_IMAGE, "one of the imports has a name") \
    CASE(p.imports[1].name[0] = 0, BAD_IMAGE, "one of the imports has a name") \
    CASE(p.note.exports_size = 64 * 65537, BAD_IMAGE, "65537 exports") \
    CASE(p.note.exports_size = 65536 * 64, BAD_IMAGE, "lie outside the read-only segment") \
    CASE(p.exports[3].offset += 1, BAD_IMAGE, "is no label in the text") \
    CASE(p.exports[3].offset = IMAGE_TEXT + 0x2000, BAD_IMAGE, "is no label in the text") \
    CASE(p.exports[3].offset = 0, BAD_IMAGE, "is no label in the text") \
    CASE(p.exports[3].flags = 0x80000000, BAD_IMAGE, "are unknown") \
    CASE(memset(p.exports[3].name, 'x', sizeof p.exports[3].name), BAD_IMAGE, "one of the exports has a name") \
    CASE((strcpy(p.exports[3].name, "\033]0;\302\233x\007"), p.exports[3].flags = 64), BAD_IMAGE, "?]0;??x?: flags")

static void test_bad(void **state)
{
    struct image_parts p;
#define CASE(change, status, text) image_begin(&p, 2); change; expect(&p, PORIN_ERR_##status, text);
    CASES
#undef CASE
    (void)state;
}

static void test_truncated(void **state)
{
    struct image_parts parts;
    struct porin_error error;
    struct image_layout layout;
    image_begin(&parts, 2);
    uint8_t *file = image_write(&parts);
    for (size_t size = 0; size < FILE_SIZE; size += size < 0x200 ? 1 : 61) {
        uint8_t *piece = malloc(size + 1); /* so that a sanitizer sees a read beyond its end */
        memcpy(piece, file, size);
        assert_int_equal(image_parse(piece, size, &layout, &error), PORIN_ERR_BAD_IMAGE);
        free(piece);
    }
    free(file);
    (void)state;
}

/* Every byte of headers, note and tables takes every value: a verdict each time, and what is accepted is sane. */
static void test_every_byte(void **state)
{
    static const struct { uint32_t start, size; } ranges[] = {
        { 0, sizeof(Elf64_Ehdr) + 4 * sizeof(Elf64_Phdr) }, { FILE_CONSTANTS, 84 }, { FILE_CONSTANTS + 0x100, 128 },
                { FILE_CONSTANTS + 0x800, 64 * 4 },
    };
    struct image_parts parts;
    struct image_layout layout;
    unsigned accepted = 0, refused = 0;
    image_begin(&parts, 2);
    uint8_t *file = image_write(&parts);
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        for (uint32_t at = ranges[i].start; at < ranges[i].start + ranges[i].size; at++) {
            uint8_t before = file[at];
            for (unsigned value = 0; value < 256; value++) {
                file[at] = (uint8_t)value;
                if (image_parse(file, FILE_SIZE, &layout, NULL) != PORIN_OK) {
                    refused++;
                    continue;
                }
                accepted++;
                const struct image_segment *segments[] = { &layout.text, &layout.constants, &layout.data };
                for (int s = 0; s < 3; s++) {
                    assert_true(segments[s]->file_offset + segments[s]->file_size <= FILE_SIZE);
                    assert_true((uint64_t)segments[s]->offset + segments[s]->memory_size <= PORIN_IMAGE_END);
                    assert_true(segments[s]->memory_size == 0 || segments[s]->offset >= PORIN_IMAGE_BASE);
                }
                assert_true(layout.imports_count <= PORIN_MAX_IMPORTS && layout.exports_count <= IMAGE_MAX_EXPORTS);
            }
            file[at] = before;
        }
    assert_true(accepted > 0 && refused > 1000);
    free(file);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

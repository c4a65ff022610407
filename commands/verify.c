/* SPDX-License-Identifier: Apache-2.0 */
/* `porin verify`: says whether code may run as a domain, and if not, where and why. */
#include <elf.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "commands.h"
#include "layout.h"
#include "loader/image.h"
#include "porin/verify.h"

enum { EXIT_ACCEPTED = 0, EXIT_REFUSED = 1, EXIT_UNUSABLE = 2 };

struct options { bool raw, stats, allow_rdtsc; };
struct bytes { uint8_t *data; size_t size; };
struct place { const char *function; uint64_t distance; }; /* function NULL: unknown */

static const char help[] =
    "usage: porin verify [--raw] [--allow-rdtsc] [--stats] FILE\n\n"
    "Decides whether the code of a domain image may run as a domain.\n\n"
    "  --raw          FILE is flat code bytes, taken as the start of the text (import gates: none)\n"
    "  --allow-rdtsc  accept rdtsc\n"
    "  --stats        print what the code needs and how fast it was verified\n\n"
    "exit status: 0 accepted; 1 refused; 2 unusable input\n";

static int unusable(const char *path, const char *problem)
{
    fprintf(stderr, "porin verify: %s: %s\n", path, problem);
    return EXIT_UNUSABLE;
}

/* Returns NULL, or what is wrong. */
static const char *read_file(const char *path, struct bytes *out)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return strerror(errno);
    struct stat status;
    const char *problem = NULL;
    if (fstat(fileno(file), &status))
        problem = strerror(errno);
    else if (!S_ISREG(status.st_mode))
        problem = "not a regular file";
    else if (!status.st_size)
        problem = "the file is empty";
    else if (!(out->data = malloc((size_t)status.st_size)))
        problem = "too large for this machine's memory";
    else if ((out->size = fread(out->data, 1, (size_t)status.st_size, file)) != (size_t)status.st_size)
        problem = ferror(file) ? strerror(errno) : "the file changed while it was read";
    fclose(file);
    return problem;
}

static void print_stats(const struct porin_verify_input *input, const struct porin_verify_report *report, double seconds)
{
    static const char *const features[] = {
#define FEATURE(id, name, leaf, subleaf, reg, bit) name,
#include "features.def"
#undef FEATURE
    };
    static const struct { uint32_t bit; const char *name; } uses[] = {
        { PORIN_USES_X87, "x87" }, { PORIN_USES_AVX, "avx" }, { PORIN_USES_EVEX, "evex" }, { PORIN_USES_THREAD_POINTER, "thread-pointer" },
        { PORIN_USES_X87_STATUS, "x87-status" }, { PORIN_USES_CALL_ERROR, "call-error" }, { PORIN_USES_FENV, "fenv" },
    };
    printf("  %zu bytes in %.3f ms: %.0f MB/s\n  uses:", input->text_size, seconds * 1e3, (double)input->text_size / seconds / 1e6);
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        if (report->uses & uses[i].bit)
            printf(" %s", uses[i].name);
    printf("\n  needs:");
    for (size_t i = 0; i < sizeof features / sizeof *features; i++)
        if (report->cpu_features >> i & 1)
            printf(" %s", features[i]);
    printf("\n");
}

/* [offset, offset + size) of the file, aligned for what is to be read there; NULL if it does not lie in it. */
static const void *file_range(const struct bytes *file, uint64_t offset, uint64_t size)
{
    return offset <= file->size && size <= file->size - offset && offset % 8 == 0 ? file->data + offset : NULL;
}

/* The function of a symbol table that begins last at or before the address. */
static void search_symbols(const struct bytes *file, const Elf64_Shdr *table, const Elf64_Shdr *names, uint64_t address,
                           struct place *place)
{
    const Elf64_Sym *symbols = file_range(file, table->sh_offset, table->sh_size);
    uint64_t names_end = names->sh_offset + names->sh_size;
    if (!symbols || names->sh_offset > file->size || names->sh_size > file->size - names->sh_offset || !names->sh_size
        || file->data[names_end - 1])
        return;
    for (uint64_t i = 0; i < table->sh_size / sizeof *symbols; i++) {
        bool function = ELF64_ST_TYPE(symbols[i].st_info) == STT_FUNC && symbols[i].st_name < names->sh_size;
        uint64_t distance = address - symbols[i].st_value;
        if (function && symbols[i].st_value <= address && (!place->function || distance < place->distance))
            *place = (struct place){ (const char *)file->data + names->sh_offset + symbols[i].st_name, distance };
    }
}

/* Only to help people: images without symbols, or with broken ones, are verified all the same. */
static struct place find_place(const struct bytes *file, uint64_t address)
{
    struct place place = { 0 };
    const Elf64_Ehdr *header = file_range(file, 0, sizeof *header);
    const Elf64_Shdr *sections = header ? file_range(file, header->e_shoff, (uint64_t)header->e_shnum * sizeof *sections) : NULL;
    for (unsigned i = 0; sections && i < header->e_shnum; i++)
        if (sections[i].sh_type == SHT_SYMTAB && sections[i].sh_link < header->e_shnum)
            search_symbols(file, &sections[i], &sections[sections[i].sh_link], address, &place);
    return place;
}

static void print_refusal(const char *path, const struct bytes *image, const struct porin_verify_input *input,
                          const struct porin_verify_report *report)
{
    uint32_t at = input->text_offset + report->offset;
    struct place place = image ? find_place(image, at) : (struct place){ 0 };
    printf("%s: refused: %s\n  at slot offset 0x%x (text + 0x%x)", path, porin_reason_name(report->reason), at, report->offset);
    if (place.function)
        printf(" in %s+0x%llx", place.function, (unsigned long long)place.distance);
    printf(":");
    for (uint32_t i = report->offset; i < report->offset + report->length && i < input->text_size; i++)
        printf(" %02x", input->text[i]);
    printf("\n  %s\n", porin_reason_text(report->reason));
}

static int verify(const char *path, const struct options *options, const struct bytes *image, struct porin_verify_input *input)
{
    struct porin_verify_report report;
    struct timespec from, to;
    input->allow_rdtsc = options->allow_rdtsc;
    input->gates[0] = (struct porin_verify_gates){ PORIN_GATES_SERVICE, PORIN_SERVICE_GATE_SIZE, PORIN_SERVICE_GATES };
    input->scratch = malloc(porin_verify_scratch_words(input->text_size) * sizeof *input->scratch);
    if (!input->scratch)
        return unusable(path, "not enough memory to verify this much code");
    clock_gettime(CLOCK_MONOTONIC, &from);
    bool accepted = porin_verify_text(input, &report);
    clock_gettime(CLOCK_MONOTONIC, &to);
    free(input->scratch);
    if (!accepted) {
        print_refusal(path, image, input, &report);
        return EXIT_REFUSED;
    }
    printf("%s: accepted\n", path);
    if (options->stats)
        print_stats(input, &report, (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9);
    return EXIT_ACCEPTED;
}

static int verify_raw(const char *path, const struct options *options, const struct bytes *file)
{
    struct porin_verify_input input = { .text = file->data, .text_size = file->size, .text_offset = PORIN_IMAGE_BASE };
    return verify(path, options, NULL, &input);
}

/* The text is verified as it would be mapped: whole pages, what is left of the last one filled with int3. */
static int verify_image(const char *path, const struct options *options, const struct bytes *file)
{
    struct image_layout layout;
    struct porin_error error = { 0 };
    if (image_parse(file->data, file->size, &layout, &error))
        return unusable(path, error.text);
    size_t size = page_ceil(layout.text.file_size);
    uint8_t *text = malloc(size);
    if (!text)
        return unusable(path, "not enough memory to verify this much code");
    memset(text, 0xCC, size);
    memcpy(text, file->data + layout.text.file_offset, layout.text.file_size);
    struct porin_verify_input input = {
        .text = text,
        .text_size = size,
        .text_offset = layout.text.offset,
        .gates = { [1] = { PORIN_GATES_IMPORT, PORIN_GATE_SIZE, layout.imports_count } },
    };
    int status = verify(path, options, file, &input);
    free(text);
    return status;
}

int command_verify(int argc, char **argv)
{
    static const struct option long_options[] = {
        { "raw", no_argument, NULL, 'r' }, { "stats", no_argument, NULL, 's' },
        { "allow-rdtsc", no_argument, NULL, 't' }, { "help", no_argument, NULL, 'h' }, { 0 },
    };
    struct options options = { 0 };
    for (int option; (option = getopt_long(argc, argv, "", long_options, NULL)) != -1; )
        switch (option) {
        case 'r': options.raw = true; break;
        case 's': options.stats = true; break;
        case 't': options.allow_rdtsc = true; break;
        case 'h': fputs(help, stdout); return EXIT_ACCEPTED;
        default: fputs(help, stderr); return EXIT_UNUSABLE;
        }
    if (argc - optind != 1) {
        fputs(help, stderr);
        return EXIT_UNUSABLE;
    }
    struct bytes file = { 0 };
    const char *problem = read_file(argv[optind], &file);
    int status = problem ? unusable(argv[optind], problem) : (options.raw ? verify_raw : verify_image)(argv[optind], &options, &file);
    free(file.data);
    return status;
}

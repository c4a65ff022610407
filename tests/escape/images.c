/* SPDX-License-Identifier: Apache-2.0 */
/* Images that were changed after porin-cc made them: hostile instructions are refused by name when the image is loaded; whatever the
 * verifier lets pass is run, and does no harm. */
#include "world.h"
#include <elf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUTANTS 1500

static unsigned char *file;
static size_t file_size;
static Elf64_Phdr text;

static void file_read(const char *folder)
{
    char path[500];
    snprintf(path, sizeof path, "%s/attacks", folder);
    FILE *stream = fopen(path, "rb");
    file = malloc(1 << 22);
    file_size = stream && file ? fread(file, 1, 1 << 22, stream) : 0;
    if (stream)
        fclose(stream);
    Elf64_Ehdr header;
    memcpy(&header, file, sizeof header);
    for (int i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr segment;
        memcpy(&segment, file + header.e_phoff + (size_t)i * sizeof segment, sizeof segment);
        if (segment.p_type == PT_LOAD && segment.p_flags & PF_X)
            text = segment;
    }
}

static unsigned char *place_of(const char *entry)
{
    struct porin_error error;
    porin_entry found;
    if (porin_entry_find(canary, entry, &found, &error) != PORIN_OK)
        abort();
    return file + text.p_offset + (found.offset - text.p_vaddr);
}

#define BYTES(...) {__VA_ARGS__}, sizeof (unsigned char[])BYTES_ALONE(__VA_ARGS__)
#define BYTES_ALONE(...) {__VA_ARGS__}

static const struct { const char *name; unsigned char bytes[24]; size_t size; } hostile[] = {
    {"syscall", BYTES(0x0f, 0x05)},
    {"sysenter", BYTES(0x0f, 0x34)},
    {"int 0x80", BYTES(0xcd, 0x80)},
    {"int1", BYTES(0xf1)},
    {"iretq", BYTES(0x48, 0xcf)},
    {"ret 8", BYTES(0xc2, 8, 0)},
    {"ret of 16 bits", BYTES(0x66, 0xc3)},
    {"far return", BYTES(0xcb)},
    {"jump of 16 bits", BYTES(0x66, 0xe9, 0, 0)},
    {"jmp *%ax", BYTES(0x66, 0xff, 0xe0)},
    {"jmp *%rax", BYTES(0xff, 0xe0)},
    {"call *%rax", BYTES(0xff, 0xd0)},
    {"jmp *(%rax)", BYTES(0xff, 0x20)},
    {"jmp far *(%rax)", BYTES(0xff, 0x28)},
    {"jump into the middle of an instruction", BYTES(0xeb, 0x01, 0xb8, 0, 0, 0, 0)},
    {"jump out of the text", BYTES(0xe9, 0, 0, 0, 0x40)},
    {"loop", BYTES(0xe2, 0xfe)},
    {"jrcxz", BYTES(0xe3, 0xfe)},
    {"push", BYTES(0x50)},
    {"pop", BYTES(0x58)},
    {"mov %rax, %rsp", BYTES(0x48, 0x89, 0xc4)},
    {"mov %rsp, %rax", BYTES(0x48, 0x89, 0xe0)},
    {"add $8, %rsp", BYTES(0x48, 0x83, 0xc4, 8)},
    {"mov (%rsp), %rax", BYTES(0x48, 0x8b, 0x04, 0x24)},
    {"mov %rax, %r14", BYTES(0x49, 0x89, 0xc6)},
    {"mov %r14, %rax", BYTES(0x4c, 0x89, 0xf0)},
    {"mov %rax, %r15", BYTES(0x49, 0x89, 0xc7)},
    {"mov %ax, %r15w", BYTES(0x66, 0x41, 0x89, 0xc7)},
    {"popcnt %eax, %r15d", BYTES(0xf3, 0x44, 0x0f, 0xb8, 0xf8)},
    {"cmove %eax, %r11d", BYTES(0x44, 0x0f, 0x44, 0xd8)},
    {"bsf %eax, %r11d", BYTES(0x44, 0x0f, 0xbc, 0xd8)},
    {"xadd %eax, %r15d", BYTES(0x44, 0x0f, 0xc1, 0xf8)},
    {"mov (%rax), %rax", BYTES(0x48, 0x8b, 0x00)},
    {"mov (%r14,%rax), %rax", BYTES(0x49, 0x8b, 0x04, 0x06)},
    {"mov (%r14,%r11,2), %rax", BYTES(0x4b, 0x8b, 0x04, 0x5e)},
    {"mov (%r14,%r10), %rax", BYTES(0x4b, 0x8b, 0x04, 0x16)},
    {"mov (%r11), %rax", BYTES(0x49, 0x8b, 0x03)},
    {"mov at an absolute address", BYTES(0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0)},
    {"mov to a 64-bit address", BYTES(0x48, 0xa3, 0, 0, 0, 0, 0, 0, 0, 0)},
    {"address size prefix", BYTES(0x67, 0x4b, 0x8b, 0x04, 0x1e)},
    {"fs prefix", BYTES(0x64, 0x4b, 0x8b, 0x04, 0x1e)},
    {"gs prefix", BYTES(0x65, 0x4b, 0x8b, 0x04, 0x1e)},
    {"load of gs:16", BYTES(0x65, 0x48, 0x8b, 0x04, 0x25, 16, 0, 0, 0)},
    {"store to gs:0", BYTES(0x65, 0x48, 0x89, 0x04, 0x25, 0, 0, 0, 0)},
    {"bts %rax, (%r14,%r11)", BYTES(0x4b, 0x0f, 0xab, 0x04, 0x1e)},
    {"rep movsb alone", BYTES(0xf3, 0xa4)},
    {"std", BYTES(0xfd)},
    {"popf", BYTES(0x9d)},
    {"wrgsbase", BYTES(0xf3, 0x48, 0x0f, 0xae, 0xd8)},
    {"wrfsbase", BYTES(0xf3, 0x48, 0x0f, 0xae, 0xd0)},
    {"swapgs", BYTES(0x0f, 0x01, 0xf8)},
    {"wrpkru", BYTES(0x0f, 0x01, 0xef)},
    {"xrstor", BYTES(0x43, 0x0f, 0xae, 0x2c, 0x1e)},
    {"ldmxcsr", BYTES(0x43, 0x0f, 0xae, 0x14, 0x1e)},
    {"fldcw", BYTES(0x43, 0xd9, 0x2c, 0x1e)},
    {"mov %ax, %ss", BYTES(0x8e, 0xd0)},
    {"cpuid", BYTES(0x0f, 0xa2)},
    {"rdtsc", BYTES(0x0f, 0x31)},
    {"maskmovq", BYTES(0x0f, 0xf7, 0xc1)},
    {"xlat", BYTES(0xd7)},
    {"vpgatherdd", BYTES(0xc4, 0x82, 0x6d, 0x90, 0x04, 0x1e)},
    {"enter", BYTES(0xc8, 0, 0, 0)},
    {"label bytes in a constant", BYTES(0xb8, 0xf3, 0x0f, 0x1e, 0xfa)},
    {"an unknown opcode", BYTES(0x0f, 0x0e)},
};

/* Loads the changed file. */
static porin_status load(porin_image **image, struct porin_error *error)
{
    *image = NULL;
    return porin_image_load_memory("changed", file, file_size, image, error);
}

static void tampered(void)
{
    unsigned char *space = place_of("space"), kept[32];
    struct porin_error error;
    porin_image *image;
    memcpy(kept, space + 4, sizeof kept);
    attack_note("control: the file as it is", load(&image, &error) == PORIN_OK, error.text);
    porin_image_release(image);
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        char wrong[400];
        memcpy(space + 4, hostile[i].bytes, hostile[i].size);
        porin_status status = load(&image, &error);
        snprintf(wrong, sizeof wrong, "not refused but %s", porin_status_name(status));
        attack_note(hostile[i].name, status == PORIN_ERR_REFUSED, wrong);
        porin_image_release(image);
        memcpy(space + 4, kept, sizeof kept);
    }
}

/* Changes one to three bytes of the hand-written attacks and, where the verifier agrees, runs all of them. */
static void mutants(void)
{
    static const char *const entries[] = {
        "space", "go", "far_low", "wrap_stack", "return_stack", "service_stack", "extra_returns", "store_far", "full_return", "full_call",
        "rounding", "dump", "dump_service", "service"};
    unsigned char *first = place_of("service"), *last = place_of("dump_service");
    uint64_t seed = 1, accepted = 0;
    for (int i = 0; i < MUTANTS; i++) {
        unsigned char *at[3], kept[3];
        for (int k = 0; k < 3; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            at[k] = first + (seed >> 33) % (uint64_t)(last - first);
            kept[k] = *at[k];
            if (k <= (int)(seed >> 20) % 3)
                *at[k] = seed >> 60 & 1 ? (unsigned char)(seed >> 50) : *at[k] ^ (unsigned char)(1 << (seed >> 57 & 7));
        }
        struct porin_error error;
        porin_image *image;
        if (load(&image, &error) == PORIN_OK) {
            accepted++;
            porin_domain *domain = domain_of(image, "mutant");
            for (size_t k = 0; k < sizeof entries / sizeof *entries; k++)
                attack_in(domain, &(struct attack){"mutant", entries[k], SURVIVED, 0, {39, seed, 3, 4, 5, 6}});
            porin_domain_destroy(domain);
            porin_image_release(image);
        }
        for (int k = 3; k-- > 0;)
            *at[k] = kept[k];
    }
    attack_note("mutants that the verifier accepts were run", accepted > MUTANTS / 50, "hardly any was accepted");
}

void image_attacks(const char *folder)
{
    file_read(folder);
    tampered();
    mutants();
    free(file);
}

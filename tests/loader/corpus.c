/* SPDX-License-Identifier: Apache-2.0 */
/* Writes hand-made images of many shapes for the fuzzer to start from. usage: corpus DIRECTORY */
#include "domain_image.h"
#include <stdio.h>

static int write_image(const char *directory, const char *name, const struct image_parts *parts)
{
    char path[512];
    uint8_t *bytes = image_write(parts);
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "wb");
    int failed = !file || fwrite(bytes, 1, FILE_SIZE, file) != FILE_SIZE || fclose(file);
    if (failed)
        perror(path);
    free(bytes);
    return failed;
}

static void exchange(Elf64_Phdr *a, Elf64_Phdr *b)
{
    Elf64_Phdr kept = *a;
    *a = *b;
    *b = kept;
}

int main(int argc, char **argv)
{
    struct image_parts parts;
    char name[32];
    if (argc != 2)
        return 2;
    int failed = 0;
    for (unsigned imports = 2; imports <= 8; imports += 3) { /* the code calls two gates */
        image_begin(&parts, imports);
        snprintf(name, sizeof name, "imports-%u", imports);
        failed |= write_image(argv[1], name, &parts);
    }
    image_begin(&parts, 2);
    parts.program[2].p_type = PT_NULL;
    failed |= write_image(argv[1], "without-data", &parts);
    image_begin(&parts, 2);
    parts.program[2].p_memsz = 64 << 20;
    failed |= write_image(argv[1], "large-bss", &parts);
    image_begin(&parts, 2);
    parts.program[2].p_memsz = parts.program[2].p_filesz;
    failed |= write_image(argv[1], "without-bss", &parts);
    image_begin(&parts, 2);
    parts.note.flags = PORIN_IMAGE_PROGRAM;
    parts.note.stack_size = 0x10000;
    failed |= write_image(argv[1], "program", &parts);
    image_begin(&parts, 2);
    exchange(&parts.program[0], &parts.program[3]);
    exchange(&parts.program[1], &parts.program[2]);
    failed |= write_image(argv[1], "headers-exchanged", &parts);
    image_begin(&parts, 2);
    parts.note.exports_size = 3 * sizeof(struct porin_symbol);
    parts.note.start_offset = parts.note.thread_offset = 0;
    failed |= write_image(argv[1], "few-exports", &parts);
    parts.note.exports_size = 0;
    failed |= write_image(argv[1], "without-exports", &parts);
    return failed;
}

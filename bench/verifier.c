/* SPDX-License-Identifier: Apache-2.0 */
/* Part (c): how fast the verifier goes through the text of every image that is built. */
#include "bench.h"
#include "image_format.h"
#include "layout.h"
#include "porin/verify.h"
#include <elf.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES_MAX = 128 };

static struct image {
    char name[64];
    unsigned char *bytes;              /* the whole file */
    struct porin_verify_input input;
    struct samples mb_per_s;
} images[IMAGES_MAX];
static size_t image_count;

/* How many imports the image's note declares. `bytes` is trusted here: the bench's own build made it. */
static uint32_t imports_count(const unsigned char *bytes, const Elf64_Phdr *note)
{
    const Elf64_Nhdr *head = (const Elf64_Nhdr *)(bytes + note->p_offset);
    const struct porin_note *fields = (const struct porin_note *)((const unsigned char *)(head + 1) + ((head->n_namesz + 3) & ~3u));
    return fields->imports_size / PORIN_SYMBOL_SIZE;
}

static void image_add(const char *path)
{
    size_t size;
    unsigned char *bytes = file_read(path, &size);
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)bytes;
    if (image_count == IMAGES_MAX || size < sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
        free(bytes);
        return;
    }
    struct image *image = &images[image_count++];
    const Elf64_Phdr *segments = (const Elf64_Phdr *)(bytes + header->e_phoff);
    const char *slash = strrchr(path, '/');
    snprintf(image->name, sizeof image->name, "%s", slash ? slash + 1 : path);
    const char *name_end = strstr(path, "/domain/") ? " (bench)" : "";
    strncat(image->name, name_end, sizeof image->name - strlen(image->name) - 1);
    image->bytes = bytes;
    image->input.gates[0] = (struct porin_verify_gates){PORIN_GATES_SERVICE, PORIN_SERVICE_GATE_SIZE, PORIN_SERVICE_GATES};
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (segments[i].p_type == PT_LOAD && (segments[i].p_flags & PF_X)) {
            image->input.text = bytes + segments[i].p_offset;
            image->input.text_size = segments[i].p_filesz;
            image->input.text_offset = (uint32_t)segments[i].p_vaddr;
        } else if (segments[i].p_type == PT_NOTE) {
            image->input.gates[1] = (struct porin_verify_gates){PORIN_GATES_IMPORT, PORIN_GATE_SIZE, imports_count(bytes, &segments[i])};
        }
    }
    image->input.scratch = calloc(porin_verify_scratch_words(image->input.text_size), sizeof(uint64_t));
    if (!image->input.scratch)
        fail("out of memory");
}

static void images_find(const char *build, const char *pattern)
{
    char path[512];
    glob_t found;
    snprintf(path, sizeof path, "%s/%s", build, pattern);
    if (glob(path, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        image_add(found.gl_pathv[i]);
    globfree(&found);
}

static double image_verify(struct image *image)
{
    struct porin_verify_report report;
    unsigned rounds = 0;
    uint64_t start = processor_ns(), elapsed;
    do {
        if (!porin_verify_text(&image->input, &report))
            fail("%s is refused at text offset 0x%x: %s", image->name, report.offset, porin_reason_name(report.reason));
        rounds++;
    } while ((elapsed = processor_ns() - start) < 2000000);
    return (double)image->input.text_size * rounds / ((double)elapsed / 1e9) / 1e6;
}

void bench_verifier(const struct bench_settings *settings)
{
    size_t order[IMAGES_MAX];
    double bytes = 0, seconds = 0;
    images_find(settings->build, "domains/*.porin");
    images_find(settings->build, "programs/*.porin");
    images_find(settings->build, "bench/domain/*");
    if (image_count == 0)
        fail("no images below %s: run make bench", settings->build);
    for (unsigned repetition = 0; repetition < settings->repetitions; repetition++) {
        order_shuffle(order, image_count);
        for (size_t i = 0; i < image_count; i++)
            samples_add(&images[order[i]].mb_per_s, image_verify(&images[order[i]]));
    }
    report("\nVerifier, one core\n  %-24s %10s %10s\n", "image", "text KiB", "MB/s");
    results_list("verifier");
    for (size_t i = 0; i < image_count; i++) {
        double speed = samples_median(&images[i].mb_per_s);
        bytes += (double)images[i].input.text_size;
        seconds += (double)images[i].input.text_size / speed / 1e6;
        report("  %-24s %10.1f %10.1f\n", images[i].name, (double)images[i].input.text_size / 1024, speed);
        results_object(NULL);
        results_text("image", images[i].name);
        results_number("text_bytes", (double)images[i].input.text_size);
        results_samples("mb_per_s", &images[i].mb_per_s);
        results_end();
        free(images[i].bytes);
        free(images[i].input.scratch);
    }
    results_end();
    double all = bytes / seconds / 1e6;
    report("  %-24s %10.1f %10.1f\n", "all", bytes / 1024, all);
    results_number("verifier_mb_per_s", all);
    bar_check("(c) verifier throughput over all images", all, AT_LEAST, 200, "MB/s");
}

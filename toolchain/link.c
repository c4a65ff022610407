/* SPDX-License-Identifier: Apache-2.0 */
/* Linking: export and import records, libraries, GNU ld with Porin's layout, and the verifier over the result. */
#define _GNU_SOURCE
#include "link.h"
#include "compile.h"
#include "image.h"
#include "image_format.h"
#include "layout.h"
#include "link_script.h"
#include "porin/verify.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_SHIFTS = 8, LABEL_SHIFT = 16 };

struct link {
    const struct options *options;
    const char *const *objects;
    const char *script, *records;
    const char *interpreter;  /* what runs the image when its file is executed; NULL: nothing */
    bool library;
    bool wants_main;          /* main is to be looked for in archives */
    int shift;
};

static bool exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

/* -lNAME: an archive wins over a relocatable "shared" library. NULL after a message, "" for what needs no file. */
static const char *find_library(const struct options *o, const char *name)
{
    static const char *const patterns[] = {"%s/lib%s.a", "%s/lib%s.so", NULL};
    bool exact = name[0] == ':';
    for (size_t i = 0; i <= o->directories.count; i++) {
        const char *directory = i < o->directories.count ? o->directories.items[i] : o->sysroot ? format_text("%s/lib", o->sysroot) : NULL;
        if (!directory)
            continue;
        for (const char *const *pattern = patterns; *pattern; pattern++) {
            char *path = exact ? format_text("%s/%s", directory, name + 1)
                               : format_text(pattern == patterns ? "%s/lib%s.a" : "%s/lib%s.so", directory, name);
            if (exists(path))
                return path;
            free(path);
        }
    }
    if (option_is(OPTION_ABSORBED, name))
        return "";
    fprintf(stderr, "porin-cc: cannot find -l%s: no lib%s.a in the -L directories and the sysroot (%s)\n", name, name,
            o->sysroot ? o->sysroot : "none found");
    fprintf(stderr, "porin-cc: note: the host's libraries are not domain code; build the library with porin-cc\n");
    return NULL;
}

static bool add_inputs(const struct link *l, struct arguments *ld)
{
    const struct options *o = l->options;
    for (size_t i = 0; i < o->input_count; i++) {
        const char *word = l->objects[i];
        if (o->inputs[i].option && strncmp(word, "-l", 2) == 0) {
            if (o->shared || o->relocatable)
                continue; /* the final link finds them */
            if (!(word = find_library(o, word + 2)))
                return false;
            if (!*word)
                continue;
        }
        arguments_add(ld, word);
    }
    return true;
}

/* --- records --- */

static bool add_record(struct buffer *text, const char *pattern, const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$.";
    if (strlen(name) >= sizeof((struct porin_symbol *)NULL)->name || strspn(name, letters) != strlen(name)) {
        fprintf(stderr, "porin-cc: `%s' is no name for an export or import: at most 55 letters, digits and underscores\n", name);
        return false;
    }
    buffer_add(text, "\t", 1);
    for (const char *next; (next = strstr(pattern, LINK_NAME)); pattern = next + strlen(LINK_NAME)) {
        buffer_add(text, pattern, (size_t)(next - pattern));
        buffer_printf(text, "%s", name);
    }
    buffer_printf(text, "%s", pattern);
    return true;
}

static bool is_named(const struct arguments *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], name) == 0)
            return true;
    return false;
}

/* The object with the records that were asked for on the command line; a library exports malloc and free for the host's sake. */
static bool make_records(struct link *l)
{
    const struct options *o = l->options;
    struct buffer text = {0};
    bool good = true;
    buffer_add(&text, "", 0);
    for (size_t i = 0; i < o->exports.count; i++)
        good = add_record(&text, link_export, o->exports.items[i]) && good;
    for (size_t i = 0; i < o->imports.count; i++)
        good = add_record(&text, link_import, o->imports.items[i]) && good;
    for (int i = 0; i < 2 && l->library; i++)
        if (!is_named(&o->exports, i ? "free" : "malloc"))
            good = add_record(&text, link_export, i ? "free" : "malloc") && good;
    if (o->no_start_files)
        buffer_printf(&text, "%s", link_note);
    if (l->interpreter)
        buffer_printf(&text, "\t.section .interp,\"a\"\n\t.asciz \"%s\"\n", l->interpreter);
    buffer_printf(&text, "\t.section .note.GNU-stack,\"\",@progbits\n");
    const char *assembly = temporary_file(".records.s"), *object = temporary_file(".records.o");
    good = good && buffer_write_file(&text, assembly) && assemble(o, assembly, object) == 0;
    buffer_free(&text);
    l->records = object;
    return good;
}

/* --- ld --- */

/* "undefined reference to `name'": lists each name once, with what to do. */
static void explain_undefined(const char *messages)
{
    static const char mark[] = "undefined reference to `";
    struct buffer names = {0};
    for (const char *p = messages; (p = strstr(p, mark));) {
        p += sizeof mark - 1;
        const char *end = strchr(p, '\'');
        if (!end)
            break;
        char *name = format_text(" %.*s,", (int)(end - p), p);
        if (!names.data || !strstr(names.data, name))
            buffer_printf(&names, "%s", name);
        free(name);
    }
    if (!names.length)
        return;
    names.data[names.length - 1] = 0;
    fprintf(stderr, "porin-cc: undefined:%s\n", names.data);
    fprintf(stderr, "porin-cc: note: link the library that defines them; what another domain provides is named with --import=NAME,...\n");
    buffer_free(&names);
}

static bool check_start_files(const struct options *o)
{
    char *crt = format_text("%s/lib/crt1.o", o->sysroot ? o->sysroot : "");
    bool good = o->no_start_files || (o->sysroot && exists(crt));
    if (!good)
        fprintf(stderr, "porin-cc: no C library for domains in %s\nporin-cc: note: `make sysroot' builds it, --sysroot=DIR names another "
                "place, -nostdlib does without\n", o->sysroot ? o->sysroot : "../sysroot");
    free(crt);
    return good;
}

static void add_default_libraries(const struct options *o, struct arguments *ld)
{
    static const char *const libraries[] = {"libc.a", "libporin-rt.a", NULL};
    if (o->no_default_libraries || !o->sysroot)
        return;
    arguments_add(ld, "--start-group");
    for (const char *const *library = libraries; *library; library++) {
        char *path = format_text("%s/lib/%s", o->sysroot, *library);
        if (exists(path))
            arguments_add(ld, path);
    }
    arguments_add(ld, "--end-group");
}

static int run_ld(const struct link *l, const char *output)
{
    const struct options *o = l->options;
    struct arguments ld = {0};
    struct buffer errors = {0};
    const char *const head[] = {"ld", "-m", "elf_x86_64", "-static", "-nostdlib", "-z", "noexecstack", "-z", "max-page-size=4096",
                                "--no-dynamic-linker", "--build-id=none", "--no-warn-mismatch", "-T", l->script, "-o", output, NULL};
    for (const char *const *word = head; *word; word++)
        arguments_add(&ld, *word);
    arguments_add(&ld, format_text("--defsym=porin_stack_size=%s", o->stack_size ? o->stack_size : "0"));
    if (l->shift)
        arguments_add(&ld, format_text("--defsym=porin_text_shift=%d", l->shift));
    if (l->wants_main)
        arguments_add(&ld, "--undefined=main");
    if (!o->no_start_files)
        arguments_add(&ld, format_text("%s/lib/crt1.o", o->sysroot));
    arguments_add(&ld, l->records);
    int status = add_inputs(l, &ld) ? 0 : 1;
    add_default_libraries(o, &ld);
    if (status == 0) {
        buffer_add(&errors, "", 0);
        status = process_run(&ld, NULL, &errors);
        if (status == 0 || !l->wants_main) { /* otherwise it has been linked without before */
            fputs(errors.data, stderr);
            explain_undefined(errors.data);
        }
    }
    arguments_free(&ld);
    buffer_free(&errors);
    return status;
}

/* --- verification --- */

static bool verify(const struct image *image, struct porin_verify_report *report)
{
    struct porin_verify_input input = {
        .text = image->text,
        .text_size = image->text_size,
        .text_offset = image->text_offset,
        .gates = {{PORIN_GATES_SERVICE, PORIN_SERVICE_GATE_SIZE, PORIN_SERVICE_GATES},
                  {PORIN_GATES_IMPORT, PORIN_GATE_SIZE, PORIN_MAX_IMPORTS}},
        .allow_rdtsc = true,
    };
    input.scratch = grow(NULL, porin_verify_scratch_words(input.text_size) * sizeof input.scratch[0]);
    bool accepted = porin_verify_text(&input, report);
    free(input.scratch);
    return accepted;
}

static void print_refusal(const struct image *image, const char *output, const struct porin_verify_report *report)
{
    uint64_t distance = 0;
    const char *place = image_place(image, (uint64_t)image->text_offset + report->offset, &distance);
    fprintf(stderr, "porin-cc: %s: the verifier refuses the code at text offset %#x (%s+%#llx): %s: %s\n", output, report->offset,
            place ? place : "?", (unsigned long long)distance, porin_reason_name(report->reason), porin_reason_text(report->reason));
    fprintf(stderr, "porin-cc: note: bytes:");
    for (uint32_t i = 0; i < 16 && report->offset + i < image->text_size; i++)
        fprintf(stderr, " %02x", image->text[report->offset + i]);
    fprintf(stderr, "; was the file with %s compiled by porin-cc?\n", place ? place : "it");
}

/* The start routine takes main where it is there, so nothing has called for it yet: some programs have theirs in an archive. */
static bool main_is_found(struct link *l, const char *output)
{
    l->wants_main = true;
    return l->wants_main = run_ld(l, output) == 0;
}

/* Links, then looks at the result: a library gets its exports, and text in which a distance happens to contain the label's bytes is
 * moved a little. */
static int link_and_check(struct link *l, const char *output)
{
    const struct options *o = l->options;
    struct porin_verify_report report;
    struct image image;
    int status = run_ld(l, output);
    if (status != 0 || process_dry())
        return status;
    if (!image_read(&image, output)) {
        fprintf(stderr, "porin-cc: %s has no text\n", output);
        return 1;
    }
    if (!l->library && !o->no_default_libraries && !image_symbol(&image, "main", NULL)) {
        image_free(&image);
        if (main_is_found(l, output))
            return link_and_check(l, output);
        l->library = true;
        return make_records(l) ? link_and_check(l, output) : 1;
    }
    if (!o->no_verify && !verify(&image, &report)) {
        bool accident = report.reason == PORIN_REASON_LABEL_BYTES && l->shift < MAX_SHIFTS * LABEL_SHIFT;
        if (accident)
            l->shift += LABEL_SHIFT;
        else
            print_refusal(&image, output, &report);
        status = accident ? link_and_check(l, output) : 1;
    }
    image_free(&image);
    return status;
}

static int strip_image(const char *output)
{
    struct arguments strip = {0};
    arguments_add(&strip, "strip");
    arguments_add(&strip, "-s");
    arguments_add(&strip, output);
    int status = process_run(&strip, NULL, NULL);
    arguments_free(&strip);
    return status;
}

/* -r, and -shared, which build systems use for libraries: one relocatable object that later links take whole. */
static int link_relocatable(const struct link *l, const char *output)
{
    struct arguments ld = {0};
    const char *const head[] = {"ld", "-m", "elf_x86_64", "-r", "-o", output, NULL};
    for (const char *const *word = head; *word; word++)
        arguments_add(&ld, *word);
    int status = add_inputs(l, &ld) ? process_run(&ld, NULL, NULL) : 1;
    arguments_free(&ld);
    return status;
}

/* So that configure scripts and test suites can execute what they build. */
static const char *find_interpreter(const struct options *o)
{
    char *path = o->sysroot && !o->no_start_files ? format_text("%s/lib/porin-launch", o->sysroot) : NULL;
    char *real = path ? realpath(path, NULL) : NULL;
    free(path);
    return real && !strpbrk(real, "\"\\\n") ? real : NULL;
}

int link_image(const struct options *o, const char *const *objects)
{
    struct link l = {.options = o, .objects = objects};
    struct buffer script = {0};
    const char *output = o->output ? o->output : "a.out";
    int status = 1;
    if (o->shared || o->relocatable)
        return link_relocatable(&l, output);
    l.interpreter = find_interpreter(o);
    l.script = temporary_file(".ld");
    buffer_printf(&script, link_script, l.interpreter ? link_interpreter_header : "", l.interpreter ? link_interpreter_section : "");
    if (check_start_files(o) && buffer_write_file(&script, l.script) && make_records(&l))
        status = link_and_check(&l, output);
    if (status == 0 && o->strip)
        status = strip_image(output);
    if (status != 0)
        remove_output(output);
    buffer_free(&script);
    return status;
}

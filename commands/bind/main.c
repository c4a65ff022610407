/* SPDX-License-Identifier: Apache-2.0 */
/* `porin bind`: from a C header to stubs. A program of its own, so that nothing else needs libclang. */
#include "emit.h"
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_BAD = 1, EXIT_USAGE = 2, OPTIONS_MAX = 256 };

static const char usage[] =
    "usage: porin bind [OPTIONS] HEADER\n\n"
    "Writes what calls the library of HEADER in a domain of its own, from annotations (porin/bind.h) in the header or in a side file.\n\n"
    "  -a FILE            side file: the functions to bind, declared once more with annotations\n"
    "  -o DIRECTORY       where the files go (default: .): NAME_bind.h, NAME_host.c for hosts, NAME_callee.c for the image,\n"
    "                     NAME_blocks.h for both\n"
    "  -n NAME            the library's name in those (default: the header's)\n"
    "  --drop-in          stubs with the library's own names and types, for programs that use it already\n"
    "  --for-domains      for callers in domains: NAME_caller.c for the caller's image, NAME_receiver.c for the\n"
    "                     library's, NAME_wire.h for both, NAME_edges.c and .h for the host that binds them\n"
    "  --include TEXT     how generated code includes the header (default: \"HEADER\")\n"
    "  --suggest          prints a side file to start from and writes nothing\n"
    "  -I DIR, -D MACRO   as for the compiler\n"
    "  --help             this text\n\n"
    "Exit status: 0, 1 if something must be annotated or is wrong (each with file, line and what to write), 2 bad usage.\n";

struct settings {
    const char *header, *annotations, *directory, *include;
    const char *options[OPTIONS_MAX];
    int option_count;
    bool suggest, for_domains;
    struct model model;
};

static const char *name_from(const char *header)
{
    const char *slash = strrchr(header, '/');
    char *name = format_text("%s", slash ? slash + 1 : header);
    name[strcspn(name, ".")] = 0;
    for (char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p))
            *p = '_';
    return name;
}

static bool write_file(const struct settings *settings, const char *suffix, struct output *output)
{
    char *path = format_text("%s/%s_%s", settings->directory, settings->model.library, suffix);
    bool good = buffer_write_file(&output->text, path);
    if (!good)
        fprintf(stderr, "porin bind: cannot write %s: %s\n", path, strerror(errno));
    buffer_free(&output->text);
    output->text = (struct buffer){0};
    return good;
}

static int write_all(struct settings *settings)
{
    struct output output = {.model = &settings->model, .include = settings->include};
    if (mkdir(settings->directory, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "porin bind: cannot make %s: %s\n", settings->directory, strerror(errno));
        return EXIT_BAD;
    }
    if (settings->for_domains) {
        output.between = true;
        emit_blocks(&output);
        bool good = write_file(settings, "wire.h", &output);
        emit_caller(&output);
        good = write_file(settings, "caller.c", &output) && good;
        emit_receiver(&output);
        good = write_file(settings, "receiver.c", &output) && good;
        emit_edges(&output);
        good = write_file(settings, "edges.c", &output) && good;
        emit_edges_header(&output);
        return write_file(settings, "edges.h", &output) && good ? 0 : EXIT_BAD;
    }
    emit_host(&output); /* first: it makes the list of entries */
    bool good = write_file(settings, "host.c", &output);
    emit_callee(&output);
    good = write_file(settings, "callee.c", &output) && good;
    emit_header(&output);
    good = write_file(settings, "bind.h", &output) && good;
    emit_blocks(&output);
    return write_file(settings, "blocks.h", &output) && good ? 0 : EXIT_BAD;
}

static bool settings_read(struct settings *settings, int argc, char **argv)
{
    static const struct option long_options[] = {
        {"drop-in", no_argument, NULL, 'd'},     {"include", required_argument, NULL, 'i'}, {"suggest", no_argument, NULL, 's'},
        {"for-domains", no_argument, NULL, 'f'}, {"help", no_argument, NULL, 'h'},          {0},
    };
    for (int option; (option = getopt_long(argc, argv, "a:o:n:I:D:h", long_options, NULL)) != -1;) {
        if (settings->option_count == OPTIONS_MAX)
            return false;
        switch (option) {
        case 'a': settings->annotations = optarg; break;
        case 'o': settings->directory = optarg; break;
        case 'n': settings->model.library = optarg; break;
        case 'd': settings->model.drop_in = true; break;
        case 'i': settings->include = optarg; break;
        case 's': settings->suggest = true; break;
        case 'f': settings->for_domains = true; break;
        case 'I': settings->options[settings->option_count++] = format_text("-I%s", optarg); break;
        case 'D': settings->options[settings->option_count++] = format_text("-D%s", optarg); break;
        case 'h': fputs(usage, stdout); exit(0);
        default: return false;
        }
    }
    if (argc - optind != 1)
        return false;
    settings->header = argv[optind];
    if (!settings->model.library)
        settings->model.library = name_from(settings->header);
    if (!settings->include)
        settings->include = format_text("\"%s\"", settings->header);
    return true;
}

/* porin/bind.h is where this program was installed, or in the source tree it was built in. */
static void add_own_include(struct settings *settings)
{
    static const char *const places[] = {"../include", "../../include"};
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length < 0)
        return;
    path[length] = 0;
    *strrchr(path, '/') = 0;
    for (size_t i = 0; i < 2 && settings->option_count < OPTIONS_MAX; i++) {
        char *directory = format_text("%s/%s", path, places[i]);
        if (access(format_text("%s/porin/bind.h", directory), R_OK) == 0)
            settings->options[settings->option_count++] = format_text("-I%s", directory);
    }
}

int main(int argc, char **argv)
{
    static struct settings settings = {.directory = "."};
    if (!settings_read(&settings, argc, argv)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    struct model *model = &settings.model;
    add_own_include(&settings);
    if (!model_parse(model, settings.header, settings.annotations, settings.options, settings.option_count))
        return EXIT_BAD;
    if (settings.suggest) {
        model_suggest(model);
        return 0;
    }
    model->between = settings.for_domains;
    model->drop_in |= settings.for_domains;
    model_check(model);
    if (model->between)
        model_check_between(model);
    if (model->errors) {
        fprintf(stderr, "porin bind: %u thing%s to say or put right; nothing was written\n", model->errors, model->errors > 1 ? "s" : "");
        return EXIT_BAD;
    }
    return write_all(&settings);
}

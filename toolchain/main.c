/* SPDX-License-Identifier: Apache-2.0 */
/* porin-cc: stands in for gcc and makes code for Porin domains. */
#define _GNU_SOURCE
#include "compile.h"
#include "link.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "dir/name.c" to "name.o" or "name.s" */
static const char *default_output(const char *path, const char *ending)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    if (strcmp(path, "-") == 0)
        return format_text("-%s", ending);
    return format_text("%.*s%s", dot ? (int)(dot - name) : (int)strlen(name), name, ending);
}

static int run(const struct options *o)
{
    const char **objects = grow(NULL, o->input_count * sizeof objects[0]);
    int status = 0;
    for (size_t i = 0; i < o->input_count; i++) {
        const struct input *input = &o->inputs[i];
        objects[i] = input->path;
        if (input->option || input->language == LANGUAGE_LINK) {
            if (!input->option && o->mode != MODE_LINK)
                fprintf(stderr, "porin-cc: warning: %s: linker input unused because linking is not done\n", input->path);
            continue;
        }
        const char *output = o->mode == MODE_LINK ? temporary_file(".o") : o->output;
        if (!output)
            output = default_output(input->path, o->mode == MODE_ASSEMBLY ? ".s" : ".o");
        objects[i] = output;
        int result = compile(o, input, o->mode, output);
        status = status ? status : result;
    }
    if (status == 0 && o->mode == MODE_LINK)
        status = link_image(o, objects);
    free(objects);
    return status;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    bool answered;
    if (!options_read(&options, argc, argv, &answered))
        return 1;
    if (answered)
        return 0;
    if (options.mode == MODE_PREPROCESS)
        return preprocess(&options);
    return run(&options);
}

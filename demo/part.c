/* SPDX-License-Identifier: Apache-2.0 */
/* Demo: a domain with its name and image; places in its source. */
#include "demo.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void part_create(struct part *part, const char *images, const char *name)
{
    struct porin_error error = {0};
    struct porin_domain_options options;
    porin_image *image;
    part->name = name;
    snprintf(part->image_path, sizeof part->image_path, "%s/%s.porin", images, name);
    porin_domain_options_default(&options);
    options.name = name;
    options.grants = PORIN_GRANT_MEMORY; /* none of them needs a file, a clock or a terminal */
    if (porin_image_load_file(part->image_path, &image, &error) != PORIN_OK)
        die("%s: %s", part->image_path, error.text);
    if (porin_domain_create(image, &options, &part->domain, &error) != PORIN_OK)
        die("domain %s: %s", name, error.text);
    porin_image_release(image);
}

void text_clean(char *text)
{
    for (; *text; text++)
        if ((*text < ' ' || *text > '~') && *text != '\n')
            *text = '?';
}

/* An image is linked at its slot offsets, so that its own symbols and lines fit as they are. */
void part_where(const struct part *part, uint32_t offset, char *text, size_t size)
{
    int ends[2];
    char number[16], lines[512];
    text[0] = 0;
    snprintf(number, sizeof number, "0x%x", offset);
    fflush(stdout);
    if (pipe(ends) != 0)
        return;
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execlp("addr2line", "addr2line", "-f", "-e", part->image_path, number, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *file = fdopen(ends[0], "r");
    size_t got = file && child > 0 ? fread(lines, 1, sizeof lines - 1, file) : 0;
    if (file)
        fclose(file);
    waitpid(child, NULL, 0);
    lines[got] = 0;
    char *function = strtok(lines, "\n"), *place = strtok(NULL, " \n");
    if (function && place && function[0] != '?') {
        char *demo = strstr(place, "demo/");
        snprintf(text, size, "%s (%s)", function, demo ? demo : place);
    }
}

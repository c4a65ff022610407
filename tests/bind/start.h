/* SPDX-License-Identifier: Apache-2.0 */
/* The few lines with which a program starts a bound library: image, domain, binding. */
#ifndef TESTS_BIND_START_H
#define TESTS_BIND_START_H
#include <stdio.h>
#include <stdlib.h>
#include "porin/binding.h"

/* The domain of image `path`; it may use `directory` as /work if that is not NULL. */
static inline porin_domain *start(const char *path, const char *directory)
{
    struct porin_error error = {0};
    struct porin_directory work = {directory, "/work", false};
    struct porin_domain_options options;
    porin_image *image;
    porin_domain *domain;
    porin_domain_options_default(&options);
    options.grants = PORIN_GRANT_MEMORY | PORIN_GRANT_TIME | PORIN_GRANT_CONSOLE;
    options.stdio[1] = 1;
    if (directory) {
        options.grants |= PORIN_GRANT_FILES;
        options.directories = &work;
        options.directory_count = 1;
    }
    if (porin_image_load_file(path, &image, &error) != PORIN_OK || porin_domain_create(image, &options, &domain, &error) != PORIN_OK) {
        fprintf(stderr, "%s: %s\n", path, error.text);
        exit(1);
    }
    porin_image_release(image);
    return domain;
}

static inline void must_start(porin_status status, const struct porin_error *error)
{
    if (status == PORIN_OK)
        return;
    fprintf(stderr, "cannot bind: %s: %s\n", porin_status_name(status), error->text);
    exit(1);
}
#endif

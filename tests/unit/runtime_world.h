/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of the runtime share: images, domains and calls that must work. */
#ifndef TESTS_RUNTIME_WORLD_H
#define TESTS_RUNTIME_WORLD_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "domain_image.h"
#include "porin/porin.h"

static inline porin_image *image_load(const struct image_parts *parts)
{
    struct porin_error error;
    porin_image *image = NULL;
    uint8_t *file = image_write(parts);
    if (porin_image_load_memory("hand-made", file, FILE_SIZE, &image, &error) != PORIN_OK)
        fail_msg("%s", error.text);
    free(file);
    return image;
}

static inline porin_image *image_make_library(unsigned imports)
{
    struct image_parts parts;
    image_begin(&parts, imports);
    return image_load(&parts);
}

static inline porin_domain *domain_make(porin_image *image, const char *name)
{
    struct porin_error error;
    struct porin_domain_options options;
    porin_domain *domain = NULL;
    porin_signals_install(NULL); /* cmocka sets its own handlers before each test */
    porin_domain_options_default(&options);
    options.name = name;
    if (porin_domain_create(image, &options, &domain, &error) != PORIN_OK)
        fail_msg("%s", error.text);
    return domain;
}

static inline porin_entry entry(porin_domain *domain, const char *name)
{
    struct porin_error error;
    porin_entry out;
    if (porin_entry_find(domain, name, &out, &error) != PORIN_OK)
        fail_msg("%s", error.text);
    return out;
}

/* A call that must succeed. */
static inline uint64_t call(porin_domain *domain, const char *name, uint64_t a, uint64_t b)
{
    uint64_t result;
    if (porin_call6(entry(domain, name), &result, a, b, 0, 0, 0, 0) != PORIN_OK)
        fail_msg("%s: %s", name, porin_last_error()->text);
    return result;
}
#endif

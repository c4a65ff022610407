/* SPDX-License-Identifier: Apache-2.0 */
/* The bench's own domains: images from BUILD/bench/domains, entries and edges, with a message where something is not there. */
#include "bench.h"
#include <stdio.h>

porin_image *bench_image(const char *build, const char *name)
{
    char path[512];
    struct porin_error error = {0};
    porin_image *image;
    snprintf(path, sizeof path, "%s/bench/domains/%s.porin", build, name);
    porin_check(porin_image_load_file(path, &image, &error), path, &error);
    return image;
}

porin_domain *bench_domain(const char *build, const char *name, bool accounting)
{
    struct porin_error error = {0};
    struct porin_domain_options options;
    porin_domain *domain;
    porin_image *image = bench_image(build, name);
    porin_domain_options_default(&options);
    options.accounting = accounting;
    porin_check(porin_domain_create(image, &options, &domain, &error), name, &error);
    porin_image_release(image);
    return domain;
}

porin_entry bench_entry(porin_domain *domain, const char *name)
{
    struct porin_error error = {0};
    porin_entry entry;
    porin_check(porin_entry_find(domain, name, &entry, &error), name, &error);
    return entry;
}

void bench_bind(porin_domain *caller, const char *import, porin_entry entry, uint32_t policy, uint32_t callee_policy)
{
    struct porin_error error = {0};
    struct porin_edge_options options = {.policy = policy, .fault_value = -1, .callee_policy = callee_policy};
    porin_check(porin_domain_bind(caller, import, entry, &options, &error), import, &error);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A host of two domains that call each other. Usage: pair FRONT BACK */
#include <porin/porin.h>
#include <stdio.h>
#include <stdlib.h>

static porin_domain *domain_make(const char *path)
{
    struct porin_error error;
    porin_image *image;
    porin_domain *domain;
    if (porin_image_load_file(path, &image, &error) != PORIN_OK || porin_domain_create(image, NULL, &domain, &error) != PORIN_OK) {
        fprintf(stderr, "pair: %s\n", error.text);
        exit(1);
    }
    porin_image_release(image);
    return domain;
}

static void bind(porin_domain *caller, const char *name, porin_domain *callee, uint32_t policy)
{
    struct porin_error error;
    struct porin_edge_options options = { .policy = policy };
    porin_entry entry;
    if (porin_entry_find(callee, name, &entry, &error) != PORIN_OK ||
        porin_domain_bind(caller, name, entry, &options, &error) != PORIN_OK) {
        fprintf(stderr, "pair: %s\n", error.text);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    porin_domain *front = domain_make(argv[1]), *back = domain_make(argv[2]);
    struct porin_error error;
    porin_entry run;
    uint64_t result;
    bind(front, "back_sum", back, PORIN_POLICY_ALL);
    bind(back, "front_again", front, 0);
    if (porin_entry_find(front, "front_run", &run, &error) != PORIN_OK)
        return 1;
    porin_status status = porin_call6(run, &result, 7, 0, 0, 0, 0, 0); /* line 45 */
    printf("%d\n", (int)result);
    return status != PORIN_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The fixture of test groups that all use one library image with two imports: cmocka_run_group_tests(tests, make_library, drop_library). */
#ifndef TESTS_LIBRARY_FIXTURE_H
#define TESTS_LIBRARY_FIXTURE_H
#include "runtime_world.h"

static porin_image *library;

static int make_library(void **state)
{
    library = image_make_library(2);
    (void)state;
    return 0;
}

static int drop_library(void **state)
{
    porin_image_release(library);
    (void)state;
    return 0;
}

#endif

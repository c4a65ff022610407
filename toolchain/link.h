/* SPDX-License-Identifier: Apache-2.0 */
/* Linking objects and archives into a domain image. */
#ifndef PORIN_LINK_H
#define PORIN_LINK_H
#include "options.h"

/* objects[i] is what became of options->inputs[i] (the same for what needed no compiling). Exit status. */
int link_image(const struct options *options, const char *const *objects);
#endif

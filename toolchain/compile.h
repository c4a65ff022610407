/* SPDX-License-Identifier: Apache-2.0 */
/* From a source file to domain assembly and to an object file. */
#ifndef PORIN_COMPILE_H
#define PORIN_COMPILE_H
#include "options.h"

/* Exit status of gcc -E or -M with everything that was asked for. */
int preprocess(const struct options *options);
/* Makes `output` (assembly for MODE_ASSEMBLY, an object otherwise) of one input. Exit status. */
int compile(const struct options *options, const struct input *input, enum mode mode, const char *output);
/* Assembles domain assembly as it is. */
int assemble(const struct options *options, const char *assembly, const char *object);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that a domain may have had a hand in, for formats in which some characters mean something. */
#ifndef PORIN_COMMANDS_ESCAPE_H
#define PORIN_COMMANDS_ESCAPE_H
#include <stdio.h>

/* Control characters become ?, in all of them. In a string of JSON, without its quotes: */
void json_write(FILE *to, const char *text);
/* In XML, its attributes and labels of Graphviz that are HTML: */
void xml_write(FILE *to, const char *text);
/* A field of a line whose fields are parted by tabs: */
void field_write(FILE *to, const char *text);
#endif

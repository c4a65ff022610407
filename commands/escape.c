/* SPDX-License-Identifier: Apache-2.0 */
/* What means something is written otherwise. Texts are made plain first: then they are valid UTF-8 without control characters. */
#define _GNU_SOURCE
#include "escape.h"
#include "lifecycle/plain.h"
#include <stdlib.h>
#include <string.h>

static char *plain(const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        abort();
    text_make_plain(copy);
    for (char *tab = copy; (tab = strchr(tab, '\t'));)
        *tab = ' ';
    return copy;
}

void json_write(FILE *to, const char *text)
{
    char *copy = plain(text);
    for (const char *at = copy; *at; at++)
        fprintf(to, *at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
    free(copy);
}

void xml_write(FILE *to, const char *text)
{
    char *copy = plain(text);
    for (const char *at = copy; *at; at++)
        switch (*at) {
        case '<': fputs("&lt;", to); break;
        case '>': fputs("&gt;", to); break;
        case '&': fputs("&amp;", to); break;
        case '"': fputs("&quot;", to); break;
        case '\'': fputs("&#39;", to); break;
        default: fputc(*at, to);
        }
    free(copy);
}

void field_write(FILE *to, const char *text)
{
    char *copy = plain(text);
    fputs(copy, to);
    free(copy);
}

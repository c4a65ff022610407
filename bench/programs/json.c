/* SPDX-License-Identifier: Apache-2.0 */
/* Bench: cJSON parses a generated document, walks it, changes it and prints it again. */
#include "program.h"
#include <cjson/cJSON.h>

enum { SIZE = 300000 };

static char *document_make(void)
{
    char *text = malloc(SIZE), word[40];
    size_t at = 0;
    uint64_t seed = 31;
    if (!text)
        program_fail("out of memory");
    at += (size_t)sprintf(text, "{\"version\": 1, \"items\": [");
    for (int i = 0; at < SIZE - 1000; i++) {
        program_fill_text(word, sizeof word, program_random(&seed));
        for (char *c = word; *c; c++)
            if (*c == '\n')
                *c = '_';
        at += (size_t)sprintf(text + at,
                              "%s{\"id\": %d, \"name\": \"%s\", \"price\": %d.%02d, \"tags\": [\"%.4s\", null, true, -%d],"
                              " \"note\": \"\\u00e9\\n\\\"\"}",
                              i ? ", " : "", i, word, (int)(program_random(&seed) % 1000), i % 100, word, i);
    }
    sprintf(text + at, "]}");
    return text;
}

static uint64_t tree_sum(const cJSON *node)
{
    uint64_t sum = 0;
    for (; node; node = node->next) {
        sum += (uint64_t)(unsigned)node->type + (node->string ? strlen(node->string) : 0);
        if (cJSON_IsNumber(node))
            sum += (uint64_t)(int64_t)node->valuedouble;
        else if (cJSON_IsString(node))
            sum = program_hash(sum, node->valuestring, strlen(node->valuestring));
        sum += tree_sum(node->child) * 3;
    }
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t rounds = program_rounds(argc, argv, 40), sum = 0;
    char *text = document_make();
    program_begin();
    for (uint64_t i = 0; i < rounds; i++) {
        cJSON *document = cJSON_Parse(text);
        if (!document)
            program_fail("the document does not parse");
        cJSON_SetNumberValue(cJSON_GetObjectItem(document, "version"), (double)i);
        sum += tree_sum(document);
        char *printed = cJSON_PrintUnformatted(document);
        if (!printed)
            program_fail("the document does not print");
        sum += strlen(printed);
        cJSON_free(printed);
        cJSON_Delete(document);
    }
    return program_end(sum);
}

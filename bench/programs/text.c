/* SPDX-License-Identifier: Apache-2.0 */
/* Bench: string-heavy code: splits text into words, lower-cases, searches, formats, compares and sorts strings. */
#include "program.h"
#include <ctype.h>

enum { TEXT_SIZE = 200000, WORDS_MAX = 60000 };

static int word_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t words_split(char *text, char **words)
{
    size_t count = 0;
    char *state;
    for (char *word = strtok_r(text, " .\n", &state); word && count < WORDS_MAX; word = strtok_r(NULL, " .\n", &state))
        words[count++] = word;
    return count;
}

static uint64_t text_round(const char *original, char *text, char **words, uint64_t round)
{
    uint64_t sum = 0;
    char line[128];
    memcpy(text, original, TEXT_SIZE);
    for (char *c = text; *c; c++)
        *c = (char)((round & 1) ? toupper((unsigned char)*c) : tolower((unsigned char)*c));
    for (const char *found = text; (found = strstr(found, (round & 1) ? "MENTHE" : "menthe")); found++)
        sum += (uint64_t)(found - text);
    size_t count = words_split(text, words);
    qsort(words, count, sizeof *words, word_compare);
    for (size_t i = 0; i < count; i += 4) {
        int length = snprintf(line, sizeof line, "%05zu: %-12.12s|%s|%x", i, words[i], strchr(words[i], 'a') ? "a" : "-", (unsigned)round);
        sum = program_hash(sum, line, (size_t)length);
        sum += strlen(words[i]) + strcspn(words[i], "xyz");
    }
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t rounds = program_rounds(argc, argv, 45), sum = 0;
    char *original = malloc(TEXT_SIZE), *text = malloc(TEXT_SIZE);
    char **words = malloc(WORDS_MAX * sizeof *words);
    if (!original || !text || !words)
        program_fail("out of memory");
    program_fill_text(original, TEXT_SIZE, 42);
    program_begin();
    for (uint64_t i = 0; i < rounds; i++)
        sum += text_round(original, text, words, i);
    return program_end(sum);
}

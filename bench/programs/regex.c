/* SPDX-License-Identifier: Apache-2.0 */
/* Bench: POSIX regular expressions of the libc over generated text, line by line, and a small backtracking matcher of its own. */
#include "program.h"
#include <regex.h>

enum { TEXT_SIZE = 100000 };

/* Matches pattern (literals, '.', 'x*', '$' at the end) at the start of text. */
static int match_here(const char *pattern, const char *text)
{
    if (!pattern[0])
        return 1;
    if (pattern[0] == '$' && !pattern[1])
        return !*text;
    if (pattern[1] == '*') {
        for (const char c = pattern[0];; text++) {
            if (match_here(pattern + 2, text))
                return 1;
            if (!*text || (*text != c && c != '.'))
                return 0;
        }
    }
    return *text && (pattern[0] == '.' || pattern[0] == *text) && match_here(pattern + 1, text + 1);
}

static uint64_t match_lines(const char *text, const regex_t *expressions, size_t count)
{
    uint64_t sum = 0;
    char line[1024];
    for (const char *start = text; *start;) {
        size_t length = strcspn(start, "\n");
        size_t copied = length < sizeof line ? length : sizeof line - 1;
        memcpy(line, start, copied);
        line[copied] = 0;
        for (size_t i = 0; i < count; i++) {
            regmatch_t found[2];
            if (regexec(&expressions[i], line, 2, found, 0) == 0)
                sum = sum * 31 + (uint64_t)found[0].rm_so + (uint64_t)found[0].rm_eo * 3;
        }
        for (const char *at = line; *at; at++)
            sum += (uint64_t)match_here("th.*un.*is", at);
        start += length + (start[length] == '\n');
    }
    return sum;
}

int main(int argc, char **argv)
{
    static const char *const patterns[] = {"the[a-m]+of", "(ba|con|de)+[^ ]*ly", "^[a-z]*ra[a-z]* ", "un(is|al)?.*ve"};
    enum { PATTERNS = sizeof patterns / sizeof patterns[0] };
    regex_t expressions[PATTERNS];
    uint64_t rounds = program_rounds(argc, argv, 50), sum = 0;
    char *text = malloc(TEXT_SIZE);
    if (!text)
        program_fail("out of memory");
    program_fill_text(text, TEXT_SIZE, 99);
    for (size_t i = 0; i < PATTERNS; i++)
        if (regcomp(&expressions[i], patterns[i], REG_EXTENDED) != 0)
            program_fail("a pattern does not compile");
    program_begin();
    for (uint64_t i = 0; i < rounds; i++)
        sum += match_lines(text, expressions, PATTERNS);
    return program_end(sum);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the accept and reject cases and all sequences as files for the fuzzer to start from. usage: corpus DIRECTORY */
#include <stdio.h>
#include "case_checks.h"

extern const uint8_t *const sequence_table[]; /* sequences.S */

static int write_file(const char *directory, const char *kind, unsigned number, const uint8_t *bytes, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s-%03u", directory, kind, number);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file)) {
        perror(path);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    int failed = argc != 2;
    for (unsigned i = 0; !failed && case_table[i].name; i++)
        failed = write_file(argv[1], "case", i, case_table[i].code, (size_t)(case_table[i + 1].code - case_table[i].code));
    for (unsigned i = 0; !failed && sequence_table[i + 1]; i++)
        failed = write_file(argv[1], "sequence", i, sequence_table[i], (size_t)(sequence_table[i + 1] - sequence_table[i]));
    return failed ? 2 : 0;
}

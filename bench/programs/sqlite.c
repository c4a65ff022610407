/* SPDX-License-Identifier: Apache-2.0 */
/* Bench: SQLite's own speedtest1 (from its source package) on a database in memory. Its hash of all results is the checksum. */
#include "program.h"
/* speedtest1 is a program: its main becomes a function here, and its hash state, static there, is in reach. */
#define main speedtest1_main
#include "speedtest1.c"
#undef main

int main(int argc, char **argv)
{
    char size[24];
    snprintf(size, sizeof size, "%u", (unsigned)program_rounds(argc, argv, 24));
    char *arguments[] = {"speedtest1", "--memdb", "--verify", "--size", size, "--testset", "main", NULL};
    program_begin();
    if (speedtest1_main((int)(sizeof arguments / sizeof arguments[0]) - 1, arguments) != 0)
        program_fail("speedtest1 failed");
    return program_end(program_hash(PROGRAM_HASH_START, g.hash.r, sizeof g.hash.r) + (uint64_t)g.nResult);
}

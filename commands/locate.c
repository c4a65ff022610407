/* SPDX-License-Identifier: Apache-2.0 */
/* `porin locate`: which source line a slot offset of an image belongs to. The debugging information of an image is as hostile as its
 * code, and what reads it is no domain: addr2line does, in a process of its own that has little memory and time. */
#define _GNU_SOURCE
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "commands.h"

#define READER_SECONDS 10
#define READER_BYTES (2ull << 30)

static const char usage[] =
    "usage: porin locate IMAGE OFFSET ...\n\n"
    "Prints function, file and line for offsets in an image's code, as reports of faults name them. The image must have been\n"
    "built with -g for lines. addr2line of binutils reads it, as another process.\n";

static _Noreturn void reader_run(const char *file, uint32_t offset, int to)
{
    char number[16];
    const struct rlimit seconds = { READER_SECONDS, READER_SECONDS }, bytes = { READER_BYTES, READER_BYTES }, none = { 0, 0 };
    snprintf(number, sizeof number, "0x%x", offset);
    setrlimit(RLIMIT_CPU, &seconds);
    setrlimit(RLIMIT_AS, &bytes);
    setrlimit(RLIMIT_FSIZE, &none);
    alarm(READER_SECONDS);
    dup2(to, 1);
    close(2);
    execlp("addr2line", "addr2line", "-f", "-i", "-e", file, number, (char *)NULL);
    _exit(127);
}

/* Writes "function (file:line)"; false: it is not known. */
static bool source_line(const char *file, uint32_t offset, char *text, size_t size)
{
    char lines[1024];
    int ends[2];
    size_t got = 0;
    if (pipe(ends) != 0)
        return false;
    fflush(NULL);
    pid_t reader = fork();
    if (reader == 0)
        reader_run(file, offset, ends[1]);
    close(ends[1]);
    for (ssize_t more; reader > 0 && got < sizeof lines - 1 && (more = read(ends[0], lines + got, sizeof lines - 1 - got)) > 0;)
        got += (size_t)more;
    close(ends[0]);
    if (reader > 0)
        waitpid(reader, NULL, 0);
    lines[got] = '\0';
    for (size_t i = 0; i < got; i++)
        if ((lines[i] < ' ' && lines[i] != '\n') || lines[i] > '~')
            lines[i] = '?'; /* names are the image's: nothing of them reaches the terminal as a command */
    char *function = strtok(lines, "\n"), *place = strtok(NULL, "\n");
    if (!function || !place || *function == '?' || *place == '?')
        return false;
    place[strcspn(place, " ")] = '\0'; /* a discriminator tells people nothing */
    snprintf(text, size, "%s (%s)", function, place);
    return true;
}

int command_locate(int argc, char **argv)
{
    int found = 0;
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(usage, stdout);
        return 0;
    }
    if (argc < 3) {
        fprintf(stderr, "porin locate: an image and an offset are needed; porin locate --help\n");
        return EXIT_USAGE;
    }
    for (int i = 2; i < argc; i++) {
        char *end, text[512];
        unsigned long offset = strtoul(argv[i], &end, 0);
        if (end == argv[i] || *end || offset > UINT32_MAX) {
            fprintf(stderr, "porin locate: not an offset: %s\n", argv[i]);
            return EXIT_USAGE;
        }
        bool known = source_line(argv[1], (uint32_t)offset, text, sizeof text);
        printf("0x%lx %s\n", offset, known ? text : "unknown");
        found += known;
    }
    return found == argc - 2 ? 0 : 1;
}

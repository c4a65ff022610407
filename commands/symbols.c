/* SPDX-License-Identifier: Apache-2.0 */
/* Asks addr2line. The questions lie in a memory file, so that neither side waits for the other to read. */
#define _GNU_SOURCE
#include "symbols.h"
#include "harden.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define READER_SECONDS 20
#define READER_BYTES (2ull << 30)
#define LINE_BYTES 1024                   /* of an answer's line that are kept */

static _Noreturn void reader_run(const char *image, int from, int to)
{
    const struct rlimit seconds = { READER_SECONDS, READER_SECONDS }, bytes = { READER_BYTES, READER_BYTES }, none = { 0, 0 };
    setrlimit(RLIMIT_CPU, &seconds);
    setrlimit(RLIMIT_AS, &bytes);
    setrlimit(RLIMIT_FSIZE, &none);
    alarm(2 * READER_SECONDS);
    dup2(from, 0);
    dup2(to, 1);
    close(2);
    close_range(3, ~0u, 0); /* whatever this process was started with is not for it to write to */
    if (!harden_reader()) /* an image can be made for a hole in it */
        _exit(126);
    execlp("addr2line", "addr2line", "-f", "-e", image, (char *)NULL);
    _exit(127);
}

/* The names are the image's: nothing of them reaches a terminal as a command. NULL for addr2line's "??". */
static char *plain_copy(char *line)
{
    for (char *at = line; *at; at++)
        if (*at < ' ' || *at > '~')
            *at = *at == '\n' ? '\0' : '?';
    return *line && *line != '?' ? strdup(line) : NULL;
}

/* The beginning of the next line: an image may have names of any length. */
static bool line_read(FILE *from, char line[LINE_BYTES])
{
    if (!fgets(line, LINE_BYTES, from))
        return false;
    for (int next = 0; !strchr(line, '\n') && next != '\n' && next != EOF;)
        next = getc(from);
    return true;
}

static void answers_read(FILE *from, size_t count, struct symbol *symbols)
{
    char line[LINE_BYTES];
    for (size_t i = 0; i < count && line_read(from, line); i++) {
        symbols[i].function = plain_copy(line);
        if (!line_read(from, line))
            break;
        line[strcspn(line, " ")] = '\0'; /* a discriminator tells people nothing */
        symbols[i].place = plain_copy(line);
    }
}

static int questions_write(const uint32_t *offsets, size_t count)
{
    int file = memfd_create("porin-symbols", MFD_CLOEXEC);
    FILE *to = file >= 0 ? fdopen(dup(file), "w") : NULL;
    if (!to) {
        if (file >= 0)
            close(file);
        return -1;
    }
    for (size_t i = 0; i < count; i++)
        fprintf(to, "0x%x\n", offsets[i]);
    bool good = fclose(to) == 0 && lseek(file, 0, SEEK_SET) == 0;
    if (!good)
        close(file);
    return good ? file : -1;
}

bool symbols_find(const char *image, const uint32_t *offsets, size_t count, struct symbol *symbols)
{
    int ends[2], questions = questions_write(offsets, count), status = 1;
    memset(symbols, 0, count * sizeof *symbols);
    if (questions < 0 || pipe(ends) != 0) {
        if (questions >= 0)
            close(questions);
        return false;
    }
    fflush(NULL);
    pid_t reader = fork();
    if (reader == 0)
        reader_run(image, questions, ends[1]);
    close(questions);
    close(ends[1]);
    FILE *from = reader > 0 ? fdopen(ends[0], "r") : NULL;
    if (from) {
        answers_read(from, count, symbols);
        fclose(from);
    } else {
        close(ends[0]);
    }
    return reader > 0 && waitpid(reader, &status, 0) == reader && status == 0;
}

void symbols_free(struct symbol *symbols, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(symbols[i].function);
        free(symbols[i].place);
    }
}

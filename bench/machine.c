/* SPDX-License-Identifier: Apache-2.0 */
/* The machine under the bench: its clock, its CPUs, commands, files. */
#define _GNU_SOURCE /* CPU sets */
#include "bench.h"
#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t processor_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static cpu_set_t allowed; /* the CPUs this process may use, as it was started */

/* The last and the second last of them: the first ones get more of the machine's other work. */
static int cpu_from_end(int skip)
{
    static bool known;
    if (!known && sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        fail("sched_getaffinity: %s", strerror(errno));
    known = true;
    for (int cpu = CPU_SETSIZE; cpu-- > 0;)
        if (CPU_ISSET(cpu, &allowed) && skip-- == 0)
            return cpu;
    return -1;
}

int cpu_main(void)
{
    return cpu_from_end(0);
}

int cpu_other(void)
{
    return cpu_from_end(1);
}

void pin_to_cpu(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        fail("sched_setaffinity: %s", strerror(errno));
}

void unpin(void)
{
    if (sched_setaffinity(0, sizeof allowed, &allowed) != 0)
        fail("sched_setaffinity: %s", strerror(errno));
}

bool command_run(const char *const *command, char *text, size_t size)
{
    int ends[2], status;
    if (pipe(ends) != 0)
        fail("pipe: %s", strerror(errno));
    fflush(stdout);
    pid_t child = fork();
    if (child < 0)
        fail("fork: %s", strerror(errno));
    if (child == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execv(command[0], (char *const *)command);
        fprintf(stderr, "bench: cannot run %s: %s\n", command[0], strerror(errno));
        _exit(127);
    }
    close(ends[1]);
    size_t filled = 0;
    for (ssize_t got; (got = read(ends[0], text + filled, size - 1 - filled)) != 0;) {
        if (got < 0 && errno != EINTR)
            fail("read: %s", strerror(errno));
        filled += got > 0 ? (size_t)got : 0;
        if (filled == size - 1)
            fail("%s prints more than %zu bytes", command[0], size);
    }
    text[filled] = 0;
    close(ends[0]);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            fail("waitpid: %s", strerror(errno));
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

unsigned char *file_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    long length;
    if (!file || fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0)
        fail("cannot read %s: %s", path, strerror(errno));
    unsigned char *bytes = malloc((size_t)length + 1);
    if (!bytes || fread(bytes, 1, (size_t)length, file) != (size_t)length)
        fail("cannot read %s", path);
    fclose(file);
    *size = (size_t)length;
    return bytes;
}

size_t elf_text_size(const char *path)
{
    size_t size, sum = 0;
    if (access(path, R_OK) != 0)
        return 0;
    unsigned char *bytes = file_read(path, &size);
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)bytes;
    if (size < sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_shoff + header->e_shnum * sizeof(Elf64_Shdr) > size)
        fail("%s is no ELF file with sections", path);
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(bytes + header->e_shoff);
    for (unsigned i = 0; i < header->e_shnum; i++)
        if ((sections[i].sh_flags & SHF_EXECINSTR) && sections[i].sh_type == SHT_PROGBITS) {
            size_t length = sections[i].sh_size;
            while (length && bytes[sections[i].sh_offset + length - 1] == 0xcc) /* padding to the end of the page */
                length--;
            sum += length;
        }
    free(bytes);
    return sum;
}

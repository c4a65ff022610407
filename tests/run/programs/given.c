/* SPDX-License-Identifier: Apache-2.0 */
/* The files that are there without any grant, and what memory of files does. argv: a file to map, /proc/self/oom_score_adj outside. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *what, long good)
{
    printf("%s: %s\n", what, good ? "yes" : "no");
    fflush(stdout);
}

static long reads(const char *path, const char *wanted)
{
    char text[4096] = "";
    int file = open(path, O_RDONLY);
    long got = file < 0 ? -1 : read(file, text, sizeof text - 1);
    close(file);
    return got > 0 && strstr(text, wanted) != NULL;
}

static long score(void)
{
    char text[16] = "";
    int file = open("/proc/self/oom_score_adj", O_RDONLY);
    long got = read(file, text, sizeof text - 1);
    close(file);
    return got > 0 && strchr(text, '\n') ? atol(text) : -1;
}

/* 0 or errno. */
static int set_score(const char *text, int flags)
{
    int file = open("/proc/self/oom_score_adj", O_WRONLY | flags);
    int result = write(file, text, strlen(text)) == (long)strlen(text) ? 0 : errno;
    close(file);
    return result;
}

/* Likelier to be ended where memory runs out, and as likely again; never less likely. argv[2]: what it was at the start. */
static void scores(long first)
{
    char text[16];
    say("score", score() == first);
    snprintf(text, sizeof text, "%ld\n", first + 9);
    say("a higher score", set_score(text, O_CREAT | O_TRUNC) == 0 && score() == first + 9);
    snprintf(text, sizeof text, "%ld", first);
    say("the first score", set_score(text, 0) == 0 && score() == first);
    snprintf(text, sizeof text, "%ld", first - 1);
    say("a lower score", set_score(text, 0) == EACCES && score() == first);
    say("no score", set_score("1001", 0) == EINVAL && set_score("9 x", 0) == EINVAL && set_score("", 0) == EINVAL &&
        set_score("000000000000000000000000000000000000000009", 0) == EINVAL && score() == first);
    int file = open("/proc/self/oom_score_adj", O_RDWR), other = open("/proc/self/stat", O_RDONLY);
    say("a score as a file", ftruncate(file, 0) < 0 && fchmod(file, 0777) < 0 && sendfile(file, other, NULL, 9) < 0 && score() == first);
}

/* KiB of pages that are the process's only, or -1. */
static long own_pages(void)
{
    char line[256];
    long size, sum = -1;
    FILE *file = fopen("/proc/self/smaps", "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Private_Dirty: %ld kB", &size) == 1)
            sum = (sum < 0 ? 0 : sum) + size;
    if (file)
        fclose(file);
    return sum;
}

/* Does a child that writes MIB of what it shares with its parent see that they become its own? */
static long copies(long mib)
{
    int status;
    char *memory = mmap(NULL, (size_t)mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(memory, 1, (size_t)mib << 20);
    long full = own_pages();
    pid_t child = fork();
    if (child == 0) {
        long before = own_pages();
        memset(memory, 2, (size_t)mib << 20);
        long grown = own_pages() - before;
        _exit(before >= 0 && before < 1024 && grown >= mib << 10 && grown < (mib + 1) << 10 ? 7 : 1);
    }
    return full >= mib << 10 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7;
}

int main(int argc, char **argv)
{
    char byte = 1, text[64];
    struct stat facts;
    int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDONLY);
    say("/dev/null", write(null, "x", 1) == 1 && read(null, &byte, 1) == 0 && stat("/dev/null", &facts) == 0 && S_ISCHR(facts.st_mode));
    say("/dev/zero", read(zero, &byte, 1) == 1 && byte == 0);
    say("/dev/urandom", open("/dev/urandom", O_RDONLY) >= 0);
    snprintf(text, sizeof text, "%d (", getpid());
    say("/proc/self/stat", reads("/proc/self/stat", text));
    say("/proc/meminfo", reads("/proc/meminfo", "MemAvailable:"));
    say("/proc/meminfo for writing", open("/proc/meminfo", O_RDWR) < 0);
    say("/proc/self/maps", reads("/proc/self/maps", "00100000-") && !reads("/proc/self/maps", "libc")); /* of the slot, not of the host */
    if (argc < 3)
        return 0;
    scores(atol(argv[2]));
    say("pages of its own", copies(4));
    int file = open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0644);
    say("a file", ftruncate(file, 8192) == 0);
    char *memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    say("mapped", memory != MAP_FAILED);
    strcpy(memory + 4096, "written through memory");
    say("seen in the file", pread(file, text, sizeof text, 4096) == sizeof text && strcmp(text, "written through memory") == 0);
    say("not executable", mprotect(memory, 8192, PROT_READ | PROT_EXEC) < 0);
    int constant = open(argv[1], O_RDONLY);
    char *view = mmap(NULL, 8192, PROT_READ, MAP_SHARED, constant, 0);
    say("a view", view != MAP_FAILED && strcmp(view + 4096, "written through memory") == 0);
    say("a view stays one", mprotect(view, 8192, PROT_READ | PROT_WRITE) < 0 && errno == EACCES);
    say("no writable view", mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, constant, 0) == MAP_FAILED && errno == EACCES);
    say("truncated", ftruncate(file, 0) == 0);
    int ends[2];
    pipe(ends);
    say("the kernel refuses what is gone", write(ends[1], memory + 4096, 1) < 0 && errno == EFAULT);
    say("trusted copies survive", chdir(memory + 4096) < 0 && errno == EFAULT);
    byte = memory[4096]; /* SIGBUS */
    say("still here", 0);
    return 0;
}

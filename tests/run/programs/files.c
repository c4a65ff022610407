/* SPDX-License-Identifier: Apache-2.0 */
/* Files and directories through libc in the current directory. Prints the same natively and as a domain. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define TRY(call) do { errno = 0; report(#call, (long)(call)); } while (0)

static void report(const char *call, long result)
{
    printf("%s: %ld %s\n", call, result, result < 0 ? strerror(errno) : "");
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(const char *name)
{
    char *names[64];
    size_t count = 0;
    DIR *directory = opendir(name);
    if (!directory) {
        printf("%s: %s\n", name, strerror(errno));
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory)) && count < 64;)
        names[count++] = strdup(entry->d_name);
    closedir(directory);
    qsort(names, count, sizeof *names, by_name);
    printf("%s:", name);
    for (size_t i = 0; i < count; i++)
        printf(" %s", names[i]);
    printf("\n");
}

static void buffered(void)
{
    char line[100];
    FILE *file = fopen("lines", "w+");
    for (int i = 0; i < 10000; i++)
        fprintf(file, "line %d of a file that is longer than one buffer\n", i);
    printf("size %ld\n", ftell(file));
    fseek(file, 12345, SEEK_SET);
    printf("%s", fgets(line, sizeof line, file));
    rewind(file);
    int lines = 0;
    while (fgets(line, sizeof line, file))
        lines++;
    printf("%d lines, eof %d\n", lines, feof(file));
    fclose(file);
    file = fopen("lines", "a");
    fputs("appended\n", file);
    fclose(file);
    struct stat facts;
    TRY(stat("lines", &facts));
    printf("size %ld kind %o\n", (long)facts.st_size, facts.st_mode & S_IFMT);
}

static void descriptors(void)
{
    char text[32] = { 0 };
    int file = open("raw", O_RDWR | O_CREAT | O_TRUNC, 0640);
    struct iovec parts[] = { { "one ", 4 }, { "two ", 4 }, { "three", 5 } };
    TRY(writev(file, parts, 3));
    TRY(pread(file, text, 5, 4));
    printf("%s\n", text);
    TRY(lseek(file, -5, SEEK_END));
    int copy = dup(file);
    TRY(read(copy, text, sizeof text));
    TRY(ftruncate(file, 4));
    TRY(lseek(file, 0, SEEK_END));
    TRY(fcntl(file, F_GETFL) & O_ACCMODE);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    TRY(fcntl(file, F_SETLK, &lock));
    TRY(flock(file, LOCK_SH));
    struct stat facts;
    TRY(fstat(file, &facts));
    printf("mode %o size %ld\n", facts.st_mode, (long)facts.st_size);
    TRY(fchmod(file, 0600));
    TRY(fsync(file));
    TRY(sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE));
    TRY(sync_file_range(file, 0, 0, 99));
    char *map = mmap(NULL, 4, PROT_READ, MAP_PRIVATE, file, 0);
    printf("%.4s\n", map == MAP_FAILED ? "none" : map);
    munmap(map, 4);
    TRY(close(file));
    TRY(close(copy));
    TRY(close(copy));
    TRY(write(file, "x", 1));
}

static void names(void)
{
    char text[100];
    struct stat facts;
    TRY(mkdir("d", 0755));
    TRY(mkdir("d", 0755));
    TRY(mkdir("d/e", 0755));
    TRY(rename("raw", "d/raw"));
    TRY(access("raw", F_OK));
    TRY(access("d/raw", R_OK | W_OK));
    TRY(rmdir("d"));
    TRY(chdir("d/e"));
    TRY(stat("../raw", &facts));
    TRY(open("none", O_RDONLY));
    TRY(open("../raw/x", O_RDONLY));
    TRY(open("..", O_WRONLY));
    TRY(chdir("../.."));
    list(".");
    list("d");
    list("none");
    TRY(readlink("lines", text, sizeof text));
    TRY(readlink("link", text, sizeof text));
    TRY(stat("link", &facts));
    TRY(lstat("link", &facts));
    printf("link: %d\n", S_ISLNK(facts.st_mode));
    TRY(symlink("d/raw", "made"));
    TRY(symlink("d/raw", "made"));
    TRY(readlink("made", text, sizeof text));
    TRY(stat("made", &facts));
    TRY(link("d/raw", "second"));
    TRY(link("d/raw", "second"));
    TRY(link("none", "third"));
    TRY(stat("second", &facts));
    printf("names %ld\n", (long)facts.st_nlink);
    TRY(unlink("second"));
    TRY(unlink("made"));
    TRY(truncate("lines", 10));
    const struct timespec times[2] = { { 1000, 0 }, { 2000, 0 } };
    TRY(utimensat(AT_FDCWD, "lines", times, 0));
    TRY(stat("lines", &facts));
    printf("size %ld modified %ld\n", (long)facts.st_size, (long)facts.st_mtime);
    TRY(unlink("d/raw"));
    TRY(unlink("d/raw"));
    TRY(unlink("d"));
    TRY(rmdir("d/e"));
    TRY(rmdir("d"));
    char temporary[] = "tempXXXXXX";
    int file = mkstemp(temporary);
    printf("mkstemp %d\n", file >= 0);
    unlink(temporary);
    printf("realpath %d\n", realpath("lines", NULL) != NULL);
    printf("getcwd %d\n", getcwd(text, 2) == NULL && errno == ERANGE);
}

int main(void)
{
    buffered();
    descriptors();
    names();
    return 0;
}

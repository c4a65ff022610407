/* SPDX-License-Identifier: Apache-2.0 */
/* Who a program is and where: numbers of users, directories by descriptor, room. Run in /g with a directory d in it. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/times.h>
#include <unistd.h>

static void say(const char *what, int yes)
{
    printf("%s: %s\n", what, yes ? "yes" : "no");
}

static int is_at(const char *path)
{
    char here[200];
    return getcwd(here, sizeof here) && strcmp(here, path) == 0;
}

static ino_t ino_of(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 ? facts.st_ino : 0;
}

/* The names in a directory, in order, each after a blank. */
static const char *names(const char *path)
{
    static char text[500];
    DIR *directory = opendir(path);
    *text = '\0';
    for (int round = 0; directory && round < 2; round++, rewinddir(directory)) {
        *text = '\0';
        for (struct dirent *entry; (entry = readdir(directory));)
            strcat(strcat(text, " "), entry->d_name);
    }
    if (directory)
        closedir(directory);
    return text;
}

int main(int argc, char **argv)
{
    uid_t ids[3];
    gid_t group = 0;
    struct statvfs room;
    struct tms used;
    struct stat facts, other;
    char here[200];
    if (argc > 1 && strcmp(argv[1], "variable") == 0)
        return puts(getenv("PLACE") ? getenv("PLACE") : "none") < 0;
    if (argc > 1 && strcmp(argv[1], "called") == 0)
        return puts(argv[0]) < 0;
    if (argc > 1 && strcmp(argv[1], "same") == 0)
        return fstat(0, &facts) != 0 || fstat(1, &other) != 0 || facts.st_ino != other.st_ino || facts.st_dev != other.st_dev;
    if (argc > 1)
        return puts(getcwd(here, sizeof here)) < 0;
    say("user", getuid() == 1000 && setuid(1000) == 0 && setreuid(-1, 1000) == 0 && setresuid(1000, 1000, -1) == 0);
    say("no other user", setuid(0) < 0 && errno == EPERM && setreuid(0, -1) < 0 && setresgid(1000, 0, 1000) < 0);
    say("three users", getresuid(&ids[0], &ids[1], &ids[2]) == 0 && ids[0] == 1000 && ids[2] == 1000);
    say("groups", getgroups(1, &group) == 1 && group == 1000 && getgroups(0, NULL) == 1 && setgroups(0, NULL) < 0);
    mkdir("d/e", 0755);
    int d = open("d", O_RDONLY | O_DIRECTORY), e = openat(d, "e", O_RDONLY | O_DIRECTORY), file = open("f", O_CREAT | O_RDWR, 0644);
    say("fchdir", fchdir(d) == 0 && is_at("/g/d") && fchdir(e) == 0 && is_at("/g/d/e") && chdir("/g") == 0);
    say("upwards from a directory", fstatat(e, "../..", &facts, 0) == 0 && facts.st_ino == ino_of("/g") &&
        openat(e, "../../f", O_RDONLY) >= 0 && openat(e, "../../../../../etc/passwd", O_RDONLY) < 0 && fstatat(d, "..", &facts, 0) == 0);
    say("fchdir elsewhere", fchdir(file) < 0 && errno == ENOTDIR && fchdir(99) < 0 && errno == EBADF && is_at("/g"));
    say("chown", chown("f", 1000, -1) == 0 && fchown(file, -1, 1000) == 0 && lchown("f", 1000, 1000) == 0);
    say("no chown",
        chown("f", 0, 0) < 0 && errno == EPERM && fchown(file, 0, -1) < 0 && chown("nothing", 1000, 1000) < 0 && errno == ENOENT);
    say("room", statvfs("f", &room) == 0 && room.f_bsize && room.f_blocks && fstatvfs(file, &room) == 0 && room.f_namemax == 255);
    say("times", times(&used) > 0);
    say("priority", getpriority(PRIO_PROCESS, 0) == 0 && setpriority(PRIO_PROCESS, 0, 0) == 0);
    int root = open("/", O_RDONLY | O_DIRECTORY);
    say("what leads to it",
        strcmp(names("/"), " . .. g h") == 0 && strcmp(names("/h"), " . .. i") == 0 && strcmp(names("/h/i"), " . .. j k") == 0);
    say("from there", fstatat(root, "g/f", &facts, 0) == 0 && fstatat(root, "etc", &facts, 0) < 0 && fstat(root, &facts) == 0 &&
        S_ISDIR(facts.st_mode) && fchdir(root) == 0 && is_at("/") && chdir("g") == 0);
    say("nothing to write",
        open("/", O_WRONLY) < 0 && errno == EISDIR && open("/new", O_CREAT | O_RDWR, 0644) < 0 && write(root, "x", 1) < 0 &&
        read(root, here, 1) < 0 && ftruncate(root, 0) < 0 && mkdir("/h/new", 0755) < 0 &&
        mmap(0, 4096, PROT_READ, MAP_SHARED, root, 0) == MAP_FAILED);
    sync();
    say("memory that stays", mlock(&used, sizeof used) == 0 && munlock(&used, sizeof used) == 0);
    return 0;
}

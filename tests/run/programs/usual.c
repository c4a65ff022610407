/* SPDX-License-Identifier: Apache-2.0 */
/* What programs look at on the way: /proc about themselves, other names of descriptors, inotify. Prints what must be the same natively. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *what, long value)
{
    printf("%s: %ld\n", what, value);
    fflush(stdout);
}

static char *text_of(const char *path, size_t *size)
{
    static char text[65536];
    int file = open(path, O_RDONLY);
    size_t have = 0;
    for (ssize_t got; file >= 0 && (got = read(file, text + have, sizeof text - 1 - have)) > 0;)
        have += (size_t)got;
    close(file);
    text[have] = '\0';
    if (size)
        *size = have;
    return text;
}

/* What /proc/self/maps says of an address: 4 read, 2 written, 1 executed. */
static int rights_of(const void *address)
{
    char *save, *line = strtok_r(text_of("/proc/self/maps", NULL), "\n", &save);
    for (; line; line = strtok_r(NULL, "\n", &save)) {
        unsigned long start, end;
        char rights[5];
        if (sscanf(line, "%lx-%lx %4s", &start, &end, rights) == 3 && (unsigned long)address >= start && (unsigned long)address < end)
            return (rights[0] == 'r') * 4 + (rights[1] == 'w') * 2 + (rights[2] == 'x');
    }
    return -1;
}

static void about_itself(int count, char **arguments)
{
    static const char constant[] = "constant";
    static int variable = 1;
    int local = 0;
    size_t size;
    char line[256];
    const char *text = text_of("/proc/self/cmdline", &size);
    size_t at = 0;
    for (int i = 0; i < count && at < size && strcmp(text + at, arguments[i]) == 0; i++)
        at += strlen(arguments[i]) + 1;
    say("cmdline", at == size);
    say("rights of code, constants, data, stack", rights_of((void *)about_itself) * 1000 + rights_of(constant) * 100 +
        rights_of(&variable) * 10 + rights_of(&local));
    say("rights of nothing", rights_of((void *)8));
    snprintf(line, sizeof line, "/proc/%d/status", getpid());
    text = text_of(line, NULL);
    snprintf(line, sizeof line, "\nPid:\t%d\n", getpid());
    say("its number", strstr(text, line) && strstr(text, "\nThreads:\t1\n"));
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    snprintf(line, sizeof line, "Max open files            %-20lu %-20lu files", (long)limit.rlim_cur, (long)limit.rlim_max);
    say("limits", strstr(text_of("/proc/self/limits", NULL), line) != NULL);
    double load;
    say("loadavg", sscanf(text_of("/proc/loadavg", NULL), "%lf %lf %lf", &load, &load, &load));
    say("stat", strncmp(text_of("/proc/stat", NULL), "cpu ", 4) == 0);
    say("uuid", strlen(text_of("/proc/sys/kernel/random/uuid", NULL)));
    say("pid_max", atoi(text_of("/proc/sys/kernel/pid_max", NULL)) > 300);
    say("mounts", strlen(text_of("/proc/mounts", NULL)) > 0 && strlen(text_of("/proc/self/mountinfo", NULL)) > 0);
    say("cwd", readlink("/proc/self/cwd", line, sizeof line) == (ssize_t)strlen(getcwd((char[512]){ 0 }, 512)));
    say("no such file", open("/proc/self/nothing", O_RDONLY) < 0);
}

static int listed(const char *path, int number)
{
    DIR *directory = opendir(path);
    int found = 0;
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        found |= entry->d_name[0] != '.' && atoi(entry->d_name) == number;
    if (directory)
        closedir(directory);
    return found;
}

static void other_names(void)
{
    int ends[2];
    char path[64], text[64] = "";
    struct stat one, other;
    pipe(ends);
    ends[1] = dup2(ends[1], 100); /* nobody else gets that number */
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    write(ends[1], "through another name", 20);
    int again = open(path, O_RDONLY);
    say("opened again", read(again, text, sizeof text) == 20 && strcmp(text, "through another name") == 0);
    say("the same", stat(path, &one) == 0 && fstat(ends[0], &other) == 0 && one.st_ino == other.st_ino && S_ISFIFO(one.st_mode));
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    say("a link", lstat(path, &one) == 0 && S_ISLNK(one.st_mode));
    long length = readlink(path, text, sizeof text);
    say("that says what it is", length > 6 && strncmp(text, "pipe:[", 6) == 0);
    say("cut", readlink(path, text, 3));
    say("listed", listed("/proc/self/fd", ends[1]) * 10 + listed("/dev/fd", ends[1]));
    close(ends[1]);
    say("closed", listed("/proc/self/fd", ends[1]));
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[1]);
    say("gone", open(path, O_RDONLY) < 0 && errno == ENOENT);
    say("a link gone", readlink(path, text, sizeof text) < 0 && errno == ENOENT && stat(path, &one) < 0 && errno == ENOENT);
    say("no number", open("/dev/fd/00", O_RDONLY) < 0 && open("/dev/fd/-1", O_RDONLY) < 0 && open("/dev/fd/99999999999", O_RDONLY) < 0);
    int null = open("/dev/null", O_RDWR);
    say("/dev/null", write(null, "x", 1));
    say("no terminal", open("/dev/tty", O_RDWR) < 0 && errno == ENXIO);
}

/* What inotify tells of a directory, without the numbers that differ. */
static void notices(void)
{
    char place[] = "noticed.XXXXXX", path[64], other[64];
    int notices = inotify_init1(IN_NONBLOCK);
    union { struct inotify_event event; char bytes[4096]; } all;
    mkdtemp(place);
    say("a watch", inotify_add_watch(notices, place, IN_CREATE | IN_CLOSE_WRITE | IN_MOVE | IN_DELETE | IN_ONLYDIR));
    snprintf(path, sizeof path, "%s/file", place);
    snprintf(other, sizeof other, "%s/moved", place);
    say("a file is no directory", inotify_add_watch(notices, "/dev/null/nothing", IN_CREATE | IN_ONLYDIR) < 0);
    int file = open(path, O_CREAT | O_WRONLY, 0644), second = 0;
    write(file, "x", 1);
    close(file);
    rename(path, other);
    say("ready", poll(&(struct pollfd){ notices, POLLIN, 0 }, 1, 1000));
    say("a watch of a file", inotify_add_watch(notices, other, IN_MODIFY) - 1);
    file = open(other, O_WRONLY | O_APPEND);
    write(file, "y", 1);
    unlink(other);
    say("taken away", inotify_rm_watch(notices, 1) == 0 && inotify_rm_watch(notices, 1) < 0);
    ssize_t got = read(notices, &all, sizeof all);
    for (ssize_t at = 0; at < got; at += (ssize_t)sizeof all.event + ((struct inotify_event *)(all.bytes + at))->len, second++) {
        const struct inotify_event *event = (void *)(all.bytes + at);
        printf("%d %x %s\n", event->wd, event->mask, event->len ? event->name : "");
    }
    say("no more", read(notices, &all, sizeof all) < 0 && errno == EAGAIN);
    say("not a watcher", inotify_add_watch(file, place, IN_CREATE) < 0 && errno == EINVAL);
    say("nothing to watch", inotify_add_watch(notices, "/nothing/there", IN_CREATE) < 0 && errno == ENOENT);
    rmdir(place);
}

static long deep(long bytes)
{
    volatile char frame[4096];
    frame[0] = (char)bytes;
    return bytes <= 0 ? 0 : deep(bytes - (long)sizeof frame) + frame[0] * 0;
}

static int stack_is(long bytes)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_STACK, &limit) == 0 && (long)limit.rlim_cur == bytes && deep(bytes / 10 * 9) == 0;
}

/* In children: a limit of memory, and one of the stack, which programs that are executed from then on have. */
static void limits(void)
{
    for (long bytes = 4l << 20; bytes <= 16l << 20; bytes *= 4) {
        int status = -1;
        if (fork() == 0) {
            struct rlimit limit;
            getrlimit(RLIMIT_STACK, &limit);
            limit.rlim_cur = (rlim_t)bytes;
            char text[32];
            snprintf(text, sizeof text, "%ld", bytes);
            if (setrlimit(RLIMIT_STACK, &limit) == 0)
                execl("/proc/self/exe", "usual", "stack", text, (char *)NULL);
            _exit(1);
        }
        wait(&status);
        say("a stack of its own", status);
    }
    int status = -1;
    if (fork() == 0) {
        struct rlimit limit;
        getrlimit(RLIMIT_AS, &limit);
        limit.rlim_cur = 64l << 20;
        int set = setrlimit(RLIMIT_AS, &limit);
        void *volatile large = malloc(80l << 20), *volatile small = malloc(1l << 20);
        limit.rlim_cur = 128l << 20;
        int raised = setrlimit(RLIMIT_AS, &limit);
        void *volatile again = malloc(80l << 20);
        _exit(set || large || !small || raised || !again);
    }
    wait(&status);
    say("memory of its own", status);
}

static void rights(void)
{
    char name[16] = "";
    say("writable devices", access("/dev/null", R_OK | W_OK) == 0 && access("/dev/null", X_OK) < 0);
    say("no new rights", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
        prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) < 0 && errno == EINVAL);
    say("not to be looked into", prctl(PR_SET_DUMPABLE, 0) == 0 && prctl(PR_GET_DUMPABLE) == 0);
    say("its name", prctl(PR_GET_NAME, name) == 0 && strncmp(name, "usual.", 6) == 0);
    say("no such control", prctl(9999, 0) < 0 && errno == EINVAL);
}

static void ranges(void)
{
    int first = dup2(1, 200);
    dup2(1, 201);
    dup2(1, 205);
    say("from here on execution", syscall(SYS_close_range, 201, ~0u, 4) == 0 && fcntl(205, F_GETFD) == 1 && fcntl(first, F_GETFD) == 0);
    say("closed from here", syscall(SYS_close_range, 200, 201, 0) == 0 && fcntl(200, F_GETFD) < 0 && fcntl(205, F_GETFD) == 1);
    say("no range", syscall(SYS_close_range, 9, 8, 0) < 0 && errno == EINVAL);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "stack") == 0)
        return !stack_is(atol(argv[2]));
    about_itself(argc, argv);
    limits();
    notices();
    ranges();
    rights();
    other_names();
    return 0;
}

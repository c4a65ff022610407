/* SPDX-License-Identifier: Apache-2.0 */
/* Running other programs, and temporary files. */
#define _GNU_SOURCE
#include "process.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static enum process_echo echo_mode;

void arguments_add(struct arguments *list, const char *item)
{
    if (list->count + 1 >= list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 32;
        list->items = grow(list->items, list->capacity * sizeof list->items[0]);
    }
    list->items[list->count++] = item;
    list->items[list->count] = NULL;
}

void arguments_add_all(struct arguments *list, const struct arguments *more)
{
    for (size_t i = 0; i < more->count; i++)
        arguments_add(list, more->items[i]);
}

void arguments_free(struct arguments *list)
{
    free(list->items);
    *list = (struct arguments){0};
}

void process_set_echo(enum process_echo echo)
{
    echo_mode = echo;
}

bool process_dry(void)
{
    return echo_mode == ECHO_ONLY;
}

static void print_command(const struct arguments *argv)
{
    for (size_t i = 0; i < argv->count; i++) {
        bool plain = argv->items[i][0] && !argv->items[i][strcspn(argv->items[i], " \t\n\"'\\$`()*?;&|<>#~")];
        fprintf(stderr, plain ? " %s" : " '%s'", argv->items[i]);
    }
    fputc('\n', stderr);
}

/* Drains both pipes until their writers are gone. */
static void collect(int fds[2], struct buffer *into[2])
{
    struct pollfd polls[2] = {{fds[0], POLLIN, 0}, {fds[1], POLLIN, 0}};
    while (polls[0].fd >= 0 || polls[1].fd >= 0) {
        if (poll(polls, 2, -1) < 0 && errno != EINTR)
            break;
        for (int i = 0; i < 2; i++) {
            char piece[4096];
            if (polls[i].fd < 0 || !polls[i].revents)
                continue;
            ssize_t count = read(polls[i].fd, piece, sizeof piece);
            if (count > 0) {
                buffer_add(into[i], piece, (size_t)count);
            } else if (count == 0 || errno != EINTR) {
                close(polls[i].fd);
                polls[i].fd = -1;
            }
        }
    }
}

static bool start(const struct arguments *argv, const posix_spawn_file_actions_t *actions, pid_t *child)
{
    fflush(NULL);
    int error = posix_spawnp(child, argv->items[0], actions, NULL, (char *const *)argv->items, environ);
    if (error)
        fprintf(stderr, "porin-cc: cannot run %s: %s\n", argv->items[0], strerror(error));
    return error == 0;
}

static int await(const struct arguments *argv, pid_t child)
{
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFSIGNALED(status))
        fprintf(stderr, "porin-cc: %s died of signal %d\n", argv->items[0], WTERMSIG(status));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int process_run(const struct arguments *argv, struct buffer *output, struct buffer *errors)
{
    int ends[2] = {-1, -1};
    struct buffer *into[2] = {output, errors};
    pid_t child;
    if (echo_mode != ECHO_NOTHING)
        print_command(argv);
    if (echo_mode == ECHO_ONLY)
        return 0;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    int pipes[2][2] = {{-1, -1}, {-1, -1}};
    for (int i = 0; i < 2; i++) {
        if (!into[i])
            continue;
        if (pipe2(pipes[i], O_CLOEXEC) != 0) {
            perror("porin-cc: pipe");
            return 1;
        }
        posix_spawn_file_actions_adddup2(&actions, pipes[i][1], i + 1);
        ends[i] = pipes[i][0];
    }
    bool started = start(argv, &actions, &child);
    posix_spawn_file_actions_destroy(&actions);
    for (int i = 0; i < 2; i++)
        if (pipes[i][1] >= 0)
            close(pipes[i][1]);
    if (!started)
        return 1;
    collect(ends, into);
    return await(argv, child);
}

/* gcc is two processes: the compiler proper is its child, and would go on without it. */
static void end_family(pid_t child)
{
    char path[64];
    pid_t children[16];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)child, (int)child);
    FILE *list = fopen(path, "re");
    while (list && count < 16 && fscanf(list, "%d", &children[count]) == 1)
        count++;
    if (list)
        fclose(list);
    kill(child, SIGKILL);
    for (int i = 0; i < count; i++)
        kill(children[i], SIGKILL);
}

int process_watch(const struct arguments *argv, process_watcher *watch, void *state)
{
    static const int watched = 3;
    int ends[2];
    pid_t child;
    if (echo_mode != ECHO_NOTHING)
        print_command(argv);
    if (echo_mode == ECHO_ONLY)
        return 0;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        perror("porin-cc: pipe");
        return 1;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], watched);
    bool started = start(argv, &actions, &child), ended = false;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    FILE *lines = fdopen(ends[0], "re");
    if (!started || !lines)
        return 1;
    char *line = NULL;
    size_t capacity = 0;
    for (ssize_t length; !ended && (length = getline(&line, &capacity, lines)) >= 0;)
        ended = watch(state, line);
    if (ended) {
        end_family(child);
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    fclose(lines);
    free(line);
    return ended ? PROCESS_ENDED : await(argv, child);
}

/* --- temporary files --- */

static char *directory;
static char *volatile files[1024];
static volatile sig_atomic_t file_count;
static bool keep;

static void remove_files(void)
{
    if (!directory || keep)
        return;
    for (int i = 0; i < file_count; i++)
        unlink(files[i]);
    rmdir(directory);
}

static void remove_and_die(int signal_number)
{
    remove_files();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void make_directory(void)
{
    const char *place = getenv("TMPDIR");
    char *path = format_text("%s/porin-cc-XXXXXX", place && *place ? place : "/tmp");
    if (!mkdtemp(path)) {
        fprintf(stderr, "porin-cc: cannot make a temporary directory %s: %s\n", path, strerror(errno));
        exit(1);
    }
    directory = path;
    atexit(remove_files);
    signal(SIGINT, remove_and_die);
    signal(SIGTERM, remove_and_die);
    signal(SIGHUP, remove_and_die);
}

const char *temporary_file(const char *ending)
{
    if (!directory)
        make_directory();
    if ((size_t)file_count == sizeof files / sizeof files[0]) {
        fprintf(stderr, "porin-cc: too many files at once\n");
        exit(1);
    }
    char *path = format_text("%s/%d%s", directory, (int)file_count, ending);
    files[file_count] = path;
    file_count++;
    return path;
}

void remove_output(const char *path)
{
    struct stat status;
    if (lstat(path, &status) == 0 && S_ISREG(status.st_mode))
        unlink(path);
}

void temporary_keep(void)
{
    keep = true;
}

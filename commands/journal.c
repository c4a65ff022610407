/* SPDX-License-Identifier: Apache-2.0 */
/* What services write: by lines to a log of each, to one of all, and to the terminal. A service can neither fill a disk nor steer a
 * terminal this way: logs have two generations of limited size, and control characters are taken out. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lifecycle/plain.h"
#include "stack.h"

#define LOG_BYTES (16l << 20)
#define FOLLOW_NS 100000000
#define LAST_LOOKS 100                    /* that followers have when all is over: a second */
#define PIPE_LOOKS 128                    /* of 8 KiB: more than a pipe holds, so all that was written before has been taken then */
#define COLOURS 6

static pthread_mutex_t journal_lock = PTHREAD_MUTEX_INITIALIZER; /* inside of the stack's lock */
static FILE *log_of_all;
static bool colours;
static atomic_bool over;                  /* nothing is written any more */
static atomic_int followers;

static void log_path(const struct stack *stack, const char *service, bool old, char path[400])
{
    snprintf(path, 400, "%s/%s.log%s", stack->directory, service ? service : "all services", old ? ".1" : "");
}

static FILE *log_open(const struct stack *stack, const char *service)
{
    char path[400];
    log_path(stack, service, false, path);
    FILE *log = fopen(path, "we");
    if (log)
        setvbuf(log, NULL, _IOLBF, 0);
    return log;
}

/* When it is full it becomes the old one. */
static void log_turn(const struct stack *stack, const char *service, FILE **log)
{
    char path[400], old[400];
    if (!*log || ftell(*log) < LOG_BYTES)
        return;
    log_path(stack, service, false, path);
    log_path(stack, service, true, old);
    fclose(*log);
    renameat(AT_FDCWD, path, AT_FDCWD, old);
    *log = log_open(stack, service);
}

static void line_write(FILE *to, const struct service *service, const char *line, bool prefix, bool colour)
{
    if (!to)
        return;
    if (prefix && colour)
        fprintf(to, "\033[3%dm%-12s |\033[0m ", 1 + (int)((size_t)(service - service->stack->services) % COLOURS), service->name);
    else if (prefix)
        fprintf(to, "%-12s | ", service->name);
    fputs(line, to);
    fputc('\n', to);
}

/* With journal_lock. */
static void line_take(struct service *service, char *line)
{
    struct stack *stack = service->stack;
    text_make_plain(line);
    line_write(service->log, service, line, false, false);
    line_write(log_of_all, service, line, true, false);
    if (!stack->quiet) {
        line_write(stdout, service, line, true, colours);
        fflush(stdout);
    }
    log_turn(stack, service->name, &service->log);
    log_turn(stack, NULL, &log_of_all);
}

/* With journal_lock. True: a line that the service's probe waits for was there. */
static bool bytes_take(struct service *service, const char *bytes, size_t size)
{
    bool found = false;
    for (size_t i = 0; i < size; i++) {
        bool end = bytes[i] == '\n';
        if (!end && bytes[i])
            service->line[service->line_size++] = bytes[i];
        if (!end && service->line_size + 1 < sizeof service->line)
            continue;
        service->line[service->line_size] = '\0';
        service->line_size = 0;
        found = found || (service->probe == PROBE_LOG && strstr(service->line, service->probe_target));
        line_take(service, service->line);
    }
    return found;
}

/* Takes what is there. False: nothing is, and all that was has been written. */
static bool output_take(struct service *service)
{
    char bytes[8192];
    pthread_mutex_lock(&journal_lock); /* for reading too: what another thread has read comes first */
    ssize_t got = read(service->output[0], bytes, sizeof bytes);
    bool found = got > 0 && bytes_take(service, bytes, (size_t)got);
    pthread_mutex_unlock(&journal_lock);
    if (got <= 0)
        return false;
    if (!found)
        return true;
    pthread_mutex_lock(&service->stack->lock);
    if (service->health == HEALTH_STARTING)
        service->health = HEALTH_GOOD;
    pthread_cond_broadcast(&service->stack->changed);
    pthread_mutex_unlock(&service->stack->lock);
    return true;
}

/* Takes what has been written so far, and not for ever: a child of the service may go on. */
static void output_drain(struct service *service)
{
    for (int i = 0; i < PIPE_LOOKS && output_take(service); i++)
        ;
}

static void *journal_thread(void *data)
{
    struct stack *stack = data;
    struct pollfd *list = calloc(stack->count, sizeof *list);
    for (size_t i = 0; list && i < stack->count; i++)
        list[i] = (struct pollfd){ stack->services[i].output[0], POLLIN, 0 };
    while (list && (poll(list, stack->count, -1) > 0 || errno == EINTR))
        for (size_t i = 0; i < stack->count; i++)
            if (list[i].revents)
                output_take(&stack->services[i]);
    return NULL;
}

bool journal_open(struct stack *stack)
{
    pthread_t thread;
    colours = isatty(1);
    log_of_all = log_open(stack, NULL);
    bool good = log_of_all;
    for (size_t i = 0; good && i < stack->count; i++) {
        struct service *service = &stack->services[i];
        service->log = log_open(stack, service->name);
        good = service->log && fcntl(service->output[0], F_SETFL, O_NONBLOCK) == 0;
    }
    if (good && pthread_create(&thread, NULL, journal_thread, stack) == 0)
        return true;
    fprintf(stderr, "porin run: logs in %s: %s\n", stack->directory, strerror(errno));
    return false;
}

void journal_note(struct service *service, const char *format, ...)
{
    char line[600] = "porin: ";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + strlen(line), sizeof line - strlen(line), format, arguments);
    va_end(arguments);
    output_drain(service); /* first what it has written itself */
    pthread_mutex_lock(&journal_lock);
    line_take(service, line);
    pthread_mutex_unlock(&journal_lock);
}

void journal_flush(struct stack *stack)
{
    for (size_t i = 0; i < stack->count; i++) {
        output_drain(&stack->services[i]);
        pthread_mutex_lock(&journal_lock);
        if (stack->services[i].line_size)
            bytes_take(&stack->services[i], "\n", 1);
        pthread_mutex_unlock(&journal_lock);
    }
    over = true;
    for (int i = 0; followers && i < LAST_LOOKS; i++)
        nanosleep(&(struct timespec){ .tv_nsec = FOLLOW_NS / 10 }, NULL);
}

/* --- logs for clients --- */

static bool send_all(int client, const char *bytes, size_t size)
{
    while (size) {
        ssize_t sent = write(client, bytes, size);
        if (sent <= 0)
            return false;
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* Has the client gone? It sends nothing after its request. */
static bool client_gone(int client)
{
    struct pollfd one = { client, POLLIN | POLLRDHUP, 0 };
    return poll(&one, 1, 0) > 0 && one.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

/* Is the file that was opened no more the one of that name? */
static bool log_turned(const char *path, int log)
{
    struct stat now, then;
    return fstat(log, &then) == 0 && fstatat(AT_FDCWD, path, &now, 0) == 0 && now.st_ino != then.st_ino;
}

void journal_send(struct stack *stack, struct service *service, int client, bool follow)
{
    char path[400], bytes[8192];
    log_path(stack, service ? service->name : NULL, true, path);
    int log = open(path, O_RDONLY | O_CLOEXEC);
    log_path(stack, service ? service->name : NULL, false, path);
    followers++;
    for (bool good = true; good;) {
        bool last = over; /* before the look at what is there */
        ssize_t got = log >= 0 ? read(log, bytes, sizeof bytes) : 0;
        if (got > 0) {
            good = send_all(client, bytes, (size_t)got);
        } else if (log < 0 || log_turned(path, log)) {
            if (log >= 0)
                close(log);
            log = open(path, O_RDONLY | O_CLOEXEC);
            good = log >= 0;
        } else if (!follow || last || client_gone(client)) {
            good = false;
        } else
            nanosleep(&(struct timespec){ .tv_nsec = FOLLOW_NS }, NULL);
    }
    if (log >= 0)
        close(log);
    close(client);
    followers--;
}

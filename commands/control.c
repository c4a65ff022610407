/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket of a stack: a line asks, the answer is "ok" or "error" with a reason on the first line, and text up to its end.
 *
 *     ps                  a line per service: name, state, restarts, since, CPU, memory, threads, end of its last life
 *     stop [SERVICE]      asks to end, and answers when that has happened
 *     restart SERVICE     the same, and lets it live again
 *     logs [SERVICE] [-f] what was written; -f: and goes on
 *     figures             the stack, then a line per service, by figures.def
 *     map                 who may reach whom: map_describe
 *     trace SECONDS       a trace of all that runs, JSON; it ends early when the client stops sending
 *     profile SECONDS     where CPU time is spent, as porin/observe.h says; ends likewise */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "escape.h"
#include "porin/observe.h"
#include "stack.h"

#define CLIENTS_MOST 32
#define REQUEST_BYTES 200

struct client { struct stack *stack; int socket; };

static int listening = -1;
static char path[108];
static atomic_int clients;

static bool directory_make(const char *name)
{
    struct stat facts;
    return (mkdir(name, 0700) == 0 || errno == EEXIST) && lstat(name, &facts) == 0 && S_ISDIR(facts.st_mode) && facts.st_uid == geteuid() &&
           !(facts.st_mode & 022);
}

bool stack_directory(char *out, size_t size, const char *run_directory, const char *name)
{
    char base[200];
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    int length = run_directory                 ? snprintf(base, sizeof base, "%s", run_directory)
                 : runtime && *runtime == '/' ? snprintf(base, sizeof base, "%s/porin", runtime)
                                               : snprintf(base, sizeof base, "/tmp/porin-%u", geteuid());
    if (length >= (int)sizeof base || snprintf(out, size, "%s/%s", base, name) >= (int)size) {
        errno = ENAMETOOLONG;
        return false;
    }
    return true;
}

static void say(int client, const char *text)
{
    size_t size = strlen(text);
    if (write(client, text, size) != (ssize_t)size)
        return; /* it has gone */
}

/* With the lock. */
static void service_describe(const struct service *service, char *line, size_t size)
{
    struct porin_domain_usage usage = { 0 };
    if (service->state == SERVICE_RUNNING && service->domain)
        porin_domain_usage_get(service->domain, &usage);
    long seconds = service->since ? (long)(time(NULL) - service->since) : 0;
    snprintf(line, size, "%-16s %-10s %8u %6lds %9.1fM %7u  %s\n", service->name, service_state_text(service), service->restarts, seconds,
             (double)usage.memory_bytes / (1 << 20), usage.threads + (service->state == SERVICE_RUNNING && service->program), service->end);
}

static void answer_ps(struct stack *stack, int client)
{
    char line[400];
    say(client, "ok\n");
    snprintf(line, sizeof line, "%-16s %-10s %8s %7s %10s %7s  %s\n", "SERVICE", "STATE", "RESTARTS", "SINCE", "MEMORY", "THREADS",
             "LAST END");
    say(client, line);
    pthread_mutex_lock(&stack->lock);
    for (size_t i = 0; i < stack->count; i++) {
        service_describe(&stack->services[i], line, sizeof line);
        say(client, line); /* it fits into the socket's buffer: nobody waits here for a client that does not read */
    }
    pthread_mutex_unlock(&stack->lock);
}

/* --- figures --- */

/* What /proc says of a process: is it of that group, and what has it used? */
static bool process_read(const char *number, int group, uint64_t *cpu_ns)
{
    char path[64], text[1024];
    unsigned long user, system;
    int of;
    snprintf(path, sizeof path, "/proc/%.20s/stat", number);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = file >= 0 ? read(file, text, sizeof text - 1) : -1;
    if (file >= 0)
        close(file);
    text[size > 0 ? size : 0] = '\0';
    const char *after = strrchr(text, ')'); /* a process may be called anything */
    if (!after || sscanf(after, ") %*c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &of, &user, &system) != 3 || of != group)
        return false;
    *cpu_ns += (user + system) * 10000000; /* USER_HZ is 100 */
    return true;
}

/* The processes that a service has forked. */
static void group_read(int group, uint64_t *processes, uint64_t *cpu_ns)
{
    DIR *folder = group ? opendir("/proc") : NULL;
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (*entry->d_name >= '0' && *entry->d_name <= '9' && process_read(entry->d_name, group, cpu_ns))
            ++*processes;
    if (folder)
        closedir(folder);
}

struct figures {
#define TEXT const char *
#define NUMBER uint64_t
#define COUNT uint64_t
#define FIGURE(name, kind, help) kind name;
#include "figures.def"
#undef FIGURE
#undef TEXT
#undef NUMBER
#undef COUNT
    char last_end[200];
    int group;
};

/* With the lock. */
static void figures_take(const struct service *service, struct figures *out)
{
    struct porin_domain_usage now = service->last; /* it may be just reset */
    bool running = service->state == SERVICE_RUNNING && service->domain;
    if (running)
        porin_domain_usage_get(service->domain, &now);
    const struct porin_domain_usage *past = &service->past;
    *out = (struct figures){ .service = service->name, .state = service_state_text(service), .restarts = service->restarts,
        .since_s = service->since ? (uint64_t)(time(NULL) - service->since) : 0, .calls = past->calls + now.calls,
        .cpu_ns = past->cpu_ns + now.cpu_ns, .faults = past->faults + now.faults, .refusals = past->refusals + now.refusals };
    snprintf(out->last_end, sizeof out->last_end, "%s", service->end);
    if (!running)
        return;
    out->memory_bytes = now.memory_bytes;
    out->threads = now.threads + service->program;
    out->descriptors = now.descriptors;
    out->group = now.process_group;
}

static void figures_write(FILE *to, struct figures *figures)
{
    char separator = '\t';
    group_read(figures->group, &figures->processes, &figures->cpu_ns);
    figures->end = figures->last_end;
    fputs("service", to);
#define TEXT(name) fputc(separator, to), field_write(to, figures->name)
#define NUMBER(name) fprintf(to, "%c%llu", separator, (unsigned long long)figures->name)
#define COUNT NUMBER
#define FIGURE(name, kind, help) kind(name);
#include "figures.def"
#undef FIGURE
#undef TEXT
#undef NUMBER
#undef COUNT
    fputc('\n', to);
}

size_t talks_take(struct porin_talk **talks)
{
    size_t room = porin_talks(NULL, 0), count;
    *talks = calloc(room + 1, sizeof **talks);
    count = *talks ? porin_talks(*talks, room) : 0;
    return count < room ? count : room; /* more may have come meanwhile */
}

static uint64_t talked_bytes(const char *service, const struct porin_talk *talks, size_t count)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(talks[i].client, service) == 0 || strcmp(talks[i].server, service) == 0)
            bytes += talks[i].sent_bytes + talks[i].answered_bytes;
    return bytes;
}

static void answer_figures(struct stack *stack, FILE *to)
{
    struct porin_talk *talks;
    size_t talk_count = talks_take(&talks);
    struct figures *figures = calloc(stack->count, sizeof *figures);
    struct timespec now;
    pthread_mutex_lock(&stack->lock);
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (size_t i = 0; figures && i < stack->count; i++)
        figures_take(&stack->services[i], &figures[i]);
    pthread_mutex_unlock(&stack->lock);
    fprintf(to, "ok\nstack\t%llu\t%d\t", (unsigned long long)now.tv_sec * 1000000000 + (unsigned long long)now.tv_nsec, getpid());
    field_write(to, stack->name);
    fputc('\n', to);
    for (size_t i = 0; figures && i < stack->count; i++) {
        figures[i].talked_bytes = talked_bytes(figures[i].service, talks, talk_count);
        figures_write(to, &figures[i]);
    }
    free(figures);
    free(talks);
}

/* --- traces and profiles --- */

static const struct recording {
    const char *name;
    porin_status (*start)(struct porin_error *error), (*stop)(int file, struct porin_error *error);
} recordings[] = { { "trace", porin_trace_start, porin_trace_stop }, { "profile", porin_profile_start, porin_profile_stop } };

static const struct recording *recording_find(const char *name)
{
    for (size_t i = 0; name && i < sizeof recordings / sizeof *recordings; i++)
        if (strcmp(name, recordings[i].name) == 0)
            return &recordings[i];
    return NULL;
}

/* Until the client stops sending, or the time is over. */
static void client_await(const struct stack *stack, int client, double seconds)
{
    struct pollfd one = { client, POLLIN | POLLRDHUP, 0 };
    for (; seconds > 0 && !stack->ending; seconds -= 0.05) {
        if (poll(&one, 1, 0) > 0)
            return;
        nanosleep(&(struct timespec){ .tv_nsec = (long)((seconds < 0.05 ? seconds : 0.05) * 1e9) }, NULL);
    }
}

static void file_send(int client, int file)
{
    off_t at = 0;
    while (sendfile(client, file, &at, 1 << 20) > 0)
        ;
}

static void answer_recording(struct stack *stack, const struct recording *what, const char *seconds, int client)
{
    struct porin_error error;
    char text[sizeof error.text + 20], *end = NULL;
    double length = seconds ? strtod(seconds, &end) : 0;
    if (!end || end == seconds || *end || !(length >= 0 && length <= 3600)) {
        snprintf(text, sizeof text, "error %s: a number of seconds up to 3600 is expected\n", what->name);
        say(client, text);
        return;
    }
    int file = memfd_create("porin-recording", MFD_CLOEXEC); /* a slow client is not to hold up those who are watched */
    porin_status status = what->start(&error);
    if (status == PORIN_OK) {
        client_await(stack, client, length);
        status = what->stop(file, &error);
    }
    if (status != PORIN_OK)
        snprintf(text, sizeof text, "error %s\n", error.text);
    say(client, status == PORIN_OK ? "ok\n" : text);
    if (status == PORIN_OK)
        file_send(client, file);
    if (file >= 0)
        close(file);
}

/* --- */

static void answer_stop(struct stack *stack, struct service *service, int client)
{
    pthread_mutex_lock(&stack->lock);
    service_stop(stack, service);
    while (service && service->state != SERVICE_STOPPED && service->state != SERVICE_ENDED && service->state != SERVICE_FAILED)
        pthread_cond_wait(&stack->changed, &stack->lock);
    pthread_mutex_unlock(&stack->lock);
    say(client, "ok\n");
    if (!service) { /* the end of the process ends the connection: then all has been stopped */
        char byte;
        while (read(client, &byte, 1) > 0)
            ;
        pause();
    }
}

static void answer_restart(struct stack *stack, struct service *service, int client)
{
    pthread_mutex_lock(&stack->lock);
    service_restart(service);
    while (service->restart_wanted && !stack->ending)
        pthread_cond_wait(&stack->changed, &stack->lock);
    pthread_mutex_unlock(&stack->lock);
    say(client, "ok\n");
}

static void answer(struct stack *stack, int client, char *request)
{
    char *rest, *word = strtok_r(request, " ", &rest), *name = strtok_r(NULL, " ", &rest), text[REQUEST_BYTES + 100];
    bool follow = name && strcmp(name, "-f") == 0;
    if (follow)
        name = NULL;
    else
        follow = name && rest && strcmp(rest, "-f") == 0;
    const struct recording *recording = recording_find(word);
    struct service *service = name && !recording ? stack_find(stack, name) : NULL;
    FILE *to = fdopen(dup(client), "w");
    if (recording) {
        answer_recording(stack, recording, name, client);
    } else if (name && !service) {
        snprintf(text, sizeof text, "error there is no service %s\n", name);
        say(client, text);
    } else if (word && strcmp(word, "ps") == 0) {
        answer_ps(stack, client);
    } else if (word && to && strcmp(word, "figures") == 0) {
        answer_figures(stack, to);
    } else if (word && to && strcmp(word, "map") == 0) {
        fputs("ok\n", to);
        map_describe(to, stack);
    } else if (word && strcmp(word, "stop") == 0) {
        answer_stop(stack, service, client);
    } else if (word && strcmp(word, "restart") == 0 && service) {
        answer_restart(stack, service, client);
    } else if (word && strcmp(word, "logs") == 0) {
        say(client, "ok\n");
        journal_send(stack, service, dup(client), follow);
    } else
        say(client, "error ps, stop [SERVICE], restart SERVICE, logs [SERVICE] [-f], figures, map, trace SECONDS or "
                    "profile SECONDS is expected\n");
    if (to)
        fclose(to);
    shutdown(client, SHUT_RDWR); /* a service may just have forked: its child has a copy, which is not to keep the client waiting */
    close(client);
}

static void *client_thread(void *data)
{
    struct client client = *(struct client *)data;
    char request[REQUEST_BYTES];
    size_t size = 0;
    free(data);
    for (ssize_t got; size < sizeof request - 1 && (got = read(client.socket, request + size, sizeof request - 1 - size)) > 0;) {
        size += (size_t)got;
        if (memchr(request, '\n', size))
            break;
    }
    request[size] = '\0';
    request[strcspn(request, "\n")] = '\0';
    answer(client.stack, client.socket, request);
    clients--;
    return NULL;
}

/* The socket is its owner's only, by its mode and its folder's; this is the second look. */
static bool client_is_ours(int client)
{
    struct ucred who;
    socklen_t size = sizeof who;
    return getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && (who.uid == geteuid() || who.uid == 0);
}

static void *control_thread(void *data)
{
    for (;;) {
        int socket = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
        if (socket < 0)
            continue;
        struct client *client = client_is_ours(socket) && clients < CLIENTS_MOST ? malloc(sizeof *client) : NULL;
        pthread_t thread;
        if (!client) {
            close(socket);
            continue;
        }
        *client = (struct client){ data, socket };
        clients++;
        if (pthread_create(&thread, NULL, client_thread, client) == 0)
            pthread_detach(thread);
        else {
            close(socket);
            free(client);
            clients--;
        }
    }
    return NULL;
}

/* Children of services have no part in it. */
static void forked(void)
{
    close(listening);
}

static bool refuse(const char *what)
{
    fprintf(stderr, "porin run: %s: %s\n", what, strerror(errno));
    return false;
}

bool control_open(struct stack *stack)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char base[sizeof stack->directory];
    pthread_t thread;
    snprintf(base, sizeof base, "%s", stack->directory);
    *strrchr(base, '/') = '\0';
    if (!directory_make(base) || !directory_make(stack->directory))
        return refuse(stack->directory);
    snprintf(path, sizeof path, "%s/control", stack->directory);
    memcpy(address.sun_path, path, sizeof path);
    listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listening < 0)
        return refuse(path);
    if (connect(listening, (struct sockaddr *)&address, sizeof address) == 0) {
        fprintf(stderr, "porin run: a stack called %s runs already; porin stop --name %s stops it\n", stack->name, stack->name);
        return false;
    }
    unlink(path); /* of one that was killed */
    mode_t mask = umask(0177);
    bool good = bind(listening, (struct sockaddr *)&address, sizeof address) == 0 && listen(listening, 16) == 0;
    umask(mask);
    good = good && pthread_atfork(NULL, NULL, forked) == 0 && pthread_create(&thread, NULL, control_thread, stack) == 0;
    return good || refuse(path);
}

void control_close(struct stack *stack)
{
    (void)stack;
    unlinkat(AT_FDCWD, path, 0);
}

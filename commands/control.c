/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket of a stack: a line asks, the answer is "ok" or "error" with a reason on the first line, and text up to its end.
 *
 *     ps                  a line per service: name, state, restarts, since, CPU, memory, threads, end of its last life
 *     stop [SERVICE]      asks to end, and answers when that has happened
 *     restart SERVICE     the same, and lets it live again
 *     logs [SERVICE] [-f] what was written; -f: and goes on */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
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
    struct service *service = name ? stack_find(stack, name) : NULL;
    if (name && !service) {
        snprintf(text, sizeof text, "error there is no service %s\n", name);
        say(client, text);
    } else if (word && strcmp(word, "ps") == 0) {
        answer_ps(stack, client);
    } else if (word && strcmp(word, "stop") == 0) {
        answer_stop(stack, service, client);
    } else if (word && strcmp(word, "restart") == 0 && service) {
        answer_restart(stack, service, client);
    } else if (word && strcmp(word, "logs") == 0) {
        say(client, "ok\n");
        journal_send(stack, service, client, follow);
        return;
    } else
        say(client, "error ps, stop [SERVICE], restart SERVICE or logs [SERVICE] [-f] is expected\n");
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

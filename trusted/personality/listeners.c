/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners of this process, found by address. The host's socket listens, too, for everybody else; it does not block, so that whoever
 * accepts can wait for both. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "pairs.h"
#include "sockets.h"

#define BACKLOG_MOST 4096              /* as the host's somaxconn */
#define WAITING_MOST 1024              /* at all listeners: their clients may have gone, and what they have sent takes memory */
#define PORT_FIRST 32768               /* numbers for those who connect, as Linux chooses them */
#define PORT_COUNT 28232

struct listener {
    struct source source;
    struct listener *next;             /* of the registry */
    unsigned files;
    char owner[48];                    /* the domain that listened, for talks.c */
    sa_family_t family;
    struct local_name name;            /* of TCP */
    int place;                         /* of AF_UNIX: O_PATH, its file, which so keeps its number; -1: none */
    uint64_t device, inode;            /* of that */
    unsigned backlog, count;
    unsigned carried;                  /* messages that it is in; with local_lock, like */
    bool receives;                     /* who is accepted here may be sent descriptors */
    struct end *first, **last;         /* who waits */
    _Atomic bool some;                 /* is anybody waiting? */
    _Atomic bool attended;             /* somebody of this process takes connections: not so after a fork until it is seen */
    _Atomic uint32_t turn;             /* who is to be asked first */
    _Atomic bool retired;              /* the host's alone */
};

static struct listener *listeners;     /* with local_lock */
static unsigned waiting_count;
static uint32_t ports;

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool name_read(const struct sockaddr_storage *address, struct local_name *name)
{
    *name = (struct local_name){ .family = address->ss_family };
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const void *)address;
        memcpy(name->address, mapped, sizeof mapped);
        memcpy(name->address + 12, &four->sin_addr, 4);
        name->port = four->sin_port;
        return true;
    }
    const struct sockaddr_in6 *six = (const void *)address;
    memcpy(name->address, &six->sin6_addr, 16);
    name->port = six->sin6_port;
    return address->ss_family == AF_INET6;
}

static bool is_mapped(const struct local_name *name)
{
    return memcmp(name->address, mapped, sizeof mapped) == 0;
}

/* 0.0.0.0 or :: */
static bool is_any(const struct local_name *name)
{
    static const uint8_t none[16];
    return is_mapped(name) ? memcmp(name->address + 12, none, 4) == 0 : memcmp(name->address, none, 16) == 0;
}

/* To connect to "any" means this machine. */
static bool is_loopback(struct local_name *name)
{
    static const uint8_t six[16] = { [15] = 1 };
    if (is_any(name)) {
        if (is_mapped(name))
            memcpy(name->address + 12, (uint8_t[]){ 127, 0, 0, 1 }, 4);
        else
            memcpy(name->address, six, 16);
    }
    return is_mapped(name) ? name->address[12] == 127 : memcmp(name->address, six, 16) == 0;
}

/* `exact`: not by an address that means all. */
static bool name_matches(const struct listener *listener, const struct local_name *wanted, bool exact)
{
    if (listener->family == AF_UNIX || listener->name.port != wanted->port || is_any(&listener->name) == exact)
        return false;
    if (is_any(&listener->name)) /* :: takes both families unless the program wants that otherwise: then the host is to decide */
        return listener->family == AF_INET ? is_mapped(wanted) : !is_mapped(wanted);
    return memcmp(listener->name.address, wanted->address, 16) == 0;
}

/* With local_lock. */
static uint32_t listener_ready(struct source *source, uint32_t wanted)
{
    return ((struct listener *)source)->some ? wanted & (POLLIN | POLLRDNORM) : 0;
}

/* Between several sockets that share a port the host chooses. */
static bool shares_port(const struct open_file *file)
{
    int shared = 0;
    socklen_t size = sizeof shared;
    return file->family != AF_UNIX && (getsockopt(file->host, SOL_SOCKET, SO_REUSEPORT, &shared, &size) < 0 || shared);
}

static bool name_ask(const struct open_file *file, struct local_name *name)
{
    struct sockaddr_storage address = { 0 };
    socklen_t size = sizeof address;
    return getsockname(file->host, (struct sockaddr *)&address, &size) == 0 && name_read(&address, name);
}

static bool listener_fill(struct listener *listener, const struct open_file *file)
{
    struct stat facts;
    listener->family = (sa_family_t)file->family;
    listener->receives = file->receives;
    listener->place = -1;
    if (listener->family != AF_UNIX)
        return name_ask(file, &listener->name);
    if (file->place < 0 || fstat(file->place, &facts) < 0)
        return false;
    listener->place = fcntl(file->place, F_DUPFD_CLOEXEC, 0);
    listener->device = facts.st_dev;
    listener->inode = facts.st_ino;
    return listener->place >= 0;
}

/* One that has been stopped may have lost its port; one of AF_UNIX stays so. */
static void listener_again(struct listener *listener, const struct open_file *file, unsigned backlog)
{
    if (listener->backlog || (listener->family != AF_UNIX && name_ask(file, &listener->name)))
        listener->backlog = backlog;
}

void local_listen(const struct request *request, struct open_file *file, int backlog)
{
    if (!request->own->local || file->type != SOCK_STREAM || shares_port(file))
        return;
    pthread_mutex_lock(&local_lock);
    struct listener *listener = file->listener;
    unsigned most = backlog < 0 || backlog > BACKLOG_MOST ? BACKLOG_MOST : (unsigned)backlog + 1;
    if (listener)
        listener_again(listener, file, most);
    else if (!file->duplicated && (listener = calloc(1, sizeof *listener)) && listener_fill(listener, file)) {
        int flags = fcntl(file->host, F_GETFL);
        source_begin(&listener->source, listener_ready);
        listener->source.also_host = true;
        listener->source.nonblocking = flags & O_NONBLOCK;
        fcntl(file->host, F_SETFL, flags | O_NONBLOCK);
        listener->backlog = most;
        listener->last = &listener->first;
        listener->attended = true;
        listener->files = 1;
        snprintf(listener->owner, sizeof listener->owner, "%s", request->domain->name);
        listener->next = listeners;
        listeners = listener;
        file->listener = listener;
        items_follow(file);
    } else
        free(listener);
    pthread_mutex_unlock(&local_lock);
}

bool local_listens(const struct open_file *file)
{
    return file->listener && !file->listener->retired;
}

struct source *listener_source(const struct open_file *file)
{
    return &file->listener->source;
}

static void registry_remove(const struct listener *listener)
{
    for (struct listener **link = &listeners; *link; link = &(*link)->next)
        if (*link == listener) {
            *link = listener->next;
            break;
        }
}

void listener_attach(struct open_file *copy, const struct open_file *file)
{
    copy->listener = file->listener;
    copy->listener->files++;
}

/* One less waits. */
static void waiting_leave(struct listener *listener)
{
    listener->count--;
    waiting_count--;
    listener->some = listener->first;
}

/* Who has waited longest; NULL: nobody. */
static struct end *waiting_take(struct listener *listener)
{
    struct end *end = listener->first;
    if (!end)
        return NULL;
    listener->first = end->next_waiting;
    if (!listener->first)
        listener->last = &listener->first;
    waiting_leave(listener);
    end->awaiting = NULL;
    return end;
}

static void waiting_drop(struct listener *listener)
{
    for (struct end *end; (end = waiting_take(listener));)
        end_drop(end);
}

void listener_detach(struct open_file *file)
{
    struct listener *listener = file->listener;
    if (--listener->files)
        return;
    registry_remove(listener);
    waiting_drop(listener);
    if (listener->place >= 0)
        close(listener->place);
    free(listener);
}

void listener_stop(const struct open_file *file)
{
    if (!file->listener)
        return;
    pthread_mutex_lock(&local_lock);
    file->listener->backlog = 0;
    waiting_drop(file->listener);
    local_unlock();
}

void listener_attend(const struct open_file *file)
{
    if (file->listener)
        file->listener->attended = true;
}

void listener_convert(struct listener *listener)
{
    listener->attended = false; /* it has to be seen which process is to take connections */
    for (struct end *end = listener->first, *next; end; end = next) {
        next = end->next_waiting;
        if (!end->pair->carries) /* or it stays here: strangers could be who gives descriptors at the host's listener */
            pair_convert(end->pair);
    }
}

struct pair *listener_waiting(const struct listener *listener, const struct end **at)
{
    *at = *at ? (*at)->next_waiting : listener->first;
    return *at ? (*at)->pair : NULL;
}

unsigned *listener_carried(struct listener *listener)
{
    return &listener->carried;
}

void listener_retire(struct open_file *file)
{
    registry_remove(file->listener);
    file->listener->retired = true;
    waiting_drop(file->listener);
    if (!file->listener->source.nonblocking) /* who gets it knows nothing of us */
        fcntl(file->host, F_SETFL, fcntl(file->host, F_GETFL) & ~O_NONBLOCK);
}

void listener_close_hosts(const struct open_file *file)
{
    struct listener *listener = file->listener; /* others may have it, too */
    if (listener->place >= 0)
        close(listener->place);
    listener->place = -1;
    for (struct end *end = listener->first; end; end = end->next_waiting) {
        if (end->host >= 0)
            close(end->host);
        end->host = -1;
    }
}

/* Who still waits here does not wait for this process. */
void listener_forked(const struct open_file *file)
{
    struct listener *listener = file->listener;
    listener_close_hosts(file);
    listener->first = NULL;
    listener->last = &listener->first;
    listener->count = 0;
    listener->some = false;
}

void listeners_forget(void)
{
    listeners = NULL;
    waiting_count = 0;
}

/* --- connecting --- */

void listener_forget(struct end *waiting, struct sockaddr_storage *address, socklen_t *size)
{
    struct listener *listener = waiting->awaiting;
    struct end **link = &listener->first;
    while (*link != waiting)
        link = &(*link)->next_waiting;
    *link = waiting->next_waiting;
    if (!*link)
        listener->last = link;
    waiting_leave(listener);
    waiting->awaiting = NULL;
    *size = name_write(&waiting->own, listener->family == AF_UNIX ? AF_UNIX : waiting->own.family, address);
    if (listener->family == AF_UNIX) {
        struct sockaddr_un *local = (void *)address;
        *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
                            (size_t)snprintf(local->sun_path, sizeof local->sun_path, "/proc/self/fd/%d", listener->place));
    }
}

static struct listener *listener_find(const struct local_name *wanted, int held)
{
    struct stat facts;
    bool local = wanted->family == AF_UNIX;
    if (local && (held < 0 || fstat(held, &facts) < 0))
        return NULL;
    for (int pass = 0; pass < (local ? 1 : 2); pass++)
        for (struct listener *listener = listeners; listener; listener = listener->next) {
            bool same = local ? listener->family == AF_UNIX && listener->inode == facts.st_ino && listener->device == facts.st_dev
                              : name_matches(listener, wanted, pass == 0);
            if (same)
                return listener->attended && listener->count < listener->backlog && waiting_count < WAITING_MOST ? listener : NULL;
        }
    return NULL;
}

/* By which name a socket that connects is known: its own if it is bound, else one that the kernel might have chosen. */
static void name_choose(const struct open_file *file, const struct local_name *wanted, struct local_name *name)
{
    *name = *wanted;
    if (is_mapped(wanted))
        memcpy(name->address + 12, (uint8_t[]){ 127, 0, 0, 1 }, 4);
    name->port = htons((uint16_t)(PORT_FIRST + ports++ % PORT_COUNT));
    struct local_name bound;
    if (!file->bound || !name_ask(file, &bound))
        return;
    name->port = bound.port;
    if (!is_any(&bound))
        memcpy(name->address, bound.address, sizeof bound.address);
}

/* Two ends from the one to the other. With local_lock. */
static bool connect_to(const struct request *request, struct listener *listener, struct open_file *file, const struct local_name *wanted,
                       bool waits)
{
    struct pair *pair = pair_create(wanted->family != AF_UNIX);
    if (!pair)
        return false;
    struct end *client = &pair->ends[0], *server = &pair->ends[1];
    talk_begin(pair, request->domain->name, listener->owner);
    name_choose(file, wanted, &client->own);
    client->peer = server->own = *wanted;
    server->peer = client->own;
    client->source.nonblocking = !waits;
    client->connecting = !waits && pair->tcp;
    struct timespec limit;
    client->limited = socket_time_limit(file, SO_RCVTIMEO, &limit) || socket_time_limit(file, SO_SNDTIMEO, &limit);
    client->receives = file->receives;
    server->receives = listener->receives;
    end_attach(client, file);
    items_follow(file);
    server->awaiting = listener;
    *listener->last = server;
    listener->last = &server->next_waiting;
    listener->count++;
    waiting_count++;
    listener->some = true;
    source_notify(&listener->source, POLLIN | POLLRDNORM);
    return true;
}

/* May somebody listen there in this process, as far as the address says? */
static bool address_is_here(const struct sockaddr_storage *address, struct local_name *wanted)
{
    if (name_read(address, wanted))
        return is_loopback(wanted);
    const char *place = ((const struct sockaddr_un *)address)->sun_path;
    return wanted->family == AF_UNIX && faccessat(AT_FDCWD, place, W_OK, AT_EACCESS) == 0; /* as the host asks */
}

int64_t local_connect(const struct request *request, struct open_file *file, const struct peer *peer)
{
    struct local_name wanted;
    if (!request->own->local || file->type != SOCK_STREAM)
        return LOCAL_HOST;
    bool here = !file->listener && address_is_here(&peer->address, &wanted);
    pthread_mutex_lock(&local_lock);
    bool waits = !(fcntl(file->host, F_GETFL) & O_NONBLOCK), possible = here && !file->end && !file->duplicated && !file->host_connects;
    struct listener *listener = possible ? listener_find(&wanted, peer->held) : NULL;
    int64_t result = LOCAL_HOST;
    if (listener)
        file->receives = peer->receives;
    if (listener && connect_to(request, listener, file, &wanted, waits))
        result = waits || wanted.family == AF_UNIX ? 0 : -EINPROGRESS;
    else
        file->host_connects++;
    pthread_mutex_unlock(&local_lock);
    return result;
}

void local_refused(const struct request *request, struct open_file *file)
{
    if (!request->own->local || file->type != SOCK_STREAM)
        return;
    pthread_mutex_lock(&local_lock);
    file->host_connects--;
    pthread_mutex_unlock(&local_lock);
}

int64_t local_connected(const struct open_file *file)
{
    struct end *end = file->end;
    return !end ? LOCAL_HOST : atomic_exchange(&end->connecting, false) ? 0 : -EISCONN;
}

bool local_turn(struct open_file *file)
{
    return ++file->listener->turn & 1;
}

int64_t local_accept(struct open_file *file, int flags, struct sockaddr_storage *address, socklen_t *size, struct open_file **out)
{
    struct listener *listener = file->listener;
    if (!listener->some)
        return -EAGAIN;
    pthread_mutex_lock(&local_lock);
    struct end *end = listener->first;
    int host = !end ? -1 : end->host >= 0 ? end->host : socket(file->family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int64_t error = !end ? -EAGAIN : host < 0 ? -errno : 0;
    struct open_file *made = host >= 0 ? file_create(host, FILE_SOCKET, true, true) : NULL;
    if (end)
        end->host = -1;
    if (made) {
        waiting_take(listener);
        fcntl(host, F_SETFL, flags & SOCK_NONBLOCK);
        made->family = file->family;
        made->type = SOCK_STREAM;
        made->receives = file->receives;
        end->source.nonblocking = flags & SOCK_NONBLOCK;
        end_attach(end, made);
        *size = name_write(&end->peer, file->family, address);
    }
    pthread_mutex_unlock(&local_lock);
    *out = made;
    return error ? error : made ? 0 : -ENOMEM;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The table of a domain's descriptors, and the services that only move descriptors about. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "local.h"
#include "sharing.h"

struct open_file *file_create(int host, enum file_kind kind, bool readable, bool writable)
{
    struct open_file *file = calloc(1, sizeof *file);
    if (!file) {
        if (kind != FILE_CONSOLE)
            close(host);
        return NULL;
    }
    atomic_init(&file->references, 1);
    file->host = host;
    file->place = -1;
    file->kind = kind;
    file->readable = readable;
    file->writable = writable;
    return file;
}

void file_release(struct open_file *file)
{
    if (atomic_fetch_sub(&file->references, 1) > 1)
        return;
    local_release(file);
    if (file->place >= 0)
        close(file->place);
    if (file->kind != FILE_CONSOLE)
        close(file->host);
    free(file->path);
    free(file);
}

/* Under the lock. */
static struct descriptor *descriptor_at(struct personality *own, int number)
{
    if (number < 0 || (uint32_t)number >= own->descriptor_count || !own->descriptors[number].file)
        return NULL;
    return &own->descriptors[number];
}

struct open_file *file_acquire(struct personality *own, int number)
{
    pthread_mutex_lock(&own->lock);
    struct descriptor *descriptor = descriptor_at(own, number);
    struct open_file *file = descriptor ? descriptor->file : NULL;
    if (file)
        atomic_fetch_add(&file->references, 1);
    pthread_mutex_unlock(&own->lock);
    return file;
}

/* Under the lock: makes sure that the table has an element `number`. */
static int64_t table_reach(struct personality *own, uint32_t number)
{
    uint32_t count = own->descriptor_count ? own->descriptor_count : 8;
    while (count <= number)
        count *= 2;
    if (count == own->descriptor_count)
        return 0;
    struct descriptor *grown = realloc(own->descriptors, count * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    memset(grown + own->descriptor_count, 0, (count - own->descriptor_count) * sizeof *grown);
    own->descriptors = grown;
    own->descriptor_count = count;
    return 0;
}

/* Under the lock: the lowest free number from `from` on, with an element in the table. */
static int64_t number_find(struct personality *own, int64_t from)
{
    int64_t limit = own->descriptor_limit, number = from < 0 || from >= limit ? -EINVAL : from;
    while (number >= 0 && number < own->descriptor_count && (own->descriptors[number].file || own->descriptors[number].reserved))
        number = number + 1 < limit ? number + 1 : -EMFILE;
    int64_t error = number < 0 ? number : table_reach(own, (uint32_t)number);
    return error ? error : number;
}

int64_t descriptor_add(struct personality *own, struct open_file *file, int64_t from, bool close_on_exec)
{
    pthread_mutex_lock(&own->lock);
    int64_t number = number_find(own, from);
    if (number >= 0)
        own->descriptors[number] = (struct descriptor){ file, close_on_exec, false };
    pthread_mutex_unlock(&own->lock);
    if (number < 0)
        file_release(file);
    return number;
}

int64_t descriptor_reserve(struct personality *own)
{
    pthread_mutex_lock(&own->lock);
    int64_t number = own->descriptor_limit ? number_find(own, 0) : -EMFILE;
    if (number >= 0)
        own->descriptors[number].reserved = true;
    pthread_mutex_unlock(&own->lock);
    return number;
}

void descriptor_fill(struct personality *own, int number, struct open_file *file, bool close_on_exec)
{
    pthread_mutex_lock(&own->lock);
    bool there = (uint32_t)number < own->descriptor_count && own->descriptors[number].reserved; /* not so if all were closed meanwhile */
    if (there)
        own->descriptors[number] = (struct descriptor){ file, close_on_exec, false };
    pthread_mutex_unlock(&own->lock);
    if (!there && file)
        file_release(file);
}

void descriptors_unreserve(struct personality *own)
{
    for (uint32_t i = 0; i < own->descriptor_count; i++)
        own->descriptors[i].reserved = false;
}

static void descriptor_drop(struct personality *own, struct open_file *file)
{
    locks_drop(own, file);
    file_release(file);
}

void descriptors_close(struct personality *own, bool only_on_exec)
{
    struct descriptor *all;
    for (uint32_t i = 0; i < own->descriptor_count; i++) { /* others look, too: who asks for figures, and who forks */
        pthread_mutex_lock(&own->lock);
        struct open_file *file = !only_on_exec || own->descriptors[i].close_on_exec ? own->descriptors[i].file : NULL;
        if (file)
            own->descriptors[i] = (struct descriptor){ 0 };
        pthread_mutex_unlock(&own->lock);
        if (file)
            descriptor_drop(own, file);
    }
    if (only_on_exec)
        return;
    pthread_mutex_lock(&own->lock);
    all = own->descriptors;
    own->descriptors = NULL;
    own->descriptor_count = 0;
    pthread_mutex_unlock(&own->lock);
    free(all);
}

void personality_usage(struct porin_domain *domain, struct porin_domain_usage *out)
{
    struct personality *own = domain->personality;
    if (!own) /* another domain goes on with it */
        return;
    pthread_mutex_lock(&own->lock);
    for (uint32_t i = 0; i < own->descriptor_count; i++)
        out->descriptors += own->descriptors[i].file != NULL;
    out->process_group = own->group;
    pthread_mutex_unlock(&own->lock);
    out->refusals = own->refusals;
}

int64_t descriptor_close(struct personality *own, int number)
{
    pthread_mutex_lock(&own->lock);
    struct descriptor *descriptor = descriptor_at(own, number);
    struct open_file *file = descriptor ? descriptor->file : NULL;
    if (file)
        *descriptor = (struct descriptor){ 0 };
    pthread_mutex_unlock(&own->lock);
    if (!file)
        return -EBADF;
    descriptor_drop(own, file);
    return 0;
}

int64_t service_close(const struct request *request)
{
    return descriptor_close(request->own, request_int(request, 0));
}

#define RANGE_CLOSE_ON_EXEC 4u         /* the kernel's CLOSE_RANGE_*; a table of descriptors is one domain's anyway */
#define RANGE_UNSHARE 2u

int64_t service_close_range(const struct request *request)
{
    struct personality *own = request->own;
    uint64_t first = (uint32_t)request->arguments[0], last = (uint32_t)request->arguments[1];
    uint32_t flags = (uint32_t)request->arguments[2];
    if (flags & ~(RANGE_CLOSE_ON_EXEC | RANGE_UNSHARE) || first > last)
        return -EINVAL;
    pthread_mutex_lock(&own->lock);
    uint64_t end = last < own->descriptor_count ? last + 1 : own->descriptor_count;
    pthread_mutex_unlock(&own->lock);
    for (uint64_t number = first; number < end; number++)
        if (flags & RANGE_CLOSE_ON_EXEC)
            (void)descriptor_close_on_exec(own, (int)number, true, true);
        else
            (void)descriptor_close(own, (int)number);
    return 0;
}

struct open_file *file_copy(struct open_file *file, int64_t *error)
{
    int host = fcntl(file->host, F_DUPFD_CLOEXEC, 0);
    struct open_file *copy = host >= 0 ? file_create(host, file->kind, file->readable, file->writable) : NULL;
    *error = host < 0 ? -errno : -ENOMEM;
    if (copy) {
        copy->constant = file->constant;
        copy->bound = file->bound;
        copy->pair = file->pair;
        copy->fixed = file->fixed;
        copy->receives = file->receives;
        copy->family = file->family;
        copy->type = file->type;
        copy->device = file->device;
        copy->inode = file->inode;
        local_duplicate(copy, file);
    }
    return copy;
}

/* Another name for a file, with a reference for the caller. What can be polled gets a host descriptor of its own, because an epoll tells
 * descriptors apart. NULL: no such file or no host descriptor (*error). */
static struct open_file *file_duplicate(struct personality *own, int number, int64_t *error)
{
    struct open_file *file = file_acquire(own, number);
    *error = -EBADF;
    if (!file || !file_is_stream(file) || file->kind == FILE_CONSOLE)
        return file;
    struct open_file *copy = file_copy(file, error);
    file_release(file);
    return copy;
}

static int64_t duplicate_from(const struct request *request, int64_t from, bool close_on_exec)
{
    int64_t error;
    struct open_file *file = file_duplicate(request->own, request_int(request, 0), &error);
    return file ? descriptor_add(request->own, file, from, close_on_exec) : error;
}

/* Makes number `to` name the same open file; what it named before is closed. */
static int64_t duplicate_to(const struct request *request, int to, bool close_on_exec)
{
    struct personality *own = request->own;
    if (to < 0 || (uint32_t)to >= own->descriptor_limit)
        return -EBADF;
    int64_t error;
    struct open_file *file = file_duplicate(own, request_int(request, 0), &error);
    if (!file)
        return error;
    pthread_mutex_lock(&own->lock);
    struct open_file *replaced = file;
    error = table_reach(own, (uint32_t)to);
    if (!error && own->descriptors[to].reserved)
        error = -EBUSY;
    if (!error) {
        replaced = own->descriptors[to].file;
        own->descriptors[to] = (struct descriptor){ file, close_on_exec, false };
    }
    pthread_mutex_unlock(&own->lock);
    if (error)
        file_release(file);
    else if (replaced)
        descriptor_drop(own, replaced);
    return error ? error : to;
}

int64_t service_dup(const struct request *request)
{
    return duplicate_from(request, 0, false);
}

int64_t service_dup2(const struct request *request)
{
    if (request_int(request, 0) != request_int(request, 1))
        return duplicate_to(request, request_int(request, 1), false);
    struct open_file *file = file_acquire(request->own, request_int(request, 0));
    if (!file)
        return -EBADF;
    file_release(file);
    return request_int(request, 0);
}

int64_t service_dup3(const struct request *request)
{
    int flags = request_int(request, 2);
    if ((flags & ~O_CLOEXEC) || request_int(request, 0) == request_int(request, 1))
        return -EINVAL;
    return duplicate_to(request, request_int(request, 1), flags & O_CLOEXEC);
}

int64_t service_pipe2(const struct request *request)
{
    int flags = request_int(request, 1), host[2], number[2];
    if (flags & ~(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    if (pipe2(host, O_CLOEXEC | flags) < 0)
        return -errno;
    struct open_file *from = file_create(host[0], FILE_PIPE, true, false), *to = file_create(host[1], FILE_PIPE, false, true);
    if (!from || !to) {
        if (from || to)
            file_release(from ? from : to);
        return -ENOMEM;
    }
    number[0] = (int)descriptor_add(request->own, from, 0, flags & O_CLOEXEC);
    number[1] = number[0] < 0 ? number[0] : (int)descriptor_add(request->own, to, 0, flags & O_CLOEXEC);
    if (number[0] < 0)
        file_release(to);
    int64_t error = number[1] < 0 ? number[1] : request_store(request, request->arguments[0], number, sizeof number);
    for (int i = 0; error && i < 2; i++)
        if (number[i] >= 0)
            descriptor_close(request->own, number[i]);
    return error;
}

int64_t service_pipe(const struct request *request)
{
    return service_pipe2(&(struct request){ request->domain, request->own, (uint64_t[6]){ request->arguments[0] } });
}

int64_t descriptor_close_on_exec(struct personality *own, int number, bool set, bool value)
{
    pthread_mutex_lock(&own->lock);
    struct descriptor *descriptor = descriptor_at(own, number);
    int64_t result = !descriptor ? -EBADF : set ? 0 : descriptor->close_on_exec ? FD_CLOEXEC : 0;
    if (descriptor && set)
        descriptor->close_on_exec = value;
    pthread_mutex_unlock(&own->lock);
    return result;
}

/* The console is shared with the host and with other domains: its status flags are not the domain's to change. */
static int64_t status_flags(struct open_file *file, bool set, int wanted)
{
    /* Files are opened with O_NONBLOCK for the host's sake (files.c); on them the flag has no meaning. */
    bool stream = file_is_stream(file);
    const int changeable = stream ? O_APPEND | O_NONBLOCK : O_APPEND;
    int flags = fcntl(file->host, F_GETFL);
    if (flags < 0)
        return -errno;
    if (local_listens(file) && !set) /* the host's never blocks */
        flags = (flags & ~O_NONBLOCK) | (listener_source(file)->nonblocking ? O_NONBLOCK : 0);
    if (!set)
        return (file->readable ? (file->writable ? O_RDWR : O_RDONLY) : O_WRONLY) | (flags & changeable);
    if (file->kind == FILE_CONSOLE)
        return (flags & changeable) == (wanted & changeable) ? 0 : -EPERM;
    local_nonblocking(file, wanted & O_NONBLOCK);
    if (local_listens(file))
        wanted |= O_NONBLOCK;
    return fcntl(file->host, F_SETFL, (flags & ~changeable) | (wanted & changeable)) < 0 ? -errno : 0;
}

int64_t descriptor_notify(const struct request *request, struct open_file *file, bool asked, bool value)
{
    const struct personality *own = request->own;
    int number = value;
    if (file->kind != FILE_SOCKET || !(request->domain->grants & (PORIN_GRANT_SIGNALS | PORIN_GRANT_PROCESSES)))
        return -EPERM;
    if (!own->shares) /* the process's signals are the domain's */
        return (asked ? ioctl(file->host, FIOASYNC, &number) : fcntl(file->host, F_SETOWN, value ? getpid() : 0)) < 0 ? -errno : 0;
    if (file->end || file->listener)
        return -EPERM;
    *(asked ? &file->notifies : &file->owned) = value;
    return sharing_notify(own, file->host, file->notifies && file->owned);
}

/* Who gets SIGIO for a socket: the domain itself, or nobody. */
static int64_t owner_set(const struct request *request, struct open_file *file, int owner)
{
    return owner && owner != request->own->process ? -EPERM : descriptor_notify(request, file, false, owner);
}

int64_t service_fcntl(const struct request *request)
{
    int command = request_int(request, 1);
    uint64_t argument = request->arguments[2];
    int number = request_int(request, 0);
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC: return duplicate_from(request, request_int(request, 2), command == F_DUPFD_CLOEXEC);
    case F_GETFD: return descriptor_close_on_exec(request->own, number, false, false);
    case F_SETFD: return descriptor_close_on_exec(request->own, number, true, argument & FD_CLOEXEC);
    }
    struct open_file *file = file_acquire(request->own, number);
    if (!file)
        return -EBADF;
    int64_t result = -EINVAL;
    switch (command) {
    case F_GETFL:
    case F_SETFL: result = status_flags(file, command == F_SETFL, request_int(request, 2)); break;
    case F_SETOWN: result = owner_set(request, file, request_int(request, 2)); break;
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW: result = lock_control(request, file, command, argument); break;
    }
    file_release(file);
    return result;
}

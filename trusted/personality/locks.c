/* SPDX-License-Identifier: Apache-2.0 */
/* POSIX record locks whose owner is the domain. The host's own are owned by the host process, so all domains would share them; locks of
 * open file descriptions (F_OFD_*) have one owner each. So when a domain locks something in a file, that is opened once more, to carry
 * all of the domain's locks on it, and as POSIX wants it, closing any descriptor of the file ends them. What was open already will not do:
 * a process that was forked since has the same description, and would own the same locks. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "descriptors.h"

struct lock_carrier {
    struct lock_carrier *next;
    struct open_file *file;            /* holds a reference */
};

static bool same_file(const struct open_file *a, const struct open_file *b)
{
    return a->device == b->device && a->inode == b->inode;
}

/* The same file, opened once more for the same. Where that is not allowed any more it is the one that is open. NULL: out of memory. */
static struct open_file *carrier_open(struct open_file *file)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file->host);
    int mode = file->readable ? file->writable ? O_RDWR : O_RDONLY : O_WRONLY, host = open(path, mode | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (host < 0) {
        atomic_fetch_add(&file->references, 1);
        return file;
    }
    struct open_file *result = file_create(host, FILE_REGULAR, file->readable, file->writable);
    if (result) {
        result->device = file->device;
        result->inode = file->inode;
    }
    return result;
}

/* With a reference; NULL: there is none yet. */
static struct open_file *carrier_find(struct personality *own, const struct open_file *file)
{
    pthread_mutex_lock(&own->lock);
    struct lock_carrier *carrier = own->carriers;
    while (carrier && !same_file(carrier->file, file))
        carrier = carrier->next;
    if (carrier)
        atomic_fetch_add(&carrier->file->references, 1);
    pthread_mutex_unlock(&own->lock);
    return carrier ? carrier->file : NULL;
}

static bool carrier_create(struct personality *own, struct open_file *file)
{
    struct lock_carrier *carrier = malloc(sizeof *carrier);
    struct open_file *opened = carrier ? carrier_open(file) : NULL;
    if (!opened) {
        free(carrier);
        return false;
    }
    *carrier = (struct lock_carrier){ NULL, opened };
    pthread_mutex_lock(&own->lock);
    struct lock_carrier **end = &own->carriers;
    while (*end && !same_file((*end)->file, file))
        end = &(*end)->next;
    bool first = !*end; /* or another thread has made one meanwhile */
    if (first)
        *end = carrier;
    pthread_mutex_unlock(&own->lock);
    if (!first) {
        file_release(opened);
        free(carrier);
    }
    return true;
}

/* The open file that carries the domain's locks on the file, with a reference: `file` itself if there is none yet. NULL: out of memory. */
static struct open_file *carrier_acquire(struct personality *own, struct open_file *file, bool remember)
{
    struct open_file *result;
    while (!(result = carrier_find(own, file)) && remember) /* a thread that closes the file takes it away */
        if (!carrier_create(own, file))
            return NULL;
    if (result)
        return result;
    atomic_fetch_add(&file->references, 1);
    return file;
}

void locks_drop(struct personality *own, const struct open_file *file)
{
    if (file->kind != FILE_REGULAR)
        return;
    pthread_mutex_lock(&own->lock);
    struct lock_carrier **link = &own->carriers;
    while (*link && !same_file((*link)->file, file))
        link = &(*link)->next;
    struct lock_carrier *found = *link;
    if (found)
        *link = found->next;
    pthread_mutex_unlock(&own->lock);
    if (!found)
        return;
    struct flock all = { .l_type = F_UNLCK, .l_whence = SEEK_SET };
    (void)fcntl(found->file->host, F_OFD_SETLK, &all); /* unlocking the whole file cannot fail in a way that leaves a lock */
    file_release(found->file);
    free(found);
}

void locks_forget(struct personality *own)
{
    while (own->carriers) {
        struct lock_carrier *carrier = own->carriers;
        own->carriers = carrier->next;
        file_release(carrier->file);
        free(carrier);
    }
}

static int64_t lock_set(const struct request *request, struct open_file *carrier, struct flock *lock, bool wait)
{
    if (lock->l_type == F_WRLCK && !carrier->writable)
        return -ENOLCK; /* the domain's locks on this file are carried by a descriptor opened for reading only */
    return WAIT(request, SYS_fcntl, carrier->host, wait ? F_OFD_SETLKW : F_OFD_SETLK, lock);
}

int64_t lock_control(const struct request *request, struct open_file *file, int command, uint64_t address)
{
    struct flock lock;
    int64_t error = request_fetch(request, &lock, address, sizeof lock);
    if (error)
        return error;
    if (file->kind != FILE_REGULAR)
        return -EINVAL;
    bool test = command == F_GETLK;
    if (!test && ((lock.l_type == F_WRLCK && !file->writable) || (lock.l_type == F_RDLCK && !file->readable)))
        return -EBADF;
    if (lock.l_whence == SEEK_CUR) {
        /* The carrier's position is another one. */
        off_t position = lseek(file->host, 0, SEEK_CUR);
        if (position < 0 || __builtin_add_overflow(lock.l_start, position, &lock.l_start))
            return -EOVERFLOW;
        lock.l_whence = SEEK_SET;
    }
    lock.l_pid = 0; /* what F_OFD_* want */
    struct open_file *carrier = carrier_acquire(request->own, file, !test && lock.l_type != F_UNLCK);
    if (!carrier)
        return -ENOLCK;
    int64_t result;
    if (test)
        result = fcntl(carrier->host, F_OFD_GETLK, &lock) < 0 ? -errno : request_store(request, address, &lock, sizeof lock);
    else
        result = lock_set(request, carrier, &lock, command == F_SETLKW);
    file_release(carrier);
    return result;
}

int64_t service_flock(const struct request *request)
{
    int operation = request_int(request, 1);
    struct open_file *file = file_acquire(request->own, request_int(request, 0));
    if (!file)
        return -EBADF;
    int64_t result;
    if (file_is_stream(file))
        result = -EINVAL;
    else if (file->constant && (operation & ~LOCK_NB) == LOCK_EX)
        result = -EROFS; /* who may only read must not be able to lock others out */
    else
        result = WAIT(request, SYS_flock, file->host, operation);
    file_release(file);
    return result;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Opening files, and what is asked of open ones. Only regular files and directories are ever opened. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "files.h"
#include "listing.h"
#include "synthetic.h"

#define OPEN_LARGEFILE 0100000         /* the kernel's bit; glibc says 0 on x86-64, musl passes it */
#define OPEN_IGNORED (O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOATIME | OPEN_LARGEFILE)
#define OPEN_PASSED (O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_DIRECTORY | O_NOFOLLOW | O_SYNC | O_DSYNC)

/* The C library's fstat asks for the facts of an empty path, which the kernel then reads. */
static int host_facts(int host, struct stat *facts)
{
    return syscall(SYS_fstat, host, facts) < 0 ? -errno : 0;
}

/* A regular file or a directory? Anything else (device, fifo, socket) may act when opened or read: never opened. */
static int64_t check_kind(int host, struct stat *facts)
{
    int64_t error = host_facts(host, facts);
    if (error)
        return error;
    if (S_ISREG(facts->st_mode) || S_ISDIR(facts->st_mode))
        return 0;
    return S_ISLNK(facts->st_mode) ? -ELOOP : -EACCES;
}

/* What stands for a name in a granted directory that was opened: FNV-1a. Names that the domain has moved since stand for nothing. 0: of
 * other directories none is remembered, whose descriptors may come to mean others. */
static uint64_t look_of(const struct personality *own, const struct place *place, int flags)
{
    uint64_t hash = 0xcbf29ce484222325u ^ ((uint64_t)own->moved << 32) ^ (unsigned)place->directory ^ (flags & O_NOFOLLOW ? 1u << 31 : 0);
    for (const char *at = place->path; *at; at++)
        hash = (hash ^ (uint8_t)*at) * 0x100000001b3u;
    return place->held ? 0 : hash;
}

/* Looks before opening, so that nothing but a file or directory is opened; the look at the opened file (file_open) is what counts if
 * somebody exchanged it between the two, or since it was opened the last time. O_NONBLOCK keeps such an exchanged fifo or device from
 * blocking the host. */
static int open_checked(const struct personality *own, const struct place *place, int flags, mode_t mode)
{
    uint64_t look = look_of(own, place, flags);
    bool made = (flags & O_CREAT) && (flags & O_EXCL); /* what does not exist yet cannot be anything else */
    if (made || (look && own->looked[look % LOOKS_REMEMBERED] == look) || place_is_plain(place, flags))
        return place_open(place, flags | O_NOCTTY | O_NONBLOCK, mode);
    int probe = place_open(place, O_PATH | (flags & (O_NOFOLLOW | O_DIRECTORY)), 0);
    if (probe < 0 && !(probe == -ENOENT && (flags & O_CREAT)))
        return probe;
    if (probe >= 0) {
        struct stat facts;
        int64_t error = check_kind(probe, &facts);
        close(probe);
        if (error)
            return (int)error;
    }
    return place_open(place, flags | O_NOCTTY | O_NONBLOCK, mode);
}

int64_t file_open(struct personality *own, const struct place *place, int flags, mode_t mode, struct open_file **out)
{
    bool writing = (flags & O_ACCMODE) != O_RDONLY;
    if (place->directory < 0)
        return -EACCES;
    if (place->constant && (writing || (flags & (O_CREAT | O_TRUNC))))
        return -EROFS;
    int host = open_checked(own, place, flags, mode);
    if (host < 0)
        return host;
    struct stat facts;
    int64_t error = check_kind(host, &facts);
    uint64_t look = look_of(own, place, flags);
    own->looked[look % LOOKS_REMEMBERED] = error ? 0 : look;
    if (error) {
        close(host);
        return error;
    }
    enum file_kind kind = S_ISDIR(facts.st_mode) ? FILE_DIRECTORY : FILE_REGULAR;
    struct open_file *file = file_create(host, kind, (flags & O_ACCMODE) != O_WRONLY, writing);
    if (!file)
        return -ENOMEM;
    file->constant = place->constant;
    file->path = kind == FILE_DIRECTORY ? place_guest_path(place) : NULL;
    file->device = facts.st_dev;
    file->inode = facts.st_ino;
    *out = file;
    return 0;
}

mode_t mode_masked(struct personality *own, uint64_t mode)
{
    pthread_mutex_lock(&own->lock);
    mode_t mask = own->umask;
    pthread_mutex_unlock(&own->lock);
    return (mode_t)(mode & MODE_BITS & ~mask);
}

static int64_t open_at(const struct request *request, int from, uint64_t path, int flags, uint64_t mode)
{
    if ((flags & ~(OPEN_IGNORED | OPEN_PASSED)) || (flags & O_ACCMODE) == O_ACCMODE)
        return -EINVAL;
    struct place place;
    struct open_file *file;
    int64_t result = place_find(&place, request, from, path);
    if (result)
        return synthetic_instead(request, &place, result) ? synthetic_open(request, place.text, flags) : result;
    if (place.directory < 0)
        result = listing_open(request, &place, flags, &file);
    else
        result = file_open(request->own, &place, flags & OPEN_PASSED, flags & O_CREAT ? mode_masked(request->own, mode) : 0, &file);
    bool instead = result && synthetic_instead(request, &place, result);
    place_release(&place);
    if (instead)
        return synthetic_open(request, place.text, flags);
    return result ? result : descriptor_add(request->own, file, 0, flags & O_CLOEXEC);
}

int64_t service_open(const struct request *request)
{
    return open_at(request, AT_FDCWD, request->arguments[0], request_int(request, 1), request->arguments[2]);
}

int64_t service_creat(const struct request *request)
{
    return open_at(request, AT_FDCWD, request->arguments[0], O_CREAT | O_WRONLY | O_TRUNC, request->arguments[1]);
}

int64_t service_openat(const struct request *request)
{
    return open_at(request, request_int(request, 0), request->arguments[1], request_int(request, 2), request->arguments[3]);
}

/* The file behind argument 0 with a reference if it is of that kind, else NULL and *error. */
static struct open_file *file_of_kind(const struct request *request, enum file_kind kind, int64_t *error)
{
    struct open_file *file = file_acquire(request->own, request_int(request, 0));
    *error = !file ? -EBADF : kind == FILE_DIRECTORY ? -ENOTDIR : -EINVAL;
    if (!file || file->kind == kind)
        return file;
    file_release(file);
    return NULL;
}

int64_t service_fsync(const struct request *request)
{
    int64_t result;
    struct open_file *file = file_acquire(request->own, request_int(request, 0));
    if (!file)
        return -EBADF;
    result = file_is_stream(file) ? -EINVAL : fsync(file->host) < 0 ? -errno : 0;
    file_release(file);
    return result;
}

int64_t service_fdatasync(const struct request *request)
{
    int64_t result;
    struct open_file *file = file_of_kind(request, FILE_REGULAR, &result);
    if (!file)
        return result;
    result = fdatasync(file->host) < 0 ? -errno : 0;
    file_release(file);
    return result;
}

int64_t service_sync_file_range(const struct request *request)
{
    int64_t result;
    struct open_file *file = file_of_kind(request, FILE_REGULAR, &result);
    if (!file)
        return result;
    result = sync_file_range(file->host, (off_t)request->arguments[1], (off_t)request->arguments[2], (unsigned)request_int(request, 3));
    file_release(file);
    return result < 0 ? -errno : 0;
}

/* Sets the size, or reserves room; both may raise SIGXFSZ. */
static int64_t file_resize(struct open_file *file, bool reserve, int64_t start, int64_t size)
{
    if (!file->writable)
        return -EINVAL;
    sigset_t before;
    signals_hold(&before);
    int64_t result = (reserve ? fallocate(file->host, 0, start, size) : ftruncate(file->host, size)) < 0 ? -errno : 0;
    signals_release(&before, result == 0);
    return result;
}

int64_t service_ftruncate(const struct request *request)
{
    int64_t result;
    struct open_file *file = file_of_kind(request, FILE_REGULAR, &result);
    if (!file)
        return result;
    result = file_resize(file, false, 0, (int64_t)request->arguments[1]);
    file_release(file);
    return result;
}

int64_t service_fallocate(const struct request *request)
{
    if (request_int(request, 1) != 0)
        return -EOPNOTSUPP;
    int64_t result;
    struct open_file *file = file_of_kind(request, FILE_REGULAR, &result);
    if (!file)
        return result;
    result = file_resize(file, true, (int64_t)request->arguments[2], (int64_t)request->arguments[3]);
    file_release(file);
    return result;
}

int64_t service_truncate(const struct request *request)
{
    struct place place;
    struct open_file *file;
    int64_t result = place_find(&place, request, AT_FDCWD, request->arguments[0]);
    if (result)
        return result;
    result = file_open(request->own, &place, O_WRONLY, 0, &file);
    place_release(&place);
    if (result)
        return result;
    result = file_resize(file, false, 0, (int64_t)request->arguments[1]);
    file_release(file);
    return result;
}

int64_t service_getdents64(const struct request *request)
{
    uint64_t size = request->arguments[2];
    void *to = range_for_kernel(request->domain, request->arguments[1], size);
    if (!to)
        return -EFAULT;
    int64_t result;
    struct open_file *file = file_acquire(request->own, request_int(request, 0));
    if (file && file->kind == FILE_LISTING) {
        result = listing_read(request, file);
        file_release(file);
        return result;
    }
    if (file)
        file_release(file);
    if (!(file = file_of_kind(request, FILE_DIRECTORY, &result)))
        return result;
    result = syscall(SYS_getdents64, file->host, to, size > 0x100000 ? 0x100000 : (unsigned)size);
    if (result < 0)
        result = -errno;
    file_release(file);
    return result;
}

void console_guard(struct stat *facts)
{
    *facts = (struct stat){
        .st_mode = facts->st_mode & (S_IFMT | 0600), .st_size = facts->st_size, .st_blksize = facts->st_blksize, .st_nlink = 1,
        .st_dev = facts->st_dev, .st_ino = facts->st_ino, /* programs ask whether their input is their output */
        .st_mtim = S_ISCHR(facts->st_mode) ? (struct timespec){ 0 } : facts->st_mtim, /* a terminal's tells when somebody typed */
    };
}

void facts_guard(struct stat *facts)
{
    facts->st_uid = PERSONALITY_UID;
    facts->st_gid = PERSONALITY_UID;
}

int64_t file_facts(const struct request *request, int descriptor, struct stat *facts)
{
    struct open_file *file = file_acquire(request->own, descriptor);
    if (!file)
        return -EBADF;
    int64_t result = host_facts(file->host, facts);
    if (file->kind == FILE_LISTING)
        *facts = (struct stat){ .st_mode = S_IFDIR | 0555, .st_nlink = 2, .st_blksize = facts->st_blksize };
    if (file->kind == FILE_CONSOLE)
        console_guard(facts);
    file_release(file);
    facts_guard(facts);
    return result;
}

int64_t service_fstat(const struct request *request)
{
    struct stat facts = { 0 };
    int64_t result = file_facts(request, request_int(request, 0), &facts);
    return result ? result : request_store(request, request->arguments[1], &facts, sizeof facts);
}

int64_t service_fchmod(const struct request *request)
{
    struct open_file *file = file_acquire(request->own, request_int(request, 0));
    if (!file)
        return -EBADF;
    int64_t result;
    if (file_is_stream(file))
        result = -EPERM;
    else if (file->constant)
        result = -EROFS;
    else
        result = fchmod(file->host, request->arguments[1] & MODE_BITS) < 0 ? -errno : 0;
    file_release(file);
    return result;
}

int64_t service_umask(const struct request *request)
{
    pthread_mutex_lock(&request->own->lock);
    uint32_t before = request->own->umask;
    request->own->umask = request->arguments[0] & MODE_BITS;
    pthread_mutex_unlock(&request->own->lock);
    return before;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to names: asking about them, making, removing and renaming them. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "files.h"
#include "synthetic.h"

/* Opens a place that place_find has found, or answered error for. */
static int place_open_name(const struct place *place, int64_t error, bool follow)
{
    if (error)
        return (int)error;
    return place->directory < 0 ? -EISDIR : place_open(place, O_PATH | (follow || place->must_be_directory ? 0 : O_NOFOLLOW), 0);
}

/* Opens the named thing for asking only (O_PATH: nothing of it is read or started). Host descriptor or -errno; -EISDIR stands for a
 * directory that exists only because grants lie below it. *constant tells whether it may not be changed. */
static int name_open(const struct request *request, int from, uint64_t path, bool follow, bool *constant)
{
    struct place place;
    int64_t error = place_find(&place, request, from, path);
    int host = place_open_name(&place, error, follow);
    bool instead = host < 0 && synthetic_instead(request, &place, host), device;
    if (instead)
        host = synthetic_host(request, place.text, O_RDONLY, &device);
    *constant = instead || error || place.constant;
    if (!error)
        place_release(&place);
    return host;
}

/* With AT_EMPTY_PATH an empty path means the descriptor itself. */
static int64_t path_is_empty(const struct request *request, uint64_t path, bool *empty)
{
    char first;
    int64_t error = request_fetch(request, &first, path, 1);
    *empty = !error && first == '\0';
    return error;
}

static int64_t facts_at(const struct request *request, int from, uint64_t path, int flags, struct stat *facts)
{
    const int known = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE;
    bool empty = false;
    if (flags & ~known)
        return -EINVAL;
    int64_t result = flags & AT_EMPTY_PATH ? path_is_empty(request, path, &empty) : 0;
    if (result)
        return result;
    if (empty && from != AT_FDCWD)
        return file_facts(request, from, facts);
    struct place place;
    bool follow = !(flags & AT_SYMLINK_NOFOLLOW);
    int64_t error = place_find(&place, request, from, path);
    if (error || !place_facts(&place, follow, facts)) {
        int host = place_open_name(&place, error, follow);
        *facts = (struct stat){ .st_mode = S_IFDIR | 0555, .st_nlink = 2, .st_blksize = 4096 };
        if (host < 0 && synthetic_instead(request, &place, host))
            result = synthetic_facts(request, place.text, follow, facts);
        else
            result = host < 0 && host != -EISDIR ? host : host >= 0 && fstat(host, facts) < 0 ? -errno : 0;
        if (host >= 0)
            close(host);
    }
    if (!error)
        place_release(&place);
    facts_guard(facts);
    return result;
}

static int64_t stat_at(const struct request *request, int from, uint64_t path, int flags, uint64_t to)
{
    struct stat facts;
    int64_t result = facts_at(request, from, path, flags, &facts);
    return result ? result : request_store(request, to, &facts, sizeof facts);
}

int64_t service_stat(const struct request *request)
{
    return stat_at(request, AT_FDCWD, request->arguments[0], 0, request->arguments[1]);
}

int64_t service_lstat(const struct request *request)
{
    return stat_at(request, AT_FDCWD, request->arguments[0], AT_SYMLINK_NOFOLLOW, request->arguments[1]);
}

int64_t service_newfstatat(const struct request *request)
{
    return stat_at(request, request_int(request, 0), request->arguments[1], request_int(request, 3), request->arguments[2]);
}

static struct statx_timestamp statx_time(struct timespec time)
{
    return (struct statx_timestamp){ .tv_sec = time.tv_sec, .tv_nsec = (uint32_t)time.tv_nsec };
}

/* Answered from stat: the basic fields are all there is. */
int64_t service_statx(const struct request *request)
{
    struct stat facts;
    int64_t result = facts_at(request, request_int(request, 0), request->arguments[1], request_int(request, 2), &facts);
    if (result)
        return result;
    struct statx answer = {
        .stx_mask = STATX_BASIC_STATS, .stx_blksize = (uint32_t)facts.st_blksize, .stx_nlink = (uint32_t)facts.st_nlink,
        .stx_uid = facts.st_uid, .stx_gid = facts.st_gid, .stx_mode = (uint16_t)facts.st_mode, .stx_ino = facts.st_ino,
        .stx_size = (uint64_t)facts.st_size, .stx_blocks = (uint64_t)facts.st_blocks,
        .stx_atime = statx_time(facts.st_atim), .stx_mtime = statx_time(facts.st_mtim), .stx_ctime = statx_time(facts.st_ctim),
    };
    return request_store(request, request->arguments[4], &answer, sizeof answer);
}

/* What a read-only file system keeps from being written: not devices, pipes and sockets, as Linux has it. */
static bool is_kept(int host)
{
    struct stat facts;
    return host < 0 || fstat(host, &facts) < 0 || S_ISREG(facts.st_mode) || S_ISDIR(facts.st_mode) || S_ISLNK(facts.st_mode);
}

/* The kernel decides by the host process's rights; a read-only grant takes the right to write away. */
static int64_t access_at(const struct request *request, int from, uint64_t path, int mode, int flags)
{
    bool constant;
    if ((mode & ~(R_OK | W_OK | X_OK)) || (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW)))
        return -EINVAL;
    int host = name_open(request, from, path, !(flags & AT_SYMLINK_NOFOLLOW), &constant);
    if (host < 0 && host != -EISDIR)
        return host;
    int64_t result = constant && (mode & W_OK) && is_kept(host) ? -EROFS : 0;
    if (host >= 0 && !result && syscall(SYS_faccessat2, host, "", mode, AT_EMPTY_PATH | AT_EACCESS) < 0)
        result = -errno;
    if (host >= 0)
        close(host);
    return result;
}

int64_t service_access(const struct request *request)
{
    return access_at(request, AT_FDCWD, request->arguments[0], request_int(request, 1), 0);
}

int64_t service_faccessat(const struct request *request)
{
    return access_at(request, request_int(request, 0), request->arguments[1], request_int(request, 2), 0);
}

int64_t service_faccessat2(const struct request *request)
{
    return access_at(request, request_int(request, 0), request->arguments[1], request_int(request, 2), request_int(request, 3));
}

static int64_t readlink_at(const struct request *request, int from, uint64_t path, uint64_t to, uint64_t size)
{
    struct place place;
    struct stat facts;
    char text[PATH_MAX];
    if (size == 0 || size > INT_MAX)
        return -EINVAL;
    void *buffer = range_for_kernel(request->domain, to, size);
    if (!buffer)
        return -EFAULT;
    int64_t error = place_find(&place, request, from, path), result = -EINVAL;
    int host = place_open_name(&place, error, false);
    if (host < 0 && synthetic_instead(request, &place, host)) {
        result = synthetic_link(request, place.text, text);
        size = result < 0 ? 0 : (uint64_t)result < size ? (uint64_t)result : size;
    } else if (host < 0)
        result = host == -EISDIR ? -EINVAL : host;
    if (!error)
        place_release(&place);
    if (host < 0)
        return result < 0 ? result : request_store(request, to, text, size) ? -EFAULT : (int64_t)size;
    if (fstat(host, &facts) == 0 && S_ISLNK(facts.st_mode)) {
        result = readlinkat(host, "", buffer, size);
        if (result < 0)
            result = -errno;
    }
    close(host);
    return result;
}

int64_t service_readlink(const struct request *request)
{
    return readlink_at(request, AT_FDCWD, request->arguments[0], request->arguments[1], request->arguments[2]);
}

int64_t service_readlinkat(const struct request *request)
{
    return readlink_at(request, request_int(request, 0), request->arguments[1], request->arguments[2], request->arguments[3]);
}

/* The directory that holds the named thing: host descriptor or -errno. Then place_release is due. */
static int parent_open(struct place *place, const struct request *request, int from, uint64_t path, const char **name)
{
    int64_t error = place_find(place, request, from, path);
    if (error)
        return (int)error;
    int parent = place_open_parent(place, name);
    if (parent < 0)
        place_release(place);
    return parent;
}

static int64_t mkdir_at(const struct request *request, int from, uint64_t path, uint64_t mode)
{
    struct place place;
    const char *name;
    int64_t result = place_find(&place, request, from, path);
    if (result)
        return result;
    int parent = place_open_parent(&place, &name);
    if (parent == -EROFS) {
        /* What is there already is reported as such, for programs that make each directory of a path. */
        int existing = place_open(&place, O_PATH, 0);
        if (existing >= 0)
            close(existing);
        result = existing >= 0 ? -EEXIST : -EROFS;
    } else if (parent < 0)
        result = parent == -EBUSY ? -EEXIST : parent;
    else {
        result = mkdirat(parent, name, mode_masked(request->own, mode)) < 0 ? -errno : 0;
        close(parent);
    }
    place_release(&place);
    return result;
}

int64_t service_mkdir(const struct request *request)
{
    return mkdir_at(request, AT_FDCWD, request->arguments[0], request->arguments[1]);
}

int64_t service_mkdirat(const struct request *request)
{
    return mkdir_at(request, request_int(request, 0), request->arguments[1], request->arguments[2]);
}

/* A name that ended in a slash must be a directory. What is there may be another thing a moment later, the domain's own affair. */
static int64_t directory_expected(const struct place *place, int parent, const char *name)
{
    int host = place->must_be_directory ? openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    int64_t result = place->must_be_directory && host < 0 ? -errno : 0;
    if (host >= 0)
        close(host);
    return result;
}

static int64_t unlink_at(const struct request *request, int from, uint64_t path, int flags)
{
    struct place place;
    const char *name;
    if (flags & ~AT_REMOVEDIR)
        return -EINVAL;
    int parent = parent_open(&place, request, from, path, &name);
    if (parent < 0)
        return parent == -EBUSY && !flags ? -EISDIR : parent;
    int64_t result = directory_expected(&place, parent, name);
    if (!result)
        result = unlinkat(parent, name, flags) < 0 ? -errno : 0;
    close(parent);
    place_release(&place);
    return result;
}

int64_t service_unlink(const struct request *request)
{
    return unlink_at(request, AT_FDCWD, request->arguments[0], 0);
}

int64_t service_rmdir(const struct request *request)
{
    return unlink_at(request, AT_FDCWD, request->arguments[0], AT_REMOVEDIR);
}

int64_t service_unlinkat(const struct request *request)
{
    return unlink_at(request, request_int(request, 0), request->arguments[1], request_int(request, 2));
}

static int64_t rename_at(const struct request *request, int from, uint64_t old, int to, uint64_t new, unsigned flags)
{
    struct place old_place, new_place;
    const char *old_name, *new_name;
    if (flags & ~RENAME_NOREPLACE)
        return -EINVAL;
    int old_parent = parent_open(&old_place, request, from, old, &old_name);
    if (old_parent < 0)
        return old_parent;
    int new_parent = parent_open(&new_place, request, to, new, &new_name);
    int64_t result = new_parent;
    if (new_parent >= 0) {
        old_place.must_be_directory |= new_place.must_be_directory;
        result = directory_expected(&old_place, old_parent, old_name);
        if (!result)
            result = renameat2(old_parent, old_name, new_parent, new_name, flags) < 0 ? -errno : 0;
        request->own->moved++; /* who opens the name looks again */
        close(new_parent);
        place_release(&new_place);
    }
    close(old_parent);
    place_release(&old_place);
    return result;
}

int64_t service_rename(const struct request *request)
{
    return rename_at(request, AT_FDCWD, request->arguments[0], AT_FDCWD, request->arguments[1], 0);
}

int64_t service_renameat(const struct request *request)
{
    return rename_at(request, request_int(request, 0), request->arguments[1], request_int(request, 2), request->arguments[3], 0);
}

int64_t service_renameat2(const struct request *request)
{
    return rename_at(request, request_int(request, 0), request->arguments[1], request_int(request, 2), request->arguments[3],
                     (unsigned)request_int(request, 4));
}

/* A link is no directory: its name cannot end in a slash. */
static int64_t plain_expected(const struct place *place, int parent, const char *name)
{
    if (!place->must_be_directory)
        return 0;
    return faccessat(parent, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? -EEXIST : -ENOENT;
}

/* A second name in what may be written, as renaming would make it: of a link that is a link, no other file. */
static int64_t link_at(const struct request *request, int from, uint64_t old, int to, uint64_t new, int flags)
{
    struct place old_place, new_place;
    const char *old_name, *new_name;
    if (flags)
        return -EINVAL;
    int old_parent = parent_open(&old_place, request, from, old, &old_name);
    if (old_parent < 0)
        return old_parent == -EBUSY ? -EPERM : old_parent;
    int new_parent = parent_open(&new_place, request, to, new, &new_name);
    int64_t result = new_parent == -EBUSY ? -EEXIST : new_parent;
    if (new_parent >= 0) {
        result = directory_expected(&old_place, old_parent, old_name);
        if (!result)
            result = plain_expected(&new_place, new_parent, new_name);
        if (!result)
            result = linkat(old_parent, old_name, new_parent, new_name, 0) < 0 ? -errno : 0;
        request->own->moved++;
        close(new_parent);
        place_release(&new_place);
    }
    close(old_parent);
    place_release(&old_place);
    return result;
}

int64_t service_link(const struct request *request)
{
    return link_at(request, AT_FDCWD, request->arguments[0], AT_FDCWD, request->arguments[1], 0);
}

int64_t service_linkat(const struct request *request)
{
    return link_at(request, request_int(request, 0), request->arguments[1], request_int(request, 2), request->arguments[3],
                   request_int(request, 4));
}

/* Does a link with that text lead to what lies beneath its own directory, wherever that is moved, for the domain and for the host's
 * programs alike? */
static bool target_is_beneath(const char *target)
{
    if (*target == '/')
        return false;
    for (const char *name = target; *name; name += strspn(name, "/")) {
        size_t length = strcspn(name, "/");
        if (length == 2 && name[0] == '.' && name[1] == '.')
            return false;
        name += length;
    }
    return true;
}

static int64_t symlink_at(const struct request *request, uint64_t target, int to, uint64_t path)
{
    struct place place;
    const char *name;
    char text[PATH_MAX];
    int64_t result = request_fetch_path(request, text, sizeof text, target);
    if (result)
        return result;
    if (!target_is_beneath(text)) {
        audit(request, "no link to %.150s is made: it could lead out of the granted directory; relative ones without .. are made", text);
        return -EPERM;
    }
    int parent = parent_open(&place, request, to, path, &name);
    if (parent < 0)
        return parent == -EBUSY ? -EEXIST : parent;
    result = plain_expected(&place, parent, name);
    if (!result)
        result = symlinkat(text, parent, name) < 0 ? -errno : 0;
    request->own->moved++;
    close(parent);
    place_release(&place);
    return result;
}

int64_t service_symlink(const struct request *request)
{
    return symlink_at(request, request->arguments[0], AT_FDCWD, request->arguments[1]);
}

int64_t service_symlinkat(const struct request *request)
{
    return symlink_at(request, request->arguments[0], request_int(request, 1), request->arguments[2]);
}

/* Through an open file, for a path given to chmod could be exchanged for a link after any look at it. */
static int64_t chmod_at(const struct request *request, int from, uint64_t path, uint64_t mode)
{
    struct place place;
    struct open_file *file;
    int64_t result = place_find(&place, request, from, path);
    if (result)
        return result;
    result = place.constant ? -EROFS : file_open(request->own, &place, O_RDONLY, 0, &file);
    if (result == -EACCES)
        result = file_open(request->own, &place, O_WRONLY, 0, &file);
    place_release(&place);
    if (result)
        return result;
    result = fchmod(file->host, mode & MODE_BITS) < 0 ? -errno : 0;
    file_release(file);
    return result;
}

int64_t service_chmod(const struct request *request)
{
    return chmod_at(request, AT_FDCWD, request->arguments[0], request->arguments[1]);
}

int64_t service_fchmodat(const struct request *request)
{
    return chmod_at(request, request_int(request, 0), request->arguments[1], request->arguments[2]);
}

/* Without a path: the times of the descriptor. */
static int64_t touch_descriptor(const struct request *request, const struct timespec *times)
{
    struct open_file *file = file_acquire(request->own, request_int(request, 0));
    if (!file)
        return -EBADF;
    int64_t result;
    if (file->constant)
        result = -EROFS;
    else if (file_is_stream(file))
        result = -EPERM;
    else
        result = futimens(file->host, times) < 0 ? -errno : 0;
    file_release(file);
    return result;
}

int64_t service_utimensat(const struct request *request)
{
    int flags = request_int(request, 3);
    bool constant;
    struct timespec times[2];
    if (flags & ~AT_SYMLINK_NOFOLLOW)
        return -EINVAL;
    int64_t result = request->arguments[2] ? request_fetch(request, times, request->arguments[2], sizeof times) : 0;
    if (result)
        return result;
    const struct timespec *wanted = request->arguments[2] ? times : NULL;
    if (request->arguments[1] == 0)
        return touch_descriptor(request, wanted);
    int host = name_open(request, request_int(request, 0), request->arguments[1], !(flags & AT_SYMLINK_NOFOLLOW), &constant);
    if (host < 0)
        return host == -EISDIR ? -EROFS : host;
    if (constant)
        result = -EROFS;
    else
        result = syscall(SYS_utimensat, host, "", wanted, AT_EMPTY_PATH) < 0 ? -errno : 0;
    close(host);
    return result;
}

int64_t service_getcwd(const struct request *request)
{
    char text[PATH_MAX];
    pthread_mutex_lock(&request->own->lock);
    size_t size = (size_t)snprintf(text, sizeof text, "%s", directory_now(request->own)) + 1;
    pthread_mutex_unlock(&request->own->lock);
    if (request->arguments[1] < size)
        return -ERANGE;
    int64_t error = request_store(request, request->arguments[0], text, size);
    return error ? error : (int64_t)size;
}

int64_t service_chdir(const struct request *request)
{
    struct place place;
    int64_t result = place_find(&place, request, AT_FDCWD, request->arguments[0]);
    if (result)
        return result;
    int host = place.directory < 0 ? -1 : place_open(&place, O_PATH | O_DIRECTORY, 0);
    result = place.directory < 0 || host >= 0 ? 0 : host;
    if (host >= 0)
        close(host);
    place_release(&place);
    char *directory = result ? NULL : strdup(place.text);
    if (!directory)
        return result ? result : -ENOMEM;
    pthread_mutex_lock(&request->own->lock);
    char *before = request->own->directory;
    request->own->directory = directory;
    pthread_mutex_unlock(&request->own->lock);
    free(before);
    return 0;
}

int64_t service_fchdir(const struct request *request)
{
    struct open_file *file = file_acquire(request->own, request_int(request, 0));
    if (!file)
        return -EBADF;
    bool known = (file->kind == FILE_DIRECTORY || file->kind == FILE_LISTING) && file->path;
    char *directory = known ? strdup(file->path) : NULL;
    int64_t result = directory ? 0 : known ? -ENOMEM : file->kind == FILE_DIRECTORY ? -EACCES : -ENOTDIR;
    file_release(file);
    if (result)
        return result;
    pthread_mutex_lock(&request->own->lock);
    char *before = request->own->directory;
    request->own->directory = directory;
    pthread_mutex_unlock(&request->own->lock);
    free(before);
    return 0;
}

/* Owners are what they are: the domain's own user. */
static int64_t chown_at(const struct request *request, int from, uint64_t path, int ids, bool follow)
{
    bool constant;
    int host = name_open(request, from, path, follow, &constant);
    if (host < 0)
        return host == -EISDIR ? -EROFS : host;
    close(host);
    return constant ? -EROFS : identity_kept(request, ids, 2) ? 0 : -EPERM;
}

int64_t service_chown(const struct request *request)
{
    return chown_at(request, AT_FDCWD, request->arguments[0], 1, true);
}

int64_t service_lchown(const struct request *request)
{
    return chown_at(request, AT_FDCWD, request->arguments[0], 1, false);
}

int64_t service_fchown(const struct request *request)
{
    struct open_file *file = file_acquire(request->own, request_int(request, 0));
    if (!file)
        return -EBADF;
    int64_t result = file->constant ? -EROFS : identity_kept(request, 1, 2) ? 0 : -EPERM;
    file_release(file);
    return result;
}

int64_t service_fchownat(const struct request *request)
{
    int flags = request_int(request, 4);
    bool empty = false;
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    int64_t error = flags & AT_EMPTY_PATH ? path_is_empty(request, request->arguments[1], &empty) : 0;
    if (error || empty)
        return error ? error : identity_kept(request, 2, 2) ? 0 : -EPERM;
    return chown_at(request, request_int(request, 0), request->arguments[1], 2, !(flags & AT_SYMLINK_NOFOLLOW));
}

/* Room and names, not which file system it is. */
static int64_t room_store(const struct request *request, int host)
{
    struct statfs facts, answer = { 0 };
    if (fstatfs(host, &facts) < 0)
        return -errno;
    answer.f_bsize = facts.f_bsize;
    answer.f_frsize = facts.f_frsize;
    answer.f_blocks = facts.f_blocks;
    answer.f_bfree = facts.f_bfree;
    answer.f_bavail = facts.f_bavail;
    answer.f_files = facts.f_files;
    answer.f_ffree = facts.f_ffree;
    answer.f_namelen = facts.f_namelen;
    return request_store(request, request->arguments[1], &answer, sizeof answer);
}

int64_t service_statfs(const struct request *request)
{
    bool constant;
    int host = name_open(request, AT_FDCWD, request->arguments[0], true, &constant);
    if (host < 0)
        return host == -EISDIR ? -EACCES : host;
    int64_t result = room_store(request, host);
    close(host);
    return result;
}

int64_t service_fstatfs(const struct request *request)
{
    struct open_file *file = file_acquire(request->own, request_int(request, 0));
    if (!file)
        return -EBADF;
    int64_t result = file_is_stream(file) ? -ENOSYS : room_store(request, file->host);
    file_release(file);
    return result;
}

/* What programs take for "not between these descriptors", so that they read and write instead. */
int64_t service_unspliced(const struct request *request)
{
    (void)request;
    return -EINVAL;
}

/* What programs take for a file system that has none. */
int64_t service_no_attributes(const struct request *request)
{
    (void)request;
    return -EOPNOTSUPP;
}

int64_t service_refuse(const struct request *request)
{
    (void)request;
    return -EPERM;
}

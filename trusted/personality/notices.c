/* SPDX-License-Identifier: Apache-2.0 */
/* inotify: descriptors that tell what happens to files beneath granted directories. A path is resolved as one to be opened is, and the
 * kernel is handed what was found; its records name what lies in a directory that the domain can list, and nothing else. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>
#include "descriptors.h"
#include "paths.h"

#define WATCH_FLAGS (IN_ALL_EVENTS | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK | IN_MASK_ADD | IN_ONESHOT)

static int64_t notices_open(const struct request *request, int flags)
{
    int host = inotify_init1(IN_CLOEXEC | (flags & IN_NONBLOCK));
    if (host < 0)
        return -errno;
    struct open_file *file = file_create(host, FILE_EVENT, true, false);
    return file ? descriptor_add(request->own, file, 0, flags & IN_CLOEXEC) : -ENOMEM;
}

int64_t service_inotify_init(const struct request *request)
{
    return notices_open(request, 0);
}

int64_t service_inotify_init1(const struct request *request)
{
    int flags = request_int(request, 0);
    return flags & ~(IN_CLOEXEC | IN_NONBLOCK) ? -EINVAL : notices_open(request, flags);
}

/* What the path leads to, to be asked about only. */
static int64_t watched_open(const struct request *request, uint32_t mask)
{
    struct place place;
    int64_t error = place_find(&place, request, AT_FDCWD, request->arguments[1]);
    if (error)
        return error;
    int flags = O_PATH | (mask & IN_ONLYDIR ? O_DIRECTORY : 0) | (mask & IN_DONT_FOLLOW && !place.must_be_directory ? O_NOFOLLOW : 0);
    int64_t host = place_open(&place, flags, 0);
    place_release(&place);
    return host;
}

int64_t service_inotify_add_watch(const struct request *request)
{
    uint32_t mask = (uint32_t)request->arguments[2];
    char path[32];
    if (mask & ~(uint32_t)WATCH_FLAGS || !(mask & IN_ALL_EVENTS))
        return -EINVAL;
    int64_t host = watched_open(request, mask);
    if (host < 0)
        return host;
    snprintf(path, sizeof path, "/proc/self/fd/%d", (int)host);
    struct open_file *file = file_acquire(request->own, request_int(request, 0));
    int64_t result = !file ? -EBADF : file->kind != FILE_EVENT ? -EINVAL : 0;
    if (!result) { /* of any other descriptor of that kind the kernel says that it is none; the link to what was found is to be followed */
        result = inotify_add_watch(file->host, path, mask & ~(uint32_t)IN_DONT_FOLLOW);
        result = result < 0 ? -errno : result;
    }
    if (file)
        file_release(file);
    close((int)host);
    return result;
}

int64_t service_inotify_rm_watch(const struct request *request)
{
    struct open_file *file = file_acquire(request->own, request_int(request, 0));
    if (!file)
        return -EBADF;
    int64_t result = file->kind != FILE_EVENT ? -EINVAL : inotify_rm_watch(file->host, request_int(request, 1)) < 0 ? -errno : 0;
    file_release(file);
    return result;
}

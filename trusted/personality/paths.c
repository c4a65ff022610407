/* SPDX-License-Identifier: Apache-2.0 */
/* Path resolution: names are normalised here, links are followed by the kernel under RESOLVE_BENEATH. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "descriptors.h"
#include "paths.h"
#include "synthetic.h"
#include "runtime/error.h"

/* Takes ".", ".." and superfluous slashes out, in place. false: ".." leads above the start of a relative path. An absolute path keeps its
 * first slash ("/" is the shortest), a relative one may become empty. */
static bool path_normalise(char *path)
{
    char *start = path + (*path == '/'), *to = start;
    const char *from = start + strspn(start, "/");
    while (*from) {
        size_t length = strcspn(from, "/");
        if (length == 2 && from[0] == '.' && from[1] == '.') {
            if (to == start && start == path)
                return false;
            while (to > start && *--to != '/')
                ;
        } else if (length != 1 || *from != '.') {
            if (to > start)
                *to++ = '/';
            memmove(to, from, length);
            to += length;
        }
        from += length;
        from += strspn(from, "/");
    }
    *to = '\0';
    return true;
}

/* directory NULL: not known. */
static bool path_join(char out[PATH_MAX], const char *directory, const char *path)
{
    return directory && snprintf(out, PATH_MAX, "%s/%s", directory, path) < PATH_MAX && path_normalise(out);
}

/* Notes what the last part of a path says, before it is normalised. */
static void place_end(struct place *place)
{
    size_t length = strlen(place->text);
    place->must_be_directory = length && place->text[length - 1] == '/';
    while (length && place->text[length - 1] == '/')
        length--;
    size_t start = length;
    while (start && place->text[start - 1] != '/')
        start--;
    place->dots = (length - start == 1 || length - start == 2) && strncmp(place->text + start, "..", length - start) == 0;
    place->must_be_directory |= place->dots;
}

/* The rest of normalised path below the grant, "" for the grant itself; NULL: not below it. */
static char *path_below(char *path, const struct grant *grant)
{
    if (strncmp(path, grant->guest, grant->guest_length) != 0)
        return NULL;
    char *rest = path + grant->guest_length;
    return *rest == '/' ? rest + 1 : *rest == '\0' ? rest : NULL;
}

/* Is it an ancestor of some grant's guest path? The root is there even without grants. */
static bool path_leads_to_grant(const struct personality *own, const char *path)
{
    size_t length = strcmp(path, "/") == 0 ? 0 : strlen(path);
    bool found = length == 0;
    for (uint32_t i = 0; i < own->grant_count; i++)
        found |= strncmp(own->grants[i].guest, path, length) == 0 && own->grants[i].guest[length] == '/';
    return found;
}

/* Chooses the grant with the longest guest path above an absolute path. */
static int64_t place_choose(struct place *place, const struct personality *own)
{
    static char here[] = ".";
    const struct grant *chosen = NULL;
    for (uint32_t i = 0; i < own->grant_count; i++) {
        const struct grant *grant = &own->grants[i];
        if (path_below(place->text, grant) && (!chosen || grant->guest_length > chosen->guest_length))
            chosen = grant;
    }
    if (!chosen && !path_leads_to_grant(own, place->text))
        return -ENOENT;
    place->directory = chosen ? chosen->directory : -1;
    place->constant = !chosen || chosen->read_only;
    place->mount = chosen ? chosen->mount : 0;
    place->path = chosen ? path_below(place->text, chosen) : here;
    if (*place->path == '\0')
        place->path = here;
    return 0;
}

const char *directory_now(const struct personality *own)
{
    return own->directory ? own->directory : own->grant_count ? own->grants[0].guest : "/";
}

/* Puts the current directory before a relative path. */
static int64_t path_make_absolute(struct personality *own, char text[PATH_MAX])
{
    char relative[PATH_MAX];
    strcpy(relative, text); /* both have PATH_MAX bytes */
    pthread_mutex_lock(&own->lock);
    int length = snprintf(text, PATH_MAX, "%s/%s", directory_now(own), relative);
    pthread_mutex_unlock(&own->lock);
    return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

bool path_absolute(struct personality *own, const char *path, char out[PATH_MAX])
{
    if (snprintf(out, PATH_MAX, "%s", path) >= PATH_MAX || (*out != '/' && path_make_absolute(own, out)))
        return false;
    return path_normalise(out);
}

/* Relative to a directory the domain has open, which is the bound of what is found through it. -EACCES: ".." leads out of it, or it
 * is none of the host's. */
static int64_t place_beneath_descriptor(struct place *place, struct personality *own, int from)
{
    static char here[] = ".";
    struct open_file *file = file_acquire(own, from);
    if (!file)
        return -EBADF;
    int64_t error = file->kind == FILE_LISTING ? -EACCES : file->kind != FILE_DIRECTORY ? -ENOTDIR :
                    path_normalise(place->text) ? 0 : -EACCES;
    if (error) {
        file_release(file);
        return error;
    }
    place->held = file;
    place->directory = file->host;
    place->constant = file->constant;
    place->mount = 0;
    place->path = *place->text ? place->text : here;
    return 0;
}

/* Upwards from a directory the domain has open: as if its guest path had been asked for, within the grants. */
static bool path_leave(char text[PATH_MAX], struct personality *own, int from, const char *relative)
{
    struct open_file *file = file_acquire(own, from);
    bool known = file && path_join(text, file->path, relative);
    if (file)
        file_release(file);
    return known;
}

static int64_t place_find_fetched(struct place *place, const struct request *request, int from)
{
    int64_t error = 0;
    if (*place->text == '\0')
        return -ENOENT;
    place_end(place);
    if (*place->text != '/' && from != AT_FDCWD) {
        char relative[PATH_MAX];
        strcpy(relative, place->text);
        error = place_beneath_descriptor(place, request->own, from);
        if (error != -EACCES || !path_leave(place->text, request->own, from, relative))
            return error;
        error = 0;
    } else if (*place->text != '/')
        error = path_make_absolute(request->own, place->text);
    if (error)
        return error;
    path_normalise(place->text);
    error = place_choose(place, request->own);
    if (error && !synthetic_known(request->own, place->text))
        audit(request, "--dir with a directory that is seen as %.200s, or above it, would show it", place->text);
    return error;
}

int64_t place_find(struct place *place, const struct request *request, int from, uint64_t path)
{
    place->held = NULL;
    int64_t error = request_fetch_path(request, place->text, sizeof place->text, path);
    return error ? error : place_find_fetched(place, request, from);
}

int64_t place_find_text(struct place *place, const struct request *request, const char *path)
{
    place->held = NULL;
    if (snprintf(place->text, sizeof place->text, "%s", path) >= (int)sizeof place->text)
        return -ENAMETOOLONG;
    return place_find_fetched(place, request, AT_FDCWD);
}

void place_release(struct place *place)
{
    if (place->held)
        file_release(place->held);
    place->held = NULL;
}

/* Opens beneath a directory. -EACCES where the path would lead out of the grant. */
static int open_beneath(int directory, const char *path, int flags, mode_t mode)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
        .mode = mode,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
    };
    int result, tries = 0;
    /* EAGAIN: a directory was renamed while ".." of a link was followed, and the kernel could not tell whether that is still beneath. */
    do
        result = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
    while (result < 0 && errno == EAGAIN && ++tries < 100);
    return result >= 0 ? result : errno == EXDEV ? -EACCES : -errno;
}

char *place_guest_path(const struct place *place)
{
    char text[PATH_MAX];
    return path_join(text, place->held ? place->held->path : "", place->text) ? strdup(text) : NULL;
}

int place_open(const struct place *place, int flags, mode_t mode)
{
    if (place->directory < 0)
        return -EACCES;
    if (place->must_be_directory && (flags & O_CREAT))
        return -EISDIR;
    return open_beneath(place->directory, place->path, flags | (place->must_be_directory ? O_DIRECTORY : 0), mode);
}

/* With the mount that it lies in: 0 if the kernel does not tell. */
static bool facts_ask(int directory, const char *path, int how, struct statx *facts)
{
    if (statx(directory, path, how | AT_NO_AUTOMOUNT, STATX_BASIC_STATS | STATX_MNT_ID, facts) < 0)
        return false;
    if (!(facts->stx_mask & STATX_MNT_ID))
        facts->stx_mnt_id = 0;
    return true;
}

static struct timespec time_of(struct statx_timestamp time)
{
    return (struct timespec){ .tv_sec = time.tv_sec, .tv_nsec = time.tv_nsec };
}

bool place_facts(const struct place *place, bool follow, struct stat *facts)
{
    struct statx told;
    /* one name, no link, the same mount: there is no way out of the directory that was granted */
    if (!place->mount || strchr(place->path, '/') || !facts_ask(place->directory, place->path, AT_SYMLINK_NOFOLLOW, &told) ||
        told.stx_mnt_id != place->mount || (follow && S_ISLNK(told.stx_mode)) || (place->must_be_directory && !S_ISDIR(told.stx_mode)))
        return false;
    *facts = (struct stat){
        .st_dev = makedev(told.stx_dev_major, told.stx_dev_minor), .st_ino = told.stx_ino, .st_mode = told.stx_mode,
        .st_nlink = told.stx_nlink, .st_rdev = makedev(told.stx_rdev_major, told.stx_rdev_minor), .st_size = (off_t)told.stx_size,
        .st_blksize = told.stx_blksize, .st_blocks = (blkcnt_t)told.stx_blocks,
        .st_atim = time_of(told.stx_atime), .st_mtim = time_of(told.stx_mtime), .st_ctim = time_of(told.stx_ctime),
    };
    return true;
}

bool place_is_plain(const struct place *place, int flags)
{
    struct stat facts;
    int how = AT_NO_AUTOMOUNT | (flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0);
    return fstatat(place->directory, place->path, &facts, how) == 0 && (S_ISREG(facts.st_mode) || S_ISDIR(facts.st_mode));
}

int place_open_parent(struct place *place, const char **name)
{
    const int flags = O_PATH | O_DIRECTORY;
    if (place->dots && place->directory >= 0) {
        int there = open_beneath(place->directory, place->path, O_PATH, 0);
        if (there < 0)
            return there;
        close(there);
    }
    if (place->dots || strcmp(place->path, ".") == 0)
        return -EBUSY;
    if (place->constant)
        return -EROFS;
    char *slash = strrchr(place->path, '/');
    if (!slash) {
        *name = place->path;
        return open_beneath(place->directory, ".", flags, 0);
    }
    *slash = '\0';
    int parent = open_beneath(place->directory, place->path, flags, 0);
    *name = slash + 1;
    return parent;
}

/* File systems whose files are doors into the kernel or into processes (rules: "files that reach memory or control"). */
static bool is_kernel_interface(int directory)
{
    static const unsigned long magics[] = {
        PROC_SUPER_MAGIC, SYSFS_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC, SECURITYFS_MAGIC, BPF_FS_MAGIC, CGROUP_SUPER_MAGIC,
        CGROUP2_SUPER_MAGIC, SELINUX_MAGIC, DEVPTS_SUPER_MAGIC, EFIVARFS_MAGIC, NSFS_MAGIC, BINDERFS_SUPER_MAGIC, HUGETLBFS_MAGIC,
    };
    struct statfs facts;
    if (fstatfs(directory, &facts) < 0)
        return true;
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if ((unsigned long)facts.f_type == magics[i])
            return true;
    return false;
}

static porin_status grant_open(struct grant *grant, const struct porin_directory *wanted, struct porin_error *error)
{
    const char *host = wanted->host_path, *guest = wanted->guest_path;
    if (!host || !guest || *guest != '/' || strlen(guest) >= PATH_MAX / 2)
        return error_set(error, PORIN_ERR_ARGUMENT, "cannot grant directory %.100s as %.60s: the guest path must begin with / and have "
                         "less than %d bytes", host ? host : "(null)", guest ? guest : "(null)", PATH_MAX / 2);
    int directory = open(host, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return error_set(error, PORIN_ERR_FILE, "cannot grant directory %.150s: %s", host, strerror(errno));
    int probe = open_beneath(directory, ".", O_PATH | O_DIRECTORY, 0);
    porin_status status = PORIN_OK;
    if (is_kernel_interface(directory))
        status = error_set(error, PORIN_ERR_ARGUMENT, "cannot grant directory %.150s: it is an interface of the kernel, not files", host);
    else if (probe < 0)
        status = error_set(error, PORIN_ERR_CPU, "cannot grant directory %.150s: no openat2 here, Linux 5.6 is needed", host);
    else if (!(grant->guest = strdup(guest)))
        status = error_set(error, PORIN_ERR_MEMORY, "out of memory");
    if (probe >= 0)
        close(probe);
    if (status != PORIN_OK) {
        close(directory);
        return status;
    }
    path_normalise(grant->guest);
    grant->guest_length = strcmp(grant->guest, "/") == 0 ? 0 : strlen(grant->guest);
    struct statx facts;
    grant->mount = facts_ask(directory, "", AT_EMPTY_PATH, &facts) ? facts.stx_mnt_id : 0;
    grant->directory = directory;
    grant->read_only = wanted->read_only;
    return PORIN_OK;
}

porin_status grants_open(struct personality *own, const struct porin_domain_options *options, struct porin_error *error)
{
    own->grants = calloc(options->directory_count ? options->directory_count : 1, sizeof *own->grants);
    if (!own->grants)
        return error_set(error, PORIN_ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < options->directory_count; i++) {
        porin_status status = grant_open(&own->grants[own->grant_count], &options->directories[i], error);
        if (status != PORIN_OK)
            return status;
        own->grant_count++;
    }
    return PORIN_OK;
}

void grants_close(struct personality *own)
{
    for (uint32_t i = 0; i < own->grant_count; i++) {
        close(own->grants[i].directory);
        free(own->grants[i].guest);
    }
    free(own->grants);
    own->grants = NULL;
    own->grant_count = 0;
}

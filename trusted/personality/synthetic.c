/* SPDX-License-Identifier: Apache-2.0 */
/* /dev/null and its like, other names of what a domain has open, and files of /proc and /sys, whose text is written to a sealed file in
 * memory at each opening. */
#define _GNU_SOURCE
#include "synthetic.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "files.h"
#include "listing.h"
#include "process.h"
#include "texts.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

/* Devices that have no state: the host's own are as good as any. */
static const char *const devices[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/random" };
/* Other names of descriptors that the domain has, and of those that it has by number. */
static const struct { const char *path; int descriptor; } streams[] = { { "/dev/stdin", 0 }, { "/dev/stdout", 1 }, { "/dev/stderr", 2 } };
static const char *const descriptor_directories[] = { "/proc/self/fd", "/dev/fd" };
static const char *const links[] = { "/proc/self/exe", "/proc/self/cwd", "/proc/self/root" };
#define TERMINAL "/dev/tty"
#define TEXT_BYTES 0x10000             /* of a text, which lies in the host's memory as long as it is open: a domain has it in its hands
                                        * how long some are */

/* The same path with the domain called "self". */
static const char *path_of_self(const struct personality *own, const char *path, char text[PATH_MAX])
{
    char number[32];
    const char *rest = NULL;
    for (int i = 0; i < 2 && !rest; i++) {
        int length = i ? snprintf(number, sizeof number, "/proc/%d/", own->process) : snprintf(number, sizeof number, "/proc/thread-self/");
        rest = strncmp(path, number, (size_t)length) == 0 ? path + length : NULL;
    }
    if (!rest || snprintf(text, PATH_MAX, "/proc/self/%s", rest) >= PATH_MAX)
        return path;
    return text;
}

static const char *among(const char *const *list, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], path) == 0)
            return list[i];
    return NULL;
}

static const char *device_of(const char *path)
{
    return among(devices, COUNT(devices), path);
}

/* The descriptor that a path is another name of, whether the domain has it or not; -1: of none. */
static int stream_of(const char *path)
{
    for (size_t i = 0; i < COUNT(streams); i++)
        if (strcmp(streams[i].path, path) == 0)
            return streams[i].descriptor;
    for (size_t i = 0; i < COUNT(descriptor_directories); i++) {
        size_t length = strlen(descriptor_directories[i]);
        if (strncmp(path, descriptor_directories[i], length) != 0 || path[length] != '/')
            continue;
        const char *digits = path + length + 1;
        size_t count = strspn(digits, "0123456789");
        return count && count < 7 && !digits[count] && (*digits != '0' || count == 1) ? atoi(digits) : -1;
    }
    return -1;
}

static bool is_directory(const char *path)
{
    return among(descriptor_directories, COUNT(descriptor_directories), path);
}

/* A descriptor of the console for a terminal that is to be used for this: reading, what the domain may read as 0, writing, as 1 or 2, and
 * both if they are the same terminal. -1: it has none. */
static int terminal_host(const struct request *request, int access)
{
    const struct porin_domain_options *options = &request->domain->options;
    struct stat input, output;
    bool granted = request->domain->grants & PORIN_GRANT_CONSOLE;
    int in = granted && options->stdio[0] >= 0 && isatty(options->stdio[0]) ? options->stdio[0] : -1, out = -1;
    for (int i = 1; i < 3 && granted && out < 0; i++)
        out = options->stdio[i] >= 0 && isatty(options->stdio[i]) ? options->stdio[i] : -1;
    if (access == O_RDONLY || access == O_WRONLY)
        return access == O_RDONLY ? in : out;
    bool same = in >= 0 && out >= 0 && fstat(in, &input) == 0 && fstat(out, &output) == 0 && input.st_rdev == output.st_rdev;
    return same && (fcntl(in, F_GETFL) & O_ACCMODE) == O_RDWR ? in : -1;
}

bool synthetic_known(const struct personality *own, const char *path)
{
    char text[PATH_MAX];
    path = path_of_self(own, path, text);
    return device_of(path) || stream_of(path) >= 0 || is_directory(path) || among(links, COUNT(links), path) || text_known(path) ||
           strcmp(path, TERMINAL) == 0;
}

bool synthetic_instead(const struct request *request, const struct place *place, int64_t error)
{
    return (error == -ENOENT || error == -EACCES) && *place->text == '/' && synthetic_known(request->own, place->text);
}

int score_host(void)
{
    char text[16] = { 0 };
    int host = open(PROC_SCORE, O_RDONLY | O_CLOEXEC), score = SCORE_MAX;
    if (host >= 0 && read(host, text, sizeof text - 1) > 0)
        score = atoi(text);
    if (host >= 0)
        close(host);
    return score;
}

/* Where the domain shares its process with others, they would bear what it writes. */
static bool is_score(const struct request *request, const char *path)
{
    return request->own->process == getpid() && strcmp(path, PROC_SCORE) == 0;
}

/* Never below what the process was started with: the host's privileges would allow it. */
int64_t score_write(const struct request *request, const struct iovec *from)
{
    char text[16] = { 0 }, *end;
    size_t size = from->iov_len;
    int64_t error = size == 0 || size >= sizeof text ? -EINVAL :
                    request_fetch(request, text, (uint64_t)from->iov_base - request->domain->base, size);
    if (error)
        return error;
    long score = strtol(text, &end, 10);
    if (end == text || strspn(end, "\n") != strlen(end) || score > SCORE_MAX)
        return -EINVAL;
    if (request->own->process != getpid() || score < process_first_score())
        return -EACCES;
    int host = open(PROC_SCORE, O_WRONLY | O_CLOEXEC);
    int64_t result = host < 0 || write(host, text, strlen(text)) < 0 ? -errno : (int64_t)size;
    if (host >= 0)
        close(host);
    return result;
}

static int text_open(const struct request *request, const char *path)
{
    size_t size;
    char *text = text_make(request, path, &size);
    int host = text ? memfd_create("porin", MFD_CLOEXEC | MFD_ALLOW_SEALING) : -1;
    int64_t error = text ? host < 0 ? -errno : 0 : -ENOMEM;
    if (text && size > TEXT_BYTES)
        size = TEXT_BYTES;
    if (!error && (write(host, text, size) != (ssize_t)size || lseek(host, 0, SEEK_SET) != 0 ||
                   fcntl(host, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0))
        error = -EIO;
    if (error && host >= 0)
        close(host);
    free(text);
    return error ? (int)error : host;
}

static int host_copy(int host)
{
    int copy = host < 0 ? host : fcntl(host, F_DUPFD_CLOEXEC, 0);
    return host < 0 ? -ENXIO : copy < 0 ? -errno : copy;
}

static int stream_host(const struct request *request, int stream)
{
    struct open_file *file = file_acquire(request->own, stream);
    int host = file ? host_copy(file->host) : -ENOENT;
    if (file)
        file_release(file);
    return host;
}

int synthetic_host(const struct request *request, const char *path, int flags, bool *device)
{
    char text[PATH_MAX];
    path = path_of_self(request->own, path, text);
    const char *name = device_of(path);
    *device = name;
    if (name) {
        int host = open(name, (flags & (O_ACCMODE | O_PATH)) | O_CLOEXEC | O_NOCTTY);
        return host < 0 ? -errno : host;
    }
    if (text_known(path))
        return flags & (O_ACCMODE | O_TRUNC) && !is_score(request, path) ? -EACCES : text_open(request, path);
    if (stream_of(path) >= 0)
        return stream_host(request, stream_of(path));
    if (strcmp(path, TERMINAL) != 0)
        return -EACCES;
    int terminal = terminal_host(request, O_RDONLY); /* only asked about: terminal_open is what looks at who may do what */
    return host_copy(terminal >= 0 ? terminal : terminal_host(request, O_WRONLY));
}

/* As if it were duplicated: a file has the position that it has. */
static int64_t stream_open(const struct request *request, int stream, int flags)
{
    struct open_file *file = file_acquire(request->own, stream);
    int access = flags & O_ACCMODE;
    if (!file)
        return -ENOENT;
    bool allowed = (access == O_WRONLY || file->readable) && (access == O_RDONLY || file->writable);
    file_release(file);
    if (!allowed && access != O_RDWR) /* of a pipe's end or a console's, who asks for both gets what there is */
        return -EACCES;
    const uint64_t duplicate[6] = { (uint64_t)stream, flags & O_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD };
    return service_fcntl(&(struct request){ request->domain, request->own, duplicate });
}

static int64_t terminal_open(const struct request *request, int flags)
{
    int access = flags & O_ACCMODE, host = terminal_host(request, access);
    if (host < 0)
        return -ENXIO;
    struct open_file *file = file_create(host, FILE_CONSOLE, access != O_WRONLY, access != O_RDONLY);
    return file ? descriptor_add(request->own, file, 0, flags & O_CLOEXEC) : -ENOMEM;
}

int64_t synthetic_open(const struct request *request, const char *path, int flags)
{
    bool device;
    char text[PATH_MAX];
    struct open_file *file;
    path = path_of_self(request->own, path, text);
    if (stream_of(path) >= 0)
        return stream_open(request, stream_of(path), flags);
    if (is_directory(path)) {
        int64_t error = listing_numbers(request, path, flags, &file);
        return error ? error : descriptor_add(request->own, file, 0, flags & O_CLOEXEC);
    }
    if (flags & O_DIRECTORY)
        return -ENOTDIR;
    if (strcmp(path, TERMINAL) == 0)
        return terminal_open(request, flags);
    int host = synthetic_host(request, path, flags, &device), access = flags & O_ACCMODE;
    if (host < 0)
        return host;
    enum file_kind kind = device ? FILE_DEVICE : is_score(request, path) && access != O_RDONLY ? FILE_SCORE : FILE_REGULAR;
    file = file_create(host, kind, access != O_WRONLY, access != O_RDONLY);
    if (!file)
        return -ENOMEM;
    file->constant = true;
    return descriptor_add(request->own, file, 0, flags & O_CLOEXEC);
}

static bool is_link(const char *path)
{
    return among(links, COUNT(links), path) || (stream_of(path) >= 0 && strncmp(path, "/dev/std", 8) != 0);
}

int64_t synthetic_facts(const struct request *request, const char *path, bool follow, struct stat *facts)
{
    bool device;
    char text[PATH_MAX];
    path = path_of_self(request->own, path, text);
    *facts = (struct stat){ .st_mode = S_IFDIR | 0555, .st_nlink = 2, .st_blksize = 4096 };
    if (is_link(path) && !follow) {
        facts->st_mode = S_IFLNK | 0777;
        return stream_of(path) < 0 || file_facts(request, stream_of(path), &(struct stat){ 0 }) == 0 ? 0 : -ENOENT;
    }
    if (stream_of(path) >= 0)
        return file_facts(request, stream_of(path), facts) ? -ENOENT : 0;
    if (is_directory(path) || strcmp(path, links[1]) == 0 || strcmp(path, links[2]) == 0)
        return 0;
    facts->st_mode = S_IFREG | 0555;
    if (strcmp(path, links[0]) == 0)
        return 0;
    int host = synthetic_host(request, path, O_RDONLY, &device);
    int64_t result = host < 0 ? host : fstat(host, facts) < 0 ? -errno : 0;
    if (host >= 0)
        close(host);
    if (!result && strcmp(path, TERMINAL) == 0)
        console_guard(facts);
    return result;
}

/* A descriptor's name: that of a directory, or its kind, as Linux tells it of what has no name. */
static int64_t stream_link(const struct request *request, int stream, char text[PATH_MAX])
{
    struct open_file *file = file_acquire(request->own, stream);
    struct stat facts;
    if (!file)
        return -ENOENT;
    const char *kind = file->kind == FILE_PIPE ? "pipe" : file->kind == FILE_SOCKET ? "socket" : "anon_inode";
    int length;
    if (file->kind == FILE_CONSOLE && isatty(file->host))
        length = snprintf(text, PATH_MAX, TERMINAL);
    else if (file->path)
        length = snprintf(text, PATH_MAX, "%s", file->path);
    else
        length = snprintf(text, PATH_MAX, "%s:[%llu]", kind, fstat(file->host, &facts) ? 0 : (unsigned long long)facts.st_ino);
    file_release(file);
    return length;
}

int64_t synthetic_link(const struct request *request, const char *path, char text[PATH_MAX])
{
    struct personality *own = request->own;
    char named[PATH_MAX];
    path = path_of_self(own, path, named);
    if (!is_link(path))
        return -EINVAL;
    if (stream_of(path) >= 0)
        return stream_link(request, stream_of(path), text);
    pthread_mutex_lock(&own->lock);
    const char *target = strcmp(path, links[0]) == 0 ? own->program : strcmp(path, links[1]) == 0 ? directory_now(own) : "/";
    int length = target ? snprintf(text, PATH_MAX, "%s", target) : -ENOENT;
    pthread_mutex_unlock(&own->lock);
    return length;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* /dev/null and its like, and a few files of /proc about the domain itself. Text is written to a sealed file in memory at each opening. */
#define _GNU_SOURCE
#include "synthetic.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "process.h"

#define PAGE 4096u
#define SCORE "/proc/self/oom_score_adj"

/* Devices that have no state: the host's own are as good as any. */
static const char *const devices[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/random" };
/* Other names of descriptors that the domain has. */
static const struct { const char *path; int descriptor; } streams[] = { { "/dev/stdin", 0 }, { "/dev/stdout", 1 }, { "/dev/stderr", 2 } };

struct facts { const struct request *request; uint64_t used, limit; };

static int write_stat(char *text, size_t size, const struct facts *facts)
{
    const struct personality *own = facts->request->own;
    return snprintf(text, size, "%d (%.15s) R %d %d %d 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 0 %llu %llu 18446744073709551615 0 0 0 0 0 0 "
                    "0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n", own->process, facts->request->domain->name, own->parent, own->process,
                    own->process, (unsigned long long)facts->used, (unsigned long long)(facts->used / PAGE));
}

static int write_statm(char *text, size_t size, const struct facts *facts)
{
    unsigned long long pages = facts->used / PAGE;
    return snprintf(text, size, "%llu %llu 0 0 0 %llu 0\n", pages, pages, pages);
}

static int write_status(char *text, size_t size, const struct facts *facts)
{
    const struct personality *own = facts->request->own;
    unsigned long long kib = facts->used / 1024;
    return snprintf(text, size, "Name:\t%.15s\nState:\tR (running)\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\n"
                    "Uid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nVmSize:\t%llu kB\nVmRSS:\t%llu kB\nThreads:\t1\n",
                    facts->request->domain->name, own->process, own->process, own->parent, kib, kib);
}

static int write_meminfo(char *text, size_t size, const struct facts *facts)
{
    unsigned long long total = facts->limit / 1024, free = facts->limit > facts->used ? (facts->limit - facts->used) / 1024 : 0;
    return snprintf(text, size, "MemTotal: %llu kB\nMemFree: %llu kB\nMemAvailable: %llu kB\nBuffers: 0 kB\nCached: 0 kB\nSwapTotal: 0 kB\n"
                    "SwapFree: 0 kB\n", total, free, free);
}

static int write_cpuinfo(char *text, size_t size, const struct facts *facts)
{
    (void)facts;
    return snprintf(text, size, "processor\t: 0\nvendor_id\t: Porin\nmodel name\t: domain\ncpu cores\t: 1\n\n");
}

static int write_uptime(char *text, size_t size, const struct facts *facts)
{
    struct timespec now;
    (void)facts;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return snprintf(text, size, "%lld.%02ld 0.00\n", (long long)now.tv_sec, now.tv_nsec / 10000000);
}

static int write_backlog(char *text, size_t size, const struct facts *facts)
{
    (void)facts;
    return snprintf(text, size, "4096\n");
}

static int write_score(char *text, size_t size, const struct facts *facts)
{
    (void)facts;
    return snprintf(text, size, "%d\n", score_host());
}

static const struct { const char *path; int (*write)(char *text, size_t size, const struct facts *facts); } files[] = {
    { "/proc/self/stat", write_stat }, { "/proc/self/statm", write_statm }, { "/proc/self/status", write_status },
    { "/proc/meminfo", write_meminfo }, { "/proc/cpuinfo", write_cpuinfo }, { "/proc/uptime", write_uptime },
    { "/proc/sys/net/core/somaxconn", write_backlog }, { SCORE, write_score },
};

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

static const char *device_of(const char *path)
{
    for (size_t i = 0; i < COUNT(devices); i++)
        if (strcmp(devices[i], path) == 0)
            return devices[i];
    return NULL;
}

static int stream_of(const char *path)
{
    for (size_t i = 0; i < COUNT(streams); i++)
        if (strcmp(streams[i].path, path) == 0)
            return streams[i].descriptor;
    return -1;
}

bool synthetic_known(const char *path)
{
    bool found = device_of(path) || stream_of(path) >= 0;
    for (size_t i = 0; i < COUNT(files); i++)
        found |= strcmp(files[i].path, path) == 0;
    return found;
}

int score_host(void)
{
    char text[16] = { 0 };
    int host = open(SCORE, O_RDONLY | O_CLOEXEC), score = SCORE_MAX;
    if (host >= 0 && read(host, text, sizeof text - 1) > 0)
        score = atoi(text);
    if (host >= 0)
        close(host);
    return score;
}

/* Where the domain shares its process with others, they would bear what it writes. */
static bool is_score(const struct request *request, const char *path)
{
    return request->own->process == getpid() && strcmp(path, SCORE) == 0;
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
    int host = open(SCORE, O_WRONLY | O_CLOEXEC);
    int64_t result = host < 0 || write(host, text, strlen(text)) < 0 ? -errno : (int64_t)size;
    if (host >= 0)
        close(host);
    return result;
}

static int text_open(const struct request *request, size_t which)
{
    char text[1024];
    struct porin_domain *domain = request->domain;
    pthread_mutex_lock(&domain->memory.lock);
    struct facts facts = { request, domain->memory.used_bytes, domain->memory.limit_bytes };
    pthread_mutex_unlock(&domain->memory.lock);
    if (facts.limit > SLOT_BYTES)
        facts.limit = SLOT_BYTES;
    int length = files[which].write(text, sizeof text, &facts), host = memfd_create("porin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (host < 0)
        return -errno;
    if (length < 0 || length >= (int)sizeof text || write(host, text, (size_t)length) != length ||
        fcntl(host, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0 || lseek(host, 0, SEEK_SET) != 0) {
        close(host);
        return -EIO;
    }
    return host;
}

int synthetic_host(const struct request *request, const char *path, int flags, bool *device)
{
    const char *name = device_of(path);
    *device = name;
    if (name) {
        int host = open(name, (flags & (O_ACCMODE | O_PATH)) | O_CLOEXEC | O_NOCTTY);
        return host < 0 ? -errno : host;
    }
    for (size_t i = 0; i < COUNT(files); i++)
        if (strcmp(files[i].path, path) == 0)
            return flags & (O_ACCMODE | O_TRUNC) && !is_score(request, path) ? -EACCES : text_open(request, i);
    return -ENOENT;
}

int64_t synthetic_open(const struct request *request, const char *path, int flags)
{
    bool device;
    int stream = stream_of(path);
    if (stream >= 0) {
        struct open_file *same = file_acquire(request->own, stream);
        return same ? descriptor_add(request->own, same, 0, flags & O_CLOEXEC) : -ENXIO;
    }
    if (flags & O_DIRECTORY)
        return -ENOTDIR;
    int host = synthetic_host(request, path, flags, &device), access = flags & O_ACCMODE;
    if (host < 0)
        return host;
    enum file_kind kind = device ? FILE_DEVICE : is_score(request, path) && access != O_RDONLY ? FILE_SCORE : FILE_REGULAR;
    struct open_file *file = file_create(host, kind, access != O_WRONLY, access != O_RDONLY);
    if (!file)
        return -ENOMEM;
    file->constant = true;
    return descriptor_add(request->own, file, 0, flags & O_CLOEXEC);
}

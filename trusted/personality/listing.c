/* SPDX-License-Identifier: Apache-2.0 */
/* Directories that are there only because guest paths of grants lead through them. What they list is written into a memory file, in the
 * kernel's own form, when they are opened. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "files.h"
#include "listing.h"

#define LISTED_AT_ONCE 4096

/* The kernel's linux_dirent64. */
struct record { uint64_t inode; int64_t next; uint16_t size; uint8_t kind; char name[NAME_MAX + 6]; };
#define RECORD_HEAD offsetof(struct record, name)

static bool record_write(int host, int64_t *at, uint64_t inode, uint8_t kind, const char *name, size_t length)
{
    struct record record = { .inode = inode, .size = (uint16_t)((RECORD_HEAD + length + 8) & ~7ull), .kind = kind };
    if (length > NAME_MAX)
        return true; /* no path can name it */
    memcpy(record.name, name, length);
    *at += record.size;
    record.next = *at;
    return write(host, &record, record.size) == record.size;
}

/* The name that follows `path` in a grant's guest path; NULL: it does not lie beneath. */
static const char *name_beneath(const struct grant *grant, const char *path, size_t *length)
{
    size_t above = strcmp(path, "/") == 0 ? 0 : strlen(path);
    if (strncmp(grant->guest, path, above) != 0 || grant->guest[above] != '/' || !grant->guest[above + 1])
        return NULL;
    *length = strcspn(grant->guest + above + 1, "/");
    return grant->guest + above + 1;
}

/* Has an earlier grant given the same name? */
static bool name_is_listed(const struct personality *own, uint32_t before, const char *path, const char *name, size_t length)
{
    bool listed = false;
    for (uint32_t i = 0; i < before && !listed; i++) {
        size_t other_length;
        const char *other = name_beneath(&own->grants[i], path, &other_length);
        listed = other && other_length == length && memcmp(other, name, length) == 0;
    }
    return listed;
}

static int listing_begin(int flags, int64_t *at)
{
    if ((flags & O_ACCMODE) != O_RDONLY || flags & (O_CREAT | O_TRUNC))
        return -EISDIR;
    int host = memfd_create("porin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    *at = 0;
    if (host < 0)
        return -errno;
    if (record_write(host, at, 1, DT_DIR, ".", 1) && record_write(host, at, 1, DT_DIR, "..", 2))
        return host;
    close(host);
    return -EIO;
}

/* Takes over the path. */
static int64_t listing_end(int host, bool good, char *path, struct open_file **out)
{
    good = good && fcntl(host, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0 && lseek(host, 0, SEEK_SET) == 0;
    *out = good ? file_create(host, FILE_LISTING, false, false) : NULL;
    if (*out) {
        (*out)->constant = true;
        (*out)->path = path;
        return 0;
    }
    free(path);
    if (!good)
        close(host);
    return good ? -ENOMEM : -EIO;
}

int64_t listing_numbers(const struct request *request, const char *path, int flags, struct open_file **out)
{
    struct personality *own = request->own;
    int64_t at;
    int host = listing_begin(flags, &at);
    bool good = true;
    if (host < 0)
        return host;
    pthread_mutex_lock(&own->lock);
    for (uint32_t i = 0; i < own->descriptor_count && good; i++) {
        char name[12];
        if (own->descriptors[i].file)
            good = record_write(host, &at, 2 + i, DT_LNK, name, (size_t)snprintf(name, sizeof name, "%u", i));
    }
    pthread_mutex_unlock(&own->lock);
    return listing_end(host, good, strdup(path), out);
}

int64_t listing_open(const struct request *request, const struct place *place, int flags, struct open_file **out)
{
    const struct personality *own = request->own;
    int64_t at;
    int host = listing_begin(flags, &at);
    bool good = true;
    if (host < 0)
        return host;
    for (uint32_t i = 0; i < own->grant_count && good; i++) {
        size_t length;
        const char *name = name_beneath(&own->grants[i], place->text, &length);
        if (name && !name_is_listed(own, i, place->text, name, length))
            good = record_write(host, &at, 2 + i, DT_DIR, name, length);
    }
    return listing_end(host, good, place_guest_path(place), out);
}

int64_t listing_read(const struct request *request, const struct open_file *file)
{
    char buffer[LISTED_AT_ONCE];
    uint64_t size = request->arguments[2] < sizeof buffer ? request->arguments[2] : sizeof buffer;
    off_t at = lseek(file->host, 0, SEEK_CUR);
    ssize_t got = pread(file->host, buffer, size, at), whole = 0;
    while (got - whole >= (ssize_t)RECORD_HEAD) {
        uint16_t record;
        memcpy(&record, buffer + whole + offsetof(struct record, size), sizeof record);
        if (record < RECORD_HEAD || record > got - whole)
            break;
        whole += record;
    }
    if (got < 0 || (got && !whole))
        return got < 0 ? -errno : -EINVAL;
    int64_t error = request_store(request, request->arguments[1], buffer, (size_t)whole);
    if (error)
        return error;
    lseek(file->host, at + whole, SEEK_SET);
    return whole;
}

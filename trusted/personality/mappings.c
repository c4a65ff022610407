/* SPDX-License-Identifier: Apache-2.0 */
/* Memory services: Linux's arguments checked and turned into the runtime's (slots/memory.h), which alone changes a slot's mappings. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>
#include "descriptors.h"

#define MAP_PAGE 4096u
#define MAP_KINDS (MAP_PRIVATE | MAP_SHARED)
#define MAP_IGNORED (MAP_NORESERVE | MAP_STACK | MAP_POPULATE)
#define MAP_ACCEPTED (MAP_KINDS | MAP_IGNORED | MAP_ANONYMOUS | MAP_FIXED | MAP_FIXED_NOREPLACE)

/* PROT_* as MEMORY_*: what may be written may be read. -EACCES for executable memory. */
static int64_t protection_of(uint64_t wanted)
{
    if (wanted & PROT_EXEC)
        return -EACCES;
    if (wanted & ~(uint64_t)(PROT_READ | PROT_WRITE))
        return -EINVAL;
    return wanted & PROT_WRITE ? MEMORY_READ | MEMORY_WRITE : (int64_t)wanted;
}

/* file: of a shared mapping; -1: none. */
static int64_t map_anywhere(const struct request *request, uint32_t protection, int flags, int file)
{
    uint64_t hint = request->arguments[0], size = request->arguments[1];
    bool fixed = flags & MAP_FIXED, exact = !fixed && (flags & MAP_FIXED_NOREPLACE);
    if (size == 0)
        return -EINVAL;
    if (!range_in_slot(hint, size)) {
        if (fixed || exact || size > SLOT_BYTES)
            return -ENOMEM;
        hint = 0;
    }
    int64_t start = flags & MAP_SHARED
                  ? domain_map_shared(request->domain, (uint32_t)hint, size, protection, fixed, file, file < 0 ? 0 : request->arguments[5])
                  : domain_map(request->domain, (uint32_t)hint, size, protection, fixed);
    if (!exact || start < 0 || start == (int64_t)hint)
        return start;
    domain_unmap(request->domain, (uint32_t)start, size);
    return -EEXIST;
}

/* Reads what the file has for the range; the rest stays zero. */
static int64_t map_fill(const struct request *request, const struct open_file *file, uint64_t start, uint64_t size, uint64_t position)
{
    uint64_t done = 0;
    while (done < size) {
        void *to = range_for_kernel(request->domain, start + done, size - done);
        ssize_t count = to ? pread(file->host, to, size - done, (off_t)(position + done)) : -1;
        if (count < 0)
            return to ? -errno : -EFAULT;
        if (count == 0)
            break;
        done += (uint64_t)count;
    }
    return 0;
}

/* The file's own pages. What is no regular file of a grant, or only to be read, is not written through memory either. */
static int64_t map_shared_file(const struct request *request, const struct open_file *file, uint32_t protection, int flags)
{
    if (file->kind != FILE_REGULAR)
        return -ENODEV;
    if (!file->readable || (protection & MEMORY_WRITE && (!file->writable || file->constant)))
        return -EACCES;
    return map_anywhere(request, protection, flags, file->host);
}

/* A private mapping of a file is a copy of its contents at this moment. */
static int64_t map_file(const struct request *request, uint32_t protection, int flags)
{
    uint64_t size = request->arguments[1], position = request->arguments[5];
    if (position % MAP_PAGE || position > INT64_MAX - SLOT_BYTES)
        return -EINVAL;
    struct open_file *file = file_acquire(request->own, request_int(request, 4));
    if (!file)
        return -EBADF;
    if (flags & MAP_SHARED) {
        int64_t result = map_shared_file(request, file, protection, flags);
        file_release(file);
        return result;
    }
    int64_t start = file->kind != FILE_REGULAR ? -ENODEV : !file->readable ? -EACCES
                  : map_anywhere(request, MEMORY_READ | MEMORY_WRITE, flags, -1);
    int64_t error = start < 0 ? 0 : map_fill(request, file, (uint64_t)start, size, position);
    file_release(file);
    if (start >= 0 && !error && protection != (MEMORY_READ | MEMORY_WRITE))
        error = domain_protect(request->domain, (uint32_t)start, size, protection);
    if (error)
        domain_unmap(request->domain, (uint32_t)start, size);
    return error ? error : start;
}

int64_t service_mmap(const struct request *request)
{
    int64_t protection = protection_of(request->arguments[2]);
    int flags = request_int(request, 3);
    if (protection < 0)
        return protection;
    if ((flags & ~MAP_ACCEPTED) || ((flags & MAP_KINDS) != MAP_PRIVATE && (flags & MAP_KINDS) != MAP_SHARED))
        return -EINVAL;
    if (flags & MAP_ANONYMOUS)
        return map_anywhere(request, (uint32_t)protection, flags, -1);
    if (!(request->domain->grants & (PORIN_GRANT_CONSOLE | PORIN_GRANT_FILES)))
        return -EPERM;
    return map_file(request, (uint32_t)protection, flags);
}

/* The range in arguments 0 and 1, if it lies in the slot; whether it is the domain's to change is the runtime's to say. */
static bool argument_range(const struct request *request, uint32_t *start, uint64_t *size)
{
    *start = (uint32_t)request->arguments[0];
    *size = request->arguments[1];
    return range_in_slot(request->arguments[0], *size);
}

int64_t service_munmap(const struct request *request)
{
    uint32_t start;
    uint64_t size;
    return argument_range(request, &start, &size) ? domain_unmap(request->domain, start, size) : -EINVAL;
}

int64_t service_mprotect(const struct request *request)
{
    uint32_t start;
    uint64_t size;
    int64_t protection = protection_of(request->arguments[2]);
    if (protection < 0)
        return protection;
    return argument_range(request, &start, &size) ? domain_protect(request->domain, start, size, (uint32_t)protection) : -ENOMEM;
}

int64_t service_mremap(const struct request *request)
{
    uint32_t start;
    uint64_t size, wanted = request->arguments[2];
    int flags = request_int(request, 3);
    if ((flags & ~MREMAP_MAYMOVE) || wanted == 0)
        return -EINVAL;
    if (!argument_range(request, &start, &size))
        return -EFAULT;
    return wanted > SLOT_BYTES ? -ENOMEM : domain_remap(request->domain, start, size, wanted, flags & MREMAP_MAYMOVE);
}

int64_t service_msync(const struct request *request)
{
    uint64_t size = request->arguments[1];
    void *start = range_for_kernel(request->domain, request->arguments[0], size);
    return !start ? -ENOMEM : msync(start, size, request_int(request, 2)) < 0 ? -errno : 0;
}

int64_t service_madvise(const struct request *request)
{
    uint32_t start;
    uint64_t size;
    if (!argument_range(request, &start, &size))
        return -ENOMEM;
    switch (request_int(request, 2)) {
    case MADV_DONTNEED:
    case MADV_FREE: return domain_discard(request->domain, start, size);
    case MADV_NORMAL:
    case MADV_RANDOM:
    case MADV_SEQUENTIAL:
    case MADV_WILLNEED:
    case MADV_HUGEPAGE:
    case MADV_NOHUGEPAGE:
    case MADV_DONTDUMP:
    case MADV_DODUMP: return 0;
    default: return -EINVAL;
    }
}

int64_t service_brk(const struct request *request)
{
    uint64_t wanted = request->arguments[0];
    return domain_brk(request->domain, wanted < SLOT_BYTES ? (uint32_t)wanted : 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed memory files by memfd_create. */
#define _GNU_SOURCE
#include "sealed.h"
#include "runtime/must.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x10u /* Linux 6.3; with vm.memfd_noexec=1 files without it cannot be mapped executable */
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x8u /* likewise; implies that seals are allowed */
#endif
#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

int sealed_begin(const char *name, uint64_t size)
{
    int file = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (file < 0 && errno == EINVAL)
        file = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file >= 0 && ftruncate(file, (off_t)size) != 0) {
        close(file);
        return -1;
    }
    return file;
}

bool sealed_write(int file, const void *bytes, uint64_t size, uint64_t offset)
{
    const char *from = bytes;
    while (size) {
        ssize_t written = pwrite(file, from, size, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        from += written, offset += (uint64_t)written, size -= (uint64_t)written;
    }
    return true;
}

/* Mappings of a descriptor without write access lack VM_MAYWRITE: forced writes (ptrace, /proc/self/mem) fail on them. */
static int sealed_readable(int file, int seals)
{
    char path[48];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (fcntl(file, F_ADD_SEALS, seals) != 0)
        return -1;
    must((fcntl(file, F_GET_SEALS) & seals) == seals);
    return open(path, O_RDONLY | O_CLOEXEC);
}

int sealed_finish(int file)
{
    int sealed = sealed_readable(file, SEALS);
    close(file);
    return sealed;
}

int shared_file(uint64_t size, int *readable)
{
    int file = memfd_create("porin-window", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    if (file < 0 && errno == EINVAL)
        file = memfd_create("porin-window", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    *readable = file >= 0 && ftruncate(file, (off_t)size) == 0 ? sealed_readable(file, SEALS & ~F_SEAL_WRITE) : -1;
    if (file >= 0 && *readable < 0) {
        close(file);
        return -1;
    }
    return file;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Tries to reach what was not granted; each line of output is a way in that is open. argv: paths that must not open. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OPEN_WAY(condition) do { if (condition) printf("%s\n", #condition); } while (0)

int main(int argc, char **argv)
{
    struct stat facts;
    for (int i = 3; i < 300; i++)
        OPEN_WAY(fcntl(i, F_GETFD) >= 0);
    for (int i = 1; i < argc; i++) {
        if (open(argv[i], O_RDONLY) >= 0)
            printf("opened %s\n", argv[i]);
        if (open(argv[i], O_WRONLY) >= 0)
            printf("opened %s for writing\n", argv[i]);
        if (stat(argv[i], &facts) == 0 && S_ISREG(facts.st_mode))
            printf("saw %s\n", argv[i]);
    }
    OPEN_WAY(execl("/bin/true", "true", (char *)NULL) >= 0);
    OPEN_WAY(socket(AF_INET, SOCK_STREAM, 0) >= 0);
    OPEN_WAY(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
    OPEN_WAY(socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
    OPEN_WAY(kill(1, 0) == 0);
    OPEN_WAY(kill(-1, 0) == 0);
    OPEN_WAY(kill(getppid(), 0) == 0);
    OPEN_WAY(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    OPEN_WAY(mprotect((void *)0x130000, 4096, PROT_READ | PROT_WRITE) == 0);
    OPEN_WAY(munmap((void *)0x100000, 4096) == 0);
    OPEN_WAY(symlink("/etc", "out") == 0);
    OPEN_WAY(syscall(SYS_ptrace, 0, 0, 0, 0) >= 0);
    OPEN_WAY(syscall(SYS_userfaultfd, 0) >= 0);
    OPEN_WAY(syscall(SYS_io_uring_setup, 1, 0) >= 0);
    OPEN_WAY(syscall(SYS_process_vm_readv, getpid(), 0, 0, 0, 0, 0) >= 0);
    OPEN_WAY(syscall(SYS_memfd_create, "x", 0) >= 0);
    OPEN_WAY(read(1, &facts, 1) >= 0);
    OPEN_WAY(write(0, "x", 1) >= 0);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the process of `porin run` has given up: each attempt must be refused by the filter, and what it needs must still work. Each is
 * tried in the process itself, as code would that has escaped from a domain. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "commands/harden.h"

static int failures, attempts;

static void refused(const char *name, long result, int error)
{
    attempts++;
    if (result != -1 || errno != error) {
        failures++;
        printf("FAIL  %s: result %ld, errno %d\n", name, result, errno);
    }
}

static void works(const char *name, int good)
{
    attempts++;
    if (!good) {
        failures++;
        printf("FAIL  %s does not work any more: errno %d\n", name, errno);
    }
}

#define REFUSED(call) do { errno = 0; refused(#call, call, EPERM); } while (0)

static void *thread_run(void *data)
{
    return data;
}

static sem_t hardened;

/* Began before the filter was there. */
static void *earlier_run(void *data)
{
    while (sem_wait(&hardened) != 0)
        ;
    REFUSED(syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0));
    return data;
}

static void try_calls(void)
{
    static char page[4096];
    REFUSED(syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0));
    REFUSED(syscall(SYS_process_vm_readv, getpid(), 0, 0, 0, 0, 0));
    REFUSED(syscall(SYS_process_vm_writev, getpid(), 0, 0, 0, 0, 0));
    REFUSED(syscall(SYS_io_uring_setup, 1, page));
    REFUSED(syscall(SYS_io_uring_enter, 0, 0, 0, 0, 0, 0));
    REFUSED(syscall(SYS_userfaultfd, 0));
    REFUSED(syscall(SYS_perf_event_open, page, 0, -1, -1, 0));
    REFUSED(syscall(SYS_bpf, 0, page, 0));
    REFUSED(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
    REFUSED(syscall(SYS_execve, "/bin/true", NULL, NULL));
    REFUSED(syscall(SYS_execveat, 0, "/bin/true", NULL, NULL, 0));
    REFUSED(syscall(SYS_pidfd_open, getpid(), 0));
    REFUSED(syscall(SYS_pidfd_getfd, 0, 0, 0));
    REFUSED(syscall(SYS_kcmp, getpid(), getpid(), 0, 0, 0));
    REFUSED(syscall(SYS_unshare, CLONE_NEWUSER));
    REFUSED(syscall(SYS_setns, 0, 0));
    REFUSED(syscall(SYS_mount, "a", "b", "c", 0, 0));
    REFUSED(syscall(SYS_chroot, "/"));
    REFUSED(syscall(SYS_pivot_root, "/", "/"));
    REFUSED(syscall(SYS_setuid, 0));
    REFUSED(syscall(SYS_prctl, 15, "x"));
    REFUSED(syscall(SYS_personality, 0x0400000));
    REFUSED(syscall(SYS_modify_ldt, 0, page, 0));
    REFUSED(syscall(SYS_iopl, 3));
    REFUSED(syscall(SYS_ioperm, 0, 1, 1));
    REFUSED(syscall(SYS_open_by_handle_at, 0, page, 0));
    REFUSED(syscall(SYS_name_to_handle_at, 0, "x", page, page, 0));
    REFUSED(syscall(SYS_symlinkat, "/etc", AT_FDCWD, "out"));
    REFUSED(syscall(SYS_linkat, AT_FDCWD, "a", AT_FDCWD, "b", 0));
    REFUSED(syscall(SYS_linkat, 0, "a", 0, "b", AT_SYMLINK_FOLLOW));
    REFUSED(syscall(SYS_linkat, 0, "", 0, "b", AT_EMPTY_PATH));
    REFUSED(syscall(SYS_mknodat, AT_FDCWD, "n", 0, 0));
    REFUSED(syscall(SYS_remap_file_pages, page, 4096, 0, 0, 0));
    REFUSED(syscall(SYS_memfd_secret, 0));
    REFUSED(syscall(SYS_prlimit64, 0, 7, page, 0));
    REFUSED(syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 0));
    REFUSED(syscall(SYS_socket, AF_PACKET, SOCK_RAW, 0));
    REFUSED(syscall(SYS_ioctl, 0, TIOCSTI, "x"));
    REFUSED(syscall(SYS_ioctl, 0, TIOCSWINSZ, page));
    REFUSED(syscall(SYS_ioctl, 0, TIOCSETD, page));
    REFUSED(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
    REFUSED((long)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REFUSED(mprotect((void *)((unsigned long)try_calls & ~4095ul), 4096, PROT_READ | PROT_EXEC));
    refused("clone3", syscall(SYS_clone3, page, 88), ENOSYS);
}

static void try_needed(void)
{
    int ends[2], status;
    pthread_t thread;
    works("threads", pthread_create(&thread, NULL, thread_run, NULL) == 0 && pthread_join(thread, NULL) == 0);
    works("pipes", pipe2(ends, O_CLOEXEC) == 0 && write(ends[1], "x", 1) == 1);
    works("memory", mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    works("sockets", socket(AF_INET, SOCK_STREAM, 0) >= 0);
    pid_t child = fork();
    if (child == 0) {
        errno = 0; /* the child is no freer */
        _exit(syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0) == -1 && errno == EPERM ? 0 : 1);
    }
    works("children", child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    refused("ptrace in a child", WEXITSTATUS(status) == 0 ? (errno = EPERM, -1) : 0, EPERM);
}

/* What reads strangers' images reads, and that is all. */
static int try_reader(void)
{
    if (!harden_reader()) {
        printf("FAIL  no filter for readers: errno %d\n", errno);
        return 1;
    }
    REFUSED(open("/tmp/porin-hardened", O_WRONLY | O_CREAT, 0600));
    REFUSED(open("/dev/null", O_RDWR));
    REFUSED(unlink("/tmp/porin-hardened"));
    REFUSED(rename("/tmp/porin-hardened", "/tmp/porin-hardened"));
    REFUSED(socket(AF_UNIX, SOCK_STREAM, 0));
    REFUSED(syscall(SYS_connect, 0, 0, 0));
    REFUSED(kill(getppid(), 0));
    REFUSED(fork());
    REFUSED(syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0));
    REFUSED((long)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    works("reading", open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0);
    fflush(stdout);
    return failures;
}

int main(void)
{
    int status = 1;
    pid_t reader = fork();
    if (reader == 0)
        _exit(try_reader());
    works("a reader", reader > 0 && waitpid(reader, &status, 0) == reader && status == 0);
    pthread_t earlier;
    works("a thread", sem_init(&hardened, 0, 0) == 0 && pthread_create(&earlier, NULL, earlier_run, NULL) == 0);
    if (!harden_process()) {
        printf("FAIL  no filter: errno %d\n", errno);
        return 1;
    }
    sem_post(&hardened);
    pthread_join(earlier, NULL);
    try_calls();
    try_needed();
    printf("hardening: %d attempts, %d ended otherwise than they must\n", attempts, failures);
    return failures != 0;
}

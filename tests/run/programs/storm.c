/* SPDX-License-Identifier: Apache-2.0 */
/* A storm of system calls from inside a domain: random numbers and arguments, while a second thread rewrites the memory that they point to
 * and a third one interrupts with signals. argv: seed, how many calls. What ends the domain itself is left out; what is left must come back
 * with an answer, and the services must still work afterwards. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define AREA 0x20000
static unsigned char area[AREA] __attribute__((aligned(4096)));
static uint64_t state;
static volatile int stop;
static volatile long calls;
static pid_t first;

static uint64_t next(uint64_t *from)
{
    *from ^= *from << 13;
    *from ^= *from >> 7;
    *from ^= *from << 17;
    return *from;
}

/* Ends the domain or its threads, takes its own memory away, waits with the interrupting signal
 * blocked, or starts what this test cannot follow. */
static int left_out(long number)
{
    static const int numbers[] = {
        SYS_exit, SYS_exit_group, SYS_kill, SYS_tkill, SYS_tgkill, SYS_fork, SYS_vfork, SYS_execve, SYS_alarm, SYS_setitimer,
        SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_brk, SYS_madvise, SYS_arch_prctl, SYS_set_tid_address, SYS_rt_sigaction,
        SYS_rt_sigprocmask, SYS_sigaltstack, SYS_rt_sigtimedwait, SYS_rt_sigsuspend, SYS_ppoll, SYS_pselect6,
        SYS_epoll_pwait, SYS_close, SYS_dup2, SYS_dup3, SYS_setrlimit, SYS_prlimit64,
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i] == number)
            return 1;
    return number >= 512;
}

static uint64_t argument(void)
{
    static const uint64_t words[] = {
        0, 1, 2, 3, 8, 16, 64, 255, 4096, 0x10000, 0x100000, 0x130000, INT32_MAX, UINT32_MAX, 1ull << 32, INT64_MAX, 1ull << 63,
        UINT64_MAX,
        0xffff0000, (uint64_t)-100, O_RDWR | O_CREAT, SOL_SOCKET, AF_INET, AF_UNIX, SOCK_STREAM,
    };
    uint64_t choice = next(&state) % 8;
    if (choice < 4)
        return (uint64_t)(area + next(&state) % (AREA - 4096));
    return choice < 6 ? words[next(&state) % (sizeof words / sizeof *words)] : choice == 6 ? next(&state) % 32 : next(&state);
}

static void *rewrite(void *data)
{
    uint64_t own = state + 1;
    static const char *const paths[] = { "/srv/file", "../../etc/passwd", "/proc/self/mem", "/srv/socket", "/dev/null" };
    while (!stop) {
        unsigned char *at = area + next(&own) % (AREA - 64);
        uint64_t value = next(&own) % 4 ? (uint64_t)(area + next(&own) % AREA) : next(&own);
        if (next(&own) % 8 == 0)
            strcpy((char *)at, paths[next(&own) % 5]);
        else
            memcpy((void *)((uintptr_t)at & ~7ul), &value, 8);
    }
    return data;
}

static void on_signal(int number)
{
    (void)number;
}

/* Whatever waits is ended. */
static void *interrupt(void *data)
{
    while (!stop) {
        syscall(SYS_tkill, first, SIGUSR1);
        usleep(500);
    }
    return data;
}

int main(int argc, char **argv)
{
    long wanted = argc > 2 ? atol(argv[2]) : 20000;
    state = argc > 1 ? strtoull(argv[1], NULL, 10) | 1 : 1;
    pthread_t threads[2];
    sigset_t set;
    struct sigaction action = { .sa_handler = on_signal };
    first = (pid_t)syscall(SYS_gettid);
    sigaction(SIGUSR1, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    int pair[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    epoll_create1(0);
    socket(AF_INET, SOCK_STREAM, 0);
    open("/srv/file", O_RDWR | O_CREAT, 0644);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* the others are not interrupted */
    pthread_create(&threads[0], NULL, rewrite, NULL);
    pthread_create(&threads[1], NULL, interrupt, NULL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    while (calls < wanted) {
        long number = (long)(next(&state) % 460);
        if (left_out(number))
            continue;
        uint64_t a = next(&state) % 3 ? next(&state) % 24 : argument();
        if (a < 3 && (number == SYS_write || number == SYS_writev || number == SYS_sendfile))
            continue; /* what it says itself is what is looked at */
        syscall(number, a, argument(), argument(), argument(), argument(), argument());
        calls++;
    }
    stop = 1;
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    printf("%ld calls, and %s\n", calls, getpid() > 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) <= 0 ? "still there" : "not");
    return 0;
}

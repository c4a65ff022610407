/* SPDX-License-Identifier: Apache-2.0 */
/* What each of the services costs that programs ask for most: prints a line of name and nanoseconds for each. The same program natively
 * shows what the kernel takes of that. Works in the current directory. Usage: calls [NAME]: only that one, without end, to look at. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FILE_NAME "calls.tmp"
#define BATCHES 300                    /* short ones: the fastest met nobody else on its processor */

static int file, null, event, epoll, pair[2];
static char buffer[4096];
static uint32_t word;

static void must_be(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static void call_nothing(void) { must_be(syscall(SYS_getppid) > 0, "getppid"); }
static void call_clock(void)
{
    struct timespec now;
    must_be(clock_gettime(CLOCK_MONOTONIC, &now) == 0, "clock_gettime");
}
static void call_futex_wake(void) { must_be(syscall(SYS_futex, &word, 129, 1, 0, 0, 0) == 0, "futex"); }
static void call_write(void) { must_be(write(null, buffer, 1) == 1, "write"); }
static void call_writev(void)
{
    struct iovec parts[2] = { { buffer, 1 }, { buffer, 1 } };
    must_be(writev(null, parts, 2) == 2, "writev");
}
static void call_pread(void) { must_be(pread(file, buffer, 1, 0) == 1, "pread"); }
static void call_pread_page(void) { must_be(pread(file, buffer, sizeof buffer, 0) == sizeof buffer, "pread"); }
static void call_pwrite(void) { must_be(pwrite(file, buffer, 1, 0) == 1, "pwrite"); }
static void call_socket(void)
{
    must_be(send(pair[0], buffer, 1, 0) == 1, "send");
    must_be(recv(pair[1], buffer, 1, 0) == 1, "recv");
}
static void call_socket_file(void)
{
    off_t position = 0;
    must_be(sendfile(pair[0], file, &position, 1) == 1, "sendfile");
    must_be(read(pair[1], buffer, 1) == 1, "read");
}
static void call_epoll_wait(void)
{
    struct epoll_event events[16];
    must_be(epoll_wait(epoll, events, 16, -1) == 1, "epoll_wait");
}
static void call_epoll_ctl(void)
{
    struct epoll_event wanted = { .events = EPOLLIN };
    must_be(epoll_ctl(epoll, EPOLL_CTL_MOD, event, &wanted) == 0, "epoll_ctl");
}
static void call_poll(void)
{
    struct pollfd one = { .fd = event, .events = POLLIN };
    must_be(poll(&one, 1, -1) == 1, "poll");
}
static void call_fstat(void)
{
    struct stat facts;
    must_be(fstat(file, &facts) == 0, "fstat");
}
static void call_stat(void)
{
    struct stat facts;
    must_be(stat(FILE_NAME, &facts) == 0, "stat");
}
static void call_open(void)
{
    int opened = open(FILE_NAME, O_RDONLY);
    must_be(opened >= 0 && close(opened) == 0, "open");
}
static void call_mmap(void)
{
    char *memory = mmap(NULL, 0x10000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must_be(memory != MAP_FAILED && munmap(memory, 0x10000) == 0, "mmap");
}

static const struct { const char *name; void (*call)(void); int count; } calls[] = {
    { "nothing (getppid)", call_nothing, 400 },
    { "clock_gettime", call_clock, 400 },
    { "futex wake", call_futex_wake, 400 },
    { "write 1 byte", call_write, 400 },
    { "writev 2 x 1 byte", call_writev, 400 },
    { "pread 1 byte", call_pread, 200 },
    { "pread 4 KiB", call_pread_page, 200 },
    { "pwrite 1 byte", call_pwrite, 100 },
    { "send and recv 1 byte", call_socket, 40 },
    { "sendfile and read 1 byte", call_socket_file, 40 },
    { "epoll_wait", call_epoll_wait, 200 },
    { "epoll_ctl", call_epoll_ctl, 200 },
    { "poll", call_poll, 200 },
    { "fstat", call_fstat, 200 },
    { "stat", call_stat, 100 },
    { "open and close", call_open, 60 },
    { "mmap and munmap 64 KiB", call_mmap, 60 },
};

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e9 + now.tv_nsec;
}

int main(int argc, char **argv)
{
    file = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
    must_be(file >= 0 && write(file, buffer, sizeof buffer) == sizeof buffer, FILE_NAME);
    null = open("/dev/null", O_WRONLY);
    must_be(null >= 0, "/dev/null");
    must_be(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
    event = eventfd(1, 0);
    epoll = epoll_create1(0);
    must_be(event >= 0 && epoll >= 0, "eventfd, epoll");
    must_be(epoll_ctl(epoll, EPOLL_CTL_ADD, event, &(struct epoll_event){ .events = EPOLLIN }) == 0, "epoll_ctl");
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        double least = 0;
        if (argc > 1 && strcmp(argv[1], calls[i].name) != 0)
            continue;
        while (argc > 1)
            calls[i].call();
        for (int batch = 0; batch < BATCHES; batch++) {
            double start = now_ns();
            for (int k = 0; k < calls[i].count; k++)
                calls[i].call();
            double each = (now_ns() - start) / calls[i].count;
            if (batch == 0 || each < least)
                least = each;
        }
        printf("%s\t%.1f\n", calls[i].name, least);
    }
    unlink(FILE_NAME);
    return 0;
}

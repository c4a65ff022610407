/* SPDX-License-Identifier: Apache-2.0 */
/* Processes, signals, sockets and waiting, as programs use them: prints what must be the same natively. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t caught, caught_code, depth;

static void say(const char *what, long value)
{
    printf("%s: %ld\n", what, value);
    fflush(stdout);
}

static void on_signal(int number)
{
    caught = number;
}

static void on_info(int number, siginfo_t *info, void *context)
{
    ucontext_t *interrupted = context;
    caught = number;
    caught_code = info->si_code == SI_USER && info->si_pid == getpid();
    sigaddset(&interrupted->uc_sigmask, SIGUSR2); /* comes into force */
}

static void on_nested(int number)
{
    depth++;
    if (depth < 3)
        raise(number);
    depth += 10;
}

static void handle(int number, void (*handler)(int), int flags)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
    sigaction(number, &action, NULL);
}

static void signals(void)
{
    sigset_t set, old;
    handle(SIGUSR1, on_signal, 0);
    raise(SIGUSR1);
    say("a handler has run", caught);
    struct sigaction action = { .sa_sigaction = on_info, .sa_flags = SA_SIGINFO };
    sigaction(SIGUSR1, &action, NULL);
    caught = 0;
    kill(getpid(), SIGUSR1);
    say("with information", caught == SIGUSR1 && caught_code);
    sigprocmask(SIG_BLOCK, NULL, &set);
    say("the mask it left", sigismember(&set, SIGUSR2));
    sigemptyset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
    handle(SIGUSR1, on_nested, SA_NODEFER);
    raise(SIGUSR1);
    say("nested handlers", depth);
    depth = 0;
    handle(SIGUSR1, on_nested, 0);
    raise(SIGUSR1);
    say("deferred", depth >= 1);
    handle(SIGUSR1, on_signal, SA_RESETHAND);
    caught = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    raise(SIGUSR1);
    say("blocked", caught);
    sigpending(&set);
    say("pending", sigismember(&set, SIGUSR1));
    sigprocmask(SIG_SETMASK, &old, NULL);
    say("unblocked", caught);
    sigaction(SIGUSR1, NULL, &action);
    say("reset", action.sa_handler == SIG_DFL);
    handle(SIGPIPE, SIG_IGN, 0);
    int ends[2];
    pipe(ends);
    close(ends[0]);
    say("closed pipe", write(ends[1], "x", 1) < 0 && errno == EPIPE);
    handle(SIGPIPE, on_signal, 0);
    say("closed pipe, handled", write(ends[1], "x", 1) < 0 && errno == EPIPE && caught == SIGPIPE);
    close(ends[1]);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    kill(getpid(), SIGTERM);
    int number = 0;
    say("sigwait", sigwait(&set, &number) == 0 && number == SIGTERM);
    say("sigtimedwait", sigtimedwait(&set, NULL, &(struct timespec){ 0, 1000000 }) < 0 && errno == EAGAIN);
}

static void alternate_stack(void)
{
    static char memory[65536];
    stack_t stack = { .ss_sp = memory, .ss_size = sizeof memory }, now;
    sigaltstack(&stack, NULL);
    handle(SIGUSR2, on_signal, SA_ONSTACK);
    caught = 0;
    raise(SIGUSR2);
    sigaltstack(NULL, &now);
    long used = 0;
    for (size_t i = 0; i < sizeof memory; i++)
        used += memory[i] != 0;
    say("alternate stack", caught == SIGUSR2 && now.ss_sp == memory && used > 0);
}

static void timers(void)
{
    struct itimerval soon = { .it_value = { 0, 20000 } };
    handle(SIGALRM, on_signal, 0);
    caught = 0;
    setitimer(ITIMER_REAL, &soon, NULL);
    say("pause", pause() < 0 && errno == EINTR && caught == SIGALRM);
    setitimer(ITIMER_REAL, &soon, NULL);
    struct timespec rest, wanted = { 5, 0 };
    say("nanosleep", nanosleep(&wanted, &rest) < 0 && errno == EINTR && rest.tv_sec == 4);
    int ends[2];
    char byte;
    pipe(ends);
    setitimer(ITIMER_REAL, &soon, NULL);
    say("read, interrupted", read(ends[0], &byte, 1) < 0 && errno == EINTR);
    handle(SIGALRM, on_signal, SA_RESTART);
    setitimer(ITIMER_REAL, &soon, NULL);
    if (fork() == 0) {
        usleep(100000);
        write(ends[1], "y", 1);
        _exit(0);
    }
    caught = 0;
    say("read, restarted", read(ends[0], &byte, 1) == 1 && byte == 'y' && caught == SIGALRM);
    wait(NULL);
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec when = { .it_value = { 0, 10000000 } };
    uint64_t count = 0;
    timerfd_settime(timer, 0, &when, NULL);
    say("timerfd", read(timer, &count, sizeof count) == 8 && count == 1);
    close(timer);
}

/* Does a child hear of the signal? */
static int told(int number)
{
    int status, ends[2];
    char byte;
    pipe(ends);
    pid_t child = fork();
    if (child == 0) {
        handle(number, on_signal, 0);
        write(ends[1], "r", 1);
        while (caught != number)
            pause();
        _exit(9);
    }
    read(ends[0], &byte, 1);
    usleep(20000);
    kill(child, number);
    close(ends[0]);
    close(ends[1]);
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 9;
}

static void children(void)
{
    int status;
    pid_t parent = getpid(), child = fork();
    if (child == 0)
        _exit(getppid() == parent && getpid() != parent ? 7 : 1);
    say("child ended", waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
    say("no child", waitpid(child, &status, 0) < 0 && errno == ECHILD);
    child = fork();
    if (child == 0)
        for (;;)
            pause();
    kill(child, SIGKILL);
    say("killed", waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    child = fork();
    if (child == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        raise(SIGTERM);
        _exit(1);
    }
    say("died by signal", waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    say("told by signal", told(SIGHUP));
    say("told by a signal that also aborts", told(SIGABRT));
    int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), private = 1;
    handle(SIGCHLD, on_signal, 0);
    caught = 0;
    child = fork();
    if (child == 0) {
        *shared = private = 42;
        if (fork() == 0) {
            ++*shared;
            _exit(0);
        }
        wait(NULL);
        _exit(0);
    }
    while (waitpid(child, &status, 0) < 0)
        ;
    say("shared memory", *shared);
    say("private memory", private);
    say("SIGCHLD", caught == SIGCHLD);
}

static int locked(int file, int command, int kind)
{
    struct flock lock = { .l_type = kind, .l_whence = SEEK_SET, .l_len = 8 };
    if (fcntl(file, command, &lock) < 0)
        return -errno;
    return command == F_GETLK ? lock.l_type : 0;
}

/* Record locks are a process's, whoever else has the file that was open when it was forked. */
static void locks(const char *beside)
{
    char path[512], byte = 0;
    snprintf(path, sizeof path, "%s.locks", beside);
    int before = open(path, O_RDWR | O_CREAT, 0644), again, status, go[2], done[2];
    pipe(go);
    pipe(done);
    say("a lock", locked(before, F_SETLK, F_WRLCK));
    pid_t child = fork();
    if (child == 0) {
        say("the child finds its parent's", locked(before, F_GETLK, F_WRLCK) == F_WRLCK);
        say("the child's", locked(before, F_SETLK, F_WRLCK));
        again = open(path, O_RDWR);
        say("the child's, opened again", locked(again, F_SETLK, F_RDLCK));
        locked(before, F_SETLK, F_UNLCK); /* does not take its parent's away */
        write(done[1], &byte, 1);
        read(go[0], &byte, 1);
        say("the child's, when its parent's is gone", locked(before, F_SETLK, F_WRLCK));
        write(done[1], &byte, 1);
        read(go[0], &byte, 1);
        _exit(0);
    }
    read(done[0], &byte, 1);
    say("the parent still has it", locked(open(path, O_RDWR), F_SETLK, F_WRLCK));
    locked(before, F_SETLK, F_UNLCK);
    write(go[1], &byte, 1);
    read(done[0], &byte, 1);
    say("the parent finds its child's", locked(before, F_GETLK, F_WRLCK) == F_WRLCK);
    say("the parent's", locked(before, F_SETLK, F_RDLCK));
    write(go[1], &byte, 1);
    waitpid(child, &status, 0);
    say("the parent's, when its child is gone", locked(before, F_SETLK, F_WRLCK));
    close(before);
    unlink(path);
}

static void *thread_run(void *data)
{
    return data;
}

/* A child that forks has threads of its own, also when the one that forked was none of the first. */
static void *fork_threads(void *data)
{
    int status;
    if (fork() == 0) {
        pthread_t threads[4];
        long good = 0;
        for (long i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, thread_run, (void *)(i + 1));
        for (long i = 0; i < 4; i++) {
            void *result = NULL;
            pthread_join(threads[i], &result);
            good += result == (void *)(i + 1);
        }
        _exit((int)good);
    }
    wait(&status);
    say("threads in a child", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    return data;
}

static void sockets(void)
{
    int pair[2], sent = eventfd(5, 0), got = -1;
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    union { struct cmsghdr head; char bytes[CMSG_SPACE(sizeof(int))]; } control = { 0 };
    struct iovec one = { "m", 1 };
    struct msghdr message = { .msg_iov = &one, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
    control.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
    memcpy(CMSG_DATA(&control.head), &sent, sizeof sent);
    say("sendmsg", sendmsg(pair[0], &message, 0));
    char byte;
    one.iov_base = &byte;
    memset(&control, 0, sizeof control);
    message.msg_controllen = sizeof control;
    say("recvmsg", recvmsg(pair[1], &message, 0));
    if (message.msg_controllen && control.head.cmsg_type == SCM_RIGHTS)
        memcpy(&got, CMSG_DATA(&control.head), sizeof got);
    uint64_t count = 0;
    say("a descriptor passed", got >= 0 && read(got, &count, sizeof count) == 8 && count == 5);
    int server = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    say("bind", bind(server, (struct sockaddr *)&address, sizeof address));
    say("listen", listen(server, 5));
    getsockname(server, (struct sockaddr *)&address, &size);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), epoll = epoll_create1(0);
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = 0x123456789abcdef0 }, seen = { 0 };
    epoll_ctl(epoll, EPOLL_CTL_ADD, server, &event);
    say("connect", connect(client, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS);
    say("epoll", epoll_wait(epoll, &seen, 1, 1000) == 1 && seen.data.u64 == event.data.u64);
    struct sockaddr_in from;
    size = sizeof from;
    int accepted = accept4(server, (struct sockaddr *)&from, &size, SOCK_NONBLOCK);
    say("accept", accepted >= 0 && from.sin_family == AF_INET && size == sizeof from);
    say("nothing yet", recv(accepted, &byte, 1, 0) < 0 && errno == EAGAIN);
    say("send", send(client, "z", 1, 0));
    struct pollfd wanted = { .fd = accepted, .events = POLLIN };
    say("poll", poll(&wanted, 1, 1000) == 1 && wanted.revents == POLLIN);
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(accepted, &readable);
    say("select", select(accepted + 1, &readable, NULL, NULL, &(struct timeval){ 1, 0 }) == 1 && FD_ISSET(accepted, &readable));
    say("recv", recv(accepted, &byte, 1, 0) == 1 && byte == 'z');
    shutdown(client, SHUT_WR);
    poll(&wanted, 1, 1000);
    say("end", recv(accepted, &byte, 1, 0));
    close(client);
}

extern char **environ;

static void execution(const char *self)
{
    pid_t child;
    int status = 0;
    char *arguments[] = { (char *)self, "child", "two words", NULL };
    fflush(stdout);
    int error = posix_spawn(&child, self, NULL, NULL, arguments, environ);
    int ended = waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    say("posix_spawn", error);
    say("spawned", ended);
    say("spawn of nothing", posix_spawn(&child, "./nothing", NULL, NULL, arguments, environ) == ENOENT);
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        printf("the child has %s\n", argv[2]);
        return 23;
    }
    signals();
    alternate_stack();
    timers();
    children();
    fork_threads(NULL);
    pthread_t thread;
    pthread_create(&thread, NULL, fork_threads, NULL);
    pthread_join(thread, NULL);
    sockets();
    if (argc == 2) {
        locks(argv[1]);
        execution(argv[1]);
    }
    return 0;
}

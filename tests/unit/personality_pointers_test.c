/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile pointers and numbers: each pointer of each service, each bad in its own way, and a storm of random requests. */
#define _GNU_SOURCE
#include "personality_world.h"
#include <arpa/inet.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

static char root[4096];
static struct porin_directory directory = { root, "/data", false };

/* Arguments that work, and which of them are pointers: R the service reads there, W it writes there, B it reads and then writes. */
#define FILE_ 1                        /* descriptor of a file, a directory, a pipe's ends: see set_up */
#define LIST_ 2
#define FROM_ 3
#define TO_ 4
#define PAIR_ 5                        /* a pair of sockets */
#define OTHER_ 6
#define INET_ 7
#define UDP_ 8
#define EPOLL_ 9                       /* with TO_ in it, which is always ready */
#define TIMER_ 10
#define NOTICES_ 11
#define HERE 0xffffff9cull             /* AT_FDCWD as an int */
#define OWNER 0xb0551ull               /* stands for a handle on the domain itself, */
#define SELF 0xb0552ull                /* and this for its process number */
#define P WORLD_BUFFER                 /* zeroed; PATH names a file, SPACE is where to write */
#define PATH (WORLD_BUFFER + 0x800)
#define SPACE (WORLD_BUFFER + 0x1000)
#define VECTOR (WORLD_BUFFER + 0x900)
#define ADDRESS (WORLD_BUFFER + 0xa00) /* two that are granted, of port 9 and of any */
#define LENGTH (WORLD_BUFFER + 0xb00)
#define MESSAGE (WORLD_BUFFER + 0xc00)
#define INFO (WORLD_BUFFER + 0xd00)    /* of a signal that was queued */
#define EVENT (WORLD_BUFFER + 0xe00)   /* a timer that raises none */
#define NAME (PATH + 1)                /* of a link: relative */
static const struct pointer_case { const char *name; uint64_t number, arguments[6]; const char *kinds; } cases[] = {
    { "read", SYS_read, { FILE_, SPACE, 16 }, "-W" }, { "write", SYS_write, { FILE_, P, 16 }, "-R" },
    { "prctl", SYS_prctl, { 16 /* PR_GET_NAME */, SPACE }, "-W" }, { "open", SYS_open, { PATH }, "R" },
    { "inotify_add_watch", SYS_inotify_add_watch, { NOTICES_, PATH, 2 }, "-R" }, { "stat", SYS_stat, { PATH, SPACE }, "RW" },
    { "fstat", SYS_fstat, { FILE_, SPACE }, "-W" },
    { "lstat", SYS_lstat, { PATH, SPACE }, "RW" }, { "poll", SYS_poll, { P, 1, 0 }, "W" },
    { "rt_sigaction", SYS_rt_sigaction, { SIGINT, P, SPACE, 8 }, "-RW" },
    { "rt_sigprocmask", SYS_rt_sigprocmask, { SIG_BLOCK, P, SPACE, 8 }, "-RW" },
    { "ioctl", SYS_ioctl, { FROM_, FIONREAD, SPACE }, "--W" }, { "pread64", SYS_pread64, { FILE_, SPACE, 16, 0 }, "-W" },
    { "pwrite64", SYS_pwrite64, { FILE_, P, 16, 0 }, "-R" }, { "readv", SYS_readv, { FILE_, VECTOR, 1 }, "-R" },
    { "writev", SYS_writev, { FILE_, VECTOR, 1 }, "-R" }, { "preadv", SYS_preadv, { FILE_, VECTOR, 1, 0 }, "-R" },
    { "pwritev", SYS_pwritev, { FILE_, VECTOR, 1, 0 }, "-R" }, { "access", SYS_access, { PATH, 0 }, "R" },
    { "pipe", SYS_pipe, { SPACE }, "W" }, { "pipe2", SYS_pipe2, { SPACE, 0 }, "W" }, { "nanosleep", SYS_nanosleep, { P, 0 }, "R" },
    { "uname", SYS_uname, { SPACE }, "W" }, { "fcntl", SYS_fcntl, { FILE_, F_GETLK, P }, "--B" },
    { "truncate", SYS_truncate, { PATH, 64 }, "R" }, { "getcwd", SYS_getcwd, { SPACE, 100 }, "W" }, { "chdir", SYS_chdir, { PATH }, "R" },
    { "rename", SYS_rename, { PATH, PATH }, "RR" }, { "mkdir", SYS_mkdir, { PATH, 0 }, "R" }, { "rmdir", SYS_rmdir, { PATH }, "R" },
    { "creat", SYS_creat, { PATH, 0644 }, "R" }, { "unlink", SYS_unlink, { PATH }, "R" },
    { "readlink", SYS_readlink, { PATH + 16, SPACE, 10 }, "RW" }, { "chmod", SYS_chmod, { PATH, 0644 }, "R" },
    { "gettimeofday", SYS_gettimeofday, { SPACE, SPACE + 64 }, "WW" }, { "getrlimit", SYS_getrlimit, { 7, SPACE }, "-W" },
    { "getrusage", SYS_getrusage, { 0, SPACE }, "-W" }, { "sysinfo", SYS_sysinfo, { SPACE }, "W" },
    { "sigaltstack", SYS_sigaltstack, { 0, SPACE }, "-W" }, { "times", SYS_times, { SPACE }, "W" },
    { "getgroups", SYS_getgroups, { 1, SPACE }, "-W" }, { "getresuid", SYS_getresuid, { SPACE, SPACE + 8, SPACE + 16 }, "WWW" },
    { "getresgid", SYS_getresgid, { SPACE, SPACE + 8, SPACE + 16 }, "WWW" }, { "chown", SYS_chown, { PATH, 1000, 1000 }, "R" },
    { "lchown", SYS_lchown, { PATH, 1000, 1000 }, "R" }, { "fchownat", SYS_fchownat, { HERE, PATH, 1000, 1000 }, "-R" },
    { "signalfd", SYS_signalfd, { UINT64_MAX, P, 8 }, "-R" }, { "signalfd4", SYS_signalfd4, { UINT64_MAX, P, 8, 0 }, "-R" },
    { "statfs", SYS_statfs, { PATH, SPACE }, "RW" }, { "fstatfs", SYS_fstatfs, { FILE_, SPACE }, "-W" },
    { "time", SYS_time, { SPACE }, "W" }, { "futex wait", SYS_futex, { P, FUTEX_WAIT, 0, VECTOR - 16 }, "R--R" },
    { "futex wake", SYS_futex, { P, FUTEX_WAKE, 1 }, "R" }, { "futex requeue", SYS_futex, { P, FUTEX_REQUEUE, 0, 0, SPACE }, "R---R" },
    { "sched_getaffinity", SYS_sched_getaffinity, { 0, 128, SPACE }, "--W" },
    { "getdents64", SYS_getdents64, { LIST_, SPACE, 1000 }, "-W" },
    { "clock_gettime", SYS_clock_gettime, { 0, SPACE }, "-W" }, { "clock_getres", SYS_clock_getres, { 0, SPACE }, "-W" },
    { "clock_nanosleep", SYS_clock_nanosleep, { 0, 0, P, 0 }, "--R" }, { "openat", SYS_openat, { HERE, PATH }, "-R" },
    { "mkdirat", SYS_mkdirat, { HERE, PATH }, "-R" }, { "newfstatat", SYS_newfstatat, { HERE, PATH, SPACE }, "-RW" },
    { "newfstatat empty", SYS_newfstatat, { FILE_, P, SPACE, AT_EMPTY_PATH }, "-RW" },
    { "unlinkat", SYS_unlinkat, { HERE, PATH }, "-R" }, { "renameat", SYS_renameat, { HERE, PATH, HERE, PATH }, "-R-R" },
    { "renameat2", SYS_renameat2, { HERE, PATH, HERE, PATH }, "-R-R" },
    { "readlinkat", SYS_readlinkat, { HERE, PATH + 16, SPACE, 10 }, "-RW" }, { "fchmodat", SYS_fchmodat, { HERE, PATH, 0644 }, "-R" },
    { "faccessat", SYS_faccessat, { HERE, PATH }, "-R" }, { "ppoll", SYS_ppoll, { P, 1, VECTOR - 16 }, "W-R" },
    { "utimensat", SYS_utimensat, { HERE, PATH, P }, "-RR" }, { "prlimit64", SYS_prlimit64, { 0, 7, 0, SPACE }, "---W" },
    { "getrandom", SYS_getrandom, { SPACE, 16 }, "W" }, { "setrlimit", SYS_setrlimit, { 7, VECTOR }, "-R" },
    { "statx", SYS_statx, { HERE, PATH, 0, 0, SPACE }, "-R--W" },
    { "faccessat2", SYS_faccessat2, { HERE, PATH }, "-R" },
    { "select", SYS_select, { 1, SPACE, SPACE, SPACE, P }, "-WWWR" },
    { "pselect6", SYS_pselect6, { 1, SPACE, SPACE, SPACE, P, P }, "-WWWRR" },
    { "getitimer", SYS_getitimer, { 0, SPACE }, "-W" }, { "setitimer", SYS_setitimer, { ITIMER_VIRTUAL, P, SPACE }, "-RW" },
    { "sendfile", SYS_sendfile, { TO_, FILE_, P, 0 }, "--B" }, { "connect", SYS_connect, { INET_, ADDRESS, 16 }, "-R" },
    { "bind", SYS_bind, { INET_, ADDRESS + 16, 16 }, "-R" }, { "getsockname", SYS_getsockname, { INET_, SPACE, LENGTH }, "-WR" },
    { "getpeername", SYS_getpeername, { PAIR_, SPACE, LENGTH }, "-WR" }, { "sendto", SYS_sendto, { PAIR_, P, 1 }, "-R" },
    { "sendto an address", SYS_sendto, { UDP_, P, 1, 0, ADDRESS, 16 }, "-R--R" }, { "recvfrom", SYS_recvfrom, { OTHER_, SPACE, 9 }, "-W" },
    { "sendmsg", SYS_sendmsg, { PAIR_, MESSAGE }, "-R" }, { "recvmsg", SYS_recvmsg, { OTHER_, MESSAGE }, "-B" },
    { "socketpair", SYS_socketpair, { AF_UNIX, SOCK_STREAM, 0, SPACE }, "---W" },
    { "setsockopt", SYS_setsockopt, { INET_, SOL_SOCKET, SO_KEEPALIVE, P, 4 }, "---R" },
    { "getsockopt", SYS_getsockopt, { INET_, SOL_SOCKET, SO_TYPE, SPACE, LENGTH }, "---WR" },
    { "execve", SYS_execve, { PATH, P, P }, "RRR" }, { "rt_sigpending", SYS_rt_sigpending, { SPACE, 8 }, "W" },
    { "rt_sigtimedwait", SYS_rt_sigtimedwait, { P, 0, P, 8 }, "R-R" },
    { "epoll_wait", SYS_epoll_wait, { EPOLL_, SPACE, 1, 0 }, "-W" },
    { "epoll_pwait", SYS_epoll_pwait, { EPOLL_, SPACE, 1, 0, P, 8 }, "-W--R" },
    { "epoll_ctl", SYS_epoll_ctl, { EPOLL_, EPOLL_CTL_MOD, TO_, P }, "---R" },
    { "timerfd_settime", SYS_timerfd_settime, { TIMER_, 0, P, SPACE }, "--RW" },
    { "timerfd_gettime", SYS_timerfd_gettime, { TIMER_, SPACE }, "-W" },
    { "link", SYS_link, { PATH, PATH }, "RR" }, { "linkat", SYS_linkat, { HERE, PATH, HERE, PATH }, "-R-R" },
    { "symlink", SYS_symlink, { NAME, PATH }, "RR" }, { "symlinkat", SYS_symlinkat, { NAME, HERE, PATH }, "R-R" },
    { "copy_file_range", SYS_copy_file_range, { FILE_, P, FILE_, P + 8, 0 }, "-B-B" },
    { "rt_sigqueueinfo", SYS_rt_sigqueueinfo, { SELF, 0, INFO }, "--R" },
    { "timer_create", SYS_timer_create, { CLOCK_MONOTONIC, EVENT, SPACE }, "-RW" },
    { "timer_settime", SYS_timer_settime, { 0, 0, P, SPACE }, "--RW" }, { "timer_gettime", SYS_timer_gettime, { 0, SPACE }, "-W" },
    { "sched_getparam", SYS_sched_getparam, { 0, SPACE }, "-W" }, { "sched_setparam", SYS_sched_setparam, { 0, P }, "-R" },
    { "sched_setscheduler", SYS_sched_setscheduler, { 0, 0, P }, "--R" },
    { "sched_setaffinity", SYS_sched_setaffinity, { 0, 8, VECTOR + 16 }, "--R" }, { "getcpu", SYS_getcpu, { SPACE, SPACE + 8 }, "WW" },
    { "dom_read", 518, { OWNER, P, SPACE, 16 }, "-RW" }, { "dom_write", 519, { OWNER, SPACE, P, 16 }, "-WR" },
    { "entry_request", 523, { OWNER, PATH }, "-R" }, { "name_publish", 525, { PATH, OWNER, P, 1 }, "R-R" },
    { "name_lookup", 526, { PATH }, "R" }, { "name_withdraw", 527, { PATH }, "R" }, { "entry_open", 531, { OWNER, PATH }, "-R" },
};
#define CASES (sizeof cases / sizeof cases[0])

/* What a hostile domain would pass. A hole in the slot, its first and last bytes, the words around 2^32 and the sign, the host's own
 * addresses. */
static size_t bad_pointers(porin_domain *domain, uint64_t bad[20], char kind)
{
    static char host_object[64];
    size_t count = 0;
    bad[count++] = 8;
    bad[count++] = PORIN_SLOT_EDGE - 1;
    bad[count++] = 0x70000000; /* nothing is mapped there */
    bad[count++] = 0x6ffffffc;
    bad[count++] = 0xfffffff0;
    bad[count++] = 0xffffffff;
    bad[count++] = 1ull << 32;
    bad[count++] = (1ull << 32) + WORLD_BUFFER;
    bad[count++] = (1ull << 63) + WORLD_BUFFER;
    bad[count++] = UINT64_MAX;
    bad[count++] = UINT64_MAX - 4095;
    bad[count++] = domain->base;
    bad[count++] = domain->base + WORLD_BUFFER;
    bad[count++] = (uint64_t)host_object;
    bad[count++] = (uint64_t)&count;
    if (kind != 'R')
        bad[count++] = WORLD_CONSTANTS + 0x1800; /* zeroes, and read-only */
    if (kind == 'W') {
        bad[count++] = WORLD_TEXT + 64;
        bad[count++] = PORIN_GATES_SERVICE + 64;
    }
    return count;
}

static void prepare(porin_domain *domain)
{
    static const char zeroes[0x1000];
    const uint64_t vector[2] = { SPACE, 16 };
    put_bytes(domain, P, zeroes, sizeof zeroes);
    put_bytes(domain, PATH, "/data/file", 11);
    put_bytes(domain, PATH + 16, "/data/link", 11);
    put_bytes(domain, VECTOR, vector, sizeof vector);
    const struct sockaddr_in addresses[2] = { { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) },
                                              { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
    const uint64_t message[7] = { 0, 0, VECTOR, 1 };
    put_bytes(domain, ADDRESS, addresses, sizeof addresses);
    put_bytes(domain, LENGTH, &(int){ 16 }, sizeof(int));
    put_bytes(domain, MESSAGE, message, sizeof message);
    put_bytes(domain, INFO, &(const siginfo_t){ .si_code = SI_QUEUE }, sizeof(siginfo_t));
    put_bytes(domain, EVENT, &(const struct sigevent){ .sigev_notify = SIGEV_NONE }, sizeof(struct sigevent));
    put_bytes(domain, VECTOR + 16, &(const uint64_t){ 1 }, sizeof(uint64_t)); /* processor 0 */
    for (int end = PAIR_; end <= OTHER_; end++)
        while (ask(domain, SYS_recvfrom, word(end), SPACE, 0x4000, MSG_DONTWAIT) > 0)
            ;
    (void)ask(domain, SYS_sendto, OTHER_, P, 100, MSG_DONTWAIT); /* so that there is something to receive */
    (void)ask(domain, SYS_sendto, PAIR_, P, 100, MSG_DONTWAIT);
}

/* Descriptors 1 to 4 as the cases name them. */
static int set_up_with(void **state, uint32_t grants)
{
    host_fresh(root);
    host_file(root, "file", "contents of the file that is long enough to be read in pieces");
    host_link(root, "link", "file");
    porin_domain *domain = world_domain_with(&directory, 1, grants);
    prepare(domain);
    const char *const names[] = { "/data/file", "/data/file", "/data" };
    for (int i = 0; i < 3; i++)
        assert_int_equal(guest_open(domain, names[i], i < 2 ? O_RDWR : O_RDONLY | O_DIRECTORY), i);
    int ends[2];
    assert_int_equal(ask(domain, SYS_pipe2, SPACE, 0), 0);
    get_bytes(domain, ends, SPACE, sizeof ends);
    assert_int_equal(ends[0], FROM_);
    assert_int_equal(ends[1], TO_);
    assert_int_equal(ask(domain, SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, SPACE), 0);
    assert_int_equal(ask(domain, SYS_socket, AF_INET, SOCK_STREAM, 0), INET_);
    assert_int_equal(ask(domain, SYS_socket, AF_INET, SOCK_DGRAM, 0), UDP_);
    assert_int_equal(ask(domain, SYS_epoll_create1, 0), EPOLL_);
    const struct epoll_event ready = { .events = EPOLLOUT };
    put_bytes(domain, P, &ready, sizeof ready);
    assert_int_equal(ask(domain, SYS_epoll_ctl, EPOLL_, EPOLL_CTL_ADD, TO_, P), 0);
    assert_int_equal(ask(domain, SYS_timerfd_create, CLOCK_MONOTONIC, 0), TIMER_);
    assert_int_equal(ask(domain, SYS_inotify_init, 0), NOTICES_);
    if (grants & PORIN_GRANT_PROCESSES)
        assert_int_equal(ask(domain, SYS_timer_create, CLOCK_MONOTONIC, EVENT, SPACE), 0);
    *state = domain;
    return 0;
}

/* The storms have a timer of this process, which must not become the domain's. */
static int set_up(void **state)
{
    return set_up_with(state, WORLD_GRANTS);
}

static int set_up_process(void **state)
{
    return set_up_with(state, WORLD_GRANTS | PORIN_GRANT_PROCESSES | PORIN_GRANT_SIGNALS);
}

static int tear_down(void **state)
{
    porin_domain_destroy(*state);
    host_remove(root);
    return 0;
}

/* The case's request, with argument `which` bad unless it is 6. */
static int64_t ask_case(porin_domain *domain, const struct pointer_case *asked, size_t which, uint64_t bad)
{
    uint64_t arguments[6];
    int64_t owner = ask(domain, 512 /* dom_default */, 0);
    assert_true(owner >= 0);
    for (size_t i = 0; i < 6; i++)
        arguments[i] = i == which ? bad : asked->arguments[i] == OWNER ? word(owner) :
                       asked->arguments[i] == SELF ? word(ask(domain, SYS_getpid, 0)) : asked->arguments[i];
    int64_t result = personality_call(domain, asked->number, arguments);
    assert_int_equal(ask(domain, 514 /* handle_close */, word(owner)), 0);
    return result;
}

/* With all pointers good the case answers something else than -EFAULT, so that the test below means something. */
static void good_pointers_are_accepted(void **state)
{
    porin_domain *domain = *state;
    for (size_t i = 0; i < CASES; i++) {
        prepare(domain);
        host_file(root, "file", "contents of the file that is long enough to be read in pieces");
        int64_t result = ask_case(domain, &cases[i], 6, 0);
        bool wants_another_handle = cases[i].number == 523 || cases[i].number == 525; /* looked at after the pointers */
        if (result == -EFAULT || result == -ENOSYS || (!wants_another_handle && (result == -EPERM || result == -EBADF)))
            fail_msg("%s: %s", cases[i].name, strerror((int)-result));
        if (cases[i].number == SYS_open || cases[i].number == SYS_openat || cases[i].number == SYS_creat)
            ask(domain, SYS_close, word(result));
    }
}

static void bad_pointers_answer_efault(void **state)
{
    porin_domain *domain = *state;
    for (size_t i = 0; i < CASES; i++) {
        for (size_t which = 0; cases[i].kinds[which]; which++) {
            uint64_t bad[20];
            if (cases[i].kinds[which] == '-')
                continue;
            size_t count = bad_pointers(domain, bad, cases[i].kinds[which]);
            for (size_t k = 0; k < count; k++) {
                prepare(domain);
                host_file(root, "file", "contents of the file that is long enough to be read in pieces");
                ask(domain, SYS_lseek, FILE_, 0, SEEK_SET);
                ask(domain, SYS_lseek, LIST_, 0, SEEK_SET);
                int64_t result = ask_case(domain, &cases[i], which, bad[k]);
                bool misaligned = cases[i].number == SYS_futex && bad[k] % 4 && result == -EINVAL;
                if (result != -EFAULT && !misaligned)
                    fail_msg("%s, argument %zu = %#llx: %lld", cases[i].name, which, (unsigned long long)bad[k], (long long)result);
            }
        }
    }
}

/* Every row of the table that takes a pointer has a case. */
static void every_service_has_a_case(void **state)
{
    (void)state;
    static const char *const without[] = { /* no pointer, one that is refused or ignored unseen, or (memory) one that is only a number */
        "close", "close_range", "inotify_init", "inotify_init1", "inotify_rm_watch",
        "lseek", "mmap", "mprotect", "munmap", "brk", "sched_yield", "mremap", "madvise", "dup", "dup2", "getpid", "exit", "kill",
        "flock", "fsync", "fdatasync", "sync_file_range", "ftruncate", "splice", "mknod", "mknodat", "fchmod", "umask", "getuid", "getgid",
        "geteuid", "getegid",
        "getppid", "gettid", "tkill", "set_tid_address", "exit_group", "tgkill", "set_robust_list",
        "fallocate", "dup3", "pause", "alarm", "socket", "shutdown", "listen", "fork", "vfork", "setpgid", "getpgrp", "setsid", "getpgid",
        "getsid", "epoll_create", "epoll_create1", "timerfd_create", "eventfd", "eventfd2", "msync",
        "accept", "accept4", "wait4", "waitid", "rt_sigsuspend" /* wait first */, "thread_create", "exit_unmap",
        "arch_prctl" /* of a running thread only: personality_process_test */, "dom_default", "dom_create", "function_call", "handle_copy",
        "handle_close", "handle_send", "dom_mmap", "dom_remap", "grant_create", "grant_revoke", "entry_register", "entry_withdraw",
        "revoker_create", "revoker_revoke", "capability_keep" /* a number: rights_test */, "capability_take", "capability_close",
        "window_create", "window_map", "window_revoke", "dom_capability",
        "fchdir", "fchown", "setuid", "setgid", "setreuid", "setregid", "setgroups", "setresuid", "setresgid", "setfsuid", "setfsgid",
        "getpriority", "setpriority", "mlock", "munlock", "mlockall", "munlockall",
        "sync", "membarrier", "fadvise64", "mlock2", "syslog", "pivot_root", "adjtimex", "chroot", "settimeofday", "mount", "umount2",
        "reboot", "sethostname", "setdomainname", "clock_settime", "clock_adjtime", "setxattr", "lsetxattr", "fsetxattr",
        "getxattr", "lgetxattr",
        "fgetxattr", "listxattr", "llistxattr", "flistxattr", "removexattr", "lremovexattr", "fremovexattr",
        "sched_getscheduler", "sched_get_priority_max", "sched_get_priority_min", "timer_getoverrun", "timer_delete" };
    static const struct { uint64_t number; const char *name; } rows[] = {
#define SERVICE(number, name, arguments, family, handler, state, note) { number, #name },
#include "services.def"
#undef SERVICE
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool found = false;
        for (size_t k = 0; k < sizeof without / sizeof without[0]; k++)
            found |= strcmp(without[k], rows[i].name) == 0;
        for (size_t k = 0; k < CASES; k++)
            found |= cases[k].number == rows[i].number;
        if (!found)
            fail_msg("%s has no case here", rows[i].name);
    }
}

/* A buffer whose end lies beyond what is mapped: nothing crashes, and what is reported as done was done. */
static void buffers_that_end_in_a_hole(void **state)
{
    porin_domain *domain = *state;
    int64_t start = ask(domain, SYS_mmap, 0, 0x4000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, UINT64_MAX, 0);
    assert_true(start > 0);
    assert_int_equal(ask(domain, SYS_munmap, word(start + 0x2000), 0x2000), 0);
    uint64_t end = (uint64_t)start + 0x2000;
    assert_int_equal(ask(domain, SYS_read, FILE_, end - 4, 100), 4);
    assert_int_equal(ask(domain, SYS_write, FILE_, end - 4, 100), 4);
    assert_int_equal(ask(domain, SYS_uname, end - 100), -EFAULT);
    assert_int_equal(ask(domain, SYS_stat, PATH, end - 8), -EFAULT);
    put_bytes(domain, end - 10, "/data/file", 10); /* no NUL before the hole */
    assert_int_equal(ask(domain, SYS_stat, end - 10, SPACE), -EFAULT);
    put_bytes(domain, end - 11, "/data/file", 11);
    assert_int_equal(ask(domain, SYS_stat, end - 11, SPACE), 0);
    assert_int_equal(ask(domain, SYS_writev, FILE_, end - 16, 2), -EFAULT);
    assert_int_equal(ask(domain, SYS_poll, end - 8, 2, 0), -EFAULT);
    assert_int_equal(ask(domain, SYS_getdents64, LIST_, end - 10, 4096), -EFAULT);
}

/* Memory of another domain: with a size of its own, and with one that makes a slot's together with the address, modulo 2^64 (the kernel
 * cuts such sizes to what it likes). */
static void sizes_do_not_wrap(void **state)
{
    static const struct { const char *name; uint64_t number, arguments[4]; } asked[] = { /* SPACE: the address; LENGTH: the size */
        { "read", SYS_read, { FILE_, SPACE, LENGTH } }, { "write", SYS_write, { TO_, SPACE, LENGTH } },
        { "pread64", SYS_pread64, { FILE_, SPACE, LENGTH, 0 } }, { "pwrite64", SYS_pwrite64, { FILE_, SPACE, LENGTH, 0 } },
        { "sendto", SYS_sendto, { PAIR_, SPACE, LENGTH, MSG_DONTWAIT } },
        { "recvfrom", SYS_recvfrom, { PAIR_, SPACE, LENGTH, MSG_DONTWAIT } },
        { "readv", SYS_readv, { FILE_, VECTOR, 1 } }, { "writev", SYS_writev, { TO_, VECTOR, 1 } },
        { "sendmsg", SYS_sendmsg, { PAIR_, MESSAGE, MSG_DONTWAIT } }, { "recvmsg", SYS_recvmsg, { PAIR_, MESSAGE, MSG_DONTWAIT } },
        { "getrandom", SYS_getrandom, { SPACE, LENGTH } }, { "getdents64", SYS_getdents64, { LIST_, SPACE, LENGTH } },
        { "getcwd", SYS_getcwd, { SPACE, LENGTH } }, { "readlink", SYS_readlink, { PATH + 16, SPACE, LENGTH } },
    };
    porin_domain *domain = *state, *other = world_domain_with(&directory, 1, WORLD_GRANTS);
    const uint64_t at = other->base - domain->base + SPACE;
    char secret[64], seen[64], sent[64];
    memset(secret, 's', sizeof secret);
    for (size_t i = 0; i < 2 * sizeof asked / sizeof asked[0]; i++) {
        uint64_t arguments[6] = { 0 }, size = i % 2 ? sizeof secret : SLOT_BYTES - at;
        const uint64_t vector[2] = { at, size };
        prepare(domain);
        put_bytes(domain, VECTOR, vector, sizeof vector);
        put_bytes(other, SPACE, secret, sizeof secret);
        while (ask(domain, SYS_recvfrom, OTHER_, P, sizeof sent, MSG_DONTWAIT) > 0)
            ;
        for (int k = 0; k < 4; k++)
            arguments[k] = asked[i / 2].arguments[k] == SPACE ? at : asked[i / 2].arguments[k] == LENGTH ? size : asked[i / 2].arguments[k];
        int64_t result = personality_call(domain, asked[i / 2].number, arguments);
        get_bytes(other, seen, SPACE, sizeof seen);
        if (result >= 0 || memcmp(seen, secret, sizeof seen) != 0 ||
            ask(domain, SYS_recvfrom, OTHER_, P, sizeof sent, MSG_DONTWAIT) != -EAGAIN)
            fail_msg("%s: %lld", asked[i / 2].name, (long long)result);
    }
    porin_domain_destroy(other);
}

static __thread uint64_t random_state = 0x9e3779b97f4a7c15;

static uint64_t random_word(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static porin_domain *stormy;

/* What a kill does while the domain waits in a service. */
static void end_waiting(int signal)
{
    (void)signal;
    stormy->state = DOMAIN_DEAD;
}

static uint64_t random_argument(porin_domain *domain)
{
    static const uint64_t pool[] = {
        0, 1, 2, 3, 4, 5, 8, 16, 255, 256, 4096, 0x10000, 0x100000, INT32_MAX, 0x80000000, UINT32_MAX, 1ull << 32, INT64_MAX, 1ull << 63,
        UINT64_MAX, UINT64_MAX - 1, UINT64_MAX - 4095, HERE, P, PATH, PATH + 16, SPACE, VECTOR, WORLD_DATA + WORLD_DATA_SIZE - 8,
        WORLD_TEXT, WORLD_CONSTANTS, PORIN_GATES_SERVICE, 0xffff0000, 0xfffff000,
    };
    uint64_t choice = random_word() % (sizeof pool / sizeof pool[0] + 3);
    switch (choice) {
    case 0: return random_word();
    case 1: return random_word() & 0xffff;
    case 2: return domain->base + (random_word() & UINT32_MAX);
    default: return pool[choice - 3];
    }
}

/* Only code of a domain can end it or have a thread pointer: such requests, and letting a closed pipe end it, are not made from here. */
static bool ends_the_domain(const char *name)
{
    return strstr(name, "exit") == name || strstr(name, "kill") || strcmp(name, "rt_sigaction") == 0 || strcmp(name, "arch_prctl") == 0 ||
           strcmp(name, "alarm") == 0 || strcmp(name, "setitimer") == 0;
}

static void ignore_closed_pipes(porin_domain *domain)
{
    const uint64_t ignore[4] = { 1 };
    put_bytes(domain, SPACE, ignore, sizeof ignore);
    assert_int_equal(ask(domain, SYS_rt_sigaction, SIGPIPE, SPACE, 0, 8), 0);
}

/* Random requests. Those that would wait are ended by a timer. */
static void storm(porin_domain *domain, unsigned requests)
{
    static const struct { uint64_t number; const char *name; } rows[] = {
#define SERVICE(number, name, arguments, family, handler, state, note) { number, #name },
#include "services.def"
#undef SERVICE
    };
    for (unsigned i = 0; i < requests; i++) {
        size_t row = random_word() % (sizeof rows / sizeof rows[0]);
        if (ends_the_domain(rows[row].name))
            continue;
        uint64_t arguments[6];
        for (int k = 0; k < 6; k++)
            arguments[k] = random_argument(domain);
        int state = domain->state;
        personality_call(domain, rows[row].number, arguments);
        domain->state = state;
        if (i % 256 == 0 && copy_out(domain, (porin_addr){ PATH }, "/data/file", 11) == PORIN_OK)
            prepare(domain);
    }
}

/* Host memory next to the personality's stays as it was, the host's files outside the grant too, and the domain still works afterwards. */
static void a_storm_of_requests_does_no_harm(void **state)
{
    porin_domain *domain = *state;
    char outside[4096], text[8] = { 0 };
    host_fresh(outside);
    host_file(outside, "witness", "as was");
    struct sigaction action = { .sa_handler = end_waiting }, before;
    stormy = domain;
    const char *longer = getenv("PORIN_STORM");
    sigaction(SIGALRM, &action, &before);
    const struct itimerval often = { { 0, 500 }, { 0, 500 } }, never = { { 0, 0 }, { 0, 0 } };
    setitimer(ITIMER_REAL, &often, NULL);
    for (int round = 0; round < (longer ? atoi(longer) : 10); round++) {
        ignore_closed_pipes(domain);
        storm(domain, 20000);
        porin_domain_reset(domain, NULL);
        prepare(domain);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
    char path[4096];
    host_path(path, outside, "witness");
    FILE *file = fopen(path, "r");
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_string_equal(text, "as was");
    assert_int_equal(ask(domain, SYS_mkdir, put(domain, "/data/afterwards"), 0755), 0);
    host_remove(outside);
}

#define STORM_THREADS 3
struct storming { porin_domain *domain; uint64_t seed; unsigned requests; _Atomic bool done; };

static void *storm_on_thread(void *argument)
{
    struct storming *storming = argument;
    random_state = storming->seed;
    storm(storming->domain, storming->requests);
    storming->done = true;
    return NULL;
}

/* Several threads of a domain at once: descriptors are closed, replaced and used by all of them. */
static void a_storm_of_threads_does_no_harm(void **state)
{
    porin_domain *domain = *state;
    struct sigaction action = { .sa_handler = end_waiting }, before;
    pthread_t threads[STORM_THREADS];
    struct storming storming[STORM_THREADS];
    const char *longer = getenv("PORIN_STORM");
    stormy = domain;
    ignore_closed_pipes(domain);
    sigaction(SIGALRM, &action, &before);
    for (int i = 0; i < STORM_THREADS; i++) {
        storming[i] = (struct storming){ domain, 0x1234567 + (uint64_t)i * 977, 10000u * (longer ? (unsigned)atoi(longer) : 5), false };
        assert_int_equal(pthread_create(&threads[i], NULL, storm_on_thread, &storming[i]), 0);
    }
    for (bool done = false; !done; usleep(500)) {
        done = true;
        for (int i = 0; i < STORM_THREADS; i++) {
            done &= storming[i].done;
            pthread_kill(threads[i], SIGALRM);
        }
    }
    for (int i = 0; i < STORM_THREADS; i++)
        pthread_join(threads[i], NULL);
    sigaction(SIGALRM, &before, NULL);
    domain->state = DOMAIN_FRESH;
    assert_int_equal(porin_domain_reset(domain, NULL), PORIN_OK);
    assert_int_equal(ask(domain, SYS_mkdir, put(domain, "/data/afterwards"), 0755), 0);
}

struct rewriter { porin_domain *domain; _Atomic bool stop; };

/* A second thread of the domain rewrites vectors and paths while they are used. */
static void *rewrite(void *argument)
{
    struct rewriter *rewriter = argument;
    const uint64_t vectors[2][2] = { { SPACE, 16 }, { UINT64_MAX, UINT64_MAX } };
    const char *const paths[2] = { "/data/file", "/../../etc" };
    for (unsigned i = 0; !rewriter->stop; i++) {
        copy_out(rewriter->domain, (porin_addr){ VECTOR }, vectors[i % 2], 16);
        copy_out(rewriter->domain, (porin_addr){ PATH }, paths[i % 2], 11);
        copy_out(rewriter->domain, (porin_addr){ ADDRESS }, &(const uint32_t){ htonl(INADDR_LOOPBACK + i % 2) }, 4);
    }
    return NULL;
}

/* A socket is bound to an address that was granted, or not at all. What is rewritten is all but its family and port. */
static bool bound_as_granted(porin_domain *domain)
{
    struct sockaddr_in address;
    int64_t number = ask(domain, SYS_socket, AF_INET, SOCK_DGRAM, 0), error = ask(domain, SYS_bind, word(number), ADDRESS - 4, 16);
    assert_true(number > 0 && (error == 0 || error == -EACCES));
    if (error == 0) {
        assert_int_equal(ask(domain, SYS_getsockname, word(number), SPACE, LENGTH), 0);
        get_bytes(domain, &address, SPACE, sizeof address);
        assert_int_equal(ntohl(address.sin_addr.s_addr), INADDR_LOOPBACK);
    }
    assert_int_equal(ask(domain, SYS_close, word(number)), 0);
    return error == 0;
}

static void structures_are_fetched_once(void **state)
{
    porin_domain *domain = *state;
    struct rewriter rewriter = { domain, false };
    pthread_t thread;
    unsigned done = 0, refused = 0, bound = 0;
    put_bytes(domain, ADDRESS - 4, &(const struct sockaddr_in){ .sin_family = AF_INET }, sizeof(struct sockaddr_in));
    assert_int_equal(pthread_create(&thread, NULL, rewrite, &rewriter), 0);
    for (int i = 0; i < 200000; i++) {
        int64_t written = ask(domain, SYS_pwritev, FILE_, VECTOR, 1, 0);
        assert_true(written == 16 || written == -EFAULT);
        int64_t opened = ask(domain, SYS_access, PATH, 0);
        assert_true(opened == 0 || opened == -ENOENT);
        done += written == 16;
        refused += written == -EFAULT;
        bound += i % 20 == 0 && bound_as_granted(domain);
    }
    assert_in_range(bound, 1, 9999);
    rewriter.stop = true;
    pthread_join(thread, NULL);
    assert_true(done && refused);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_pointers_are_accepted, set_up_process, tear_down),
        cmocka_unit_test_setup_teardown(bad_pointers_answer_efault, set_up_process, tear_down), cmocka_unit_test(every_service_has_a_case),
        TEST(buffers_that_end_in_a_hole), TEST(sizes_do_not_wrap),
        TEST(a_storm_of_requests_does_no_harm), TEST(a_storm_of_threads_does_no_harm),
        TEST(structures_are_fetched_once),
    };
    /* The storm syncs and fills files: in memory, and not too much of it. */
    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 0);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 16 << 20, 16 << 20 });
    return cmocka_run_group_tests(tests, NULL, NULL);
}

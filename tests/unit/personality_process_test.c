/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, clocks, synthetic answers, and futexes between threads. */
#define _GNU_SOURCE
#include "personality_world.h"
#include "personality/personality.h"
#include "personality/process.h"
#include "runtime/must.h"
#include "personality/signals.h"
#include "personality/timers.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)

static char root[4096];

static int set_up(void **state)
{
    static const struct porin_directory directory = { root, "/data", false };
    host_fresh(root);
    *state = world_domain(&directory, 1);
    return 0;
}

static int tear_down(void **state)
{
    porin_domain_destroy(*state);
    host_remove(root);
    return 0;
}

static void memory_comes_and_goes(void **state)
{
    porin_domain *domain = *state;
    int64_t start = ask(domain, SYS_mmap, 0, 0x10000, RW, ANONYMOUS, UINT64_MAX, 0);
    assert_true(start > WORLD_DATA);
    put_bytes(domain, (uint64_t)start + 0xfff0, "sixteen bytes  ", 16);
    assert_int_equal(ask(domain, SYS_mprotect, word(start), 0x1000, PROT_READ), 0);
    assert_int_equal(ask(domain, SYS_uname, word(start)), -EFAULT);
    assert_int_equal(ask(domain, SYS_mprotect, word(start), 0x1000, RW), 0);
    assert_int_equal(ask(domain, SYS_uname, word(start)), 0);
    assert_int_equal(ask(domain, SYS_madvise, word(start), 0x10000, MADV_DONTNEED), 0);
    char byte = 1;
    get_bytes(domain, &byte, (uint64_t)start, 1);
    assert_int_equal(byte, 0);
    int64_t moved = ask(domain, SYS_mremap, word(start), 0x10000, 0x20000, MREMAP_MAYMOVE);
    assert_true(moved > 0);
    put_bytes(domain, (uint64_t)moved + 0x1fff0, "sixteen bytes  ", 16);
    assert_int_equal(ask(domain, SYS_munmap, word(moved), 0x20000), 0);
    assert_int_equal(ask(domain, SYS_uname, word(moved)), -EFAULT);
    int64_t top = ask(domain, SYS_brk, 0);
    assert_int_equal(ask(domain, SYS_brk, word(top + 0x5000)), top + 0x5000);
    put_bytes(domain, (uint64_t)top + 0x4ff0, "sixteen bytes  ", 16);
    assert_int_equal(ask(domain, SYS_brk, UINT64_MAX), top + 0x5000);
    assert_int_equal(ask(domain, SYS_brk, word(top)), top);
}

/* Attack 4 of the rules: no request of the memory services may change text, gates, constants, the guards, or make anything executable. */
static void memory_services_leave_code_alone(void **state)
{
    porin_domain *domain = *state;
    const uint64_t targets[] = { WORLD_TEXT, WORLD_CONSTANTS, PORIN_GATES_SERVICE, PORIN_GATES_IMPORT, 0, PORIN_SLOT_EDGE, 0xffff0000,
                                 0xfffff000, PORIN_STACK_END - 0x1000 };
    uint8_t before[3][0x1000], after[0x1000];
    for (int i = 0; i < 3; i++)
        get_bytes(domain, before[i], targets[i], sizeof before[i]);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        uint64_t at = targets[i];
        assert_true(ask(domain, SYS_munmap, at, 0x1000) < 0);
        assert_true(ask(domain, SYS_mprotect, at, 0x1000, RW) < 0);
        assert_true(ask(domain, SYS_mprotect, at, 0x1000, 0) < 0);
        assert_true(ask(domain, SYS_madvise, at, 0x1000, MADV_DONTNEED) < 0);
        assert_true(ask(domain, SYS_madvise, at, 0x1000, 9 /* MADV_REMOVE */) < 0);
        assert_true(ask(domain, SYS_mmap, at, 0x1000, RW, ANONYMOUS | MAP_FIXED, UINT64_MAX, 0) < 0);
        assert_true(ask(domain, SYS_mmap, at - 0x1000, 0x2000, RW, ANONYMOUS | MAP_FIXED, UINT64_MAX, 0) < 0);
        assert_true(ask(domain, SYS_mremap, at, 0x1000, 0x2000, MREMAP_MAYMOVE) < 0);
        assert_true(ask(domain, SYS_mremap, at, 0x1000, 0x1000, 0) < 0 || at == 0);
    }
    for (int i = 0; i < 3; i++) {
        get_bytes(domain, after, targets[i], sizeof after);
        assert_memory_equal(before[i], after, sizeof after);
    }
    int64_t start = ask(domain, SYS_mmap, 0, 0x1000, RW, ANONYMOUS, UINT64_MAX, 0);
    assert_int_equal(ask(domain, SYS_mprotect, word(start), 0x1000, RW | PROT_EXEC), -EACCES);
    assert_int_equal(ask(domain, SYS_mprotect, word(start), 0x1000, PROT_EXEC), -EACCES);
    assert_int_equal(ask(domain, SYS_mmap, 0, 0x1000, PROT_READ | PROT_EXEC, ANONYMOUS, UINT64_MAX, 0), -EACCES);
    assert_int_equal(ask(domain, SYS_mmap, 0, 0x1000, RW | 0x80, ANONYMOUS, UINT64_MAX, 0), -EINVAL);
    assert_int_equal(ask(domain, SYS_mmap, 0, 0x1000, RW, ANONYMOUS | MAP_HUGETLB, UINT64_MAX, 0), -EINVAL);
    assert_int_equal(ask(domain, SYS_mremap, word(start), 0x1000, 0x1000, MREMAP_MAYMOVE | MREMAP_FIXED, WORLD_TEXT), -EINVAL);
    assert_int_equal(ask(domain, SYS_mremap, word(start), 0x1000, 0x1000, MREMAP_MAYMOVE | MREMAP_DONTUNMAP), -EINVAL);
}

static void hostile_sizes_do_not_wrap(void **state)
{
    porin_domain *domain = *state;
    const uint64_t sizes[] = {
        0, 1ull << 32, (1ull << 32) + 1, 1ull << 40, 1ull << 63, UINT64_MAX, UINT64_MAX - 4094, UINT64_MAX - 0xffff,
    };
    int64_t start = ask(domain, SYS_mmap, 0, 0x1000, RW, ANONYMOUS, UINT64_MAX, 0);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_true(ask(domain, SYS_mmap, 0, sizes[i], RW, ANONYMOUS, UINT64_MAX, 0) < 0);
        assert_true(ask(domain, SYS_mmap, word(start), sizes[i], RW, ANONYMOUS | MAP_FIXED, UINT64_MAX, 0) < 0);
        assert_true(ask(domain, SYS_munmap, word(start), sizes[i]) < 0);
        assert_true(ask(domain, SYS_mprotect, word(start), sizes[i], 0) < 0 || sizes[i] == 0);
        assert_true(ask(domain, SYS_mremap, word(start), 0x1000, sizes[i], MREMAP_MAYMOVE) < 0);
        assert_true(ask(domain, SYS_mremap, word(start), sizes[i], 0x1000, MREMAP_MAYMOVE) < 0);
        assert_true(ask(domain, SYS_madvise, word(start), sizes[i], MADV_DONTNEED) < 0 || sizes[i] == 0);
    }
    assert_true(ask(domain, SYS_munmap, (1ull << 32) + (uint64_t)start, 0x1000) < 0);
    assert_true(ask(domain, SYS_munmap, domain->base + (uint64_t)start, 0x1000) < 0);
    assert_true(ask(domain, SYS_munmap, (uint64_t)start + 1, 0x1000) < 0);
    put_bytes(domain, (uint64_t)start, "still there", 12);
}

static void files_are_mapped_as_copies(void **state)
{
    porin_domain *domain = *state;
    char text[16];
    host_file(root, "file", "mapped contents");
    int64_t file = guest_open(domain, "/data/file", O_RDWR);
    int64_t start = ask(domain, SYS_mmap, 0, 0x2000, PROT_READ, MAP_PRIVATE, word(file), 0);
    assert_true(start > 0);
    get_bytes(domain, text, (uint64_t)start, sizeof text);
    assert_string_equal(text, "mapped contents");
    assert_int_equal(ask(domain, SYS_uname, word(start)), -EFAULT); /* read-only as asked */
    assert_int_equal(ask(domain, SYS_mmap, 0, 0x1000, RW, MAP_PRIVATE, word(file), 100), -EINVAL);
    assert_int_equal(ask(domain, SYS_mmap, 0, 0x1000, RW, MAP_PRIVATE, word(file), word(-4096)), -EINVAL);
    assert_int_equal(ask(domain, SYS_mmap, 0, 0x1000, RW, MAP_PRIVATE, 99, 0), -EBADF);
    int64_t taken = ask(domain, SYS_mmap, word(start), 0x1000, RW, ANONYMOUS | MAP_FIXED_NOREPLACE, UINT64_MAX, 0);
    assert_int_equal(taken, -EEXIST);
    assert_int_equal(ask(domain, SYS_ftruncate, word(file), 0), 0);
    get_bytes(domain, text, (uint64_t)start, sizeof text); /* no SIGBUS for anybody */
    assert_string_equal(text, "mapped contents");
}

/* What would make the kernel end the whole process first is for one that the domain has to itself. */
static void others_bear_no_score(void **state)
{
    porin_domain *domain = *state;
    struct personality *own = domain->personality;
    int32_t number = own->process;
    const char *path = "/proc/self/oom_score_adj";
    assert_true(guest_open(domain, path, O_RDONLY) >= 0);
    assert_int_equal(guest_open(domain, path, O_WRONLY), -EACCES);
    assert_int_equal(guest_open(domain, path, O_RDONLY | O_TRUNC), -EACCES);
    put_bytes(domain, WORLD_BUFFER, "1000", 4);
    own->process = getpid();
    int64_t file = guest_open(domain, path, O_WRONLY);
    own->process = number;
    assert_true(file >= 0);
    assert_int_equal(ask(domain, SYS_write, word(file), WORLD_BUFFER, 4), -EACCES);
}

/* A domain may handle or ignore SIGABRT of others; that a security check has failed ends the process all the same. */
static void a_failed_check_ends_the_process(void **state)
{
    (void)state;
    const uint64_t handlers[] = { WORLD_TEXT, 1 /* SIG_IGN */ };
    for (int i = 0; i < 2; i++) {
        pid_t child = fork();
        if (child == 0) {
            porin_domain *domain = world_domain_with(NULL, 0, WORLD_GRANTS | PORIN_GRANT_PROCESSES | PORIN_GRANT_SIGNALS);
            const uint64_t action[4] = { handlers[i] };
            put_bytes(domain, WORLD_BUFFER, action, sizeof action);
            close(2);
            if (ask(domain, SYS_rt_sigaction, SIGABRT, WORLD_BUFFER, 0, 8) == 0)
                must_fail("no reason", __FILE__, __LINE__);
            _exit(1);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

static void clocks_tell_the_time(void **state)
{
    porin_domain *domain = *state;
    struct timespec now, host, pause = { 0, 2000000 };
    assert_int_equal(ask(domain, SYS_clock_gettime, CLOCK_REALTIME, WORLD_BUFFER), 0);
    get_bytes(domain, &now, WORLD_BUFFER, sizeof now);
    clock_gettime(CLOCK_REALTIME, &host);
    assert_true(host.tv_sec - now.tv_sec < 2);
    assert_int_equal(ask(domain, SYS_clock_gettime, 99, WORLD_BUFFER), -EINVAL);
    assert_int_equal(ask(domain, SYS_clock_gettime, CLOCK_REALTIME_ALARM, WORLD_BUFFER), -EINVAL);
    assert_int_equal(ask(domain, SYS_clock_gettime, word(-6), WORLD_BUFFER), -EINVAL); /* another process's clock */
    put_bytes(domain, WORLD_BUFFER, &pause, sizeof pause);
    clock_gettime(CLOCK_MONOTONIC, &now);
    assert_int_equal(ask(domain, SYS_nanosleep, WORLD_BUFFER, 0), 0);
    clock_gettime(CLOCK_MONOTONIC, &host);
    assert_true((host.tv_sec - now.tv_sec) * 1000000000 + host.tv_nsec - now.tv_nsec >= 2000000);
    pause.tv_nsec = 1000000000;
    put_bytes(domain, WORLD_BUFFER, &pause, sizeof pause);
    assert_int_equal(ask(domain, SYS_nanosleep, WORLD_BUFFER, 0), -EINVAL);
    assert_true(ask(domain, SYS_time, 0) >= time(NULL) - 2);
}

static void answers_are_synthetic(void **state)
{
    porin_domain *domain = *state, *other = world_domain(NULL, 0);
    struct utsname name, real;
    struct rlimit limit;
    struct sysinfo facts;
    uint64_t processors = 0;
    assert_int_equal(ask(domain, SYS_uname, WORLD_BUFFER), 0);
    get_bytes(domain, &name, WORLD_BUFFER, sizeof name);
    uname(&real);
    assert_string_equal(name.nodename, "porin");
    assert_string_not_equal(name.release, real.release);
    assert_int_equal(ask(domain, SYS_getuid), 1000);
    assert_int_equal(ask(domain, SYS_getegid), 1000);
    assert_int_not_equal(ask(domain, SYS_getpid), getpid());
    assert_int_not_equal(ask(domain, SYS_getpid), ask(other, SYS_getpid));
    assert_int_equal(ask(domain, SYS_gettid), 0); /* no thread of the domain asks */
    assert_int_equal(ask(domain, SYS_kill, word(getppid()), 0), -ESRCH);
    assert_int_equal(ask(domain, SYS_kill, word(-1), SIGKILL), -ESRCH);
    assert_int_equal(ask(domain, SYS_kill, 0, 0), 0);
    assert_int_equal(ask(domain, SYS_kill, 0, SIGCHLD), 0);
    assert_int_equal(ask(domain, SYS_tgkill, word(getpid()), 1, 0), -ESRCH);
    assert_int_equal(ask(domain, SYS_tkill, word(-1), SIGTERM), -EINVAL);
    assert_int_equal(ask(domain, SYS_getrlimit, RLIMIT_NOFILE, WORLD_BUFFER), 0);
    get_bytes(domain, &limit, WORLD_BUFFER, sizeof limit);
    assert_int_equal(limit.rlim_cur, 4096);
    assert_int_equal(ask(domain, SYS_prlimit64, word(getppid()), RLIMIT_NOFILE, 0, WORLD_BUFFER), -ESRCH);
    limit.rlim_cur = limit.rlim_max = 5000;
    put_bytes(domain, WORLD_BUFFER, &limit, sizeof limit);
    assert_int_equal(ask(domain, SYS_prlimit64, 0, RLIMIT_NOFILE, WORLD_BUFFER, 0), -EPERM);
    limit.rlim_cur = 1;
    limit.rlim_max = 100;
    put_bytes(domain, WORLD_BUFFER, &limit, sizeof limit);
    assert_int_equal(ask(domain, SYS_setrlimit, RLIMIT_NOFILE, WORLD_BUFFER), 0);
    assert_int_equal(ask(domain, SYS_eventfd, 0), 0);
    assert_int_equal(ask(domain, SYS_eventfd, 0), -EMFILE);
    assert_int_equal(ask(domain, SYS_setrlimit, RLIMIT_FSIZE, WORLD_BUFFER), -EPERM);
    assert_int_equal(ask(domain, SYS_getrlimit, RLIMIT_AS, WORLD_BUFFER), 0);
    get_bytes(domain, &limit, WORLD_BUFFER, sizeof limit);
    const struct rlimit steps[] = { { 1 << 20, limit.rlim_max }, { 8 << 20, 8 << 20 }, { 1 << 20, 9 << 20 }, { 0, 8 << 20 } };
    for (size_t i = 0; i < 4; i++) {
        put_bytes(domain, WORLD_BUFFER, &steps[i], sizeof steps[i]);
        assert_int_equal(ask(domain, SYS_setrlimit, RLIMIT_AS, WORLD_BUFFER), i == 2 ? -EPERM : 0); /* never above what it was */
        int64_t got = ask(domain, SYS_mmap, 0, 4 << 20, RW, ANONYMOUS, UINT64_MAX, 0);
        assert_int_equal(got > 0, i == 1 || i == 2);
        if (got > 0)
            assert_int_equal(ask(domain, SYS_munmap, word(got), 4 << 20), 0);
    }
    assert_int_equal(porin_domain_reset(domain, NULL), PORIN_OK); /* which it cannot keep from happening */
    assert_true(ask(domain, SYS_mmap, 0, 4 << 20, RW, ANONYMOUS, UINT64_MAX, 0) > 0);
    assert_int_equal(ask(domain, SYS_sysinfo, WORLD_BUFFER), 0);
    get_bytes(domain, &facts, WORLD_BUFFER, sizeof facts);
    assert_true(facts.totalram <= SLOT_BYTES && facts.freeram <= facts.totalram);
    assert_int_equal(ask(domain, SYS_sched_getaffinity, 0, 8, WORLD_BUFFER), 8);
    get_bytes(domain, &processors, WORLD_BUFFER, sizeof processors);
    assert_int_equal(processors, 1);
    assert_int_equal(ask(domain, SYS_prctl, 15 /* PR_SET_NAME */, 0), 0);
    assert_int_equal(ask(domain, SYS_prctl, 22 /* PR_SET_SECCOMP */, 1), -EINVAL);
    assert_int_equal(ask(domain, SYS_getrandom, WORLD_BUFFER, 16, 0), 16);
    assert_int_equal(ask(domain, SYS_getrandom, WORLD_BUFFER, 16, 0x100), -EINVAL);
    porin_domain_destroy(other);
}

static void signal_actions_are_remembered(void **state)
{
    porin_domain *domain = *state;
    const uint64_t action[4] = { 0x130000, 0x4000000, 0x130010, 5 };
    uint64_t before[4] = { 1, 1, 1, 1 }, mask = 0xff00;
    put_bytes(domain, WORLD_BUFFER, action, sizeof action);
    assert_int_equal(ask(domain, SYS_rt_sigaction, SIGINT, WORLD_BUFFER, WORLD_BUFFER + 100, 8), 0);
    get_bytes(domain, before, WORLD_BUFFER + 100, sizeof before);
    assert_int_equal(before[0], 0);
    assert_int_equal(ask(domain, SYS_rt_sigaction, SIGINT, 0, WORLD_BUFFER + 100, 8), 0);
    get_bytes(domain, before, WORLD_BUFFER + 100, sizeof before);
    assert_memory_equal(before, action, sizeof action);
    assert_int_equal(ask(domain, SYS_kill, 0, SIGINT), 0); /* pending: nobody is there to run the handler */
    assert_int_equal(ask(domain, SYS_rt_sigpending, WORLD_BUFFER + 200, 8), 0);
    assert_int_equal(ask(domain, SYS_rt_sigaction, SIGKILL, WORLD_BUFFER, 0, 8), -EINVAL);
    assert_int_equal(ask(domain, SYS_rt_sigaction, 65, WORLD_BUFFER, 0, 8), -EINVAL);
    assert_int_equal(ask(domain, SYS_rt_sigaction, 0, WORLD_BUFFER, 0, 8), -EINVAL);
    assert_int_equal(ask(domain, SYS_rt_sigaction, word(-1), WORLD_BUFFER, 0, 8), -EINVAL);
    put_bytes(domain, WORLD_BUFFER, &mask, sizeof mask);
    assert_int_equal(ask(domain, SYS_rt_sigprocmask, SIG_BLOCK, WORLD_BUFFER, 0, 8), 0);
    assert_int_equal(ask(domain, SYS_rt_sigprocmask, SIG_BLOCK, 0, WORLD_BUFFER + 8, 8), 0);
    get_bytes(domain, &mask, WORLD_BUFFER + 8, sizeof mask);
    assert_int_equal(mask, 0xff00 & ~(1u << (SIGKILL - 1))); /* cannot be blocked */
    /* the host's own mask and handlers are not touched */
    sigset_t host;
    pthread_sigmask(SIG_SETMASK, NULL, &host);
    assert_false(sigismember(&host, 9 + 1));
    struct sigaction real;
    sigaction(SIGINT, NULL, &real);
    assert_ptr_equal(real.sa_handler, SIG_DFL);
}

/* A request by code of the domain, through the service gate: PORIN_OK or how the domain ended. */
static porin_status request(porin_domain *domain, int64_t *result, uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
    porin_entry entry;
    assert_int_equal(porin_entry_find(domain, "service", &entry, NULL), PORIN_OK);
    return porin_call6(entry, (uint64_t *)result, number, a, b, c, 0, 0);
}

static void thread_pointers_are_slot_offsets(void **state)
{
    porin_domain *domain = *state;
    int64_t result;
    uint64_t pointer = 1;
    assert_int_equal(request(domain, &result, SYS_arch_prctl, 0x1002 /* ARCH_SET_FS */, 0x12345678, 0), PORIN_OK);
    assert_int_equal(result, 0);
    assert_int_equal(request(domain, &result, SYS_arch_prctl, 0x1003 /* ARCH_GET_FS */, WORLD_BUFFER, 0), PORIN_OK);
    get_bytes(domain, &pointer, WORLD_BUFFER, sizeof pointer);
    assert_int_equal(pointer, 0x12345678);
    assert_int_equal(request(domain, &result, SYS_arch_prctl, 0x1003, WORLD_TEXT, 0), PORIN_OK);
    assert_int_equal(result, -EFAULT);
    assert_int_equal(request(domain, &result, SYS_arch_prctl, 0x1002, 1ull << 32, 0), PORIN_OK);
    assert_int_equal(result, -EPERM);
    assert_int_equal(request(domain, &result, SYS_arch_prctl, 0x1001 /* ARCH_SET_GS */, 0, 0), PORIN_OK);
    assert_int_equal(result, -EINVAL);
}

static void expect_end(porin_domain *domain, int exit_code, uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
    int64_t result = 0;
    assert_int_equal(request(domain, &result, number, a, b, c), PORIN_ERR_EXIT);
    assert_int_equal(porin_last_error()->exit_code, exit_code);
    assert_int_equal(porin_domain_reset(domain, NULL), PORIN_OK);
}

/* Exit, abort and a closed pipe end the domain; the host and the next life of the domain go on. */
static void a_domain_ends_itself_only(void **state)
{
    porin_domain *domain = *state;
    int64_t result = 0, self = 0;
    int ends[2];
    expect_end(domain, 7, SYS_exit_group, 7, 0, 0);
    assert_int_equal(request(domain, &self, SYS_gettid, 0, 0, 0), PORIN_OK);
    assert_int_equal(self, ask(domain, SYS_getpid));
    assert_int_equal(request(domain, &result, SYS_set_tid_address, UINT64_MAX, 0, 0), PORIN_OK);
    assert_int_equal(result, self);
    expect_end(domain, 128 + SIGABRT, SYS_tkill, word(self), SIGABRT, 0);
    expect_end(domain, 128 + SIGKILL, SYS_kill, 0, SIGKILL, 0);
    expect_end(domain, 128 + SIGTERM, SYS_tgkill, word(ask(domain, SYS_getpid)), word(self), SIGTERM);
    assert_int_equal(request(domain, &result, SYS_pipe2, WORLD_BUFFER, 0, 0), PORIN_OK);
    get_bytes(domain, ends, WORLD_BUFFER, sizeof ends);
    ask(domain, SYS_close, word(ends[0]));
    expect_end(domain, 128 + SIGPIPE, SYS_write, word(ends[1]), WORLD_BUFFER, 1);
    assert_int_equal(ask(domain, SYS_close, word(ends[1])), -EBADF);
}

/* A thread that belongs to the host is only taken away from the domain: its call ends, its word is cleared, next time it is a new one. */
static void a_thread_of_the_host_cannot_be_ended(void **state)
{
    porin_domain *domain = *state;
    int64_t result = 0, self = 0;
    uint64_t word = 0x1122334455667788;
    put_bytes(domain, WORLD_BUFFER, &word, sizeof word);
    assert_int_equal(request(domain, &self, SYS_set_tid_address, WORLD_BUFFER, 0, 0), PORIN_OK);
    assert_int_equal(request(domain, &result, SYS_exit, 0x123, 0, 0), PORIN_ERR_EXIT);
    assert_int_equal(porin_last_error()->exit_code, 0x23);
    assert_non_null(strstr(porin_last_error()->text, "lives on"));
    get_bytes(domain, &word, WORLD_BUFFER, sizeof word);
    assert_int_equal(word, 0x1122334400000000);
    assert_int_equal(request(domain, &result, SYS_gettid, 0, 0, 0), PORIN_OK);
    assert_int_not_equal(result, self);
    word = 1;
    put_bytes(domain, WORLD_BUFFER, &word, sizeof word);
    int64_t start = ask(domain, SYS_mmap, 0, 0x2000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, UINT64_MAX, 0);
    assert_true(start > 0);
    assert_int_equal(request(domain, &result, 529 /* exit_unmap */, (uint64_t)start, 0x2000, 0), PORIN_ERR_EXIT);
    assert_int_equal(porin_copy_in(&word, domain, (porin_addr){ (uint32_t)start }, 1), PORIN_ERR_RANGE);
    get_bytes(domain, &word, WORLD_BUFFER, sizeof word);
    assert_int_equal(word, 1); /* the new thread has set no word */
}

struct waiter { porin_domain *domain; uint64_t address; int64_t result; };

static void *wait_for_word(void *argument)
{
    struct waiter *waiter = argument;
    waiter->result = ask(waiter->domain, SYS_futex, waiter->address, FUTEX_WAIT_PRIVATE, 7, 0);
    return NULL;
}

#define WAITERS 4

static void set_word(porin_domain *domain, uint64_t address, uint32_t value)
{
    put_bytes(domain, address, &value, sizeof value);
}

/* Waits until so many threads of the domain are woken by requests on that word: they may still be on their way to sleep. */
static void wake_all(porin_domain *domain, uint64_t address, int64_t count)
{
    for (int64_t woken = 0; woken < count; sched_yield())
        woken += ask(domain, SYS_futex, address, FUTEX_WAKE_PRIVATE, word(count - woken));
}

static void futexes_wait_and_wake(void **state)
{
    porin_domain *domain = *state, *other = world_domain(NULL, 0);
    struct timespec brief = { 0, 5000000 };
    pthread_t threads[WAITERS];
    struct waiter waiters[WAITERS];
    uint64_t lock = WORLD_BUFFER, second = WORLD_BUFFER + 64, timeout = WORLD_BUFFER + 128;
    set_word(domain, lock, 7);
    put_bytes(domain, timeout, &brief, sizeof brief);
    assert_int_equal(ask(domain, SYS_futex, lock, FUTEX_WAIT, 8, 0), -EAGAIN);
    assert_int_equal(ask(domain, SYS_futex, lock, FUTEX_WAIT, 7, timeout), -ETIMEDOUT);
    assert_int_equal(ask(domain, SYS_futex, lock + 2, FUTEX_WAIT, 7, timeout), -EINVAL);
    assert_int_equal(ask(domain, SYS_futex, lock, FUTEX_LOCK_PI, 0, 0), -ENOSYS);
    assert_int_equal(ask(domain, SYS_futex, lock, FUTEX_WAIT_BITSET, 7, timeout, 0, 0), -EINVAL);
    for (int i = 0; i < WAITERS; i++) {
        waiters[i] = (struct waiter){ domain, lock, -1 };
        assert_int_equal(pthread_create(&threads[i], NULL, wait_for_word, &waiters[i]), 0);
    }
    /* Another domain's request on the same offset wakes nobody. */
    usleep(20000);
    assert_int_equal(ask(other, SYS_futex, lock, FUTEX_WAKE, 100), 0);
    assert_int_equal(ask(domain, SYS_futex, lock, FUTEX_CMP_REQUEUE, 0, 100, second, 8), -EAGAIN);
    for (int64_t moved = 0; moved < WAITERS; sched_yield())
        moved += ask(domain, SYS_futex, lock, FUTEX_CMP_REQUEUE, 0, 100, second, 7);
    assert_int_equal(ask(domain, SYS_futex, lock, FUTEX_WAKE, 100), 0);
    wake_all(domain, second, WAITERS);
    for (int i = 0; i < WAITERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(waiters[i].result, 0);
    }
    assert_int_equal(ask(domain, SYS_futex, second, FUTEX_WAKE, 100), 0);
    porin_domain_destroy(other);
}

/* What a child has, seen from inside of it: pages of a domain's data. */
static struct { uintptr_t own, other; _Atomic int own_there, other_there; } *looked;

static void look_in_child(void)
{
    unsigned char resident;
    looked->own_there = mincore((void *)looked->own, 4096, &resident) == 0;
    looked->other_there = mincore((void *)looked->other, 4096, &resident) == 0;
}

static void a_child_has_its_domain_only(void **state)
{
    porin_domain *parent = world_domain_with(NULL, 0, WORLD_GRANTS | PORIN_GRANT_PROCESSES | PORIN_GRANT_SIGNALS);
    porin_entry service;
    uint64_t number;
    int status;
    looked = mmap(NULL, 4096, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    looked->own = porin_domain_base(parent) + WORLD_DATA;
    looked->other = porin_domain_base(*state) + WORLD_DATA;
    put_bytes(*state, WORLD_DATA, "secret", 6);
    assert_int_equal(pthread_atfork(NULL, NULL, look_in_child), 0);
    assert_int_equal(porin_entry_find(parent, "service", &service, NULL), PORIN_OK);
    assert_int_equal(porin_call6(service, &number, SYS_fork, 0, 0, 0, 0, 0), PORIN_OK);
    assert_true((int64_t)number > 0);
    assert_true(wait(&status) > 0);
    assert_true(looked->own_there);
    assert_false(looked->other_there);
    char kept[6];
    get_bytes(*state, kept, WORLD_DATA, sizeof kept);
    assert_memory_equal(kept, "secret", sizeof kept);
    pid_t child = fork(); /* the host's own children get all domains, now as before */
    if (child == 0)
        _exit(memcmp((const void *)looked->other, "secret", 6) != 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(porin_call6(service, &number, SYS_fork, 0, 0, 0, 0, 0), PORIN_OK);
    assert_true((int64_t)number > 0 && wait(&status) > 0);
    assert_false(looked->other_there);
    porin_domain_destroy(parent);
}

/* A time that is no time, and would be one when it is multiplied, is no way to faster timers. */
static void intervals_do_not_wrap(void **state)
{
    porin_domain *domain = world_domain_with(NULL, 0, WORLD_GRANTS | PORIN_GRANT_PROCESSES);
    const struct itimerval wraps = { .it_interval.tv_usec = 0x1cac083126e978d5 /* 1000 times that is 8, beside a multiple of 2^64 */ };
    const struct itimerval below = { .it_value.tv_usec = -1 }, above = { .it_value.tv_usec = 1000000 };
    const struct itimerval *wrong[] = { &wraps, &below, &above };
    for (size_t i = 0; i < 3; i++) {
        put_bytes(domain, WORLD_BUFFER, wrong[i], sizeof *wrong[i]);
        assert_int_equal(ask(domain, SYS_setitimer, ITIMER_REAL, WORLD_BUFFER, 0), -EINVAL);
    }
    porin_domain_destroy(domain);
    (void)state;
}

static void *forks(void *service)
{
    uint64_t number;
    porin_status status = porin_call6(*(porin_entry *)service, &number, SYS_fork, 0, 0, 0, 0, 0);
    porin_thread_detach();
    return (void *)(intptr_t)status;
}

static void *kills(void *domain)
{
    porin_domain_kill(domain);
    return NULL;
}

/* Who asks all threads may hold what a fork waits for: they answer all the same. */
static void who_waits_to_fork_answers(void **state)
{
#ifdef __SANITIZE_THREAD__
    skip(); /* that holds signals back from a thread that waits for a lock */
#endif
    porin_domain *parent = world_domain_with(NULL, 0, WORLD_GRANTS | PORIN_GRANT_PROCESSES | PORIN_GRANT_SIGNALS);
    porin_entry service;
    pthread_t forking, killing;
    void *status;
    struct timespec late;
    assert_int_equal(porin_entry_find(parent, "service", &service, NULL), PORIN_OK);
    timers_fork_begin(); /* as another fork would */
    assert_int_equal(pthread_create(&forking, NULL, forks, &service), 0);
    nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
    assert_int_equal(pthread_create(&killing, NULL, kills, parent), 0);
    clock_gettime(CLOCK_REALTIME, &late);
    late.tv_sec += 30;
    int killed = pthread_timedjoin_np(killing, NULL, &late);
    timers_fork_end(false);
    assert_int_equal(killed, 0);
    assert_int_equal(pthread_join(forking, &status), 0);
    assert_int_equal((intptr_t)status, PORIN_ERR_KILLED);
    porin_domain_destroy(parent);
    (void)state;
}

/* The number of a child that has ended is nobody's, or a stranger's. */
static void a_number_that_was_a_childs_is_not(void **state)
{
    porin_domain *parent = world_domain_with(NULL, 0, WORLD_GRANTS | PORIN_GRANT_PROCESSES | PORIN_GRANT_SIGNALS);
    int32_t root = (int32_t)ask(parent, SYS_getpid);
    porin_entry service;
    uint64_t number, waited;
    assert_int_equal(porin_entry_find(parent, "service", &service, NULL), PORIN_OK);
    assert_int_equal(porin_call6(service, &number, SYS_fork, 0, 0, 0, 0, 0), PORIN_OK);
    assert_true(process_is_family((int)number, root));
    assert_int_equal(ask(parent, SYS_kill, number, 0), 0);
    assert_int_equal(porin_call6(service, &waited, SYS_wait4, number, 0, 0, 0, 0), PORIN_OK);
    assert_int_equal(waited, number);
    assert_false(process_is_family((int)number, root));
    pid_t stranger = fork();
    if (stranger == 0) {
        pause();
        _exit(0);
    }
    *process_place(root) = stranger; /* as if one that had it had ended unseen */
    for (int round = 0; round < 2; round++) {
        assert_int_equal(ask(parent, SYS_kill, word(stranger), 0), -ESRCH);
        assert_int_equal(ask(parent, SYS_kill, word(-stranger), 0), -ESRCH);
        assert_int_equal(ask(parent, SYS_getpgid, word(stranger)), -ESRCH);
        assert_int_equal(setpgid(stranger, stranger), 0); /* now the group has that number, too */
    }
    assert_int_equal(kill(stranger, SIGKILL), 0);
    assert_int_equal(waitpid(stranger, NULL, 0), stranger);
    porin_domain_destroy(parent);
    (void)state;
}

/* Signals of the process come on other threads while the domain that they are for ends. */
static _Atomic bool sending;

static void *sends(void *data)
{
    while (sending) {
        raise(SIGURG);
        raise(SIGCHLD);
    }
    return data;
}

static void signals_come_while_their_domain_ends(void **state)
{
    const uint64_t action[4] = { WORLD_TEXT };
    pthread_t threads[2];
    sending = true;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sends, NULL), 0);
    for (int i = 0; i < 100; i++) {
        porin_domain *domain = world_domain_with(NULL, 0, WORLD_GRANTS | PORIN_GRANT_PROCESSES | PORIN_GRANT_SIGNALS);
        put_bytes(domain, WORLD_BUFFER, action, sizeof action);
        assert_int_equal(ask(domain, SYS_rt_sigaction, SIGURG, WORLD_BUFFER, 0, 8), 0);
        assert_int_equal(ask(domain, SYS_rt_sigaction, SIGCHLD, WORLD_BUFFER, 0, 8), 0);
        sched_yield();
        porin_domain_destroy(domain);
    }
    sending = false;
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    (void)state;
}

static bool pending(porin_domain *domain, int number, int milliseconds)
{
    struct personality *own = domain->personality;
    bool found = false;
    for (int i = 0; i <= milliseconds && !found; i++) {
        found = signal_is_pending(own, 0, number);
        if (!found && i < milliseconds)
            usleep(1000);
    }
    own->signals->pending = 0;
    return found;
}

/* SIGIO for a socket comes to the one of several domains that has it, if it has asked and is its owner. */
static void sockets_tell_their_domain(void **state)
{
    porin_domain *domain = world_domain_with(NULL, 0, WORLD_GRANTS | PORIN_GRANT_PROCESSES);
    porin_domain *other = world_domain_with(NULL, 0, WORLD_GRANTS | PORIN_GRANT_PROCESSES);
    uint64_t self = (uint64_t)ask(domain, SYS_getpid);
    int pair[2];
    assert_int_equal(ask(domain, SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, WORLD_BUFFER), 0);
    get_bytes(domain, pair, WORLD_BUFFER, sizeof pair);
    put_bytes(domain, WORLD_BUFFER, &(int){ 1 }, sizeof(int));
    const struct { bool asked, owned; } steps[] = { { true, false }, { true, true }, { false, true }, { true, true }, { true, false } };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        put_bytes(domain, WORLD_BUFFER, &(int){ steps[i].asked }, sizeof(int));
        assert_int_equal(ask(domain, SYS_ioctl, word(pair[0]), FIOASYNC, WORLD_BUFFER), 0);
        assert_int_equal(ask(domain, SYS_fcntl, word(pair[0]), F_SETOWN, steps[i].owned ? self : 0), 0);
        (void)pending(domain, SIGIO, 20); /* of what has been there */
        assert_int_equal(ask(domain, SYS_write, word(pair[1]), WORLD_BUFFER, 1), 1);
        bool expected = steps[i].asked && steps[i].owned;
        assert_int_equal(pending(domain, SIGIO, expected ? 5000 : 50), expected);
        assert_false(pending(other, SIGIO, 0));
    }
    assert_int_equal(ask(domain, SYS_fcntl, word(pair[0]), F_SETOWN, (uint64_t)ask(other, SYS_getpid)), -EPERM);
    assert_int_equal(ask(*state, SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, WORLD_BUFFER), 0); /* that is no process to itself */
    get_bytes(*state, pair, WORLD_BUFFER, sizeof pair);
    assert_int_equal(ask(*state, SYS_ioctl, word(pair[0]), FIOASYNC, WORLD_BUFFER), -EPERM);
    porin_domain_destroy(other);
    porin_domain_destroy(domain);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(memory_comes_and_goes), TEST(memory_services_leave_code_alone), TEST(hostile_sizes_do_not_wrap),
        TEST(files_are_mapped_as_copies), TEST(others_bear_no_score), TEST(a_failed_check_ends_the_process),
        TEST(clocks_tell_the_time), TEST(answers_are_synthetic),
        TEST(signal_actions_are_remembered),
        TEST(thread_pointers_are_slot_offsets), TEST(a_domain_ends_itself_only),
        TEST(a_child_has_its_domain_only), TEST(a_number_that_was_a_childs_is_not),
        TEST(who_waits_to_fork_answers), TEST(intervals_do_not_wrap),
        TEST(signals_come_while_their_domain_ends), TEST(sockets_tell_their_domain),
        TEST(a_thread_of_the_host_cannot_be_ended), TEST(futexes_wait_and_wake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

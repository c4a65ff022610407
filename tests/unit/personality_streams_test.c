/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors, reading and writing, limits, locks, and what must not hurt the host: closed pipes, size limits, reused descriptors. */
#define _GNU_SOURCE
#include "personality/descriptors.h"
#include "personality_world.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

static char root[4096];
static struct porin_directory directory = { root, "/data", false };

static int set_up(void **state)
{
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

static int64_t open_new(porin_domain *domain, const char *name)
{
    int64_t file = guest_open(domain, name, O_RDWR | O_CREAT);
    assert_true(file >= 0);
    return file;
}

static void expect_bytes(porin_domain *domain, uint64_t address, const char *expected)
{
    char text[64] = { 0 };
    get_bytes(domain, text, address, strlen(expected));
    assert_string_equal(text, expected);
}

static void reads_and_writes(void **state)
{
    porin_domain *domain = *state;
    int64_t file = open_new(domain, "/data/file");
    put_bytes(domain, WORLD_BUFFER, "hello world", 11);
    assert_int_equal(ask(domain, SYS_write, word(file), WORLD_BUFFER, 11), 11);
    assert_int_equal(ask(domain, SYS_lseek, word(file), 6, SEEK_SET), 6);
    assert_int_equal(ask(domain, SYS_read, word(file), WORLD_BUFFER + 100, 100), 5);
    expect_bytes(domain, WORLD_BUFFER + 100, "world");
    assert_int_equal(ask(domain, SYS_pread64, word(file), WORLD_BUFFER + 200, 5, 0), 5);
    expect_bytes(domain, WORLD_BUFFER + 200, "hello");
    assert_int_equal(ask(domain, SYS_pwrite64, word(file), WORLD_BUFFER, 5, 6), 5);
    const struct iovec vector[] = { { (void *)(WORLD_BUFFER + 300ul), 3 }, { (void *)~0ul, 0 }, { (void *)(WORLD_BUFFER + 400ul), 90 } };
    put_bytes(domain, WORLD_BUFFER + 500, vector, sizeof vector);
    assert_int_equal(ask(domain, SYS_lseek, word(file), 0, SEEK_SET), 0);
    assert_int_equal(ask(domain, SYS_readv, word(file), WORLD_BUFFER + 500, 3), 11);
    expect_bytes(domain, WORLD_BUFFER + 300, "hel");
    expect_bytes(domain, WORLD_BUFFER + 400, "lo hello");
    assert_int_equal(ask(domain, SYS_pread64, word(file), WORLD_BUFFER, 1, word(-1)), -EINVAL);
    assert_int_equal(ask(domain, SYS_ftruncate, word(file), 3), 0);
    assert_int_equal(ask(domain, SYS_lseek, word(file), 0, SEEK_END), 3);
    assert_int_equal(ask(domain, SYS_fsync, word(file)), 0);
    assert_int_equal(ask(domain, SYS_fdatasync, word(file)), 0);
    assert_int_equal(ask(domain, SYS_sync_file_range, word(file), 0, 3, SYNC_FILE_RANGE_WRITE), 0);
    assert_int_equal(ask(domain, SYS_sync_file_range, word(file), word(-1), 3, SYNC_FILE_RANGE_WRITE), -EINVAL);
    assert_int_equal(ask(domain, SYS_sync_file_range, 99, 0, 3, SYNC_FILE_RANGE_WRITE), -EBADF);
    assert_int_equal(ask(domain, SYS_fallocate, word(file), 0, 0, 100), 0);
    assert_int_equal(ask(domain, SYS_fallocate, word(file), 3, 0, 100), -EOPNOTSUPP);
    assert_int_equal(ask(domain, SYS_lseek, word(file), 0, SEEK_END), 100);
    assert_int_equal(ask(domain, SYS_close, word(file)), 0);
    assert_int_equal(ask(domain, SYS_close, word(file)), -EBADF);
}

static void hostile_vectors_are_refused(void **state)
{
    porin_domain *domain = *state;
    int64_t file = open_new(domain, "/data/file");
    const struct iovec cases[] = {
        { (void *)(1ul << 32), 1 }, { (void *)0xffffffff, 2 }, { (void *)(WORLD_BUFFER + 0ul), ~0ul }, { (void *)~0ul, ~0ul },
        { (void *)(WORLD_BUFFER + 0ul), 1ul << 32 }, { (void *)domain->base, 16 }, { (void *)-4096l, 8192 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put_bytes(domain, WORLD_BUFFER, &cases[i], sizeof cases[i]);
        assert_int_equal(ask(domain, SYS_readv, word(file), WORLD_BUFFER, 1), -EFAULT);
        assert_int_equal(ask(domain, SYS_writev, word(file), WORLD_BUFFER, 1), -EFAULT);
        assert_int_equal(ask(domain, SYS_preadv, word(file), WORLD_BUFFER, 1, 0), -EFAULT);
        assert_int_equal(ask(domain, SYS_pwritev, word(file), WORLD_BUFFER, 1, 0), -EFAULT);
    }
    assert_int_equal(ask(domain, SYS_writev, word(file), WORLD_BUFFER, 1025), -EINVAL);
    assert_int_equal(ask(domain, SYS_writev, word(file), WORLD_BUFFER, UINT64_MAX), -EINVAL);
    assert_int_equal(ask(domain, SYS_writev, word(file), WORLD_BUFFER, 1ull << 60), -EINVAL);
    assert_int_equal(ask(domain, SYS_lseek, word(file), 0, SEEK_END), 0);
}

static void descriptors_have_a_limit(void **state)
{
    porin_domain *domain = *state;
    assert_int_equal(guest_open(domain, "/data/file", O_RDWR | O_CREAT), 0);
    for (int i = 1; i < DESCRIPTORS_MAX; i++)
        assert_int_equal(ask(domain, SYS_dup, 0), i);
    assert_int_equal(guest_open(domain, "/data/file", O_RDWR), -EMFILE);
    assert_int_equal(ask(domain, SYS_dup, 0), -EMFILE);
    assert_int_equal(ask(domain, SYS_pipe2, WORLD_BUFFER, 0), -EMFILE);
    assert_int_equal(ask(domain, SYS_close, 200), 0);
    assert_int_equal(ask(domain, SYS_pipe2, WORLD_BUFFER, 0), -EMFILE);
    assert_int_equal(ask(domain, SYS_dup, 0), 200);
    assert_int_equal(ask(domain, SYS_dup2, 0, DESCRIPTORS_MAX), -EBADF);
    assert_int_equal(ask(domain, SYS_dup2, 0, word(-1)), -EBADF);
    assert_int_equal(ask(domain, SYS_dup2, 0, INT32_MAX), -EBADF);
    assert_int_equal(ask(domain, SYS_fcntl, 0, F_DUPFD, DESCRIPTORS_MAX), -EINVAL);
    assert_int_equal(ask(domain, SYS_fcntl, 0, F_DUPFD, word(-1)), -EINVAL);
}

static unsigned host_descriptors(void)
{
    unsigned count = 0;
    for (int i = 0; i < 1024; i++)
        count += fcntl(i, F_GETFD) >= 0;
    return count;
}

static void reset_and_destruction_close_everything(void **state)
{
    porin_domain *domain = *state;
    unsigned before = host_descriptors();
    for (int i = 0; i < 50; i++)
        guest_open(domain, "/data/file", O_RDWR | O_CREAT);
    assert_int_equal(ask(domain, SYS_pipe2, WORLD_BUFFER, 0), 0);
    assert_int_equal(host_descriptors(), before + 52);
    porin_domain_reset(domain, NULL);
    assert_int_equal(host_descriptors(), before);
    assert_int_equal(ask(domain, SYS_close, 0), -EBADF);
    assert_int_equal(guest_open(domain, "/data/file", O_RDWR), 0);
    porin_domain *other = world_domain(&directory, 1);
    for (int i = 0; i < 20; i++)
        guest_open(other, "/data/file", O_RDWR);
    porin_domain_destroy(other);
    assert_int_equal(host_descriptors(), before + 1);
}

static void duplicates_share_one_file(void **state)
{
    porin_domain *domain = *state;
    int64_t file = open_new(domain, "/data/file"), copy = ask(domain, SYS_dup, word(file));
    put_bytes(domain, WORLD_BUFFER, "abcdef", 6);
    assert_int_equal(ask(domain, SYS_write, word(file), WORLD_BUFFER, 6), 6);
    assert_int_equal(ask(domain, SYS_lseek, word(copy), 0, SEEK_CUR), 6);
    assert_int_equal(ask(domain, SYS_dup2, word(copy), word(copy)), copy);
    assert_int_equal(ask(domain, SYS_dup3, word(copy), word(copy), 0), -EINVAL);
    assert_int_equal(ask(domain, SYS_dup3, word(copy), 77, O_CLOEXEC), 77);
    assert_int_equal(ask(domain, SYS_fcntl, 77, F_GETFD), FD_CLOEXEC);
    assert_int_equal(ask(domain, SYS_ioctl, 77, FIONCLEX), 0);
    assert_int_equal(ask(domain, SYS_fcntl, 77, F_GETFD), 0);
    assert_int_equal(ask(domain, SYS_close, word(file)), 0);
    assert_int_equal(ask(domain, SYS_close, word(copy)), 0);
    assert_int_equal(ask(domain, SYS_pread64, 77, WORLD_BUFFER, 10, 0), 6);
    assert_int_equal(ask(domain, SYS_fcntl, 77, F_GETFL), O_RDWR);
    assert_int_equal(ask(domain, SYS_fcntl, 77, F_SETFL, O_APPEND), 0);
    assert_int_equal(ask(domain, SYS_fcntl, 77, F_GETFL), O_RDWR | O_APPEND);
    assert_int_equal(ask(domain, SYS_fcntl, 77, 1031 /* F_SETPIPE_SZ */, 1 << 20), -EINVAL);
    assert_int_equal(ask(domain, SYS_fcntl, 77, F_SETOWN, 1), -EPERM);
    assert_int_equal(ask(domain, SYS_ioctl, 77, TIOCSTI, WORLD_BUFFER), -ENOTTY);
}

struct reader { porin_domain *domain; int64_t file, result; };

static void *read_one(void *argument)
{
    struct reader *reader = argument;
    reader->result = ask(reader->domain, SYS_read, word(reader->file), WORLD_BUFFER + 1000, 10);
    return NULL;
}

/* A thread reads from a pipe; another closes that descriptor and opens files until the host's number could be reused. The reader still
 * gets what comes through its pipe. */
static void a_closed_descriptor_does_not_become_another(void **state)
{
    porin_domain *domain = *state;
    int ends[2];
    host_file(root, "file", "from the file");
    assert_int_equal(ask(domain, SYS_pipe2, WORLD_BUFFER, 0), 0);
    get_bytes(domain, ends, WORLD_BUFFER, sizeof ends);
    struct reader reader = { domain, ends[0], 0 };
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, read_one, &reader), 0);
    usleep(50000);
    assert_int_equal(ask(domain, SYS_close, word(ends[0])), 0);
    for (int i = 0; i < 20; i++)
        assert_true(guest_open(domain, "/data/file", O_RDONLY) >= 0);
    put_bytes(domain, WORLD_BUFFER, "pipe", 4);
    assert_int_equal(ask(domain, SYS_write, word(ends[1]), WORLD_BUFFER, 4), 4);
    pthread_join(thread, NULL);
    assert_int_equal(reader.result, 4);
    expect_bytes(domain, WORLD_BUFFER + 1000, "pipe");
}

static void a_closed_pipe_does_not_end_the_host(void **state)
{
    porin_domain *domain = *state;
    int ends[2];
    const uint64_t ignore[4] = { 1 };
    put_bytes(domain, WORLD_BUFFER, ignore, sizeof ignore);
    assert_int_equal(ask(domain, SYS_rt_sigaction, SIGPIPE, WORLD_BUFFER, 0, 8), 0);
    assert_int_equal(ask(domain, SYS_pipe2, WORLD_BUFFER, 0), 0);
    get_bytes(domain, ends, WORLD_BUFFER, sizeof ends);
    ask(domain, SYS_close, word(ends[0]));
    assert_int_equal(ask(domain, SYS_write, word(ends[1]), WORLD_BUFFER, 1), -EPIPE);
    sigset_t pending;
    sigpending(&pending);
    assert_false(sigismember(&pending, SIGPIPE));
}

static void the_hosts_size_limit_does_not_end_the_host(void **state)
{
    porin_domain *domain = *state;
    int64_t file = open_new(domain, "/data/file");
    struct rlimit before, small;
    getrlimit(RLIMIT_FSIZE, &before);
    small = (struct rlimit){ 4096, before.rlim_max };
    int64_t large = open_new(domain, "/data/large"), copy = open_new(domain, "/data/copy");
    assert_int_equal(ask(domain, SYS_ftruncate, word(large), 1 << 20), 0);
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(ask(domain, SYS_pwrite64, word(file), WORLD_BUFFER, 10, 4096), -EFBIG);
    assert_int_equal(ask(domain, SYS_sendfile, word(copy), word(large), 0, 1 << 20), 4096); /* and SIGXFSZ for what follows */
    assert_int_equal(ask(domain, SYS_ftruncate, word(file), 8192), -EFBIG);
    assert_int_equal(ask(domain, SYS_fallocate, word(file), 0, 0, 8192), -EFBIG);
    assert_int_equal(ask(domain, SYS_pwrite64, word(file), WORLD_BUFFER, 10, 4090), 6);
    setrlimit(RLIMIT_FSIZE, &before);
}

/* Descriptors come through socket pairs, so these never get an address at which somebody outside could send his; nor do their copies and
 * what arrives in a message, which may be the other end of one. Any other socket is asked for the grant. */
static void socket_pairs_get_no_address(void **state)
{
    porin_domain *domain = *state;
    int ends[2], passed;
    const struct sockaddr_un path = { .sun_family = AF_UNIX, .sun_path = "/data/socket" };
    assert_int_equal(ask(domain, SYS_socketpair, AF_UNIX, SOCK_DGRAM, 0, WORLD_BUFFER), 0);
    get_bytes(domain, ends, WORLD_BUFFER, sizeof ends);
    const struct { struct { uint64_t size; int32_t level, type, number; } control; struct iovec vector; uint64_t message[7]; } sent = {
        { 20, SOL_SOCKET, SCM_RIGHTS, ends[1] }, { (void *)(uint64_t)WORLD_BUFFER, 1 },
        { 0, 0, WORLD_BUFFER + 24, 1, WORLD_BUFFER, 24, 0 },
    };
    put_bytes(domain, WORLD_BUFFER, &sent, sizeof sent);
    assert_int_equal(ask(domain, SYS_sendmsg, word(ends[0]), WORLD_BUFFER + offsetof(__typeof__(sent), message)), 1);
    assert_int_equal(ask(domain, SYS_recvmsg, word(ends[1]), WORLD_BUFFER + offsetof(__typeof__(sent), message)), 1);
    get_bytes(domain, &passed, WORLD_BUFFER + 16, sizeof passed);
    const int64_t sockets[] = { ends[0], passed, ask(domain, SYS_dup, word(ends[0])), ask(domain, SYS_dup, word(passed)),
                                ask(domain, SYS_socket, AF_UNIX, SOCK_DGRAM, 0) };
    put_bytes(domain, WORLD_BUFFER, &path, sizeof path);
    for (size_t i = 0; i < sizeof sockets / sizeof sockets[0]; i++) {
        bool other = i + 1 == sizeof sockets / sizeof sockets[0];
        assert_true(sockets[i] >= 0);
        assert_int_equal(ask(domain, SYS_bind, word(sockets[i]), WORLD_BUFFER, sizeof path), other ? -EACCES : -EINVAL);
        assert_int_equal(ask(domain, SYS_connect, word(sockets[i]), WORLD_BUFFER, sizeof path), other ? -EACCES : -EISCONN);
    }
}

/* grep and others read and write when they are told that these descriptors cannot. */
static void nothing_is_spliced(void **state)
{
    porin_domain *domain = *state;
    int64_t file = open_new(domain, "/data/spliced");
    assert_int_equal(ask(domain, SYS_splice, word(file), 0, word(file), 0, 10, 0), -EINVAL);
}

static void strange_flags_are_refused(void **state)
{
    porin_domain *domain = *state;
    open_new(domain, "/data/file");
    const int refused[] = { O_PATH, O_DIRECT, O_ASYNC, O_TMPFILE | O_RDWR, O_ACCMODE, 1 << 30 };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_int_equal(guest_open(domain, "/data/file", refused[i]), -EINVAL);
    struct stat facts;
    int64_t file = ask(domain, SYS_openat, word(AT_FDCWD), put(domain, "/data/mode"), O_RDWR | O_CREAT | O_EXCL, 07777);
    assert_true(file >= 0);
    assert_int_equal(ask(domain, SYS_fstat, word(file), WORLD_BUFFER), 0);
    get_bytes(domain, &facts, WORLD_BUFFER, sizeof facts);
    assert_int_equal(facts.st_mode & 07022, 0); /* nothing but permission bits, less the umask */
    assert_int_equal(ask(domain, SYS_fchmod, word(file), 06755), 0);
    assert_int_equal(ask(domain, SYS_fstat, word(file), WORLD_BUFFER), 0);
    get_bytes(domain, &facts, WORLD_BUFFER, sizeof facts);
    assert_int_equal(facts.st_mode & 07777, 0755);
    assert_int_equal(ask(domain, SYS_openat, word(AT_FDCWD), put(domain, "/data/mode"), O_RDWR | O_CREAT | O_EXCL, 0644), -EEXIST);
}

static int64_t lock(porin_domain *domain, int64_t file, int command, short type, int64_t start, int64_t length)
{
    const struct flock wanted = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length };
    put_bytes(domain, WORLD_BUFFER, &wanted, sizeof wanted);
    int64_t result = ask(domain, SYS_fcntl, word(file), word(command), WORLD_BUFFER);
    struct flock answer;
    get_bytes(domain, &answer, WORLD_BUFFER, sizeof answer);
    return command == F_GETLK && result == 0 ? answer.l_type : result;
}

/* Record locks belong to the domain: two domains of this process exclude each other, two descriptors of one domain do not. */
static void record_locks_belong_to_the_domain(void **state)
{
    porin_domain *domain = *state, *other = world_domain(&directory, 1);
    int64_t first = open_new(domain, "/data/file"), second = open_new(domain, "/data/file"), theirs = open_new(other, "/data/file");
    assert_int_equal(lock(domain, first, F_SETLK, F_WRLCK, 0, 10), 0);
    assert_int_equal(lock(other, theirs, F_SETLK, F_RDLCK, 5, 1), -EAGAIN);
    assert_int_equal(lock(other, theirs, F_GETLK, F_RDLCK, 5, 1), F_WRLCK);
    assert_int_equal(lock(other, theirs, F_SETLK, F_WRLCK, 10, 10), 0);
    assert_int_equal(lock(domain, second, F_GETLK, F_WRLCK, 0, 10), F_UNLCK);
    assert_int_equal(lock(domain, second, F_GETLK, F_WRLCK, 0, 20), F_WRLCK);
    /* SQLite locks through one descriptor and unlocks through another */
    assert_int_equal(lock(domain, second, F_SETLK, F_RDLCK, 0, 10), 0);
    assert_int_equal(lock(other, theirs, F_SETLK, F_RDLCK, 5, 1), 0);
    assert_int_equal(lock(other, theirs, F_SETLK, F_UNLCK, 5, 1), 0);
    assert_int_equal(lock(domain, second, F_SETLK, F_UNLCK, 0, 10), 0);
    assert_int_equal(lock(other, theirs, F_SETLK, F_WRLCK, 0, 10), 0);
    assert_int_equal(lock(other, theirs, F_SETLK, F_UNLCK, 0, 0), 0);
    /* closing any descriptor of the file ends them */
    assert_int_equal(lock(domain, first, F_SETLK, F_WRLCK, 0, 10), 0);
    ask(domain, SYS_close, word(second));
    assert_int_equal(lock(other, theirs, F_SETLK, F_WRLCK, 0, 10), 0);
    /* and so does the end of the domain */
    assert_int_equal(lock(domain, first, F_SETLK, F_WRLCK, 0, 10), -EAGAIN);
    porin_domain_destroy(other);
    assert_int_equal(lock(domain, first, F_SETLK, F_WRLCK, 0, 10), 0);
    assert_int_equal(lock(domain, first, F_SETLK, 77, 0, 10), -EINVAL);
    int64_t reader = guest_open(domain, "/data/file", O_RDONLY);
    assert_int_equal(lock(domain, reader, F_SETLK, F_WRLCK, 0, 10), -EBADF);
    assert_int_equal(ask(domain, SYS_flock, word(first), LOCK_EX | LOCK_NB), 0);
}

static void polls_own_descriptors(void **state)
{
    porin_domain *domain = *state;
    int ends[2];
    assert_int_equal(ask(domain, SYS_pipe2, WORLD_BUFFER, 0), 0);
    get_bytes(domain, ends, WORLD_BUFFER, sizeof ends);
    struct pollfd set[] = { { ends[0], POLLIN, 0 }, { ends[1], POLLOUT, 0 }, { -1, POLLIN, 55 } };
    put_bytes(domain, WORLD_BUFFER, set, sizeof set);
    assert_int_equal(ask(domain, SYS_poll, WORLD_BUFFER, 3, 1000), 1);
    get_bytes(domain, set, WORLD_BUFFER, sizeof set);
    assert_int_equal(set[0].revents, 0);
    assert_int_equal(set[1].revents, POLLOUT);
    assert_int_equal(set[2].revents, 0);
    /* a host descriptor that is not the domain's is none */
    set[0].fd = 250;
    put_bytes(domain, WORLD_BUFFER, set, sizeof set);
    assert_int_equal(ask(domain, SYS_poll, WORLD_BUFFER, 1, word(-1)), 1);
    get_bytes(domain, set, WORLD_BUFFER, sizeof set);
    assert_int_equal(set[0].revents, POLLNVAL);
    assert_int_equal(ask(domain, SYS_poll, WORLD_BUFFER, DESCRIPTORS_MAX + 1, 0), -EINVAL);
    assert_int_equal(ask(domain, SYS_poll, WORLD_BUFFER, UINT64_MAX, 0), -EINVAL);
    assert_int_equal(ask(domain, SYS_poll, WORLD_BUFFER, 0, 1), 0);
}

static void lists_directories(void **state)
{
    porin_domain *domain = *state;
    char bytes[4096];
    host_file(root, "one", "");
    host_directory(root, "two");
    int64_t list = guest_open(domain, "/data", O_RDONLY | O_DIRECTORY);
    assert_true(list >= 0);
    assert_int_equal(ask(domain, SYS_read, word(list), WORLD_BUFFER, 10), -EISDIR);
    int64_t size = ask(domain, SYS_getdents64, word(list), WORLD_BUFFER, sizeof bytes);
    assert_true(size > 0);
    get_bytes(domain, bytes, WORLD_BUFFER, (size_t)size);
    assert_non_null(memmem(bytes, (size_t)size, "one", 4));
    assert_non_null(memmem(bytes, (size_t)size, "two", 4));
    assert_int_equal(ask(domain, SYS_getdents64, word(list), WORLD_BUFFER, sizeof bytes), 0);
    assert_int_equal(ask(domain, SYS_rename, put(domain, "/data/one"), put(domain, "two/three")), 0);
    assert_int_equal(ask(domain, SYS_renameat2, word(AT_FDCWD), put(domain, "two/three"), word(AT_FDCWD), put(domain, "two"), 1), -EEXIST);
    assert_int_equal(ask(domain, SYS_rmdir, put(domain, "/data/two")), -ENOTEMPTY);
    assert_int_equal(ask(domain, SYS_unlink, put(domain, "/data/two/three")), 0);
    assert_int_equal(ask(domain, SYS_unlinkat, word(list), put(domain, "two"), AT_REMOVEDIR), 0);
    assert_int_equal(ask(domain, SYS_mkdirat, word(list), put(domain, "made"), 0700), 0);
    assert_int_equal(ask(domain, SYS_mkdirat, word(list), put(domain, "made"), 0700), -EEXIST);
}

/* A request that waits, made by code of the domain on a thread of its own. */
struct waiting { porin_entry entry; uint64_t number, arguments[5]; porin_status status; uint64_t result; };

static void *wait_in_service(void *argument)
{
    struct waiting *waiting = argument;
    const uint64_t *given = waiting->arguments;
    waiting->status = porin_call6(waiting->entry, &waiting->result, waiting->number, given[0], given[1], given[2], given[3], given[4]);
    porin_thread_detach();
    return NULL;
}

/* Whatever a thread of the domain waits for, killing and destroying the domain ends it, and nobody else is disturbed. */
static void the_end_of_a_domain_ends_its_waiting(void **state)
{
    (void)state;
    enum { FROM = 0, TO = 1, FILE_ = 2, CASES = 6 };
    static const struct timespec century = { 3000000000, 0 };
    for (int i = 0; i < CASES; i++) {
        porin_domain *domain = world_domain(&directory, 1);
        struct waiting waiting = { .status = PORIN_OK };
        pthread_t thread;
        assert_int_equal(ask(domain, SYS_pipe2, WORLD_BUFFER, 0), 0);
        host_file(root, "locked", "");
        assert_int_equal(guest_open(domain, "/data/locked", O_RDWR), FILE_);
        char path[4096];
        host_path(path, root, "locked");
        int host = open(path, O_RDWR);
        assert_int_equal(flock(host, LOCK_EX), 0);
        const struct pollfd poll = { FROM, POLLIN, 0 };
        put_bytes(domain, WORLD_BUFFER, &poll, sizeof poll);
        put_bytes(domain, WORLD_BUFFER + 64, &century, sizeof century);
        const struct { uint64_t number, arguments[5]; } cases[CASES] = {
            { SYS_read, { FROM, WORLD_BUFFER + 512, 10 } }, { SYS_poll, { WORLD_BUFFER, 1, UINT32_MAX } },
            { SYS_nanosleep, { WORLD_BUFFER + 64, 0 } }, { SYS_futex, { WORLD_BUFFER + 128, 0, 0, 0 } },
            { SYS_flock, { FILE_, LOCK_EX } }, { SYS_write, { TO, WORLD_BUFFER, 0x20000 } },
        };
        waiting.number = cases[i].number;
        memcpy(waiting.arguments, cases[i].arguments, sizeof waiting.arguments);
        assert_int_equal(porin_entry_find(domain, "service", &waiting.entry, NULL), PORIN_OK);
        assert_int_equal(pthread_create(&thread, NULL, wait_in_service, &waiting), 0);
        usleep(30000);
        assert_int_equal(porin_domain_kill(domain), PORIN_OK);
        porin_domain_destroy(domain);
        pthread_join(thread, NULL);
        assert_true(waiting.status == PORIN_ERR_KILLED || waiting.status == PORIN_ERR_GONE); /* left before or after destroy */
        close(host);
    }
}

static void nothing(int signal)
{
    (void)signal;
}

/* Signals of the host are none of the domain's business: its calls go on as if nothing had happened. */
static void signals_of_the_host_do_not_show(void **state)
{
    porin_domain *domain = *state;
    int ends[2];
    struct sigaction action = { .sa_handler = nothing }, before; /* no SA_RESTART */
    struct waiting waiting = { .number = SYS_read };
    pthread_t thread;
    sigaction(SIGUSR1, &action, &before);
    assert_int_equal(ask(domain, SYS_pipe2, WORLD_BUFFER, 0), 0);
    get_bytes(domain, ends, WORLD_BUFFER, sizeof ends);
    memcpy(waiting.arguments, (uint64_t[5]){ word(ends[0]), WORLD_BUFFER + 512, 10 }, sizeof waiting.arguments);
    assert_int_equal(porin_entry_find(domain, "service", &waiting.entry, NULL), PORIN_OK);
    assert_int_equal(pthread_create(&thread, NULL, wait_in_service, &waiting), 0);
    for (int i = 0; i < 20; i++) {
        usleep(2000);
        pthread_kill(thread, SIGUSR1);
    }
    put_bytes(domain, WORLD_BUFFER, "pipe", 4);
    assert_int_equal(ask(domain, SYS_write, word(ends[1]), WORLD_BUFFER, 4), 4);
    pthread_join(thread, NULL);
    assert_int_equal(waiting.status, PORIN_OK);
    assert_int_equal(waiting.result, 4);
    sigaction(SIGUSR1, &before, NULL);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(reads_and_writes), TEST(hostile_vectors_are_refused), TEST(descriptors_have_a_limit),
        TEST(reset_and_destruction_close_everything), TEST(duplicates_share_one_file), TEST(a_closed_descriptor_does_not_become_another),
        TEST(a_closed_pipe_does_not_end_the_host), TEST(the_hosts_size_limit_does_not_end_the_host), TEST(socket_pairs_get_no_address),
        TEST(nothing_is_spliced), TEST(strange_flags_are_refused),
        TEST(record_locks_belong_to_the_domain), TEST(polls_own_descriptors), TEST(lists_directories),
        TEST(the_end_of_a_domain_ends_its_waiting), TEST(signals_of_the_host_do_not_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

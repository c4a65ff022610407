/* SPDX-License-Identifier: Apache-2.0 */
/* Paths: nothing outside the granted directories can be named, whatever the names, links and races. */
#define _GNU_SOURCE
#include "personality_world.h"
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

static char root[4096];

/* root/open is granted as /data, root/fixed read-only as /fixed, root/secret not at all. */
static int set_up(void **state)
{
    host_fresh(root);
    host_directory(root, "open");
    host_directory(root, "open/sub");
    host_directory(root, "fixed");
    host_directory(root, "fixed/sub");
    host_directory(root, "secret");
    host_file(root, "open/file", "inside");
    host_file(root, "open/sub/deep", "deep");
    host_file(root, "fixed/file", "fixed");
    host_file(root, "secret/file", "SECRET");
    char open[4096], fixed[4096];
    host_path(open, root, "open");
    host_path(fixed, root, "fixed");
    const struct porin_directory directories[] = { { open, "/data", false }, { fixed, "/fixed", true } };
    *state = world_domain(directories, 2);
    return 0;
}

static int tear_down(void **state)
{
    porin_domain_destroy(*state);
    host_remove(root);
    return 0;
}

/* Opens for reading and says what the first bytes are, or the error. */
static void expect_contents(porin_domain *domain, const char *path, const char *contents)
{
    char text[32] = { 0 };
    int64_t file = guest_open(domain, path, O_RDONLY);
    if (file < 0)
        fail_msg("%s: %s", path, strerror((int)-file));
    int64_t size = ask(domain, SYS_read, word(file), WORLD_BUFFER, sizeof text - 1);
    assert_int_equal(size, strlen(contents));
    get_bytes(domain, text, WORLD_BUFFER, (size_t)size);
    assert_string_equal(text, contents);
    assert_int_equal(ask(domain, SYS_close, word(file)), 0);
}

static void expect_error(porin_domain *domain, const char *path, int flags, int error)
{
    int64_t result = guest_open(domain, path, flags);
    if (result != -error)
        fail_msg("%s: %lld instead of %s", path, (long long)result, strerror(error));
}

static void opens_what_lies_beneath(void **state)
{
    porin_domain *domain = *state;
    expect_contents(domain, "/data/file", "inside");
    expect_contents(domain, "/data/sub/deep", "deep");
    expect_contents(domain, "//data/./sub//../file", "inside");
    expect_contents(domain, "/data/../fixed/file", "fixed");
    expect_contents(domain, "/../../data/file", "inside");
    expect_contents(domain, "file", "inside"); /* starts in the first grant */
    expect_contents(domain, "sub/../../fixed/file", "fixed");
    host_link(root, "open/link", "sub/deep");
    host_link(root, "open/sub/up", "../file");
    expect_contents(domain, "/data/link", "deep");
    expect_contents(domain, "/data/sub/up", "inside");
}

static void names_nothing_outside(void **state)
{
    porin_domain *domain = *state;
    char path[4200];
    expect_error(domain, "/etc/passwd", O_RDONLY, ENOENT);
    expect_error(domain, "/data/../etc/passwd", O_RDONLY, ENOENT);
    expect_error(domain, "../../../../etc/passwd", O_RDONLY, ENOENT);
    expect_error(domain, "/data/../secret/file", O_RDONLY, ENOENT);
    expect_error(domain, "/dataset", O_RDONLY, ENOENT);
    expect_error(domain, "/proc/self/mem", O_RDWR, ENOENT);
    expect_error(domain, "/data/none", O_RDONLY, ENOENT);
    expect_error(domain, "", O_RDONLY, ENOENT);
    expect_error(domain, "/data/file/", O_RDONLY, ENOTDIR);
    expect_error(domain, "/data/new/", O_RDWR | O_CREAT, EISDIR);
    int64_t listing = guest_open(domain, "/", O_RDONLY); /* lists what leads to grants: check-run, identity */
    assert_true(listing >= 0);
    ask(domain, SYS_close, word(listing));
    host_path(path, root, "secret/file");
    expect_error(domain, path, O_RDONLY, ENOENT);
}

static void links_do_not_lead_out(void **state)
{
    porin_domain *domain = *state;
    char path[4096];
    host_path(path, root, "secret/file");
    host_link(root, "open/absolute", path);
    host_link(root, "open/relative", "../secret/file");
    host_link(root, "open/directory", "../secret");
    host_link(root, "open/chain", "directory");
    host_link(root, "open/self", "self");
    host_link(root, "open/magic", "/proc/self/root");
    host_link(root, "open/sibling", "../fixed/file");
    expect_error(domain, "/data/absolute", O_RDONLY, EACCES);
    expect_error(domain, "/data/relative", O_RDONLY, EACCES);
    expect_error(domain, "/data/directory/file", O_RDONLY, EACCES);
    expect_error(domain, "/data/chain/file", O_RDONLY, EACCES);
    expect_error(domain, "/data/directory/new", O_RDWR | O_CREAT, EACCES);
    expect_error(domain, "/data/self", O_RDONLY, ELOOP);
    expect_error(domain, "/data/magic/etc/passwd", O_RDONLY, EACCES);
    expect_error(domain, "/data/sibling", O_WRONLY, EACCES);
    expect_error(domain, "/data/absolute", O_RDONLY | O_NOFOLLOW, ELOOP);
    assert_int_equal(ask(domain, SYS_unlink, put(domain, "/data/directory/file")), -EACCES);
    assert_int_equal(ask(domain, SYS_rename, put(domain, "/data/file"), put(domain, "/data/directory/file")), -EACCES);
    assert_int_equal(ask(domain, SYS_mkdir, put(domain, "/data/chain/made"), 0755), -EACCES);
    assert_int_equal(ask(domain, SYS_stat, put(domain, "/data/absolute"), WORLD_BUFFER), -EACCES);
    assert_int_equal(ask(domain, SYS_lstat, put(domain, "/data/absolute"), WORLD_BUFFER), 0);
    assert_int_equal(ask(domain, SYS_truncate, put(domain, "/data/relative"), 0), -EACCES);
    assert_int_equal(ask(domain, SYS_chmod, put(domain, "/data/relative"), 0777), -EACCES);
    assert_int_equal(ask(domain, SYS_chdir, put(domain, "/data/directory")), -EACCES);
    assert_int_equal(ask(domain, SYS_access, put(domain, "/data/absolute"), R_OK), -EACCES);
    assert_int_equal(ask(domain, SYS_symlink, put(domain, "/etc"), put(domain, "/data/made")), -EPERM);
    assert_int_equal(ask(domain, SYS_link, put(domain, "/fixed/file"), put(domain, "/data/made")), -EROFS);
}

/* Links that a domain makes lead neither it nor the host's own programs out of what was granted, wherever they are moved. */
static void links_are_made_beneath(void **state)
{
    porin_domain *domain = *state;
    static const char *const refused[] = { "/etc", "..", "../secret", "sub/../../secret", "sub/..", "./../secret", "//" };
    host_link(root, "open/relative", "../secret/file");
    host_link(root, "open/directory", "../secret");
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_int_equal(ask(domain, SYS_symlink, put(domain, refused[i]), put(domain, "/data/made")), -EPERM);
    expect_error(domain, "/data/made", O_RDONLY, ENOENT);
    assert_int_equal(ask(domain, SYS_symlink, put(domain, "sub/deep"), put(domain, "/fixed/made")), -EROFS);
    assert_int_equal(ask(domain, SYS_symlink, put(domain, "sub/deep"), put(domain, "/data/directory/made")), -EACCES);
    assert_int_equal(ask(domain, SYS_symlinkat, put(domain, "sub/deep"), word(AT_FDCWD), put(domain, "/data/made")), 0);
    expect_contents(domain, "/data/made", "deep");
    assert_int_equal(ask(domain, SYS_symlink, put(domain, "..."), put(domain, "/data/dots")), 0);
    assert_int_equal(ask(domain, SYS_link, put(domain, "/fixed/file"), put(domain, "/data/second")), -EROFS);
    assert_int_equal(ask(domain, SYS_link, put(domain, "/data/file"), put(domain, "/fixed/second")), -EROFS);
    assert_int_equal(ask(domain, SYS_link, put(domain, "/data/directory/file"), put(domain, "/data/second")), -EACCES);
    assert_int_equal(ask(domain, SYS_link, put(domain, "/data"), put(domain, "/data/second")), -EPERM);
    assert_int_equal(ask(domain, SYS_linkat, word(AT_FDCWD), put(domain, "/data/relative"), word(AT_FDCWD), put(domain, "/data/second"),
                         AT_SYMLINK_FOLLOW), -EINVAL);
    assert_int_equal(ask(domain, SYS_link, put(domain, "/data/file"), put(domain, "/data/sub/second")), 0);
    expect_contents(domain, "/data/sub/second", "inside");
}

static void only_files_and_directories_open(void **state)
{
    porin_domain *domain = *state;
    char path[4096];
    host_path(path, root, "open/fifo");
    assert_int_equal(mkfifo(path, 0666), 0);
    expect_error(domain, "/data/fifo", O_RDONLY, EACCES);
    expect_error(domain, "/data/fifo", O_RDWR | O_CREAT, EACCES);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%.80s/open/socket", root);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    expect_error(domain, "/data/socket", O_RDWR, EACCES);
    close(listener);
    host_path(path, root, "open/null");
    if (mknod(path, S_IFCHR | 0666, makedev(1, 3)) == 0)
        expect_error(domain, "/data/null", O_RDWR, EACCES);
    else
        print_message("no device made: mknod needs root\n");
    assert_int_equal(ask(domain, SYS_stat, put(domain, "/data/fifo"), WORLD_BUFFER), 0);
}

/* Opening may already be an act: who waits at the other end of a fifo would notice. So it is refused without being opened. */
static void what_is_refused_is_not_opened(void **state)
{
    porin_domain *domain = *state;
    char path[4096];
    host_path(path, root, "open/fifo");
    assert_int_equal(mkfifo(path, 0666), 0);
    struct pollfd reader = { .fd = open(path, O_RDONLY | O_NONBLOCK), .events = POLLIN };
    host_link(root, "open/link", "fifo");
    expect_error(domain, "/data/fifo", O_WRONLY, EACCES);
    expect_error(domain, "/data/fifo", O_RDWR | O_CREAT, EACCES);
    expect_error(domain, "/data/sub/../link", O_WRONLY, EACCES);
    /* nor what takes the place of a file that was opened before */
    expect_contents(domain, "/data/file", "inside");
    assert_int_equal(ask(domain, SYS_rename, put(domain, "/data/fifo"), put(domain, "/data/file")), 0);
    expect_error(domain, "/data/file", O_WRONLY, EACCES);
    assert_int_equal(ask(domain, SYS_rename, put(domain, "/data/file"), put(domain, "/data/fifo")), 0);
    assert_int_equal(ask(domain, SYS_symlink, put(domain, "sub/deep"), put(domain, "/data/turned")), 0);
    expect_contents(domain, "/data/turned", "deep");
    assert_int_equal(ask(domain, SYS_unlink, put(domain, "/data/turned")), 0);
    assert_int_equal(ask(domain, SYS_symlink, put(domain, "fifo"), put(domain, "/data/turned")), 0);
    expect_error(domain, "/data/turned", O_WRONLY, EACCES);
    assert_int_equal(ask(domain, SYS_unlink, put(domain, "/data/turned")), 0);
    assert_int_equal(ask(domain, SYS_link, put(domain, "/data/sub/deep"), put(domain, "/data/turned")), 0);
    expect_contents(domain, "/data/turned", "deep");
    assert_int_equal(ask(domain, SYS_unlink, put(domain, "/data/turned")), 0);
    assert_int_equal(ask(domain, SYS_link, put(domain, "/data/fifo"), put(domain, "/data/turned")), 0);
    expect_error(domain, "/data/turned", O_WRONLY, EACCES);
    expect_error(domain, "/data/fifo", O_WRONLY | O_CREAT | O_EXCL, EEXIST);
    expect_error(domain, "/data/fifo", O_WRONLY, EACCES);
    assert_int_equal(poll(&reader, 1, 0), 0);
    close(open(path, O_WRONLY));
    assert_int_equal(poll(&reader, 1, 0), 1); /* that a writer has come and gone is told */
    close(reader.fd);
}

static void read_only_grants_stay_as_they_are(void **state)
{
    porin_domain *domain = *state;
    expect_contents(domain, "/fixed/file", "fixed");
    expect_error(domain, "/fixed/file", O_WRONLY, EROFS);
    expect_error(domain, "/fixed/file", O_RDWR, EROFS);
    expect_error(domain, "/fixed/file", O_RDONLY | O_TRUNC, EROFS);
    expect_error(domain, "/fixed/new", O_WRONLY | O_CREAT, EROFS);
    assert_int_equal(ask(domain, SYS_unlink, put(domain, "/fixed/file")), -EROFS);
    assert_int_equal(ask(domain, SYS_rmdir, put(domain, "/fixed/sub")), -EROFS);
    assert_int_equal(ask(domain, SYS_mkdir, put(domain, "/fixed/new"), 0755), -EROFS);
    assert_int_equal(ask(domain, SYS_mkdir, put(domain, "/fixed/sub"), 0755), -EEXIST);
    assert_int_equal(ask(domain, SYS_rename, put(domain, "/fixed/file"), put(domain, "/data/file")), -EROFS);
    assert_int_equal(ask(domain, SYS_rename, put(domain, "/data/file"), put(domain, "/fixed/file")), -EROFS);
    assert_int_equal(ask(domain, SYS_truncate, put(domain, "/fixed/file"), 0), -EROFS);
    assert_int_equal(ask(domain, SYS_chmod, put(domain, "/fixed/file"), 0777), -EROFS);
    assert_int_equal(ask(domain, SYS_utimensat, word(AT_FDCWD), put(domain, "/fixed/file"), 0, 0), -EROFS);
    assert_int_equal(ask(domain, SYS_access, put(domain, "/fixed/file"), W_OK), -EROFS);
    int64_t file = guest_open(domain, "/fixed/file", O_RDONLY);
    assert_int_equal(ask(domain, SYS_fchmod, word(file), 0777), -EROFS);
    assert_int_equal(ask(domain, SYS_utimensat, word(file), 0, 0, 0), -EROFS);
    assert_int_equal(ask(domain, SYS_ftruncate, word(file), 0), -EINVAL);
    assert_int_equal(ask(domain, SYS_write, word(file), WORLD_BUFFER, 1), -EBADF);
    assert_int_equal(ask(domain, SYS_flock, word(file), 2 /* LOCK_EX */), -EROFS);
    /* through an open directory of that grant nothing changes either */
    int64_t sub = guest_open(domain, "/fixed/sub", O_RDONLY | O_DIRECTORY);
    assert_int_equal(ask(domain, SYS_openat, word(sub), put(domain, "new"), O_RDWR | O_CREAT, 0644), -EROFS);
    assert_int_equal(ask(domain, SYS_mkdirat, word(sub), put(domain, "new"), 0755), -EROFS);
    ask(domain, SYS_close, word(sub));
    ask(domain, SYS_close, word(file));
    expect_contents(domain, "/fixed/file", "fixed");
}

/* As Linux takes names that end in a slash, "." or "..". */
static void ends_of_names(void **state)
{
    porin_domain *domain = *state;
    host_directory(root, "open/one");
    host_directory(root, "open/two");
    assert_int_equal(ask(domain, SYS_rename, put(domain, "/data/one"), put(domain, "/data/two/.")), -EBUSY);
    assert_int_equal(ask(domain, SYS_rename, put(domain, "/data/one/."), put(domain, "/data/three")), -EBUSY);
    assert_int_equal(ask(domain, SYS_rename, put(domain, "/data/one/../two/.."), put(domain, "/data/three")), -EBUSY);
    assert_int_equal(ask(domain, SYS_rename, put(domain, "/data/file/"), put(domain, "/data/three")), -ENOTDIR);
    assert_int_equal(ask(domain, SYS_rename, put(domain, "/data/file"), put(domain, "/data/three/")), -ENOTDIR);
    assert_int_equal(ask(domain, SYS_rmdir, put(domain, "/data/two/.")), -EBUSY);
    assert_int_equal(ask(domain, SYS_mkdir, put(domain, "/data/two/."), 0755), -EEXIST);
    assert_int_equal(ask(domain, SYS_mkdir, put(domain, "/data/new/."), 0755), -ENOENT);
    assert_int_equal(ask(domain, SYS_mkdir, put(domain, "/data/.."), 0755), -EEXIST); /* above all grants */
    assert_int_equal(ask(domain, SYS_unlink, put(domain, "/data/new/")), -ENOENT);
    assert_int_equal(ask(domain, SYS_unlink, put(domain, "/data/file/")), -ENOTDIR);
    assert_int_equal(ask(domain, SYS_unlink, put(domain, "/data/two/")), -EISDIR);
    assert_int_equal(ask(domain, SYS_unlink, put(domain, "/data/two/..")), -EISDIR);
    assert_int_equal(ask(domain, SYS_link, put(domain, "/data/file"), put(domain, "/data/two/..")), -EEXIST);
    assert_int_equal(ask(domain, SYS_link, put(domain, "/data/file/"), put(domain, "/data/x")), -ENOTDIR);
    assert_int_equal(ask(domain, SYS_link, put(domain, "/data/file"), put(domain, "/data/x/")), -ENOENT);
    assert_int_equal(ask(domain, SYS_symlink, put(domain, "x"), put(domain, "/data/x/")), -ENOENT);
    assert_int_equal(ask(domain, SYS_symlink, put(domain, "x"), put(domain, "/data/file/")), -EEXIST);
    assert_int_equal(ask(domain, SYS_rename, put(domain, "/data/one/"), put(domain, "/data/two//")), 0);
    assert_int_equal(ask(domain, SYS_rename, put(domain, "/data/two"), put(domain, "/data/...")), 0);
    assert_int_equal(ask(domain, SYS_rmdir, put(domain, "/data/...")), 0);
}

static void relative_paths_of_open_directories(void **state)
{
    porin_domain *domain = *state;
    int64_t sub = guest_open(domain, "/data/sub", O_RDONLY | O_DIRECTORY);
    assert_true(sub >= 0);
    int64_t deep = ask(domain, SYS_openat, word(sub), put(domain, "./deep"), O_RDONLY);
    assert_true(deep >= 0);
    ask(domain, SYS_close, word(deep));
    /* upwards within the grant, never out of it */
    int64_t upwards = ask(domain, SYS_openat, word(sub), put(domain, "x/../../file"), O_RDONLY);
    assert_true(upwards >= 0);
    ask(domain, SYS_close, word(upwards));
    assert_int_equal(ask(domain, SYS_openat, word(sub), put(domain, "../../secret/file"), O_RDONLY), -ENOENT);
    assert_int_equal(ask(domain, SYS_openat, word(sub), put(domain, "../../../../../../etc/passwd"), O_RDONLY), -ENOENT);
    assert_int_equal(ask(domain, SYS_unlinkat, word(sub), put(domain, "../../secret/file"), 0), -ENOENT);
    int64_t file = guest_open(domain, "/data/file", O_RDONLY);
    assert_int_equal(ask(domain, SYS_openat, word(file), put(domain, "x"), O_RDONLY), -ENOTDIR);
    assert_int_equal(ask(domain, SYS_openat, word(99), put(domain, "x"), O_RDONLY), -EBADF);
    ask(domain, SYS_close, word(file));
    ask(domain, SYS_close, word(sub));
}

static void long_paths_are_refused(void **state)
{
    porin_domain *domain = *state;
    char path[5000];
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    expect_error(domain, path, O_RDONLY, ENAMETOOLONG);
    memcpy(path, "/data/", 6);
    expect_error(domain, path, O_RDONLY, ENAMETOOLONG);
    for (size_t i = 6; i < sizeof path - 1; i++)
        path[i] = i % 2 ? '/' : '.';
    expect_error(domain, path, O_RDONLY, ENAMETOOLONG);
    path[4090] = '\0';
    expect_error(domain, path, O_WRONLY, EISDIR); /* /data itself, in many words */
    path[300] = '\0';
    memset(path + 6, 'b', 294);
    expect_error(domain, path, O_RDONLY, ENAMETOOLONG); /* one name, longer than file systems take */
}

static void current_directory_moves(void **state)
{
    porin_domain *domain = *state;
    char text[64];
    assert_int_equal(ask(domain, SYS_getcwd, WORLD_BUFFER, 64), 6);
    get_bytes(domain, text, WORLD_BUFFER, 6);
    assert_string_equal(text, "/data");
    assert_int_equal(ask(domain, SYS_getcwd, WORLD_BUFFER, 5), -ERANGE);
    assert_int_equal(ask(domain, SYS_chdir, put(domain, "sub")), 0);
    expect_contents(domain, "deep", "deep");
    expect_contents(domain, "../file", "inside");
    assert_int_equal(ask(domain, SYS_chdir, put(domain, "../..")), 0);
    expect_contents(domain, "fixed/file", "fixed");
    assert_int_equal(ask(domain, SYS_chdir, put(domain, "..")), 0);
    assert_int_equal(ask(domain, SYS_getcwd, WORLD_BUFFER, 64), 2);
    assert_int_equal(ask(domain, SYS_chdir, put(domain, "data/file")), -ENOTDIR);
    assert_int_equal(ask(domain, SYS_chdir, put(domain, "/tmp")), -ENOENT);
    porin_domain_reset(domain, NULL);
    assert_int_equal(ask(domain, SYS_getcwd, WORLD_BUFFER, 64), 6);
}

static void ancestors_of_grants_can_be_asked_about(void **state)
{
    porin_domain *domain = *state;
    struct stat facts;
    char path[4096];
    assert_int_equal(ask(domain, SYS_stat, put(domain, "/"), WORLD_BUFFER), 0);
    get_bytes(domain, &facts, WORLD_BUFFER, sizeof facts);
    assert_true(S_ISDIR(facts.st_mode));
    assert_int_equal(ask(domain, SYS_mkdir, put(domain, "/"), 0755), -EEXIST);
    assert_int_equal(ask(domain, SYS_rmdir, put(domain, "/data")), -EBUSY);
    assert_int_equal(ask(domain, SYS_rename, put(domain, "/data"), put(domain, "/data/x")), -EBUSY);
    assert_int_equal(ask(domain, SYS_stat, put(domain, "/data/file"), WORLD_BUFFER), 0);
    get_bytes(domain, &facts, WORLD_BUFFER, sizeof facts);
    assert_true(S_ISREG(facts.st_mode));
    assert_int_equal(facts.st_size, 6);
    assert_int_equal(facts.st_uid, 1000);
    struct stat host; /* the same as natively, and as of an open file */
    host_path(path, root, "open/file");
    assert_int_equal(stat(path, &host), 0);
    host.st_uid = host.st_gid = 1000;
    assert_memory_equal(&facts, &host, sizeof facts);
    assert_int_equal(ask(domain, SYS_stat, put(domain, "/data/file/"), WORLD_BUFFER), -ENOTDIR);
    assert_int_equal(ask(domain, SYS_stat, put(domain, "/data/none"), WORLD_BUFFER), -ENOENT);
}

/* What the swapping thread and the test share. */
struct swap { atomic_bool stop; char one[4096], other[4096]; };

static void *swap_names(void *argument)
{
    struct swap *swap = argument;
    while (!swap->stop)
        syscall(SYS_renameat2, AT_FDCWD, swap->one, AT_FDCWD, swap->other, 2u /* RENAME_EXCHANGE */);
    return NULL;
}

/* root/open/flip is now a directory of the grant, now a link to the secret one: no name through it may ever reach the secret. */
static void racing_links_do_not_lead_out(void **state)
{
    porin_domain *domain = *state;
    struct swap swap = { .stop = false };
    pthread_t thread;
    unsigned inside = 0, refused = 0;
    struct stat secret, seen;
    char path[4096];
    host_path(path, root, "secret");
    assert_int_equal(stat(path, &secret), 0);
    host_directory(root, "open/flip");
    host_file(root, "open/flip/file", "inside");
    host_link(root, "open/flop", "../secret");
    host_path(swap.one, root, "open/flip");
    host_path(swap.other, root, "open/flop");
    assert_int_equal(pthread_create(&thread, NULL, swap_names, &swap), 0);
    for (int i = 0; i < 1000000 && !(inside > 5000 && refused > 5000); i++) {
        char text[8] = { 0 };
        int64_t file = guest_open(domain, "/data/flip/file", O_RDONLY);
        assert_true(ask(domain, SYS_unlink, put(domain, "/data/flip/none")) < 0);
        if (ask(domain, SYS_stat, put(domain, "/data/flip"), WORLD_BUFFER) == 0) {
            get_bytes(domain, &seen, WORLD_BUFFER, sizeof seen);
            assert_true(seen.st_ino != secret.st_ino);
        }
        assert_true(ask(domain, SYS_truncate, put(domain, "/data/flip/file"), 6) <= 0);
        if (file < 0) {
            assert_int_equal(file, -EACCES);
            refused++;
            continue;
        }
        int64_t size = ask(domain, SYS_read, word(file), WORLD_BUFFER, 6);
        get_bytes(domain, text, WORLD_BUFFER, (size_t)size);
        assert_string_equal(text, "inside");
        ask(domain, SYS_close, word(file));
        inside++;
    }
    swap.stop = true;
    pthread_join(thread, NULL);
    assert_true(inside > 0 && refused > 0);
}

/* The name is now a file, now a fifo: nothing but the file is ever handed out, and opening never blocks. */
static void racing_kinds_do_not_open(void **state)
{
    porin_domain *domain = *state;
    struct swap swap = { .stop = false };
    pthread_t thread;
    unsigned opened = 0, refused = 0;
    host_file(root, "open/now", "inside");
    host_path(swap.one, root, "open/now");
    host_path(swap.other, root, "open/then");
    assert_int_equal(mkfifo(swap.other, 0666), 0);
    assert_int_equal(pthread_create(&thread, NULL, swap_names, &swap), 0);
    for (int i = 0; i < 1000000 && !(opened > 5000 && refused > 5000); i++) {
        struct stat facts;
        int64_t file = guest_open(domain, "/data/now", O_RDWR);
        if (file < 0) {
            assert_int_equal(file, -EACCES);
            refused++;
            continue;
        }
        assert_int_equal(ask(domain, SYS_fstat, word(file), WORLD_BUFFER), 0);
        get_bytes(domain, &facts, WORLD_BUFFER, sizeof facts);
        assert_true(S_ISREG(facts.st_mode));
        ask(domain, SYS_close, word(file));
        opened++;
    }
    swap.stop = true;
    pthread_join(thread, NULL);
    assert_true(opened > 0 && refused > 0);
}

static void expect_no_grant(const char *host, const char *guest, porin_status expected)
{
    struct porin_domain_options options;
    struct porin_error error = { 0 };
    porin_domain *domain = NULL;
    const struct porin_directory directory = { host, guest, true };
    porin_domain_options_default(&options);
    options.grants |= PORIN_GRANT_FILES;
    options.directories = &directory;
    options.directory_count = 1;
    assert_int_equal(world_create(&options, &domain, &error), expected);
    assert_null(domain);
    assert_true(strlen(error.text) > 20);
}

static void bad_grants_are_refused_by_name(void **state)
{
    (void)state;
    expect_no_grant("/proc", "/proc", PORIN_ERR_ARGUMENT);
    expect_no_grant("/proc/self", "/x", PORIN_ERR_ARGUMENT);
    expect_no_grant("/proc/self/root/proc", "/x", PORIN_ERR_ARGUMENT);
    expect_no_grant("/sys", "/x", PORIN_ERR_ARGUMENT);
    expect_no_grant("/nowhere/at/all", "/x", PORIN_ERR_FILE);
    expect_no_grant("/etc/passwd", "/x", PORIN_ERR_FILE);
    expect_no_grant("/tmp", "relative", PORIN_ERR_ARGUMENT);
}

/* Even who is granted the whole tree gets no kernel interfaces: a grant ends at mount points. */
static void mount_points_end_a_grant(void **state)
{
    (void)state;
    const struct porin_directory whole = { "/", "/", false };
    porin_domain *domain = world_domain(&whole, 1);
    expect_error(domain, "/proc/self/mem", O_RDWR, EACCES);
    expect_error(domain, "/proc/self/pagemap", O_RDONLY, EACCES);
    expect_error(domain, "/proc/1/maps", O_RDONLY, EACCES);
    expect_error(domain, "/proc", O_RDONLY | O_DIRECTORY, EACCES);
    int64_t made_up = guest_open(domain, "/proc/self/maps", O_RDONLY), first; /* of the domain, in slot offsets */
    assert_int_equal(ask(domain, SYS_read, word(made_up), WORLD_BUFFER, 8), 8);
    get_bytes(domain, &first, WORLD_BUFFER, 8);
    assert_memory_equal(&first, "000c0000", 8);
    assert_int_equal(ask(domain, SYS_utimensat, word(AT_FDCWD), put(domain, "/dev/null"), 0, 0), -EROFS);
    assert_int_equal(ask(domain, SYS_chmod, put(domain, "/dev/null"), 0600), -EACCES);
    assert_true(guest_open(domain, "/sys/kernel/notes", O_RDONLY) < 0);
    assert_int_equal(ask(domain, SYS_stat, put(domain, "/proc"), WORLD_BUFFER), -EACCES);
    assert_int_equal(ask(domain, SYS_lstat, put(domain, "/proc"), WORLD_BUFFER), -EACCES);
    assert_int_equal(ask(domain, SYS_stat, put(domain, "/etc"), WORLD_BUFFER), 0);
    int64_t file = guest_open(domain, "/etc/passwd", O_RDONLY);
    assert_true(file >= 0);
    porin_domain_destroy(domain);
}

/* A second grant inside the first one's guest path is what its names mean. */
static void nested_grants(void **state)
{
    (void)state;
    char open[4096], fixed[4096];
    host_path(open, root, "open");
    host_path(fixed, root, "fixed");
    const struct porin_directory directories[] = { { open, "/", false }, { fixed, "/sub/", true } };
    porin_domain *domain = world_domain(directories, 2);
    expect_contents(domain, "/file", "inside");
    expect_contents(domain, "/sub/file", "fixed");
    expect_contents(domain, "/sub/../file", "inside");
    expect_error(domain, "/sub/deep", O_RDONLY, ENOENT);
    expect_error(domain, "/sub/file", O_WRONLY, EROFS);
    porin_domain_destroy(domain);
}

/* Texts lie in the host's memory, and a domain may open as many as it has descriptors. */
static void texts_are_no_memory(void **state)
{
    static char argument[0x80000];
    const char *arguments[] = { argument };
    struct porin_domain_options options;
    struct porin_error error;
    porin_domain *domain;
    porin_domain_options_default(&options);
    options.grants = WORLD_GRANTS;
    options.arguments = arguments;
    options.argument_count = 1;
    memset(argument, 'a', sizeof argument - 1);
    assert_int_equal(world_create(&options, &domain, &error), PORIN_OK);
    int64_t file = guest_open(domain, "/proc/self/cmdline", O_RDONLY);
    assert_true(file >= 0);
    assert_int_equal(ask(domain, SYS_lseek, (uint64_t)file, 0, SEEK_END), 0x10000);
    porin_domain_destroy(domain);
    (void)state;
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(opens_what_lies_beneath), TEST(names_nothing_outside), TEST(links_do_not_lead_out), TEST(links_are_made_beneath),
        TEST(only_files_and_directories_open),
        TEST(what_is_refused_is_not_opened), TEST(ends_of_names),
        TEST(read_only_grants_stay_as_they_are), TEST(relative_paths_of_open_directories), TEST(long_paths_are_refused),
        TEST(current_directory_moves), TEST(ancestors_of_grants_can_be_asked_about), TEST(racing_links_do_not_lead_out),
        TEST(racing_kinds_do_not_open), TEST(bad_grants_are_refused_by_name), TEST(mount_points_end_a_grant), TEST(nested_grants),
        TEST(texts_are_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

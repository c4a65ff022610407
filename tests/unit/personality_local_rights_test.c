/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors in messages between domains, over connections in memory: they arrive as the kernel lets them; only where that is allowed;
 * they give what the sender had and no more; there is a limit to them, and nothing of them is left when somebody closes, dies or forks. */
#define _GNU_SOURCE
#include "local_world.h"
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include "personality/sharing.h"

#define MOST 8                         /* descriptors in one message of the model */
#define RIGHTS_MOST 253                /* as Linux */
#define UNDER_WAY_MOST 1024            /* as rights.c */
#define STORM_MS 800

/* --- messages --- */

struct control { uint64_t size; int32_t level, type, numbers[RIGHTS_MOST + 1]; };
struct header { uint64_t name; uint32_t name_size, padding; uint64_t vector, vectors, control, control_size, flags; };

#define AREA_BYTES 0x6000u
#define AT_HEADER 0x100u
#define AT_VECTOR 0x200u
#define AT_CONTROL 0x400u
#define AT_BYTES 0x1000u

static int64_t message_send(porin_domain *domain, uint64_t area, int64_t socket, const int *numbers, size_t count, size_t size, int flags)
{
    struct control control = { 16 + 4 * count, SOL_SOCKET, SCM_RIGHTS, { 0 } };
    struct header header = { .vector = area + AT_VECTOR, .vectors = 1, .control = area + AT_CONTROL,
                             .control_size = count ? control.size : 0 };
    const uint64_t vector[2] = { area + AT_BYTES, size };
    memcpy(control.numbers, numbers, 4 * count);
    put_bytes(domain, area + AT_HEADER, &header, sizeof header);
    put_bytes(domain, area + AT_VECTOR, vector, sizeof vector);
    put_bytes(domain, area + AT_CONTROL, &control, control.size);
    return ask(domain, SYS_sendmsg, word(socket), area + AT_HEADER, word(flags | MSG_NOSIGNAL));
}

/* `room` for that many; what came is in `control`. */
static int64_t message_receive(porin_domain *domain, uint64_t area, int64_t socket, struct control *control, size_t room, size_t size,
                               int flags, uint32_t *told)
{
    struct header header = { .vector = area + AT_VECTOR, .vectors = 1, .control = area + AT_CONTROL,
                             .control_size = room ? 16 + 4 * room : 0 };
    const uint64_t vector[2] = { area + AT_BYTES, size };
    *control = (struct control){ 16, 0, 0, { 0 } };
    put_bytes(domain, area + AT_HEADER, &header, sizeof header);
    put_bytes(domain, area + AT_VECTOR, vector, sizeof vector);
    int64_t result = ask(domain, SYS_recvmsg, word(socket), area + AT_HEADER, word(flags));
    if (result < 0)
        return result;
    get_bytes(domain, &header, area + AT_HEADER, sizeof header);
    *told = (uint32_t)header.flags & MSG_CTRUNC;
    if (header.control_size)
        get_bytes(domain, control, area + AT_CONTROL, header.control_size < sizeof *control ? header.control_size : sizeof *control);
    return result;
}

static int64_t give(porin_domain *domain, int64_t socket, int64_t number)
{
    return message_send(domain, WORLD_BUFFER, socket, &(int){ (int)number }, 1, 1, MSG_DONTWAIT);
}

/* One descriptor with one byte; negative: -errno, or -1000 if none came. */
static int64_t get(porin_domain *domain, int64_t socket)
{
    struct control control;
    uint32_t told;
    int64_t result = message_receive(domain, WORLD_BUFFER, socket, &control, RIGHTS_MOST, 1, MSG_DONTWAIT, &told);
    return result < 0 ? result : control.size == 20 && !told ? control.numbers[0] : -1000;
}

static int64_t size_of(porin_domain *domain, int64_t number)
{
    struct stat facts;
    if (ask(domain, SYS_fstat, word(number), WORLD_BUFFER) != 0)
        return -1;
    get_bytes(domain, &facts, WORLD_BUFFER, sizeof facts);
    return facts.st_size;
}

static unsigned host_descriptors(void)
{
    unsigned count = 0;
    for (int i = 0; i < 8192; i++)
        count += fcntl(i, F_GETFD) >= 0;
    return count;
}

struct ends { int in, out; };

static struct ends pipe_make(porin_domain *domain)
{
    struct ends ends;
    assert_int_equal(ask(domain, SYS_pipe2, WORLD_BUFFER, O_NONBLOCK), 0);
    get_bytes(domain, &ends, WORLD_BUFFER, sizeof ends);
    return ends;
}

/* Is there anybody who could write to it? */
static bool is_closed(porin_domain *domain, int64_t pipe)
{
    return ask(domain, SYS_read, word(pipe), WORLD_BUFFER, 1) == 0;
}

/* A child closes what is not its own after its parent has gone on. */
static bool becomes_closed(porin_domain *domain, int64_t pipe)
{
    for (int i = 0; i < 500 && !is_closed(domain, pipe); i++)
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    return is_closed(domain, pipe);
}

static void link_receiving(struct link *link, int family)
{
    world_receives = 1;
    link_connect(link, true, family);
}

/* --- the model: the kernel --- */

/* Files are told apart by their sizes. */
static void model_files(porin_domain *domain, int64_t here[MOST], int kernel[MOST])
{
    for (int i = 0; i < MOST; i++) {
        char name[32], path[4200];
        snprintf(name, sizeof name, "/data/file%d", i);
        here[i] = guest_open(domain, name, O_RDWR | O_CREAT);
        assert_int_equal(ask(domain, SYS_ftruncate, word(here[i]), (uint64_t)i + 1), 0);
        snprintf(path, sizeof path, "%s/file%d", local_root, i);
        kernel[i] = open(path, O_RDWR | O_CLOEXEC);
        assert_true(kernel[i] >= 0);
    }
}

struct heard { int64_t result, sizes[MOST]; uint32_t told; size_t count; };

static void kernel_receive(int socket, bool plain, size_t room, size_t size, int flags, struct heard *heard)
{
    union { struct cmsghdr head; char bytes[CMSG_SPACE(MOST * sizeof(int))]; } control;
    char bytes[4000];
    struct iovec vector = { bytes, size };
    struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = room ? &control : NULL,
                              .msg_controllen = room ? CMSG_LEN(room * sizeof(int)) : 0 };
    struct stat facts;
    *heard = (struct heard){ .result = plain ? recv(socket, bytes, size, flags) : recvmsg(socket, &message, flags) };
    heard->result = heard->result < 0 ? -errno : heard->result;
    if (plain || heard->result < 0)
        return;
    heard->told = (uint32_t)message.msg_flags & MSG_CTRUNC;
    const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    heard->count = head ? (head->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
    for (size_t i = 0; i < heard->count; i++) {
        int number;
        memcpy(&number, CMSG_DATA(head) + i * sizeof number, sizeof number);
        assert_int_equal(fstat(number, &facts), 0);
        heard->sizes[i] = facts.st_size;
        close(number);
    }
}

static void kernel_send(int socket, const int *numbers, size_t count, size_t size, int64_t *result)
{
    union { struct cmsghdr head; char bytes[CMSG_SPACE(MOST * sizeof(int))]; } control = { .bytes = { 0 } };
    char bytes[4000] = { 0 };
    struct iovec vector = { bytes, size };
    struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = count ? &control : NULL,
                              .msg_controllen = count ? CMSG_SPACE(count * sizeof(int)) : 0 };
    control.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(count * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
    memcpy(CMSG_DATA(&control.head), numbers, count * sizeof(int));
    *result = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    *result = *result < 0 ? -errno : *result;
}

static void here_receive(porin_domain *domain, int64_t socket, bool plain, size_t room, size_t size, int flags, struct heard *heard)
{
    struct control control = { 16, 0, 0, { 0 } };
    *heard = (struct heard){ 0 };
    heard->result = plain ? ask(domain, SYS_recvfrom, word(socket), WORLD_BUFFER + AT_BYTES, size, word(flags))
                          : message_receive(domain, WORLD_BUFFER, socket, &control, room, size, flags, &heard->told);
    heard->count = (control.size - 16) / 4;
    for (size_t i = 0; i < heard->count; i++) {
        heard->sizes[i] = size_of(domain, control.numbers[i]);
        assert_int_equal(ask(domain, SYS_close, word(control.numbers[i])), 0);
    }
}

/* Which bytes descriptors come with, where reading stops, what is cut off: whatever is asked in whatever order. */
static void messages_are_as_the_kernels(void **state)
{
    (void)state;
    static const int flags[] = { 0, 0, 0, MSG_PEEK, MSG_WAITALL };
    for (int round = 0; round < 40; round++) {
        struct link link;
        struct heard heard, expected;
        int64_t here[MOST], result, outstanding = 0;
        int kernel[MOST], pair[2];
        uint64_t seed = state_of_random;
        link_receiving(&link, AF_UNIX);
        model_files(link.client, here, kernel);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        for (int i = 0; i < 150; i++) {
            size_t count = chance(2) ? chance(MOST + 1) : 0, size = chance(4) ? chance(30) : chance(1500);
            if (chance(2) && outstanding < 20000) {
                int numbers[MOST], theirs[MOST];
                for (size_t j = 0; j < count; j++) {
                    uint32_t which = chance(MOST);
                    numbers[j] = (int)here[which];
                    theirs[j] = kernel[which];
                }
                heard.result = message_send(link.client, WORLD_BUFFER, link.in_client, numbers, count, size, MSG_DONTWAIT);
                kernel_send(pair[0], theirs, count, size, &result);
                if (getenv("SHOW"))
                    fprintf(stderr, "%d: send %zu with %zu: %ld\n", i, size, count, result);
                assert_int_equal(heard.result, result);
                outstanding += result;
                continue;
            }
            size_t room = chance(3) ? MOST : chance(MOST);
            size += size == 0;
            int how = MSG_DONTWAIT | flags[chance(5)];
            bool plain = chance(6) == 0;
            here_receive(link.server, link.in_server, plain, room, size, how, &heard);
            kernel_receive(pair[1], plain, room, size, how, &expected);
            if (how & MSG_PEEK && !heard.count && !heard.told && heard.result == (int64_t)size) /* the kernel looks at the next one, too, */
                expected.count = expected.told = 0; /* of which no byte is wanted */
            bool same = heard.result == expected.result && heard.count == expected.count && heard.told == expected.told &&
                        memcmp(heard.sizes, expected.sizes, heard.count * sizeof heard.sizes[0]) == 0;
            if (!same || getenv("SHOW"))
                fprintf(stderr, "seed %lu, step %d, room %zu, size %zu, flags %#x: %ld, %zu, %#x; the kernel: %ld, %zu, %#x\n", seed, i,
                        room, size, how, heard.result, heard.count, heard.told, expected.result, expected.count, expected.told);
            assert_true(same);
            outstanding -= how & MSG_PEEK || heard.result < 0 ? 0 : heard.result;
        }
        for (int i = 0; i < MOST; i++)
            close(kernel[i]);
        close(pair[0]);
        close(pair[1]);
        link_end(&link);
    }
}

static void flags_and_errors(void **state)
{
    (void)state;
    struct link link;
    struct control control;
    uint32_t told;
    int many[RIGHTS_MOST + 1] = { 0 };
    link_receiving(&link, AF_UNIX);
    int64_t file = guest_open(link.client, "/data/file", O_RDWR | O_CREAT);
    for (int i = 0; i <= RIGHTS_MOST; i++)
        many[i] = (int)file;
    assert_int_equal(message_send(link.client, WORLD_BUFFER, link.in_client, many, RIGHTS_MOST + 1, 1, 0), -EINVAL);
    assert_int_equal(message_send(link.client, WORLD_BUFFER, link.in_client, many, RIGHTS_MOST, 1, 0), 1);
    assert_int_equal(message_receive(link.server, WORLD_BUFFER, link.in_server, &control, RIGHTS_MOST, 1, MSG_CMSG_CLOEXEC, &told), 1);
    assert_int_equal(control.size, 16 + 4 * RIGHTS_MOST);
    assert_int_equal(ask(link.server, SYS_fcntl, word(control.numbers[7]), F_GETFD), FD_CLOEXEC);
    assert_int_equal(give(link.client, link.in_client, 999), -EBADF);
    assert_int_equal(message_send(link.client, WORLD_BUFFER, link.in_client, many, 1, 0, 0), 0); /* nothing sent, and nothing with it */
    assert_int_equal(get(link.server, link.in_server), -EAGAIN);
    assert_int_equal(give(link.client, link.in_client, file), 1);
    int64_t number = get(link.server, link.in_server);
    assert_int_equal(ask(link.server, SYS_fcntl, word(number), F_GETFD), 0);
    for (int i = 0; ask(link.server, SYS_dup, word(number)) >= 0; i++)
        ;
    assert_int_equal(give(link.client, link.in_client, file), 1);
    assert_int_equal(message_receive(link.server, WORLD_BUFFER, link.in_server, &control, 4, 1, 0, &told), 1); /* no number is left */
    assert_int_equal(control.size, 16);
    assert_int_equal(told, MSG_CTRUNC);
    assert_int_equal(ask(link.server, SYS_close, word(number)), 0);
    assert_int_equal(ask(link.server, SYS_shutdown, word(link.in_server), SHUT_RD), 0);
    assert_int_equal(give(link.client, link.in_client, file), -EPIPE);
    link_end(&link);
}

static pid_t forked(porin_domain *domain, void (*work)(struct link *link), struct link *link)
{
    struct personality *own = domain->personality;
    sharing_fork_begin(own);
    local_fork_begin(own);
    pid_t child = fork();
    local_fork_end(own, child == 0);
    sharing_fork_end(own, child);
    if (child == 0) {
        alarm(10);
        work(link);
        _exit(0);
    }
    return child;
}

static void expect_well(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* --- who may have what --- */

/* Nobody has descriptors put into its table that has not said where it takes them. */
static void nobody_is_given_what_it_did_not_want(void **state)
{
    (void)state;
    struct link link;
    struct control control;
    uint32_t told;
    static const char *const strange[] = { "*:*", "unix:/data/*" };
    world_receives = 0;
    link_connect(&link, true, AF_UNIX);
    int64_t file = guest_open(link.client, "/data/file", O_RDWR | O_CREAT);
    int64_t theirs = guest_open(link.server, "/data/file", O_RDWR | O_CREAT);
    assert_int_equal(give(link.client, link.in_client, file), -EPERM);
    assert_int_equal(give(link.server, link.in_server, theirs), -EPERM);
    assert_int_equal(get(link.server, link.in_server), -EAGAIN);
    link_end(&link);
    link_receiving(&link, AF_INET); /* never over TCP */
    file = guest_open(link.client, "/data/file", O_RDWR | O_CREAT);
    assert_int_equal(give(link.client, link.in_client, file), -EPERM);
    link_end(&link);
    link_receiving(&link, AF_UNIX); /* one side of it only, whichever has said so */
    porin_domain_destroy(link.client);
    world_receives = 0;
    link.client = world_connecting(true, strange, 2);
    link.in_client = link_socket(&link);
    link.in_server = ask(link.server, SYS_accept4, word(link.listening), 0, 0, 0);
    file = guest_open(link.client, "/data/file", O_RDWR | O_CREAT);
    theirs = guest_open(link.server, "/data/file", O_RDWR | O_CREAT);
    assert_int_equal(give(link.client, link.in_client, file), 1);
    assert_true(get(link.server, link.in_server) >= 0);
    assert_int_equal(give(link.server, link.in_server, theirs), -EPERM);
    /* who was given the listener, or the connection itself, and has not said so: what comes is closed */
    struct link other;
    world_receives = 1;
    porin_domain *third = world(true);
    other = link;
    other.client = third;
    int64_t socket = ask(third, SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    size_t size = address_put(&other, third);
    assert_int_equal(ask(third, SYS_connect, word(socket), WORLD_BUFFER, size), 0);
    int64_t to_third = ask(link.server, SYS_accept4, word(link.listening), 0, 0, 0);
    assert_int_equal(give(link.server, to_third, link.in_server), 1);
    int64_t passed = get(third, socket);
    assert_true(passed >= 0 && is_end(third, passed));
    struct ends pipe = pipe_make(link.client);
    assert_int_equal(give(link.client, link.in_client, pipe.out), 1);
    assert_int_equal(ask(link.client, SYS_close, word(pipe.out)), 0);
    assert_false(is_closed(link.client, pipe.in));
    assert_int_equal(message_receive(third, WORLD_BUFFER, passed, &control, 4, 1, 0, &told), 1);
    assert_int_equal(control.size, 16);
    assert_int_equal(told, MSG_CTRUNC);
    assert_true(is_closed(link.client, pipe.in));
    porin_domain_destroy(third);
    link_end(&link);
}

static void nothing_is_done(struct link *link)
{
    (void)link;
}

/* The converse: over what the host carries strangers could send; also where who waited at a listener in memory went on to wait at the
 * host's. */
static void strangers_give_nothing(void **state)
{
    (void)state;
    struct link link;
    struct sockaddr_un local = { .sun_family = AF_UNIX };
    int64_t result;
    world_receives = 1;
    link_listen(&link, true, AF_UNIX, 16);
    snprintf(local.sun_path, sizeof local.sun_path, "%.80s/socket", local_root);
    int stranger = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(stranger, (void *)&local, sizeof local), 0);
    int64_t taken = ask(link.server, SYS_accept4, word(link.listening), 0, 0, 0);
    kernel_send(stranger, &(int){ 2 }, 1, 1, &result);
    assert_int_equal(result, 1);
    assert_int_equal(get(link.server, taken), -1000);
    close(stranger);
    int64_t waiting = link_socket(&link);
    expect_well(forked(link.server, nothing_is_done, &link));
    struct open_file *file = file_acquire(link.server->personality, (int)link.listening);
    stranger = accept(file->host, NULL, NULL); /* as any process could that has it */
    file_release(file);
    assert_true(stranger >= 0);
    kernel_send(stranger, &(int){ 2 }, 1, 1, &result);
    assert_int_equal(result, 1);
    assert_int_equal(get(link.client, waiting), -1000);
    close(stranger);
    link_end(&link);
}

static int64_t open_at(porin_domain *domain, int64_t directory, const char *path, int flags)
{
    return ask(domain, SYS_openat, word(directory), put(domain, path), word(flags), 0644);
}

/* A descriptor gives what the sender could do with it, also where the receiver has no grant, or has another one. */
static void files_give_what_they_gave(void **state)
{
    (void)state;
    struct link link;
    struct control control;
    uint32_t told;
    host_directory(local_root, "inner");
    host_file(local_root, "inner/text", "text");
    host_file(local_root, "secret", "secret");
    link_receiving(&link, AF_UNIX);
    int numbers[] = { (int)guest_open(link.client, "/constant/inner", O_RDONLY | O_DIRECTORY),
                      (int)guest_open(link.client, "/data/inner", O_RDONLY | O_DIRECTORY),
                      (int)guest_open(link.client, "/constant/inner/text", O_RDONLY),
                      (int)guest_open(link.client, "/data/secret", O_RDWR) };
    assert_int_equal(message_send(link.client, WORLD_BUFFER, link.in_client, numbers, 4, 1, 0), 1);
    porin_domain_destroy(link.client); /* also when it is gone */
    assert_int_equal(message_receive(link.server, WORLD_BUFFER, link.in_server, &control, 8, 1, 0, &told), 1);
    assert_int_equal(control.size, 16 + 4 * 4);
    const int *got = control.numbers;
    int64_t text = open_at(link.server, got[0], "text", O_RDONLY);
    assert_int_equal(size_of(link.server, text), 4);
    assert_int_equal(open_at(link.server, got[0], "text", O_RDWR), -EROFS);
    assert_int_equal(open_at(link.server, got[0], "new", O_RDWR | O_CREAT), -EROFS);
    assert_int_equal(ask(link.server, SYS_unlinkat, word(got[0]), put(link.server, "text"), 0), -EROFS);
    assert_int_equal(open_at(link.server, got[0], "../secret", O_RDONLY), -EACCES);
    assert_int_equal(open_at(link.server, got[0], "..", O_RDONLY), -EACCES);
    assert_int_equal(ask(link.server, SYS_fchdir, word(got[0])), -EACCES);
    assert_int_equal(ask(link.server, SYS_fchmod, word(got[2]), 0600), -EROFS);
    assert_int_equal(ask(link.server, SYS_write, word(got[2]), WORLD_BUFFER, 1), -EBADF);
    assert_true(open_at(link.server, got[1], "new", O_RDWR | O_CREAT) >= 0);
    assert_int_equal(open_at(link.server, got[1], "../secret", O_RDONLY), -EACCES);
    assert_int_equal(ask(link.server, SYS_pread64, word(got[3]), WORLD_BUFFER, 10, 0), 6);
    assert_int_equal(ask(link.server, SYS_ftruncate, word(got[3]), 0), 0);
    porin_domain_destroy(link.server);
}

/* What is the host's, or tells what only the sender may know, is not sent. */
static void some_things_stay(void **state)
{
    (void)state;
    struct link link;
    world_output = STDOUT_FILENO;
    link_receiving(&link, AF_UNIX);
    world_output = -1;
    put_bytes(link.client, WORLD_BUFFER, &(uint64_t){ 1u << (SIGUSR1 - 1) }, 8);
    const int64_t kinds[] = { 1, ask(link.client, SYS_signalfd4, word(-1), WORLD_BUFFER, 8, 0), ask(link.client, SYS_epoll_create1, 0),
                              guest_open(link.client, "/", O_RDONLY | O_DIRECTORY) };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        assert_true(kinds[i] >= 0);
        assert_int_equal(give(link.client, link.in_client, kinds[i]), -EPERM);
    }
    int64_t event = ask(link.client, SYS_eventfd2, 5, 0);
    assert_int_equal(give(link.client, link.in_client, event), 1);
    int64_t got = get(link.server, link.in_server);
    uint64_t value;
    assert_int_equal(ask(link.server, SYS_read, word(got), WORLD_BUFFER, 8), 8);
    get_bytes(link.server, &value, WORLD_BUFFER, 8);
    assert_int_equal(value, 5);
    link_end(&link);
}

static void say(porin_domain *domain, int64_t number, const char *text)
{
    put_bytes(domain, WORLD_BUFFER, text, strlen(text));
    assert_int_equal(ask(domain, SYS_write, word(number), WORLD_BUFFER, strlen(text)), strlen(text));
}

static void hear(porin_domain *domain, int64_t number, const char *text)
{
    char got[64] = { 0 };
    assert_int_equal(ask(domain, SYS_recvfrom, word(number), WORLD_BUFFER, strlen(text), MSG_WAITALL, 0, 0), strlen(text));
    get_bytes(domain, got, WORLD_BUFFER, strlen(text));
    assert_string_equal(got, text);
}

/* Connections and listeners stay in memory on their way; a socket gets no address by it that was not granted. */
static void sockets_arrive_as_they_are(void **state)
{
    (void)state;
    for (int family = 0; family < 2; family++) {
        struct link link, way;
        link_receiving(&link, family ? AF_INET : AF_UNIX);
        link_receiving(&way, AF_UNIX);
        int64_t to = ask(link.server, SYS_socket, AF_UNIX, SOCK_STREAM, 0);
        size_t size = address_put(&way, link.server);
        assert_int_equal(ask(link.server, SYS_connect, word(to), WORLD_BUFFER, size), 0);
        int64_t from = ask(way.server, SYS_accept4, word(way.listening), 0, 0, 0);
        say(link.client, link.in_client, "before");
        assert_int_equal(give(link.server, to, link.in_server), 1);
        assert_int_equal(ask(link.server, SYS_close, word(link.in_server)), 0);
        say(link.client, link.in_client, "under way");
        int64_t moved = get(way.server, from);
        assert_true(is_end(way.server, moved));
        hear(way.server, moved, "beforeunder way");
        say(way.server, moved, "answer");
        hear(link.client, link.in_client, "answer");
        assert_int_equal(give(link.server, to, link.listening), 1);
        int64_t listening = get(way.server, from);
        porin_domain_destroy(link.server);
        if (family) {
            int64_t made = link_socket(&link);
            assert_true(is_end(link.client, made));
            int64_t taken = ask(way.server, SYS_accept4, word(listening), 0, 0, 0);
            assert_true(is_end(way.server, taken));
            say(link.client, made, "to the listener");
            hear(way.server, taken, "to the listener");
        } else {
            const struct sockaddr_un path = { .sun_family = AF_UNIX, .sun_path = "/data/other" };
            put_bytes(way.server, WORLD_BUFFER, &path, sizeof path);
            assert_int_equal(ask(way.server, SYS_bind, word(moved), WORLD_BUFFER, sizeof path), -EINVAL);
        }
        porin_domain_destroy(way.server);
        assert_int_equal(ask(link.client, SYS_read, word(link.in_client), WORLD_BUFFER, 1), 0); /* who had it last has gone */
        porin_domain_destroy(link.client);
        porin_domain_destroy(way.client);
    }
}

/* The other end of a socket pair is not the receiver's own: nothing comes through it. */
static void pairs_are_no_way_around(void **state)
{
    (void)state;
    struct link link;
    int pair[2];
    link_receiving(&link, AF_UNIX);
    assert_int_equal(ask(link.client, SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, WORLD_BUFFER), 0);
    get_bytes(link.client, pair, WORLD_BUFFER, sizeof pair);
    int64_t file = guest_open(link.client, "/data/file", O_RDWR | O_CREAT);
    assert_int_equal(give(link.client, link.in_client, pair[1]), 1);
    int64_t other = get(link.server, link.in_server);
    assert_int_equal(give(link.client, pair[0], file), 1);
    assert_int_equal(get(link.server, other), -1000);
    int64_t theirs = guest_open(link.server, "/data/file", O_RDWR);
    assert_int_equal(give(link.server, other, theirs), -EPERM);
    link_end(&link);
}

/* --- limits --- */

static void there_are_limits(void **state)
{
    (void)state;
    struct link link, ways[6];
    link_receiving(&link, AF_UNIX);
    int64_t file = guest_open(link.client, "/data/file", O_RDWR | O_CREAT);
    ((struct personality *)link.client->personality)->descriptor_limit = 100;
    for (int i = 0; i < 100; i++)
        assert_int_equal(give(link.client, link.in_client, file), 1);
    assert_int_equal(give(link.client, link.in_client, file), -ETOOMANYREFS);
    assert_true(get(link.server, link.in_server) >= 0);
    assert_int_equal(give(link.client, link.in_client, file), 1);
    assert_int_equal(give(link.client, link.in_client, file), -ETOOMANYREFS);
    link_end(&link);
    int sent = 0;
    for (int i = 0; i < 6; i++) { /* nothing of those is left; and a limit for all */
        link_receiving(&ways[i], AF_UNIX);
        file = guest_open(ways[i].client, "/data/file", O_RDWR | O_CREAT);
        while (sent < (i + 1) * 200 && give(ways[i].client, ways[i].in_client, file) == 1)
            sent++;
        porin_domain_destroy(ways[i].client); /* what it sent counts on */
    }
    assert_int_equal(sent, UNDER_WAY_MOST);
    for (int i = 0; i < 6; i++)
        porin_domain_destroy(ways[i].server);
    link_receiving(&link, AF_UNIX);
    file = guest_open(link.client, "/data/file", O_RDWR | O_CREAT);
    assert_int_equal(give(link.client, link.in_client, file), 1);
    link_end(&link);
}

/* Nothing is under way inside of what is under way, by whichever way it would come there, so that nothing keeps itself. */
static void nothing_keeps_itself(void **state)
{
    (void)state;
    struct link link;
    unsigned before = host_descriptors();
    link_receiving(&link, AF_UNIX);
    int64_t file = guest_open(link.client, "/data/file", O_RDWR | O_CREAT);
    assert_int_equal(give(link.client, link.in_client, link.in_client), -ETOOMANYREFS);
    assert_int_equal(give(link.server, link.in_server, link.in_server), -ETOOMANYREFS);
    int64_t second = link_socket(&link), in_second = ask(link.server, SYS_accept4, word(link.listening), 0, 0, 0);
    in_second = in_second >= 0 ? in_second : ask(link.server, SYS_accept4, word(link.listening), 0, 0, 0);
    assert_int_equal(give(link.client, second, file), 1);
    assert_int_equal(give(link.client, link.in_client, second), -ETOOMANYREFS); /* it carries something, from either side */
    assert_int_equal(give(link.server, link.in_server, in_second), -ETOOMANYREFS);
    assert_true(get(link.server, in_second) >= 0);
    assert_int_equal(give(link.client, link.in_client, second), 1);
    assert_int_equal(give(link.client, second, file), -ETOOMANYREFS); /* it is under way itself */
    assert_int_equal(give(link.server, in_second, link.in_server), -ETOOMANYREFS);
    assert_true(get(link.server, link.in_server) >= 0);
    assert_int_equal(give(link.client, second, file), 1);
    assert_true(get(link.server, in_second) >= 0);
    int64_t waiting = link_socket(&link);
    assert_int_equal(give(link.client, waiting, file), 1);
    assert_int_equal(give(link.server, link.in_server, link.listening), -ETOOMANYREFS); /* of those who wait there one carries something */
    assert_int_equal(ask(link.client, SYS_close, word(waiting)), 0);
    int64_t taken = ask(link.server, SYS_accept4, word(link.listening), 0, 0, 0);
    assert_true(get(link.server, taken) >= 0);
    assert_int_equal(give(link.server, link.in_server, link.listening), 1);
    waiting = link_socket(&link);
    assert_int_equal(give(link.client, waiting, file), -ETOOMANYREFS); /* it would be the listener's that is under way */
    link_end(&link);
    assert_in_range(host_descriptors(), 0, before);
}

/* --- ends --- */

/* Whoever ends first, in whichever order: what was under way to it is closed, what it has sent arrives. */
static void nothing_is_left_behind(void **state)
{
    (void)state;
    for (int way = 0; way < 6; way++) {
        struct link link;
        unsigned before = host_descriptors();
        link_receiving(&link, AF_UNIX);
        struct ends pipe = pipe_make(link.client);
        if (way >= 3) {
            link.in_client = link_socket(&link); /* which nobody has accepted */
            assert_true(link.in_client >= 0);
        }
        assert_int_equal(give(link.client, link.in_client, pipe.out), 1);
        assert_int_equal(give(link.client, link.in_client, pipe.out), 1);
        assert_int_equal(ask(link.client, SYS_close, word(pipe.out)), 0);
        assert_false(is_closed(link.client, pipe.in));
        if (way % 3 == 0)
            assert_int_equal(ask(link.server, SYS_close, word(way ? link.listening : link.in_server)), 0);
        else if (way % 3 == 1)
            porin_domain_reset(link.server, NULL);
        else {
            assert_int_equal(ask(link.client, SYS_close, word(link.in_client)), 0);
            assert_false(is_closed(link.client, pipe.in));
            if (way > 3)
                link.in_server = ask(link.server, SYS_accept4, word(link.listening), 0, 0, 0);
            int64_t got = get(link.server, link.in_server);
            assert_true(got >= 0);
            assert_int_equal(ask(link.server, SYS_close, word(got)), 0);
            assert_false(is_closed(link.client, pipe.in)); /* there is the second one */
            assert_int_equal(ask(link.server, SYS_read, word(link.in_server), WORLD_BUFFER, 1), 1); /* which reading drops */
        }
        assert_true(is_closed(link.client, pipe.in));
        link_end(&link);
        assert_in_range(host_descriptors(), 0, before);
    }
}

/* --- forks --- */

#define sure(condition) do { if (!(condition)) _exit(__LINE__ % 200 + 1); } while (0)

static int64_t under_test;             /* a descriptor that a child is to know */

static void child_gets(struct link *link)
{
    int64_t got = get(link->server, link->in_server);
    sure(got >= 0 && size_of(link->server, got) == 1);
    sure(get(link->server, link->in_server) == -1000); /* a byte between */
    got = get(link->server, link->in_server);
    sure(got >= 0 && size_of(link->server, got) == 2);
    int64_t file = guest_open(link->server, "/data/file3", O_RDWR | O_CREAT);
    sure(file >= 0 && give(link->server, link->in_server, file) == 1);
}

static void child_waits(struct link *link)
{
    (void)link;
    pause();
}

static void child_gives(struct link *link)
{
    int64_t file = guest_open(link->client, "/data/file2", O_RDWR | O_CREAT);
    sure(give(link->client, link->in_client, file) == 1);
}

/* Messages under way come through a fork, on connections that are accepted and on those that are not, and go on being sent after it. */
static void forks_lose_nothing(void **state)
{
    (void)state;
    int64_t here[MOST];
    int kernel[MOST];
    struct link link;
    link_receiving(&link, AF_UNIX);
    model_files(link.client, here, kernel);
    for (int i = 0; i < MOST; i++)
        close(kernel[i]);
    assert_int_equal(give(link.client, link.in_client, here[0]), 1);
    assert_int_equal(ask(link.client, SYS_write, word(link.in_client), WORLD_BUFFER, 1), 1);
    assert_int_equal(give(link.client, link.in_client, here[1]), 1);
    expect_well(forked(link.server, child_gets, &link));
    assert_false(is_end(link.client, link.in_client));
    assert_int_equal(size_of(link.client, get(link.client, link.in_client)), 4);
    int64_t directory = guest_open(link.client, "/data", O_RDONLY | O_DIRECTORY);
    assert_int_equal(give(link.client, link.in_client, directory), -EPERM); /* the host's message says too little about it */
    assert_int_equal(give(link.client, link.in_client, here[4]), 1);
    assert_int_equal(size_of(link.server, get(link.server, link.in_server)), 5);
    /* a client's: its connection has not been accepted */
    link.in_client = link_socket(&link);
    assert_false(is_end(link.client, link.in_client)); /* the child could have been the one to accept */
    int64_t taken = ask(link.server, SYS_accept4, word(link.listening), 0, 0, 0);
    assert_int_equal(give(link.client, link.in_client, here[5]), -EPERM);
    ask(link.server, SYS_close, word(taken));
    link.in_client = link_socket(&link);
    assert_true(is_end(link.client, link.in_client));
    assert_int_equal(give(link.client, link.in_client, here[5]), 1);
    expect_well(forked(link.client, child_gives, &link));
    taken = ask(link.server, SYS_accept4, word(link.listening), 0, 0, 0);
    assert_int_equal(size_of(link.server, get(link.server, taken)), 6);
    assert_int_equal(size_of(link.server, get(link.server, taken)), 3);
    link_end(&link);
}

/* Who waits with descriptors stays where strangers cannot give any: with the parent. */
static void the_parent_takes_what_waits(void **state)
{
    (void)state;
    struct link link;
    unsigned before = host_descriptors();
    link_receiving(&link, AF_UNIX);
    struct ends pipe = pipe_make(link.client);
    int64_t plain = link_socket(&link), with = link_socket(&link);
    say(link.client, plain, "plain");
    assert_int_equal(give(link.client, with, pipe.out), 1);
    assert_int_equal(ask(link.client, SYS_close, word(pipe.out)), 0);
    pid_t child = forked(link.server, child_waits, &link);
    int64_t taken[2];
    for (int i = 0; i < 2; i++)
        taken[i] = ask(link.server, SYS_accept4, word(link.listening), 0, 0, 0);
    bool first = is_end(link.server, taken[0]);
    hear(link.server, taken[first], "plain");
    int64_t got = get(link.server, taken[!first]);
    assert_true(got >= 0);
    assert_false(is_closed(link.client, pipe.in));
    assert_int_equal(ask(link.server, SYS_close, word(got)), 0);
    assert_true(becomes_closed(link.client, pipe.in)); /* the child has none of it */
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    link_end(&link);
    assert_in_range(host_descriptors(), 0, before);
}

/* A child of a third domain has nothing of what is under way between others. */
static void children_of_others_keep_nothing(void **state)
{
    (void)state;
    struct link link;
    link_receiving(&link, AF_UNIX);
    porin_domain *third = world(true);
    struct ends pipe = pipe_make(link.client);
    assert_int_equal(give(link.client, link.in_client, pipe.out), 1);
    assert_int_equal(ask(link.client, SYS_close, word(pipe.out)), 0);
    pid_t child = forked(third, child_waits, &link);
    int64_t got = get(link.server, link.in_server);
    assert_int_equal(ask(link.server, SYS_close, word(got)), 0);
    assert_true(becomes_closed(link.client, pipe.in));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    porin_domain_destroy(third);
    link_end(&link);
}

static void child_talks(struct link *link)
{
    say(link->server, under_test, "child");
}

/* What is under way becomes the host's with what it is under way in; a directory would lose its bounds, so that is an error. */
static void what_is_under_way_is_converted(void **state)
{
    (void)state;
    struct link link;
    link_receiving(&link, AF_UNIX);
    int64_t second = link_socket(&link);
    under_test = ask(link.server, SYS_accept4, word(link.listening), 0, 0, 0);
    under_test = under_test >= 0 ? under_test : ask(link.server, SYS_accept4, word(link.listening), 0, 0, 0);
    assert_int_equal(give(link.client, link.in_client, second), 1);
    assert_int_equal(ask(link.client, SYS_close, word(second)), 0);
    expect_well(forked(link.server, child_talks, &link));
    int64_t got = get(link.server, link.in_server);
    assert_true(got >= 0);
    hear(link.server, got, "child");
    link_end(&link);
    link_receiving(&link, AF_UNIX);
    int64_t directory = guest_open(link.client, "/data", O_RDONLY | O_DIRECTORY);
    assert_int_equal(give(link.client, link.in_client, directory), 1);
    expect_well(forked(link.client, (void (*)(struct link *))link_end, &link));
    assert_int_equal(get(link.server, link.in_server), -ECONNRESET);
    link_end(&link);
}

/* --- the storm --- */

#define STORM_THREADS 4
#define DOMAINS 3
#define NUMBERS 60

struct storm { porin_domain *domains[DOMAINS]; _Atomic bool over; _Atomic uint64_t given, got; };
struct stormer { struct storm *storm; uint64_t seed, area; porin_domain *only; };

static uint32_t random_of(uint64_t *state, uint32_t below)
{
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(*state >> 33) % below;
}

static size_t storm_address(const struct stormer *self, porin_domain *domain, uint64_t at)
{
    struct sockaddr_un file = { .sun_family = AF_UNIX };
    snprintf(file.sun_path, sizeof file.sun_path, "/data/s%u", (unsigned)(self->seed % DOMAINS));
    put_bytes(domain, at, &file, sizeof file);
    return sizeof file;
}

static void storm_step(struct stormer *self)
{
    porin_domain *domain = self->only ? self->only : self->storm->domains[random_of(&self->seed, DOMAINS)];
    uint64_t number = 1 + random_of(&self->seed, NUMBERS); /* but the first, which listens */
    struct control control;
    uint32_t told;
    int numbers[4];
    for (int i = 0; i < 4; i++)
        numbers[i] = (int)random_of(&self->seed, NUMBERS);
    switch (random_of(&self->seed, 16)) {
    case 0: {
        int64_t made = ask(domain, SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        size_t size = storm_address(self, domain, self->area);
        if (made >= 0)
            (void)ask(domain, SYS_connect, word(made), self->area, size);
        break;
    }
    case 1:
    case 2: (void)ask(domain, SYS_accept4, random_of(&self->seed, 3), 0, 0, SOCK_NONBLOCK); break;
    case 3: (void)ask(domain, SYS_dup, number); break;
    case 4:
    case 5: (void)ask(domain, SYS_close, number); break;
    case 6: (void)ask(domain, SYS_recvfrom, number, self->area + AT_BYTES, 5, MSG_DONTWAIT, 0, 0); break;
    case 7: (void)guest_open(domain, "/data", O_RDONLY | O_DIRECTORY); break;
    case 8: {
        struct open_file *file = random_of(&self->seed, 100) ? NULL : file_acquire(domain->personality, (int)number);
        if (file) {
            local_convert(file);
            file_release(file);
        }
        break;
    }
    case 9:
    case 10:
    case 11:
    case 12:
        self->storm->given += message_send(domain, self->area, (int64_t)number, numbers, random_of(&self->seed, 4) + 1,
                                           random_of(&self->seed, 9000), MSG_DONTWAIT) > 0;
        break;
    default:
        if (message_receive(domain, self->area, (int64_t)number, &control, 1 + random_of(&self->seed, 5), random_of(&self->seed, 9000),
                            MSG_DONTWAIT | (random_of(&self->seed, 4) ? 0 : MSG_PEEK), &told) > 0)
            self->storm->got += control.size > 16;
        break;
    }
}

static void *storm_run(void *closure)
{
    struct stormer self = *(struct stormer *)closure;
    while (!self.storm->over)
        storm_step(&self);
    return NULL;
}

static void child_storms(struct link *link)
{
    struct stormer *self = (struct stormer *)link;
    for (int i = 0; i < 100; i++)
        storm_step(self);
}

static void storms_leave_nothing(void **state)
{
    (void)state;
    unsigned before = 0;
    for (int round = 0; round < 3; round++) {
        struct storm storm = { .over = false };
        struct stormer self[STORM_THREADS + 1];
        pthread_t threads[STORM_THREADS];
        world_receives = 1;
        for (unsigned i = 0; i < DOMAINS; i++) {
            porin_domain *domain = storm.domains[i] = world(true);
            struct stormer naming = { &storm, i, 0, NULL };
            int64_t number = ask(domain, SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
            size_t size = storm_address(&naming, domain, WORLD_BUFFER);
            assert_int_equal(ask(domain, SYS_bind, word(number), WORLD_BUFFER, size), 0);
            assert_int_equal(ask(domain, SYS_listen, word(number), 64), 0);
        }
        for (unsigned i = 0; i <= STORM_THREADS; i++) {
            self[i] = (struct stormer){ &storm, state_of_random + i, WORLD_BUFFER + i * AREA_BYTES, NULL };
            if (i < STORM_THREADS)
                assert_int_equal(pthread_create(&threads[i], NULL, storm_run, &self[i]), 0);
        }
        for (int i = 0; i < STORM_MS / 50; i++) {
            nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
            self[STORM_THREADS].only = storm.domains[i % DOMAINS];
            if (round == 1)
                waitpid(forked(self[STORM_THREADS].only, child_storms, (struct link *)&self[STORM_THREADS]), NULL, 0);
        }
        storm.over = true;
        for (int i = 0; i < STORM_THREADS; i++)
            pthread_join(threads[i], NULL);
        for (int i = 0; i < DOMAINS; i++)
            porin_domain_destroy(storm.domains[i]);
        state_of_random += 100;
        host_remove(local_root);
        assert_int_equal(mkdir(local_root, 0755), 0);
        if (getenv("SHOW"))
            fprintf(stderr, "%lu given, %lu got, %u descriptors\n", storm.given, storm.got, host_descriptors());
        assert_true(storm.given > 10 && storm.got > 10);
        if (round)
            assert_in_range(host_descriptors(), 0, before);
        before = host_descriptors() + 32; /* as many may be kept to sleep on */
    }
}

int main(int count, char **arguments)
{
    if (count > 1)
        cmocka_set_test_filter(arguments[1]);
    if (count > 2)
        state_of_random = strtoull(arguments[2], NULL, 0);
    const struct CMUnitTest tests[] = {
        TEST(messages_are_as_the_kernels), TEST(flags_and_errors), TEST(nobody_is_given_what_it_did_not_want), TEST(strangers_give_nothing),
        TEST(files_give_what_they_gave), TEST(some_things_stay), TEST(sockets_arrive_as_they_are), TEST(pairs_are_no_way_around),
        TEST(there_are_limits), TEST(nothing_keeps_itself), TEST(nothing_is_left_behind), TEST(forks_lose_nothing),
        TEST(the_parent_takes_what_waits), TEST(children_of_others_keep_nothing), TEST(what_is_under_way_is_converted),
        TEST(storms_leave_nothing),
    };
    host_fresh(local_root);
    porin_domain_destroy(world(true)); /* which opens what all have */
    host_remove(local_root);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

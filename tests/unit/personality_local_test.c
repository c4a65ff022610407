/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets within the process: the same random operations on such a connection and on one through the kernel must answer the same; what
 * listeners, epolls and polls do where both kinds meet; conversion; strangers. */
#define _GNU_SOURCE
#include "local_world.h"
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include "personality/sharing.h"

#define MOST_OUTSTANDING 20000         /* of what is sent and not read: neither side's buffers are full with that */

/* --- the model: the kernel --- */

struct step { int operation, side; uint32_t size, flags; };
struct answer { int64_t result; uint32_t value; uint8_t bytes[2000]; };

enum { SEND, RECEIVE, SHUTDOWN, POLL, ERROR, READABLE, CLOSE, WRITEV, WATCH, WAIT_EPOLL, PEER, AGAIN };
static const char *const names[] = { "send", "receive", "shutdown", "poll", "error", "readable", "close", "writev", "watch", "wait", "peer",
                                     "again" };

/* One epoll a side, with the side's socket in it. */
static void link_watch(struct link *link, int side, int operation, uint32_t events)
{
    porin_domain *domain = side ? link->server : link->client;
    struct epoll_event event = { .events = events, .data.u64 = 0x123456789abcdef };
    put_bytes(domain, WORLD_BUFFER, &event, sizeof event);
    int64_t number = side ? link->in_server : link->in_client;
    assert_int_equal(ask(domain, SYS_epoll_ctl, word(link->epolls[side]), word(operation), word(number), WORLD_BUFFER), 0);
}


static void step_take(struct link *link, const struct step *step, uint8_t seed, struct answer *answer)
{
    porin_domain *domain = step->side ? link->server : link->client;
    uint64_t number = (uint64_t)(step->side ? link->in_server : link->in_client);
    uint8_t bytes[2000];
    *answer = (struct answer){ 0 };
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(seed + i);
    switch (step->operation) {
    case SEND:
        put_bytes(domain, WORLD_BUFFER, bytes, sizeof bytes);
        answer->result = ask(domain, SYS_sendto, number, WORLD_BUFFER, step->size, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
        break;
    case WRITEV: {
        uint64_t vector[4] = { WORLD_BUFFER, step->size / 2, WORLD_BUFFER + 1000, step->size - step->size / 2 };
        put_bytes(domain, WORLD_BUFFER, bytes, sizeof bytes);
        put_bytes(domain, WORLD_BUFFER + 0x2000, vector, sizeof vector);
        answer->result = ask(domain, SYS_writev, number, WORLD_BUFFER + 0x2000, 2);
        break;
    }
    case RECEIVE:
        answer->result = ask(domain, SYS_recvfrom, number, WORLD_BUFFER, step->size, MSG_DONTWAIT | step->flags, 0, 0);
        if (answer->result > 0)
            get_bytes(domain, answer->bytes, WORLD_BUFFER, (size_t)answer->result);
        break;
    case SHUTDOWN: answer->result = ask(domain, SYS_shutdown, number, step->flags); break;
    case POLL: {
        struct pollfd one = { (int)number, (short)step->flags, 0 };
        put_bytes(domain, WORLD_BUFFER, &one, sizeof one);
        answer->result = ask(domain, SYS_poll, WORLD_BUFFER, 1, 0);
        get_bytes(domain, &one, WORLD_BUFFER, sizeof one);
        answer->value = (uint16_t)one.revents;
        break;
    }
    case ERROR:
        put_bytes(domain, WORLD_BUFFER, &(uint32_t){ 4 }, 4);
        answer->result = ask(domain, SYS_getsockopt, number, SOL_SOCKET, SO_ERROR, WORLD_BUFFER + 8, WORLD_BUFFER);
        get_bytes(domain, &answer->value, WORLD_BUFFER + 8, 4);
        break;
    case READABLE:
        answer->result = ask(domain, SYS_ioctl, number, FIONREAD, WORLD_BUFFER);
        if (!answer->result)
            get_bytes(domain, &answer->value, WORLD_BUFFER, 4);
        break;
    case CLOSE: answer->result = ask(domain, SYS_close, number); break;
    case WATCH: link_watch(link, step->side, EPOLL_CTL_MOD, step->flags); break;
    case WAIT_EPOLL: {
        struct epoll_event event = { 0 };
        answer->result = ask(domain, SYS_epoll_wait, word(link->epolls[step->side]), WORLD_BUFFER, 1 + step->size % 7, 0);
        get_bytes(domain, &event, WORLD_BUFFER, sizeof event);
        answer->value = answer->result == 1 ? event.events : 0;
        assert_true(answer->result < 1 || event.data.u64 == 0x123456789abcdef);
        break;
    }
    case PEER:
        put_bytes(domain, WORLD_BUFFER, &(uint32_t){ 128 }, 4);
        answer->result = ask(domain, SYS_getpeername, number, WORLD_BUFFER + 8, WORLD_BUFFER);
        get_bytes(domain, &answer->value, WORLD_BUFFER, 4);
        break;
    case AGAIN: answer->result = ask(domain, SYS_connect, number, WORLD_BUFFER, address_put(link, domain)); break;
    }
}

static struct step step_choose(bool close)
{
    static const uint32_t receives[] = { 0, 0, 0, MSG_PEEK, MSG_WAITALL };
    static const uint32_t polls[] = { POLLIN, POLLOUT, POLLIN | POLLOUT, POLLIN | POLLOUT | POLLRDHUP, 0 };
    static const uint32_t watches[] = { EPOLLIN, EPOLLOUT, EPOLLIN | EPOLLOUT | EPOLLRDHUP, EPOLLIN | EPOLLET,
                                        EPOLLIN | EPOLLRDHUP | EPOLLET, EPOLLIN | EPOLLONESHOT, EPOLLIN | EPOLLOUT | EPOLLONESHOT, 0 };
    static const int common[] = { SEND, SEND, WRITEV, RECEIVE, RECEIVE, RECEIVE, POLL, POLL, READABLE, ERROR, WATCH, WAIT_EPOLL, WAIT_EPOLL,
                                  WAIT_EPOLL, PEER, AGAIN };
    struct step step = { .side = (int)chance(2), .size = chance(4) ? chance(1999) + 1 : chance(2) };
    step.operation = chance(40) == 0 ? SHUTDOWN : close && chance(60) == 0 ? CLOSE : common[chance(sizeof common / sizeof common[0])];
    switch (step.operation) {
    case RECEIVE: step.flags = receives[chance(5)]; break;
    case POLL: step.flags = polls[chance(5)]; break;
    case WATCH: step.flags = watches[chance(8)]; break;
    default: step.flags = chance(3); break;
    }
    return step;
}

/* Kernel and process answer the same, whatever is asked in whatever order. */
static void against_the_kernel(int family, unsigned rounds)
{
    for (unsigned round = 0; round < rounds; round++) {
        struct link here, kernel;
        struct answer answer, expected;
        bool closed[2] = { false, false };
        int64_t outstanding[2] = { 0, 0 };
        uint64_t seed = state_of_random;
        link_connect(&here, true, family);
        link_connect(&kernel, false, family);
        link_hurry(&kernel);
        for (int side = 0; side < 2; side++) {
            here.epolls[side] = ask(side ? here.server : here.client, SYS_epoll_create1, 0);
            kernel.epolls[side] = ask(side ? kernel.server : kernel.client, SYS_epoll_create1, 0);
            link_watch(&here, side, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
            link_watch(&kernel, side, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
        }
        for (int i = 0; i < 200 && !(closed[0] && closed[1]); i++) {
            struct step step = step_choose(true);
            bool sends = step.operation == SEND || step.operation == WRITEV;
            if (closed[step.side] || (sends && outstanding[step.side] > MOST_OUTSTANDING))
                continue;
            step_take(&here, &step, (uint8_t)i, &answer);
            step_take(&kernel, &step, (uint8_t)i, &expected);
            bool same = answer.result == expected.result && answer.value == expected.value;
            same = same && memcmp(answer.bytes, expected.bytes, sizeof answer.bytes) == 0;
            if (!same || getenv("SHOW"))
                fprintf(stderr, "family %d, seed %lu, step %d: %s of %u, flags %#x, on side %d: %ld, %#x; the kernel: %ld, %#x\n", family,
                        seed, i, names[step.operation], step.size, step.flags, step.side, answer.result, answer.value, expected.result,
                        expected.value);
            assert_true(same);
            closed[step.side] = closed[step.side] || step.operation == CLOSE;
            if (sends && answer.result > 0)
                outstanding[step.side] += answer.result;
            if (step.operation == RECEIVE && answer.result > 0 && !(step.flags & MSG_PEEK))
                outstanding[!step.side] -= answer.result;
        }
        link_end(&here);
        link_end(&kernel);
    }
}

static void local_sockets_are_as_the_kernels(void **state)
{
    (void)state;
    against_the_kernel(AF_UNIX, 60);
}

static void loopback_is_as_the_kernels(void **state)
{
    (void)state;
    against_the_kernel(AF_INET, 60);
    against_the_kernel(AF_INET6, 10);
}

/* --- listeners --- */

static int64_t accepted(const struct link *link, int flags)
{
    return ask(link->server, SYS_accept4, word(link->listening), 0, 0, word(flags));
}

static void nonblocking(porin_domain *domain, int64_t number, bool value)
{
    assert_int_equal(ask(domain, SYS_fcntl, word(number), F_SETFL, value ? O_NONBLOCK : 0), 0);
}

static short polled(porin_domain *domain, int64_t number, short events, int wait_ms)
{
    struct pollfd one = { (int)number, events, 0 };
    put_bytes(domain, WORLD_BUFFER + 0x4000, &one, sizeof one);
    assert_true(ask(domain, SYS_poll, WORLD_BUFFER + 0x4000, 1, word(wait_ms)) >= 0);
    get_bytes(domain, &one, WORLD_BUFFER + 0x4000, sizeof one);
    return one.revents;
}

static void expect_bytes(porin_domain *domain, int64_t number, const char *text)
{
    char got[64] = { 0 };
    assert_int_equal(ask(domain, SYS_recvfrom, word(number), WORLD_BUFFER, strlen(text), MSG_WAITALL, 0, 0), strlen(text));
    get_bytes(domain, got, WORLD_BUFFER, strlen(text));
    assert_string_equal(got, text);
}

static void send_text(porin_domain *domain, int64_t number, const char *text)
{
    put_bytes(domain, WORLD_BUFFER, text, strlen(text));
    assert_int_equal(ask(domain, SYS_write, word(number), WORLD_BUFFER, strlen(text)), strlen(text));
}

/* A client outside: the host itself. */
static int outsider(const struct link *link)
{
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = link->port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_un local = { .sun_family = AF_UNIX };
    snprintf(local.sun_path, sizeof local.sun_path, "%.80s/socket", local_root);
    int made = socket(link->family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr *address = link->family == AF_UNIX ? (void *)&local : (void *)&four;
    assert_int_equal(connect(made, address, link->family == AF_UNIX ? sizeof local : sizeof four), 0);
    return made;
}

static int64_t error_of(porin_domain *domain, int64_t number)
{
    uint32_t value;
    put_bytes(domain, WORLD_BUFFER, &(uint32_t){ 4 }, 4);
    assert_int_equal(ask(domain, SYS_getsockopt, word(number), SOL_SOCKET, SO_ERROR, WORLD_BUFFER + 8, WORLD_BUFFER), 0);
    get_bytes(domain, &value, WORLD_BUFFER + 8, 4);
    return value;
}

static void connecting_without_waiting(void **state)
{
    (void)state;
    for (int local = 0; local < 2; local++) {
        struct link link;
        link_listen(&link, local, AF_INET, 16);
        int64_t made = ask(link.client, SYS_socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        size_t size = address_put(&link, link.client);
        assert_int_equal(ask(link.client, SYS_connect, word(made), WORLD_BUFFER, size), -EINPROGRESS);
        assert_int_equal(polled(link.client, made, POLLOUT, 1000), POLLOUT);
        assert_int_equal(error_of(link.client, made), 0);
        size = address_put(&link, link.client);
        assert_int_equal(ask(link.client, SYS_connect, word(made), WORLD_BUFFER, size), 0);
        assert_int_equal(ask(link.client, SYS_connect, word(made), WORLD_BUFFER, size), -EISCONN);
        assert_int_equal(is_end(link.client, made), local);
        assert_int_equal(ask(link.client, SYS_bind, word(made), WORLD_BUFFER, size), -EINVAL);
        link_end(&link);
    }
}

/* Who has found nobody there is connected in memory when somebody is; who has been connected by the host is not, whomever it asks for. */
static void connecting_again(void **state)
{
    (void)state;
    static const int families[] = { AF_INET, AF_UNIX };
    for (int i = 0; i < 2; i++) {
        struct link link;
        link_listen(&link, true, families[i], 16);
        assert_int_equal(ask(link.server, SYS_close, word(link.listening)), 0);
        int64_t made = ask(link.client, SYS_socket, word(families[i]), SOCK_STREAM, 0);
        size_t size = address_put(&link, link.client);
        for (int k = 0; k < 3; k++)
            assert_int_equal(ask(link.client, SYS_connect, word(made), WORLD_BUFFER, size), -ECONNREFUSED);
        if (families[i] == AF_UNIX)
            (void)ask(link.server, SYS_unlink, put(link.server, "/data/socket"));
        int64_t listening = ask(link.server, SYS_socket, word(families[i]), SOCK_STREAM, 0);
        size = address_put(&link, link.server);
        assert_int_equal(ask(link.server, SYS_bind, word(listening), WORLD_BUFFER, size), 0);
        assert_int_equal(ask(link.server, SYS_listen, word(listening), 16), 0);
        size = address_put(&link, link.client);
        assert_int_equal(ask(link.client, SYS_connect, word(made), WORLD_BUFFER, size), 0);
        assert_true(is_end(link.client, made));
        link_end(&link);
    }
    struct link link;
    link_listen(&link, true, AF_UNIX, 16);
    struct sockaddr_un place = { .sun_family = AF_UNIX };
    snprintf(place.sun_path, sizeof place.sun_path, "%.90s/outside", local_root);
    int outside = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(outside, (struct sockaddr *)&place, sizeof place) | listen(outside, 1), 0);
    const struct sockaddr_un there = { .sun_family = AF_UNIX, .sun_path = "/data/outside" };
    const struct sockaddr_un nowhere = { .sun_family = AF_UNIX, .sun_path = "/data/nowhere" };
    int64_t made = ask(link.client, SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    put_bytes(link.client, WORLD_BUFFER, &there, sizeof there);
    assert_int_equal(ask(link.client, SYS_connect, word(made), WORLD_BUFFER, sizeof there), 0);
    put_bytes(link.client, WORLD_BUFFER, &nowhere, sizeof nowhere);
    assert_true(ask(link.client, SYS_connect, word(made), WORLD_BUFFER, sizeof nowhere) < 0);
    size_t size = address_put(&link, link.client);
    assert_int_equal(ask(link.client, SYS_connect, word(made), WORLD_BUFFER, size), -EISCONN);
    assert_false(is_end(link.client, made));
    close(outside);
    link_end(&link);
}

static void names_and_flags(void **state)
{
    (void)state;
    for (int family = 0; family < 2; family++) {
        struct link link;
        struct sockaddr_in own, peer;
        uint32_t size = sizeof own;
        link_connect(&link, true, family ? AF_INET : AF_UNIX);
        link.in_client = link_socket(&link);
        link.in_server = accepted(&link, SOCK_NONBLOCK | SOCK_CLOEXEC);
        assert_int_equal(ask(link.server, SYS_fcntl, word(link.in_server), F_GETFD), FD_CLOEXEC);
        assert_int_equal(ask(link.server, SYS_fcntl, word(link.in_server), F_GETFL), O_RDWR | O_NONBLOCK);
        assert_int_equal(ask(link.server, SYS_read, word(link.in_server), WORLD_BUFFER, 1), -EAGAIN);
        nonblocking(link.server, link.in_server, false);
        assert_int_equal(ask(link.server, SYS_fcntl, word(link.in_server), F_GETFL), O_RDWR);
        put_bytes(link.client, WORLD_BUFFER, &size, 4);
        assert_int_equal(ask(link.client, SYS_getsockname, word(link.in_client), WORLD_BUFFER + 8, WORLD_BUFFER), 0);
        get_bytes(link.client, &own, WORLD_BUFFER + 8, sizeof own);
        put_bytes(link.server, WORLD_BUFFER, &size, 4);
        assert_int_equal(ask(link.server, SYS_getpeername, word(link.in_server), WORLD_BUFFER + 8, WORLD_BUFFER), 0);
        get_bytes(link.server, &peer, WORLD_BUFFER + 8, sizeof peer);
        get_bytes(link.server, &size, WORLD_BUFFER, 4);
        assert_int_equal(size, family ? sizeof peer : sizeof peer.sin_family);
        assert_int_equal(peer.sin_family, link.family);
        assert_true(!family || (peer.sin_port == own.sin_port && own.sin_port != link.port));
        assert_true(!family || peer.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
        link_end(&link);
    }
}

/* A queue has an end, behind which the host's begins; nobody is lost. */
static void backlogs_are_kept(void **state)
{
    (void)state;
    for (int family = 0; family < 2; family++) {
        struct link link;
        int here = 0;
        link_listen(&link, true, family ? AF_INET : AF_UNIX, 2);
        int64_t made[5], taken[5];
        for (int i = 0; i < 5; i++) {
            made[i] = link_socket(&link);
            assert_true(made[i] >= 0);
            here += is_end(link.client, made[i]);
        }
        assert_int_equal(here, 3);
        nonblocking(link.server, link.listening, true);
        for (int i = 0; i < 5; i++)
            assert_true((taken[i] = accepted(&link, 0)) >= 0);
        assert_int_equal(accepted(&link, 0), -EAGAIN);
        assert_int_equal(polled(link.server, link.listening, POLLIN, 0), 0);
        link_end(&link);
    }
}

static void those_from_outside_have_their_turn(void **state)
{
    (void)state;
    for (int family = 0; family < 2; family++) {
        struct link link;
        int strangers[4], here = 0;
        link_listen(&link, true, family ? AF_INET : AF_UNIX, 16);
        for (int i = 0; i < 4; i++) {
            strangers[i] = outsider(&link);
            assert_int_equal(write(strangers[i], "outside", 7), 7);
            assert_true(link_socket(&link) >= 0);
        }
        for (int i = 0; i < 8; i++) {
            assert_int_equal(polled(link.server, link.listening, POLLIN, 0), POLLIN);
            int64_t taken = accepted(&link, 0);
            here += is_end(link.server, taken);
            assert_in_range(here, (i + 1) / 2, (i + 2) / 2); /* in turns */
            if (!is_end(link.server, taken))
                expect_bytes(link.server, taken, "outside");
        }
        for (int i = 0; i < 4; i++)
            close(strangers[i]);
        link_end(&link);
    }
}

/* A client of an ended server finds nobody; those who waited are told. */
static void listeners_end(void **state)
{
    (void)state;
    for (int family = 0; family < 2; family++)
        for (int local = 0; local < 2; local++) {
            struct link link;
            link_listen(&link, local, family ? AF_INET : AF_UNIX, 16);
            int64_t made = link_socket(&link);
            send_text(link.client, made, "nobody reads that");
            if (local)
                porin_domain_reset(link.server, NULL);
            else
                assert_int_equal(ask(link.server, SYS_close, word(link.listening)), 0);
            assert_int_equal(polled(link.client, made, POLLIN | POLLOUT, 1000), POLLIN | POLLOUT | POLLERR | POLLHUP);
            assert_int_equal(ask(link.client, SYS_read, word(made), WORLD_BUFFER, 1), -ECONNRESET);
            assert_int_equal(ask(link.client, SYS_read, word(made), WORLD_BUFFER, 1), 0);
            assert_int_equal(link_socket(&link), -ECONNREFUSED);
            link_end(&link);
        }
}

/* What no grant allows stays refused, whoever listens in the process. */
static void grants_are_asked_first(void **state)
{
    (void)state;
    for (int family = 0; family < 2; family++) {
        struct link link;
        static const char *const others[] = { "127.0.0.1:1", "unix:/data/other", "127.0.0.2:*", "[::1]:*", "unix:/data/sock" };
        link_listen(&link, true, family ? AF_INET : AF_UNIX, 16);
        porin_domain_destroy(link.client);
        link.client = world_connecting(true, others, 5);
        assert_int_equal(link_socket(&link), family ? -ENETUNREACH : -EACCES);
        nonblocking(link.server, link.listening, true);
        assert_int_equal(accepted(&link, 0), -EAGAIN);
        link_end(&link);
    }
}

/* A socket's file that may not be written leads nowhere; neither does one that has taken the place of another. */
static void files_of_sockets(void **state)
{
    (void)state;
    struct link link;
    char path[4200];
    snprintf(path, sizeof path, "%s/socket", local_root);
    link_listen(&link, true, AF_UNIX, 16);
    assert_int_equal(chmod(path, 0), 0);
    if (geteuid() != 0)
        assert_int_equal(link_socket(&link), -EACCES);
    assert_int_equal(chmod(path, 0755), 0);
    int64_t before = link_socket(&link);
    assert_true(is_end(link.client, before));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(link_socket(&link), -ENOENT);
    for (int i = 0; i < 200; i++) { /* none of these gets the old one's number */
        int64_t other = ask(link.client, SYS_socket, AF_UNIX, SOCK_STREAM, 0);
        size_t size = address_put(&link, link.client);
        assert_int_equal(ask(link.client, SYS_bind, word(other), WORLD_BUFFER, size), 0);
        assert_int_equal(link_socket(&link), -ECONNREFUSED); /* nobody listens */
        assert_int_equal(unlink(path), 0);
        assert_int_equal(ask(link.client, SYS_close, word(other)), 0);
    }
    link_end(&link);
}

static void shared_ports_are_the_hosts(void **state)
{
    (void)state;
    struct link link;
    const int on = 1;
    link_listen(&link, true, AF_INET, 16);
    assert_int_equal(ask(link.server, SYS_close, word(link.listening)), 0);
    link.listening = ask(link.server, SYS_socket, AF_INET, SOCK_STREAM, 0);
    put_bytes(link.server, WORLD_BUFFER, &on, sizeof on);
    assert_int_equal(ask(link.server, SYS_setsockopt, word(link.listening), SOL_SOCKET, SO_REUSEPORT, WORLD_BUFFER, sizeof on), 0);
    size_t size = address_put(&link, link.server);
    assert_int_equal(ask(link.server, SYS_bind, word(link.listening), WORLD_BUFFER, size), 0);
    assert_int_equal(ask(link.server, SYS_listen, word(link.listening), 16), 0);
    assert_false(is_end(link.client, link_socket(&link)));
    link_end(&link);
}

/* --- waiting --- */

struct call { pthread_t thread; porin_domain *domain; int64_t number; _Atomic int64_t result; _Atomic bool done; uint64_t arguments[6]; };

static void *call_make(void *closure)
{
    struct call *call = closure;
    call->result = personality_call(call->domain, (uint64_t)call->number, call->arguments);
    call->done = true;
    return NULL;
}

/* A request on a thread of its own, which sleeps in it. */
static void call_begin(struct call *call, porin_domain *domain, int64_t number, const uint64_t arguments[6])
{
    *call = (struct call){ .domain = domain, .number = number };
    memcpy(call->arguments, arguments, sizeof call->arguments);
    assert_int_equal(pthread_create(&call->thread, NULL, call_make, call), 0);
    nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    assert_false(call->done);
}
#define call_begin(call, domain, number, ...) call_begin(call, domain, number, (const uint64_t[6]){ __VA_ARGS__ })

static int64_t call_end(struct call *call)
{
    pthread_join(call->thread, NULL);
    return call->result;
}

static void sleepers_wake(void **state)
{
    (void)state;
    for (int family = 0; family < 2; family++) {
        struct link link;
        struct call call;
        link_connect(&link, true, family ? AF_INET : AF_UNIX);
        call_begin(&call, link.server, SYS_recvfrom, word(link.in_server), WORLD_BUFFER + 0x2000, 10, MSG_WAITALL);
        send_text(link.client, link.in_client, "hello");
        send_text(link.client, link.in_client, "world");
        assert_int_equal(call_end(&call), 10);
        call_begin(&call, link.server, SYS_accept4, word(link.listening), 0, 0, 0);
        int64_t second = link_socket(&link);
        assert_true(is_end(link.server, call_end(&call)));
        call_begin(&call, link.server, SYS_accept4, word(link.listening), 0, 0, 0);
        int stranger = outsider(&link);
        assert_false(is_end(link.server, call_end(&call)));
        close(stranger);
        call_begin(&call, link.server, SYS_read, word(link.in_server), WORLD_BUFFER + 0x2000, 10);
        assert_int_equal(ask(link.server, SYS_shutdown, word(link.in_server), SHUT_RD), 0);
        assert_int_equal(call_end(&call), 0);
        call_begin(&call, link.client, SYS_read, word(second), WORLD_BUFFER + 0x2000, 10);
        porin_domain_reset(link.server, NULL); /* which has died: nothing was unread */
        assert_int_equal(call_end(&call), 0);
        link_end(&link);
    }
}

/* Full rings hold senders back, and the room that a reader makes is told. */
static void senders_are_held_back(void **state)
{
    (void)state;
    for (int family = 0; family < 2; family++) {
        struct link link;
        struct call call;
        int64_t sent = 0, got = 0, result;
        link_connect(&link, true, family ? AF_INET : AF_UNIX);
        while ((result = ask(link.client, SYS_sendto, word(link.in_client), WORLD_BUFFER, 10000, MSG_DONTWAIT)) > 0)
            sent += result;
        assert_int_equal(result, -EAGAIN);
        assert_int_equal(polled(link.client, link.in_client, POLLOUT, 0), 0);
        call_begin(&call, link.client, SYS_write, word(link.in_client), WORLD_BUFFER, 30000);
        while (got < sent + 30000 && (result = ask(link.server, SYS_read, word(link.in_server), WORLD_BUFFER, 5000)) > 0)
            got += result;
        assert_int_equal(call_end(&call), 30000);
        assert_int_equal(polled(link.client, link.in_client, POLLOUT, 0), POLLOUT);
        while (ask(link.client, SYS_sendto, word(link.in_client), WORLD_BUFFER, 10000, MSG_DONTWAIT) > 0)
            ;
        call_begin(&call, link.client, SYS_write, word(link.in_client), WORLD_BUFFER, 30000);
        porin_domain_reset(link.server, NULL); /* with much unread */
        result = call_end(&call);
        assert_int_equal(result, family ? -ECONNRESET : -EPIPE);
        link_end(&link);
    }
}

static void waits_have_limits(void **state)
{
    (void)state;
    struct link link;
    const struct timeval limit = { 0, 30000 };
    link_connect(&link, true, AF_INET);
    put_bytes(link.server, WORLD_BUFFER, &limit, sizeof limit);
    for (int i = 0; i < 2; i++) {
        int64_t number = i ? link.listening : link.in_server;
        assert_int_equal(ask(link.server, SYS_setsockopt, word(number), SOL_SOCKET, SO_RCVTIMEO, WORLD_BUFFER, sizeof limit), 0);
    }
    assert_int_equal(ask(link.server, SYS_setsockopt, word(link.in_server), SOL_SOCKET, SO_SNDTIMEO, WORLD_BUFFER, sizeof limit), 0);
    assert_int_equal(ask(link.server, SYS_read, word(link.in_server), WORLD_BUFFER, 1), -EAGAIN);
    assert_int_equal(accepted(&link, 0), -EAGAIN);
    int64_t result;
    while ((result = ask(link.server, SYS_write, word(link.in_server), WORLD_BUFFER, 30000)) > 0)
        ;
    assert_int_equal(result, -EAGAIN);
    assert_int_equal(polled(link.server, link.in_server, POLLIN, 30), 0);
    int64_t before = ask(link.client, SYS_socket, AF_INET, SOCK_STREAM, 0);
    put_bytes(link.client, WORLD_BUFFER, &limit, sizeof limit);
    assert_int_equal(ask(link.client, SYS_setsockopt, word(before), SOL_SOCKET, SO_RCVTIMEO, WORLD_BUFFER, sizeof limit), 0);
    size_t size = address_put(&link, link.client);
    assert_int_equal(ask(link.client, SYS_connect, word(before), WORLD_BUFFER, size), 0);
    assert_int_equal(ask(link.client, SYS_read, word(before), WORLD_BUFFER, 1), -EAGAIN);
    link_end(&link);
}

/* --- several at once --- */

static void watch(porin_domain *domain, int64_t epoll, int64_t number, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.u64 = (uint64_t)number };
    put_bytes(domain, WORLD_BUFFER, &event, sizeof event);
    assert_int_equal(ask(domain, SYS_epoll_ctl, word(epoll), EPOLL_CTL_ADD, word(number), WORLD_BUFFER), 0);
}

static struct epoll_event waited(porin_domain *domain, int64_t epoll, int wait_ms)
{
    struct epoll_event event = { 0 };
    if (ask(domain, SYS_epoll_wait, word(epoll), WORLD_BUFFER, 1, word(wait_ms)) == 1)
        get_bytes(domain, &event, WORLD_BUFFER, sizeof event);
    return event;
}

/* An epoll has ends, listeners, what is the host's, and another epoll; with room for one it tells of all in turn. */
static void epolls_have_both(void **state)
{
    (void)state;
    struct link link;
    int numbers[2];
    uint32_t told = 0;
    link_connect(&link, true, AF_INET);
    int64_t outer = ask(link.server, SYS_epoll_create1, 0), inner = ask(link.server, SYS_epoll_create1, 0);
    assert_int_equal(ask(link.server, SYS_pipe2, WORLD_BUFFER, 0), 0);
    get_bytes(link.server, numbers, WORLD_BUFFER, sizeof numbers);
    watch(link.server, inner, link.in_server, EPOLLIN);
    watch(link.server, outer, inner, EPOLLIN);
    watch(link.server, outer, link.listening, EPOLLIN);
    watch(link.server, outer, numbers[0], EPOLLIN);
    assert_int_equal(waited(link.server, outer, 0).events, 0);
    assert_int_equal(polled(link.server, outer, POLLIN, 0), 0);
    struct call call;
    call_begin(&call, link.server, SYS_epoll_wait, word(outer), WORLD_BUFFER + 0x2000, 1, word(-1));
    send_text(link.client, link.in_client, "x");
    assert_int_equal(call_end(&call), 1);
    assert_int_equal(polled(link.server, outer, POLLIN, 0), POLLIN);
    assert_int_equal(waited(link.server, outer, 0).data.u64, inner);
    assert_int_equal(waited(link.server, inner, 0).data.u64, link.in_server);
    send_text(link.server, numbers[1], "x");
    assert_true(link_socket(&link) >= 0);
    int stranger = outsider(&link);
    for (int i = 0; i < 60; i++) {
        int64_t which = (int64_t)waited(link.server, outer, 0).data.u64;
        told |= which == inner ? 1 : which == link.listening ? 2 : which == numbers[0] ? 4 : 8;
        if (which == link.listening)
            assert_true(accepted(&link, 0) >= 0);
        if (told == 7 && polled(link.server, link.listening, POLLIN, 0) == 0)
            break;
    }
    assert_int_equal(told, 7);
    assert_int_equal(polled(link.server, link.listening, POLLIN, 0), 0);
    assert_int_equal(ask(link.server, SYS_close, word(link.in_server)), 0);
    assert_int_equal(ask(link.server, SYS_epoll_ctl, word(inner), EPOLL_CTL_ADD, word(outer), WORLD_BUFFER), -ELOOP);
    close(stranger);
    link_end(&link);
}

/* Who waits for an epoll, in another one or by polling, is told of what is ready as soon as it is put there, or wanted again. */
static void what_is_put_into_epolls_is_told(void **state)
{
    (void)state;
    for (int polls = 0; polls < 2; polls++)
        for (int again = 0; again < 2; again++) {
            struct link link;
            struct call call;
            struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT, .data.u64 = 1 };
            link_connect(&link, true, AF_UNIX);
            int64_t outer = ask(link.server, SYS_epoll_create1, 0), inner = ask(link.server, SYS_epoll_create1, 0);
            watch(link.server, outer, inner, EPOLLIN);
            send_text(link.client, link.in_client, "x");
            if (again) {
                watch(link.server, inner, link.in_server, EPOLLIN | EPOLLONESHOT);
                assert_int_equal(waited(link.server, inner, 0).events, EPOLLIN);
            }
            put_bytes(link.server, WORLD_BUFFER + 0x2000, &(struct pollfd){ (int)inner, POLLIN, 0 }, sizeof(struct pollfd));
            if (polls)
                call_begin(&call, link.server, SYS_poll, WORLD_BUFFER + 0x2000, 1, 5000);
            else
                call_begin(&call, link.server, SYS_epoll_wait, word(outer), WORLD_BUFFER + 0x2000, 1, 5000);
            put_bytes(link.server, WORLD_BUFFER, &event, sizeof event);
            assert_int_equal(ask(link.server, SYS_epoll_ctl, word(inner), again ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, word(link.in_server),
                                 WORLD_BUFFER), 0);
            assert_int_equal(call_end(&call), 1);
            link_end(&link);
        }
}

/* The host's connection that was reported and is gone by then is not reported again. */
static void nothing_old_is_reported(void **state)
{
    (void)state;
    struct link link;
    link_listen(&link, true, AF_INET, 16);
    int64_t epoll = ask(link.server, SYS_epoll_create1, 0);
    watch(link.server, epoll, link.listening, EPOLLIN);
    nonblocking(link.server, link.listening, true);
    for (int i = 0; i < 20; i++) {
        int stranger = outsider(&link);
        assert_true(link_socket(&link) >= 0);
        assert_int_equal(waited(link.server, epoll, 0).data.u64, link.listening);
        int64_t taken;
        while ((taken = accepted(&link, 0)) >= 0)
            ask(link.server, SYS_close, word(taken));
        assert_int_equal(waited(link.server, epoll, 0).events, 0);
        close(stranger);
    }
    link_end(&link);
}

static void limit_descriptors(porin_domain *domain, int64_t count)
{
    const struct rlimit limit = { (rlim_t)count, DESCRIPTORS_MAX };
    put_bytes(domain, WORLD_BUFFER, &limit, sizeof limit);
    assert_int_equal(ask(domain, SYS_prlimit64, 0, RLIMIT_NOFILE, WORLD_BUFFER, 0), 0);
}

static bool reserved(porin_domain *domain, int64_t number)
{
    struct personality *own = domain->personality;
    pthread_mutex_lock(&own->lock);
    bool found = own->descriptors[number].reserved;
    pthread_mutex_unlock(&own->lock);
    return found;
}

/* A connection for which there is no number is not lost, and the number for one that has not come yet is nobody else's. */
static void who_finds_no_number_waits(void **state)
{
    (void)state;
    for (int local = 0; local < 2; local++) {
        struct link link;
        struct call call;
        link_listen(&link, local, AF_INET, 16);
        link.in_client = link_socket(&link);
        send_text(link.client, link.in_client, "patient");
        limit_descriptors(link.server, link.listening + 1);
        for (int i = 0; i < 4; i++)
            assert_int_equal(accepted(&link, 0), -EMFILE);
        limit_descriptors(link.server, DESCRIPTORS_MAX);
        link.in_server = accepted(&link, 0);
        assert_int_equal(link.in_server, link.listening + 1);
        expect_bytes(link.server, link.in_server, "patient");
        call_begin(&call, link.server, SYS_accept4, word(link.listening), 0, 0, 0);
        int64_t next = link.in_server + 1;
        while (!reserved(link.server, next))
            usleep(1000);
        assert_int_equal(ask(link.server, SYS_dup2, word(link.in_server), word(next)), -EBUSY);
        assert_int_equal(ask(link.server, SYS_dup, word(link.in_server)), next + 1);
        assert_true(link_socket(&link) >= 0);
        assert_int_equal(call_end(&call), next);
        link_end(&link);
    }
}

/* --- to other processes --- */

/* Sends a descriptor to the domain itself: a new number for it. */
static int64_t passed(porin_domain *domain, int64_t number)
{
    struct { uint64_t size; int32_t level, type, number, padding; } control = { 20, SOL_SOCKET, SCM_RIGHTS, (int32_t)number, 0 };
    struct { uint64_t name; uint32_t name_size, padding; uint64_t vector, vectors, control, control_size; uint64_t flags; } message = {
        .vector = WORLD_BUFFER + 0x300, .vectors = 1, .control = WORLD_BUFFER + 0x400, .control_size = 24 };
    const uint64_t vector[2] = { WORLD_BUFFER + 0x500, 1 };
    int pair[2];
    assert_int_equal(ask(domain, SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, WORLD_BUFFER), 0);
    get_bytes(domain, pair, WORLD_BUFFER, sizeof pair);
    put_bytes(domain, WORLD_BUFFER + 0x200, &message, sizeof message);
    put_bytes(domain, WORLD_BUFFER + 0x300, vector, sizeof vector);
    put_bytes(domain, WORLD_BUFFER + 0x400, &control, sizeof control);
    assert_int_equal(ask(domain, SYS_sendmsg, word(pair[0]), WORLD_BUFFER + 0x200, 0), 1);
    put_bytes(domain, WORLD_BUFFER + 0x400, &(typeof(control)){ 0 }, sizeof control);
    assert_int_equal(ask(domain, SYS_recvmsg, word(pair[1]), WORLD_BUFFER + 0x200, 0), 1);
    get_bytes(domain, &control, WORLD_BUFFER + 0x400, sizeof control);
    assert_int_equal(control.size, 20);
    return control.number;
}

static void ends_travel(void **state)
{
    (void)state;
    for (int family = 0; family < 2; family++) {
        struct link link;
        struct call call;
        link_connect(&link, true, family ? AF_INET : AF_UNIX);
        int64_t epoll = ask(link.server, SYS_epoll_create1, 0), copy = ask(link.client, SYS_dup, word(link.in_client));
        watch(link.server, epoll, link.in_server, EPOLLIN);
        send_text(link.server, link.in_server, "to the client");
        call_begin(&call, link.server, SYS_recvfrom, word(link.in_server), WORLD_BUFFER + 0x2000, 20, MSG_WAITALL);
        send_text(link.client, link.in_client, "0123456789");
        int64_t moved = passed(link.client, link.in_client);
        assert_false(is_end(link.client, link.in_client));
        expect_bytes(link.client, moved, "to the ");
        expect_bytes(link.client, copy, "client");
        send_text(link.client, moved, "0123456789");
        assert_int_equal(call_end(&call), 20);
        send_text(link.client, copy, "more");
        assert_int_equal(waited(link.server, epoll, 1000).data.u64, link.in_server);
        send_text(link.server, link.in_server, "back");
        expect_bytes(link.client, link.in_client, "back");
        for (int i = 0; i < 3; i++)
            assert_int_equal(ask(link.client, SYS_close, word(i ? i == 1 ? copy : moved : link.in_client)), 0);
        while (ask(link.server, SYS_read, word(link.in_server), WORLD_BUFFER, 100) > 0)
            ;
        assert_int_equal(polled(link.server, link.in_server, POLLIN, 0), POLLIN | POLLHUP);
        link_end(&link);
    }
}

/* Who waits at a listener that another process may have is accepted by whoever has it, with what was sent before. */
static void listeners_travel(void **state)
{
    (void)state;
    for (int family = 0; family < 2; family++) {
        struct link link;
        struct call call;
        link_listen(&link, true, family ? AF_INET : AF_UNIX, 16);
        int64_t first = link_socket(&link), second = link_socket(&link);
        send_text(link.client, first, "first");
        send_text(link.client, second, "second");
        assert_int_equal(ask(link.client, SYS_close, word(second)), 0);
        int64_t moved = passed(link.server, link.listening);
        link.in_server = ask(link.server, SYS_accept4, word(moved), 0, 0, 0);
        assert_true(link.in_server >= 0);
        expect_bytes(link.server, link.in_server, "first");
        send_text(link.server, link.in_server, "answer");
        expect_bytes(link.client, first, "answer");
        link.in_server = accepted(&link, 0);
        expect_bytes(link.server, link.in_server, "second");
        assert_int_equal(ask(link.server, SYS_read, word(link.in_server), WORLD_BUFFER, 1), 0);
        call_begin(&call, link.server, SYS_accept4, word(moved), 0, 0, 0);
        first = link_socket(&link);
        assert_false(is_end(link.client, first));
        assert_true(call_end(&call) >= 0);
        nonblocking(link.server, moved, true);
        assert_int_equal(ask(link.server, SYS_accept4, word(moved), 0, 0, 0), -EAGAIN);
        assert_int_equal(accepted(&link, 0), -EAGAIN); /* as they are one */
        link_end(&link);
    }
}

/* A fork of the domain, as its service does it: the child does that, and ends well if nothing fails in it. */
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

/* In a child a failed assertion must not go on with the parent's tests. */
#define sure(condition) do { if (!(condition)) _exit(__LINE__ % 200 + 1); } while (0)

static bool receives(porin_domain *domain, int64_t number, const char *text)
{
    char got[64] = { 0 };
    if (ask(domain, SYS_recvfrom, word(number), WORLD_BUFFER, strlen(text), MSG_WAITALL, 0, 0) != (int64_t)strlen(text))
        return false;
    return copy_in(got, domain, (porin_addr){ WORLD_BUFFER }, strlen(text)) == PORIN_OK && strcmp(got, text) == 0;
}

static void client_goes_on(struct link *link)
{
    sure(receives(link->client, link->in_client, "before the fork"));
    send_text(link->client, link->in_client, "child");
    sure(receives(link->client, link->in_client, "answer"));
    sure(polled(link->client, link->in_client, POLLOUT, 0) == POLLOUT);
    sure(link_socket(link) >= 0);
}

static void connections_outlive_forks(void **state)
{
    (void)state;
    for (int family = 0; family < 2; family++) {
        struct link link;
        link_connect(&link, true, family ? AF_INET : AF_UNIX);
        send_text(link.server, link.in_server, "before the fork");
        pid_t child = forked(link.client, client_goes_on, &link);
        expect_bytes(link.server, link.in_server, "child");
        send_text(link.server, link.in_server, "answer");
        assert_false(is_end(link.server, accepted(&link, 0)));
        expect_well(child);
        send_text(link.client, link.in_client, "parent");
        expect_bytes(link.server, link.in_server, "parent");
        assert_int_equal(ask(link.client, SYS_close, word(link.in_client)), 0);
        assert_int_equal(ask(link.server, SYS_read, word(link.in_server), WORLD_BUFFER, 1), 0);
        assert_true(is_end(link.client, link_socket(&link)));
        link_end(&link);
    }
}

static void server_goes_on(struct link *link)
{
    sure(waited(link->server, link->epolls[0], 1000).data.u64 == (uint64_t)link->listening);
    link->in_server = accepted(link, 0);
    sure(link->in_server >= 0 && receives(link->server, link->in_server, "waited"));
    send_text(link->server, link->in_server, "served");
    sure(accepted(link, 0) >= 0); /* which comes only now, and waits for that */
}

/* A child may be the one to serve, before and after; the parent is when it shows that it does. */
static void children_accept(void **state)
{
    (void)state;
    for (int family = 0; family < 2; family++) {
        struct link link;
        link_listen(&link, true, family ? AF_INET : AF_UNIX, 16);
        link.epolls[0] = ask(link.server, SYS_epoll_create1, 0);
        watch(link.server, link.epolls[0], link.listening, EPOLLIN);
        link.in_client = link_socket(&link);
        send_text(link.client, link.in_client, "waited");
        pid_t child = forked(link.server, server_goes_on, &link);
        expect_bytes(link.client, link.in_client, "served");
        int64_t second = link_socket(&link);
        assert_false(is_end(link.client, second));
        expect_well(child);
        nonblocking(link.server, link.listening, true);
        assert_int_equal(accepted(&link, 0), -EAGAIN);
        assert_true(is_end(link.client, link_socket(&link)));
        assert_true(is_end(link.server, accepted(&link, 0)));
        link_end(&link);
    }
}

static void nobody_listens(struct link *link)
{
    sure(ask(link->server, SYS_shutdown, word(link->listening), SHUT_RDWR) == 0);
}

/* A child's shutdown of a listener ends it for its parent, too: who waits there, or looks, is told; and nobody connects any more. */
static void children_stop_listeners(void **state)
{
    (void)state;
    for (int family = 0; family < 2; family++)
        for (int local = 0; local < 2; local++) {
            struct link link;
            struct call call;
            link_listen(&link, local, family ? AF_INET : AF_UNIX, 16);
            if (local) { /* the parent is seen to accept */
                call_begin(&call, link.server, SYS_accept4, word(link.listening), 0, 0, 0);
                assert_true(link_socket(&link) >= 0);
                assert_true(call_end(&call) >= 0);
            }
            pid_t child = forked(link.server, nobody_listens, &link);
            if (local)
                assert_int_equal(polled(link.server, link.listening, POLLIN, 2000) & POLLHUP, POLLHUP);
            expect_well(child);
            assert_int_equal(accepted(&link, 0), -EINVAL);
            assert_int_equal(link_socket(&link), -ECONNREFUSED);
            link_end(&link);
        }
}

static void inner_is_taken_out(struct link *link)
{
    sure(ask(link->server, SYS_epoll_ctl, word(link->epolls[0]), EPOLL_CTL_DEL, word(link->epolls[1]), 0) == 0);
}

/* Epolls are not in each other, also if a child, which shares the host's, has taken one out there. */
static void epolls_make_no_circles(void **state)
{
    (void)state;
    struct link link;
    struct epoll_event event = { .events = EPOLLIN };
    link_listen(&link, true, AF_INET, 16);
    for (int i = 0; i < 2; i++)
        link.epolls[i] = ask(link.server, SYS_epoll_create1, 0);
    watch(link.server, link.epolls[0], link.epolls[1], EPOLLIN);
    expect_well(forked(link.server, inner_is_taken_out, &link));
    put_bytes(link.server, WORLD_BUFFER, &event, sizeof event);
    uint64_t outer = word(link.epolls[0]), inner = word(link.epolls[1]), third = word(ask(link.server, SYS_epoll_create1, 0));
    assert_int_equal(ask(link.server, SYS_epoll_ctl, inner, EPOLL_CTL_ADD, outer, WORLD_BUFFER), -ELOOP);
    assert_int_equal(ask(link.server, SYS_epoll_ctl, third, EPOLL_CTL_ADD, outer, WORLD_BUFFER), -ELOOP);
    assert_int_equal(ask(link.server, SYS_epoll_ctl, outer, EPOLL_CTL_DEL, inner, 0), 0);
    assert_int_equal(ask(link.server, SYS_epoll_ctl, inner, EPOLL_CTL_ADD, outer, WORLD_BUFFER), 0);
    assert_int_equal(waited(link.server, link.epolls[1], 0).events, 0);
    link_end(&link);
}

/* Nobody can make the others wait by letting many wait for what has no room. */
static void full_queues_do_not_delay_forks(void **state)
{
    (void)state;
    struct link link;
    enum { WAITING = 250 };
    int strangers[WAITING + 10];
    struct timespec before, after;
    link_listen(&link, true, AF_INET, WAITING);
    for (int i = 0; i < WAITING + 10; i++) {
        struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = link.port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        strangers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(strangers[i], (void *)&four, sizeof four);
    }
    int64_t first = -1;
    for (int i = 0; i < WAITING; i++)
        first = link_socket(&link);
    assert_true(is_end(link.client, first));
    clock_gettime(CLOCK_MONOTONIC, &before);
    struct personality *own = link.server->personality;
    sharing_fork_begin(own);
    local_fork_begin(own);
    local_fork_end(own, false);
    sharing_fork_end(own, -1);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_in_range(after.tv_sec - before.tv_sec, 0, 2);
    assert_int_equal(error_of(link.client, first), ECONNRESET);
    for (int i = 0; i < WAITING + 10; i++)
        close(strangers[i]);
    link_end(&link);
}

int main(int count, char **arguments)
{
    state_of_random = count > 1 ? strtoull(arguments[1], NULL, 0) : 1;
    const struct CMUnitTest tests[] = {
        TEST(local_sockets_are_as_the_kernels), TEST(loopback_is_as_the_kernels), TEST(connecting_without_waiting), TEST(connecting_again),
        TEST(names_and_flags), TEST(backlogs_are_kept), TEST(those_from_outside_have_their_turn), TEST(listeners_end),
        TEST(grants_are_asked_first),
        TEST(files_of_sockets), TEST(shared_ports_are_the_hosts), TEST(sleepers_wake), TEST(senders_are_held_back), TEST(waits_have_limits),
        TEST(epolls_have_both), TEST(nothing_old_is_reported), TEST(who_finds_no_number_waits),
        TEST(ends_travel), TEST(listeners_travel), TEST(connections_outlive_forks), TEST(children_accept),
        TEST(full_queues_do_not_delay_forks), TEST(epolls_make_no_circles), TEST(what_is_put_into_epolls_is_told),
        TEST(children_stop_listeners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

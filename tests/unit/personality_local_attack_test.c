/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets within the process against domains that want more than their share: of the process's memory, of its locks, of others' time. */
#define _GNU_SOURCE
#include "local_world.h"
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#define WAITING_MOST 1024              /* as listeners.c */
#define WATCHES_MOST 128               /* as local.h */
#define BYTES_MOST 0x7ffff000          /* of one transfer, as in Linux */

static int64_t bytes_sent(porin_domain *domain, int64_t number, size_t size)
{
    return ask(domain, SYS_sendto, word(number), WORLD_BUFFER + 0x4000, size, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
}

/* Connections that nobody accepts and whose clients have gone cost no descriptors, but memory. */
static void the_unaccepted_have_a_limit(void **state)
{
    (void)state;
    struct link link;
    int64_t here = 0;
    link_listen(&link, true, AF_UNIX, 4096);
    for (int i = 0; i < WAITING_MOST + 50; i++) {
        int64_t made = link_socket(&link);
        assert_true(made >= 0);
        here += is_end(link.client, made);
        assert_int_equal(ask(link.client, SYS_close, word(made)), 0);
    }
    assert_int_equal(here, WAITING_MOST);
    int64_t taken = ask(link.server, SYS_accept4, word(link.listening), 0, 0, 0); /* this one's turn it is: the process's */
    assert_true(is_end(link.server, taken));
    assert_true(is_end(link.client, link_socket(&link)));
    assert_int_equal(ask(link.server, SYS_close, word(link.listening)), 0);
    link_end(&link);
    link_listen(&link, true, AF_INET, 16); /* nobody waits any more */
    assert_true(is_end(link.client, link_socket(&link)));
    link_end(&link);
}

static int64_t watch_try(porin_domain *domain, int64_t epoll, int64_t number)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = 1 };
    put_bytes(domain, WORLD_BUFFER, &event, sizeof event);
    return ask(domain, SYS_epoll_ctl, word(epoll), EPOLL_CTL_ADD, word(number), WORLD_BUFFER);
}

/* Who sends, or connects, tells all epolls that have the other side: so many copies of its socket in so many epolls. */
static void who_is_told_has_a_limit(void **state)
{
    (void)state;
    for (int listener = 0; listener < 2; listener++) {
        struct link link;
        int added = 0;
        link_connect(&link, true, AF_INET);
        int64_t copy[2] = { listener ? link.listening : link.in_server }, epoll[WATCHES_MOST / 2 + 10];
        copy[1] = ask(link.server, SYS_dup, word(copy[0]));
        for (size_t i = 0; i < sizeof epoll / sizeof epoll[0]; i++) {
            epoll[i] = ask(link.server, SYS_epoll_create1, 0);
            for (int j = 0; j < 2; j++) {
                int64_t result = watch_try(link.server, epoll[i], copy[j]);
                assert_int_equal(result, added < WATCHES_MOST ? 0 : -ENOSPC);
                added += result == 0;
            }
        }
        assert_int_equal(ask(link.server, SYS_close, word(epoll[0])), 0);
        assert_int_equal(watch_try(link.server, epoll[sizeof epoll / sizeof epoll[0] - 1], copy[0]), 0);
        link_end(&link);
    }
}

/* An epoll that has everything in it ends while all that is told something: nothing of it is left. */
static void full_epolls_end(void **state)
{
    (void)state;
    struct link link;
    link_connect(&link, true, AF_UNIX);
    for (int round = 0; round < 3; round++) {
        int64_t epoll = ask(link.server, SYS_epoll_create1, 0), outer = ask(link.server, SYS_epoll_create1, 0);
        int64_t copies[60];
        assert_int_equal(watch_try(link.server, outer, epoll), 0);
        for (int i = 0; i < 60; i++) {
            copies[i] = ask(link.server, SYS_dup, word(link.in_server));
            assert_int_equal(watch_try(link.server, epoll, copies[i]), 0);
        }
        assert_int_equal(bytes_sent(link.client, link.in_client, 1), 1);
        assert_int_equal(ask(link.server, SYS_epoll_wait, word(outer), WORLD_BUFFER, 4, 0), 1);
        assert_int_equal(ask(link.server, SYS_close, word(epoll)), 0);
        assert_int_equal(bytes_sent(link.client, link.in_client, 1), 1);
        assert_int_equal(ask(link.server, SYS_epoll_wait, word(outer), WORLD_BUFFER, 4, 0), 0);
        for (int i = 0; i < 60; i++)
            assert_int_equal(ask(link.server, SYS_close, word(copies[i])), 0);
    }
    link_end(&link);
}

static uint64_t big_area(porin_domain *domain, uint64_t size)
{
    int64_t area = ask(domain, SYS_mmap, 0, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, word(-1), 0);
    assert_true(area > 0);
    return (uint64_t)area;
}

struct reader { porin_domain *domain; int64_t number; };

static void *everything_read(void *closure)
{
    struct reader *reader = closure;
    while (ask(reader->domain, SYS_recvfrom, word(reader->number), WORLD_BUFFER, 0x20000, MSG_TRUNC, 0, 0) > 0)
        ;
    return NULL;
}

/* Nobody is inside trusted code for longer than it takes to move as much as Linux moves at once; whom its end reaches, not so long. */
static void transfers_have_an_end(void **state)
{
    (void)state;
    struct link link;
    pthread_t thread;
    link_connect(&link, true, AF_INET);
    uint64_t area = big_area(link.client, 0x10000000), vector[16][2];
    for (int i = 0; i < 16; i++) {
        vector[i][0] = area;
        vector[i][1] = 0x10000000;
    }
    put_bytes(link.client, WORLD_BUFFER, vector, sizeof vector);
    assert_int_equal(pthread_create(&thread, NULL, everything_read, &(struct reader){ link.server, link.in_server }), 0);
    assert_int_equal(ask(link.client, SYS_writev, word(link.in_client), WORLD_BUFFER, 16), BYTES_MOST);
    porin_domain_kill(link.client);
    assert_int_equal(bytes_sent(link.client, link.in_client, 1), -EINTR);
    porin_domain_destroy(link.client);
    pthread_join(thread, NULL);
    porin_domain_destroy(link.server);
}

static void nothing_is_read_at_once(void **state)
{
    (void)state;
    struct link link;
    link_connect(&link, true, AF_UNIX);
    assert_int_equal(ask(link.server, SYS_read, word(link.in_server), WORLD_BUFFER, 0), 0);
    assert_int_equal(ask(link.server, SYS_readv, word(link.in_server), WORLD_BUFFER, 0), 0);
    link_end(&link);
}

static uint16_t port_of(porin_domain *domain, int64_t number)
{
    struct sockaddr_in name;
    put_bytes(domain, WORLD_BUFFER, &(uint32_t){ sizeof name }, 4);
    assert_int_equal(ask(domain, SYS_getsockname, word(number), WORLD_BUFFER + 8, WORLD_BUFFER), 0);
    get_bytes(domain, &name, WORLD_BUFFER + 8, sizeof name);
    return name.sin_port;
}

/* A listener that has stopped is nobody's to connect to, until it listens again: perhaps at another port. */
static void listeners_stop(void **state)
{
    (void)state;
    for (int family = 0; family < 2; family++)
        for (int local = 0; local < 2; local++) {
            struct link link;
            link_listen(&link, local, family ? AF_INET : AF_UNIX, 16);
            assert_int_equal(ask(link.server, SYS_shutdown, word(link.listening), SHUT_RDWR), 0);
            assert_int_equal(link_socket(&link), -ECONNREFUSED);
            if (family) {
                assert_int_equal(ask(link.server, SYS_listen, word(link.listening), 16), 0);
                link.port = port_of(link.server, link.listening);
                int64_t made = link_socket(&link);
                assert_int_equal(is_end(link.client, made), local);
                put_bytes(link.server, WORLD_BUFFER, &(struct sockaddr_in){ .sin_family = AF_UNSPEC }, sizeof(struct sockaddr_in));
                assert_int_equal(ask(link.server, SYS_connect, word(link.listening), WORLD_BUFFER, sizeof(struct sockaddr_in)), 0);
                assert_int_equal(link_socket(&link), -ECONNREFUSED);
                assert_int_equal(ask(link.client, SYS_read, word(made), WORLD_BUFFER, 1), -ECONNRESET);
            }
            link_end(&link);
        }
}

/* Without a descriptor of the host's nobody is accepted, and whoever accepts is told so. */
static void accepting_fails_without_descriptors(void **state)
{
    (void)state;
    struct link link;
    struct rlimit before, now;
    link_listen(&link, true, AF_UNIX, 16);
    assert_true(link_socket(&link) >= 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    now = (struct rlimit){ 3, before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
    int64_t result = ask(link.server, SYS_accept4, word(link.listening), 0, 0, 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(result, -EMFILE);
    assert_true(ask(link.server, SYS_accept4, word(link.listening), 0, 0, 0) >= 0);
    link_end(&link);
}

struct looks { unsigned seen, until; };

static bool there(void *what)
{
    struct looks *looks = what;
    return ++looks->seen == looks->until;
}

/* Who waits awake in vain does so ever more seldom; not at all on the processor of whom it waits for; never while processors are busy. */
static void waiting_awake_has_limits(void **state)
{
    (void)state;
    porin_domain *domain = world(true);
    struct request request = { domain, domain->personality, NULL };
    struct patience patience = { .cpu = UINT32_MAX };
    unsigned awake = 0;
    for (int i = 0; i < 2000; i++) {
        struct looks looks = { 0, 0 };
        assert_false(patience_look(&request, &patience, there, &looks));
        awake += looks.seen > 0;
    }
    assert_in_range(awake, 0, 7 + 2000 / 127);
    for (int i = 0; i < 200; i++) { /* where it pays it is done again, if processors are free now and then */
        struct looks looks = { 0, 3 };
        bool good = patience_look(&request, &patience, there, &looks);
        assert_int_equal(looks.seen, good ? 3 : 0);
        nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
    }
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    patience_note(&patience);
    struct looks looks = { 0, 3 };
    for (int i = 0; i < 1000; i++)
        assert_false(patience_look(&request, &patience, there, &looks));
    assert_int_equal(looks.seen, 0);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    porin_domain_destroy(domain);
}

int main(int count, char **arguments)
{
    if (count > 1)
        cmocka_set_test_filter(arguments[1]);
    const struct CMUnitTest tests[] = {
        TEST(the_unaccepted_have_a_limit), TEST(who_is_told_has_a_limit), TEST(full_epolls_end), TEST(transfers_have_an_end),
        TEST(nothing_is_read_at_once), TEST(waiting_awake_has_limits), TEST(listeners_stop), TEST(accepting_fails_without_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

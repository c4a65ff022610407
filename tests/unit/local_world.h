/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of sockets within the process share: two domains, and connections between them, in memory or through the kernel. */
#ifndef PORIN_TEST_LOCAL_WORLD_H
#define PORIN_TEST_LOCAL_WORLD_H
#include "personality_world.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "personality/local.h"

static char local_root[4096];
static uint64_t state_of_random = 1;

static inline uint32_t chance(uint32_t below)
{
    state_of_random = state_of_random * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(state_of_random >> 33) % below;
}

static const char *const every_address[] = { "*:*", "unix:/data/*" };
/* Of the domains that are made from now on: at how many addresses, but the first, they receive descriptors; their console's 1. */
static size_t world_receives;
static int world_output = -1;

static inline porin_domain *world_connecting(bool local, const char *const *addresses, size_t count)
{
    static const struct porin_directory directories[] = { { local_root, "/data", false }, { local_root, "/constant", true } };
    struct porin_domain_options options;
    struct porin_error error;
    porin_domain *domain = NULL;
    porin_domain_options_default(&options);
    options.grants = WORLD_GRANTS;
    options.listen = every_address;
    options.connect = addresses;
    options.listen_count = 2;
    options.connect_count = count;
    options.receive = every_address + 1;
    options.receive_count = world_receives;
    options.directories = directories;
    options.directory_count = 2;
    options.stdio[1] = world_output;
    options.local_network = local;
    if (world_create(&options, &domain, &error) != PORIN_OK)
        fail_msg("no domain: %s", error.text);
    const uint64_t ignore[4] = { 1 };
    put_bytes(domain, WORLD_BUFFER, ignore, sizeof ignore);
    assert_int_equal(ask(domain, SYS_rt_sigaction, SIGPIPE, WORLD_BUFFER, 0, 8), 0);
    return domain;
}

static inline porin_domain *world(bool local)
{
    return world_connecting(local, every_address, 2);
}

/* Two domains, and sockets in them. */
struct link { porin_domain *server, *client; int64_t listening, in_server, in_client; uint16_t port; int family; int64_t epolls[2]; };

static inline bool is_end(porin_domain *domain, int64_t number)
{
    struct open_file *file = file_acquire(domain->personality, (int)number);
    bool local = file->end && end_source(file);
    file_release(file);
    return local;
}

static inline size_t address_put(const struct link *link, porin_domain *domain)
{
    if (link->family == AF_UNIX) {
        struct sockaddr_un local = { .sun_family = AF_UNIX, .sun_path = "/data/socket" };
        put_bytes(domain, WORLD_BUFFER, &local, sizeof local);
        return sizeof local;
    }
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = link->port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = link->port, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    if (link->family == AF_INET6)
        put_bytes(domain, WORLD_BUFFER, &six, sizeof six);
    else
        put_bytes(domain, WORLD_BUFFER, &four, sizeof four);
    return link->family == AF_INET6 ? sizeof six : sizeof four;
}

static inline void link_listen(struct link *link, bool local, int family, int backlog)
{
    *link = (struct link){ .server = world(local), .client = world(local), .family = family };
    if (family == AF_UNIX)
        (void)ask(link->server, SYS_unlink, put(link->server, "/data/socket"));
    link->listening = ask(link->server, SYS_socket, word(family), SOCK_STREAM, 0);
    size_t size = address_put(link, link->server);
    assert_int_equal(ask(link->server, SYS_bind, word(link->listening), WORLD_BUFFER, size), 0);
    assert_int_equal(ask(link->server, SYS_listen, word(link->listening), word(backlog)), 0);
    struct sockaddr_in name;
    uint32_t room = sizeof name;
    put_bytes(link->server, WORLD_BUFFER + 256, &room, sizeof room);
    assert_int_equal(ask(link->server, SYS_getsockname, word(link->listening), WORLD_BUFFER, WORLD_BUFFER + 256), 0);
    get_bytes(link->server, &name, WORLD_BUFFER, sizeof name);
    link->port = name.sin_port;
}

static inline int64_t link_socket(const struct link *link)
{
    int64_t made = ask(link->client, SYS_socket, word(link->family), SOCK_STREAM, 0);
    size_t size = address_put(link, link->client);
    int64_t result = ask(link->client, SYS_connect, word(made), WORLD_BUFFER, size);
    return result < 0 ? result : made;
}

static inline void link_connect(struct link *link, bool local, int family)
{
    link_listen(link, local, family, 16);
    link->in_client = link_socket(link);
    assert_true(link->in_client >= 0);
    link->in_server = ask(link->server, SYS_accept4, word(link->listening), 0, 0, 0);
    assert_true(link->in_server >= 0);
    assert_int_equal(is_end(link->client, link->in_client), local);
    assert_int_equal(is_end(link->server, link->in_server), local);
}

/* Nothing is held back: what was sent is there. */
static inline void link_hurry(const struct link *link)
{
    const int on = 1;
    put_bytes(link->server, WORLD_BUFFER, &on, sizeof on);
    put_bytes(link->client, WORLD_BUFFER, &on, sizeof on);
    ask(link->server, SYS_setsockopt, word(link->in_server), IPPROTO_TCP, TCP_NODELAY, WORLD_BUFFER, sizeof on);
    ask(link->client, SYS_setsockopt, word(link->in_client), IPPROTO_TCP, TCP_NODELAY, WORLD_BUFFER, sizeof on);
}

static inline void link_end(struct link *link)
{
    porin_domain_destroy(link->server);
    porin_domain_destroy(link->client);
}

/* Each test has a directory of its own, which both domains see. */
static inline int local_set_up(void **state)
{
    (void)state;
    host_fresh(local_root);
    return 0;
}

static inline int local_tear_down(void **state)
{
    (void)state;
    host_remove(local_root);
    return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, local_set_up, local_tear_down)
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets within the process, on many threads: streams arrive as they were sent, whoever waits how, also if they become the host's
 * meanwhile; and a storm of whatever can be asked, from several domains and outside, leaves nothing behind. */
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

#define STREAM_BYTES (3u << 20)
#define STORM_MS 1500
#define STORM_THREADS 4
#define DOMAINS 3
#define NUMBERS 48                     /* descriptors of each domain that the storm knows of */
#define AREA_BYTES 0x6000u             /* of a domain's memory: each thread's own */

static uint32_t random_of(uint64_t *state, uint32_t below)
{
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(*state >> 33) % below;
}

/* --- streams --- */

enum way { BLOCKING, POLLING, EDGES, WAYS };

struct flow_end { porin_domain *domain; int64_t number; uint64_t area, seed; enum way way; _Atomic bool *failed; };

static uint8_t byte_at(uint64_t position)
{
    return (uint8_t)((position * 0x9e3779b97f4a7c15ull) >> 56);
}

static void stream_fail(const struct flow_end *end, const char *what, int64_t result, uint64_t position)
{
    if (!atomic_exchange(end->failed, true))
        fprintf(stderr, "%s: %ld at %lu\n", what, result, position);
}

/* Until it may go on; in two of the ways the socket itself does not wait. */
static void wait_for(const struct flow_end *end, int64_t epoll, short events)
{
    struct pollfd one = { (int)end->number, events, 0 };
    if (end->way == POLLING) {
        put_bytes(end->domain, end->area, &one, sizeof one);
        ask(end->domain, SYS_poll, end->area, 1, word(-1));
    } else if (end->way == EDGES)
        ask(end->domain, SYS_epoll_wait, word(epoll), end->area, 1, word(-1));
}

static int64_t flow_epoll(const struct flow_end *end, uint32_t events)
{
    struct epoll_event event = { .events = events | EPOLLET };
    int64_t epoll = ask(end->domain, SYS_epoll_create1, 0);
    put_bytes(end->domain, end->area, &event, sizeof event);
    ask(end->domain, SYS_epoll_ctl, word(epoll), EPOLL_CTL_ADD, word(end->number), end->area);
    if (end->way != BLOCKING)
        ask(end->domain, SYS_fcntl, word(end->number), F_SETFL, O_NONBLOCK);
    return epoll;
}

static void *stream_send(void *closure)
{
    struct flow_end *end = closure;
    int64_t epoll = flow_epoll(end, EPOLLOUT);
    uint8_t bytes[0x4000];
    for (uint64_t position = 0; position < STREAM_BYTES && !*end->failed;) {
        uint32_t size = random_of(&end->seed, random_of(&end->seed, 2) ? 300 : sizeof bytes) + 1;
        size = size < STREAM_BYTES - position ? size : (uint32_t)(STREAM_BYTES - position);
        for (uint32_t i = 0; i < size; i++)
            bytes[i] = byte_at(position + i);
        put_bytes(end->domain, end->area + 0x1000, bytes, size);
        uint64_t vector[4] = { end->area + 0x1000, size / 3, end->area + 0x1000 + size / 3, size - size / 3 };
        put_bytes(end->domain, end->area + 0x100, vector, sizeof vector);
        int64_t sent = random_of(&end->seed, 2) ? ask(end->domain, SYS_writev, word(end->number), end->area + 0x100, 2)
                                                : ask(end->domain, SYS_sendto, word(end->number), end->area + 0x1000, size, 0, 0, 0);
        if (sent == -EAGAIN)
            wait_for(end, epoll, POLLOUT);
        else if (sent <= 0)
            stream_fail(end, "sending", sent, position);
        else
            position += (uint64_t)sent;
    }
    ask(end->domain, SYS_shutdown, word(end->number), SHUT_WR);
    return NULL;
}

static void *stream_receive(void *closure)
{
    struct flow_end *end = closure;
    int64_t epoll = flow_epoll(end, EPOLLIN), got = 1;
    uint8_t bytes[0x4000];
    uint64_t position = 0;
    while (got && !*end->failed) {
        uint32_t size = random_of(&end->seed, sizeof bytes) + 1, flags = random_of(&end->seed, 3) ? 0 : MSG_WAITALL;
        got = ask(end->domain, SYS_recvfrom, word(end->number), end->area + 0x1000, size, flags, 0, 0);
        if (got == -EAGAIN)
            wait_for(end, epoll, POLLIN);
        if (got == -EAGAIN || got == 0)
            continue;
        if (got < 0 || copy_in(bytes, end->domain, (porin_addr){ (uint32_t)end->area + 0x1000 }, (size_t)got) != PORIN_OK)
            stream_fail(end, "receiving", got, position);
        for (int64_t i = 0; i < got && !*end->failed; i++)
            if (bytes[i] != byte_at(position + (uint64_t)i))
                stream_fail(end, "the byte", i, position);
        position += got > 0 ? (uint64_t)got : 0;
    }
    if (position != STREAM_BYTES)
        stream_fail(end, "the end", got, position);
    return NULL;
}

/* Both directions at once. Somewhere in the middle the connection may become the host's. */
static void stream_run(int family, enum way sending, enum way receiving, bool converted)
{
    struct link link;
    _Atomic bool failed = false;
    pthread_t threads[4];
    link_connect(&link, true, family);
    for (int i = 0; i < 4; i++) {
        static struct flow_end ends[4];
        bool server = i == 1 || i == 2, sends = i % 2 == 0;
        uint64_t area = WORLD_BUFFER + (server == sends ? 0x8000u : 0);
        ends[i] = (struct flow_end){ server ? link.server : link.client, server ? link.in_server : link.in_client, area, (uint64_t)i + 1,
                                     sends ? sending : receiving, &failed };
        assert_int_equal(pthread_create(&threads[i], NULL, sends ? stream_send : stream_receive, &ends[i]), 0);
    }
    if (converted) {
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 + (long)chance(3000000) }, NULL);
        struct open_file *file = file_acquire(link.client->personality, (int)link.in_client);
        local_convert(file);
        file_release(file);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    if (failed)
        fail_msg("family %d, sent by way %d, received by way %d, %s", family, sending, receiving, converted ? "converted" : "kept");
    assert_int_equal(is_end(link.client, link.in_client), !converted);
    link_end(&link);
}

static void streams_arrive(void **state)
{
    (void)state;
    for (int family = 0; family < 2; family++)
        for (int way = 0; way < WAYS * WAYS; way++)
            stream_run(family ? AF_INET : AF_UNIX, (enum way)(way % WAYS), (enum way)(way / WAYS), false);
}

static void streams_outlive_conversion(void **state)
{
    (void)state;
    for (int way = 0; way < WAYS; way++)
        for (int family = 0; family < 2; family++)
            stream_run(family ? AF_INET : AF_UNIX, (enum way)way, (enum way)((way + family) % WAYS), true);
}

/* --- the storm --- */

struct storm {
    porin_domain *domains[DOMAINS];
    uint16_t ports[DOMAINS];
    _Atomic bool over;
    _Atomic uint64_t requests, connected, here, bytes;
};

static size_t storm_address(const struct storm *storm, porin_domain *domain, uint32_t which, bool local, uint64_t at)
{
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = storm->ports[which], .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_un file = { .sun_family = AF_UNIX };
    snprintf(file.sun_path, sizeof file.sun_path, "/data/s%u", which);
    if (local)
        put_bytes(domain, at, &file, sizeof file);
    else
        put_bytes(domain, at, &four, sizeof four);
    return local ? sizeof file : sizeof four;
}

static void storm_listen(struct storm *storm, uint32_t which, bool local)
{
    porin_domain *domain = storm->domains[which];
    int64_t number = ask(domain, SYS_socket, local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    size_t size = storm_address(storm, domain, which, local, WORLD_BUFFER);
    (void)ask(domain, SYS_bind, word(number), WORLD_BUFFER, size);
    assert_int_equal(ask(domain, SYS_listen, word(number), 64), 0);
    if (!local) {
        struct sockaddr_in name;
        put_bytes(domain, WORLD_BUFFER + 256, &(uint32_t){ sizeof name }, 4);
        assert_int_equal(ask(domain, SYS_getsockname, word(number), WORLD_BUFFER, WORLD_BUFFER + 256), 0);
        get_bytes(domain, &name, WORLD_BUFFER, sizeof name);
        storm->ports[which] = name.sin_port;
    }
}

struct stormer { struct storm *storm; uint64_t seed, area; };

static void storm_connect(struct stormer *self, porin_domain *domain)
{
    bool local = random_of(&self->seed, 2);
    int64_t made = ask(domain, SYS_socket, local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    size_t size = storm_address(self->storm, domain, random_of(&self->seed, DOMAINS), local, self->area);
    int64_t result = made < 0 ? made : ask(domain, SYS_connect, word(made), self->area, size);
    self->storm->connected += result == 0 || result == -EINPROGRESS;
    struct open_file *file = file_acquire(domain->personality, (int)made);
    if (file) {
        self->storm->here += file->end != NULL;
        file_release(file);
    }
}

static void storm_transfer(struct stormer *self, porin_domain *domain, uint64_t number)
{
    uint64_t hostile[] = { 0, 0xfffff000u, WORLD_DATA + WORLD_DATA_SIZE - 100, UINT64_MAX }, size = random_of(&self->seed, 20000) + 1;
    uint64_t address = random_of(&self->seed, 8) ? self->area : hostile[random_of(&self->seed, 4)];
    static const uint32_t flags[] = { 0, MSG_PEEK, MSG_WAITALL, MSG_TRUNC };
    bool sends = random_of(&self->seed, 2);
    int64_t result = ask(domain, sends ? SYS_sendto : SYS_recvfrom, number, address, size,
                         MSG_DONTWAIT | (sends ? 0 : flags[random_of(&self->seed, 4)]), 0, 0);
    self->storm->bytes += result > 0 ? (uint64_t)result : 0;
}

static void storm_watch(struct stormer *self, porin_domain *domain, uint64_t number, uint64_t other)
{
    static const uint32_t modes[] = { EPOLLIN, EPOLLOUT, EPOLLIN | EPOLLOUT | EPOLLET, EPOLLIN | EPOLLONESHOT, EPOLLIN | EPOLLEXCLUSIVE };
    struct epoll_event event = { .events = modes[random_of(&self->seed, 5)], .data.u64 = other };
    put_bytes(domain, self->area, &event, sizeof event);
    if (random_of(&self->seed, 3))
        (void)ask(domain, SYS_epoll_ctl, number, random_of(&self->seed, 3) + 1, other, self->area);
    else
        (void)ask(domain, SYS_epoll_wait, number, self->area, random_of(&self->seed, 5), random_of(&self->seed, 3));
}

static void storm_poll(struct stormer *self, porin_domain *domain)
{
    struct pollfd list[6];
    for (int i = 0; i < 6; i++)
        list[i] = (struct pollfd){ (int)random_of(&self->seed, NUMBERS) - 1, POLLIN | POLLOUT, 0 };
    put_bytes(domain, self->area, list, sizeof list);
    (void)ask(domain, SYS_poll, self->area, random_of(&self->seed, 6), random_of(&self->seed, 3));
}

/* As service_fork does it; the child does something and is gone. */
static void storm_fork(struct stormer *self, porin_domain *domain)
{
    struct personality *own = domain->personality;
    sharing_fork_begin(own);
    local_fork_begin(own);
    pid_t child = fork();
    local_fork_end(own, child == 0);
    sharing_fork_end(own, child);
    if (child > 0) {
        waitpid(child, NULL, 0);
        return;
    }
    for (int i = 0; child == 0 && i < 20; i++) {
        storm_transfer(self, domain, random_of(&self->seed, NUMBERS));
        storm_watch(self, domain, random_of(&self->seed, NUMBERS), random_of(&self->seed, NUMBERS));
    }
    if (child == 0)
        _exit(0);
}

static void storm_step(struct stormer *self)
{
    porin_domain *domain = self->storm->domains[random_of(&self->seed, DOMAINS)];
    uint64_t number = random_of(&self->seed, NUMBERS), other = random_of(&self->seed, NUMBERS);
    const struct timeval limit = { 0, 1000 };
    switch (random_of(&self->seed, 24)) {
    case 0: storm_connect(self, domain); break;
    case 1:
    case 2: (void)ask(domain, SYS_accept4, number, 0, 0, random_of(&self->seed, 2) ? SOCK_NONBLOCK : 0); break;
    case 3: storm_poll(self, domain); break;
    case 4:
    case 5:
    case 6: storm_watch(self, domain, number, other); break;
    case 7: (void)ask(domain, SYS_epoll_create1, 0); break;
    case 8: (void)ask(domain, SYS_dup, number); break;
    case 9: (void)ask(domain, SYS_dup2, number, 2 + other); break;
    case 10:
    case 11: (void)(number > 1 && ask(domain, SYS_close, number)); break;
    case 12: (void)ask(domain, SYS_shutdown, number, random_of(&self->seed, 3)); break;
    case 13: (void)ask(domain, SYS_ioctl, number, FIONREAD, self->area); break;
    case 14:
        put_bytes(domain, self->area, &limit, sizeof limit);
        if (ask(domain, SYS_setsockopt, number, SOL_SOCKET, SO_RCVTIMEO, self->area, sizeof limit) == 0)
            (void)ask(domain, SYS_recvfrom, number, self->area, 10, 0, 0, 0);
        break;
    case 15: {
        struct open_file *file = random_of(&self->seed, 8) ? NULL : file_acquire(domain->personality, (int)(number > 1 ? number : 2));
        if (file) {
            local_convert(file);
            file_release(file);
        }
        break;
    }
    default: storm_transfer(self, domain, number); break;
    }
    self->storm->requests++;
}

static void *storm_run(void *closure)
{
    struct stormer self = *(struct stormer *)closure;
    while (!self.storm->over)
        storm_step(&self);
    return NULL;
}

static void *storm_outside(void *closure)
{
    struct stormer self = *(struct stormer *)closure;
    while (!self.storm->over) {
        struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = self.storm->ports[random_of(&self.seed, DOMAINS)],
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(made, (void *)&four, sizeof four);
        (void)!write(made, "outside", 7);
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        close(made);
    }
    return NULL;
}

static unsigned host_descriptors(void)
{
    unsigned count = 0;
    for (int i = 0; i < 4096; i++)
        count += fcntl(i, F_GETFD) >= 0;
    return count;
}

static struct storm storm_once(bool forks)
{
    struct storm storm = { .over = false };
    struct stormer self[STORM_THREADS + 1];
    pthread_t threads[STORM_THREADS + 1];
    for (uint32_t i = 0; i < DOMAINS; i++) {
        storm.domains[i] = world(true);
        storm_listen(&storm, i, false);
        storm_listen(&storm, i, true);
    }
    for (uint32_t i = 0; i <= STORM_THREADS; i++) {
        self[i] = (struct stormer){ &storm, state_of_random + i, WORLD_BUFFER + i * AREA_BYTES };
        assert_int_equal(pthread_create(&threads[i], NULL, i < STORM_THREADS ? storm_run : storm_outside, &self[i]), 0);
    }
    for (int i = 0; i < STORM_MS / 50; i++) {
        nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
        if (forks)
            storm_fork(&self[STORM_THREADS], storm.domains[i % DOMAINS]);
    }
    storm.over = true;
    for (int i = 0; i <= STORM_THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < DOMAINS; i++)
        porin_domain_destroy(storm.domains[i]);
    state_of_random += 100;
    return storm;
}

static void storms_leave_nothing(void **state)
{
    (void)state;
    unsigned before = 0;
    for (int round = 0; round < 3; round++) {
        struct storm storm = storm_once(round == 1);
        host_remove(local_root);
        assert_int_equal(mkdir(local_root, 0755), 0);
        unsigned now = host_descriptors();
        if (round)
            assert_in_range(now, 0, before);
        before = now + 32; /* as many may be kept to sleep on */
        if (getenv("SHOW"))
            fprintf(stderr, "%lu requests, %lu connected, %lu of them here, %lu bytes, %u descriptors\n", storm.requests, storm.connected,
                    storm.here, storm.bytes, now);
        assert_true(storm.here > 10);
    }
}

int main(int count, char **arguments)
{
    state_of_random = count > 1 ? strtoull(arguments[1], NULL, 0) : 1;
    const struct CMUnitTest tests[] = { TEST(streams_arrive), TEST(streams_outlive_conversion), TEST(storms_leave_nothing) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

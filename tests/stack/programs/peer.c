// SPDX-License-Identifier: Apache-2.0
/* A service that answers over a stream socket, and one that asks it: peer serve KIND ADDRESS LEDGER, peer ask ADDRESS LEDGER ID MS HOW.
 * KIND: epoll, threads or fork. ADDRESS: a path, or a port of 127.0.0.1. HOW: steady (one connection for all the time, and nothing may
 * fail), or deadly (now and then a request that the server dies of; then it must have got every answer that the server says it sent).
 * The ledger is a file with a place for each ID: which connection, and how many requests of it were answered. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { PAYLOAD_MOST = 20000, DEPTH = 4, DIES_BEFORE = 1, DIES_AFTER = 2 };

struct head { uint32_t size, id, connection, number, kind; };
struct entry { uint32_t connection, count; };

static int ledger;
static uint64_t state;

static uint32_t chance(uint32_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

static void fail(const char *what, const char *detail)
{
    printf("FAIL %s: %s\n", what, detail);
    exit(1);
}

static int open_to(const char *address, int serving)
{
    struct sockaddr_un local = { .sun_family = AF_UNIX };
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(atoi(address)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int is_path = *address == '/', on = 1, made = socket(is_path ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
    strncpy(local.sun_path, address, sizeof local.sun_path - 1);
    const struct sockaddr *name = is_path ? (void *)&local : (void *)&four;
    socklen_t size = is_path ? sizeof local : sizeof four;
    setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (serving && is_path)
        unlink(address);
    if (serving ? bind(made, name, size) < 0 || listen(made, 64) < 0 : connect(made, name, size) < 0) {
        if (serving)
            fail("bind", strerror(errno));
        close(made);
        return -1;
    }
    return made;
}

/* All of it, or what came until the end or an error. */
static size_t read_all(int from, void *to, size_t size)
{
    size_t done = 0;
    ssize_t got = 1;
    for (; done < size && got > 0; done += got > 0 ? (size_t)got : 0)
        got = read(from, (char *)to + done, size - done);
    return done;
}

static size_t write_all(int to, const void *from, size_t size)
{
    size_t done = 0;
    ssize_t put = 1;
    for (; done < size && put > 0; done += put > 0 ? (size_t)put : 0)
        put = write(to, (const char *)from + done, size - done);
    return done;
}

/* --- serving --- */

static char byte_of(const struct head *head, uint32_t i)
{
    return (char)(head->id * 31 + head->connection * 7 + head->number * 3 + i);
}

/* One request. 0: there is no more. */
static int answer(int client)
{
    struct { struct head head; char payload[PAYLOAD_MOST]; } message;
    struct head *head = &message.head;
    if (read_all(client, head, sizeof *head) < sizeof *head || head->size > PAYLOAD_MOST ||
        read_all(client, message.payload, head->size) < head->size)
        return 0;
    for (uint32_t i = 0; i < head->size; i++)
        if (message.payload[i] != byte_of(head, i))
            fail("a request", "its bytes");
    if (head->kind == DIES_BEFORE)
        *(volatile int *)0x40 = 0;
    memset(message.payload, (int)head->number, head->size);
    if (write_all(client, &message, sizeof *head + head->size) < sizeof *head + head->size)
        return 0;
    struct entry entry = { head->connection, head->number + 1 };
    pwrite(ledger, &entry, sizeof entry, (off_t)(head->id * sizeof entry));
    if (head->kind == DIES_AFTER)
        *(volatile int *)0x40 = 0;
    return 1;
}

static void *answer_all(void *client)
{
    while (answer((int)(intptr_t)client))
        ;
    close((int)(intptr_t)client);
    return NULL;
}

static void serve_epoll(int listening)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = listening }, got[3];
    int epoll = epoll_create1(0);
    epoll_ctl(epoll, EPOLL_CTL_ADD, listening, &event);
    for (;;) {
        int count = epoll_wait(epoll, got, 3, -1);
        for (int i = 0; i < count; i++) {
            int number = got[i].data.fd == listening ? accept(listening, NULL, NULL) : got[i].data.fd;
            event.data.fd = number;
            if (got[i].data.fd == listening)
                epoll_ctl(epoll, EPOLL_CTL_ADD, number, &event);
            else if (!answer(number))
                close(number);
        }
    }
}

static void serve(const char *kind, int listening)
{
    int forks = strcmp(kind, "fork") == 0;
    printf("serves\n");
    if (strcmp(kind, "epoll") == 0)
        serve_epoll(listening);
    for (;;) {
        pthread_t thread;
        int client = accept(listening, NULL, NULL);
        if (client < 0)
            continue;
        if (!forks && pthread_create(&thread, NULL, answer_all, (void *)(intptr_t)client) == 0) {
            pthread_detach(thread);
            continue;
        }
        if (!forks || fork() == 0) {
            answer_all((void *)(intptr_t)client);
            if (forks)
                _exit(0);
        } else
            close(client);
    }
}

/* --- asking --- */

struct asked { struct head head; char payload[PAYLOAD_MOST]; };

static int ask_one(int server, struct asked *message)
{
    for (uint32_t i = 0; i < message->head.size; i++)
        message->payload[i] = byte_of(&message->head, i);
    return write_all(server, message, sizeof message->head + message->head.size) == sizeof message->head + message->head.size;
}

/* 1: the answer; 0: the connection has ended. */
static int hear_one(int server, const struct head *expected)
{
    static struct asked message;
    if (read_all(server, &message.head, sizeof message.head) < sizeof message.head)
        return 0;
    if (memcmp(&message.head, expected, sizeof *expected) != 0)
        fail("an answer", "to something else");
    if (read_all(server, message.payload, message.head.size) < message.head.size)
        return 0;
    for (uint32_t i = 0; i < message.head.size; i++)
        if (message.payload[i] != (char)expected->number)
            fail("an answer", "its bytes");
    return 1;
}

/* Asks on one connection until it ends or the time is over: how many were answered. */
static uint32_t ask_all(int server, uint32_t id, uint32_t connection, int deadly, const struct timespec *end)
{
    static struct asked message;
    struct head under_way[DEPTH];
    uint32_t sent = 0, heard = 0;
    for (int over = 0, good = 1; good || heard < sent;) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        over = over || now.tv_sec > end->tv_sec || (now.tv_sec == end->tv_sec && now.tv_nsec > end->tv_nsec);
        if (good && !over && sent - heard < DEPTH && (sent == heard || chance(2))) {
            message.head = (struct head){ chance(8) ? chance(300) : chance(PAYLOAD_MOST), id, connection, sent, 0 };
            if (deadly && chance(2000) == 0)
                message.head.kind = chance(2) ? DIES_BEFORE : DIES_AFTER;
            under_way[sent++ % DEPTH] = message.head;
            good = ask_one(server, &message);
        } else if (heard < sent && hear_one(server, &under_way[heard % DEPTH]))
            heard++;
        else
            break;
    }
    return heard;
}

static int ask(const char *address, uint32_t id, int wait_ms, const char *how)
{
    int steady = strcmp(how, "steady") == 0;
    uint64_t answers = 0, ends = 0;
    struct timespec end, now;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += wait_ms / 1000;
    end.tv_nsec += wait_ms % 1000 * 1000000;
    for (uint32_t connection = 1;; connection++) {
        int server = open_to(address, 0);
        if (server < 0)
            usleep(2000);
        uint32_t heard = server < 0 ? 0 : ask_all(server, id, connection, !steady, &end);
        struct entry entry = { 0 };
        pread(ledger, &entry, sizeof entry, (off_t)(id * sizeof entry));
        if (server >= 0 && entry.connection == connection && entry.count > heard)
            fail("an answer", "lost");
        answers += heard;
        ends += server >= 0;
        close(server);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec > end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec > end.tv_nsec))
            break;
        if (steady && server >= 0)
            fail("a steady connection", "has ended");
    }
    printf("PASS %llu answers, %llu connections\n", (unsigned long long)answers, (unsigned long long)ends);
    return 0;
}

int main(int count, char **arguments)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    if (count < 5)
        fail("arguments", "see the source");
    ledger = open(arguments[strcmp(arguments[1], "serve") == 0 ? 4 : 3], O_RDWR | O_CREAT, 0600);
    if (ledger < 0)
        fail("ledger", strerror(errno));
    if (strcmp(arguments[1], "serve") == 0) {
        serve(arguments[2], open_to(arguments[3], 1));
        return 1;
    }
    state = (uint64_t)time(NULL) * 1000003 + (uint64_t)atoi(arguments[4]);
    return ask(arguments[2], (uint32_t)atoi(arguments[4]), atoi(arguments[5]), arguments[6]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Two that talk over a stream socket: talk serve PATH-OR-PORT, talk ask PATH-OR-PORT. The one that asks prints nanoseconds of a round trip
 * of 64 bytes and of one of 4 KiB back for 64 bytes, and of a KiB of a stream in pieces of 16 KiB. Both block. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 4000, SMALL = 64, LARGE = 4096, PIECE = 16384, STREAM = 2048 };

/* What is asked for: an answer of that size, or to read that many pieces of a stream first. */
struct asked { uint32_t answer, pieces; char rest[SMALL - 8]; };

static char bytes[PIECE];

static void all(int stream, void *at, size_t size, int writing)
{
    for (size_t done = 0; done < size;) {
        ssize_t moved = writing ? write(stream, (char *)at + done, size - done) : read(stream, (char *)at + done, size - done);
        if (moved <= 0)
            exit(writing || moved < 0 || done);
        done += (size_t)moved;
    }
}

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double ask(int stream, struct asked asked, int rounds)
{
    double start = now_ns();
    for (int i = 0; i < rounds; i++) {
        all(stream, &asked, sizeof asked, 1);
        for (uint32_t piece = 0; piece < asked.pieces; piece++)
            all(stream, bytes, PIECE, 1);
        all(stream, bytes, asked.answer, 0);
    }
    return now_ns() - start;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 1;
    struct sockaddr_un local = { .sun_family = AF_UNIX };
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    four.sin_port = htons((uint16_t)atoi(argv[2]));
    int path = *argv[2] == '/', serves = strcmp(argv[1], "serve") == 0, on = 1, stream = socket(path ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
    strncpy(local.sun_path, argv[2], sizeof local.sun_path - 1);
    struct sockaddr *name = path ? (void *)&local : (void *)&four;
    socklen_t size = path ? sizeof local : sizeof four;
    setsockopt(stream, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(stream, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (serves) {
        struct asked asked;
        if (bind(stream, name, size) < 0 || listen(stream, 1) < 0 || (stream = accept(stream, NULL, NULL)) < 0)
            return 1;
        setsockopt(stream, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        for (;;) {
            all(stream, &asked, sizeof asked, 0);
            for (uint32_t piece = 0; piece < asked.pieces; piece++)
                all(stream, bytes, PIECE, 0);
            all(stream, bytes, asked.answer, 1);
        }
    }
    for (int tries = 0; connect(stream, name, size) < 0; tries++) {
        if (tries == 2000)
            return 1;
        usleep(1000);
        close(stream);
        stream = socket(path ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
        setsockopt(stream, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    ask(stream, (struct asked){ .answer = SMALL }, ROUNDS / 10);
    double small = ask(stream, (struct asked){ .answer = SMALL }, ROUNDS) / ROUNDS;
    double large = ask(stream, (struct asked){ .answer = LARGE }, ROUNDS) / ROUNDS;
    double streamed = ask(stream, (struct asked){ .answer = SMALL, .pieces = STREAM }, 2) / 2 / STREAM / (PIECE / 1024);
    printf("%.0f %.0f %.1f\n", small, large, streamed);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Lines over a stream: what the services of the soak speak.
#pragma once
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE_MAX_BYTES 256

// Reads a line without its end; 0 if there is none any more.
static inline int line_read(int stream, char line[LINE_MAX_BYTES])
{
    size_t length = 0;
    while (length < LINE_MAX_BYTES - 1) {
        if (read(stream, line + length, 1) != 1)
            return 0;
        if (line[length] == '\n')
            break;
        length++;
    }
    line[length] = '\0';
    return 1;
}

static inline int line_write(int stream, const char *line)
{
    char text[LINE_MAX_BYTES + 1];
    int length = snprintf(text, sizeof text, "%s\n", line);
    return send(stream, text, (size_t)length, MSG_NOSIGNAL) == length;
}

static inline struct sockaddr_in line_address(const char *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

// A thread of `serve` for each who connects; ends the program where it cannot listen.
static inline int lines_serve(const char *port, void *(*serve)(void *stream))
{
    struct sockaddr_in address = line_address(port);
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 64) != 0) {
        perror("listening");
        return 1;
    }
    for (;;) {
        pthread_t thread;
        int stream = accept(listener, NULL, NULL);
        if (stream < 0)
            continue;
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)stream) != 0)
            close(stream);
        else
            pthread_detach(thread);
    }
}

static inline int recurse(volatile char *below)
{
    volatile char frame[4096];
    frame[0] = below ? below[0] : 0;
    return recurse(frame) + frame[0];
}

// The ways to die that the soak asks for.
static inline void die(const char *how)
{
    if (strcmp(how, "fault") == 0)
        *(volatile int *)8 = 1;
    if (strcmp(how, "stack") == 0)
        recurse(NULL);
    if (strcmp(how, "abort") == 0)
        abort();
    if (strcmp(how, "spin") == 0)
        for (;;)
            ;
    _exit(7);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets: a server with a thread for each connection, as Apache and MySQL have. */
#include "wire.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PARTS_MAX = 4, BACKLOG = 128, STACK_BYTES = 256 << 10 };
struct thread_start { void (*serve)(int connection); int connection; };
union address { struct sockaddr any; struct sockaddr_un path; struct sockaddr_in port; };

static void fail(const char *what, const char *where)
{
    fprintf(stderr, "tiers: %s %s: %s\n", what, where ? where : "(no address)", strerror(errno));
    exit(1);
}

static socklen_t address_read(union address *address, const char *text)
{
    memset(address, 0, sizeof *address);
    if (text && strncmp(text, "unix:", 5) == 0) {
        address->path.sun_family = AF_UNIX;
        snprintf(address->path.sun_path, sizeof address->path.sun_path, "%s", text + 5);
        return sizeof address->path;
    }
    address->port.sin_family = AF_INET;
    address->port.sin_port = htons((uint16_t)atoi(text ? text : "0"));
    address->port.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return sizeof address->port;
}

static void send_at_once(int connection, const union address *address)
{
    if (address->any.sa_family == AF_INET)
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

int wire_connect(const char *variable)
{
    union address address;
    const char *text = getenv(variable);
    socklen_t size = address_read(&address, text);
    int connection = socket(address.any.sa_family, SOCK_STREAM, 0);
    for (int i = 0; connection >= 0 && i < 500; i++) { /* the other tier may still be starting */
        if (connect(connection, &address.any, size) == 0) {
            send_at_once(connection, &address);
            return connection;
        }
        usleep(20000);
    }
    fail("no connection to", text);
    return -1;
}

static void *thread_run(void *data)
{
    struct thread_start start = *(struct thread_start *)data;
    free(data);
    start.serve(start.connection);
    close(start.connection);
    return NULL;
}

void wire_serve(const char *variable, void (*serve)(int connection))
{
    union address address;
    const char *text = getenv(variable);
    socklen_t size = address_read(&address, text);
    int listener = socket(address.any.sa_family, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (listener < 0 || bind(listener, &address.any, size) != 0 || listen(listener, BACKLOG) != 0)
        fail("cannot listen on", text);
    signal(SIGPIPE, SIG_IGN); /* who does not wait for an answer loses a connection, not the server */
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    for (;;) {
        pthread_t thread;
        struct thread_start *start = malloc(sizeof *start);
        *start = (struct thread_start){serve, accept(listener, NULL, NULL)};
        if (start->connection < 0)
            fail("cannot accept on", text);
        send_at_once(start->connection, &address);
        if (pthread_create(&thread, &attributes, thread_run, start) != 0)
            fail("no thread for", text);
    }
}

int wire_read(int connection, void *to, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t now = read(connection, (char *)to + done, size - done);
        if (now <= 0 && !(now < 0 && errno == EINTR))
            return 0;
        done += now > 0 ? (size_t)now : 0;
    }
    return 1;
}

int wire_write(int connection, const struct iovec *parts, int count)
{
    struct iovec rest[PARTS_MAX];
    memcpy(rest, parts, (size_t)count * sizeof *rest);
    for (int i = 0; i < count;) {
        ssize_t now = writev(connection, rest + i, count - i);
        if (now < 0 && errno != EINTR)
            return 0;
        for (size_t done = now > 0 ? (size_t)now : 0; i < count;) {
            size_t part = done < rest[i].iov_len ? done : rest[i].iov_len;
            rest[i].iov_base = (char *)rest[i].iov_base + part;
            rest[i].iov_len -= part;
            done -= part;
            if (rest[i].iov_len)
                break;
            i++;
        }
    }
    return 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that are to be another process's, too, by fork or in a message: from memory to the host. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include "pairs.h"
#include "runtime/must.h"

#define HOST_BYTES (4 * (int)RING_BYTES) /* of a host's buffer, which counts more than what is sent */
#define HANDSHAKE_MS 20                /* on loopback there is nothing to wait for, unless the listener's queue is full */

static int patience_ms;                /* with local_lock: once for all who wait at the listeners of one domain */

/* One piece, with the descriptors that go with its first byte. */
static ssize_t piece_send(int host, const uint8_t *from, size_t size, const struct rights *rights)
{
    union { struct cmsghdr head; char bytes[CMSG_SPACE(RIGHTS_MAX * sizeof(int))]; } control = { .bytes = { 0 } };
    struct msghdr message = { .msg_iov = &(struct iovec){ (void *)from, size }, .msg_iovlen = 1 };
    if (rights) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(rights->count * sizeof(int));
        control.head.cmsg_len = CMSG_LEN(rights->count * sizeof(int));
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        for (size_t i = 0; i < rights->count; i++)
            memcpy(CMSG_DATA(&control.head) + i * sizeof(int), &rights->files[i]->host, sizeof(int));
    }
    return sendmsg(host, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* What the ring holds goes on through the host's buffer, which is larger. False: it has descriptors that cannot. */
static bool flow_pour(struct flow *flow, int host)
{
    setsockopt(host, SOL_SOCKET, SO_SNDBUF, &(int){ HOST_BYTES }, sizeof(int));
    while (!flow->abandoned && flow_held(flow)) {
        struct rights *rights = flow->rights, *now = rights && rights->position == flow->read ? rights : NULL;
        uint32_t from = (uint32_t)flow->read & (RING_BYTES - 1), held = flow_held(flow);
        uint32_t piece = held < RING_BYTES - from ? held : RING_BYTES - from;
        uint64_t until = now ? rights->end : rights ? rights->position : flow->written;
        piece = piece < until - flow->read ? piece : (uint32_t)(until - flow->read);
        if (now && !rights_convert(now))
            return false;
        ssize_t sent = piece_send(host, flow->ring + from, piece, now);
        if (sent <= 0)
            return !rights;
        flow->read += (uint64_t)sent;
        if (now) {
            rights_detach(flow);
            rights_bury(now);
        }
    }
    return true;
}

/* The end's files mean this socket from now on. */
static void end_move(struct end *end, int host)
{
    if (end->shut_write || out_of(end)->abandoned)
        shutdown(host, SHUT_WR);
    if (end->shut_read && !end->pair->tcp)
        shutdown(host, SHUT_RD);
    for (struct open_file *file = end->files; file; file = file->next_of_end) {
        fcntl(host, F_SETFL, fcntl(file->host, F_GETFL));
        for (int i = 0; i < 2; i++) {
            struct timeval limit;
            socklen_t size = sizeof limit;
            if (getsockopt(file->host, SOL_SOCKET, i ? SO_RCVTIMEO : SO_SNDTIMEO, &limit, &size) == 0)
                setsockopt(host, SOL_SOCKET, i ? SO_RCVTIMEO : SO_SNDTIMEO, &limit, size);
        }
        must(dup3(host, file->host, O_CLOEXEC) == file->host);
    }
    if (end->awaiting)
        end->host = host;
    else
        close(host);
}

/* Both have files, or will have, or are closed: a socket pair. */
static bool ends_move(struct pair *pair)
{
    int host[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, host) < 0)
        return false;
    bool good = flow_pour(&pair->flows[0], host[0]) && flow_pour(&pair->flows[1], host[1]);
    for (int i = 0; i < 2; i++)
        if (good)
            end_move(&pair->ends[i], host[i]);
        else
            close(host[i]);
    return good;
}

/* Nobody has accepted it, and who will may be another process: the host's queue is the one to wait in. */
static bool waiting_move(struct pair *pair)
{
    struct end *client = &pair->ends[0];
    struct sockaddr_storage address;
    socklen_t size;
    listener_forget(&pair->ends[1], &address, &size);
    int host = client->files ? client->files->host : socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), flags = fcntl(host, F_GETFL);
    fcntl(host, F_SETFL, flags | O_NONBLOCK);
    bool good = host >= 0 && (connect(host, (struct sockaddr *)&address, size) == 0 || errno == EINPROGRESS) &&
                poll(&(struct pollfd){ host, POLLOUT, 0 }, 1, patience_ms) == 1;
    patience_ms = good ? patience_ms : 0;
    if (good) {
        flow_pour(out_of(client), host);
        if (client->shut_write || !client->files)
            shutdown(host, SHUT_WR);
        if (client->shut_read)
            shutdown(host, SHUT_RD);
    }
    fcntl(host, F_SETFL, flags);
    if (!client->files && host >= 0)
        close(host);
    pair->ends[1].closed = pair->to_listener = true;
    return good;
}

/* Where the host has none left for it the connection is reset. */
void pair_convert(struct pair *pair)
{
    if (pair->converted)
        return;
    for (int i = 0; i < 2; i++) {
        pthread_mutex_lock(&pair->flows[i].reading);
        pthread_mutex_lock(&pair->flows[i].writing);
    }
    bool good = pair->ends[1].awaiting && !pair->carries ? waiting_move(pair) : ends_move(pair);
    for (int i = 0; i < 2 && !good; i++) {
        pair->ends[i].error = ECONNRESET;
        pair->ends[i].reset = pair->flows[i].ended = pair->flows[i].abandoned = true;
        struct rights *rights = pair->flows[i].rights;
        if (rights) /* nobody is to read the bytes that they came with as if there had been none */
            pair->flows[i].written = rights->position;
        rights_purge(&pair->flows[i]);
    }
    pair->converted = good;
    for (int i = 0; i < 2; i++) {
        pthread_mutex_unlock(&pair->flows[i].writing);
        pthread_mutex_unlock(&pair->flows[i].reading);
    }
    for (int i = 0; i < 2; i++) {
        end_notify(&pair->ends[i], ALL_EVENTS); /* they look again, and find the host's */
        for (struct open_file *file = pair->ends[i].files; file; file = file->next_of_end)
            items_follow(file);
    }
    if (pair->ends[0].closed && pair->ends[1].closed)
        pair_free(pair);
}

/* With local_lock. */
static void file_share(struct open_file *file)
{
    if (end_of(file) && !file->end->reset) /* what was reset has nothing left to share */
        pair_convert(file->end->pair);
    if (file->listener)
        listener_convert(file->listener);
    file->duplicated = true;
}

void file_convert(struct open_file *file)
{
    file_share(file);
    if (local_listens(file))
        listener_retire(file);
}

void local_convert(struct open_file *file)
{
    pthread_mutex_lock(&local_lock);
    patience_ms = HANDSHAKE_MS;
    file_convert(file);
    local_unlock();
}

void local_fork_begin(struct personality *own)
{
    pthread_mutex_lock(&local_lock);
    patience_ms = HANDSHAKE_MS;
    for (uint32_t i = 0; i < own->descriptor_count; i++)
        if (own->descriptors[i].file)
            file_share(own->descriptors[i].file);
}

void local_fork_end(struct personality *own, bool child)
{
    if (child) {
        own->local = false;
        wakers_forget();
        listeners_forget();
        rights_forked();
        for (uint32_t i = 0; i < own->descriptor_count; i++)
            if (own->descriptors[i].file)
                source_forked(own->descriptors[i].file);
    }
    local_unlock();
}

void local_close_hosts(const struct open_file *file)
{
    if (file->listener)
        listener_close_hosts(file);
    if (file->epoll)
        epoll_close_hosts(file);
    if (file->place >= 0)
        close(file->place);
}

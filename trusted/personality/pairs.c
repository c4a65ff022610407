/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs of connected ends: what is ready, and what happens to those who use them when the other side shuts down, closes or dies. Where TCP
 * and AF_UNIX differ, as in Linux. */
#define _GNU_SOURCE
#include <limits.h>
#include <linux/futex.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "pairs.h"

#define PAIRS_KEPT 64                  /* closed ones whose pages are there already */

static struct pair *kept;              /* with local_lock */
static unsigned kept_count;

/* --- readiness --- */

bool flow_has_room(struct flow *flow)
{
    if (RING_BYTES - flow_held(flow) >= ROOM_LEAST)
        return true;
    flow->crowded = true;
    return RING_BYTES - flow_held(flow) >= ROOM_LEAST; /* room that came before that was seen */
}

static uint32_t end_ready(struct source *source, uint32_t wanted)
{
    struct end *end = (struct end *)source;
    struct flow *in = into(end), *out = out_of(end);
    bool tcp = end->pair->tcp, no_read = end->shut_read || in->ended || end->reset;
    bool no_write = end->shut_write || end->reset || (!tcp && out->abandoned);
    uint32_t ready = 0;
    if (end->error)
        ready |= POLLERR;
    if (no_read && no_write)
        ready |= POLLHUP;
    if (no_read)
        ready |= POLLIN | POLLRDNORM | POLLRDHUP;
    if (flow_held(in))
        ready |= POLLIN | POLLRDNORM;
    if (wanted & (POLLOUT | POLLWRNORM | POLLWRBAND) && ((tcp && no_write) || flow_has_room(out)))
        ready |= POLLOUT | POLLWRNORM | (tcp ? 0 : POLLWRBAND);
    return ready & (wanted | POLLERR | POLLHUP);
}

static void wake(_Atomic uint32_t *word, const _Atomic uint32_t *sleepers)
{
    atomic_thread_fence(memory_order_seq_cst);
    if (!*sleepers)
        return;
    ++*word;
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

void end_notify(struct end *end, uint32_t events)
{
    if (events & (POLLIN | POLLHUP | POLLERR))
        wake(&into(end)->arrival, &into(end)->readers);
    if (events & (POLLOUT | POLLHUP | POLLERR))
        wake(&out_of(end)->departure, &out_of(end)->writers);
    source_notify(&end->source, events);
}

/* --- life --- */

static void pair_begin(struct pair *pair, bool tcp)
{
    pair->tcp = tcp;
    pair->converted = pair->to_listener = false;
    pair->talk = NULL;
    pair->carries = pair->carried = 0;
    for (int i = 0; i < 2; i++) {
        struct end *end = &pair->ends[i];
        struct flow *flow = &pair->flows[i];
        end->pair = pair;
        end->files = NULL;
        end->awaiting = NULL;
        end->next_waiting = NULL;
        end->shut_read = end->shut_write = end->reset = end->connecting = end->limited = end->closed = false;
        end->receives = false;
        end->host = -1;
        end->error = 0;
        end->source.nonblocking = false;
        flow->written = flow->read = 0;
        flow->ended = flow->abandoned = flow->crowded = flow->deaf = false;
        flow->rights = NULL;
        flow->rights_last = &flow->rights;
    }
}

struct pair *pair_create(bool tcp)
{
    struct pair *pair = kept;
    if (pair) {
        kept = pair->next;
        kept_count--;
    } else if ((pair = calloc(1, sizeof *pair))) {
        for (int i = 0; i < 2; i++) {
            source_begin(&pair->ends[i].source, end_ready);
            pthread_mutex_init(&pair->flows[i].reading, NULL);
            pthread_mutex_init(&pair->flows[i].writing, NULL);
        }
    }
    if (pair)
        pair_begin(pair, tcp);
    return pair;
}

/* Nobody is in a request of either end: those hold files. */
void pair_free(struct pair *pair)
{
    talk_end(pair);
    if (kept_count == PAIRS_KEPT) {
        free(pair);
        return;
    }
    pair->next = kept;
    kept = pair;
    kept_count++;
}

void end_attach(struct end *end, struct open_file *file)
{
    file->next_of_end = end->files;
    end->files = file;
    file->end = end;
}

/* Who has been told that the stream ends is told of it as of a closed pipe. */
void end_reset(struct end *end)
{
    if (tcp_closed(end))
        return;
    end->error = into(end)->ended ? EPIPE : ECONNRESET;
    end->reset = true;
    end_notify(end, ALL_EVENTS);
}

/* What the other side sees is what it would see of a remote process: the end of the stream, or a reset if something was left unread. */
static void end_close(struct end *end, bool abort)
{
    struct end *other = other_of(end);
    bool resets = abort || flow_held(into(end)) > 0;
    end->closed = true;
    rights_purge(into(end));
    if (end->host >= 0)
        close(end->host);
    end->host = -1;
    if (!end->pair->converted && !other->closed && !end->reset) {
        into(end)->abandoned = true;
        if (resets && end->pair->tcp)
            end_reset(other);
        else {
            if (resets)
                other->error = ECONNRESET;
            if (!atomic_exchange(&out_of(end)->ended, true) || !end->pair->tcp)
                end_notify(other, ALL_EVENTS);
        }
    }
    if (other->closed)
        pair_free(end->pair);
}

/* SO_LINGER with no time. */
static bool closes_hard(const struct open_file *file)
{
    struct linger linger = { 0 };
    socklen_t size = sizeof linger;
    return getsockopt(file->host, SOL_SOCKET, SO_LINGER, &linger, &size) == 0 && linger.l_onoff && linger.l_linger == 0;
}

void end_detach(struct open_file *file)
{
    struct end *end = file->end;
    struct open_file **link = &end->files;
    while (*link != file)
        link = &(*link)->next_of_end;
    *link = file->next_of_end;
    if (!end->files)
        end_close(end, end->pair->tcp && !end->pair->converted && closes_hard(file));
}

void end_drop(struct end *end)
{
    end_close(end, true);
}

socklen_t name_write(const struct local_name *name, int family, struct sockaddr_storage *address)
{
    memset(address, 0, sizeof *address);
    address->ss_family = (sa_family_t)family;
    if (family == AF_INET) {
        struct sockaddr_in *four = (void *)address;
        four->sin_port = name->port;
        memcpy(&four->sin_addr, name->address + 12, 4);
        return sizeof *four;
    }
    if (family == AF_INET6) {
        struct sockaddr_in6 *six = (void *)address;
        six->sin6_port = name->port;
        memcpy(&six->sin6_addr, name->address, 16);
        return sizeof *six;
    }
    return sizeof address->ss_family;
}

/* --- for files --- */

int64_t local_shutdown(const struct open_file *file, int how)
{
    if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
        return -EINVAL;
    pthread_mutex_lock(&local_lock);
    struct end *end = end_of(file);
    bool tcp = end && end->pair->tcp, told = !tcp;
    int64_t result = !end ? LOCAL_HOST : tcp && tcp_closed(end) ? -ENOTCONN : 0;
    if (!result && how != SHUT_WR) {
        end->shut_read = true;
        if (!tcp)
            into(end)->abandoned = true;
    }
    if (!result && how != SHUT_RD) {
        end->shut_write = true;
        told |= !atomic_exchange(&out_of(end)->ended, true);
    }
    if (!result && told && !other_of(end)->closed)
        end_notify(other_of(end), ALL_EVENTS & ~(uint32_t)POLLERR);
    if (end)
        end_notify(end, ALL_EVENTS & ~(uint32_t)POLLERR);
    pthread_mutex_unlock(&local_lock);
    return result;
}

int64_t local_readable(const struct open_file *file)
{
    struct end *end = end_of(file);
    return end ? (int64_t)flow_held(into(end)) : LOCAL_HOST;
}

int64_t local_error(const struct open_file *file)
{
    struct end *end = end_of(file);
    return end ? atomic_exchange(&end->error, 0) : LOCAL_HOST;
}

int64_t local_name_of(const struct open_file *file, bool peer, struct sockaddr_storage *address)
{
    struct end *end = file->end;
    if (!end || end->pair->to_listener)
        return LOCAL_HOST;
    if (peer && !end->pair->converted && end->pair->tcp && tcp_closed(end))
        return -ENOTCONN;
    return name_write(peer ? &end->peer : &end->own, file->family, address);
}

bool local_disguised(const struct open_file *file)
{
    return file->end && file->end->pair->converted && !file->end->pair->to_listener;
}

bool local_passes(const struct open_file *file)
{
    return local_disguised(file) && !file->end->pair->tcp && other_of(file->end)->receives;
}

void local_limited(const struct open_file *file)
{
    if (file->end)
        file->end->limited = true;
}

int64_t local_tcp_state(const struct open_file *file)
{
    struct end *end = end_of(file);
    return !end || !end->pair->tcp ? LOCAL_HOST : tcp_closed(end) ? TCP_CLOSE : TCP_ESTABLISHED;
}

void end_forked(struct end *end)
{
    for (int i = 0; i < 2; i++) {
        pthread_mutex_init(&end->pair->flows[i].reading, NULL);
        pthread_mutex_init(&end->pair->flows[i].writing, NULL);
    }
}

struct source *end_source(const struct open_file *file)
{
    struct end *end = end_of(file);
    return end ? &end->source : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Sending to and receiving from ends, in one copy from or to the domain's memory, which may change or go meanwhile. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "pairs.h"

#define BYTES_MOST 0x7ffff000          /* at once, as in Linux */

/* Whoever sleeps was counted before this last look, so that what comes after it wakes. */
struct rest { _Atomic uint32_t *word, *sleepers; uint32_t seen; };

static struct rest rest_begin(_Atomic uint32_t *word, _Atomic uint32_t *sleepers)
{
    ++*sleepers;
    atomic_thread_fence(memory_order_seq_cst);
    return (struct rest){ word, sleepers, *word };
}

static int64_t rest_sleep(const struct request *request, const struct rest *rest, const struct timespec *deadline)
{
    int64_t result = WAIT(request, SYS_futex, rest->word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, rest->seen, deadline, NULL,
                          FUTEX_BITSET_MATCH_ANY);
    return result == -EAGAIN ? 0 : result == -ETIMEDOUT ? -EAGAIN : result; /* a socket's time-out answers EAGAIN */
}

/* SO_RCVTIMEO or SO_SNDTIMEO as a deadline; NULL: none. */
static const struct timespec *time_limit(const struct open_file *file, const struct end *end, int option, struct timespec *deadline)
{
    if (!end->limited || !socket_time_limit(file, option, deadline))
        return NULL;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    deadline->tv_sec += now.tv_sec + (deadline->tv_nsec + now.tv_nsec) / 1000000000;
    deadline->tv_nsec = (deadline->tv_nsec + now.tv_nsec) % 1000000000;
    return deadline;
}

/* Goes through buffers piece by piece. */
struct cursor {
    const struct iovec *vector;
    size_t count, offset;
    struct rights *rights;             /* what goes with the first byte, or came */
    bool ends;                         /* descriptors came: what follows is for the next to receive, */
    bool copies;                       /* and who only looks gets some, too */
};

static size_t cursor_piece(struct cursor *cursor, uint8_t **at)
{
    while (cursor->count && cursor->offset == cursor->vector->iov_len) {
        cursor->vector++;
        cursor->count--;
        cursor->offset = 0;
    }
    if (!cursor->count)
        return 0;
    *at = (uint8_t *)cursor->vector->iov_base + cursor->offset;
    return cursor->vector->iov_len - cursor->offset;
}

static bool memory_copy(const struct request *request, uint8_t *memory, uint8_t *ring, size_t size, bool into_ring, bool trusted)
{
    porin_addr address = { (uint32_t)((uintptr_t)memory - request->domain->base) };
    if (trusted) {
        memcpy(ring, memory, size); /* only ever sent */
        return true;
    }
    return (into_ring ? copy_in(ring, request->domain, address, size) : copy_out(request->domain, address, ring, size)) == PORIN_OK;
}

/* Moves between buffers and ring from position `at` on, at most `most` bytes: how many, or -EFAULT if the first already fails. */
static int64_t ring_move(const struct request *request, struct flow *flow, uint64_t at, struct cursor *cursor, size_t most, bool into_ring,
                         bool trusted)
{
    size_t done = 0, piece;
    uint8_t *memory;
    while (done < most && (piece = cursor_piece(cursor, &memory))) {
        uint32_t from = (uint32_t)(at + done) & (RING_BYTES - 1);
        piece = piece < most - done ? piece : most - done;
        piece = piece < RING_BYTES - from ? piece : RING_BYTES - from;
        if (!memory_copy(request, memory, flow->ring + from, piece, into_ring, trusted))
            return done ? (int64_t)done : -EFAULT;
        cursor->offset += piece;
        done += piece;
    }
    return (int64_t)done;
}

static size_t vector_size(const struct iovec *vector, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += vector[i].iov_len;
    return size < BYTES_MOST ? size : BYTES_MOST;
}

/* Converted in the middle of a request: the rest goes through the host. */
static int64_t finish_there(const struct request *request, const struct open_file *file, struct cursor *cursor, size_t done, long number,
                            int flags)
{
    uint8_t *at;
    for (size_t piece; (piece = cursor_piece(cursor, &at));) {
        int64_t result = WAIT(request, number, file->host, at, piece, flags | MSG_NOSIGNAL);
        if (result <= 0)
            break;
        cursor->offset += (size_t)result;
        done += (size_t)result;
    }
    return (int64_t)done;
}

/* Why nothing may be sent; 0: it may. */
static int64_t send_refusal(struct end *end)
{
    bool tcp = end->pair->tcp;
    int error = tcp ? atomic_exchange(&end->error, 0) : 0;
    if (error)
        return -error;
    return end->shut_write || end->reset || (!tcp && out_of(end)->abandoned) ? -EPIPE : 0;
}

/* TCP finds out by sending that nobody is there, or nobody who wants to hear anything; so does the latter. */
static bool sent_in_vain(struct end *end)
{
    struct end *other = other_of(end);
    if (!end->pair->tcp || !(out_of(end)->abandoned || (other->shut_read && other->shut_write)))
        return false;
    end_reset(end);
    if (!out_of(end)->abandoned)
        end_reset(other);
    return true;
}

/* One attempt: bytes, -EAGAIN if there is no room, or why not. */
static int64_t send_some(const struct request *request, struct end *end, struct cursor *cursor, size_t left, bool trusted)
{
    struct flow *flow = out_of(end);
    pthread_mutex_lock(&flow->writing);
    int64_t result = end->pair->converted ? LOCAL_HOST : send_refusal(end);
    if (!result && left && sent_in_vain(end)) {
        result = (int64_t)left;
    } else if (!result && left) {
        uint32_t room = RING_BYTES - flow_held(flow);
        result = room ? ring_move(request, flow, flow->written, cursor, left < room ? left : room, true, trusted) : -EAGAIN;
        if (result > 0) {
            if (cursor->rights && rights_attach(flow, cursor->rights, flow->written, flow->written + (uint64_t)result))
                cursor->rights = NULL;
            flow->written += (uint64_t)result;
        }
    }
    patience_note(&flow->reader);
    if (result > 0) /* with the lock: a conversion does not come between */
        end_notify(other_of(end), POLLIN | POLLRDNORM);
    pthread_mutex_unlock(&flow->writing);
    return result;
}

static bool may_send(void *what)
{
    const struct end *end = what;
    return RING_BYTES - flow_held(out_of(end)) >= ROOM_LEAST || end->shut_write || end->reset || out_of(end)->abandoned ||
           end->pair->converted;
}

static int64_t send_wait(const struct request *request, struct end *end, const struct timespec *deadline)
{
    struct flow *flow = out_of(end);
    if (patience_look(request, &flow->writer, may_send, end))
        return 0;
    struct rest rest = rest_begin(&flow->departure, &flow->writers);
    int64_t result = 0;
    if (!flow_has_room(flow) && !may_send(end))
        result = rest_sleep(request, &rest, deadline);
    --flow->writers;
    return result;
}

static int64_t end_send(const struct request *request, const struct open_file *file, struct end *end, struct cursor *cursor, size_t size,
                        int flags, bool trusted)
{
    struct timespec time;
    const struct timespec *deadline = NULL;
    bool timed = false, waits = !end->source.nonblocking && !(flags & MSG_DONTWAIT);
    for (size_t done = 0;;) {
        if (domain_is_dead(request->domain)) /* with a peer that reads as fast it would not be found out by waiting */
            return done ? (int64_t)done : RESTART;
        int64_t result = send_some(request, end, cursor, size - done, trusted);
        done += result > 0 ? (size_t)result : 0;
        if (done == size && result >= 0)
            return (int64_t)done;
        if (result == LOCAL_HOST && done)
            return finish_there(request, file, cursor, done, SYS_sendto, flags);
        if (result < 0 && result != -EAGAIN)
            return done ? (int64_t)done : result;
        if (!waits && flow_has_room(out_of(end))) /* or else whoever makes it tells */
            continue;
        if (!waits)
            return done ? (int64_t)done : -EAGAIN;
        if (!timed)
            deadline = time_limit(file, end, SO_SNDTIMEO, &time);
        timed = true;
        result = send_wait(request, end, deadline);
        if (result < 0)
            return done ? (int64_t)done : deadline ? not_restarted(result) : result;
    }
}

/* Descriptors came with these bytes. */
static void rights_arrive(struct flow *flow, struct cursor *cursor, bool peeks)
{
    cursor->ends = true;
    if (!peeks) {
        cursor->rights = flow->rights;
        rights_detach(flow);
    } else if (cursor->copies && !cursor->rights)
        cursor->rights = rights_look(flow->rights);
}

/* How far one may read at once: not beyond the bytes that the next descriptors came with. */
static size_t readable_most(const struct flow *flow, const struct rights *rights, size_t most)
{
    return rights && rights->end - flow->read < most ? (size_t)(rights->end - flow->read) : most;
}

/* One attempt: bytes, 0 at the end of the stream, -EAGAIN if there is nothing yet. `skip`: beyond that, for peeking. */
static int64_t receive_some(const struct request *request, struct end *end, struct cursor *cursor, size_t left, int flags, bool first)
{
    struct flow *flow = into(end);
    pthread_mutex_lock(&flow->reading);
    bool ended = flow->ended, over = ended || end->shut_read || end->reset; /* before the look at what is there */
    uint32_t held = flow_held(flow);
    struct rights *rights = flow->rights; /* after that: of what is held all are there */
    int64_t result = -EAGAIN;
    if (end->pair->converted)
        result = LOCAL_HOST;
    else if (held && flags & MSG_TRUNC && end->pair->tcp)
        result = (int64_t)(left < held ? left : held);
    else if (held)
        result = ring_move(request, flow, flow->read, cursor, readable_most(flow, rights, left < held ? left : held), false, false);
    else {
        int error = end->pair->tcp && (ended || !first) ? 0 : atomic_exchange(&end->error, 0);
        result = error ? -error : over ? 0 : -EAGAIN;
    }
    if (result > 0 && rights && flow->read + (uint64_t)result > rights->position)
        rights_arrive(flow, cursor, flags & MSG_PEEK);
    if (result > 0 && !(flags & MSG_PEEK)) {
        flow->read += (uint64_t)result;
        patience_note(&flow->writer);
        atomic_thread_fence(memory_order_seq_cst);
        if (flow->crowded && RING_BYTES - flow_held(flow) >= ROOM_LEAST) {
            flow->crowded = false;
            end_notify(other_of(end), POLLOUT | POLLWRNORM | POLLWRBAND);
        }
    }
    pthread_mutex_unlock(&flow->reading);
    return result;
}

/* What is there is all that will be, for now. */
static bool nothing_comes(const struct end *end)
{
    return into(end)->ended || end->shut_read || end->reset || end->error || end->pair->converted;
}

static bool may_receive(void *what)
{
    const struct end *end = what;
    return flow_held(into(end)) || nothing_comes(end);
}

/* Until there is more than `held`. */
static int64_t receive_wait(const struct request *request, struct end *end, uint32_t held, const struct timespec *deadline)
{
    struct flow *flow = into(end);
    if (!held && patience_look(request, &flow->reader, may_receive, end))
        return 0;
    struct rest rest = rest_begin(&flow->arrival, &flow->readers);
    int64_t result = 0;
    if (flow_held(flow) <= held && !nothing_comes(end))
        result = rest_sleep(request, &rest, deadline);
    --flow->readers;
    return result;
}

static int64_t end_receive(const struct request *request, const struct open_file *file, struct end *end, struct cursor *cursor,
                           int flags)
{
    const struct iovec *vector = cursor->vector;
    size_t count = cursor->count, size = vector_size(vector, count), done = 0;
    struct timespec time;
    const struct timespec *deadline = NULL;
    bool timed = false, waits = !end->source.nonblocking && !(flags & MSG_DONTWAIT), peeks = flags & MSG_PEEK;
    if (flags & MSG_OOB)
        return end->pair->tcp ? -EINVAL : -EOPNOTSUPP;
    for (;;) {
        bool last = peeks && done && nothing_comes(end); /* before the look at what is there */
        if (peeks)
            *cursor = (struct cursor){ vector, count, 0, cursor->rights, false, cursor->copies };
        int64_t result = receive_some(request, end, cursor, peeks ? size : size - done, flags, !done);
        if (result > 0)
            done = peeks ? (size_t)result : done + (size_t)result;
        bool whole = done == size && result >= 0, some = done && !(flags & MSG_WAITALL);
        bool enough = whole || some || last || cursor->ends || (peeks && done == RING_BYTES);
        if (result == LOCAL_HOST && done && !peeks && !cursor->copies) /* which would lose the descriptors that come there */
            return finish_there(request, file, cursor, done, SYS_recvfrom, flags);
        if (enough || result == 0 || (result < 0 && result != -EAGAIN))
            return done ? (int64_t)done : result;
        if (result > 0 && !peeks)
            continue;
        if (!waits)
            return done ? (int64_t)done : -EAGAIN;
        if (!timed)
            deadline = time_limit(file, end, SO_RCVTIMEO, &time);
        timed = true;
        result = receive_wait(request, end, peeks ? (uint32_t)done : 0, deadline);
        if (result < 0)
            return done ? (int64_t)done : deadline ? not_restarted(result) : result;
    }
}

/* --- for files --- */

static int64_t send_all(const struct request *request, const struct open_file *file, struct end *end, struct cursor *cursor, int flags)
{
    return flags & MSG_OOB ? -EOPNOTSUPP : end_send(request, file, end, cursor, vector_size(cursor->vector, cursor->count), flags, false);
}

int64_t local_send(const struct request *request, const struct open_file *file, const struct iovec *vector, size_t count, int flags,
                   bool named)
{
    struct end *end = end_of(file);
    struct cursor cursor = { vector, count, 0, NULL, false, false };
    if (!end)
        return LOCAL_HOST;
    return named && !end->pair->tcp ? -EISCONN : send_all(request, file, end, &cursor, flags);
}

int64_t local_send_rights(const struct request *request, const struct open_file *file, const struct iovec *vector, size_t count, int flags,
                          struct open_file *const *files, size_t file_count)
{
    struct end *end = end_of(file);
    struct cursor cursor = { vector, count, 0, NULL, false, false };
    if (!end)
        return LOCAL_HOST;
    int64_t result = end->pair->tcp ? -EPERM : rights_begin(request->own, end, files, file_count, &cursor.rights);
    if (!result)
        result = send_all(request, file, end, &cursor, flags);
    rights_drop(cursor.rights);
    return result;
}

int64_t local_receive(const struct request *request, const struct open_file *file, const struct iovec *vector, size_t count, int flags)
{
    struct end *end = end_of(file);
    struct cursor cursor = { vector, count, 0, NULL, false, false };
    int64_t result = end ? end_receive(request, file, end, &cursor, flags) : LOCAL_HOST;
    rights_drop(cursor.rights);
    return result;
}

int64_t local_receive_rights(const struct request *request, const struct open_file *file, const struct iovec *vector, size_t count,
                             int flags, struct rights **rights)
{
    struct end *end = end_of(file);
    struct cursor cursor = { vector, count, 0, NULL, false, true };
    int64_t result = end ? end_receive(request, file, end, &cursor, flags) : LOCAL_HOST;
    *rights = flags & MSG_PEEK ? rights_copy(cursor.rights) : cursor.rights;
    return result;
}

/* As reading does it, which waits for nothing if nothing is wanted. */
int64_t local_read(const struct request *request, const struct open_file *file, const struct iovec *vector, size_t count)
{
    return end_of(file) && !vector_size(vector, count) ? 0 : local_receive(request, file, vector, count, 0);
}

/* sendfile: by way of a buffer. position NULL: the file's own. */
int64_t local_send_file(const struct request *request, const struct open_file *file, int from, int64_t *position, uint64_t size)
{
    struct end *end = end_of(file);
    if (!end)
        return LOCAL_HOST;
    uint8_t *buffer = malloc(RING_BYTES);
    off_t at = position ? *position : lseek(from, 0, SEEK_CUR);
    size = size < BYTES_MOST ? size : BYTES_MOST;
    int64_t done = 0, result = buffer ? 0 : -ENOMEM;
    while (!result && (uint64_t)done < size) {
        size_t piece = size - (uint64_t)done < RING_BYTES ? size - (uint64_t)done : RING_BYTES;
        ssize_t got = pread(from, buffer, piece, at + done);
        if (got <= 0) {
            result = got < 0 ? -errno : 0;
            break;
        }
        struct cursor cursor = { &(struct iovec){ buffer, (size_t)got }, 1, 0, NULL, false, false };
        int64_t sent = end_send(request, file, end, &cursor, (size_t)got, 0, true);
        result = sent < 0 ? sent : 0;
        done += sent > 0 ? sent : 0;
        if (sent >= 0 && sent < got)
            break;
    }
    free(buffer);
    if (done && position)
        *position = at + done;
    else if (done)
        lseek(from, at + done, SEEK_SET);
    return done ? done : result;
}


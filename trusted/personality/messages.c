/* SPDX-License-Identifier: Apache-2.0 */
/* Messages over sockets. Headers are fetched once; descriptors travel over socket pairs that the domain has made itself, so that what
 * arrives there can only be its own, and over connections between domains in memory (local.h) to who may receive them there, also where
 * such a connection has become the host's. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "signals.h"
#include "pairs.h"
#include "sockets.h"

#define SEND_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE | MSG_OOB | MSG_EOR)
#define RECEIVE_FLAGS (MSG_DONTWAIT | MSG_PEEK | MSG_TRUNC | MSG_WAITALL | MSG_OOB | MSG_CMSG_CLOEXEC)
#define TOLD_FLAGS (MSG_TRUNC | MSG_CTRUNC | MSG_EOR | MSG_OOB)

/* The kernel's struct msghdr as domains have it. */
struct message {
    uint64_t name;
    uint32_t name_size, padding;
    uint64_t vector, vector_count, control, control_size;
    uint32_t flags, padding2;
};

union rights_data { struct cmsghdr head; char bytes[CMSG_SPACE(RIGHTS_MAX * sizeof(int))]; };

/* The header once, and the vector that this copy names. */
static int64_t message_fetch(const struct request *request, struct message *message, struct iovec vector[IOVEC_MAX])
{
    int64_t error = request_fetch(request, message, request->arguments[1], sizeof *message);
    return error ? error : request_fetch_vector(request, vector, message->vector, message->vector_count);
}

/* What a message that was sent answers. */
static int64_t send_answer(const struct request *request, int64_t result, int flags)
{
    if (result == -EPIPE && !(flags & MSG_NOSIGNAL))
        signal_send(request, SIGPIPE, &(struct signal_source){ .code = SI_USER, .process = request->own->process });
    return result;
}

int64_t service_sendto(const struct request *request)
{
    int64_t error;
    int flags = request_int(request, 3);
    struct peer peer = { .held = -1 };
    uint64_t size = request->arguments[2];
    const void *from = range_for_kernel(request->domain, request->arguments[1], size);
    if (size && !from)
        return -EFAULT;
    if (flags & ~SEND_FLAGS)
        return -EINVAL;
    struct open_file *file = socket_acquire(request, &error);
    if (!file)
        return error;
    int64_t here = local_send(request, file, &(struct iovec){ (void *)from, size }, 1, flags, request->arguments[4]);
    if (here != LOCAL_HOST) {
        file_release(file);
        return send_answer(request, here, flags);
    }
    bool named = request->arguments[4];
    error = named ? peer_fetch(request, file, request->arguments[4], (uint32_t)request->arguments[5], &peer) : 0;
    if (!error)
        error = WAIT(request, SYS_sendto, file->host, from, size, flags | MSG_NOSIGNAL, named ? &peer.address : NULL,
                     named ? peer.size : 0);
    peer_release(&peer);
    file_release(file);
    return send_answer(request, error, flags);
}

int64_t service_recvfrom(const struct request *request)
{
    int64_t error;
    struct sockaddr_storage address;
    socklen_t address_size = sizeof address;
    uint64_t size = request->arguments[2];
    void *to = range_for_kernel(request->domain, request->arguments[1], size);
    int flags = request_int(request, 3);
    bool named = request->arguments[4];
    if (size && !to)
        return -EFAULT;
    if (flags & ~RECEIVE_FLAGS)
        return -EINVAL;
    struct open_file *file = socket_acquire(request, &error);
    if (!file)
        return error;
    if (named)
        memset(&address, 0, sizeof address);
    int64_t result = local_receive(request, file, &(struct iovec){ to, size }, 1, flags);
    if (result != LOCAL_HOST)
        address_size = 0;
    else
        result = WAIT(request, SYS_recvfrom, file->host, to, size, flags & ~MSG_CMSG_CLOEXEC, named ? &address : NULL,
                          named ? &address_size : NULL);
    file_release(file);
    error = result < 0 || !named ? 0 : address_store(request, &address, address_size, request->arguments[4], request->arguments[5]);
    return error ? error : result;
}

/* --- descriptors in messages --- */

/* Descriptors that a domain sends: their files, referenced until rights_release. */
struct sent { struct open_file *files[RIGHTS_MAX]; size_t count; };

static void sent_release(struct sent *sent)
{
    while (sent->count)
        file_release(sent->files[--sent->count]);
}

/* What is the host's console or the domain's signals, or lists what only it sees, means nothing to others. */
static bool file_can_leave(const struct open_file *file)
{
    return file->kind != FILE_LISTING && file->kind != FILE_CONSOLE && file->kind != FILE_SIGNALS && file->kind != FILE_EPOLL;
}

/* The files that the domain's control data means. */
static int64_t sent_fetch(const struct request *request, const struct message *message, struct sent *sent)
{
    int numbers[RIGHTS_MAX];
    struct { uint64_t size; int32_t level, type; } head;
    sent->count = 0;
    if (!message->control_size)
        return 0;
    int64_t error = message->control_size < sizeof head ? -EINVAL : request_fetch(request, &head, message->control, sizeof head);
    if (error)
        return error;
    size_t bytes = head.size - sizeof head;
    if (head.level != SOL_SOCKET || head.type != SCM_RIGHTS || head.size > message->control_size || head.size < sizeof head ||
        bytes > sizeof numbers || bytes % sizeof numbers[0])
        return -EINVAL;
    error = request_fetch(request, numbers, message->control + sizeof head, bytes);
    for (size_t i = 0; !error && i < bytes / sizeof numbers[0]; i++) {
        struct open_file *file = file_acquire(request->own, numbers[i]);
        if (file)
            sent->files[sent->count++] = file;
        error = !file ? -EBADF : file_can_leave(file) ? 0 : -EPERM;
    }
    return error;
}

/* As the host sends them. What a directory may would be lost on the way. */
static int64_t sent_convert(const struct open_file *file, const struct sent *sent, union rights_data *data)
{
    if (!file->pair && !local_passes(file))
        return -EPERM;
    for (size_t i = 0; i < sent->count; i++)
        if (sent->files[i]->kind == FILE_DIRECTORY)
            return -EPERM;
    data->head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sent->count * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
    for (size_t i = 0; i < sent->count; i++) {
        local_convert(sent->files[i]);
        memcpy(CMSG_DATA(&data->head) + i * sizeof(int), &sent->files[i]->host, sizeof(int));
    }
    return 0;
}

static int64_t message_send(const struct request *request, const struct open_file *file, const struct message *message,
                            struct iovec *vector, const struct peer *peer, const struct sent *sent, int flags)
{
    union rights_data data = { .bytes = { 0 } };
    int64_t result = sent->count && message->name ? -EISCONN :
                     sent->count ? local_send_rights(request, file, vector, message->vector_count, flags, sent->files, sent->count)
                                 : local_send(request, file, vector, message->vector_count, flags, message->name);
    if (result != LOCAL_HOST)
        return result;
    result = sent->count ? sent_convert(file, sent, &data) : 0;
    struct msghdr host = { .msg_name = message->name ? (void *)&peer->address : NULL, .msg_namelen = message->name ? peer->size : 0,
                           .msg_iov = vector, .msg_iovlen = message->vector_count, .msg_control = sent->count ? &data : NULL,
                           .msg_controllen = sent->count ? CMSG_SPACE(sent->count * sizeof(int)) : 0 };
    return result ? result : WAIT(request, SYS_sendmsg, file->host, &host, flags | MSG_NOSIGNAL);
}

int64_t service_sendmsg(const struct request *request)
{
    int64_t error;
    int flags = request_int(request, 2);
    struct message message;
    struct iovec vector[IOVEC_MAX];
    struct sent sent = { .count = 0 };
    struct peer peer = { .held = -1 };
    if (flags & ~SEND_FLAGS)
        return -EINVAL;
    struct open_file *file = socket_acquire(request, &error);
    if (!file)
        return error;
    error = message_fetch(request, &message, vector);
    if (!error && message.name)
        error = peer_fetch(request, file, message.name, message.name_size, &peer);
    if (!error)
        error = sent_fetch(request, &message, &sent);
    if (!error)
        error = send_answer(request, message_send(request, file, &message, vector, &peer, &sent, flags), flags);
    if (error == -EPERM)
        audit(request, "descriptors in a message: key 'receive' of the service at the other end, with this connection's address, "
                       "would allow those of files, directories, pipes and sockets");
    sent_release(&sent);
    peer_release(&peer);
    file_release(file);
    return error;
}

/* A file for a host descriptor that arrived; what it is, and may, the host says. */
static struct open_file *right_file(int host)
{
    struct stat facts;
    int flags = fcntl(host, F_GETFL), family = 0, type = 0;
    socklen_t size = sizeof family;
    if (flags < 0 || fstat(host, &facts) < 0 || flags & O_PATH || S_ISDIR(facts.st_mode)) {
        close(host);
        return NULL;
    }
    if (S_ISSOCK(facts.st_mode)) {
        getsockopt(host, SOL_SOCKET, SO_DOMAIN, &family, &size);
        getsockopt(host, SOL_SOCKET, SO_TYPE, &type, &size);
        return socket_file(host, family, type, SOCKET_ARRIVED);
    }
    bool writable = (flags & O_ACCMODE) != O_RDONLY;
    enum file_kind kind = S_ISREG(facts.st_mode) ? FILE_REGULAR : FILE_PIPE;
    struct open_file *file = file_create(host, kind, (flags & O_ACCMODE) != O_WRONLY, writable);
    if (file) {
        file->constant = !writable;
        file->device = facts.st_dev;
        file->inode = facts.st_ino;
    }
    return file;
}

/* Files for what the host's message brought. */
static size_t files_arrived(const struct msghdr *host, struct open_file *files[RIGHTS_MAX])
{
    const struct cmsghdr *head = host->msg_controllen ? CMSG_FIRSTHDR(host) : NULL;
    size_t arrived = head && head->cmsg_type == SCM_RIGHTS ? (head->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
    for (size_t i = 0; i < arrived; i++) {
        int descriptor;
        memcpy(&descriptor, CMSG_DATA(head) + i * sizeof descriptor, sizeof descriptor);
        files[i] = right_file(descriptor);
    }
    return arrived;
}

/* Makes numbers for what arrived and hands them out; what has no room is closed, and the message says so. */
static int64_t rights_store(const struct request *request, struct open_file *const *files, size_t arrived, struct message *message,
                            bool close_on_exec)
{
    struct { struct { uint64_t size; int32_t level, type; } head; int32_t numbers[RIGHTS_MAX]; } out;
    out.head.level = SOL_SOCKET;
    out.head.type = SCM_RIGHTS;
    size_t room = message->control_size >= sizeof out.head ? (message->control_size - sizeof out.head) / sizeof(int32_t) : 0, count = 0;
    for (size_t i = 0; i < arrived; i++) {
        int64_t number = -1;
        if (files[i] && count < room)
            number = descriptor_add(request->own, files[i], 0, close_on_exec);
        else if (files[i])
            file_release(files[i]);
        if (number >= 0)
            out.numbers[count++] = (int32_t)number;
        else
            message->flags |= MSG_CTRUNC;
    }
    out.head.size = sizeof out.head + count * sizeof out.numbers[0];
    message->control_size = count ? (out.head.size + 7) & ~7ull : 0;
    return count ? request_store(request, message->control, &out, out.head.size) : 0;
}

/* The same for what arrived in memory: only where the address says that it is received. */
static int64_t rights_store_here(const struct request *request, const struct open_file *file, struct rights *rights,
                                 struct message *message, bool close_on_exec)
{
    if (!rights || !file->receives) {
        message->flags |= rights ? MSG_CTRUNC : 0;
        message->control_size = 0;
        rights_drop(rights);
        return 0;
    }
    rights_accept(rights);
    int64_t error = rights_store(request, rights->files, rights->count, message, close_on_exec);
    rights->count = 0;
    rights_drop(rights);
    return error;
}

/* Receives, in memory or from the host, with the descriptors that came along. */
static int64_t message_receive(const struct request *request, const struct open_file *file, struct message *message,
                               struct iovec *vector, struct msghdr *host, int flags)
{
    union rights_data data;
    struct rights *rights = NULL;
    struct open_file *files[RIGHTS_MAX];
    bool takes = file->pair || (file->receives && local_disguised(file));
    int64_t error, result = local_receive_rights(request, file, vector, message->vector_count, flags, &rights);
    if (result != LOCAL_HOST) {
        message->flags = host->msg_namelen = 0;
        error = rights_store_here(request, file, rights, message, flags & MSG_CMSG_CLOEXEC);
        return error ? error : result;
    }
    host->msg_control = takes ? &data : NULL;
    host->msg_controllen = takes ? sizeof data : 0;
    result = WAIT(request, SYS_recvmsg, file->host, host, flags | MSG_CMSG_CLOEXEC);
    if (result < 0)
        return result;
    message->flags = (uint32_t)host->msg_flags & TOLD_FLAGS;
    error = rights_store(request, files, files_arrived(host, files), message, flags & MSG_CMSG_CLOEXEC);
    return error ? error : result;
}

int64_t service_recvmsg(const struct request *request)
{
    int64_t error;
    struct message message;
    struct iovec vector[IOVEC_MAX];
    struct sockaddr_storage address = { 0 };
    int flags = request_int(request, 2);
    if (flags & ~RECEIVE_FLAGS)
        return -EINVAL;
    struct open_file *file = socket_acquire(request, &error);
    if (!file)
        return error;
    error = message_fetch(request, &message, vector);
    struct msghdr host = { .msg_name = &address, .msg_namelen = sizeof address, .msg_iov = vector, .msg_iovlen = message.vector_count };
    int64_t result = error ? error : message_receive(request, file, &message, vector, &host, flags);
    file_release(file);
    if (result < 0)
        return result;
    uint64_t name_size = request->arguments[1] + offsetof(struct message, name_size);
    error = address_store(request, &address, host.msg_namelen, message.name, name_size);
    uint64_t tail = request->arguments[1] + offsetof(struct message, control_size);
    if (!error)
        error = request_store(request, tail, &message.control_size, sizeof message.control_size + sizeof message.flags);
    return error ? error : result;
}

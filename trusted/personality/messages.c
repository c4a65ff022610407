/* SPDX-License-Identifier: Apache-2.0 */
/* Messages over sockets. Headers are fetched once; descriptors travel only over socket pairs that the domain has made itself, so that
 * what arrives there can only be its own. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "signals.h"
#include "local.h"
#include "sockets.h"

#define RIGHTS_MAX 32                  /* descriptors in one message */
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

union rights { struct cmsghdr head; char bytes[CMSG_SPACE(RIGHTS_MAX * sizeof(int))]; };

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

/* Turns the domain's control data into the host's; the files stay referenced until rights_release. */
static int64_t rights_fetch(const struct request *request, const struct open_file *file, const struct message *message,
                            union rights *rights, struct open_file *files[RIGHTS_MAX], size_t *count)
{
    int numbers[RIGHTS_MAX];
    struct { uint64_t size; int32_t level, type; } head;
    *count = 0;
    if (!message->control_size)
        return 0;
    int64_t error = message->control_size < sizeof head ? -EINVAL : request_fetch(request, &head, message->control, sizeof head);
    if (error)
        return error;
    size_t bytes = head.size - sizeof head;
    if (head.level != SOL_SOCKET || head.type != SCM_RIGHTS || head.size > message->control_size || head.size < sizeof head ||
        bytes > sizeof numbers || bytes % sizeof numbers[0])
        return -EINVAL;
    if (!file->pair)
        return -EPERM;
    error = request_fetch(request, numbers, message->control + sizeof head, bytes);
    for (size_t i = 0; !error && i < bytes / sizeof numbers[0]; i++) {
        files[*count] = file_acquire(request->own, numbers[i]);
        if (!files[*count])
            return -EBADF;
        enum file_kind kind = files[i]->kind; /* what these may do would be lost on the way */
        if (kind == FILE_DIRECTORY || kind == FILE_LISTING || kind == FILE_CONSOLE || kind == FILE_SIGNALS || files[i]->epoll)
            error = -EPERM;
        else
            local_convert(files[i]);
        numbers[(*count)++] = files[i]->host;
    }
    rights->head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(bytes), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
    memcpy(CMSG_DATA(&rights->head), numbers, bytes);
    return error;
}

int64_t service_sendmsg(const struct request *request)
{
    int64_t error;
    size_t count = 0;
    int flags = request_int(request, 2);
    struct message message;
    struct iovec vector[IOVEC_MAX];
    union rights rights = { .bytes = { 0 } };
    struct open_file *files[RIGHTS_MAX];
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
        error = rights_fetch(request, file, &message, &rights, files, &count);
    if (!error) {
        struct msghdr host = { .msg_name = message.name ? &peer.address : NULL, .msg_namelen = message.name ? peer.size : 0,
                               .msg_iov = vector, .msg_iovlen = message.vector_count,
                               .msg_control = count ? &rights : NULL, .msg_controllen = count ? CMSG_SPACE(count * sizeof(int)) : 0 };
        error = local_send(request, file, vector, message.vector_count, flags, message.name);
        if (error == LOCAL_HOST)
            error = WAIT(request, SYS_sendmsg, file->host, &host, flags | MSG_NOSIGNAL);
        error = send_answer(request, error, flags);
    }
    for (size_t i = 0; i < count; i++)
        file_release(files[i]);
    peer_release(&peer);
    file_release(file);
    return error;
}

/* A number for a host descriptor that arrived; what it is, and may, the host says. */
static int64_t right_add(const struct request *request, int host, bool close_on_exec)
{
    struct stat facts;
    int flags = fcntl(host, F_GETFL), family = 0, type = 0;
    socklen_t size = sizeof family;
    if (flags < 0 || fstat(host, &facts) < 0 || flags & O_PATH || S_ISDIR(facts.st_mode)) {
        close(host);
        return -EBADF;
    }
    if (S_ISSOCK(facts.st_mode)) {
        getsockopt(host, SOL_SOCKET, SO_DOMAIN, &family, &size);
        getsockopt(host, SOL_SOCKET, SO_TYPE, &type, &size);
        return socket_add(request, host, family, type, SOCKET_ARRIVED, close_on_exec);
    }
    bool writable = (flags & O_ACCMODE) != O_RDONLY;
    enum file_kind kind = S_ISREG(facts.st_mode) ? FILE_REGULAR : FILE_PIPE;
    struct open_file *file = file_create(host, kind, (flags & O_ACCMODE) != O_WRONLY, writable);
    if (!file)
        return -ENOMEM;
    file->constant = !writable;
    file->device = facts.st_dev;
    file->inode = facts.st_ino;
    return descriptor_add(request->own, file, 0, close_on_exec);
}

/* Makes numbers for what arrived and hands them out; what has no room is closed, and the message says so. */
static int64_t rights_store(const struct request *request, const struct msghdr *host, struct message *message, bool close_on_exec)
{
    struct { struct { uint64_t size; int32_t level, type; } head; int32_t numbers[RIGHTS_MAX]; } out;
    out.head.level = SOL_SOCKET;
    out.head.type = SCM_RIGHTS;
    const struct cmsghdr *head = host->msg_controllen ? CMSG_FIRSTHDR(host) : NULL;
    size_t room = message->control_size >= sizeof out.head ? (message->control_size - sizeof out.head) / sizeof(int32_t) : 0, count = 0;
    size_t arrived = head && head->cmsg_type == SCM_RIGHTS ? (head->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
    for (size_t i = 0; i < arrived; i++) {
        int descriptor;
        memcpy(&descriptor, CMSG_DATA(head) + i * sizeof descriptor, sizeof descriptor);
        int64_t number = -1;
        if (count < room)
            number = right_add(request, descriptor, close_on_exec);
        else
            close(descriptor);
        if (number >= 0)
            out.numbers[count++] = (int32_t)number;
        else
            message->flags |= MSG_CTRUNC;
    }
    out.head.size = sizeof out.head + count * sizeof out.numbers[0];
    message->control_size = count ? (out.head.size + 7) & ~7ull : 0;
    return count ? request_store(request, message->control, &out, out.head.size) : 0;
}

int64_t service_recvmsg(const struct request *request)
{
    int64_t error;
    struct message message;
    struct iovec vector[IOVEC_MAX];
    union rights rights;
    struct sockaddr_storage address = { 0 };
    int flags = request_int(request, 2);
    if (flags & ~RECEIVE_FLAGS)
        return -EINVAL;
    struct open_file *file = socket_acquire(request, &error);
    if (!file)
        return error;
    error = message_fetch(request, &message, vector);
    struct msghdr host = { .msg_name = &address, .msg_namelen = sizeof address, .msg_iov = vector, .msg_iovlen = message.vector_count,
                           .msg_control = file->pair ? &rights : NULL, .msg_controllen = file->pair ? sizeof rights : 0 };
    int64_t result = error ? error : local_receive(request, file, vector, message.vector_count, flags);
    if (result != LOCAL_HOST)
        host.msg_namelen = host.msg_controllen = 0;
    else
        result = WAIT(request, SYS_recvmsg, file->host, &host, flags | MSG_CMSG_CLOEXEC);
    file_release(file);
    if (result < 0)
        return result;
    message.flags = (uint32_t)host.msg_flags & TOLD_FLAGS;
    error = rights_store(request, &host, &message, flags & MSG_CMSG_CLOEXEC);
    uint64_t name_size = request->arguments[1] + offsetof(struct message, name_size);
    if (!error)
        error = address_store(request, &address, host.msg_namelen, message.name, name_size);
    uint64_t tail = request->arguments[1] + offsetof(struct message, control_size);
    if (!error)
        error = request_store(request, tail, &message.control_size, sizeof message.control_size + sizeof message.flags);
    return error ? error : result;
}

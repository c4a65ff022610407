/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets: internet and local ones, streams and datagrams. Addresses are fetched once, checked against the grants, and used from that
 * copy. */
#define _GNU_SOURCE
#include "sockets.h"
#include <fcntl.h>
#include <poll.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include "addresses.h"
#include "local.h"
#include "paths.h"

#define OPTION_BYTES 256               /* of the largest option value */

struct open_file *socket_acquire(const struct request *request, int64_t *error)
{
    struct open_file *file = file_acquire(request->own, request_int(request, 0));
    *error = file ? -ENOTSOCK : -EBADF;
    if (!file || file->kind == FILE_SOCKET)
        return file;
    file_release(file);
    return NULL;
}

struct open_file *socket_file(int host, int family, int type, enum socket_origin origin)
{
    struct open_file *file = file_create(host, FILE_SOCKET, true, true);
    if (!file)
        return NULL;
    file->family = family;
    file->type = type;
    file->pair = origin == SOCKET_PAIR;
    file->fixed = origin != SOCKET_NEW && family == AF_UNIX;
    return file;
}

int64_t socket_add(const struct request *request, int host, int family, int type, enum socket_origin origin, bool close_on_exec)
{
    struct open_file *file = socket_file(host, family, type, origin);
    return file ? descriptor_add(request->own, file, 0, close_on_exec) : -ENOMEM;
}

/* Family, type and protocol that a domain may have. */
static int64_t kind_check(int family, int type, int protocol)
{
    type &= ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (family != AF_INET && family != AF_INET6 && family != AF_UNIX)
        return -EAFNOSUPPORT;
    if (type != SOCK_STREAM && type != SOCK_DGRAM && !(type == SOCK_SEQPACKET && family == AF_UNIX))
        return -ESOCKTNOSUPPORT;
    if (protocol && (family == AF_UNIX || protocol != (type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP)))
        return -EPROTONOSUPPORT;
    return 0;
}

int64_t service_socket(const struct request *request)
{
    int family = request_int(request, 0), type = request_int(request, 1), protocol = request_int(request, 2);
    int64_t error = kind_check(family, type, protocol);
    if (error) {
        audit(request, "socket of family %d, type %d, protocol %d: no option allows these", family, type & 0xf, protocol);
        return error;
    }
    int host = socket(family, type | SOCK_CLOEXEC, protocol);
    return host < 0 ? -errno : socket_add(request, host, family, type & 0xf, SOCKET_NEW, type & SOCK_CLOEXEC);
}

int64_t service_socketpair(const struct request *request)
{
    int family = request_int(request, 0), type = request_int(request, 1), host[2];
    int64_t error = family != AF_UNIX ? -EOPNOTSUPP : kind_check(family, type, request_int(request, 2)), number[2];
    if (error)
        return error;
    if (socketpair(family, type | SOCK_CLOEXEC, 0, host) < 0)
        return -errno;
    number[0] = socket_add(request, host[0], family, type & 0xf, SOCKET_PAIR, type & SOCK_CLOEXEC);
    number[1] = socket_add(request, host[1], family, type & 0xf, SOCKET_PAIR, type & SOCK_CLOEXEC);
    int answer[2] = { (int)number[0], (int)number[1] };
    error = number[0] < 0 ? number[0] : number[1] < 0 ? number[1] : request_store(request, request->arguments[3], answer, sizeof answer);
    for (int i = 0; error && i < 2; i++)
        if (number[i] >= 0)
            descriptor_close(request->own, answer[i]);
    return error;
}

/* --- addresses --- */

static int64_t address_fetch(const struct request *request, uint64_t from, uint64_t size, struct sockaddr_storage *address)
{
    memset(address, 0, sizeof *address);
    if (size < sizeof address->ss_family || size > sizeof *address - 1) /* an AF_UNIX path ends with the zero behind it */
        return -EINVAL;
    return request_fetch(request, address, from, size);
}

/* Turns a guest path into one of the host's: /proc/self/fd/N of the socket (to connect), or of its directory with the name behind it. */
static int64_t local_resolve(const struct request *request, bool listening, struct peer *peer)
{
    struct sockaddr_un *local = (void *)&peer->address;
    struct place place;
    const char *name = "";
    char path[PATH_MAX];
    int64_t error = place_find_text(&place, request, local->sun_path);
    if (error)
        return error;
    peer->held = listening ? place_open_parent(&place, &name) : place_open(&place, O_PATH, 0);
    int length = snprintf(path, sizeof path, "/proc/self/fd/%d%s%s", peer->held, *name ? "/" : "", name);
    place_release(&place);
    if (peer->held < 0)
        return peer->held;
    if (length >= (int)sizeof local->sun_path)
        return -ENAMETOOLONG;
    memcpy(local->sun_path, path, (size_t)length + 1);
    peer->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length + 1);
    return 0;
}

static int64_t peer_check(const struct request *request, const struct open_file *file, bool listening, struct peer *peer)
{
    if (peer->address.ss_family != file->family)
        return -EAFNOSUPPORT;
    if (!network_allows(request, listening, &peer->address, peer->size))
        return listening || file->family == AF_UNIX ? -EACCES : -ENETUNREACH; /* as if no way led there: programs know that */
    peer->receives = file->family == AF_UNIX && network_receives(request, &peer->address);
    return file->family == AF_UNIX ? local_resolve(request, listening, peer) : 0;
}

int64_t peer_fetch(const struct request *request, const struct open_file *file, uint64_t address, uint64_t size, struct peer *peer)
{
    *peer = (struct peer){ .held = -1, .size = (socklen_t)size };
    int64_t error = address_fetch(request, address, size, &peer->address);
    return error ? error : peer_check(request, file, false, peer);
}

void peer_release(struct peer *peer)
{
    if (peer->held >= 0)
        close(peer->held);
}

int64_t address_store(const struct request *request, const struct sockaddr_storage *from, socklen_t size, uint64_t address,
                      uint64_t size_address)
{
    uint32_t room;
    if (!address)
        return 0;
    int64_t error = request_fetch(request, &room, size_address, sizeof room);
    if (error)
        return error;
    if (size && from->ss_family == AF_UNIX)
        size = sizeof from->ss_family;
    if ((int32_t)room < 0)
        return -EINVAL;
    error = request_store(request, address, from, room < size ? room : size);
    return error ? error : request_store(request, size_address, &size, sizeof size);
}

int64_t service_bind(const struct request *request)
{
    int64_t error;
    struct peer peer = { .held = -1, .size = (socklen_t)request->arguments[2] };
    struct open_file *file = socket_acquire(request, &error);
    if (!file)
        return error;
    error = file->fixed || file->end ? -EINVAL : address_fetch(request, request->arguments[1], request->arguments[2], &peer.address);
    if (!error)
        error = peer_check(request, file, true, &peer);
    if (!error)
        error = bind(file->host, (struct sockaddr *)&peer.address, peer.size) < 0 ? -errno : 0;
    if (!error) {
        file->bound = true;
        file->receives = peer.receives;
        if (request->own->local && file->family == AF_UNIX)
            file->place = open(((struct sockaddr_un *)&peer.address)->sun_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    }
    peer_release(&peer);
    file_release(file);
    return error;
}

/* Without bind the kernel would choose an address that nobody has granted. */
int64_t service_listen(const struct request *request)
{
    int64_t error;
    struct open_file *file = socket_acquire(request, &error);
    if (!file)
        return error;
    error = !file->bound || file->end ? -EINVAL : listen(file->host, request_int(request, 1)) < 0 ? -errno : 0;
    if (!error)
        local_listen(request, file, request_int(request, 1));
    file_release(file);
    return error;
}

int64_t service_connect(const struct request *request)
{
    int64_t error;
    struct peer peer = { .held = -1 };
    struct open_file *file = socket_acquire(request, &error);
    if (!file)
        return error;
    error = file->fixed ? -EISCONN : local_connected(file);
    if (error != LOCAL_HOST) {
        file_release(file);
        return error;
    }
    error = peer_fetch(request, file, request->arguments[1], request->arguments[2], &peer);
    if (error == -EAFNOSUPPORT && peer.address.ss_family == AF_UNSPEC) /* takes a connection away */
        error = 0;
    if (!error)
        error = local_connect(request, file, &peer);
    if (error == LOCAL_HOST) {
        error = not_restarted(WAIT(request, SYS_connect, file->host, &peer.address, peer.size));
        if (error == -ECONNREFUSED || error == -ENOENT)
            local_refused(request, file);
    }
    if (!error && peer.address.ss_family == AF_UNSPEC)
        listener_stop(file);
    peer_release(&peer);
    file_release(file);
    return error;
}

bool socket_time_limit(const struct open_file *file, int option, struct timespec *limit)
{
    struct timeval time = { 0 };
    socklen_t size = sizeof time;
    if (getsockopt(file->host, SOL_SOCKET, option, &time, &size) < 0 || (!time.tv_sec && !time.tv_usec))
        return false;
    *limit = (struct timespec){ time.tv_sec, time.tv_usec * 1000 };
    return true;
}

static int64_t accept_host(const struct request *request, struct open_file *file, int flags, struct peer *peer, struct open_file **made)
{
    int64_t result = WAIT(request, SYS_accept4, file->host, &peer->address, &peer->size, flags | SOCK_CLOEXEC);
    *made = result < 0 ? NULL : socket_file((int)result, file->family, file->type, SOCKET_NEW);
    return result < 0 ? result : *made ? 0 : -ENOMEM;
}

/* Of AF_UNIX: accept without waiting does not say so. */
static bool is_shut(const struct open_file *file)
{
    struct pollfd host = { file->host, POLLRDHUP, 0 };
    return poll(&host, 1, 0) == 1 && host.revents & (POLLRDHUP | POLLHUP);
}

/* From within the process or from the host, in turns; waits if the domain wants that. */
static int64_t accept_both(const struct request *request, struct open_file *file, int flags, struct peer *peer, struct open_file **made)
{
    struct timespec limit;
    bool limited = socket_time_limit(file, SO_RCVTIMEO, &limit);
    listener_attend(file);
    for (bool local = local_turn(file), first = true;; local = !local, first = !first) {
        int64_t result = local ? local_accept(file, flags & SOCK_NONBLOCK, &peer->address, &peer->size, made)
                               : accept_host(request, file, flags, peer, made);
        bool stopped = result == -EINVAL || (result == -EAGAIN && !first && is_shut(file));
        if (stopped) /* by another process that has it */
            listener_stop(file);
        if (result != -EAGAIN || stopped)
            return result == -EAGAIN && !listener_source(file)->nonblocking ? -EINVAL : result;
        if (!first) /* nobody here, and nobody there */
            result = listener_source(file)->nonblocking ? -EAGAIN : file_wait(request, file, POLLIN, limited ? &limit : NULL);
        if (!first && result <= 0)
            return !result ? -EAGAIN : limited ? not_restarted(result) : result;
        peer->size = sizeof peer->address;
    }
}

/* The number comes first: whoever connects goes on waiting if there is none. */
static int64_t accept_with(const struct request *request, int flags)
{
    int64_t error;
    struct peer peer = { .size = sizeof peer.address };
    if (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC))
        return -EINVAL;
    struct open_file *made = NULL, *file = socket_acquire(request, &error);
    if (!file)
        return error;
    int64_t number = descriptor_reserve(request->own);
    if (number >= 0) {
        error = (local_listens(file) ? accept_both : accept_host)(request, file, flags, &peer, &made);
        if (!error)
            error = address_store(request, &peer.address, peer.size, request->arguments[1], request->arguments[2]);
        if (error && made)
            file_release(made);
        descriptor_fill(request->own, (int)number, error ? NULL : made, flags & SOCK_CLOEXEC);
    }
    file_release(file);
    return number < 0 ? number : error ? error : number;
}

int64_t service_accept(const struct request *request)
{
    return accept_with(request, 0);
}

int64_t service_accept4(const struct request *request)
{
    return accept_with(request, request_int(request, 3));
}

static int64_t name_ask(const struct request *request, bool peer)
{
    int64_t error;
    struct sockaddr_storage address = { 0 };
    socklen_t size = sizeof address;
    struct open_file *file = socket_acquire(request, &error);
    if (!file)
        return error;
    error = local_name_of(file, peer, &address);
    if (error >= 0) {
        size = (socklen_t)error;
        error = 0;
    } else if (error == LOCAL_HOST)
        error = (peer ? getpeername : getsockname)(file->host, (struct sockaddr *)&address, &size) < 0 ? -errno : 0;
    file_release(file);
    return error ? error : address_store(request, &address, size, request->arguments[1], request->arguments[2]);
}

int64_t service_getsockname(const struct request *request)
{
    return name_ask(request, false);
}

int64_t service_getpeername(const struct request *request)
{
    return name_ask(request, true);
}

int64_t service_shutdown(const struct request *request)
{
    int64_t error;
    struct open_file *file = socket_acquire(request, &error);
    if (!file)
        return error;
    error = local_shutdown(file, request_int(request, 1));
    if (error == LOCAL_HOST)
        error = shutdown(file->host, request_int(request, 1)) < 0 ? -errno : 0;
    if (!error && request_int(request, 1) != SHUT_WR)
        listener_stop(file);
    file_release(file);
    return error;
}

/* --- options: what is no row answers -ENOPROTOOPT --- */

#define ASK 1u
#define SET 2u
static const struct { int level, name; uint32_t uses; } options[] = {
    { SOL_SOCKET, SO_REUSEADDR, ASK | SET }, { SOL_SOCKET, SO_REUSEPORT, ASK | SET }, { SOL_SOCKET, SO_KEEPALIVE, ASK | SET },
    { SOL_SOCKET, SO_LINGER, ASK | SET }, { SOL_SOCKET, SO_SNDBUF, ASK | SET }, { SOL_SOCKET, SO_RCVBUF, ASK | SET },
    { SOL_SOCKET, SO_RCVTIMEO, ASK | SET }, { SOL_SOCKET, SO_SNDTIMEO, ASK | SET }, { SOL_SOCKET, SO_RCVLOWAT, ASK | SET },
    { SOL_SOCKET, SO_OOBINLINE, ASK | SET }, { SOL_SOCKET, SO_BROADCAST, ASK | SET },
    { SOL_SOCKET, SO_ERROR, ASK }, { SOL_SOCKET, SO_TYPE, ASK }, { SOL_SOCKET, SO_ACCEPTCONN, ASK }, { SOL_SOCKET, SO_DOMAIN, ASK },
    { SOL_SOCKET, SO_PROTOCOL, ASK },
    { IPPROTO_TCP, TCP_NODELAY, ASK | SET }, { IPPROTO_TCP, TCP_CORK, ASK | SET }, { IPPROTO_TCP, TCP_KEEPIDLE, ASK | SET },
    { IPPROTO_TCP, TCP_KEEPINTVL, ASK | SET }, { IPPROTO_TCP, TCP_KEEPCNT, ASK | SET }, { IPPROTO_TCP, TCP_DEFER_ACCEPT, ASK | SET },
    { IPPROTO_TCP, TCP_QUICKACK, ASK | SET }, { IPPROTO_TCP, TCP_USER_TIMEOUT, ASK | SET }, { IPPROTO_TCP, TCP_MAXSEG, ASK | SET },
    { IPPROTO_TCP, TCP_INFO, ASK }, { IPPROTO_IP, IP_TOS, ASK | SET }, { IPPROTO_IP, IP_TTL, ASK | SET },
    { IPPROTO_IP, IP_RECVERR, ASK | SET }, { IPPROTO_IPV6, IPV6_V6ONLY, ASK | SET }, { IPPROTO_IPV6, IPV6_TCLASS, ASK | SET },
    { IPPROTO_IPV6, IPV6_UNICAST_HOPS, ASK | SET },
};

static bool option_known(const struct request *request, uint32_t use)
{
    int level = request_int(request, 1), name = request_int(request, 2);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (options[i].level == level && options[i].name == name)
            return options[i].uses & use;
    audit(request, "socket option %d of level %d is not in the list", name, level);
    return false;
}

int64_t service_setsockopt(const struct request *request)
{
    int64_t error;
    char value[OPTION_BYTES];
    uint64_t size = (uint32_t)request->arguments[4];
    struct open_file *file = socket_acquire(request, &error);
    if (!file)
        return error;
    if (!option_known(request, SET))
        error = -ENOPROTOOPT;
    else if (size > sizeof value)
        error = -EINVAL;
    else
        error = request_fetch(request, value, request->arguments[3], size);
    if (!error && !(local_disguised(file) && request_int(request, 1) != SOL_SOCKET)) /* TCP is not what is behind that */
        error = setsockopt(file->host, request_int(request, 1), request_int(request, 2), value, (socklen_t)size) < 0 ? -errno : 0;
    if (request_int(request, 2) == SO_RCVTIMEO || request_int(request, 2) == SO_SNDTIMEO)
        local_limited(file);
    file_release(file);
    return error;
}

/* What the host's socket behind an end does not know. LOCAL_HOST: it knows. */
static int64_t option_ask_here(const struct open_file *file, int level, int name, char *value, uint32_t *size)
{
    bool error = level == SOL_SOCKET && name == SO_ERROR, facts = level == IPPROTO_TCP && name == TCP_INFO;
    int64_t answer = error ? local_error(file) : facts ? local_tcp_state(file) : LOCAL_HOST;
    if (answer == LOCAL_HOST)
        return local_disguised(file) && level != SOL_SOCKET ? 0 : LOCAL_HOST;
    size_t known = error ? sizeof(int) : sizeof(struct tcp_info);
    memcpy(value, &(int){ (int)answer }, sizeof(int)); /* tcpi_state comes first */
    *size = *size < known ? *size : (uint32_t)known;
    return 0;
}

int64_t service_getsockopt(const struct request *request)
{
    int64_t error;
    char value[OPTION_BYTES] = { 0 };
    uint32_t size;
    struct open_file *file = socket_acquire(request, &error);
    if (!file)
        return error;
    error = option_known(request, ASK) ? request_fetch(request, &size, request->arguments[4], sizeof size) : -ENOPROTOOPT;
    if (!error && size > sizeof value)
        size = sizeof value;
    if (!error)
        error = option_ask_here(file, request_int(request, 1), request_int(request, 2), value, &size);
    if (error == LOCAL_HOST)
        error = getsockopt(file->host, request_int(request, 1), request_int(request, 2), value, &size) < 0 ? -errno : 0;
    if (!error)
        error = request_store(request, request->arguments[3], value, size);
    if (!error)
        error = request_store(request, request->arguments[4], &size, sizeof size);
    file_release(file);
    return error;
}

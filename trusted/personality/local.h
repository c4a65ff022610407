/* SPDX-License-Identifier: Apache-2.0 */
/* Stream sockets between domains of one process: TCP on loopback and AF_UNIX, through memory instead of the kernel. A socket begins as the
 * host's. Connected to a listener of this process it becomes an *end* of a pair: two rings in trusted memory, which no domain can address.
 * The host's socket stays behind it, unconnected, for options and as its number, and takes over again if the descriptor is to be another
 * process's, by fork or in a message of the host's: then the pair is *converted* to one of the host's sockets, with what was in the rings.
 *
 * Readiness: an end, a listener and an epoll are *sources*; epolls and sleeping polls *watch* them. Only who sleeps is woken by a system
 * call. Locks: local_lock (who is connected to and watches what) outside, then rings, then sources, then epolls. */
#ifndef PORIN_PERSONALITY_LOCAL_H
#define PORIN_PERSONALITY_LOCAL_H
#include <netinet/in.h>
#include <sys/socket.h>
#include "descriptors.h"

/* --- sources and watches: watches.c --- */

#define WATCHES_MOST 128               /* of a source when an epoll takes it: whoever sends or connects has to tell them all */

struct source;
struct watch {
    struct watch *next, *before;       /* of its source's */
    struct source *_Atomic source;     /* NULL: watches nothing */
    void (*notify)(struct watch *watch, uint32_t events); /* with the source's lock */
};

struct source {
    pthread_mutex_t lock;
    struct watch *_Atomic watches;     /* changed with local_lock and `lock`, like */
    uint32_t watch_count;
    uint32_t (*ready)(struct source *source, uint32_t wanted); /* poll's bits; `wanted` ones that are not there will be notified */
    bool also_host;                    /* the host's descriptor may become ready, too */
    _Atomic bool nonblocking;          /* as the domain set it, where the host's descriptor does not say */
};

extern pthread_mutex_t local_lock;
void local_unlock(void);               /* where descriptors under way may have ended: they are let go of after that. rights.c */
void source_begin(struct source *source, uint32_t (*ready)(struct source *, uint32_t));
void source_watch(struct source *source, struct watch *watch);
void source_leave(struct watch *watch);
/* Tells the watches that these of poll's bits may have come. One look if there are none. */
void source_notify(struct source *source, uint32_t events);

/* What a file is now, for readiness; NULL: the host's alone. */
struct source *file_source(const struct open_file *file);
struct source *end_source(const struct open_file *file);
struct source *listener_source(const struct open_file *file);
struct source *epoll_source(const struct open_file *file);

/* A sleeping poll: watches any number of sources and is woken by an eventfd. */
struct sleeper;
struct sleeper *sleeper_begin(struct source *const *sources, size_t count); /* NULL: no memory or descriptor */
int sleeper_host(const struct sleeper *sleeper);                            /* readable when it was woken */
void sleeper_end(struct sleeper *sleeper);

/* --- waiting awake: patience.c --- */

struct patience {
    _Atomic uint32_t cpu;              /* where whoever is waited for has run last */
    _Atomic uint32_t skips, failures;  /* so many waits sleep at once; so many looks in turn were in vain */
};
/* Who is waited for is here. */
void patience_note(struct patience *patience);
/* Looks for some microseconds whether it is there; only if that has paid lately, and processors are left. */
bool patience_look(const struct request *request, struct patience *patience, bool (*there)(void *), void *what);

/* --- ends: pairs.c, transfers.c, convert.c --- */

#define LOCAL_HOST (-4096)             /* ask the host's socket: this one is none, or has been converted */

#define RIGHTS_MAX 253                 /* descriptors in one message, as in Linux */

struct rights;                         /* descriptors in a message: rights.c */

/* All of these answer LOCAL_HOST for a file that is no end. Transfers: bytes, or -errno, and what request_wait answers. */
int64_t local_send(const struct request *request, const struct open_file *file, const struct iovec *vector, size_t count, int flags,
                   bool named);
/* With descriptors (AF_UNIX); -EPERM: the other side does not receive any. */
int64_t local_send_rights(const struct request *request, const struct open_file *file, const struct iovec *vector, size_t count, int flags,
                          struct open_file *const *files, size_t file_count);
int64_t local_receive(const struct request *request, const struct open_file *file, const struct iovec *vector, size_t count, int flags);
/* With the descriptors that came with the bytes; NULL: none, or no memory for copies of those that were only looked at. */
int64_t local_receive_rights(const struct request *request, const struct open_file *file, const struct iovec *vector, size_t count,
                             int flags, struct rights **rights);
void rights_accept(struct rights *rights); /* they are not under way any more: the files are the caller's */
void rights_drop(struct rights *rights);
void rights_disown(const struct personality *sender);
void rights_forked(void);
/* Was it a connection here, and may its other side be sent descriptors through the host? */
bool local_passes(const struct open_file *file);
/* As reading does it, which waits for nothing if nothing is wanted. */
int64_t local_read(const struct request *request, const struct open_file *file, const struct iovec *vector, size_t count);
/* sendfile; position NULL: the file's own. */
int64_t local_send_file(const struct request *request, const struct open_file *file, int from, int64_t *position, uint64_t size);
int64_t local_shutdown(const struct open_file *file, int how);
int64_t local_readable(const struct open_file *file); /* FIONREAD */
int64_t local_error(const struct open_file *file);    /* SO_ERROR: taken */
int64_t local_tcp_state(const struct open_file *file);
void local_limited(const struct open_file *file);     /* SO_RCVTIMEO or SO_SNDTIMEO was set */
/* Its own or its peer's address; the size. Also of converted ones. */
int64_t local_name_of(const struct open_file *file, bool peer, struct sockaddr_storage *address);
/* Is its host's socket of another kind than the domain believes? */
bool local_disguised(const struct open_file *file);

/* With local_lock: the file is gone. Closes the end with the last one. */
void end_detach(struct open_file *file);
void end_forked(struct end *end);      /* in the child */

/* The file is to be another process's, too, which knows nothing of us. */
void local_convert(struct open_file *file);
void file_convert(struct open_file *file); /* with local_lock */
/* Under the personality's lock. */
void local_fork_begin(struct personality *own);
void local_fork_end(struct personality *own, bool child);
/* In a forked child: what a file of another domain's has of the host's beside its descriptor. */
void local_close_hosts(const struct open_file *file);

/* --- listeners: listeners.c --- */

/* listen has succeeded. */
void local_listen(const struct request *request, struct open_file *file, int backlog);
/* 0 or -errno; LOCAL_HOST: the host is to do it. */
struct peer;
int64_t local_connect(const struct request *request, struct open_file *file, const struct peer *peer);
/* The host, which was to do it, has found nobody there: the socket is as it was before. */
void local_refused(const struct request *request, struct open_file *file);
/* What connecting it again answers; LOCAL_HOST: it is not connected here. */
int64_t local_connected(const struct open_file *file);
/* A connection from within the process, as an open file; -EAGAIN: there is none, or another errno. The address as accept tells it. */
int64_t local_accept(struct open_file *file, int flags, struct sockaddr_storage *address, socklen_t *size, struct open_file **out);
/* Does it listen here, so that its host's socket never blocks? */
bool local_listens(const struct open_file *file);
/* Are these to be asked for first this time, or the host's? */
bool local_turn(struct open_file *file);
/* The host's socket does not listen any more, unless it is asked to again. */
void listener_stop(const struct open_file *file);
/* Somebody looks after its connections. */
void listener_attend(const struct open_file *file);
/* With local_lock. */
void listener_detach(struct open_file *file);
void listener_attach(struct open_file *copy, const struct open_file *file);
void listener_convert(struct listener *listener); /* another process may be the one to accept */
void listener_retire(struct open_file *file);     /* it is the host's alone from now on */
void listener_close_hosts(const struct open_file *file);
void listeners_forget(void);                      /* in the child, like */
void listener_forked(const struct open_file *file);

/* --- epolls: epolls.c --- */

/* With local_lock: the file has become an end or a listener, or is not one any more. */
void items_follow(struct open_file *file);
/* With local_lock: the file is gone. */
void items_forget(struct open_file *file);
void epoll_attach(struct open_file *copy, const struct open_file *file);
void epoll_detach(struct open_file *file);
void epoll_close_hosts(const struct open_file *file);
void epoll_forked(struct open_file *file); /* in the child */

/* --- for files: watches.c --- */

/* A copy by dup of what `file` is. */
void local_duplicate(struct open_file *copy, struct open_file *file);
void local_release(struct open_file *file);
/* O_NONBLOCK was set or cleared. */
void local_nonblocking(struct open_file *file, bool value);
/* Waits until the file is ready for one of poll's bits: more than 0; 0: the time is over (NULL: none); or what request_wait answers. */
int64_t file_wait(const struct request *request, struct open_file *file, short events, struct timespec *limit);
/* In the child of a fork. */
void source_forked(struct open_file *file);
void wakers_forget(void);
/* sockets.c: SO_RCVTIMEO or SO_SNDTIMEO; false: none. */
bool socket_time_limit(const struct open_file *file, int option, struct timespec *limit);
#endif

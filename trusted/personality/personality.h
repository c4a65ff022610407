/* SPDX-License-Identifier: Apache-2.0 */
/* The personality: answers a domain's service requests with the host's authority. Everything that comes in a request is hostile. */
#ifndef PORIN_PERSONALITY_H
#define PORIN_PERSONALITY_H
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>
#include <time.h>
#include "lifecycle/spawn.h"
#include "runtime/copy.h"
#include "runtime/domain.h"

struct descriptor;
struct grant;
struct lock_carrier;
struct futex_waiter;
struct signals;
struct children;
struct network;
struct functions;

/* Families of services.def: which grants let a domain ask; one of several is enough. */
#define FAMILY_ALWAYS 0u
#define FAMILY_MEMORY PORIN_GRANT_MEMORY
#define FAMILY_TIME PORIN_GRANT_TIME
#define FAMILY_FILES PORIN_GRANT_FILES
#define FAMILY_THREADS PORIN_GRANT_THREADS
#define FAMILY_NETWORK PORIN_GRANT_NETWORK
#define FAMILY_PROCESSES PORIN_GRANT_PROCESSES
#define FAMILY_STREAMS (PORIN_GRANT_CONSOLE | PORIN_GRANT_FILES | PORIN_GRANT_NETWORK)

#define AUDIT_REMEMBERED 256
#define LOOKS_REMEMBERED 64
#define PERSONALITY_UID 1000           /* owner and group of everything a domain sees */

/* A limit that the domain has set itself. */
struct own_limit { bool set; uint64_t now, most; };

/* What one domain has beside its memory. Made by personality_create, in domain->personality. */
struct personality {
    pthread_mutex_t lock;              /* guards what changes after creation; never held across a blocking call or domain_exit */
    struct descriptor *descriptors;    /* descriptors.c */
    uint32_t descriptor_count;         /* room in that array */
    uint32_t descriptor_limit, descriptor_limit_max; /* RLIMIT_NOFILE: at first what the options say */
    struct own_limit limits[2];        /* limits.c: of memory, and of the stack of programs that it executes */
    struct lock_carrier *carriers;     /* locks.c: POSIX record locks the domain holds */
    struct grant *grants;              /* paths.c: granted directories; constant after creation */
    uint32_t grant_count;
    _Atomic uint64_t looked[LOOKS_REMEMBERED]; /* files.c: names that were a file's or a directory's, as hashes */
    _Atomic uint32_t moved;            /* how often the domain has moved names since */
    uint32_t executions;               /* in its life, and that of those that it was forked from */
    char *program;                     /* guest path of the one that was executed; NULL: that which the domain began as */
    char *directory;                   /* current directory: absolute, normalised guest path; NULL: where the domain started */
    uint32_t umask;
    struct signals *signals;           /* signals.c */
    struct children *children;         /* processes.c: NULL: none yet */
    struct network *network;           /* addresses.c: what may be listened on and connected to; NULL: nothing */
    int32_t process;                   /* synthetic process number, unique among the domains of this process and its children */
    int32_t parent;                    /* that of the process that forked this one; 1: none */
    int32_t host_parent;               /* the host's number of that process */
    int32_t root;                      /* the process that it and all its family come from: its own number, or a forebear's */
    bool local;                        /* local.h: its sockets may be connected within the process */
    bool shares;                       /* sharing.c: the process is several domains' */
    struct personality *next_sharing;
    struct porin_domain *first, *domain; /* of one that shares: which it was made for, and which runs now */
    int32_t group;                     /* of one that shares: the host's process group of its children; 0: none yet */
    timer_t timer;                     /* of one that shares: ITIMER_REAL */
    bool has_timer;
    struct futex_waiter *waiters;      /* futex.c */
    struct futex_waiter *window_waiters; /* on words of windows */
    uint32_t under_way;                /* rights.c: descriptors that it has sent and nobody has received; with local_lock */
    _Atomic uint64_t refusals;
    _Atomic uint32_t told[AUDIT_REMEMBERED]; /* refusals that audit has told of, as hashes */
    struct functions *_Atomic functions; /* functions.c: of the host, that the domain may call; NULL: none ever */
};

struct request {
    struct porin_domain *domain;
    struct personality *own;
    const uint64_t *arguments;         /* six words as the domain passed them */
};

/* Linux takes an int from the low half of a register. */
static inline int request_int(const struct request *request, int index)
{
    return (int)(uint32_t)request->arguments[index];
}

/* identity.c: do these arguments, users or groups, leave everything as it is (own numbers, or -1)? */
bool identity_kept(const struct request *request, int first, int count);

/* Copies a structure from or to the domain: 0 or -EFAULT. What was fetched is never fetched again. */
int64_t request_fetch(const struct request *request, void *to, uint64_t address, size_t size);
int64_t request_store(const struct request *request, uint64_t address, const void *from, size_t size);
/* Copies a path: 0, -EFAULT or -ENAMETOOLONG. */
int64_t request_fetch_path(const struct request *request, char *to, size_t size, uint64_t address);

/* What a service answers that a signal interrupted before it did anything: it is asked again after handlers that want that (SA_RESTART),
 * else the domain reads -EINTR. Never seen by a domain. */
#define RESTART (-512)
/* The same where the signal was there before the wait began: as if it had come before the service, which is asked again in any case. */
#define RESTART_ALWAYS (-513)

/* Makes a host system call that may wait. It is made again when a signal to the host thread interrupts it that is not for the domain.
 * RESTART: a signal for this thread of the domain has come or the domain has died (then the thread leaves, which is how kill and
 * destruction end waiting); -EINTR: another thread of the domain interrupted this one, or the domain that had called it has died and it
 * goes on without; other results are the host's. */
int64_t request_wait(const struct request *request, long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);
#define WAIT(request, number, ...) WAIT_(request, number, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define WAIT_(request, number, a, b, c, d, e, f, ...) \
    request_wait(request, number, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e), (uint64_t)(f))
/* Of services that Linux never restarts. */
static inline int64_t not_restarted(int64_t result)
{
    return result == RESTART || result == RESTART_ALWAYS ? -EINTR : result;
}

#define IOVEC_MAX 1024
/* Reads a list of buffers (count at most IOVEC_MAX) and turns it into host addresses for the kernel: 0 or a negative errno. */
int64_t request_fetch_vector(const struct request *request, struct iovec *vector, uint64_t address, uint64_t count);

/* The kernel raises SIGPIPE and SIGXFSZ at the writing thread; a domain must not end the host with them. Between hold and release
 * they are blocked; release drops those that arrived, which only happens where not all was written. */
void signals_hold(sigset_t *before);
void signals_release(const sigset_t *before, bool all_written);

/* Sees that the futex wait of a thread that was marked by thread_interrupt ends, if it is in one. */
void futex_interrupt(struct personality *own);
/* Nobody waits: the threads are gone, in a forked child those of all domains. */
void futex_forget(struct personality *own, bool forked);
/* Tells whoever asked for it (--audit) that something was refused, and what would allow it. */
__attribute__((format(printf, 2, 3))) void audit(const struct request *request, const char *format, ...);
/* No thread is inside the domain. */
void functions_free(struct personality *own);
int64_t console_open(struct personality *own, const struct porin_domain_options *options);

#define SERVICE(number, name, arguments, family, handler, state, note) int64_t service_##handler(const struct request *request);
#include "services.def"
#undef SERVICE
#endif

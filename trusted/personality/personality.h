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
#include "lifecycle/spawn.h"
#include "runtime/copy.h"
#include "runtime/domain.h"

struct descriptor;
struct grant;
struct lock_carrier;
struct futex_waiter;
struct signal_action;

/* Families of services.def: which grants let a domain ask; one of several is enough. */
#define FAMILY_ALWAYS 0u
#define FAMILY_MEMORY PORIN_GRANT_MEMORY
#define FAMILY_TIME PORIN_GRANT_TIME
#define FAMILY_FILES PORIN_GRANT_FILES
#define FAMILY_THREADS PORIN_GRANT_THREADS
#define FAMILY_STREAMS (PORIN_GRANT_CONSOLE | PORIN_GRANT_FILES)

#define PERSONALITY_UID 1000           /* owner and group of everything a domain sees */

/* What one domain has beside its memory. Made by personality_create, in domain->personality. */
struct personality {
    pthread_mutex_t lock;              /* guards what changes after creation; never held across a blocking call or domain_exit */
    struct descriptor *descriptors;    /* descriptors.c */
    uint32_t descriptor_count;         /* room in that array; grows up to DESCRIPTORS_MAX */
    struct lock_carrier *carriers;     /* locks.c: POSIX record locks the domain holds */
    struct grant *grants;              /* paths.c: granted directories; constant after creation */
    uint32_t grant_count;
    char *directory;                   /* current directory: absolute, normalised guest path; NULL: where the domain started */
    uint32_t umask;
    struct signal_action *actions;     /* process.c: what rt_sigaction was told; NULL: all default */
    uint64_t signal_mask;
    int32_t process;                   /* synthetic process number, unique among the domains of this process */
    struct futex_waiter *waiters;      /* futex.c */
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

/* Copies a structure from or to the domain: 0 or -EFAULT. What was fetched is never fetched again. */
int64_t request_fetch(const struct request *request, void *to, uint64_t address, size_t size);
int64_t request_store(const struct request *request, uint64_t address, const void *from, size_t size);
/* Copies a path: 0, -EFAULT or -ENAMETOOLONG. */
int64_t request_fetch_path(const struct request *request, char *to, size_t size, uint64_t address);

/* Domains get no signals: a call that a signal to the host thread interrupted is made again, unless the domain has died meanwhile; then
 * the thread leaves, which is how kill and destruction end waiting. They see -EINTR only where one thread interrupted another (tkill), or
 * where the domain that had called them has died and they go on without it. */
static inline bool request_again(const struct request *request, int64_t result)
{
    return result == -EINTR && !domain_is_dead(request->domain) && !thread_leaves() && !thread_interrupted(request->domain);
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
/* Ends the domain as an unhandled signal would. Returns only if the domain ignores the signal. The caller holds nothing. */
void process_signal(const struct request *request, int signal);
int64_t console_open(struct personality *own, const struct porin_domain_options *options);

#define SERVICE(number, name, family, handler, note) int64_t service_##handler(const struct request *request);
#include "services.def"
#undef SERVICE
#endif

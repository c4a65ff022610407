/* SPDX-License-Identifier: Apache-2.0 */
/* Open files of a domain and the small numbers it knows them by. An open file lives until its last user lets go of it, so that a
 * thread that closes a descriptor cannot make another thread's request use a host descriptor that meanwhile names something else. */
#ifndef PORIN_PERSONALITY_DESCRIPTORS_H
#define PORIN_PERSONALITY_DESCRIPTORS_H
#include <stdatomic.h>
#include "personality.h"

#define DESCRIPTORS_MAX PORIN_DESCRIPTORS_DEFAULT

enum file_kind {
    FILE_CONSOLE,                      /* the host's own descriptor: never closed, sealed or reconfigured here */
    FILE_PIPE,
    FILE_REGULAR,
    FILE_DIRECTORY,
    FILE_LISTING,                      /* a directory that is none of the host's: listing.c */
    FILE_SOCKET,
    FILE_EVENT,                        /* eventfd, timerfd */
    FILE_EPOLL,
    FILE_SIGNALS,                      /* signalfd: signal_files.c */
    FILE_DEVICE,                       /* /dev/null and the like: synthetic.c */
    FILE_SCORE,                        /* /proc/self/oom_score_adj: what is written is looked at, the host's descriptor is of a text */
};

struct open_file {
    atomic_uint references;            /* descriptors and running requests */
    int host;                          /* host descriptor */
    enum file_kind kind;
    bool readable, writable;
    bool constant;                     /* lies in a read-only grant: its attributes must not change either */
    bool bound;                        /* of a socket: has an address that was granted */
    bool pair;                         /* of a socket: the other end is the domain's or its children's own; */
    bool fixed;                        /* and it stays so: it, or who else has it, gets no address, at which strangers could send */
    _Atomic bool notifies, owned;      /* of a socket: FIOASYNC, F_SETOWN */
    _Atomic bool receives;             /* of a socket: its address is one at which descriptors are received */
    int family, type;                  /* of a socket */
    _Atomic uint64_t signals;          /* that it tells of */
    uint64_t device, inode;            /* of a regular file: what record locks are about */
    char *path;                        /* of a directory: its guest path when it was opened; NULL: not known */
    /* local.h: what it is within the process; these do not change back */
    int place;                         /* of a bound AF_UNIX socket: O_PATH, its file; -1: none */
    struct end *_Atomic end;
    struct listener *_Atomic listener;
    struct epoll *epoll;
    struct item *items;                /* of a socket: where epolls have it; with local_lock */
    struct open_file *next_of_end;
    bool duplicated;                   /* more than this file means the host's socket */
    uint32_t host_connects;            /* how often the host was asked to connect it and has not refused; with local_lock */
};

/* Neither file nor directory: it has no size, no times and no locks. */
static inline bool file_is_stream(const struct open_file *file)
{
    return file->kind != FILE_REGULAR && file->kind != FILE_DIRECTORY;
}

struct descriptor { struct open_file *file; bool close_on_exec; bool reserved; }; /* reserved: its file is about to come */

/* A new open file with one reference, taking over the host descriptor; NULL: out of memory (then host is closed, unless the console's). */
struct open_file *file_create(int host, enum file_kind kind, bool readable, bool writable);
/* The open file behind a descriptor with a reference for the caller; NULL: no such descriptor. */
struct open_file *file_acquire(struct personality *own, int descriptor);
void file_release(struct open_file *file);
/* Another open file for the same of the host's, with a host descriptor of its own; NULL: none is to be had (*error). What a directory was
 * called is not known of it. */
struct open_file *file_copy(struct open_file *file, int64_t *error);

/* Puts a file at the lowest free number from `from` on. Takes over the caller's reference, also on failure (-EMFILE, -ENOMEM, -EINVAL). */
int64_t descriptor_add(struct personality *own, struct open_file *file, int64_t from, bool close_on_exec);
/* The same in two steps, for what could not be put back: a number or -errno, then the file, or NULL if there is none after all. */
int64_t descriptor_reserve(struct personality *own);
void descriptor_fill(struct personality *own, int number, struct open_file *file, bool close_on_exec);
/* In a forked child: nobody is there to fill them. Under the lock. */
void descriptors_unreserve(struct personality *own);
/* The close-on-exec flag: asks (FD_CLOEXEC or 0) or sets (0). -EBADF. */
int64_t descriptor_close_on_exec(struct personality *own, int descriptor, bool set, bool value);
int64_t descriptor_close(struct personality *own, int descriptor);
void descriptors_close(struct personality *own, bool only_on_exec); /* all of them, or those that do not outlive an exec */

/* SIGIO comes for a socket where it is asked for (FIOASYNC) and it has an owner (F_SETOWN): changes one of both. 0 or -errno. */
int64_t descriptor_notify(const struct request *request, struct open_file *file, bool asked, bool value);

/* signal_files.c: takes one signal, or waits for one. */
int64_t signal_file_read(const struct request *request, const struct open_file *file, const struct iovec *to);

/* locks.c */
int64_t lock_control(const struct request *request, struct open_file *file, int command, uint64_t address);
/* POSIX: closing any descriptor of a file ends all record locks the process has on it. */
void locks_drop(struct personality *own, const struct open_file *file);
/* After fork: record locks stay the parent's. Under the lock. */
void locks_forget(struct personality *own);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What a pair of connected ends is made of: two rings in trusted memory, and what each side knows of the other. */
#ifndef PORIN_PERSONALITY_PAIRS_H
#define PORIN_PERSONALITY_PAIRS_H
#include "local.h"

#define RING_BYTES 0x10000u            /* a power of two; less than a socket of the host takes (convert.c) */
#define ROOM_LEAST (RING_BYTES / 3)    /* of who was told that there is none: a sender is not woken for less, as in Linux */
#define ALL_EVENTS (POLLIN | POLLOUT | POLLHUP | POLLRDHUP | POLLERR)

/* An address as both families have it. */
struct local_name { sa_family_t family; uint16_t port; uint8_t address[16]; };

/* One direction. Positions only grow; each is written by who has the lock of that side. */
struct flow {
    pthread_mutex_t reading, writing;
    _Atomic uint64_t written, read;
    _Atomic bool ended;                /* nothing comes any more */
    _Atomic bool abandoned;            /* nobody reads any more */
    _Atomic bool crowded;              /* a sender waits for room */
    _Atomic uint32_t readers, writers; /* who sleeps on: */
    _Atomic uint32_t arrival, departure; /* futexes, counted on when somebody sleeps */
    struct patience reader, writer;
    struct rights *_Atomic rights, *_Atomic *rights_last; /* descriptors under way: rights.c */
    bool deaf;                         /* no more of those are taken */
    uint8_t ring[RING_BYTES];
};

struct end {
    struct source source;
    struct pair *pair;
    struct open_file *files;           /* by next_of_end; with local_lock */
    struct local_name own, peer;
    _Atomic bool shut_read, shut_write;
    _Atomic bool reset;                /* TCP: so the other side has answered */
    _Atomic bool connecting;           /* TCP: a connect that did not wait has not been asked about again */
    _Atomic int error;                 /* SO_ERROR */
    _Atomic bool limited;              /* SO_RCVTIMEO or SO_SNDTIMEO has been set: the host's socket knows */
    bool receives;                     /* descriptors, whoever has it at first */
    bool closed;
    int host;                          /* of one that was converted before it was accepted: its socket; -1: none */
    struct listener *awaiting;         /* which has not accepted it yet; with local_lock, like */
    struct end *next_waiting;          /* the next of those */
};

struct pair {
    struct end ends[2];                /* [0] connected, [1] is accepted */
    struct flow flows[2];              /* [0] from ends[0] to ends[1] */
    bool tcp;
    _Atomic bool converted;            /* the files' host sockets are connected instead, */
    bool to_listener;                  /* of the kind that they seem to be */
    unsigned carries, carried;         /* messages with descriptors in it, or about to be; ones that an end of it is in; with local_lock */
    struct pair *next;
    struct talk *talk;                 /* whose bytes are counted; NULL: nobody's, */
    struct pair *next_talking, **talking; /* among those */
};

static inline struct end *other_of(const struct end *end)
{
    return &end->pair->ends[end == &end->pair->ends[0]];
}

static inline struct flow *out_of(const struct end *end)
{
    return &end->pair->flows[end == &end->pair->ends[1]];
}

static inline struct flow *into(const struct end *end)
{
    return &end->pair->flows[end == &end->pair->ends[0]];
}

static inline uint32_t flow_held(const struct flow *flow)
{
    uint64_t read = flow->read; /* first: the other only grows */
    return (uint32_t)(flow->written - read);
}

/* NULL: none, or converted. */
static inline struct end *end_of(const struct open_file *file)
{
    struct end *end = file->end;
    return end && !end->pair->converted ? end : NULL;
}

/* TCP: both sides have said that nothing more comes, or one that it knows nothing of the connection. */
static inline bool tcp_closed(const struct end *end)
{
    return end->reset || (into(end)->ended && end->shut_write);
}

struct pair *pair_create(bool tcp);    /* with local_lock; NULL: no memory */
/* The open file is the end from now on. With local_lock. */
void end_attach(struct end *end, struct open_file *file);
/* With local_lock: one that no file was attached to, as if its process had died. */
void end_drop(struct end *end);
/* With local_lock: both are closed. */
void pair_free(struct pair *pair);
/* Something has changed for whoever uses this end. */
void end_notify(struct end *end, uint32_t events);
/* TCP: a reset arrives. */
void end_reset(struct end *end);
/* Is there room for who has found none? If not, the next who reads tells. */
bool flow_has_room(struct flow *flow);
/* As sockets of that family tell it; the size. */
socklen_t name_write(const struct local_name *name, int family, struct sockaddr_storage *address);

/* talks.c, with local_lock: a connection of one domain to another begins, and ends. */
void talk_begin(struct pair *pair, const char *client, const char *server);
void talk_end(struct pair *pair);

/* --- descriptors under way: rights.c --- */

struct rights {
    struct rights *_Atomic next;       /* of the flow's, in the order of their bytes; or of those to be let go of */
    struct rights *next_of_all, **link; /* with local_lock; link NULL: a copy, which is counted nowhere */
    struct personality *sender;        /* NULL: it is gone */
    struct pair *pair;
    uint64_t position, end;            /* of the bytes that they came with: whoever reads the first gets them, and stops at the last */
    size_t count;
    struct open_file *files[];
};

/* Counts copies of these files as under way to the other side. -EPERM: which does not receive any. -ETOOMANYREFS: there are too many, or
 * one of them is a connection, or the way is one, that would then be under way inside another. */
int64_t rights_begin(struct personality *sender, struct end *end, struct open_file *const *files, size_t count, struct rights **out);
/* With the lock of the side that writes: they go with these bytes. False: nobody will read them. */
bool rights_attach(struct flow *flow, struct rights *rights, uint64_t position, uint64_t end);
/* With the lock of the side that reads, or those of both: the first of them are not in the flow any more. */
void rights_detach(struct flow *flow);
/* For who only looks: first, with the lock of the side that reads, the files themselves; then, with no lock, copies instead of them. NULL:
 * no memory, or no descriptors of the host's. */
struct rights *rights_look(const struct rights *rights);
struct rights *rights_copy(struct rights *seen);
/* With local_lock: nobody will read them. */
void rights_purge(struct flow *flow);
/* With local_lock: they have left the pair, to be let go of by local_unlock. */
void rights_bury(struct rights *rights);
/* With local_lock and the locks of both flows: makes them the host's. False: one of them cannot be. */
bool rights_convert(struct rights *rights);

/* listeners.c, with local_lock: */
struct pair *listener_waiting(const struct listener *listener, const struct end **at); /* the next that waits; *at NULL: the first */
unsigned *listener_carried(struct listener *listener);                                 /* in how many messages it is */

/* convert.c, with local_lock: from now on the pair is a connection of the host's. */
void pair_convert(struct pair *pair);

/* listeners.c, with local_lock. The end is not accepted any more; the address that leads to its listener in the host. */
void listener_forget(struct end *waiting, struct sockaddr_storage *address, socklen_t *size);
#endif

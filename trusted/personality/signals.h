/* SPDX-License-Identifier: Apache-2.0 */
/* Signals of a domain: what is pending, who blocks what, and what its handlers are. */
#ifndef PORIN_PERSONALITY_SIGNALS_H
#define PORIN_PERSONALITY_SIGNALS_H
#include <stdatomic.h>
#include "personality.h"

#define SIGNALS 64
#define HOST_SIGNALS 32                /* those below are what the host's processes send each other for domains */
#define SIGNAL_CANCEL 33               /* musl's; glibc's are not among domains */
#define SIGNAL_BIT(signal) (1ull << ((signal) - 1))
#define SIGNALS_UNBLOCKABLE (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))
#define DISPOSITION_DEFAULT 0          /* SIG_DFL and SIG_IGN as domains write them */
#define DISPOSITION_IGNORE 1

/* The kernel's struct sigaction. */
struct signal_action { uint64_t handler, flags, restorer, mask; };

/* Where a signal came from, in the domain's numbers. */
struct signal_source { int32_t code, process, status; uint64_t value; };

/* A thread that has a say in signals: the first one, and whichever has asked for its mask. Never freed before the domain. */
struct signal_thread {
    _Atomic(struct thread *) thread;   /* NULL: free */
    int32_t number;
    _Atomic uint64_t mask, pending, wanted; /* wanted: sigtimedwait waits for these, blocked or not */
    bool restore;                      /* sigsuspend, ppoll: `mask` is for the wait only, then it is restore_mask again */
    uint64_t restore_mask;
    uint64_t stack_start, stack_size;  /* alternate stack; size 0: none */
};

struct signals {
    struct signal_action actions[SIGNALS];
    struct signal_source sources[SIGNALS];
    _Atomic uint64_t pending;          /* for any thread */
    _Atomic uint32_t directed;         /* threads with something pending */
    uint64_t handled;                  /* signals of the host process that come here */
    _Atomic uint64_t watched;          /* by descriptors, and */
    _Atomic int bell;                  /* what rings then, plus 1: signal_files.c; 0: none yet */
    int killer;                        /* the signal that ended the domain; 0: none */
    uint32_t thread_count;
    struct signal_thread threads[];
};

/* May something be pending? One look, before every answer. */
static inline bool signals_waiting(const struct personality *own)
{
    return own->signals->pending || own->signals->directed;
}

bool signals_create(struct personality *own, uint32_t threads);
void signals_destroy(struct personality *own);
/* Back to defaults; after exec ignored signals and the mask stay. */
void signals_forget(struct personality *own, bool exec);
/* After fork: nothing is pending, and only the calling thread is there. */
void signals_forked(struct personality *own);
/* The thread has ended. */
void signals_thread_end(struct personality *own);
/* No handler of the process's signals uses what it has found before this was called. */
void signals_await_handlers(void);
/* The process's signals are this domain's from now on. False: they are another's. */
bool signals_adopt(struct personality *own);
/* Those that end the process come here first, whatever the domain makes of them. */
void signals_guard(struct personality *own);
/* Is it blocked by the calling thread, or ignored? */
bool signal_is_held(const struct request *request, int signal);
/* The process ignores signals that writing raises: services raise them for their domains (streams.c). */
void signals_ignore_writes(void);
/* A signal from outside the domain. */
void signal_raise(struct personality *own, int signal, const struct signal_source *source);
/* The same for one of its threads; nothing if it has none of that number. */
void signal_raise_thread(struct personality *own, int32_t thread, int signal, const struct signal_source *source);
/* Is it still there, for any thread (thread 0) or for that one? */
bool signal_is_pending(struct personality *own, int32_t thread, int signal);
/* Would it end the domain now? */
bool signal_is_fatal(struct personality *own, int signal);

/* Lets the handlers of all pending signals that this thread does not block run, or ends the domain. False: one has run that does not want
 * interrupted services to be asked again. */
bool signals_deliver(const struct request *request);
/* Is one there that this thread does not block or waits for? */
bool signals_ready(const struct request *request);
/* Makes a signal pending for the domain (thread 0) or for its thread with that number. */
void signal_send(const struct request *request, int signal, const struct signal_source *source);
/* Takes a pending one out of a set, blocked or not; 0: none. */
int signal_take(const struct request *request, uint64_t set, struct signal_source *source);
/* What is pending for the calling thread, blocked or not. */
uint64_t signals_pending(const struct request *request);
/* One of these has become pending: descriptors that tell of it become readable. Async-signal-safe. */
void signals_ring(const struct signals *signals, uint64_t set);
/* While it waits the thread has this mask. signal_mask_restore is due unless the wait ended with RESTART. */
int64_t signal_mask_wait(const struct request *request, uint64_t address, uint64_t size);
void signal_mask_restore(const struct request *request);
/* Ends the domain as an unhandled signal does. */
_Noreturn void signal_fatal(const struct request *request, int signal);
#endif

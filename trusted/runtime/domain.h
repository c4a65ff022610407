/* SPDX-License-Identifier: Apache-2.0 */
/* A domain as trusted code sees it, and what the personality may ask of the runtime. Threads: see each function. */
#ifndef PORIN_RUNTIME_DOMAIN_H
#define PORIN_RUNTIME_DOMAIN_H
#include "porin/porin.h"
#include "slots/memory.h"

struct edge;
struct handle;
struct stack_slot;
struct thread;

/* Handles on domains, entries and grants: trusted/authority. */
struct handle_table {
    struct handle *places;
    uint32_t count;
};

enum domain_state {
    DOMAIN_FREE,      /* no domain in this slot */
    DOMAIN_FRESH,     /* memory as in the image; the start routine has not run */
    DOMAIN_STARTING,  /* a thread runs the start routine */
    DOMAIN_READY,     /* may be entered */
    DOMAIN_DYING,     /* the circumstances of death are being written */
    DOMAIN_DEAD,      /* faulted, exited or killed: not entered any more until reset */
};
#define DOMAIN_CAUSE_SHIFT 8 /* of one that is dying or dead: the porin_status, told in the same moment */

/* A data stack in a domain. The first is mapped with the domain, others when further threads come. They outlive their threads; those that
 * a domain gave to threads of its own (spawn.h) are listed here only as long as these run. */
struct data_stack {
    struct thread *owner;           /* NULL: free for the next thread that comes */
    uint32_t start, end;
    uint64_t thread_pointer;        /* of the owner, or as the last owner left it */
    int32_t number;                 /* of the thread as the domain knows it, synthetic; unique in the domain */
    uint32_t tid_address;           /* a word that becomes 0 when that thread ends; 0: none */
    bool interrupted;               /* its waiting service, or the next one, is to end with -EINTR */
    bool known;                     /* the domain's libc knows this thread: the start or thread routine has run on it */
};

/* Lives in a table by slot, never freed: a stale handle finds another generation and not freed memory. */
struct porin_domain {
    /* these outlive the domain: they belong to the slot */
    uintptr_t base;                 /* host address of slot offset 0 */
    uint32_t slot;                  /* base >> PORIN_SLOT_SHIFT */
    _Atomic uint32_t generation;    /* counts the users of this slot; distinguishes them */
    _Atomic int state;              /* enum domain_state, and the cause of death */
    pthread_mutex_t lock;           /* state changes, stacks, edges; never held while domain code runs */
    pthread_cond_t started;         /* state left STARTING */
    uint32_t pins;                  /* threads that use the domain without being inside, in domain_prepare */
    struct porin_domain *next_dead, *next_kept; /* lifecycle/reaper.c */
    _Atomic bool dead_pushed;
    bool dead_kept;
    /* these are made anew with each domain */
    struct porin_image *image;      /* holds a reference */
    uint32_t grants;                /* PORIN_GRANT_*: personality refuses what is not here */
    struct domain_memory memory;    /* heap, mappings and stacks: memory.h */
    struct porin_domain_options options; /* as given; strings copied and owned by the domain */
    void *personality;              /* the personality's own state, made by personality_create */
    char name[48];
    /* from here on the runtime's own */
    struct thread *starter;
    struct porin_domain *successor; /* of a program that executes another image: it runs next. NULL: none */
    struct handle_table handles;    /* guarded by authority_lock */
    struct edge *edges;             /* one per import of the image, in its order */
    struct data_stack *stacks;
    uint32_t stack_count, stack_capacity;
    int32_t next_number;            /* for data_stack.number; the personality chooses the first */
    _Atomic uint32_t interrupts;    /* how many data stacks are marked `interrupted` */
    _Atomic uint32_t threads;       /* of its own that run or are being started: spawn.h */
    uint32_t leaving;               /* of its own that have left their stacks and not ended yet */
    uint64_t calls;                 /* counted on threads that have been detached, less what was counted before its time: thread.h */
    _Atomic uint64_t faults;
    _Atomic uint64_t cpu_ns, chain_cpu_ns; /* charged for running, and for whatever ran in a call of its own: lifecycle/account.c */
    struct porin_error death;       /* why it is DEAD; text is made when somebody asks */
};

/* --- what the personality provides (trusted/personality) --- */
/* Called once, before any code of the domain runs. On failure nothing may be left behind. */
porin_status personality_create(struct porin_domain *domain, const struct porin_domain_options *options, struct porin_error *error);
/* Called once; no thread is inside the domain. Must accept domain->personality == NULL. */
void personality_destroy(struct porin_domain *domain);
/* Back to the state after personality_create; no thread is inside. */
void personality_reset(struct porin_domain *domain);
/* A thread of the domain has left it for good: writes 0 to the word at this slot offset (0: none) and wakes a futex waiter there. */
void personality_thread_end(struct porin_domain *domain, uint32_t tid_address);
/* The program goes on as another domain, made without grants, which gets its personality, grants and open files. */
void personality_hand_over(struct porin_domain *domain, struct porin_domain *successor);
/* The signal that ended the domain by its own default action; 0: none. */
int personality_end_signal(const struct porin_domain *domain);
/* One service request of the running domain, on the host stack. Returns the result or a negative errno (-ENOSYS: no such service,
 * -EPERM: not granted). Several threads may be here for one domain. Must hold no lock when it calls domain_exit or calls into a domain. */
int64_t personality_call(struct porin_domain *domain, uint64_t number, const uint64_t arguments[6]);
/* A window has been taken from domains: whoever waits on a word of it looks again. */
void personality_window_changed(uint32_t window);
/* A fault of a domain's own instruction, as the domain may know it: address is an offset in its slot. */
struct signal_fault { int signal, code; uint64_t address; };
/* Is there a signal that the domain's thread is to handle now? Async-signal-safe. */
bool personality_signal_due(const struct porin_domain *domain, const struct thread *thread);
/* Has the domain a handler for a fault that this thread does not block? Async-signal-safe. */
bool personality_signal_handled(const struct porin_domain *domain, const struct thread *thread, int signal);
/* The running domain was interrupted, as if it had asked for a service: lets its handlers run, that of the fault (NULL: none) alone. */
void personality_interrupted(struct porin_domain *domain, const struct signal_fault *fault);
/* Fills in what it knows of the domain's use. */
void personality_usage(struct porin_domain *domain, struct porin_domain_usage *out);

/* --- what the runtime provides to it --- */
/* Ends the running domain: every call into it ends with PORIN_ERR_EXIT. Only from within personality_call; drops its frames. */
_Noreturn void domain_exit(struct porin_domain *domain, int code);
/* Sets the running domain's thread pointer (arch_prctl ARCH_SET_FS) on this thread, a slot offset. Only from within personality_call. */
void thread_set_pointer(uint32_t pointer);
uint32_t thread_get_pointer(void);
/* Is the calling thread wanted elsewhere? Then a service that waits ends with -EINTR. Only from within personality_call. */
bool thread_leaves(void);

/* --- within the runtime --- */
static inline bool domain_is_dead(const struct porin_domain *domain)
{
    return domain->state >= DOMAIN_DYING;
}
static inline porin_status domain_cause(const struct porin_domain *domain)
{
    return (porin_status)(domain->state >> DOMAIN_CAUSE_SHIFT);
}
porin_status domains_start(struct porin_error *error);
struct porin_domain *domain_at(uint32_t slot);
/* Notes that the domain has died; from now on nobody enters it. The first cause is the one that is told. From anywhere, signal handlers
 * included. */
void domain_die(struct porin_domain *domain, const struct porin_error *death);
/* porin_domain_bind, remembering the registration that allows it (0: the host). */
porin_status domain_bind(struct porin_domain *caller, const char *import, porin_entry entry, const struct porin_edge_options *options,
                         uint64_t registration, struct porin_error *error);
/* Calls through edges bound under this registration fail from now on, in every domain; calls that are inside return as they would.
 * False: a gate could not be replaced for lack of memory. */
bool domains_unbind(uint64_t registration);
/* Gives up all data stacks of a thread that is being detached. */
void domains_release_stacks(struct thread *thread);

/* With the domain's lock; what is returned is valid until it is released. */
struct data_stack *domain_stack_of(const struct porin_domain *domain, const struct thread *thread);
/* Room for one data stack more, not filled in. NULL: no memory. */
struct data_stack *domain_add_stack(struct porin_domain *domain);
/* What a thread new to the domain finds in its slot, but for the generation, which lets it in. */
void domain_take_slot(const struct porin_domain *domain, struct stack_slot *slot, const struct data_stack *stack);
/* Strikes a thread's data stack, not the first one, off the list. Returns its tid address. */
uint32_t domain_remove_stack(struct porin_domain *domain, const struct thread *thread);
int32_t domain_next_number(struct porin_domain *domain);
#endif

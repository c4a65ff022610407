/* SPDX-License-Identifier: Apache-2.0 */
/* Host API of Porin: load verified images, create domains from them, call into them, let them call each other.
 *
 * image    a file built by porin-cc, verified once, sealed, shared by all its domains
 * domain   an instance of an image: a 4 GiB slot that sees nothing but itself, its gates and the services it was granted
 * entry    a function of a domain that may be called from outside (dIPC, EuroSys'17: entry)
 * edge     one import of a domain bound to one entry of another under a policy; its gate is the only way across
 *
 * Threads: every function may be called from any thread; a host thread is attached at its first call into a domain.
 * Errors: functions return a porin_status; where they take a struct porin_error it is filled with the place and what to do.
 * A fault, exit or kill of a domain ends the call into it with PORIN_ERR_FAULT/EXIT/KILLED and nothing else. Its memory stays as it was
 * for porin_copy_in to inspect, until it is reset (started anew in place, microseconds) or destroyed.
 * Signals: Porin sends its own to threads that are inside domains only. System calls of threads outside do not end early because of it. */
#ifndef PORIN_H
#define PORIN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum porin_status {
#define STATUS(id, name, text) PORIN_##id,
#include "porin/status.def"
#undef STATUS
    PORIN_STATUS_COUNT
} porin_status;

const char *porin_status_name(porin_status status); /* "bad-image" */
const char *porin_status_text(porin_status status); /* one sentence */

typedef struct porin_image porin_image;
typedef struct porin_domain porin_domain;
typedef struct porin_pool porin_pool;

/* A pointer as a domain sees it: an offset in its slot. Never a host pointer, so it has a type of its own. 0 is NULL. */
typedef struct porin_addr { uint32_t offset; } porin_addr;

/* What a domain was stopped by. */
enum porin_fault {
    PORIN_FAULT_NONE,
    PORIN_FAULT_INSTRUCTION, /* a trap, a division, an operand that is no address at all */
    PORIN_FAULT_ACCESS,      /* to the slot offset in `address` */
    PORIN_FAULT_CONTROL_STACK, PORIN_FAULT_DATA_STACK, /* the end of it; a data stack's is told by where r15 points */
    PORIN_FAULT_CAPABILITY,  /* not allowed by register `capability`: `address` is its last byte, or the one behind a bulk copy */
};

/* The registers of a domain as it knows them: r15 is its data stack pointer; what it cannot see is not here. */
struct porin_registers { uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r11, r12, r13, r15, flags; };

#define PORIN_TRACE_MAX 16
#define PORIN_CROSSINGS_MAX 8
#define PORIN_SERVICES_MAX 8

/* How a domain was entered; names are cut to fit. */
struct porin_crossing { char domain[24], entry[40]; };

/* What went wrong, in detail. For faults: which domain died where. */
struct porin_error {
    porin_status status;
    char text[256];          /* one line for people: the place and what to do */
    char domain[48];         /* name of the domain that faulted, exited or was refused */
    uint32_t offset;         /* slot offset of the faulting instruction, or text offset of refused code */
    uint32_t address;        /* slot offset that was accessed, for PORIN_FAULT_ACCESS and DATA_STACK; may lie in the guards, as 32 bits */
    int signal;              /* SIGSEGV, SIGILL, ... for faults */
    int exit_code;           /* for PORIN_ERR_EXIT */
    /* of a fault also: */
    enum porin_fault fault;
    uint32_t capability, limit; /* for PORIN_FAULT_CAPABILITY: the register, and how many bytes it allows to read; 0: no more */
    char entry[56];          /* by which it had been entered; empty: its start or a thread routine, or a function it does not export */
    struct porin_registers registers;
    uint32_t trace[PORIN_TRACE_MAX]; /* slot offsets that its innermost calls return to, up to the entry or the end; `porin locate` */
    uint32_t trace_count;
    struct porin_crossing crossings[PORIN_CROSSINGS_MAX]; /* whose calls led here, the one that died first: the innermost ones */
    uint32_t crossing_count;
    uint16_t services[PORIN_SERVICES_MAX]; /* what it asked for on this thread last, the latest first: trusted/tables/services.def */
    uint32_t service_count;
};

/* --- images --- */
porin_status porin_image_load_file(const char *path, porin_image **out, struct porin_error *error);
porin_status porin_image_load_memory(const char *name, const void *bytes, size_t size, porin_image **out,
                                     struct porin_error *error);
bool porin_image_is_program(const porin_image *image); /* it has a main; otherwise it is a library */
void porin_image_release(porin_image *image); /* the memory goes when the last domain of it is gone */

/* --- domains --- */
/* Families of services a domain may be granted; what is not granted is an error to the domain (default: MEMORY only). */
#define PORIN_GRANT_MEMORY  1u  /* grow its heap, map and unmap anonymous memory in its slot */
#define PORIN_GRANT_TIME    2u  /* read clocks, sleep */
#define PORIN_GRANT_CONSOLE 4u  /* descriptors 0, 1, 2 as given in the options */
#define PORIN_GRANT_FILES   8u  /* files beneath the granted directories */
#define PORIN_GRANT_THREADS 16u /* start threads of its own (pthread_create); each is a host thread with all signals blocked */
#define PORIN_GRANT_NETWORK 32u /* sockets, bound and connected to the addresses in the options only */
/* The domain is a process to itself: it may fork (the child has this domain only, and ends with it), execute images beneath its granted
 * directories, wait, set timers, and send signals to itself and its children. The host process ignores SIGPIPE and SIGXFSZ from then on.
 * Without PORIN_GRANT_SIGNALS several domains of a process may have this; then the host has SIGCHLD and SIGRTMIN+2 blocked in all its
 * threads. */
#define PORIN_GRANT_PROCESSES 64u
/* The host process is this domain's: its number is the domain's, and its signals are. For at most one domain of a process; never for a host
 * that lives on beside it, because signal handlers of the process are changed. */
#define PORIN_GRANT_SIGNALS 128u

struct porin_directory { const char *host_path; const char *guest_path; bool read_only; };

#define PORIN_THREADS_DEFAULT 64
#define PORIN_MAPPINGS_DEFAULT 512
#define PORIN_DESCRIPTORS_DEFAULT 4096

struct porin_domain_options {
    const char *name;               /* for reports; NULL: the image's */
    uint32_t grants;                /* PORIN_GRANT_* */
    int stdio[3];                   /* host descriptors for the domain's 0, 1, 2; -1: none. Not closed by Porin */
    const struct porin_directory *directories; size_t directory_count;
    const char *directory;          /* guest path of the current directory at first; NULL: the first granted one */
    const char *const *arguments; size_t argument_count;     /* of a program; [0] is its name */
    const char *const *environment; size_t environment_count;
    uint64_t memory_limit_bytes;    /* heap, mappings and stacks together; 0: the slot */
    uint64_t stack_bytes;           /* of a program's first thread; 0: 8 MiB, as far as memory_limit_bytes has room for it */
    uint32_t thread_limit;          /* threads that it starts itself and that run at once; 0: PORIN_THREADS_DEFAULT */
    uint32_t mapping_limit;         /* separate areas of its heap; 0: PORIN_MAPPINGS_DEFAULT, which is also the most there can be */
    uint32_t descriptor_limit;      /* 0: PORIN_DESCRIPTORS_DEFAULT, which is also the most there can be */
    uint64_t cpu_limit_ns;          /* CPU time it may run, on all threads, sampled, resets included: then it ends with ERR_LIMIT; 0: any */
    bool accounting;                /* count what struct porin_domain_usage tells: an instruction more in each gate that leads here */
    /* ADDRESS:PORT, [ADDRESS]:PORT or unix:PATH (a guest path); * for any address or port; ADDRESS/BITS for a network */
    const char *const *listen; size_t listen_count;
    const char *const *connect; size_t connect_count;
    /* Stream sockets (TCP on loopback, AF_UNIX) between domains of this process that have this are connected in memory: no connection of
     * the kernel's. Addresses are granted and found as without it, and who is outside connects as without it. */
    bool local_network;
    /* unix:PATH, of listen or connect: over connections in memory there it receives descriptors that the other domain has and sends */
    const char *const *receive; size_t receive_count;
    /* told of each refusal, on the thread that was refused; NULL: nobody */
    void (*audit)(void *closure, const char *line); void *audit_closure;
};
void porin_domain_options_default(struct porin_domain_options *options);

/* Creates a domain in a free slot. Library images run their start routine at the first call or entry look-up.
 * NULL options: defaults. */
porin_status porin_domain_create(porin_image *image, const struct porin_domain_options *options, porin_domain **out,
                                 struct porin_error *error);
/* Ends the domain. Throws out its own threads and waits until no thread is inside it; edges to it fail with PORIN_ERR_GONE from now on. */
void porin_domain_destroy(porin_domain *domain);
/* Ends every call into the domain with PORIN_ERR_KILLED, on all threads; back when no thread runs its code any more. Services that wait for
 * it end. A domain that it has called in turn lives and goes on, on a host thread of its own (dIPC: the thread is split); the host's calls
 * come back without it. The domain stays, dead, until it is reset or destroyed. */
porin_status porin_domain_kill(porin_domain *domain);
/* Back to the state right after creation, in place: data as in the image, heap gone, edges kept. No thread may be inside, also none that
 * the domain has started itself: PORIN_ERR_BUSY. Own threads of a domain that has died are waited for; kill it first to end them. */
porin_status porin_domain_reset(porin_domain *domain, struct porin_error *error);
/* Sends a domain with PORIN_GRANT_PROCESSES and without PORIN_GRANT_SIGNALS a signal, as kill(2) would to a process: a handler runs at its
 * next service; without one, a signal that ends processes ends the domain (PORIN_ERR_KILLED). After an execve it goes to the program that
 * runs then. PORIN_ERR_GONE: no such domain. */
porin_status porin_domain_signal(porin_domain *domain, int number);
/* PORIN_OK while it may be called; otherwise why it died. */
porin_status porin_domain_alive(const porin_domain *domain, struct porin_error *error);
const char *porin_domain_name(const porin_domain *domain);
/* For debuggers and tests: the slot's real address, to add symbols at. Never hand this to a domain. */
uintptr_t porin_domain_base(const porin_domain *domain);
/* What a domain has used since its creation, resets included, and what it has now. Calls are exact when no thread is inside, faults always;
 * both CPU times are sampled every few milliseconds and charged with what the thread has used since. Without options.accounting calls are
 * 0; CPU time is also there with options.cpu_limit_ns. */
struct porin_domain_usage {
    uint64_t calls;                 /* that came in, from hosts and through gates, however they ended */
    uint64_t faults;                /* its own, which ended it */
    uint64_t cpu_ns;                /* while it ran, its services included */
    uint64_t chain_cpu_ns;          /* while it ran or waited for a call of its own: of any number of domains in a chain each is charged */
    uint64_t memory_bytes;          /* now: heap, mappings, stacks, data */
    uint32_t mappings, threads, descriptors; /* now: areas of its heap, threads it has started, open descriptors */
    uint64_t refusals;              /* what it asked for and was not granted: the lines of `audit`, each as often as it happened */
    int32_t process_group;          /* the host's, of the processes it has forked, where several domains share the process; 0: none */
};
porin_status porin_domain_usage_get(porin_domain *domain, struct porin_domain_usage *out);
/* Runs a program image's main to its end on the calling thread; back when all threads it has started are gone. *exit_code is its status. */
porin_status porin_domain_run(porin_domain *domain, int *exit_code, struct porin_error *error);

/* A pool keeps ready domains of one image; taking one costs microseconds, putting one back resets it. */
porin_status porin_pool_create(porin_image *image, const struct porin_domain_options *options, size_t capacity,
                               porin_pool **out, struct porin_error *error);
porin_status porin_pool_take(porin_pool *pool, porin_domain **out, struct porin_error *error);
void porin_pool_put(porin_pool *pool, porin_domain *domain);
void porin_pool_destroy(porin_pool *pool);

/* --- threads --- */
porin_status porin_thread_attach(struct porin_error *error); /* done by the first call; explicit where its cost must not fall there */
void porin_thread_detach(void);                             /* frees this thread's control stack and its stacks in domains */

/* --- calls --- */
typedef struct porin_entry { porin_domain *domain; uint32_t offset; uint32_t generation; } porin_entry;
porin_status porin_entry_find(porin_domain *domain, const char *name, porin_entry *out, struct porin_error *error);

/* Arguments and results in the System V classes: integers and slot offsets in integer[], floating point in vector[]. */
struct porin_call {
    uint64_t integer[6];
    double vector[8];
    const uint64_t *stack; size_t stack_count; /* further arguments in order, copied to the callee's data stack */
    uint64_t result[2];                        /* rax, rdx */
    double result_vector[2];                   /* xmm0, xmm1 */
};
/* Calls entry. PORIN_OK, or ERR_FAULT / ERR_EXIT / ERR_KILLED / ERR_GONE with details in porin_last_error(). A callee that ends its thread
 * (pthread_exit) ends this call with ERR_EXIT and nothing else: the thread is its caller's, and the domain lives. */
porin_status porin_call(porin_entry entry, struct porin_call *call);
/* The same, but the call has to come back within timeout_ns: otherwise the domain is ended and the call with it, with PORIN_ERR_DEADLINE.
 * A domain that it has called in turn is not ended but goes on on a host thread of its own; a service that it waits in ends with EINTR.
 * Time in which a domain is made ready counts. One that is just being made ready for the late one is ended if it is not back in 0.1 s. */
porin_status porin_call_within(porin_entry entry, struct porin_call *call, uint64_t timeout_ns);
/* The common case: up to six integer arguments, one integer result. */
porin_status porin_call6(porin_entry entry, uint64_t *result, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                         uint64_t f);
const struct porin_error *porin_last_error(void); /* of the calling thread's last failed call */

/* --- edges: domain to domain --- */
/* Isolation properties (dIPC, EuroSys'17, section 5.2), chosen per edge. Caller and callee ask independently; what either asks for holds.
 * What becomes of each register under which of them: doc/policies.md.
 *   register integrity         the caller's callee-saved registers and rounding come back as they were, x87 registers empty
 *   register confidentiality   asked by the caller: the callee finds arguments and nothing else; asked by the callee: the caller finds
 *                              results and nothing else. Either includes register integrity
 *   data stack                 frames lie in the domains' slots: both properties hold on every edge at no cost, also for what earlier calls
 *                              left on a callee's stack. Memory that was handed out by a grant or capability is not a matter of the stack
 *   capability stack (DCS)     an activation pops what it has pushed itself and nothing else (porin/capability.h): both properties hold
 *                              on every edge at no cost */
#define PORIN_POLICY_REGISTER_INTEGRITY       1u
#define PORIN_POLICY_REGISTER_CONFIDENTIALITY 2u
#define PORIN_POLICY_STACK_INTEGRITY          4u
#define PORIN_POLICY_STACK_CONFIDENTIALITY    8u
#define PORIN_POLICY_DCS_INTEGRITY            16u
#define PORIN_POLICY_DCS_CONFIDENTIALITY      32u
#define PORIN_POLICY_ALL                      63u
#define PORIN_MAX_STACK_WORDS 8
struct porin_edge_options {
    uint32_t policy;                /* PORIN_POLICY_* that the caller asks for; default REGISTER_INTEGRITY */
    int64_t fault_value;            /* what the caller's call returns in rax when the callee died; default -1 */
    uint32_t stack_words;           /* how many words of arguments beyond the registers the entry takes; default 0, at most 8 */
    uint32_t callee_policy;         /* PORIN_POLICY_* that the callee asks for; default 0 */
};
/* Binds import `name` of `caller` to `entry`. NULL options: default. An unbound import called returns -1 with call error set. One that is
 * bound already is bound anew, for which no thread may be inside the caller (ERR_BUSY). */
porin_status porin_domain_bind(porin_domain *caller, const char *import, porin_entry entry,
                               const struct porin_edge_options *options, struct porin_error *error);

/* The PORIN_POLICY_* that hold on the edge from this import: all that were asked for, and those that hold anyway. */
porin_status porin_domain_edge_policy(porin_domain *caller, const char *import, uint32_t *policy);

/* --- memory of a domain: the only way host code touches it; survives any fault; ranges are checked --- */
porin_status porin_copy_in(void *to, porin_domain *domain, porin_addr from, size_t size);
porin_status porin_copy_out(porin_domain *domain, porin_addr to, const void *from, size_t size);
/* Copies a NUL-terminated string of at most size - 1 bytes; PORIN_ERR_RANGE if it is longer. */
porin_status porin_copy_string_in(char *to, size_t size, porin_domain *domain, porin_addr from);
/* Memory from the domain's own malloc (its image must export malloc and free; porin-cc does so for libraries). */
porin_status porin_alloc(porin_domain *domain, size_t size, porin_addr *out);
void porin_free(porin_domain *domain, porin_addr addr);

/* --- facts --- */
struct porin_limits { uint32_t slots, slots_used; bool avx512; };
porin_status porin_init(struct porin_error *error); /* done by the first call that needs it; says early what this machine lacks */
/* Porin handles SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGTRAP: what a domain raised ends its call, everything else goes to the handler that
 * was there before. A host that sets its own handlers after porin_init calls this once more; they are then called as before. Handlers of
 * other signals need SA_ONSTACK, and must not block or replace the real-time
 * signals that Porin takes (the two highest unused ones). */
porin_status porin_signals_install(struct porin_error *error);
void porin_limits_get(struct porin_limits *out);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A binding as its own files see it. */
#ifndef PORIN_BINDING_STATE_H
#define PORIN_BINDING_STATE_H
#include <pthread.h>
#include "porin/binding.h"
#include "porin/function.h"
#include <time.h>

#define BINDING_COPY_MAX (1u << 30)     /* bytes that one argument or result may have */
#define BINDING_STRING_MAX (64u << 20)
#define BINDING_BORROWED_MAX (256u << 20) /* bytes that the program holds borrowed of one binding */
#define BINDING_STRINGS_MAX 65536       /* in one array */
#define BINDING_ROWS_MAX (1u << 20)
#define BINDING_HANDLES_MAX 65536       /* that a program holds of one binding, a power of two */
#define BINDING_RECORDS_MAX (2 * BINDING_HANDLES_MAX)
#define BINDING_WAIT_SECONDS 2          /* for functions of the program on other threads; natively nobody would wait for them */

/* Memory of the domain for arguments; one thread's until that thread ends, then the next one's. */
struct porin_arena {
    struct porin_arena *next;           /* of the binding */
    struct porin_arena *next_here;      /* of the thread */
    uint64_t serial;                    /* of the binding; 0: gone */
    porin_binding *binding;
    uint32_t address, capacity, used;
    bool free;
};

struct porin_extra {
    struct porin_extra *next;
    porin_addr address;
};

struct borrowed { struct borrowed *next; size_t size; max_align_t bytes[]; };
struct remembered { struct remembered *next; const char *function; uint64_t value; bool always; };
struct kept_token { struct kept_token *next; const char *name; void *pointer; };

/* What is known of a handle. */
struct record {
    struct record *next;
    uint64_t handle;                    /* as the program holds it */
    uint32_t type;
    bool made, closed;                  /* made for the program; closed: kept for a function that still runs */
    struct borrowed *borrowed;
    struct remembered *remembered;
    struct kept_token *tokens;
    jmp_buf own;
    bool armed;
    uint64_t armed_in;                  /* serial of the callback in which it was; 0: in none */
};

struct porin_callback {
    void (*function)(void);
    const char *origin;
    uint64_t handle;                    /* whose tokens it finds, and, unless it is for one call, whose life it has */
    struct porin_token_value tokens[4];
    uint32_t token_count;
    uint32_t running;
    bool live, set, once;
    uint64_t serial;                    /* of the call that registered it: blocks are among functions of one */
};

/* What a program's allocator gave. */
struct block { void *host; uint64_t serial; uint32_t next_free; bool live; };
#define BLOCKS_MAX (1u << 20)
#define RECORD_CHAINS 1024

struct porin_binding {
    porin_domain *domain;
    const struct porin_library *library;
    uint64_t serial;                    /* never used twice; changes with renew */
    uint32_t stamp;                     /* of handles that the library only names; one per type from here on */
    porin_binding *next;
    pthread_mutex_t lock;               /* guards what follows */
    pthread_cond_t idle;                /* a callback has ended */
    struct porin_arena *arenas;         /* guarded by the lock of all bindings */
    struct record *records[RECORD_CHAINS];
    uint32_t record_count;
    size_t borrowed_bytes;              /* in all of them */
    _Atomic uint64_t *made;             /* handles made for the program, by stamp; read without the lock */
    uint64_t last_registration;
    struct block *blocks;
    uint32_t block_count, block_free;   /* free: number of one to be used again; 0: none */
    struct porin_callback *callbacks;   /* PORIN_CALLBACK_SLOTS of each type */
    uint32_t *trampolines;              /* their slot offsets in the domain; 0: not asked for yet */
    uint32_t function;                  /* number of the host function that the domain calls back through */
    porin_entry entries[];
};

extern __thread struct porin_error binding_error;
porin_status binding_fail(porin_status status, const char *function, const char *what);
int64_t binding_dispatch(void *binding, porin_domain *domain, const uint64_t arguments[PORIN_FUNCTION_ARGUMENTS]);
/* Was it made for the program by this binding and not closed since, or named by it? */
static inline bool handle_good(const porin_binding *binding, uint64_t handle)
{
    uint32_t stamp = (uint32_t)(handle >> 32);
    return stamp - binding->stamp < binding->library->handle_types || binding->made[stamp % BINDING_HANDLES_MAX] == handle;
}
/* Does it run a call of another domain? Hosts have callbacks instead. */
static inline bool frame_receives(const struct porin_frame *frame)
{
#ifdef __PORIN__
    return frame->receives;
#else
    (void)frame;
    return false;
#endif
}
/* What the domain returned at word; a string of it, in memory that begins `before` bytes earlier (NULL on failure). */
void frame_fetch(struct porin_frame *frame, void *to, uint64_t word, uint64_t size);
char *frame_string_copy(struct porin_frame *frame, uint64_t word, size_t before);
void frame_free(struct porin_frame *frame, uint64_t word, uint32_t entry); /* it has been copied */
/* With the lock. */
struct record *record_find(porin_binding *binding, uint64_t handle, bool make);
void records_free(porin_binding *binding);
/* False: a function still runs on another thread. It begins no more, and its place is not used again meanwhile. */
void scratch_free(struct porin_frame *frame);
bool callback_end(porin_binding *binding, struct porin_callback *callback, const struct timespec *until);
/* Those that live as long as a handle does, or all. */
bool callbacks_end(porin_binding *binding, uint64_t handle, bool all);
/* Waits until no other thread is in a function that finds the tokens of the handle. */
bool callbacks_wait(porin_binding *binding, uint64_t handle);
/* When to give up waiting for functions on other threads. */
struct timespec wait_limit(void);
porin_status binding_busy(const char *function);
/* Stamps that no other binding has, for count types of handles; the first. */
uint32_t stamps_take(uint32_t count);
#endif

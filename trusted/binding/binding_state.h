/* SPDX-License-Identifier: Apache-2.0 */
/* A binding as its own files see it. */
#ifndef PORIN_BINDING_STATE_H
#define PORIN_BINDING_STATE_H
#include <pthread.h>
#include "porin/binding.h"
#include "porin/function.h"

#define BINDING_COPY_MAX (1u << 30)     /* bytes that one argument or result may have */
#define BINDING_STRING_MAX (64u << 20)
#define BINDING_BORROWED_MAX (256u << 20) /* bytes that the program holds borrowed of one binding */
#define BINDING_STRINGS_MAX 65536       /* in one array */

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
struct remembered { struct remembered *next; const char *function; uint64_t value; };
struct kept_token { struct kept_token *next; const char *name; void *pointer; };

/* What is known of a handle of the domain. */
struct record {
    struct record *next;
    uint64_t handle;
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
    uint64_t handle;
    struct porin_token_value tokens[4];
    uint32_t token_count;
    uint32_t running;
    bool live, set;
};

#define RECORD_CHAINS 64

struct porin_binding {
    porin_domain *domain;
    const struct porin_library *library;
    uint64_t tag;                       /* upper half of its handles */
    uint64_t serial;                    /* never used twice; changes with renew */
    porin_binding *next;
    pthread_mutex_t lock;               /* guards what follows */
    pthread_cond_t idle;                /* a callback has ended */
    struct porin_arena *arenas;         /* guarded by the lock of all bindings */
    struct record *records[RECORD_CHAINS];
    size_t borrowed_bytes;              /* in all of them */
    struct porin_callback *callbacks;   /* PORIN_CALLBACK_SLOTS of each type */
    uint32_t *trampolines;              /* their slot offsets in the domain; 0: not asked for yet */
    uint32_t function;                  /* number of the host function that the domain calls back through */
    porin_entry entries[];
};

extern __thread struct porin_error binding_error;
porin_status binding_fail(porin_status status, const char *function, const char *what);
int64_t binding_dispatch(void *binding, porin_domain *domain, const uint64_t arguments[PORIN_FUNCTION_ARGUMENTS]);
/* With the lock. */
struct record *record_find(porin_binding *binding, uint64_t handle, bool make);
void record_renew(porin_binding *binding, struct record *record);
void records_free(porin_binding *binding);
void callback_end(porin_binding *binding, struct porin_callback *callback);
void callbacks_end(porin_binding *binding, uint64_t handle, bool all);
#endif

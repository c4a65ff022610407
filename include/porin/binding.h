/* SPDX-License-Identifier: Apache-2.0 */
/* What the stubs that `porin bind` writes rest on. Programs use the first part; the rest is for generated code.
 *
 * binding  a library in a domain as a host program calls it: entries, memory for arguments, callbacks, what is known of its handles
 * frame    one call: arguments are placed in memory of the domain, results are copied once and checked; the first failure is kept and makes
 *          everything after it do nothing */
#ifndef PORIN_BINDING_H
#define PORIN_BINDING_H
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>
#include "porin/porin.h"
#include "porin/rights.h"

typedef struct porin_binding porin_binding;
struct porin_library;

/* Binds the domain of a library: finds its entries and lets it call back. The domain must outlive the binding. */
porin_status porin_binding_create(porin_domain *domain, const struct porin_library *library, porin_binding **out,
                                  struct porin_error *error);
/* Revokes all callbacks; no thread may be in a stub of it. Handles of it are refused from now on. */
void porin_binding_destroy(porin_binding *binding);
/* After a reset of the domain: every handle, callback and borrowed memory is gone. */
porin_status porin_binding_renew(porin_binding *binding, struct porin_error *error);
porin_domain *porin_binding_domain(const porin_binding *binding);
/* Why the last stub of this thread that failed did so. status is PORIN_OK where none has. */
const struct porin_error *porin_binding_error(void);
void porin_binding_error_clear(void);
/* Ends the life of every callback that names this function; the domain's calls to it fail. Returns how many ended: one that another
 * thread is still in after 2 s is not counted. */
size_t porin_binding_revoke(porin_binding *binding, void (*function)(void));

/* --- for generated code --- */
#define PORIN_LENT_FIRST 4 /* argument registers of what PORIN_CAP pointers get */
#define PORIN_LENT_MAX 4
#define PORIN_LENT_FROM 128 /* bytes from which on lending costs a caller in a domain less than copying (bench: between) */
#define PORIN_CALLBACK_SLOTS 32 /* functions of one callback type that one library can hold at once */

struct porin_frame;
struct porin_back;
struct porin_library {
    const char *name;
    const char *const *entries;         /* "?" before a name: may be missing until it is called */
    uint32_t entry_count;
    void (*const *callbacks)(struct porin_back *back, void (*function)(void)); /* one per callback type */
    uint32_t callback_count;
    uint32_t setup, trampoline;         /* entries: PORIN_BIND_SETUP and PORIN_BIND_TRAMPOLINE of the callee's adapter */
    uint32_t handle_types;
};

struct porin_arena;
struct porin_extra;
struct borrowed;
struct porin_callback;

/* Between domains: memory of the caller's that a call shows to the callee, by the capability register of its place in the list. */
struct porin_segment {
    uint64_t start, size;               /* in the caller's slot */
    uint64_t pointer;                   /* the callee's capability pointer to it */
    bool writable;
};
#define PORIN_SEGMENTS 4 /* the first is the call's message */

struct porin_frame {
    porin_binding *binding;
    const char *function;               /* of the library, for messages */
    struct porin_arena *arena;
    struct porin_extra *extras;         /* memory that did not fit into the arena */
    uint32_t mark;                      /* what of the arena was in use before */
    uint32_t entry;
    porin_status status;
    uint32_t callbacks;                 /* registered by this call */
    uint64_t handle;                    /* the first handle of the call: what is kept is kept with it */
    uint64_t word;                      /* result as the domain left it: rax */
    double vector;                      /* xmm0 */
    struct porin_token_value { const char *name; void *pointer; } tokens[4];
    uint32_t token_count;
    uint32_t fresh[16], homeless[8];    /* callbacks for the time of this call; those kept without a handle yet */
    uint32_t fresh_count, homeless_count;
    uint64_t serial;                    /* of the first registration of a callback by this call; 0: none yet */
    struct borrowed *scratch;           /* host memory that ends with it */
#ifdef __PORIN__
    struct porin_segment segments[PORIN_SEGMENTS];
    uint32_t segment_count;
    bool receives;                      /* the other side called: what it lends is in the segments */
#endif
};

void porin_frame_open(struct porin_frame *frame, porin_binding *binding, uint32_t entry, const char *function);
/* Gives up what the call needed; says what went wrong. PORIN_ERR_BUSY, whatever the call did: a function of the program that was given for
 * it still runs on another thread after 2 s. */
porin_status porin_frame_close(struct porin_frame *frame);
/* The first failure. */
void porin_frame_fail(struct porin_frame *frame, porin_status status, const char *what);
void porin_frame_bad(struct porin_frame *frame, const char *what); /* the domain's answer is none: PORIN_ERR_RESULT */

/* count elements of size bytes; count as a 64-bit number, negative ones being refused. */
uint64_t porin_frame_bytes(struct porin_frame *frame, int64_t count, uint64_t size);
/* What the domain says it has filled of room bytes; what is said if it cannot have. */
uint64_t porin_frame_filled(struct porin_frame *frame, int64_t count, uint64_t size, uint64_t room, const char *what);
/* Room in the domain, 16-aligned; 0 on failure. _put fills it. */
uint64_t porin_frame_room(struct porin_frame *frame, uint64_t size);
uint64_t porin_frame_put(struct porin_frame *frame, const void *from, uint64_t size);
uint64_t porin_frame_put_string(struct porin_frame *frame, const char *text);
uint64_t porin_frame_put_strings(struct porin_frame *frame, const char *const *texts, int64_t count); /* count < 0: ends with NULL */
/* Memory for the callee to read or write, by copy or by capability; _back gets from there what the callee wrote. */
enum porin_way { PORIN_WAY_CHEAPER, PORIN_WAY_CAP, PORIN_WAY_COPY };
uint64_t porin_frame_share(struct porin_frame *frame, const void *start, uint64_t size, bool in, bool out, enum porin_way way);
void porin_frame_back(struct porin_frame *frame, void *to, uint64_t from, uint64_t size);
/* Memory by capability for a callee that takes PORIN_CAP pointers, as its argument register `number`: the last before the call. */
uint64_t porin_frame_lend(struct porin_frame *frame, unsigned number, const void PORIN_CAP *start, uint64_t size, enum porin_right right);
/* Rows: pointers to memory. The host keeps what they were, whatever the domain makes of its array. */
struct porin_row { uint64_t word, size; void *host; };
struct porin_row *porin_frame_rows(struct porin_frame *frame, uint64_t count);
void porin_frame_row_put(struct porin_frame *frame, struct porin_row *row, void *host, uint64_t size, bool in);
uint64_t porin_frame_rows_put(struct porin_frame *frame, const struct porin_row *rows, uint64_t count);
void porin_frame_rows_read(struct porin_frame *frame, const struct porin_row *rows, uint64_t count);
void porin_frame_rows_write(struct porin_frame *frame, const struct porin_row *rows, uint64_t count);
/* Writes to room that was made before, or reads it: what the domain left there, once. */
void porin_frame_write(struct porin_frame *frame, uint64_t to, const void *from, uint64_t size);
void porin_frame_read(struct porin_frame *frame, void *to, uint64_t from, uint64_t size);
void porin_frame_call(struct porin_frame *frame, struct porin_call *call);
void porin_frame_call6(struct porin_frame *frame, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);
/* Calls an entry on the way: to free what was owned, to ask for a length. */
uint64_t porin_frame_ask(struct porin_frame *frame, uint32_t entry, uint64_t argument);

/* Handles: what a host holds is no address, of the host's or of anybody's, and belongs to one binding. _made: a new one, that the program
 * closes; _out: one that the library names, of that type. */
uint64_t porin_frame_handle_in(struct porin_frame *frame, const void *handle);
void *porin_frame_handle_made(struct porin_frame *frame, uint64_t word, uint32_t type);
void *porin_frame_handle_out(struct porin_frame *frame, uint64_t word, uint32_t type);
void porin_frame_handle_closed(struct porin_frame *frame, const void *handle);
void porin_frame_handle_renewed(struct porin_frame *frame, const void *handle);

/* Tokens stay with the frame's callbacks and its first handle. */
uint64_t porin_frame_token(struct porin_frame *frame, const char *name, void *pointer);
/* The handle that the call has made: what was registered by the same call is kept with it. */
void porin_frame_adopt(struct porin_frame *frame, const void *handle);
/* Nothing was made that they could be kept with: they end with the call. */
void porin_frame_abandon(struct porin_frame *frame);
void porin_frame_token_keep(struct porin_frame *frame);
void *porin_frame_token_find(struct porin_frame *frame, const char *name);

enum porin_callback_life { PORIN_LIFE_CALL, PORIN_LIFE_HANDLE, PORIN_LIFE_SET };
/* The callee's function that calls `function` of the host; origin names the parameter. */
uint64_t porin_frame_callback(struct porin_frame *frame, uint32_t type, void (*function)(void), enum porin_callback_life life,
                              const char *origin);

/* Memory that the domain returns: copied once. Owned: the caller's by malloc; the domain's is freed by `free_entry`. Borrowed: kept with
 * the first handle. size includes the NUL of strings. */
#define PORIN_FRAME_NO_ENTRY UINT32_MAX
char *porin_frame_take_string(struct porin_frame *frame, uint64_t word, bool owned, uint32_t free_entry);
char **porin_frame_take_strings(struct porin_frame *frame, uint64_t word, int64_t count, bool owned, uint32_t free_entry);
void *porin_frame_take(struct porin_frame *frame, uint64_t word, uint64_t size, bool owned, uint32_t free_entry);
/* An address of `bytes` bytes within [from, from + size], of which the host's copy is at `base`, that begins with one of its elements of
 * `step` bytes; with `end` also the end. */
void *porin_frame_within(struct porin_frame *frame, uint64_t word, uint64_t from, uint64_t size, const void *base, uint64_t step,
                         uint64_t bytes, bool end);
/* The first answer about the frame's handle holds: gives that. */
uint64_t porin_frame_remember(struct porin_frame *frame, const char *function, uint64_t value, bool always);
/* What was remembered; a failure if nothing was. */
uint64_t porin_frame_recall(struct porin_frame *frame, const char *function);

/* The jmp_buf of a handle: where the host's functions that leave by longjmp go. */
jmp_buf *porin_binding_jump(porin_binding *binding, const void *handle, bool arm); /* NULL: nobody has armed it */

/* Variable arguments as printf's format asks for them, and further words of a call. */
void porin_frame_format(struct porin_frame *frame, struct porin_call *call, uint32_t fixed, uint64_t *stack, size_t stack_size,
                        const char *format, __builtin_va_list arguments);
#define PORIN_FORMAT_WORDS 64

static inline double porin_float_word(float value)
{
    double word = 0;
    memcpy(&word, &value, sizeof value);
    return word;
}

static inline float porin_word_float(double word)
{
    float value;
    memcpy(&value, &word, sizeof value);
    return value;
}

/* Is the _Bool at `at` one? */
static inline bool porin_bool_good(const void *at)
{
    return *(const unsigned char *)at <= 1;
}

/* --- calls of the domain to the host --- */
struct porin_back {
    struct porin_frame frame;           /* without an arena: for reading, checking, handles and tokens */
    uint64_t block;                     /* slot offset of the arguments */
    bool raised;                        /* the function left by longjmp */
    struct porin_callback *callback;    /* which one runs */
    struct porin_back *outer;           /* what this thread runs around it */
    uint64_t serial;                    /* among those of the thread */
    jmp_buf *jump;                      /* where longjmp of the function goes; NULL: it must not */
    const void *lent_to;                /* the handle whose jmp_buf that is meanwhile */
    uint64_t scratch_bytes;
};
/* Host memory for an argument that is at `word` on the other side, zeroed; _get fills it from there. NULL where word is 0, or on
 * failure. */
void *porin_back_room(struct porin_back *back, uint64_t word, uint64_t size);
void *porin_back_get(struct porin_back *back, uint64_t word, uint64_t size);
char *porin_back_string(struct porin_back *back, uint64_t word);
char **porin_back_strings(struct porin_back *back, uint64_t word, int64_t count); /* count < 0: ends with NULL */
void *porin_back_row(struct porin_back *back, struct porin_row *row, uint64_t word, uint64_t size, bool in);
/* Memory of the domain, from its malloc or from `entry`, that holds a copy. */
uint64_t porin_back_give(struct porin_back *back, const void *from, uint64_t size, uint32_t entry);
/* What the program's allocator gave, by number: taken while a function has it; then gone, or still there. _new: its number; 0 for NULL. */
void *porin_back_block(struct porin_back *back, uint64_t number);
void porin_back_block_end(struct porin_back *back, uint64_t number, bool still);
uint64_t porin_back_block_new(struct porin_back *back, void *host);
/* While the function runs, longjmp on this thread goes to `jump`, never over frames of the domain, whichever handle the domain named. */
void porin_back_lend(struct porin_back *back, const void *handle, jmp_buf *jump);

#ifdef __PORIN__
/* --- between domains: the caller's image --- */
porin_binding *porin_wire_bind(porin_binding **once, const struct porin_library *library, void *const *imports);
uint64_t porin_wire_use_key(porin_binding *binding, uint64_t key);

/* --- between domains: the library's image. The caller is as hostile as the library is to it. --- */
struct porin_owner;
/* Serves the caller that has this key from now on; handles of the one before are gone. For the host. */
uint64_t porin_owner_serve(struct porin_owner **owner, uint64_t key);
/* A call of a caller: the message and up to three more segments, as six words. False: it is refused. _close gives the answer, a
 * porin_status. */
bool porin_receive_open(struct porin_back *back, struct porin_owner *owner, const char *function, const uint64_t words[6]);
uint64_t porin_receive_close(struct porin_back *back);
/* The same where all is in registers. */
void porin_receive_directly(struct porin_frame *frame, const char *function);
/* Memory for an argument, no more than the caller lends for it: what stands there, or room. */
void *porin_back_memory(struct porin_back *back, uint64_t word, uint64_t size, bool in, bool out);
/* A capability pointer to what the caller lends. 0: it does not. */
uint64_t porin_receive_place(const struct porin_frame *frame, uint64_t at, uint64_t size, bool write);
/* A capability pointer of the caller's, made sure of: it covers size bytes with that right, and the library can use it. */
uint64_t porin_receive_lent(struct porin_frame *frame, unsigned number, uint64_t word, uint64_t size, enum porin_right right);
uint64_t porin_receive_filled(int64_t count, uint64_t size, uint64_t room); /* bytes, no more than room */
/* The caller's address of what lies at `pointer` within its argument, of which the copy is at `base`. */
uint64_t porin_receive_within(struct porin_frame *frame, const void *pointer, const void *base, uint64_t word);
/* Tickets for memory that the library returns: the caller fetches it before its next call on this thread. */
uint64_t porin_receive_give(struct porin_frame *frame, const void *memory, uint64_t size, void (*freed)(void *memory));
uint64_t porin_receive_give_string(struct porin_frame *frame, const char *text, void (*freed)(void *memory));
uint64_t porin_receive_fetch(struct porin_owner *owner, uint64_t to, uint64_t size, uint64_t ticket, uint64_t key);
/* Handles are numbers to the caller: only those of the same type that it was given, and that are not closed. */
uint64_t porin_owner_handle_in(struct porin_frame *frame, const void *pointer, const char *type);
void *porin_owner_handle_out(struct porin_frame *frame, uint64_t number, const char *type);
void porin_owner_handle_close(struct porin_frame *frame, const void *pointer);
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A library that does not use the receivers made for it: it reads the messages as it likes and answers what cannot be an answer. */
#include "pair_wire.h"
#include <string.h>
#include "porin/capability.h"
#include "porin/domain.h"

static const uint64_t words[] = {1, 0xfff, 0x10000, 0xfffffff0, 0x100000000, 0x4000000001, 0x400000001, 0x5000000100001000, UINT64_MAX,
                                 1ull << 63, 0x7fff00000000};
enum { KINDS = sizeof words / sizeof *words + 2 };
static unsigned kind;
static uint64_t lie(void) { return words[kind % (sizeof words / sizeof *words)]; }

unsigned lie_next(void) { return ++kind < KINDS; }
PORIN_EXPORT(lie_next);


uint64_t pair_wire_serve_key(uint64_t key) { return key & 0; }
PORIN_EXPORT(pair_wire_serve_key);

/* Writes into the block what stands at a field of the caller's struct; answers that all is well. */
#define BLOCK(function, code)                                                                                                   \
    uint64_t pair_wire_##function(uint64_t message, uint64_t span, uint64_t at)                                                 \
    {                                                                                                                           \
        struct pair_wire_##function PORIN_CAP *b = (void PORIN_CAP *)(message + (at - (uint32_t)span));                         \
        (void)b;                                                                                                                \
        code;                                                                                                                   \
        return 0;                                                                                                               \
    }                                                                                                                           \
    PORIN_EXPORT(pair_wire_##function);
/* Where an address of the caller's lies in its message. */
#define PLACE(word) ((unsigned char PORIN_CAP *)(message + ((word) - (uint32_t)span)))
#define FILL(word, byte, size) for (int i_ = 0; i_ < (size); i_++) PLACE(word)[i_] = (unsigned char)(byte)

uint64_t pair_wire_pair_bool(void) { return 2 + kind; }
PORIN_EXPORT(pair_wire_pair_bool);
uint64_t pair_wire_pair_fruit(void) { return 5 + kind; }
PORIN_EXPORT(pair_wire_pair_fruit);
uint64_t pair_wire_pair_percent(void) { return kind ? 100 + kind : UINT64_MAX; }
PORIN_EXPORT(pair_wire_pair_percent);
uint64_t pair_wire_pair_lent(void) { return 0; }
PORIN_EXPORT(pair_wire_pair_lent);
BLOCK(pair_sum, b->result = 1)
BLOCK(pair_behind, b->result = 1)
BLOCK(pair_fill, b->result = kind ? 3001 + (int)kind : -2)
BLOCK(pair_line, FILL(b->a_to, 'x', 20))
BLOCK(pair_fruits, FILL(b->a_to, 5, 12); FILL(b->a_flags, 2 + kind, 3))
BLOCK(pair_text, b->result = lie())
BLOCK(pair_copy, b->result = lie())
BLOCK(pair_memory, FILL(b->a_size, kind & 1 ? 0xff : 3, 8); b->result = lie())
BLOCK(pair_open, b->result = lie() | 1ull << 32)
BLOCK(pair_number, b->result = 1)
BLOCK(pair_close, b->raised = 9)
BLOCK(pair_basket, b->result = lie())
BLOCK(pair_find, FILL(b->a_end, 0x81 + kind, 8))
BLOCK(pair_labels, FILL(b->a_labels, 0x81 + kind, (int)sizeof(struct label)))

uint64_t pair_wire_fetch(uint64_t to, uint64_t size, uint64_t ticket)
{
    (void)to, (void)size, (void)ticket;
    return kind & 1 ? 19 : 1 + kind; /* never that all is well: then the bytes count, and these are any */
}
PORIN_EXPORT(pair_wire_fetch);

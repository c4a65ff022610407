/* SPDX-License-Identifier: Apache-2.0 */
/* One instruction taken apart with the table of accepted forms: no form, no decoding.
 * decode() is inline, in two copies: instructions with plain prefixes are most of all code, and for them half of it is constant. */
#ifndef PORIN_VERIFIER_DECODE_H
#define PORIN_VERIFIER_DECODE_H
#include <stdbool.h>
#include <string.h>
#include "porin/verify.h"
#include "verifier/form.h"
#include "verifier/refuse.h"

/* decode() may look at this many bytes from the instruction's start, whatever they hold. */
#define DECODE_WINDOW 32

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* What stands before the opcode, taken together. */
enum { PREFIXES_GS = 1, PREFIXES_LOCK = 2, PREFIXES_VECTOR = 4, PREFIXES_EVEX = 8, PREFIXES_RESERVED = 16, PREFIXES_STRAY = 32 };
struct prefixes {
    unsigned size;       /* bytes before the opcode */
    unsigned space, page; /* how the opcode is to be read, and where that stands */
    unsigned r, x, b;    /* bits that extend register numbers: 0 or 8; r with EVEX also 16 */
    unsigned vvvv;
    unsigned evex;       /* last byte of EVEX: z, L'L, b, V', aaa */
    unsigned flags;      /* PREFIXES_*; RESERVED: a field has a value that is no encoding; STRAY: legacy prefix before VEX or EVEX */
};
#define EVEX_ZERO 0x80
#define EVEX_LENGTH 0x60
#define EVEX_BROADCAST 0x10
#define EVEX_MASK 0x07

struct instruction {
    const struct form *form;
    unsigned length;            /* bytes looked at; the whole instruction once decode() returned PORIN_REASON_NONE */
    bool memory;                /* ModRM names memory */
    unsigned reg, rm;           /* register numbers with their extending bits; rm: of ModRM or opcode, meaningless if memory */
    unsigned base, index, scale; /* of memory: register numbers, REGISTER_NONE, REGISTER_RIP; scale as shift count */
    unsigned displacement_at, displacement_size;
};

/* Any encoding. */
struct prefixes read_prefixes(const uint8_t *bytes);
/* First bytes of what read_plain_prefixes cannot read. */
extern const bool verifier_rare_starts[256];

/* Why there is no form, where decode() only said PORIN_REASON_OPCODE. */
enum porin_reason no_form_reason(const uint8_t *bytes);
enum porin_reason check_evex_fields(unsigned evex, const struct form *form, bool memory);

/* REX, and 0F or not: nearly all code (behind 0F 38 and 0F 3A no row is found). Branches, since a guessed one costs less than waiting. */
static inline struct prefixes read_plain_prefixes(const uint8_t *bytes)
{
    struct prefixes e = { .page = PAGE_PLAIN(MAP_ONE, REX_NONE), .space = SPACE_LEGACY(MAP_ONE, 0u, 0u, REX_NONE) };
    if ((bytes[0] & 0xF0) == 0x40) {
        unsigned rex = bytes[0], state = rex & 8 ? REX_W1 : REX_W0;
        e = (struct prefixes){
            .size = 1, .page = PAGE_PLAIN(MAP_ONE, state), .space = SPACE_LEGACY(MAP_ONE, 0u, 0u, state),
            .r = rex << 1 & 8, .x = rex << 2 & 8, .b = rex << 3 & 8,
        };
    }
    if (bytes[e.size] == 0x0F) {
        e.size++;
        e.page += PAGE_PLAIN(MAP_0F, 0u);
        e.space += SPACE_LEGACY(MAP_0F, 0u, 0u, 0u);
    }
    return e;
}

/* What ModRM and SIB say of a memory operand. p: behind ModRM. Returns the size of SIB. */
ALWAYS_INLINE unsigned read_memory(const uint8_t *p, unsigned mod, unsigned rm, const struct prefixes *e, struct instruction *in)
{
    unsigned base = rm, has_sib = rm == 4;
    if (has_sib) {
        unsigned index = (*p >> 3 & 7) | e->x;
        base = *p & 7;
        in->index = index == 4 ? REGISTER_NONE : index;
        in->scale = *p >> 6;
    }
    in->base = base | e->b;
    if (mod == 1) {
        in->displacement_size = 1;
    } else if (mod == 2) {
        in->displacement_size = 4;
    } else if (base == 5) {
        in->base = has_sib ? REGISTER_NONE : REGISTER_RIP;
        in->displacement_size = 4;
    }
    return has_sib;
}

/* Decodes what follows the prefixes. On refusal in->length still says how many bytes were looked at. */
ALWAYS_INLINE enum porin_reason decode(const uint8_t *bytes, const struct prefixes *e, struct instruction *in)
{
    in->length = e->size;
    if (refuse_if(e->flags & PREFIXES_STRAY))
        return PORIN_REASON_PREFIX;
    if (refuse_if(e->flags & PREFIXES_RESERVED))
        return PORIN_REASON_VECTOR_PREFIX;
    const uint8_t *p = bytes + e->size + 1; /* ModRM, if there is one */
    unsigned opcode = p[-1], mod = p[0] >> 6, rm = p[0] & 7;
    uint32_t cell = verifier_pages[e->page][opcode];
    in->length = e->size + 1;
    if (cell & CELL_GROUP) {
        in->length++;
        cell = verifier_groups[CELL_NUMBER(cell) + GROUP_SLOT(p[0])];
    }
    if (!cell)
        return PORIN_REASON_OPCODE;
    const struct form *form = in->form = &verifier_forms[CELL_NUMBER(cell)];
    in->memory = false;
    in->reg = 0;
    in->rm = (opcode & 7) | e->b;
    in->base = in->index = REGISTER_NONE;
    in->scale = in->displacement_size = 0;
    if (cell & CELL_MODRM) {
        in->reg = (*p >> 3 & 7) | e->r;
        in->rm = rm | e->b | (e->flags & PREFIXES_EVEX ? e->x << 1 : 0);
        in->memory = mod != 3;
        p++;
    }
    if (in->memory)
        p += read_memory(p, mod, rm, e, in);
    in->displacement_at = (unsigned)(p - bytes);
    in->length = in->displacement_at + in->displacement_size + CELL_IMMEDIATE(cell);
    if (refuse_if((e->flags & PREFIXES_LOCK) && !(in->memory && (form->flags & FORM_LOCK))))
        return PORIN_REASON_LOCK;
    return e->flags & PREFIXES_EVEX ? check_evex_fields(e->evex, form, in->memory) : PORIN_REASON_NONE;
}

static inline int32_t read_signed(const uint8_t *at, unsigned size)
{
    int32_t value;
    memcpy(&value, at, 4);
    return size >= 4 ? value : size == 2 ? (int16_t)value : size == 1 ? (int8_t)value : 0;
}

/* Signed displacement of the memory operand, and the immediate's low 32 bits sign-extended from its size. */
static inline int32_t instruction_displacement(const uint8_t *bytes, const struct instruction *in)
{
    return read_signed(bytes + in->displacement_at, in->displacement_size);
}

static inline int32_t instruction_immediate(const uint8_t *bytes, const struct instruction *in)
{
    return read_signed(bytes + in->length - in->form->immediate_size, in->form->immediate_size);
}
#endif

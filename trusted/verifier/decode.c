/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder: prefixes, then the form's cell by space and opcode, then the operand bytes. Reads at most DECODE_WINDOW bytes. */
#include "verifier/decode.h"
#include <string.h>
#include "verifier/refuse.h"

/* What prefixes and opcode bytes say: the space, and bits that extend register numbers (0 or 8; with EVEX also 16). */
struct encoding { unsigned space, r, x, b, rm_high; };

static uint16_t cell_of(unsigned space, uint8_t opcode)
{
    return verifier_pages[verifier_page_of_space[space]][opcode];
}

/* Legacy prefixes are accepted in one order only, each at most once, so that no two decoders can read them differently. */
static enum porin_reason prefix_reason(uint8_t byte)
{
    switch (byte) {
    case 0x26: case 0x2E: case 0x36: case 0x3E: case 0x64: case 0x67:
        return PORIN_REASON_PREFIX_FORBIDDEN;
    case 0x65: case 0x66: case 0xF0: case 0xF2: case 0xF3:
    case 0x40 ... 0x4F:
        return PORIN_REASON_PREFIX_ORDER;
    default:
        return PORIN_REASON_OPCODE;
    }
}

/* No row: say whether it is the prefixes' fault, that is, whether other ones would have made a row of it. */
static enum porin_reason no_form_reason(unsigned map, uint8_t opcode, bool prefixed)
{
    enum porin_reason reason = map == MAP_ONE ? prefix_reason(opcode) : PORIN_REASON_OPCODE;
    for (unsigned i = 0; reason == PORIN_REASON_OPCODE && prefixed && i < 12; i++)
        if (cell_of(SPACE_LEGACY(map, i & 1, i / 4, i >> 1 & 1), opcode))
            return PORIN_REASON_PREFIX;
    return reason;
}

static bool is_prefix(uint8_t byte)
{
    return byte == 0x65 || byte == 0x66 || byte == 0xF0 || byte == 0xF2 || byte == 0xF3;
}

/* Prefixes other than REX. Returns how many bytes; *space gets their part of the space. */
static unsigned read_prefixes(const uint8_t *bytes, struct instruction *in, unsigned *space)
{
    const uint8_t *p = bytes;
    in->gs = *p == 0x65;
    p += in->gs;
    unsigned has66 = *p == 0x66;
    p += has66;
    unsigned repeat = *p == 0xF3 ? 1 : *p == 0xF2 ? 2 : 0;
    in->lock = *p == 0xF0;
    p += in->lock || repeat;
    *space = SPACE_LEGACY(0u, has66, repeat, 0u);
    return (unsigned)(p - bytes);
}

/* C5 and C4 (Intel SDM 2.3.5). The space is SPACES if a field is reserved. Returns the size. */
static unsigned read_vex(const uint8_t *p, struct instruction *in, struct encoding *e)
{
    bool three = *p == 0xC4;
    uint8_t first = p[1], last = three ? p[2] : p[1];
    unsigned map = three ? first & 31u : MAP_0F;
    e->r = ~first >> 4 & 8;
    e->x = three ? ~first >> 3 & 8 : 0;
    e->b = three ? ~first >> 2 & 8 : 0;
    in->vvvv = ~last >> 3 & 15;
    e->space = SPACE_VEX(map, last & 3u, three ? last >> 7u : 0u, last >> 2 & 1u);
    if (refuse_if(map < MAP_0F || map > MAP_0F3A))
        e->space = SPACES;
    return three ? 3 : 2;
}

/* 62 (Intel SDM 2.7.1). Bits that APX gave a meaning must hold their old fixed values. */
static unsigned read_evex(const uint8_t *p, struct instruction *in, struct encoding *e)
{
    unsigned map = p[1] & 7;
    e->r = (~p[1] >> 4 & 8) | (~p[1] & 16);
    e->x = ~p[1] >> 3 & 8;
    e->b = ~p[1] >> 2 & 8;
    e->rm_high = e->x << 1;
    in->vvvv = (~p[2] >> 3 & 15) | (~p[3] << 1 & 16);
    in->zero = p[3] >> 7;
    in->broadcast = p[3] >> 4 & 1;
    in->mask = p[3] & 7;
    in->vector_length = p[3] >> 5 & 3;
    bool rounding = in->broadcast && p[5] >= 0xC0;
    e->space = SPACE_EVEX(map, p[2] & 3u, p[2] >> 7u, rounding ? LENGTH_ROUNDING : (unsigned)in->vector_length);
    if (refuse_if(p[1] & 8) || refuse_if(!(p[2] & 4)) || refuse_if(map < MAP_0F || map > MAP_0F3A)
        || refuse_if(!rounding && in->vector_length == 3))
        e->space = SPACES;
    return 4;
}

/* ModRM, SIB and displacement, without branches: what the bytes are is hard to predict. Returns the size. */
static inline unsigned read_modrm(const uint8_t *p, unsigned at, struct instruction *in, const struct encoding *e)
{
    unsigned modrm = p[0], sib = p[1], mod = modrm >> 6, rm = modrm & 7;
    in->reg = (modrm >> 3 & 7) | e->r;
    in->rm = rm | e->b | e->rm_high;
    in->memory = mod != 3;
    unsigned has_sib = in->memory & (rm == 4);
    unsigned base = has_sib ? sib & 7 : rm;
    unsigned index = has_sib ? (sib >> 3 & 7) | e->x : 4;
    unsigned no_base = (mod == 0) & (base == 5);
    in->base = (no_base ? REGISTER_RIP - has_sib : base | e->b);
    in->index = (index == 4 ? REGISTER_NONE : index);
    in->scale = (has_sib ? sib >> 6 : 0);
    in->displacement_at = (at + 1 + has_sib);
    in->displacement_size = (no_base ? 4 : 0x00040100 >> mod * 8 & 7);
    return 1 + has_sib + in->displacement_size;
}

static enum porin_reason check_evex_fields(const struct instruction *in)
{
    uint16_t flags = in->form->flags;
    if (refuse_if(in->mask && !(flags & FORM_MASKED))
        || refuse_if(in->zero && (!in->mask || !(flags & (in->memory ? FORM_ZERO_MEMORY : FORM_ZERO_REGISTER))))
        || refuse_if(in->broadcast && in->memory && !(flags & FORM_BROADCAST))
        || refuse_if((flags & FORM_LENGTH_ZERO) && in->vector_length))
        return PORIN_REASON_VECTOR_PREFIX;
    return PORIN_REASON_NONE;
}

enum porin_reason decode(const uint8_t *bytes, struct instruction *in)
{
    struct encoding e = { 0 };
    unsigned at = 0, map = MAP_ONE;
    *in = (struct instruction){ 0 };
    if (is_prefix(bytes[0]))
        at = read_prefixes(bytes, in, &e.space);
    unsigned has_rex = (bytes[at] & 0xF0) == 0x40;
    unsigned rex = bytes[at] & -has_rex;
    at += has_rex;
    in->rex = rex;
    bool vector = (bytes[at] & 0xFE) == 0xC4 || bytes[at] == 0x62, evex = bytes[at] == 0x62;
    if (vector) {
        bool prefixed = at;
        at += evex ? read_evex(bytes + at, in, &e) : read_vex(bytes + at, in, &e);
        in->length = at;
        if (refuse_if(prefixed))
            return PORIN_REASON_PREFIX;
        if (e.space == SPACES)
            return PORIN_REASON_VECTOR_PREFIX;
    } else {
        e.r = rex << 1 & 8;
        e.x = rex << 2 & 8;
        e.b = rex << 3 & 8;
        map = bytes[at] == 0x0F;
        at += map;
        if (map && (bytes[at] == 0x38 || bytes[at] == 0x3A))
            map = bytes[at++] == 0x38 ? MAP_0F38 : MAP_0F3A;
        e.space += SPACE_LEGACY(map, 0u, 0u, rex >> 3 & 1);
    }
    uint8_t opcode = bytes[at++], modrm = bytes[at];
    uint16_t cell = cell_of(e.space, opcode);
    in->length = at;
    if (!cell)
        return vector ? PORIN_REASON_OPCODE : no_form_reason(map, opcode, at != 1 + map / 2 + (map != 0));
    if (cell >= CELL_GROUP) {
        in->length++;
        cell = verifier_groups[cell - CELL_GROUP][GROUP_SLOT(modrm)];
        if (!cell)
            return PORIN_REASON_OPERAND_FORM;
    }
    const struct form *form = in->form = &verifier_forms[cell];
    in->rm = (opcode & 7) | e.b;
    if (form->flags & FORM_MODRM)
        at += read_modrm(bytes + at, at, in, &e);
    in->length = (at + form->immediate_size);
    if (refuse_if((form->flags & FORM_BARE) && in->rex))
        return PORIN_REASON_PREFIX;
    if (refuse_if(in->lock && !(in->memory && (form->flags & FORM_LOCK))))
        return PORIN_REASON_LOCK;
    return evex ? check_evex_fields(in) : PORIN_REASON_NONE;
}

static int32_t read_signed(const uint8_t *at, unsigned size)
{
    int8_t byte;
    int16_t word;
    int32_t value = 0;
    switch (size) {
    case 0: break;
    case 1: memcpy(&byte, at, 1); value = byte; break;
    case 2: memcpy(&word, at, 2); value = word; break;
    default: memcpy(&value, at, 4);
    }
    return value;
}

int32_t instruction_displacement(const uint8_t *bytes, const struct instruction *in)
{
    return read_signed(bytes + in->displacement_at, in->displacement_size);
}

int32_t instruction_immediate(const uint8_t *bytes, const struct instruction *in)
{
    return read_signed(bytes + in->length - in->form->immediate_size, in->form->immediate_size);
}

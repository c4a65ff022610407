/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder: prefixes, then the form's cell by space and opcode, then the operand bytes. Reads at most DECODE_WINDOW bytes. */
#include "verifier/decode.h"
#include <string.h>
#include "verifier/refuse.h"

/* Bits that extend register numbers, normalised from REX, VEX and EVEX (Intel SDM 2.2, 2.3, 2.7). */
struct extension { uint8_t w, r, x, b; };

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

struct prefixes { bool has66; uint8_t repeat; };

static const uint8_t *read_legacy(const uint8_t *p, struct instruction *in, struct extension *extension, struct prefixes *prefixes)
{
    if (*p == 0x65) {
        in->gs = true;
        p++;
    }
    if (*p == 0x66) {
        prefixes->has66 = true;
        p++;
    }
    if (*p == 0xF3 || *p == 0xF2) {
        prefixes->repeat = *p == 0xF3 ? 1 : 2;
        p++;
    } else if (*p == 0xF0) {
        in->lock = true;
        p++;
    }
    uint8_t rex = (*p & 0xF0) == 0x40 ? *p++ : 0;
    in->rex = rex;
    extension->w = rex >> 3 & 1;
    extension->r = rex << 1 & 8;
    extension->x = rex << 2 & 8;
    extension->b = rex << 3 & 8;
    return p;
}

/* C5 and C4 (Intel SDM 2.3.5). Returns the space, or SPACES if a field is reserved. */
static unsigned read_vex(const uint8_t *p, struct instruction *in, struct extension *extension)
{
    uint8_t first = p[1], last = *p == 0xC5 ? p[1] : p[2];
    unsigned map = MAP_0F;
    extension->r = ~first >> 4 & 8;
    if (*p == 0xC4) {
        extension->x = ~first >> 3 & 8;
        extension->b = ~first >> 2 & 8;
        extension->w = last >> 7;
        map = first & 31;
    }
    in->vvvv = ~last >> 3 & 15;
    in->vector = true;
    if (refuse_if(map < MAP_0F || map > MAP_0F3A))
        return SPACES;
    return SPACE_VEX(map, last & 3u, (unsigned)extension->w, last >> 2 & 1u);
}

/* 62 (Intel SDM 2.7.1). Bits that APX gave a meaning must hold their old fixed values. */
static unsigned read_evex(const uint8_t *p, struct instruction *in, struct extension *extension)
{
    unsigned map = p[1] & 7;
    extension->r = (uint8_t)((~p[1] >> 4 & 8) | (~p[1] & 16));
    extension->x = ~p[1] >> 3 & 8;
    extension->b = ~p[1] >> 2 & 8;
    extension->w = p[2] >> 7;
    in->vvvv = (uint8_t)((~p[2] >> 3 & 15) | (~p[3] << 1 & 16));
    in->vector = true;
    in->zero = p[3] >> 7;
    in->broadcast = p[3] >> 4 & 1;
    in->mask = p[3] & 7;
    in->vector_length = p[3] >> 5 & 3;
    bool rounding = in->broadcast && p[5] >= 0xC0;
    if (refuse_if(p[1] & 8) || refuse_if(!(p[2] & 4)) || refuse_if(map < MAP_0F || map > MAP_0F3A)
        || refuse_if(!rounding && in->vector_length == 3))
        return SPACES;
    return SPACE_EVEX(map, p[2] & 3u, (unsigned)extension->w, rounding ? LENGTH_ROUNDING : (unsigned)in->vector_length);
}

static uint8_t read_memory(const uint8_t *p, struct instruction *in, struct extension extension)
{
    uint8_t mod = in->modrm >> 6, rm = in->modrm & 7, size = 1;
    in->base = rm | extension.b;
    in->index = REGISTER_NONE;
    in->displacement_size = mod == 1 ? 1 : mod == 2 ? 4 : 0;
    if (rm == 4) {
        in->sib = p[1];
        in->scale = in->sib >> 6;
        in->base = (in->sib & 7) | extension.b;
        in->index = (in->sib >> 3 & 7) | extension.x;
        if (in->index == 4)
            in->index = REGISTER_NONE;
        if (mod == 0 && (in->sib & 7) == 5) {
            in->base = REGISTER_NONE;
            in->displacement_size = 4;
        }
        size = 2;
    } else if (mod == 0 && rm == 5) {
        in->base = REGISTER_RIP;
        in->displacement_size = 4;
    }
    return size;
}

static enum porin_reason check_vector_fields(const struct instruction *in)
{
    uint16_t flags = in->form->flags;
    if (refuse_if(in->mask && !(flags & FORM_MASKED))
        || refuse_if(in->zero && (!in->mask || !(flags & (in->memory ? FORM_ZERO_MEMORY : FORM_ZERO_REGISTER))))
        || refuse_if(in->broadcast && in->memory && !(flags & FORM_BROADCAST))
        || refuse_if((flags & FORM_LENGTH_ZERO) && in->vector_length))
        return PORIN_REASON_VECTOR_PREFIX;
    return PORIN_REASON_NONE;
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

enum porin_reason decode(const uint8_t *bytes, struct instruction *in)
{
    struct extension extension = { 0 };
    struct prefixes prefixes = { 0 };
    unsigned space, map = MAP_ONE;
    *in = (struct instruction){ 0 };
    const uint8_t *p = read_legacy(bytes, in, &extension, &prefixes);
    if ((*p & 0xFE) == 0xC4 || *p == 0x62) {
        uint8_t size = *p == 0xC5 ? 2 : *p == 0xC4 ? 3 : 4;
        in->length = (uint8_t)(p - bytes + size);
        if (refuse_if(p != bytes))
            return PORIN_REASON_PREFIX;
        space = *p == 0x62 ? read_evex(p, in, &extension) : read_vex(p, in, &extension);
        if (space == SPACES)
            return PORIN_REASON_VECTOR_PREFIX;
        p += size;
    } else {
        if (*p == 0x0F) {
            map = MAP_0F;
            if (*++p == 0x38 || *p == 0x3A)
                map = *p++ == 0x38 ? MAP_0F38 : MAP_0F3A;
        }
        space = SPACE_LEGACY(map, (unsigned)prefixes.has66, (unsigned)prefixes.repeat, (unsigned)extension.w);
    }
    uint8_t opcode = *p++;
    uint16_t cell = cell_of(space, opcode);
    in->modrm = *p;
    in->length = (uint8_t)(p - bytes);
    if (!cell)
        return in->vector ? PORIN_REASON_OPCODE : no_form_reason(map, opcode, p != bytes + 1 + (map > 0) + (map > 1));
    if (cell >= CELL_GROUP) {
        in->length++;
        cell = verifier_groups[cell - CELL_GROUP][GROUP_SLOT(in->modrm)];
        if (!cell)
            return PORIN_REASON_OPERAND_FORM;
    }
    in->form = &verifier_forms[cell];
    in->rm = (opcode & 7) | extension.b;
    if (in->form->flags & FORM_MODRM) {
        in->reg = (in->modrm >> 3 & 7) | extension.r;
        in->memory = in->modrm < 0xC0;
        in->rm = (uint8_t)((in->modrm & 7) | extension.b | (*bytes == 0x62 ? extension.x << 1 : 0));
        p += in->memory ? read_memory(p, in, extension) : 1;
        in->displacement_at = (uint8_t)(p - bytes);
    }
    in->length = (uint8_t)(p - bytes + in->displacement_size + in->form->immediate_size);
    if (refuse_if((in->form->flags & FORM_BARE) && in->rex))
        return PORIN_REASON_PREFIX;
    if (refuse_if(in->lock && !(in->memory && (in->form->flags & FORM_LOCK))))
        return PORIN_REASON_LOCK;
    return in->vector ? check_vector_fields(in) : PORIN_REASON_NONE;
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

/* SPDX-License-Identifier: Apache-2.0 */
/* The rare parts of decoding: legacy prefixes, VEX, EVEX, and why there is no form. */
#include "verifier/decode.h"

const bool verifier_rare_starts[256] = {
    [0x62] = true, [0x65] = true, [0x66] = true, [0xC4] = true, [0xC5] = true, [0xF0] = true, [0xF2] = true, [0xF3] = true,
};

/* C5 and C4 (Intel SDM 2.3.5). */
static struct prefixes read_vex(const uint8_t *p)
{
    bool three = *p == 0xC4;
    uint8_t first = p[1], last = three ? p[2] : p[1];
    unsigned map = three ? first & 31u : MAP_0F;
    return (struct prefixes){
        .size = three ? 3 : 2,
        .space = SPACE_VEX(map, last & 3u, three ? last >> 7u : 0u, last >> 2 & 1u),
        .r = ~first >> 4 & 8, .x = three ? ~first >> 3 & 8 : 0, .b = three ? ~first >> 2 & 8 : 0,
        .vvvv = ~last >> 3 & 15,
        .flags = PREFIXES_VECTOR | (refuse_if(map < MAP_0F || map > MAP_0F3A) ? PREFIXES_RESERVED : 0),
    };
}

/* 62 (Intel SDM 2.7.1). Bits that APX gave a meaning must hold their old fixed values. */
static struct prefixes read_evex(const uint8_t *p)
{
    unsigned map = p[1] & 7, rounding = (p[3] & EVEX_BROADCAST) && p[5] >= 0xC0, length = p[3] >> 5 & 3;
    bool reserved = refuse_if(p[1] & 8) || refuse_if(!(p[2] & 4)) || refuse_if(map < MAP_0F || map > MAP_0F3A)
        || refuse_if(!rounding && length == 3);
    return (struct prefixes){
        .size = 4,
        .space = SPACE_EVEX(map, p[2] & 3u, p[2] >> 7u, rounding ? LENGTH_ROUNDING : length),
        .r = (~p[1] >> 4 & 8) | (~p[1] & 16), .x = ~p[1] >> 3 & 8, .b = ~p[1] >> 2 & 8,
        .vvvv = (~p[2] >> 3 & 15) | (~(unsigned)p[3] << 1 & 16),
        .evex = p[3],
        .flags = PREFIXES_VECTOR | PREFIXES_EVEX | (reserved ? PREFIXES_RESERVED : 0),
    };
}

/* Legacy prefixes are accepted in one order only, each at most once, so that no two decoders can read them differently. */
struct prefixes read_prefixes(const uint8_t *bytes)
{
    const uint8_t *p = bytes;
    unsigned gs = *p == 0x65;
    p += gs;
    unsigned has66 = *p == 0x66;
    p += has66;
    unsigned repeat = *p == 0xF3 ? 1 : *p == 0xF2 ? 2 : 0, lock = *p == 0xF0;
    p += lock || repeat;
    struct prefixes e;
    if ((*p & 0xFE) == 0xC4 || *p == 0x62) {
        e = *p == 0x62 ? read_evex(p) : read_vex(p);
        e.flags |= p != bytes ? PREFIXES_STRAY : 0;
    } else {
        e = read_plain_prefixes(p);
        unsigned rex = e.space % REX_STATES, map = e.space >= SPACE_LEGACY(MAP_0F, 0u, 0u, 0u) ? MAP_0F : MAP_ONE;
        if (map == MAP_0F && (p[e.size] == 0x38 || p[e.size] == 0x3A))
            map = p[e.size++] == 0x38 ? MAP_0F38 : MAP_0F3A;
        e.space = SPACE_LEGACY(map, has66, repeat, rex);
        e.flags = gs * PREFIXES_GS | lock * PREFIXES_LOCK;
    }
    e.size += (unsigned)(p - bytes);
    e.page = e.space < SPACES ? verifier_page_of_space[e.space] : 0; /* reserved fields can name no space */
    return e;
}

static enum porin_reason opcode_reason(uint8_t opcode)
{
    switch (opcode) {
    case 0x26: case 0x2E: case 0x36: case 0x3E: case 0x64: case 0x67:
        return PORIN_REASON_PREFIX_FORBIDDEN;
    case 0x65: case 0x66: case 0xF0: case 0xF2: case 0xF3:
    case 0x40 ... 0x4F:
        return PORIN_REASON_PREFIX_ORDER;
    case 0x62: case 0xC4: case 0xC5: /* behind REX */
        return PORIN_REASON_PREFIX;
    default:
        return PORIN_REASON_OPCODE;
    }
}

enum porin_reason no_form_reason(const uint8_t *bytes)
{
    struct prefixes e = read_prefixes(bytes);
    uint8_t opcode = bytes[e.size];
    unsigned per_map = SPACE_LEGACY(1u, 0u, 0u, 0u), map = e.space / per_map;
    if (verifier_pages[e.page][opcode])
        return PORIN_REASON_OPERAND_FORM;
    if (e.flags & PREFIXES_VECTOR)
        return PORIN_REASON_OPCODE;
    enum porin_reason reason = map == MAP_ONE ? opcode_reason(opcode) : PORIN_REASON_OPCODE;
    for (unsigned i = 0; reason == PORIN_REASON_OPCODE && i < per_map; i++) /* with other prefixes it would be a row */
        if (verifier_pages[verifier_page_of_space[map * per_map + i]][opcode] && (e.space % per_map || e.flags))
            return PORIN_REASON_PREFIX;
    return reason;
}

enum porin_reason check_evex_fields(unsigned evex, const struct form *form, bool memory)
{
    if (refuse_if((evex & EVEX_MASK) && !(form->flags & FORM_MASKED))
        || refuse_if((evex & EVEX_ZERO) && !(evex & EVEX_MASK))
        || refuse_if((evex & EVEX_ZERO) && !(form->flags & (memory ? FORM_ZERO_MEMORY : FORM_ZERO_REGISTER)))
        || refuse_if((evex & EVEX_BROADCAST) && memory && !(form->flags & FORM_BROADCAST))
        || refuse_if((form->flags & FORM_LENGTH_ZERO) && (evex & EVEX_LENGTH)))
        return PORIN_REASON_VECTOR_PREFIX;
    return PORIN_REASON_NONE;
}

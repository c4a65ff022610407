/* SPDX-License-Identifier: Apache-2.0 */
/* See encodings.h. */
#include "encodings.h"
#include <string.h>
#include "verifier/form.h"

static enum extent extent;
static void (*visitor)(const uint8_t *bytes);
static uint64_t tried;

uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 31) * 0x9E3779B97F4A7C15;
    return value ^ value >> 29;
}

/* --- what stands behind the opcode --- */
static const uint8_t interesting_sib[] = {
    0x1E, 0x3E, 0x26, /* r14 with r11, r15, none (given the right extending bits) */
    0x00, 0x04, 0x24, 0x25, 0x05, 0x06, 0x16, 0x2E, 0x36, 0x5E, 0x7E, 0x9E, 0xFE, 0xE6, 0x1D, 0x3D, 0x1C, 0x3C, 0x33, 0x3F, 0x1F, 0x66,
};
static const int32_t interesting_displacements[] = { 0, 0x40, 8, -0x80, 0x7FFFFFC0, -0x7FFFFFC0 - 64, 0x10000, 0x0A1E0FF3 };

static void put32(uint8_t *at, int32_t value)
{
    memcpy(at, &value, sizeof value);
}

/* ModRM (and SIB) at p; the rest is displacement and immediate, chosen by the bytes before. */
static void try_rest(uint8_t *bytes, uint8_t *p)
{
    uint64_t choice = mix(tried++);
    int32_t displacement = interesting_displacements[choice % 8];
    if (bytes[0] == 0x65)
        displacement = (int32_t)(choice >> 8 & 3) * 4;
    put32(p, displacement);
    put32(p + 4, (int32_t)(choice >> 32));
    put32(p + 8, (int32_t)(choice >> 16));
    visitor(bytes);
}

enum density { TINY, BRIEF, NORMAL, ALL };

/* TINY: each ModRM.reg with one memory operand and one register; BRIEF: with two of each, two SIB bytes; NORMAL: all ModRM bytes,
 * chosen SIB bytes; ALL: all of both. */
static void try_modrm(uint8_t *bytes, uint8_t *p, enum density density)
{
    for (unsigned modrm = 0; modrm < 256; modrm++) {
        unsigned reg = modrm >> 3 & 7, shape = modrm & 0xC7;
        bool tiny = shape == 0x84 || shape == (0xC0 | (reg ^ 5));
        if (density <= BRIEF && !tiny && (density == TINY || (shape != 0x05 && shape != 0xC4)))
            continue;
        *p = (uint8_t)modrm;
        if (modrm >= 0xC0 || (modrm & 7) != 4) {
            try_rest(bytes, p + 1);
            continue;
        }
        unsigned count = density == TINY ? 1 : density == BRIEF ? 2 : density == ALL ? 256 : sizeof interesting_sib;
        for (unsigned i = 0; i < count; i++) {
            p[1] = density == ALL ? (uint8_t)i : interesting_sib[i];
            try_rest(bytes, p + 2);
        }
    }
}

static void try_opcodes(uint8_t *bytes, uint8_t *p, enum density density)
{
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        *p = (uint8_t)opcode;
        try_modrm(bytes, p + 1, density);
    }
}

static uint64_t asked;

/* Keeps one in `of` of the things it is asked about, always the same ones. */
static bool sampled(unsigned of)
{
    return mix(++asked) % of == 0;
}

/* --- legacy encodings --- */
static const uint8_t legacy_prefixes[] = { 0x66, 0xF2, 0xF3, 0xF0, 0x65, 0x67, 0x2E, 0x36, 0x3E, 0x26, 0x64 };
enum { LEGACY_PREFIXES = sizeof legacy_prefixes };

static void try_maps(uint8_t *bytes, uint8_t *p, enum density density)
{
    static const uint8_t escapes[4][2] = { { 0 }, { 0x0F }, { 0x0F, 0x38 }, { 0x0F, 0x3A } };
    for (unsigned map = 0; map < 4; map++) {
        unsigned size = map == 0 ? 0 : map == 1 ? 1 : 2;
        memcpy(p, escapes[map], size);
        try_opcodes(bytes, p + size, density);
    }
}

static void try_rex(uint8_t *bytes, uint8_t *p, enum density density)
{
    try_maps(bytes, p, density);
    for (unsigned rex = 0x40; rex <= 0x4F; rex++) {
        *p = (uint8_t)rex;
        try_maps(bytes, p + 1, density);
    }
}

static void enumerate_legacy(void)
{
    uint8_t bytes[32] = { 0 };
    bool full = extent == EXTENT_LONG, small = extent == EXTENT_SMALL;
    try_rex(bytes, bytes, full ? ALL : NORMAL);
    for (unsigned i = 0; i < LEGACY_PREFIXES; i++) {
        bytes[0] = legacy_prefixes[i];
        try_rex(bytes, bytes + 1, full || (i < 3 && !small) ? NORMAL : BRIEF);
        for (unsigned j = 0; j < (small && i ? 0 : LEGACY_PREFIXES); j++) {
            bytes[1] = legacy_prefixes[j];
            try_rex(bytes, bytes + 2, full ? NORMAL : BRIEF);
            for (unsigned k = 0; k < (full ? LEGACY_PREFIXES : 0); k++) {
                bytes[2] = legacy_prefixes[k];
                try_rex(bytes, bytes + 3, BRIEF);
            }
        }
    }
}

/* --- VEX --- */
static const uint8_t inverted_vvvv[] = { 15, 0, 11, 5, 1, 4 }; /* unused (or rax), r15, rsp, r10, r14, r11 */
enum { VVVV = sizeof inverted_vvvv };

static void enumerate_vex(void)
{
    uint8_t bytes[32] = { 0xC5 };
    bool full = extent == EXTENT_LONG, small = extent == EXTENT_SMALL;
    for (unsigned byte = 0; byte < 256; byte++) {
        bytes[1] = (uint8_t)byte;
        try_opcodes(bytes, bytes + 2, small ? BRIEF : NORMAL);
    }
    bytes[0] = 0xC4;
    for (unsigned first = 0; first < 256; first++)
        for (unsigned rest = 0; rest < 16 * VVVV; rest++) {
            bool usual = (first & 31) >= MAP_0F && (first & 31) <= MAP_0F3A;
            bytes[1] = (uint8_t)first;
            bytes[2] = (uint8_t)((rest & 8) << 4 | inverted_vvvv[rest / 16] << 3 | (rest & 7));
            if ((usual && !small) || full || sampled(usual ? 4 : 40))
                try_opcodes(bytes, bytes + 3, usual && full ? NORMAL : BRIEF);
        }
}

/* --- EVEX: payloads near the plain encoding in every combination, the others sampled --- */
static void enumerate_evex(void)
{
    uint8_t bytes[32] = { 0x62 };
    bool full = extent == EXTENT_LONG, small = extent == EXTENT_SMALL;
    for (unsigned first = 0; first < 256; first++)
        for (unsigned middle = 0; middle < 16 * VVVV; middle++)
            for (unsigned last = 0; last < 256; last++) {
                unsigned map = first & 15, x_b = first >> 5 & 3, tail = last & 15, v = middle / 16;
                bool fixed_bit = !(middle & 8), r_same = first >> 7 == (first >> 4 & 1), r_short = first >> 7;
                bool usual = map >= MAP_0F && map <= MAP_0F3A && fixed_bit, x_b_same = x_b == 0 || x_b == 3;
                bool simple = usual && v == 0 && !(last & 0x81); /* registers r8 to r15 */
                bool plain = usual && v < 2 && (last & 0x80 ? tail == 9 : tail == 8 || tail == 9) && ((r_same && x_b_same) || simple);
                bool meaningless = usual && r_same && r_short && x_b_same && v == 0;
                bytes[1] = (uint8_t)first;
                bytes[2] = (uint8_t)((middle & 4) << 5 | inverted_vvvv[middle / 16] << 3 | (fixed_bit ? 4 : 0) | (middle & 3));
                bytes[3] = (uint8_t)last;
                if ((plain && (!small || sampled(5))) || sampled(full ? 100 : 10000))
                    try_opcodes(bytes, bytes + 4, plain && full && sampled(10) ? NORMAL : BRIEF);
                else if (meaningless && !small) /* every combination of mask, zeroing, broadcast and length */
                    try_opcodes(bytes, bytes + 4, TINY);
            }
}

void for_each_encoding(enum extent wanted, void (*visit)(const uint8_t *bytes))
{
    extent = wanted;
    visitor = visit;
    tried = asked = 0;
    enumerate_legacy();
    enumerate_vex();
    enumerate_evex();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Lists what a verifier accepts over the enumerated space, through its public interface only, so that accepted-diff can link it with any
 * version: one line a kind of instruction, with the number and a hash of the encodings accepted, and one a sequence, with those of what
 * flipped bits make of it. */
#include <Zydis/Zydis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "encodings.h"
#include "porin/verify.h"
#include "layout.h"

extern const uint8_t *const sequence_table[]; /* sequences.S */

/* What tells kinds of instruction apart. */
struct shape { unsigned encoding, map, opcode, prefix, w, length, memory; };
enum { KINDS = 3 * 8 * 256 * 4 * 2 * 4 * 2 };
static struct kind { uint64_t accepted, hash; struct shape shape; ZydisMnemonic mnemonic; } *kinds;
static ZydisDecoder decoder;

static struct shape shape_of(const ZydisDecodedInstruction *z)
{
    struct shape s = {
        .map = z->opcode_map & 7u, .opcode = z->opcode,
        .length = z->avx.vector_length == 512 ? 2 : z->avx.vector_length == 256 ? 1 : 0,
        .memory = z->attributes & ZYDIS_ATTRIB_HAS_MODRM && z->raw.modrm.mod != 3,
    };
    if (z->encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX) {
        s.encoding = 2, s.prefix = z->raw.evex.pp, s.w = z->raw.evex.W;
    } else if (z->encoding == ZYDIS_INSTRUCTION_ENCODING_VEX) {
        s.encoding = 1, s.prefix = z->raw.vex.pp, s.w = z->raw.vex.W;
    } else {
        s.w = z->attributes & ZYDIS_ATTRIB_HAS_REX && z->raw.rex.W;
        for (unsigned i = 0; i < z->raw.prefix_count; i++) {
            uint8_t value = z->raw.prefixes[i].value;
            s.prefix = value == 0xF3 ? 2 : value == 0xF2 ? 3 : value == 0x66 && !s.prefix ? 1 : s.prefix;
        }
    }
    return s;
}

static unsigned kind_of(struct shape s)
{
    return (((((s.encoding * 8 + s.map) * 256 + s.opcode) * 4 + s.prefix) * 2 + s.w) * 4 + s.length) * 2 + s.memory;
}

/* Is a text of this many bytes accepted, to which a trap is added? */
static bool accepted(uint8_t *text, size_t size)
{
    static uint64_t scratch[16];
    struct porin_verify_report report;
    text[size] = 0xCC;
    struct porin_verify_input input = {
        .text = text, .text_size = size + 1, .text_offset = PORIN_IMAGE_BASE, .allow_rdtsc = true, .scratch = scratch,
        .gates = { { 0, 1, UINT32_MAX } }, /* branches may go anywhere */
    };
    if (porin_verify_scratch_words(input.text_size) > sizeof scratch / sizeof *scratch)
        abort();
    return porin_verify_text(&input, &report);
}

static void visit(const uint8_t *bytes)
{
    ZydisDecodedInstruction z;
    uint8_t text[ZYDIS_MAX_INSTRUCTION_LENGTH + 1];
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, bytes, ZYDIS_MAX_INSTRUCTION_LENGTH, &z)))
        return;
    memcpy(text, bytes, z.length);
    if (!accepted(text, z.length))
        return;
    struct shape shape = shape_of(&z);
    struct kind *kind = &kinds[kind_of(shape)];
    uint64_t head = 0;
    memcpy(&head, bytes, z.length < sizeof head ? z.length : sizeof head);
    kind->accepted++;
    kind->hash += mix(head);
    kind->mnemonic = z.mnemonic;
    kind->shape = shape;
}

/* Each sequence with none and with each one of its bits flipped. */
static void list_sequences(void)
{
    for (const uint8_t *const *sequence = sequence_table; sequence[1]; sequence++) {
        uint8_t text[128];
        size_t size = (size_t)(sequence[1] - sequence[0]);
        uint64_t count = 0, hash = 0;
        for (size_t bit = 0; bit <= size * 8; bit++) {
            memcpy(text, sequence[0], size);
            text[bit / 8] ^= (uint8_t)((bit < size * 8) << bit % 8);
            if (accepted(text, size)) {
                count++;
                hash += mix(bit + 1);
            }
        }
        printf("sequence");
        for (size_t i = 0; i < size; i++)
            printf(" %02x", sequence[0][i]);
        printf(": %llu flips %08llx\n", (unsigned long long)count, (unsigned long long)(hash >> 32));
    }
}

int main(void)
{
    static const char *const encodings[] = { "", "VEX ", "EVEX " }, *const prefixes[] = { "", "66 ", "F3 ", "F2 " };
    kinds = calloc(KINDS, sizeof *kinds);
    if (!kinds || !ZYAN_SUCCESS(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)))
        return 2;
    for_each_encoding(EXTENT_SMALL, visit);
    for (unsigned i = 0; i < KINDS; i++) {
        const struct kind *k = &kinds[i];
        if (k->accepted)
            printf("%s (%s%smap %u, opcode %02X, W%u, length %u%s): %llu %08llx\n", ZydisMnemonicGetString(k->mnemonic),
                   encodings[k->shape.encoding], prefixes[k->shape.prefix], k->shape.map, k->shape.opcode, k->shape.w, k->shape.length,
                   k->shape.memory ? ", memory" : "", (unsigned long long)k->accepted, (unsigned long long)(k->hash >> 32));
    }
    list_sequences();
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Lists what a verifier accepts over the enumerated space, through its public interface only, so that accepted-diff can link it with any
 * version: one line a kind of instruction, with the number and a hash of the encodings accepted. */
#include <Zydis/Zydis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "encodings.h"
#include "porin/verify.h"
#include "layout.h"

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

static void visit(const uint8_t *bytes)
{
    static uint64_t scratch[8];
    ZydisDecodedInstruction z;
    struct porin_verify_report report;
    uint8_t text[ZYDIS_MAX_INSTRUCTION_LENGTH + 1];
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, bytes, ZYDIS_MAX_INSTRUCTION_LENGTH, &z)))
        return;
    memcpy(text, bytes, z.length);
    text[z.length] = 0xCC;
    struct porin_verify_input input = {
        .text = text, .text_size = z.length + 1u, .text_offset = PORIN_IMAGE_BASE, .allow_rdtsc = true, .scratch = scratch,
        .gates = { { 0, 1, UINT32_MAX } }, /* branches may go anywhere */
    };
    if (porin_verify_scratch_words(input.text_size) > sizeof scratch / sizeof *scratch || !porin_verify_text(&input, &report))
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
    return 0;
}

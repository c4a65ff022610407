/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: any bytes as a text. Whatever the verdict, it comes without touching memory it was not given; the report points into
 * the text; and what is accepted is looked at again with Zydis, instruction by instruction, label by label, branch by branch.
 * With PORIN_VERIFIER_MUTANTS it is the canary: one check is off, and the fuzzer must find that out. */
#include <Zydis/Zydis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "layout.h"
#include "oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#ifdef PORIN_VERIFIER_MUTANTS
extern const struct refuse_site __start_refuse_sites[], __stop_refuse_sites[];
const struct refuse_site *refuse_switched_off;

static void switch_one_off(void)
{
    const char *wanted = getenv("CANARY");
    for (const struct refuse_site *site = __start_refuse_sites; wanted && site < __stop_refuse_sites; site++)
        if (!strcmp(site->condition, wanted))
            refuse_switched_off = site;
    if (wanted && !refuse_switched_off) {
        fprintf(stderr, "fuzz_text: the verifier has no check %s: name one that it has\n", wanted);
        exit(1);
    }
}
#else
static void switch_one_off(void)
{
}
#endif

static void __attribute__((noreturn)) wrong(size_t offset, const char *problem)
{
    fprintf(stderr, "fuzz_text: accepted, but at %zu: %s\n", offset, problem);
    abort();
}

static bool starts_at(const uint64_t *starts, size_t offset)
{
    return starts[offset / 64] >> offset % 64 & 1;
}

static bool is_gate(int64_t slot_offset)
{
    return slot_offset >= PORIN_GATES_SERVICE && slot_offset < PORIN_GATES_SERVICE + PORIN_SERVICE_GATES * PORIN_SERVICE_GATE_SIZE
        && slot_offset % PORIN_SERVICE_GATE_SIZE == 0;
}

static void check_branch(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operand, const uint64_t *starts, size_t offset,
                         size_t size)
{
    if (operand->type != ZYDIS_OPERAND_TYPE_IMMEDIATE || !operand->imm.is_relative)
        return;
    int64_t target = (int64_t)(offset + z->length) + operand->imm.value.s;
    if (target < 0 || target >= (int64_t)size ? !is_gate(PORIN_IMAGE_BASE + target) : !starts_at(starts, (size_t)target))
        wrong(offset, "a direct branch goes where none may");
}

/* One step of a sequence, or padding: neither is an instruction that stands by itself. */
static bool stands_alone(const uint8_t *window)
{
    struct instruction in = { 0 };
    struct prefixes prefixes = read_prefixes(window);
    struct porin_verify_input policy = { 0 };
    if (decode(window, &prefixes, &in) || check_instruction(&policy, window, &prefixes, &in))
        return false;
    const char *problem = oracle_check(window, &prefixes, &in);
    if (problem)
        wrong(0, problem);
    return true;
}

static void check_accepted(const uint8_t *bytes, size_t size, const uint64_t *starts)
{
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    bool in_sequence = false;
    for (size_t offset = 0, length; offset < size; offset += length) {
        ZydisDecodedInstruction z;
        ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
        uint8_t window[DECODE_WINDOW] = { 0 };
        memcpy(window, bytes + offset, size - offset < sizeof window ? size - offset : sizeof window);
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes + offset, size - offset, &z, operands)))
            wrong(offset, "no instruction");
        length = z.length;
        bool alone = starts_at(starts, offset) && stands_alone(window);
        if (!starts_at(starts, offset) && !in_sequence)
            wrong(offset, "no instruction start, but no sequence either");
        in_sequence = !alone && z.mnemonic != ZYDIS_MNEMONIC_NOP;
        for (size_t i = 1; i < length; i++)
            if (starts_at(starts, offset + i))
                wrong(offset + i, "an instruction start inside an instruction");
        check_branch(&z, &operands[0], starts, offset, size);
    }
    for (size_t i = 0; i + 4 <= size; i++)
        if (!memcmp(bytes + i, "\xF3\x0F\x1E\xFA", 4) && !starts_at(starts, i))
            wrong(i, "label bytes inside something");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct porin_verify_report report, again;
    size_t words = porin_verify_scratch_words(size);
    uint64_t *scratch = malloc(words * sizeof *scratch); /* exactly, so that the sanitizer sees any step beyond */
    struct porin_verify_input input = {
        .text = bytes, .text_size = size, .text_offset = PORIN_IMAGE_BASE, .scratch = scratch,
        .gates = { { PORIN_GATES_SERVICE, PORIN_SERVICE_GATE_SIZE, PORIN_SERVICE_GATES } },
    };
    switch_one_off();
    memset(scratch, 0xA5, words * sizeof *scratch);
    bool accepted = porin_verify_text(&input, &report);
    if (accepted)
        check_accepted(bytes, size, scratch);
    else if (!report.reason || report.reason >= PORIN_REASON_COUNT || (size && report.offset + report.length > size))
        abort();
    if (porin_verify_text(&input, &again) != accepted || memcmp(&report, &again, sizeof report))
        abort(); /* the verdict depends on nothing but the input */
    free(scratch);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Two attacks on accepted code, executed natively.
 * Flips: every bit of every sequence (and every pair of adjacent bits) is flipped. What the verifier still accepts is run with hostile
 * registers and must do nothing a domain may not do, land on labels only and never show the slot's address.
 * Jumps: a checked jump to every byte of an accepted text, to data and to far places. It must reach labels of the text only. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "case_checks.h"
#include "encodings.h"
#include "execute.h"
#include "layout.h"

extern const uint8_t *const sequence_table[];

#define LABEL_AT 0x2000u     /* endbr64 and a trap */
#define PLAIN_AT 0x3000u     /* a trap without label: nothing may land here */
#define TEXT_USED 0x3010u
#define DATA_LABEL EXECUTE_DATA
#define CHOICES 12u

static unsigned problems;
static struct { unsigned flipped, accepted, runs, jumps, labels; uint64_t hash; } totals;

/* Which flips of sequences are accepted is part of the accepted set: a change is declared here. */
#define DECLARED_FLIPS 0x750a7a1156838145ull

static bool accepted(const uint8_t *text, size_t size)
{
    static uint64_t scratch[2 * (EXECUTE_TEXT_SIZE / 64 + 1)];
    struct porin_verify_report report;
    struct porin_verify_input input = {
        .text = text, .text_size = size, .text_offset = PORIN_IMAGE_BASE, .scratch = scratch,
        .gates = { { PORIN_GATES_SERVICE, PORIN_SERVICE_GATE_SIZE, PORIN_SERVICE_GATES } },
    };
    return porin_verify_text(&input, &report);
}

static void complain(const uint8_t *code, size_t size, const char *problem, const struct execute_outcome *out)
{
    if (problems++ > 20)
        return;
    printf("problem: %s (signal %d at slot offset 0x%llx):", problem, out->signal, (unsigned long long)out->rip);
    for (size_t i = 0; i < size; i++)
        printf(" %02x", code[i]);
    printf("\n");
}

/* Where an indirect branch is to go: to the label, beside it, to code without label, to data with label bytes, out of the slot. */
static uint64_t destination(unsigned choice)
{
    const uint64_t places[] = {
        PORIN_IMAGE_BASE + LABEL_AT, PORIN_IMAGE_BASE + PLAIN_AT, PORIN_IMAGE_BASE + LABEL_AT + 1, PORIN_IMAGE_BASE + LABEL_AT + 4,
        DATA_LABEL, (8ull << 30) + PORIN_IMAGE_BASE + LABEL_AT, ~0ull, 0, PORIN_GATES_SERVICE,
        0xDEAD00000000ull + PORIN_IMAGE_BASE + PLAIN_AT, PORIN_IMAGE_BASE + PLAIN_AT, PORIN_IMAGE_BASE + LABEL_AT,
    };
    return places[choice % CHOICES];
}

/* A capability pointer: at and beyond both edges of the object, of other registers, with bits where none belong. */
static uint64_t capability(unsigned choice)
{
    static const uint32_t offsets[CHOICES] = { 0, 32, EXECUTE_OBJECT_SIZE / 2 - 32, EXECUTE_OBJECT_SIZE / 2 - 1, EXECUTE_OBJECT_SIZE / 2,
                                               EXECUTE_OBJECT_SIZE - 1, EXECUTE_OBJECT_SIZE, 0xFFFFFFFF, 0xFFFFFFF9, 0xFFFFFFE1, 64, 64 };
    uint64_t number = choice == 10 ? EXECUTE_REGISTER + 1 : EXECUTE_REGISTER;
    return number << PORIN_CAPABILITY_SHIFT | (choice == 11 ? 0xABCDEull << 32 : 0) | offsets[choice];
}

static unsigned bulk;    /* the register that a bulk copy takes its capability pointer from; 0: it is none */

/* Writing is allowed to the first half of the object only. */
static bool object_whole(void)
{
    const uint8_t *object = execute_object();
    for (unsigned i = EXECUTE_OBJECT_SIZE / 2; i < EXECUTE_OBJECT_SIZE; i++)
        if (object[i])
            return false;
    return true;
}

static void prepare(unsigned choice)
{
    static const uint32_t label = PORIN_LABEL_BYTES;
    uint8_t *data = execute_data();
    for (unsigned i = 0; i < EXECUTE_DATA_SIZE; i += 8) { /* every word of data is a destination */
        uint64_t to = destination(choice);
        memcpy(data + i, &to, sizeof to);
    }
    memcpy(data, &label, sizeof label);
    for (unsigned i = 0; i < 16; i++)
        execute_registers[i] = destination(choice + i % 2) | (i % 3 == 2 ? 0xFFFFull << 48 : 0);
    execute_registers[RCX] = 1 + choice;
    execute_registers[RDI] = EXECUTE_DATA + 0x4000 + (uint64_t)(choice % 4) * (0xFFull << 32);
    execute_registers[RSI] = (choice % 5 ? EXECUTE_DATA + 0x6000 : 0xFFFFFFFF) + (uint64_t)(choice % 3) * (1ull << 40);
    if (bulk) {
        static const uint64_t lengths[CHOICES] = { 0, 1, 32, 1, EXECUTE_OBJECT_SIZE / 2, 1, 0, 1, 7, 0xFFFFFFFF, 3, ~0ull };
        execute_registers[RCX] = lengths[choice];
        execute_registers[bulk] = capability(choice);
    }
    execute_registers[RBX] = capability(choice);
    execute_registers[R12] = choice % 3;
    execute_registers[RAX] = destination(choice);
    execute_registers[R11] = EXECUTE_DATA + 0x1000;
    execute_registers[R15] = EXECUTE_DATA + 0x2000;
}

static void run_text(const uint8_t *text, size_t sequence_size)
{
    execute_place(text, TEXT_USED);
    for (unsigned choice = 0; choice < CHOICES; choice++) {
        prepare(choice);
        struct execute_outcome out = execute_text(0);
        totals.runs++;
        uint64_t at = out.rip - PORIN_IMAGE_BASE;
        if (out.problem)
            complain(text, sequence_size, out.problem, &out);
        else if (out.signal == SIGTRAP && at == PLAIN_AT + 1)
            complain(text, sequence_size, "landed where there is no label", &out);
        else if (out.signal == SIGTRAP && at > LABEL_AT && at != LABEL_AT + 5)
            complain(text, sequence_size, "landed beside the label", &out);
        else if (out.signal == SIGSEGV && out.rip == out.address && out.rip >> 32)
            complain(text, sequence_size, "jumped out of the slot", &out);
        else if (out.shows_base && (out.signal == SIGTRAP || out.signal == SIGILL) && at >= sequence_size)
            complain(text, sequence_size, "shows the slot's address", &out);
        else if (!object_whole())
            complain(text, sequence_size, "wrote where the capability does not allow it", &out);
    }
}

static void try_flip(uint8_t *text, size_t size, unsigned bit, unsigned mask)
{
    text[bit / 8] ^= (uint8_t)(mask << bit % 8);
    totals.flipped++;
    bool still = accepted(text, TEXT_USED);
    totals.hash = mix(totals.hash + still);
    if (still) {
        totals.accepted++;
        run_text(text, size);
    }
    text[bit / 8] ^= (uint8_t)(mask << bit % 8);
}

static void flip(const uint8_t *sequence, size_t size)
{
    static uint8_t text[TEXT_USED];
    for (unsigned i = 0; i < TEXT_USED; i += 2)
        memcpy(text + i, "\x0F\x0B", 2);
    memcpy(text + LABEL_AT, "\xF3\x0F\x1E\xFA\xCC\xCC", 6);
    memcpy(text + PLAIN_AT, "\xCC\xCC", 2);
    memcpy(text, sequence, size);
    bulk = memcmp(text, "\x49\x89\xF2", 3) == 0 ? RSI : memcmp(text, "\x49\x89\xFA", 3) == 0 ? RDI : 0;
    if (size % 2)
        text[size] = 0xCC; /* the filling's first half was overwritten */
    if (!accepted(text, TEXT_USED)) {
        struct execute_outcome none = { 0 };
        complain(text, size, "a sequence of the test is refused", &none);
        return;
    }
    run_text(text, size);
    for (unsigned bit = 0; bit < size * 8; bit++) {
        try_flip(text, size, bit, 1);
        if (bit % 8 != 7)
            try_flip(text, size, bit, 3);
    }
}

/* --- jump everywhere --- */
static const uint8_t stub[] = { /* movl %eax, %r10d; the check; jmp *%r10; ud2 */
    0x41, 0x89, 0xC2, 0x47, 0x8B, 0x1C, 0x16, 0x41, 0x81, 0xC3, 0x0D, 0xF0, 0xE1, 0x05, 0x75, 0x06, 0x4D, 0x01, 0xF2, 0x41, 0xFF, 0xE2,
    0x0F, 0x0B,
};
#define STUB_TRAP (sizeof stub - 2)

static void jump_to(uint64_t target, const uint8_t *text, size_t size)
{
    size_t offset = (uint32_t)target - PORIN_IMAGE_BASE; /* only 32 bits count */
    bool label = offset + 4 <= size && !memcmp(text + offset, "\xF3\x0F\x1E\xFA", 4);
    totals.jumps++;
    totals.labels += label;
    prepare(0);
    execute_registers[RAX] = target;
    if (label)
        return; /* what is there may run: it is a legal target */
    struct execute_outcome out = execute_text(0);
    bool trapped = out.signal == SIGILL && out.rip == PORIN_IMAGE_BASE + STUB_TRAP;
    bool no_memory = out.rip == PORIN_IMAGE_BASE + 3, no_code = (uint32_t)target == DATA_LABEL;
    bool faulted = out.signal == SIGSEGV && (no_memory || no_code);
    if (out.problem || !(trapped || faulted))
        complain(text, 0, out.problem ? out.problem : "an indirect jump went where no label is", &out);
}

static void jump_everywhere(void)
{
    bulk = 0;
    static uint8_t text[EXECUTE_TEXT_SIZE];
    size_t size = sizeof stub;
    memcpy(text, stub, size);
    for (const struct test_case *c = case_table; c->name; c++) /* every accepted case that is accepted after others */
        if (!c->reason && size + (size_t)(c[1].code - c->code) < sizeof text) {
            memcpy(text + size, c->code, (size_t)(c[1].code - c->code));
            if (accepted(text, size + (size_t)(c[1].code - c->code)))
                size += (size_t)(c[1].code - c->code);
        }
    execute_place(text, size);
    for (uint64_t target = PORIN_IMAGE_BASE - 64; target < PORIN_IMAGE_BASE + size + 64; target++) {
        jump_to(target, text, size);
        jump_to(target | 0x7FFF00000000, text, size); /* the same place */
    }
    static const uint64_t far[] = {
        0, 4, 0xFFFF, 0x10000, DATA_LABEL, DATA_LABEL + 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFF0000,
    };
    for (size_t i = 0; i < sizeof far / sizeof *far; i++)
        jump_to(far[i], text, size);
}

int main(void)
{
    if (!execute_begin())
        return 2;
    for (const uint8_t *const *sequence = sequence_table; sequence[1]; sequence++)
        flip(sequence[0], (size_t)(sequence[1] - sequence[0]));
    jump_everywhere();
    if (!execute_end())
        problems++;
    if (totals.hash != DECLARED_FLIPS) {
        printf("problem: other flips of sequences are accepted than declared: hash 0x%llxull\n", (unsigned long long)totals.hash);
        problems++;
    }
    if (totals.labels < 4) /* the test must not pass because there was nothing to find */
        problems++;
    printf("attack: %u flips, %u still accepted, %u runs; %u jumps, %u of them to labels; %u problems\n", totals.flipped, totals.accepted,
           totals.runs, totals.jumps, totals.labels, problems);
    return problems ? 1 : 0;
}

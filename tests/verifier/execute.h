/* SPDX-License-Identifier: Apache-2.0 */
/* Executes accepted code natively in a slot of its own, with hostile register values, and says what it did that no domain may do. */
#ifndef TESTS_VERIFIER_EXECUTE_H
#define TESTS_VERIFIER_EXECUTE_H
#include "verifier/rules.h"

/* Maps the slot and catches signals. False, with a message, if this machine cannot. */
bool execute_begin(void);
/* Runs one accepted instruction; `choice` picks the register values. NULL, or what was wrong (static text). */
const char *execute_instruction(const uint8_t *bytes, const struct prefixes *prefixes, const struct instruction *in, unsigned choice);
/* Whole texts: `size` bytes at the start of the slot's text, the rest of it filled with traps. Data lies at EXECUTE_DATA. */
#define EXECUTE_TEXT_SIZE 0x10000u
#define EXECUTE_DATA 0x200000u
#define EXECUTE_DATA_SIZE 0x10000u
void execute_place(const uint8_t *text, size_t size);
uint8_t *execute_data(void);
/* A capability on this many bytes, the first half of them writable, is in this register; no other has one. */
#define EXECUTE_REGISTER 12u
#define EXECUTE_OBJECT_SIZE 0x1000u
uint8_t *execute_object(void);
/* Registers for the next run, by number; rsp and r14 are set by the run itself. */
extern uint64_t execute_registers[16];
struct execute_outcome {
    const char *problem;     /* what the code did that no domain may do; NULL: nothing */
    int signal;              /* how it ended; SIGVTALRM: it ran for too long */
    uint64_t rip;            /* where, as slot offset */
    uint64_t address;        /* of a fault, as slot offset */
    bool shows_base;         /* a register other than rsp, r10, r14 holds an address in the slot or its guards */
};
struct execute_outcome execute_text(uint32_t text_offset);

/* Prints which accepted forms this CPU cannot execute. False, with a message, if anything was written in the neighbouring slot. */
bool execute_end(void);
#endif

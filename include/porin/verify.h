/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier: decides whether machine code may run as a Porin domain. Links alone: no malloc, no I/O, no globals written.
 * Thread-safe; time linear in text_size; stack bounded. */
#ifndef PORIN_VERIFY_H
#define PORIN_VERIFY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why code is refused; the rows stand in trusted/tables/reasons.def. PORIN_REASON_NONE means accepted. */
enum porin_reason {
#define REASON(id, name, text) PORIN_REASON_##id,
#include "porin/reasons.def"
#undef REASON
    PORIN_REASON_COUNT
};

/* Gates code may call or jump to directly: first, first + stride, ... (count of them), slot offsets. */
struct porin_verify_gates { uint32_t first, stride, count; };

struct porin_verify_input {
    const uint8_t *text;            /* the code as it will be mapped; must not change while verified */
    size_t text_size;               /* bytes; at most 1 GiB */
    uint32_t text_offset;           /* slot offset of text[0] */
    struct porin_verify_gates gates[2]; /* service gates, import gates */
    bool allow_rdtsc;               /* policy: accept rdtsc */
    uint64_t *scratch;              /* porin_verify_scratch_words(text_size) words, contents ignored. Afterwards, if the text was accepted:
                                     * bit n says that a branch may go to byte n, where an instruction or a whole sequence starts */
};

/* Facts about accepted code that gates rely on (rule V13). */
#define PORIN_USES_X87        1u    /* any x87 instruction */
#define PORIN_USES_AVX        2u    /* any VEX-encoded vector instruction (ymm upper halves can be dirty) */
#define PORIN_USES_EVEX       4u    /* EVEX forms, opmask registers or zmm */
#define PORIN_USES_THREAD_POINTER 8u /* reads gs:PORIN_TB_THREAD_POINTER */
#define PORIN_USES_CALL_ERROR 16u    /* reads gs:PORIN_TB_CALL_ERROR */
#define PORIN_USES_X87_STATUS 64u    /* fnstsw: the only way to see x87 exception flags, condition code and top of stack */
#define PORIN_USES_FENV       32u    /* branches to PORIN_GATE_FENV, the only way to see MXCSR's flags or to change its rounding */
#define PORIN_USES_CAPABILITIES 128u /* capability accesses, or branches to the capability gate */

struct porin_verify_report {
    enum porin_reason reason;       /* NONE: accepted */
    uint32_t offset;                /* refused: byte offset into text of the offending instruction */
    uint32_t length;                /* refused: bytes of it that were understood, at least 1 */
    uint32_t uses;                  /* accepted: PORIN_USES_* */
    uint64_t cpu_features;          /* accepted: bit n set: feature n of trusted/tables/features.def is needed */
};

/* Scratch memory needed, in 64-bit words. */
size_t porin_verify_scratch_words(size_t text_size);

/* Returns true if accepted. Always fills *report. */
bool porin_verify_text(const struct porin_verify_input *input, struct porin_verify_report *report);

/* Stable one-word name of a reason ("memory-base"), and one sentence that says what to do. */
const char *porin_reason_name(enum porin_reason reason);
const char *porin_reason_text(enum porin_reason reason);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Matching of multi-instruction sequences (trusted/tables/sequences.def). */
#ifndef PORIN_VERIFIER_SEQUENCE_H
#define PORIN_VERIFIER_SEQUENCE_H
#include "verifier/decode.h"

struct sequence_match {
    size_t length;          /* bytes of the whole sequence; 0: none stands here */
    bool begun;             /* the first instruction is the head of one */
    const struct form *last; /* form of its last step */
    size_t branch_end;      /* where its direct branch ends, relative to the sequence; 0: it has none */
    int32_t branch_distance;
    bool branch_traps;      /* what it goes to must be a ud2 */
    int32_t table;          /* slot offset of the places it may go to */
    uint32_t places;        /* ... and their number; 0: it has none */
    uint8_t uses;
    uint64_t features;
};

/* The bytes at offset for decode(): near the end of the text a padded copy, since it may look beyond them. */
struct window { uint8_t bytes[DECODE_WINDOW]; };
const uint8_t *window_copy(const struct porin_verify_input *input, size_t offset, struct window *window);
static inline const uint8_t *window_at(const struct porin_verify_input *input, size_t offset, struct window *window)
{
    return input->text_size - offset >= DECODE_WINDOW ? input->text + offset : window_copy(input, offset, window);
}

struct sequence_match match_sequence(const struct porin_verify_input *input, size_t offset);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the zlib domain offers to other domains: compressed streams whose data travels by capability.
 *
 * Domains share no memory. A caller lends a run its input for reading and room for the output, for the time of that call: memory of its
 * own, or what it was lent itself. zlib reads and writes there at once; nothing is copied on the way.
 * A stream is a number. What a run does not consume is forgotten, and the caller gives it again. The caller must not believe the numbers
 * that come back: it compares them with what it asked for. */
#ifndef DEMO_STREAM_H
#define DEMO_STREAM_H
#include <stdint.h>
#include "porin/bind.h"

enum { STREAM_INPUT_MAX = 16384, STREAM_OUTPUT_MAX = 16384, STREAM_KEEP_WINDOW = 1000 };
/* Registers are kept and hidden: the two do not trust each other. */
#define STREAM_ENTRY PORIN_ENTRY PORIN_POLICY(PORIN_POLICY_REGISTER_INTEGRITY | PORIN_POLICY_REGISTER_CONFIDENTIALITY)

enum stream_direction { STREAM_DEFLATE, STREAM_INFLATE };

struct stream_words { uint64_t low, high; };

/* A stream of zlib's parameters; level, memory_level and strategy are deflate's. Returns its number, or a zlib status below 0. */
STREAM_ENTRY int64_t stream_open(uint64_t direction, int64_t level, int64_t window_bits, int64_t memory_level, int64_t strategy);
/* The following return a zlib status. window_bits may be STREAM_KEEP_WINDOW. */
STREAM_ENTRY int64_t stream_reset(int64_t stream, int64_t window_bits);
STREAM_ENTRY int64_t stream_validate(int64_t stream, int64_t check);
STREAM_ENTRY int64_t stream_close(int64_t stream);
/* Runs zlib over `size` bytes of input with room for `room` bytes of output, as many of both as it takes at once. low: its status (low
 * half) and how much it consumed; high: how much it produced. */
STREAM_ENTRY struct stream_words stream_run(int64_t stream, int64_t flush, const uint8_t PORIN_CAP *input PORIN_IN(size), uint64_t size,
                                            uint8_t PORIN_CAP *output PORIN_OUT(room), uint64_t room);
/* zlib's message about the stream, or nothing. */
STREAM_ENTRY PORIN_FAILS(-1) int stream_message(int64_t stream, char *to PORIN_OUT(size) PORIN_STRING, uint64_t size);
/* zlib's checksums, continued. */
STREAM_ENTRY PORIN_FAILS(0) uint64_t stream_crc32(uint64_t sum, const uint8_t PORIN_CAP *bytes PORIN_IN(size), uint64_t size);
STREAM_ENTRY PORIN_FAILS(0) uint64_t stream_adler32(uint64_t sum, const uint8_t PORIN_CAP *bytes PORIN_IN(size), uint64_t size);
/* How many bytes of input inflate has consumed so far. */
STREAM_ENTRY uint64_t stream_inflated(void);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the zlib domain offers to other domains: compressed streams whose data travels in registers.
 *
 * Domains share no memory, and a call costs nanoseconds, so data crosses the way arguments do: 32 bytes in with each stream_put, 16
 * bytes out with each stream_get. Neither side can make the other touch memory, and nothing has to be granted.
 * A stream is a number. Data given since the last stream_run is what that run reads; what it does not consume is forgotten, and the
 * caller gives it again. The caller must not believe the numbers that come back: it compares them with what it asked for. */
#ifndef DEMO_STREAM_H
#define DEMO_STREAM_H
#include <stdint.h>
#include "porin/bind.h"

enum { STREAM_PUT_BYTES = 32, STREAM_GET_BYTES = 16, STREAM_INPUT_MAX = 16384, STREAM_OUTPUT_MAX = 16384, STREAM_KEEP_WINDOW = 1000 };
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
/* Appends the first `size` bytes (at most STREAM_PUT_BYTES) of the four words to the input of the next run. */
STREAM_ENTRY int64_t stream_put(int64_t stream, uint64_t size, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
/* Runs zlib with room for `room` bytes of output. low: its status (low half) and how much it consumed; high: how much it produced. */
STREAM_ENTRY struct stream_words stream_run(int64_t stream, int64_t flush, uint64_t room);
/* Sixteen bytes of the last run's output, from byte `at` on. */
STREAM_ENTRY struct stream_words stream_get(int64_t stream, uint64_t at);
/* Sixteen bytes of zlib's message about the stream, from byte `at` on; zeros behind its end. */
STREAM_ENTRY struct stream_words stream_message(int64_t stream, uint64_t at);
/* zlib's checksums, continued over the first `size` bytes of the four words. */
STREAM_ENTRY uint64_t stream_crc32(uint64_t sum, uint64_t size, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
STREAM_ENTRY uint64_t stream_adler32(uint64_t sum, uint64_t size, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
#endif

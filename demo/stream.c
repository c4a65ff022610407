/* SPDX-License-Identifier: Apache-2.0 */
/* zlib domain: streams for other domains (stream.h). Everything that arrives here is somebody else's: it is checked. */
#include "stream.h"
#include "porin/capability.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { STREAMS = 16 };

struct stream {
    enum stream_direction direction;
    z_stream z;
    unsigned char input[STREAM_INPUT_MAX], output[STREAM_OUTPUT_MAX];
};
static struct stream *streams[STREAMS + 1]; /* number 0 is none */

static struct stream *stream_find(int64_t number)
{
    return number > 0 && number <= STREAMS ? streams[number] : NULL;
}

int64_t stream_open(uint64_t direction, int64_t level, int64_t window_bits, int64_t memory_level, int64_t strategy)
{
    int64_t number = 1;
    while (number <= STREAMS && streams[number])
        number++;
    if (number > STREAMS || direction > STREAM_INFLATE)
        return Z_STREAM_ERROR;
    struct stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return Z_MEM_ERROR;
    stream->direction = (enum stream_direction)direction;
    int status = direction == STREAM_DEFLATE
                     ? deflateInit2(&stream->z, (int)level, Z_DEFLATED, (int)window_bits, (int)memory_level, (int)strategy)
                     : inflateInit2(&stream->z, (int)window_bits);
    if (status != Z_OK) {
        free(stream);
        return status;
    }
    streams[number] = stream;
    return number;
}

int64_t stream_reset(int64_t number, int64_t window_bits)
{
    struct stream *stream = stream_find(number);
    if (!stream)
        return Z_STREAM_ERROR;
    if (stream->direction == STREAM_DEFLATE)
        return deflateReset(&stream->z);
    return window_bits == STREAM_KEEP_WINDOW ? inflateReset(&stream->z) : inflateReset2(&stream->z, (int)window_bits);
}

int64_t stream_validate(int64_t number, int64_t check)
{
    struct stream *stream = stream_find(number);
    return stream && stream->direction == STREAM_INFLATE ? inflateValidate(&stream->z, (int)check) : Z_STREAM_ERROR;
}

int64_t stream_close(int64_t number)
{
    struct stream *stream = stream_find(number);
    if (!stream)
        return Z_STREAM_ERROR;
    int status = stream->direction == STREAM_DEFLATE ? deflateEnd(&stream->z) : inflateEnd(&stream->z);
    free(stream);
    streams[number] = NULL;
    return status;
}

static uint64_t inflated;

struct stream_words stream_run(int64_t number, int64_t flush, const uint8_t PORIN_CAP *input, uint64_t size, uint8_t PORIN_CAP *output,
                               uint64_t room)
{
    struct stream *stream = stream_find(number);
    if (!stream || (size && !input) || (room && !output))
        return (struct stream_words){(uint32_t)Z_STREAM_ERROR, 0};
    size = size < sizeof stream->input ? size : sizeof stream->input;
    room = room < sizeof stream->output ? room : sizeof stream->output;
    if (size)
        porin_cap_read(stream->input, input, size); /* once: whoever lends it may change it meanwhile */
    stream->z.next_in = stream->input;
    stream->z.avail_in = (uInt)size;
    stream->z.next_out = stream->output;
    stream->z.avail_out = (uInt)room;
    int status = stream->direction == STREAM_DEFLATE ? deflate(&stream->z, (int)flush) : inflate(&stream->z, (int)flush);
    uint64_t consumed = size - stream->z.avail_in, produced = room - stream->z.avail_out;
    if (produced)
        porin_cap_write(output, stream->output, produced);
    if (stream->direction == STREAM_INFLATE)
        inflated += consumed;
    return (struct stream_words){(uint32_t)status | consumed << 32, produced};
}

uint64_t stream_inflated(void)
{
    return inflated;
}

int stream_message(int64_t number, char *to, uint64_t size)
{
    struct stream *stream = stream_find(number);
    if (!size)
        return -1;
    strncpy(to, stream && stream->z.msg ? stream->z.msg : "", size - 1);
    to[size - 1] = 0;
    return 0;
}

typedef uLong checksum_step(uLong sum, const Bytef *bytes, uInt size);

static uint64_t checksum(checksum_step *step, uint64_t sum, const uint8_t PORIN_CAP *bytes, uint64_t size)
{
    uint8_t piece[4096];
    if (!bytes)
        return sum;
    for (uint64_t now; size; size -= now, bytes += now) {
        now = size < sizeof piece ? size : sizeof piece;
        porin_cap_read(piece, bytes, now);
        sum = step(sum, piece, (uInt)now);
    }
    return sum;
}

uint64_t stream_crc32(uint64_t sum, const uint8_t PORIN_CAP *bytes, uint64_t size) { return checksum(crc32, sum, bytes, size); }
uint64_t stream_adler32(uint64_t sum, const uint8_t PORIN_CAP *bytes, uint64_t size) { return checksum(adler32, sum, bytes, size); }

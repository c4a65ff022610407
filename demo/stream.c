/* SPDX-License-Identifier: Apache-2.0 */
/* zlib domain: streams for other domains (stream.h). Everything that arrives here is somebody else's: it is checked. */
#include "stream.h"
#include "porin/domain.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { STREAMS = 16, MESSAGE_MAX = 128 };

struct stream {
    enum stream_direction direction;
    z_stream z;
    size_t given, produced;
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
PORIN_EXPORT(stream_open);

int64_t stream_reset(int64_t number, int64_t window_bits)
{
    struct stream *stream = stream_find(number);
    if (!stream)
        return Z_STREAM_ERROR;
    stream->given = stream->produced = 0;
    if (stream->direction == STREAM_DEFLATE)
        return deflateReset(&stream->z);
    return window_bits == STREAM_KEEP_WINDOW ? inflateReset(&stream->z) : inflateReset2(&stream->z, (int)window_bits);
}
PORIN_EXPORT(stream_reset);

int64_t stream_validate(int64_t number, int64_t check)
{
    struct stream *stream = stream_find(number);
    return stream && stream->direction == STREAM_INFLATE ? inflateValidate(&stream->z, (int)check) : Z_STREAM_ERROR;
}
PORIN_EXPORT(stream_validate);

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
PORIN_EXPORT(stream_close);

int64_t stream_put(int64_t number, uint64_t size, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    const uint64_t words[] = {a, b, c, d};
    struct stream *stream = stream_find(number);
    if (!stream || size > sizeof words || size > sizeof stream->input - stream->given)
        return Z_STREAM_ERROR;
    memcpy(stream->input + stream->given, words, size);
    stream->given += size;
    return Z_OK;
}
PORIN_EXPORT(stream_put);

struct stream_words stream_run(int64_t number, int64_t flush, uint64_t room)
{
    struct stream *stream = stream_find(number);
    if (!stream || room > sizeof stream->output)
        return (struct stream_words){(uint32_t)Z_STREAM_ERROR, 0};
    stream->z.next_in = stream->input;
    stream->z.avail_in = (uInt)stream->given;
    stream->z.next_out = stream->output;
    stream->z.avail_out = (uInt)room;
    int status = stream->direction == STREAM_DEFLATE ? deflate(&stream->z, (int)flush) : inflate(&stream->z, (int)flush);
    uint64_t consumed = stream->given - stream->z.avail_in;
    stream->produced = room - stream->z.avail_out;
    stream->given = 0;
    return (struct stream_words){(uint32_t)status | consumed << 32, stream->produced};
}
PORIN_EXPORT(stream_run);

static struct stream_words words_at(const void *bytes, size_t size, uint64_t at)
{
    struct stream_words words = {0, 0};
    if (at < size)
        memcpy(&words, (const char *)bytes + at, size - at < sizeof words ? size - at : sizeof words);
    return words;
}

struct stream_words stream_get(int64_t number, uint64_t at)
{
    struct stream *stream = stream_find(number);
    return stream ? words_at(stream->output, stream->produced, at) : (struct stream_words){0, 0};
}
PORIN_EXPORT(stream_get);

struct stream_words stream_message(int64_t number, uint64_t at)
{
    struct stream *stream = stream_find(number);
    if (!stream || !stream->z.msg)
        return (struct stream_words){0, 0};
    return words_at(stream->z.msg, strnlen(stream->z.msg, MESSAGE_MAX), at);
}
PORIN_EXPORT(stream_message);

uint64_t stream_crc32(uint64_t sum, uint64_t size, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    const uint64_t words[] = {a, b, c, d};
    return crc32(sum, (const Bytef *)words, size < sizeof words ? (uInt)size : (uInt)sizeof words);
}
PORIN_EXPORT(stream_crc32);

uint64_t stream_adler32(uint64_t sum, uint64_t size, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    const uint64_t words[] = {a, b, c, d};
    return adler32(sum, (const Bytef *)words, size < sizeof words ? (uInt)size : (uInt)sizeof words);
}
PORIN_EXPORT(stream_adler32);

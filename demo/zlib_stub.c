/* SPDX-License-Identifier: Apache-2.0 */
/* libpng domain: the part of zlib's API that libpng calls, forwarded to the zlib domain (stream.h). libpng is unchanged and does not
 * notice. The zlib domain is not trusted: what it answers is compared with what was asked, and its death is a stream error. */
#include "zlib_stub.h"
#include "stream.h"
#include "porin/capability.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* What z_stream.state points to here. */
struct internal_state { int64_t number; enum stream_direction direction; char message[128]; };

uint64_t zlib_stub_calls;
enum { LENT_INPUT, LENT_OUTPUT }; /* capability registers */
static struct stand_in { const unsigned char *memory; size_t size; const uint8_t PORIN_CAP *bytes; } stand_in;

static int state_number(z_streamp z, enum stream_direction direction, int64_t *number)
{
    if (!z || !z->state || z->state->direction != direction)
        return Z_STREAM_ERROR;
    *number = z->state->number;
    return Z_OK;
}

static int open_stream(z_streamp z, enum stream_direction direction, int64_t number)
{
    zlib_stub_calls++;
    if (number <= 0)
        return number < Z_VERSION_ERROR ? Z_STREAM_ERROR : (int)number;
    z->state = calloc(1, sizeof *z->state);
    if (!z->state)
        return Z_MEM_ERROR;
    z->state->number = number;
    z->state->direction = direction;
    z->total_in = z->total_out = 0;
    z->msg = NULL;
    return Z_OK;
}

void zlib_stub_stand_in(const void *memory, size_t size, const uint8_t PORIN_CAP *bytes)
{
    stand_in = (struct stand_in){memory, size, bytes};
}

/* What to lend for memory that libpng names: its own, or what that stands for. */
static const uint8_t PORIN_CAP *bytes_at(const unsigned char *memory, size_t size)
{
    size_t offset = (size_t)(memory - stand_in.memory);
    if (stand_in.bytes && memory >= stand_in.memory && offset <= stand_in.size && size <= stand_in.size - offset)
        return stand_in.bytes + offset;
    return porin_cap_own(LENT_INPUT, memory, size, PORIN_RIGHT_READ);
}

static void fetch_message(z_streamp z)
{
    zlib_stub_calls++;
    if (stream_message(z->state->number, z->state->message, sizeof z->state->message) == 0 && z->state->message[0])
        z->msg = z->state->message;
}

/* One run over as much input and output as the zlib domain takes at once. *progress: something moved. */
static int run_piece(z_streamp z, int64_t number, int flush, int *progress)
{
    size_t room = z->avail_out < STREAM_OUTPUT_MAX ? z->avail_out : STREAM_OUTPUT_MAX;
    /* libpng inflates row by row: what a row does not need would have to be given again for the next one. */
    size_t enough = z->state->direction == STREAM_INFLATE ? room / 4 + 64 : STREAM_INPUT_MAX;
    size_t given = z->avail_in < enough ? z->avail_in : enough;
    struct stream_words words = stream_run(number, given < z->avail_in ? Z_NO_FLUSH : flush, bytes_at(z->next_in, given), given,
                                           porin_cap_own(LENT_OUTPUT, z->next_out, room, PORIN_RIGHT_WRITE), room);
    zlib_stub_calls++;
    int status = (int)(uint32_t)words.low;
    uint64_t consumed = words.low >> 32, produced = words.high;
    if (consumed > given || produced > room || status > Z_NEED_DICT || status < Z_VERSION_ERROR) {
        z->msg = "the zlib domain failed";
        return Z_STREAM_ERROR;
    }
    z->next_in += consumed;
    z->avail_in -= (uInt)consumed;
    z->total_in += consumed;
    z->next_out += produced;
    z->avail_out -= (uInt)produced;
    z->total_out += produced;
    *progress = consumed || produced;
    return status;
}

static int run_stream(z_streamp z, enum stream_direction direction, int flush)
{
    int64_t number;
    int status, progress, moved = 0;
    if (state_number(z, direction, &number) != Z_OK)
        return Z_STREAM_ERROR;
    do {
        status = run_piece(z, number, flush, &progress);
        moved |= progress;
    } while (status == Z_OK && progress && z->avail_out > 0);
    if (status == Z_BUF_ERROR && moved)
        status = Z_OK; /* the last piece could do no more, but the whole has moved on */
    if (status < 0 && status != Z_BUF_ERROR && !z->msg)
        fetch_message(z);
    return status;
}

static int reset_stream(z_streamp z, enum stream_direction direction, int window_bits)
{
    int64_t number;
    if (state_number(z, direction, &number) != Z_OK)
        return Z_STREAM_ERROR;
    z->total_in = z->total_out = 0;
    z->msg = NULL;
    zlib_stub_calls++;
    return (int)stream_reset(number, window_bits);
}

static int close_stream(z_streamp z, enum stream_direction direction)
{
    int64_t number;
    if (state_number(z, direction, &number) != Z_OK)
        return Z_STREAM_ERROR;
    free(z->state);
    z->state = NULL;
    zlib_stub_calls++;
    return (int)stream_close(number);
}

typedef uint64_t checksum_step(uint64_t sum, const uint8_t PORIN_CAP *bytes, uint64_t size);

static uint64_t checksum(checksum_step *step, uint64_t sum, const Bytef *bytes, uInt size)
{
    zlib_stub_calls++;
    return size ? step(sum, bytes_at(bytes, size), size) & 0xffffffff : sum;
}

/* --- zlib's API as libpng uses it; zlib.h documents each --- */
int deflateInit2_(z_streamp z, int level, int method, int window_bits, int memory_level, int strategy, const char *version, int size)
{
    if (method != Z_DEFLATED || !version || version[0] != ZLIB_VERSION[0] || size != (int)sizeof(z_stream))
        return Z_VERSION_ERROR;
    return open_stream(z, STREAM_DEFLATE, stream_open(STREAM_DEFLATE, level, window_bits, memory_level, strategy));
}

int inflateInit2_(z_streamp z, int window_bits, const char *version, int size)
{
    if (!version || version[0] != ZLIB_VERSION[0] || size != (int)sizeof(z_stream))
        return Z_VERSION_ERROR;
    return open_stream(z, STREAM_INFLATE, stream_open(STREAM_INFLATE, 0, window_bits, 0, 0));
}

int inflateInit_(z_streamp z, const char *version, int size)
{
    return inflateInit2_(z, MAX_WBITS, version, size);
}

int deflate(z_streamp z, int flush) { return run_stream(z, STREAM_DEFLATE, flush); }
int inflate(z_streamp z, int flush) { return run_stream(z, STREAM_INFLATE, flush); }
int deflateReset(z_streamp z) { return reset_stream(z, STREAM_DEFLATE, STREAM_KEEP_WINDOW); }
int inflateReset(z_streamp z) { return reset_stream(z, STREAM_INFLATE, STREAM_KEEP_WINDOW); }
int inflateReset2(z_streamp z, int window_bits) { return reset_stream(z, STREAM_INFLATE, window_bits); }
int deflateEnd(z_streamp z) { return close_stream(z, STREAM_DEFLATE); }
int inflateEnd(z_streamp z) { return close_stream(z, STREAM_INFLATE); }
uLong crc32(uLong sum, const Bytef *bytes, uInt size) { return bytes ? checksum(stream_crc32, sum, bytes, size) : 0; }
uLong adler32(uLong sum, const Bytef *bytes, uInt size) { return bytes ? checksum(stream_adler32, sum, bytes, size) : 1; }

int inflateValidate(z_streamp z, int check)
{
    int64_t number;
    if (state_number(z, STREAM_INFLATE, &number) != Z_OK)
        return Z_STREAM_ERROR;
    zlib_stub_calls++;
    return (int)stream_validate(number, check);
}

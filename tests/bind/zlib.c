/* SPDX-License-Identifier: Apache-2.0 */
/* A program that compresses with memory of its own: counted by an allocator, which refuses at some time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef BOUND
#include "zlib_bind.h"
#include "start.h"
#else
#include <zlib.h>
#endif

struct memory { int pieces, gets, left; void *held[16]; };

static voidpf get(voidpf opaque, uInt items, uInt size)
{
    struct memory *memory = opaque;
    if (memory->left-- <= 0)
        return NULL;
    memory->gets++;
    for (int i = 0; i < 16; i++)
        if (!memory->held[i]) {
            memory->pieces++;
            return memory->held[i] = calloc(items, size);
        }
    return NULL;
}

static void put(voidpf opaque, voidpf address)
{
    struct memory *memory = opaque;
    for (int i = 0; i < 16; i++)
        if (memory->held[i] == address) {
            memory->held[i] = NULL;
            memory->pieces--;
            free(address);
            return;
        }
    printf("foreign memory\n");
}

static void round_trip(int left)
{
    struct memory memory = {0, 0, left, {NULL}}, other = {0, 0, left, {NULL}};
    unsigned char text[5000], packed[6000], back[5000];
    z_stream out, in;
    memset(&out, 0, sizeof out);
    memset(&in, 0, sizeof in);
    for (int i = 0; i < 5000; i++)
        text[i] = (unsigned char)(i * i >> 6);
    out.zalloc = in.zalloc = get, out.zfree = in.zfree = put, out.opaque = &memory, in.opaque = &other;
    int status = deflateInit(&out, 6);
    printf("%d: %d pieces %d", left, status, memory.pieces);
    if (status == Z_OK) {
        out.next_in = text, out.avail_in = sizeof text, out.next_out = packed, out.avail_out = sizeof packed;
        status = deflate(&out, Z_FINISH);
        printf(" deflate %d %lu end %d", status, out.total_out, deflateEnd(&out));
    }
    status = inflateInit(&in);
    printf(" inflate %d", status);
    if (status == Z_OK) {
        in.next_in = packed, in.avail_in = (uInt)out.total_out, in.next_out = back, in.avail_out = sizeof back;
        status = inflate(&in, Z_FINISH);
        printf(" %d %d", status, status == Z_STREAM_END && memcmp(text, back, sizeof text) == 0);
        printf(" end %d", inflateEnd(&in));
    }
    printf(" pieces %d %d, asked %d %d\n", memory.pieces, other.pieces, memory.gets, other.gets);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
#ifdef BOUND
    struct porin_error error = {0};
    porin_domain *domain = start(argv[1], NULL);
    must_start(zlib_bind(domain, &error), &error);
#endif
    for (int left = 0; left < 8; left++)
        round_trip(left);
    for (int i = 0; i < 40; i++) /* places of functions are used again, also where a stream could not be opened */
        round_trip(i % 3);
    round_trip(1000);
    return 0;
}

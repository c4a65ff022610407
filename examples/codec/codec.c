// SPDX-License-Identifier: Apache-2.0
// A library that unpacks what strangers send, run-length coded: a count, a byte. It does not look how much room there is.
#include <stdint.h>
#include <string.h>

static struct { unsigned char bytes[4096]; uint32_t size; } out;

// Unpacks the next 6 bytes, which stand in a number; 0 begins anew. Returns how many bytes there are so far.
uint64_t unpack(uint64_t six)
{
    if (!six)
        return out.size = 0;
    for (int i = 0; i < 6; i += 2) {
        uint32_t count = six >> 8 * i & 0xff, byte = six >> (8 * i + 8) & 0xff;
        memset(out.bytes + out.size, (int)byte, count * count * count);
        out.size += count * count * count;
    }
    return out.size;
}

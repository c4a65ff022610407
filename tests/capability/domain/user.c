/* SPDX-License-Identifier: Apache-2.0 */
/* A domain that uses capabilities it is given, honestly or not. Each entry does one thing, as the test tells it. */
#include "porin/capability.h"
#include "porin/domain.h"
#include <stdint.h>

typedef uint8_t PORIN_CAP *bytes;

long use_read1(const uint8_t PORIN_CAP *p, long i) { return p[i]; }
long use_read2(const uint16_t PORIN_CAP *p, long i) { return p[i]; }
long use_read4(const uint32_t PORIN_CAP *p, long i) { return p[i]; }
long use_read8(const uint64_t PORIN_CAP *p, long i) { return (long)p[i]; }
void use_write1(uint8_t PORIN_CAP *p, long i, long v) { p[i] = (uint8_t)v; }
void use_write2(uint16_t PORIN_CAP *p, long i, long v) { p[i] = (uint16_t)v; }
void use_write4(uint32_t PORIN_CAP *p, long i, long v) { p[i] = (uint32_t)v; }
void use_write8(uint64_t PORIN_CAP *p, long i, long v) { p[i] = (uint64_t)v; }
void use_add8(uint64_t PORIN_CAP *p, long i, long v) { p[i] += (uint64_t)v; }

typedef long long vector __attribute__((vector_size(16), aligned(1)));
long use_read16(const vector PORIN_CAP *p, long i)
{
    vector v = p[i];
    return v[0] + v[1];
}
void use_write16(vector PORIN_CAP *p, long i, long v) { p[i] = (vector){v, v}; }

long use_sum(const uint8_t PORIN_CAP *p, long n)
{
    long sum = 0;
    for (long i = 0; i < n; i++)
        sum += p[i];
    return sum;
}

/* Keeps a pointer over the end of its scope. */
static bytes kept;
void use_keep(bytes p) { kept = p; }
long use_kept(long i) { return kept[i]; }

/* What porin_cap_make says. */
uint64_t use_make(uint64_t pointer, uint64_t size, unsigned number, int right) { return porin_cap_make(pointer, size, number, right); }

/* Makes a capability and reads through it. */
long use_make_read(uint64_t pointer, uint64_t size, unsigned number, int right, long i)
{
    const uint8_t PORIN_CAP *p = (const uint8_t PORIN_CAP *)porin_cap_make(pointer, size, number, right);
    return p ? p[i] : -1;
}

/* Calls on: what it was given, narrowed, and afterwards its own. */
long inner(bytes p, long i);
PORIN_IMPORT(inner);
long use_pass(bytes p, long from, long size, long i)
{
    long result = inner(porin_cap_pass(0, p + from, (size_t)size, PORIN_RIGHT_READ), i);
    return result + 1000 * p[0];
}

/* Lends own memory. */
static uint8_t own[64] = "abcdefghijklmnopqrstuvwxyz";
long use_lend(long from, long size, int right, long i)
{
    bytes p = porin_cap_lend(0, own + from, (size_t)size, right);
    return inner(p, i);
}
long use_own(long i) { return own[i]; }
/* Lends and does not call. */
void use_lend_only(void) { porin_cap_lend(3, own, sizeof own, PORIN_RIGHT_WRITE); }
/* Any register, as a number. */
long use_forge(uint64_t pointer) { return *(const uint8_t PORIN_CAP *)pointer; }
void use_forge_write(uint64_t pointer) { *(uint8_t PORIN_CAP *)pointer = 1; }

PORIN_EXPORT(use_read1); PORIN_EXPORT(use_read2); PORIN_EXPORT(use_read4); PORIN_EXPORT(use_read8); PORIN_EXPORT(use_read16);
PORIN_EXPORT(use_write1); PORIN_EXPORT(use_write2); PORIN_EXPORT(use_write4); PORIN_EXPORT(use_write8); PORIN_EXPORT(use_write16);
PORIN_EXPORT(use_add8); PORIN_EXPORT(use_sum); PORIN_EXPORT(use_keep); PORIN_EXPORT(use_kept); PORIN_EXPORT(use_make);
PORIN_EXPORT(use_make_read); PORIN_EXPORT(use_pass); PORIN_EXPORT(use_lend); PORIN_EXPORT(use_own); PORIN_EXPORT(use_lend_only);
PORIN_EXPORT(use_forge); PORIN_EXPORT(use_forge_write);

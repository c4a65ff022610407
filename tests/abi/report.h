/* SPDX-License-Identifier: Apache-2.0 */
/* How the test programs print what they computed: one named line per result, so that the first differing line names the computation. */
#ifndef ABI_REPORT_H
#define ABI_REPORT_H
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A function gcc knows nothing about at its call sites: arguments and results go through the real calling convention. */
#define NOIPA __attribute__((noipa, noinline))

/* A value the optimiser knows nothing about. */
#define HIDE(value) __extension__({ __typeof__(value) hidden_ = (value); __asm__ volatile("" : "+m"(hidden_)); hidden_; })

/* Memory the optimiser must believe was read and written here. */
#define TOUCH(object) __asm__ volatile("" : "+m"(object))

static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ byte[i]) * 0x100000001b3u;
    return hash;
}

static inline void put(const char *name, uint64_t value) { printf("%s %016llx\n", name, (unsigned long long)value); }

static inline void put_bytes(const char *name, const void *bytes, size_t size) { put(name, hash_bytes(0xcbf29ce484222325u, bytes, size)); }

static inline void put_text(const char *name, const char *text) { printf("%s %s\n", name, text); }

static inline void put_double(const char *name, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put(name, bits);
}

/* The ten bytes that count: the other six of a long double are whatever was in memory. */
static inline void put_long_double(const char *name, long double value)
{
    uint64_t low = 0, high = 0;
    memcpy(&low, &value, 8);
    memcpy(&high, (const char *)&value + 8, 2);
    printf("%s %04llx%016llx\n", name, (unsigned long long)high, (unsigned long long)low);
}

static inline void put_int128(const char *name, unsigned __int128 value)
{
    printf("%s %016llx%016llx\n", name, (unsigned long long)(value >> 64), (unsigned long long)value);
}

/* A small generator: results must not depend on any libc's rand. */
static inline uint64_t next_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}
#endif

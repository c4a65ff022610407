/* SPDX-License-Identifier: Apache-2.0 */
/* A storage stack of four modules, each in a file of its own: block device on a file, checksums, cache, files. Compiled by porin-cc each is
 * a domain that gets its buffers by capability; compiled by gcc all are parts of one program, with plain pointers. The same source. */
#ifndef BENCH_STORAGE_H
#define BENCH_STORAGE_H
#include <stdint.h>
#include <string.h>

#define STORAGE_BLOCK 4096u
#define STORAGE_BLOCKS 2048u     /* 8 MiB */
#define STORAGE_FILES 64u
#define STORAGE_FILE_BLOCKS 32u

#ifdef __PORIN__
#include "porin/capability.h"
#include "porin/domain.h"
#define LENT PORIN_CAP
#define STORAGE_PATH(path) "/storage/disk"
#define LEND(memory, right) porin_cap_lend(0, memory, STORAGE_BLOCK, right)
#define PASS(memory, right) porin_cap_pass(0, memory, STORAGE_BLOCK, right)
#define COPY_IN(to, from) porin_cap_read(to, from, STORAGE_BLOCK)
#define COPY_OUT(to, from) porin_cap_write(to, from, STORAGE_BLOCK)
#else
#define LENT
#define STORAGE_PATH(path) (path)
#define LEND(memory, right) (memory)
#define PASS(memory, right) (memory)
#define COPY_IN(to, from) memcpy(to, from, STORAGE_BLOCK)
#define COPY_OUT(to, from) memcpy(to, from, STORAGE_BLOCK)
#define PORIN_EXPORT(name) _Static_assert(1, "")
#define PORIN_IMPORT(name) _Static_assert(1, "")
#endif

/* All return 0, or -1 on failure. Buffers are of one block. */
long block_open(const char *path);
long block_read(uint64_t block, uint8_t LENT *to);
long block_write(uint64_t block, const uint8_t LENT *from);
long checksum_read(uint64_t block, uint8_t LENT *to);
long checksum_write(uint64_t block, const uint8_t LENT *from);
long cache_read(uint64_t block, uint8_t LENT *to);
long cache_write(uint64_t block, const uint8_t LENT *from);
long files_create(uint64_t name);      /* a number of a file */
long files_delete(uint64_t file);
long files_read(uint64_t file, uint64_t index, uint8_t LENT *to);
long files_write(uint64_t file, uint64_t index, const uint8_t LENT *from);
#endif

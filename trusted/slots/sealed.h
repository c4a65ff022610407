/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed memory files: written once, then never again through any mapping, descriptor or procfs path. */
#ifndef PORIN_RUNTIME_SEALED_H
#define PORIN_RUNTIME_SEALED_H
#include "porin/porin.h"

/* A memory file being filled: a descriptor to write to, or -1. */
int sealed_begin(const char *name, uint64_t size);
bool sealed_write(int file, const void *bytes, uint64_t size, uint64_t offset);
/* Seals against writing, growing and shrinking and returns a read-only descriptor; `file` is closed in any case. -1 on failure.
 * Mappings of the read-only descriptor can never become writable, not even by ptrace or /proc/self/mem. */
int sealed_finish(int file);
/* A memory file of zeros that is shared and written, of this size for good: a descriptor to map for writing, and one whose mappings can
 * never become writable. -1 on failure. */
int shared_file(uint64_t size, int *readable);
#endif

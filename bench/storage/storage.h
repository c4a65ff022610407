/* SPDX-License-Identifier: Apache-2.0 */
/* A storage stack of modules, each one file: block device, journal, checksums, cache, files, and above them a load generator and SQLite.
 * The same source makes domains that lend each other memory by capability (porin-cc), one domain of all with plain pointers (porin-cc
 * -DSTORAGE_ONE), and a part of an ordinary program (gcc). doc/storage.md has the picture.
 *
 * Every module distrusts the one above (arguments, capabilities) and the one below (results, contents of blocks). A module serves one
 * thread at a time. */
#ifndef STORAGE_H
#define STORAGE_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define STORAGE_BLOCK 4096u
#define STORAGE_DISK "/storage/disk"

/* What calls answer that fail; others give 0 or what they say. What comes from below is passed through storage_error first. */
enum {
    STORAGE_GONE = -1,     /* a module below has died */
    STORAGE_WRONG = -2,    /* an argument, or a capability that does not cover what it has to */
    STORAGE_DEVICE = -3,   /* the device fails, or has failed: nothing is written any more */
    STORAGE_DAMAGED = -4,  /* what was read is not what was written, or makes no sense */
    STORAGE_FULL = -5,
    STORAGE_ABSENT = -6,
};
static inline long storage_error(long result) { return result < 0 && result >= STORAGE_ABSENT ? result : STORAGE_DEVICE; }

#if defined __PORIN__ && !defined STORAGE_ONE
#include "porin/capability.h"
#include "porin/domain.h"
#define LENT PORIN_CAP
static uint64_t storage_lent; /* how many capabilities this module has made for calls */
/* Own memory, or what one was lent, for the next call. */
#define LEND(memory, size, right) (storage_lent++, porin_cap_lend(0, memory, size, PORIN_RIGHT_##right))
#define PASS(pointer, size, right) (storage_lent++, porin_cap_pass(0, pointer, size, PORIN_RIGHT_##right))
/* Does what one was lent cover so much? Asked before it is used: an access that is not allowed would end this module. */
#define COVERS(pointer, size, right) (porin_cap_narrow(7, pointer, size, PORIN_RIGHT_##right) != 0)
/* Own memory as if one was lent it. */
#define OWN(memory, size) porin_cap_own(6, memory, size, PORIN_RIGHT_READ)
#define COPY_IN(to, from, size) porin_cap_read(to, from, size)
#define COPY_OUT(to, from, size) porin_cap_write(to, from, size)
/* Own memory with the bytes of `from` in it, and own memory for bytes that STORE is to bring to `to`: own is used where `from` and `to`
 * are not. */
#define FETCH(own, from, size) (porin_cap_read(own, from, size), own)
#define PLACE(own, to) (own)
#define STORE(to, place, size) porin_cap_write(to, place, size)
#else
#define LENT
#define LEND(memory, size, right) ((void *)(memory))
#define PASS(pointer, size, right) (pointer)
#define COVERS(pointer, size, right) 1
#define COPY_IN(to, from, size) memcpy(to, from, size)
#define COPY_OUT(to, from, size) memcpy(to, from, size)
#define OWN(memory, size) ((const void *)(memory))
#define FETCH(own, from, size) ((void)(own), (from))
#define PLACE(own, to) ((void)(own), (to))
#define STORE(to, place, size) ((void)(to))
#ifdef __PORIN__
#include "porin/domain.h"
#undef PORIN_IMPORT
#else
#define PORIN_EXPORT(name) _Static_assert(1, "")
#endif
#define PORIN_IMPORT(name) _Static_assert(1, "")
static const uint64_t storage_lent;
#endif
/* What each module says of itself. */
#define STORAGE_MODULE(name) uint64_t name##_lent(void) { return storage_lent; } PORIN_EXPORT(name##_lent)

/* --- block device: blocks of a file --- */
enum { BLOCK_AT_ONCE = 64 };
/* lazy: block_flush does nothing (for measuring only). */
long block_attach(const char *path, uint64_t lazy);
long block_open(void);                  /* how many blocks there are */
long block_read(uint64_t block, uint8_t LENT *to, uint64_t blocks);
long block_write(uint64_t block, const uint8_t LENT *from, uint64_t blocks);
long block_flush(void);                 /* what was written is there after a crash */

/* --- journal: what is written between two commits is there as a whole after a crash, or not at all --- */
enum { JOURNAL_TRANSACTION = 512 };     /* blocks between two commits, at most */
long journal_open(void);                /* how many blocks there are above it */
long journal_read(uint64_t block, uint8_t LENT *to, uint64_t blocks);
long journal_write(uint64_t block, const uint8_t LENT *from);
long journal_commit(void);

/* --- checksums: a block that is not as it was written is an error. Against mistakes of the device, not its malice --- */
long checksum_open(void);
long checksum_read(uint64_t block, uint8_t LENT *to, uint64_t blocks);
long checksum_write(uint64_t block, const uint8_t LENT *from);
long checksum_commit(void);

/* --- cache: parts of blocks; written down when they must leave, and by commit --- */
long cache_open(void);
long cache_read(uint64_t block, uint64_t offset, uint8_t LENT *to, uint64_t size);
/* This and cache_clear: how many blocks have been changed since the last commit, at most. */
long cache_write(uint64_t block, uint64_t offset, const uint8_t LENT *from, uint64_t size);
long cache_clear(uint64_t block);       /* all zeros, whatever was there */
long cache_commit(void);

/* --- files: by name, found again after a crash as they were after some call, the last files_sync or a later one --- */
enum { FILES_MOST = 256, FILES_NAME = 60, FILES_MAPS = 14, FILES_AT_ONCE = 1 << 17 };
#define FILES_LARGEST ((uint64_t)FILES_MAPS * 1024 * STORAGE_BLOCK)
long files_mount(void);                 /* makes a file system on a device of zeros */
long files_open(const char LENT *name, uint64_t length, uint64_t create); /* a file, by number */
long files_remove(uint64_t file);
long files_size(uint64_t file);
long files_read(uint64_t file, uint64_t offset, uint8_t LENT *to, uint64_t size);         /* how many bytes there are, up to size */
long files_write(uint64_t file, uint64_t offset, const uint8_t LENT *from, uint64_t size); /* size: FILES_AT_ONCE at most */
long files_truncate(uint64_t file, uint64_t size);
long files_sync(void);

/* --- above: a sum of what was read, or a negative error --- */
enum { LOAD_READ, LOAD_WRITE, LOAD_MIXED, LOAD_NAMES };
long load_prepare(uint64_t files, uint64_t bytes);
/* `count` operations of `size` bytes at random places of the prepared files, or in order; synced: files_sync after each change. */
long load_run(uint64_t kind, uint64_t count, uint64_t size, uint64_t sequential, uint64_t synced, uint64_t seed);
long sql_open(uint64_t stacked);        /* on the files; or, to compare with, in memory */
long sql_run(uint64_t rows, uint64_t seed);
long sql_check(void);                   /* 0: SQLite finds the database that is there sound */
#endif

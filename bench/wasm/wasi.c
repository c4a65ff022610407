/* SPDX-License-Identifier: Apache-2.0 */
/* Runs one bench program that wasm2c translated: the few WASI calls such a program makes, and main. Everything else WASI has is
 * answered with "bad descriptor": a bench program reads no files. */
#include "wasm-rt-impl.h"
#include "program_wasm.h" /* what wasm2c made of the program, module name "program" */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WASI_OK = 0, WASI_BAD_DESCRIPTOR = 8, WASI_NOT_SUPPORTED = 58 };

struct Z_wasi_snapshot_preview1_instance_t { wasm_rt_memory_t *memory; int argc; char **argv; };
typedef struct Z_wasi_snapshot_preview1_instance_t wasi;

#define WASI(name) Z_wasi_snapshot_preview1Z_##name

static void *wasm_memory(wasi *self, u32 offset, u64 size)
{
    if ((u64)offset + size > self->memory->size) {
        fprintf(stderr, "wasi: the program passed a range outside its memory\n");
        exit(3);
    }
    return self->memory->data + offset;
}

static u32 wasm_word(wasi *self, u32 offset)
{
    u32 word;
    memcpy(&word, wasm_memory(self, offset, sizeof word), sizeof word);
    return word;
}

static void wasm_word_set(wasi *self, u32 offset, u32 word)
{
    memcpy(wasm_memory(self, offset, sizeof word), &word, sizeof word);
}

u32 WASI(args_sizes_get)(wasi *self, u32 count, u32 size)
{
    u32 bytes = 0;
    for (int i = 0; i < self->argc; i++)
        bytes += (u32)strlen(self->argv[i]) + 1;
    wasm_word_set(self, count, (u32)self->argc);
    wasm_word_set(self, size, bytes);
    return WASI_OK;
}

u32 WASI(args_get)(wasi *self, u32 pointers, u32 strings)
{
    for (int i = 0; i < self->argc; i++) {
        u32 size = (u32)strlen(self->argv[i]) + 1;
        memcpy(wasm_memory(self, strings, size), self->argv[i], size);
        wasm_word_set(self, pointers + 4 * (u32)i, strings);
        strings += size;
    }
    return WASI_OK;
}

u32 WASI(environ_sizes_get)(wasi *self, u32 count, u32 size)
{
    wasm_word_set(self, count, 0);
    wasm_word_set(self, size, 0);
    return WASI_OK;
}

u32 WASI(environ_get)(wasi *self, u32 pointers, u32 strings)
{
    (void)self, (void)pointers, (void)strings;
    return WASI_OK;
}

u32 WASI(clock_time_get)(wasi *self, u32 clock, u64 precision, u32 result)
{
    struct timespec now;
    (void)precision;
    if (clock > 1)
        return WASI_NOT_SUPPORTED;
    clock_gettime(clock ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_REALTIME, &now); /* bench programs time themselves by it: program.h */
    u64 ns = (u64)now.tv_sec * 1000000000u + (u64)now.tv_nsec;
    memcpy(wasm_memory(self, result, sizeof ns), &ns, sizeof ns);
    return WASI_OK;
}

u32 WASI(fd_write)(wasi *self, u32 descriptor, u32 vectors, u32 count, u32 written)
{
    u32 total = 0;
    if (descriptor != 1 && descriptor != 2)
        return WASI_BAD_DESCRIPTOR;
    for (u32 i = 0; i < count; i++) {
        u32 size = wasm_word(self, vectors + 8 * i + 4);
        fwrite(wasm_memory(self, wasm_word(self, vectors + 8 * i), size), 1, size, descriptor == 1 ? stdout : stderr);
        total += size;
    }
    wasm_word_set(self, written, total);
    return WASI_OK;
}

/* Descriptors 0 to 2 are character devices with all rights, so that the libc neither seeks nor buffers them as files. */
u32 WASI(fd_fdstat_get)(wasi *self, u32 descriptor, u32 result)
{
    if (descriptor > 2)
        return WASI_BAD_DESCRIPTOR;
    unsigned char *stat = wasm_memory(self, result, 24);
    memset(stat, 0, 24);
    stat[0] = 2;
    memset(stat + 8, 0xff, 16);
    return WASI_OK;
}

void WASI(proc_exit)(wasi *self, u32 status)
{
    (void)self;
    fflush(stdout);
    exit((int)status);
}

/* The rest of what wasi-libc links in. The programs of the bench reach none of it. */
#define REFUSED(name, ...) u32 WASI(name)(__VA_ARGS__) { return WASI_BAD_DESCRIPTOR; }
#pragma GCC diagnostic ignored "-Wunused-parameter"
REFUSED(fd_close, wasi *self, u32 a)
REFUSED(fd_renumber, wasi *self, u32 a, u32 b)
REFUSED(fd_seek, wasi *self, u32 a, u64 b, u32 c, u32 d)
REFUSED(fd_read, wasi *self, u32 a, u32 b, u32 c, u32 d)
REFUSED(fd_sync, wasi *self, u32 a)
REFUSED(fd_fdstat_set_flags, wasi *self, u32 a, u32 b)
REFUSED(fd_filestat_get, wasi *self, u32 a, u32 b)
REFUSED(fd_filestat_set_size, wasi *self, u32 a, u64 b)
REFUSED(fd_prestat_get, wasi *self, u32 a, u32 b)
REFUSED(fd_prestat_dir_name, wasi *self, u32 a, u32 b, u32 c)
REFUSED(fd_readdir, wasi *self, u32 a, u32 b, u32 c, u64 d, u32 e)
REFUSED(path_create_directory, wasi *self, u32 a, u32 b, u32 c)
REFUSED(path_filestat_get, wasi *self, u32 a, u32 b, u32 c, u32 d, u32 e)
REFUSED(path_open, wasi *self, u32 a, u32 b, u32 c, u32 d, u32 e, u64 f, u64 g, u32 h, u32 i)
REFUSED(path_readlink, wasi *self, u32 a, u32 b, u32 c, u32 d, u32 e, u32 f)
REFUSED(path_remove_directory, wasi *self, u32 a, u32 b, u32 c)
REFUSED(path_rename, wasi *self, u32 a, u32 b, u32 c, u32 d, u32 e, u32 f)
REFUSED(path_unlink_file, wasi *self, u32 a, u32 b, u32 c)
REFUSED(poll_oneoff, wasi *self, u32 a, u32 b, u32 c, u32 d)

int main(int argc, char **argv)
{
    Z_program_instance_t program;
    wasi self = {&program.w2c_memory, argc, argv};
    wasm_rt_init();
    Z_program_init_module();
    Z_program_instantiate(&program, &self);
    wasm_rt_trap_t trap = wasm_rt_impl_try();
    if (trap) {
        fprintf(stderr, "wasm2c: the program trapped: %s\n", wasm_rt_strerror(trap));
        return 3;
    }
    Z_programZ__start(&program);
    return fflush(stdout) == 0 ? 0 : 1;
}

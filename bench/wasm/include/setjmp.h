/* SPDX-License-Identifier: Apache-2.0 */
/* wasi-libc has no setjmp. The type is enough for Lua, whose LUAI_TRY and LUAI_THROW the wasm2c variant defines without it: its
 * scripts raise no error. */
#ifndef BENCH_SETJMP_H
#define BENCH_SETJMP_H
typedef int jmp_buf[1];
#endif

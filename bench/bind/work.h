/* SPDX-License-Identifier: Apache-2.0 */
/* The work that is done once through stubs and once against the native library in the same process. */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H
#include <stddef.h>
#include <stdint.h>

/* Return a checksum of all that they computed; 0 is an error. */
uint64_t work_png(const unsigned char *file, size_t size);
uint64_t work_sqlite(unsigned rows);
#endif

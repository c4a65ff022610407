/* SPDX-License-Identifier: Apache-2.0 */
/* libpng domain: its way to the zlib domain, without a copy of what only zlib reads. */
#ifndef DEMO_ZLIB_STUB_H
#define DEMO_ZLIB_STUB_H
#include <stddef.h>
#include <stdint.h>
#include "porin/rights.h"

extern uint64_t zlib_stub_calls; /* of the zlib domain */
/* From now on, `size` bytes of memory stand for what lies behind a capability: zlib is lent that instead. They need not hold it. */
void zlib_stub_stand_in(const void *memory, size_t size, const uint8_t PORIN_CAP *bytes);
#endif

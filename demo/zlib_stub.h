/* SPDX-License-Identifier: Apache-2.0 */
/* libpng domain: how often it has called the zlib domain. */
#ifndef DEMO_ZLIB_STUB_H
#define DEMO_ZLIB_STUB_H
#include <stdint.h>

extern uint64_t zlib_stub_calls;
#endif

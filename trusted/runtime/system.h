/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine offers, and the one-time start of the runtime. */
#ifndef PORIN_RUNTIME_SYSTEM_H
#define PORIN_RUNTIME_SYSTEM_H
#include "porin/porin.h"

bool system_has_avx512(void);
#endif

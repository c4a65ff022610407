/* SPDX-License-Identifier: Apache-2.0 */
/* The application as a domain that others call: what `porin bind --for-domains` makes its stubs from. */
#ifndef TIERS_APPLICATION_ENTRY_H
#define TIERS_APPLICATION_ENTRY_H
#include <stdint.h>
#include "porin/bind.h"

PORIN_ENTRY PORIN_FAILS(-1) int32_t application_entry(const char PORIN_CAP *request PORIN_IN(length), uint32_t length,
                                                      char PORIN_CAP *page PORIN_OUT(room), uint32_t room);
#endif

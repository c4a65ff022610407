/* SPDX-License-Identifier: Apache-2.0 */
/* The database as a domain that others call: what `porin bind --for-domains` makes its stubs from. */
#ifndef TIERS_DATABASE_ENTRY_H
#define TIERS_DATABASE_ENTRY_H
#include <stdint.h>
#include "porin/bind.h"

PORIN_ENTRY PORIN_FAILS(-1) int32_t database_entry(const char PORIN_CAP *query PORIN_IN(size), uint32_t size,
                                                   char PORIN_CAP *rows PORIN_OUT(room), uint32_t room);
#endif

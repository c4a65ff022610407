/* SPDX-License-Identifier: Apache-2.0 */
/* What the SQLite domain answers to the host; `porin bind` makes the calls. */
#ifndef DEMO_FACTS_H
#define DEMO_FACTS_H
#include <stdint.h>
#include "porin/bind.h"

#define FACTS_ENTRY PORIN_ENTRY PORIN_FAILS(-1)
/* Opens an empty database. This and the following return 0 or SQLite's status. */
FACTS_ENTRY int64_t facts_open(const char *name PORIN_STRING, uint32_t width, uint32_t height, uint32_t depth, uint32_t colour_type,
                               uint32_t bytes);
/* Counts RGBA pixels; fully transparent ones are left out. */
FACTS_ENTRY int64_t facts_count(const uint8_t *pixels PORIN_IN(4 * (int64_t)count), uint64_t count);
/* Writes what was counted into the tables. */
FACTS_ENTRY int64_t facts_store(void);
/* Runs SQL; the rows (fields parted by |), or SQLite's message, are facts_answer's. */
FACTS_ENTRY int64_t facts_query(const char *sql PORIN_STRING);
PORIN_ENTRY PORIN_STRING PORIN_BORROWED const char *facts_answer(void);
#endif

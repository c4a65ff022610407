/* SPDX-License-Identifier: Apache-2.0 */
/* Why porin-cc refuses a statement; the rows stand in refusals.def. */
#ifndef PORIN_REFUSAL_H
#define PORIN_REFUSAL_H
#include <stdbool.h>

enum refusal {
    REFUSE_NOTHING,
#define REFUSAL(id, name, message, advice) REFUSE_##id,
#include "refusals.def"
#undef REFUSAL
    REFUSAL_COUNT
};

const char *refusal_name(enum refusal refusal);
const char *refusal_message(enum refusal refusal);
/* Prints what to do about the refusal of that name, or about all if name is NULL; false if there is none of that name. */
bool refusal_explain(const char *name);
#endif

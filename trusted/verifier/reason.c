/* SPDX-License-Identifier: Apache-2.0 */
/* Names and sentences of the refusal reasons. */
#include "porin/verify.h"

static const struct { const char *name, *text; } reasons[] = {
#define REASON(id, name, text) { name, text },
#include "porin/reasons.def"
#undef REASON
};

const char *porin_reason_name(enum porin_reason reason)
{
    return (unsigned)reason < PORIN_REASON_COUNT ? reasons[reason].name : "unknown";
}

const char *porin_reason_text(enum porin_reason reason)
{
    return (unsigned)reason < PORIN_REASON_COUNT ? reasons[reason].text : "not a reason of this version";
}

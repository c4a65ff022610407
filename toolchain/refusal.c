/* SPDX-License-Identifier: Apache-2.0 */
/* Names, messages and advice of refusals. */
#include "refusal.h"
#include <stdio.h>
#include <string.h>

static const struct { const char *name, *message, *advice; } rows[] = {
    {"", "", ""},
#define REFUSAL(id, name, message, advice) {name, message, advice},
#include "refusals.def"
#undef REFUSAL
};

const char *refusal_name(enum refusal refusal)
{
    return rows[refusal].name;
}

const char *refusal_message(enum refusal refusal)
{
    return rows[refusal].message;
}

bool refusal_explain(const char *name)
{
    bool found = false;
    for (int i = 1; i < REFUSAL_COUNT; i++)
        if (!name || strcmp(name, rows[i].name) == 0) {
            printf("%s: %s.\n    %s\n", rows[i].name, rows[i].message, rows[i].advice);
            found = true;
        }
    return found;
}

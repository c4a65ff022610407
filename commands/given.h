/* SPDX-License-Identifier: Apache-2.0 */
/* What a program is given (given.def), whether options or a stack file say so. */
#ifndef PORIN_COMMANDS_GIVEN_H
#define PORIN_COMMANDS_GIVEN_H
#include "porin/porin.h"

struct given {
    struct porin_domain_options options; /* its arrays and strings belong to the process and are never freed */
    bool usage;                          /* tell at the end what was used */
    bool own_failure;                    /* what was wrong was not what was written, but what it names */
    char problem[300];                   /* why the last value was not taken */
};

enum given_form { GIVEN_ONE, GIVEN_LIST, GIVEN_FLAG };
struct given_kind {
    const char *option, *key;            /* key NULL: only an option */
    enum given_form form;
    const char *value, *help;
    bool (*parse)(struct given *given, const char *text); /* text NULL: a flag that is set. False: see problem. Keeps what it needs */
};
/* By the rows of given.def; the last one has no option. */
extern const struct given_kind given_kinds[];

/* Grants that every program has. */
void given_begin(struct given *given);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The rewriting of gcc's assembly into domain code (ARCHITECTURE.md: registers, calling convention, sequences). */
#ifndef PORIN_REWRITE_H
#define PORIN_REWRITE_H
#include "buffer.h"

struct rewrite_source {
    const char *name;      /* for messages, where the assembly itself names no file */
    struct slice text;
    bool from_compiler;    /* its .cfi directives are exact, and reserved registers may stand in inline assembly only */
};

/* First line of rewritten text; text that starts with it is passed through, so that the output of -S can be assembled. */
#define REWRITTEN_MARK "# porin-cc: rewritten\n"

/* Appends domain assembly to out, and what is refused to messages. Returns how many statements were refused; *avoidable of them because
 * they are gathers or scatters, or flags kept across a switch, which gcc can be told not to use. */
int rewrite(const struct rewrite_source *source, struct buffer *out, struct buffer *messages, int *avoidable);
#endif

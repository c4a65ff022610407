/* SPDX-License-Identifier: Apache-2.0 */
/* A console that is a terminal. */
#ifndef PORIN_PERSONALITY_TERMINALS_H
#define PORIN_PERSONALITY_TERMINALS_H
#include "personality.h"

struct open_file;

/* Remembers how the terminals of the console are, if the domain may change them; the process's signals are its own by now. */
void terminals_save(struct personality *own, const struct porin_domain_options *options);
/* As they were, in the first process. Async-signal-safe. */
void terminals_restore(void);
/* The rest of ioctl: the result, or -ENOTTY. */
int64_t terminal_control(const struct request *request, const struct open_file *file, unsigned long question, uint64_t argument);
#endif

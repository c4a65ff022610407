/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of /proc and /sys say to a domain: about itself, or what holds of all domains. Nothing about the host. */
#ifndef PORIN_PERSONALITY_TEXTS_H
#define PORIN_PERSONALITY_TEXTS_H
#include "personality.h"

#define PROC_SCORE "/proc/self/oom_score_adj" /* which a domain that is alone in its process may also write: synthetic.c */

/* Is there such a file? Its path is normalised, /proc/self is the domain. */
bool text_known(const char *path);
/* What it says now, to be freed; NULL: no memory. */
char *text_make(const struct request *request, const char *path, size_t *size);
#endif

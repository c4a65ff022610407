/* SPDX-License-Identifier: Apache-2.0 */
/* Files that programs expect on every system and that say nothing about the host: they are made up here. */
#ifndef PORIN_PERSONALITY_SYNTHETIC_H
#define PORIN_PERSONALITY_SYNTHETIC_H
#include "descriptors.h"

/* Is this normalised guest path one of them? A granted directory there comes first. */
bool synthetic_known(const char *path);
/* A host descriptor for it, not to be written unless it is a device: -errno. *device tells which. */
int synthetic_host(const struct request *request, const char *path, int flags, bool *device);
/* Opens it for the domain: a descriptor or -errno. */
int64_t synthetic_open(const struct request *request, const char *path, int flags);

/* /proc/self/oom_score_adj: which processes the kernel ends first when memory runs out. A domain that is alone in its process may make
 * it likelier that this one is, and take that back. */
#define SCORE_MAX 1000
/* That of the host's process; SCORE_MAX if it cannot be read. */
int score_host(void);
/* What the domain writes: how many bytes of it, or -errno. */
int64_t score_write(const struct request *request, const struct iovec *from);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Files that programs expect on every system and that say nothing about the host: they are made up here. */
#ifndef PORIN_PERSONALITY_SYNTHETIC_H
#define PORIN_PERSONALITY_SYNTHETIC_H
#include <sys/stat.h>
#include "descriptors.h"
#include "paths.h"

/* Is this normalised guest path one of them? */
bool synthetic_known(const struct personality *own, const char *path);
/* The same of a place that was not found, or not within a granted directory (`error`): what one has there comes first. */
bool synthetic_instead(const struct request *request, const struct place *place, int64_t error);
/* A host descriptor for it, not to be written unless it is a device: -errno. *device tells which. */
int synthetic_host(const struct request *request, const char *path, int flags, bool *device);
/* Opens it for the domain: a descriptor or -errno. */
int64_t synthetic_open(const struct request *request, const char *path, int flags);
/* What stat tells of it: 0 or -errno. */
int64_t synthetic_facts(const struct request *request, const char *path, bool follow, struct stat *facts);
/* Where it leads, as readlink tells, without a zero: the length, or -EINVAL if it is no link. */
int64_t synthetic_link(const struct request *request, const char *path, char text[PATH_MAX]);

/* /proc/self/oom_score_adj: which processes the kernel ends first when memory runs out. A domain that is alone in its process may make
 * it likelier that this one is, and take that back. */
#define SCORE_MAX 1000
/* That of the host's process; SCORE_MAX if it cannot be read. */
int score_host(void);
/* What the domain writes: how many bytes of it, or -errno. */
int64_t score_write(const struct request *request, const struct iovec *from);
#endif

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
#endif

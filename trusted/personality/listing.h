/* SPDX-License-Identifier: Apache-2.0 */
/* Listing what lies on the way to granted directories. */
#ifndef PORIN_PERSONALITY_LISTING_H
#define PORIN_PERSONALITY_LISTING_H
#include "descriptors.h"
#include "paths.h"

/* Opens a place without a directory of the host: 0 and *out, or -errno. */
int64_t listing_open(const struct request *request, const struct place *place, int flags, struct open_file **out);
/* Opens a directory, made up, of the numbers of the domain's descriptors. */
int64_t listing_numbers(const struct request *request, const char *path, int flags, struct open_file **out);
/* Stores its next names where argument 1 of getdents64 says: how many bytes, 0 at the end. */
int64_t listing_read(const struct request *request, const struct open_file *file);
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Opening files beneath granted directories, and what a domain may know of them. */
#ifndef PORIN_PERSONALITY_FILES_H
#define PORIN_PERSONALITY_FILES_H
#include <sys/stat.h>
#include "descriptors.h"
#include "paths.h"

#define MODE_BITS 0777u                /* no set-user-id, set-group-id or sticky bits from a domain */

/* Opens a regular file or directory: 0 and an open file with one reference, or -errno. */
int64_t file_open(struct personality *own, const struct place *place, int flags, mode_t mode, struct open_file **out);
/* What fstat answers, less what is the host's: owner and group, and which file the console is. */
int64_t file_facts(const struct request *request, int descriptor, struct stat *facts);
void facts_guard(struct stat *facts);
/* Of the console only kind, size and which it is. */
void console_guard(struct stat *facts);
/* mkdir and creat: the wanted mode less the domain's umask. */
mode_t mode_masked(struct personality *own, uint64_t mode);
#endif

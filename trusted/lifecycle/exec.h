/* SPDX-License-Identifier: Apache-2.0 */
/* A program that goes on as another image: a domain is made from it, gets what the old one held, and runs when that has ended. */
#ifndef PORIN_LIFECYCLE_EXEC_H
#define PORIN_LIFECYCLE_EXEC_H
#include "runtime/domain.h"

/* 0: as the domain itself was made. */
struct exec_limits { uint64_t memory_bytes, stack_bytes; };

/* Makes the successor of the running domain, which is to end itself then. 0, or -ENOEXEC, -EACCES (the verifier refused it), -EAGAIN,
 * -ENOMEM with nothing changed. */
int64_t exec_prepare(struct porin_domain *domain, porin_image *image, const char *const *arguments, size_t argument_count,
                     const char *const *environment, size_t environment_count, struct exec_limits limits);
/* The domain has ended: gives what it held to its successor and returns that; NULL: it has none. */
struct porin_domain *exec_next(struct porin_domain *domain);
#endif
